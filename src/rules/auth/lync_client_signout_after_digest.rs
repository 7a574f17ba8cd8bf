//! A Digest challenge reaches a Lync client, which signs out.

use crate::base::{FrameRef, Span};
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::sides::{brief, connection_of, opening};
use crate::rules::{Check, Class, Context, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Message;

pub(super) static RULE: Rule = Rule {
    name: "lync-client-signout-after-digest",
    class: Class::Auth,
    severity: Severity::Error,
    summary: "a Lync client signs out when a Digest challenge of the Cisco side reaches it",
    explanation: "The Cisco SIP proxy challenges a request that came from a Lync client, and Lync passes the challenge on to that client. \
        The client takes it for its own server's, has no answer, and signs out and in again: users see Lync disconnect for some seconds, \
        again and again, when they search for or subscribe to a federated user.",
    causes: &[
        "the incoming ACL of the Cisco SIP proxy does not know the Lync servers; each needs its address and every DNS name of it",
    ],
    confirm: &[
        "Capture between Lync and Cisco as well: the same Call-ID is challenged there.",
        "In the log of the Cisco SIP proxy look for \"ACL - upstream not trusted - need to authenticate\".",
    ],
    fix: Fix {
        cisco: &[
            "System > Security > Incoming ACL > Add New: the address and every FQDN of each Lync front end and pool; then Presence > Routing \
             > Settings > Restart All Proxy Services.",
        ],
        microsoft: &[
            "Until then remove the federated contact from the lists of the users who lose their connection.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting (Lync client logs out and back in)",
        "Lync SIP interdomain federation with Cisco Unified Presence, part 2, https://onprem.wtf/post/lync-sip-inter-domain-federation-with-cisco-unified-presence-2/",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["auth-digest-challenge-unanswered"],
        link: Link::Call,
    }],
    check: Check::Refusal(check),
};

/// A client that signs out this soon does so because of the challenge.
const AT_ONCE: Span = Span::from_secs(5);

/// How the client went.
enum Went {
    Closed(FrameRef),
    SignedOut(FrameRef),
}

/// Whether a request comes from a Lync or Communicator client itself, not from a server that passes it on.
fn from_client(request: &Message) -> bool {
    request.via_count() == 1
        && request
            .user_agent()
            .is_some_and(|agent| agent.starts_with("UCCAPI/") || agent.starts_with("CPE/"))
}

fn went(transaction: &Transaction<'_>, answer: &Seen, context: &Context<'_>) -> Option<Went> {
    let soon = |at: FrameRef| at > answer.at() && at.time.since(answer.at().time) <= AT_ONCE;
    if let Some(at) = context
        .history
        .signed_out(transaction.asker)
        .find(|at| soon(*at))
    {
        return Some(Went::SignedOut(at));
    }
    let connection = connection_of(answer, context)?;
    let (by, at, _) = connection.flow.closed_by()?;
    (connection.flow.sender(by).addr == transaction.asker && soon(at)).then_some(Went::Closed(at))
}

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(request), Some(answer), Some(401 | 407)) = (
        transaction.request,
        transaction.final_response(),
        transaction.final_status(),
    ) else {
        return;
    };
    if !from_client(&request.message) || !answer.message.challenges().any(|c| c.scheme.is("Digest"))
    {
        return;
    }
    let Some(went) = went(transaction, answer, context) else {
        return;
    };
    let back = context
        .history
        .signed_in(transaction.asker)
        .find(|at| *at > answer.at());
    let (who, whom) = (to.label(transaction.asker), to.label(transaction.asked));
    let (at, how) = match went {
        Went::Closed(at) => (at, "closes its connection"),
        Went::SignedOut(at) => (at, "signs out (REGISTER with Expires: 0)"),
    };
    let building = to
        .report(
            transaction.asker,
            transaction.asked,
            format!("{who} signs out because of a Digest challenge that {whom} passes on to it"),
            opening(transaction, answer),
        )
        .summary(format!(
            "{whom} sends the {who} a Digest challenge for its {}. {} later the client {how}{}. The challenge is not Lync's own: \
             Lync signs users in with NTLM, Kerberos or TLS-DSK.",
            transaction.method(),
            at.time.since(answer.at().time),
            if back.is_some() { " and signs in again" } else { "" }
        ))
        .seen(answer.at(), format!("{} with Digest challenge", brief(answer)))
        .seen(at, format!("the client {how}"))
        .seen_if(back, "the client signs in again")
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    if back.is_none() {
        let _ = building.confidence(Confidence::Medium);
    }
}
