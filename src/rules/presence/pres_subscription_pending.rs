//! The other user has not decided yet.

use super::common::told;
use crate::dialog::{Call, Transaction};
use crate::finding::{Evidence, Severity};
use crate::presence::{NoticeState, State, Subscription};
use crate::rules::sides::brief;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pres-subscription-pending",
    class: Class::Presence,
    severity: Severity::Note,
    summary: "a presence subscription is pending: the other user has not accepted it as far as the capture goes",
    explanation: "The notifier took the subscription and waits for its user: Lync shows a toast, Jabber an alert. Until then the \
        watcher sees nothing, though no server is at fault. Acceptance in Lync is permanent: removing and adding the contact asks \
        no second time.",
    causes: &["the user has not answered the question yet, or nobody is signed in to be asked"],
    confirm: &["Ask the user who is watched; look for the notification in the client."],
    fix: Fix {
        cisco: &[
            "Presence > Settings: automatic authorisation of watchers, if users are not to be asked.",
        ],
        microsoft: &["The user accepts the request in the client; it holds from then on."],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.1.3 and RFC 3856 section 6.3 (pending)",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting and overview",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Presence(check),
};

fn check(
    subscriptions: &[Subscription<'_>],
    call: &Call,
    _: &[Transaction<'_>],
    to: &mut Reporter<'_, '_>,
) {
    for subscription in subscriptions {
        if subscription.state() != State::Pending {
            continue;
        }
        let pending = subscription
            .notices
            .iter()
            .rfind(|n| n.state == Some(NoticeState::Pending));
        let Some(notice) = pending else { continue };
        let seen = notice.seen;
        let (src, dst) = (seen.hop.src.addr, seen.hop.dst.addr);
        let (who, whom) = (to.label(src), to.label(dst));
        let first = subscription.rounds.first().map_or(seen, |r| r.request);
        let _ = to
            .report(
                src,
                dst,
                format!("a user behind {who} has not accepted the presence subscription of {whom} yet"),
                Evidence::seen(first.at(), brief(first)),
            )
            .summary("Subscription-State is pending, and no active follows in the capture. This waits for a person, not for a server.")
            .seen(seen.at(), told(seen))
            .on_call(&call.id())
            .on_stream(seen.hop.stream);
    }
}
