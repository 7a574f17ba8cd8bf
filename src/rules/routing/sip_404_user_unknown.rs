//! The other side does not know the user.

use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::healing::Healing;
use crate::rules::sides::{
    brief, diagnostics_lines, domain_of, is_federation, is_initial, is_origin, of_servers, opening,
};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Method;

pub(super) static RULE: Rule = Rule {
    name: "sip-404-user-unknown",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "a request is answered 404: the other side does not know the user or the domain in it",
    explanation: "The request arrived and was understood; the box that answers has nobody of that address. Either the user is not enabled \
        there, or the address is written in another way than there, or the domain is one that this box does not take for its own. With \
        partitioned intradomain federation both sides share a domain, and each user must be enabled on exactly one of them.",
    causes: &[
        "the user is not enabled for SIP (Lync) or not licensed for IM and Presence (Cisco), or the address has a mistake",
        "the SIP domain of the user is not configured on the box that answers",
        "shared domain: the user is enabled on both sides, or on none",
    ],
    confirm: &[
        "Compare the address in To with the one on the other side, letter by letter; an alias is not the SIP address.",
        "Do other users of the same domain work? Then it is the user, else the domain.",
    ],
    fix: Fix {
        cisco: &[
            "Cisco Unified CM Administration > User Management > End User: Home Cluster and Enable User for Unified CM IM and Presence; on IM \
             and Presence: Presence > Domains must list the domain.",
        ],
        microsoft: &[
            "Get-CsUser -Identity <address> | Select-Object SipAddress, Enabled, RegistrarPool; Get-CsSipDomain must list the domain.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Planning (domains must be identical)",
        "[MS-OCER] section 2.2.1 (ids 1003, 4005, 4006)",
        "RFC 3261 section 21.4.5",
    ],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: &[
                "route-maddr-not-trusted",
                "route-host-rewritten-in-ruri",
                "route-loop",
                "lync-static-route-missing",
            ],
            link: Link::Call,
        },
        ExplainedBy {
            rules: &["im-only-presence-works"],
            link: Link::Hosts,
        },
    ],
    check: Check::Refusal(check),
};

/// Ids by which Lync says that the user is the reason ([MS-OCER]).
const OF_USERS: [u32; 3] = [1003, 4005, 4006];
/// Ids that speak of a missing route: other rules have them.
const OF_ROUTES: [u32; 4] = [1005, 1008, 1009, 1014];

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(answer), Some(404)) = (transaction.final_response(), transaction.final_status())
    else {
        return;
    };
    // A sign-in that finds no user is a matter of the client's own server.
    if matches!(
        transaction.method(),
        Method::Register | Method::Options | Method::Negotiate
    ) || !is_origin(transaction, call)
    {
        return;
    }
    let ids: Vec<u32> = of_servers(&answer.message).iter().map(|d| d.id).collect();
    let says = ids.iter().any(|id| OF_USERS.contains(id));
    if ids.iter().any(|id| OF_ROUTES.contains(id))
        || !(says || is_federation(transaction, context))
        || !transaction.request_message().is_none_or(is_initial)
    {
        return;
    }
    let target = answer.message.to();
    let user = target
        .and_then(|to| to.aor())
        .unwrap_or_else(|| "the user".to_owned());
    let domain = target.and_then(|to| to.uri()).and_then(domain_of);
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let method = transaction.method();
    let healing = Healing::of_refusal(transaction, answer, context);
    let mut summary = format!(
        "{who} answers {method} of {whom} for {user} with 404 {}.",
        answer
            .message
            .reason()
            .map_or_else(String::new, |r| r.to_str().into_owned())
    );
    if says {
        summary.push_str(" Its diagnostics say that it is the user.");
    }
    let configured = context
        .profile
        .cisco
        .domains
        .iter()
        .chain(&context.profile.lync.domains)
        .any(|d| {
            domain
                .as_deref()
                .is_some_and(|domain| d.eq_ignore_ascii_case(domain))
        });
    if let (Some(domain), true) = (&domain, context.profile.given)
        && !configured
    {
        summary.push_str(&format!(
            " The lab profile knows no domain {domain}: the address may be wrong."
        ));
    }
    let title = format!("{who} does not know {user}: {method} of {whom} is answered 404");
    let built = to
        .report(
            transaction.asked,
            transaction.asker,
            healing.title(title),
            opening(transaction, answer),
        )
        .summary(healing.summary(summary))
        // Many users of one domain are one matter, with their names in the detail.
        .key(domain.unwrap_or_default())
        .seen(answer.at(), brief(answer))
        .detail("Not known", vec![user])
        .detail("The server's own words", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    let built = healing.mark(built);
    if !says {
        let _ = built.confidence(Confidence::Medium);
    }
}
