//! The Cisco side asks a Microsoft server for Digest credentials it cannot have.

use crate::base::Span;
use crate::dialog::{Call, Seen, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::Confidence;
use crate::host::Role;
use crate::rules::sides::{answered_by_microsoft, brief, connection_of, opening};
use crate::rules::{Check, Class, Context, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Text;

pub(super) static RULE: Rule = Rule {
    name: "auth-digest-challenge-unanswered",
    class: Class::Auth,
    severity: crate::finding::Severity::Error,
    summary: "the Cisco SIP proxy demands Digest credentials and never gets them",
    explanation: "The Cisco SIP proxy answers requests of the Microsoft side with 401 or 407 and a Digest challenge. It does \
        so for every sender that is not in its incoming access control list. A Lync server has no Digest credentials and \
        cannot answer, so the request is lost: no presence, no messages, and Lync clients may even sign out and in again \
        when the challenge reaches them.",
    causes: &[
        "the incoming ACL of the Cisco SIP proxy has no entry for the sender; it needs the IP address and every DNS name of it",
        "the DNS name that belongs to the sender's address (PTR record) is not the one in the ACL",
        "Lync's route leads to the server-authentication listener instead of the peer-authentication listener",
    ],
    confirm: &[
        "In the log of the Cisco SIP proxy look for \"ACL - upstream not trusted - need to authenticate\".",
        "Compare the entries under System > Security > Incoming ACL with the addresses and names listed here.",
    ],
    fix: Fix {
        cisco: &[
            "Then restart: Presence > Routing > Settings > Restart All Proxy Services.",
            "If the entries are there already, check the DNS names that the sender's address resolves to: each needs an entry.",
        ],
        microsoft: &[
            "Make sure that the static route leads to the peer-authentication port of Cisco (default 5062): \
             Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting (ACL log text, Lync client signs out)",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), IM and Presence node configuration (incoming ACL, two entries per server)",
        "Lync SIP interdomain federation with Cisco Unified Presence, part 2, https://onprem.wtf/post/lync-sip-inter-domain-federation-with-cisco-unified-presence-2/",
        "RFC 3261 section 22, RFC 7616",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["wrong-cup-listener"],
        link: Link::Connection,
    }],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(answer) = transaction.final_response() else {
        return;
    };
    let digest = answer.message.challenges().find(|c| c.scheme.is("Digest"));
    let (Some(401 | 407), Some(digest)) = (transaction.final_status(), digest) else {
        return;
    };
    let asker = transaction.asker;
    // Digest from a Microsoft server goes to conference guests; phones and clients of the Cisco side have credentials.
    if answered_by_microsoft(answer, context)
        || context.hosts.is_cisco(asker)
        || !comes_from_microsoft(transaction, context)
        || transaction
            .request_message()
            .is_some_and(|m| m.has_credentials("Digest"))
        || was_answered(transaction, call)
    {
        return;
    }
    let waited = context.remaining(answer.at());
    // A client that has credentials answers in milliseconds, on the same connection while it lasts.
    let closed = connection_of(answer, context)
        .and_then(|c| c.flow.closed_by())
        .filter(|(_, at, _)| at.time.since(answer.at().time) >= PATIENCE);
    let what = format!("whether {} answers the Digest challenge", to.label(asker));
    if waited < TRANSACTION_TIMEOUT && closed.is_none() {
        to.undecided(
            answer.at(),
            format!("{what}: the capture ends {waited} after the challenge, {TRANSACTION_TIMEOUT} would decide"),
        );
        return;
    }
    report(transaction, call, answer, digest.realm(), waited, to);
}

/// A connection that closes this long after an unanswered challenge has given its answer: many round trips of any network.
const PATIENCE: Span = Span::from_millis(500);

/// Whether the asker is a Microsoft server, or an unknown box that sends what only they send. Phones, clients and probes of the
/// Cisco side are challenged all day.
fn comes_from_microsoft(transaction: &Transaction<'_>, context: &Context<'_>) -> bool {
    match context.role(transaction.asker) {
        Role::Lync | Role::Edge => true,
        Role::Unknown => transaction.request_message().is_some_and(|m| {
            let agent = m
                .user_agent()
                .is_some_and(|a| a.starts_with("RTCC/") || a.starts_with("UCCAPI/"));
            let domain = m.from().and_then(|f| f.aor()).is_some_and(|aor| {
                context.profile.lync.domains.iter().any(|d| {
                    aor.rsplit_once('@')
                        .is_some_and(|(_, host)| host.eq_ignore_ascii_case(d))
                })
            });
            agent || domain
        }),
        Role::Cisco | Role::Client | Role::Dns => false,
    }
}

/// Whether the same call has a later request of this method with Digest credentials.
fn was_answered(transaction: &Transaction<'_>, call: &Call) -> bool {
    call.messages.iter().any(|seen| {
        let m = &seen.message;
        m.is_request()
            && seen.hop.src.addr == transaction.asker
            && m.cseq()
                .is_some_and(|c| c.method == transaction.method() && c.number > transaction.cseq())
            && m.has_credentials("Digest")
    })
}

fn report(
    transaction: &Transaction<'_>,
    call: &Call,
    answer: &Seen,
    realm: Option<Text<'_>>,
    waited: Span,
    to: &mut Reporter<'_, '_>,
) {
    let context = to.context();
    let (challenger, asker) = (transaction.asked, transaction.asker);
    let (who, whom) = (to.label(challenger), to.label(asker));
    let status = transaction.final_status().unwrap_or_default();
    let method = transaction.method();
    let names = context.hosts.names(asker).to_vec();
    let configured = context.profile.cisco.admits(asker, &names);
    let mut summary = format!(
        "{who} answers {method} of {whom} with {status} and a Digest challenge{}. {whom} sent no credentials afterwards: a \
         Lync server has none. The incoming ACL of the Cisco SIP proxy does not know this sender.",
        realm.map_or_else(String::new, |r| format!(" (realm {})", r.to_str()))
    );
    match configured {
        Some(false) => summary.push_str(" The lab profile agrees: its incoming_acl has neither the address nor a name of it."),
        Some(true) => summary.push_str(
            " The lab profile says that it is in the ACL: look for a restart not made, or a listener that ignores the ACL.",
        ),
        None => {}
    }
    let mut building = to
        .report(
            challenger,
            asker,
            format!("{who} challenges {whom} with Digest ({status}) and gets no answer: no ACL entry for this sender"),
            opening(transaction, answer),
        )
        .summary(summary)
        .seen(answer.at(), format!("{} with Digest challenge", brief(answer)))
        .absent(
            answer.at(),
            format!("a {method} with Digest credentials, awaited for {waited}"),
        )
        .detail("Challenged requests", vec![method.to_string()])
        .on_call(&call.id())
        .on_stream(answer.hop.stream)
        .cisco(format!(
            "System > Security > Incoming ACL > Add New: Allow from {asker}"
        ));
    for name in names.iter().take(4) {
        building = building.cisco(format!(
            "System > Security > Incoming ACL > Add New: Allow from {name}"
        ));
    }
    if names.is_empty() {
        building = building.cisco(format!(
            "System > Security > Incoming ACL > Add New: Allow from the FQDN of {asker} and of its pool"
        ));
    }
    if waited < TRANSACTION_TIMEOUT || configured == Some(true) {
        let _ = building.confidence(Confidence::Medium);
    }
}
