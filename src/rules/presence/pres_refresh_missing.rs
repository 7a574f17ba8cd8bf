//! A subscription ran out because nobody refreshed it.

use crate::base::Span;
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::presence::Subscription;
use crate::rules::sides::{LOWER_LAYERS, brief};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pres-refresh-missing",
    class: Class::Presence,
    severity: Severity::Warning,
    summary: "a presence subscription ran out: no refresh came in time",
    explanation: "A subscription lasts as long as the 2xx or the last NOTIFY says; Lync refreshes about every 105 minutes, Cisco asks \
        for about two hours. Here the time went by without a SUBSCRIBE, without an end by either side, and without a new \
        subscription of the same user. From then on the watcher sees old presence. A watcher who signed out leaves the same trace, \
        so this is a hint, not more.",
    causes: &[
        "the watcher's server lost the subscription (restart, failover to another node)",
        "the refresh was sent on a way that the capture does not see",
        "the user signed out or the client was closed without a word",
    ],
    confirm: &["Ask whether the presence of this contact stood still from the time shown on."],
    fix: Fix {
        cisco: &[
            "After a restart of either side presence may be missing for up to two hours: sign out and in to subscribe again.",
        ],
        microsoft: &["The user signs out and in; then Lync subscribes again."],
        network: &[
            "Look for connections that were cut about that time (idle timers of firewalls).",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.1.2.2 (refreshing)",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), overview (refresh about every 1 h 45 min)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: LOWER_LAYERS,
        link: Link::Hosts,
    }],
    check: Check::Presence(check),
};

/// How long after the end of a subscription its refresh is still awaited: a transaction that was under way.
const GRACE: Span = crate::dialog::SETTLED;

fn check(
    subscriptions: &[Subscription<'_>],
    call: &Call,
    _: &[Transaction<'_>],
    to: &mut Reporter<'_, '_>,
) {
    if call.evicted {
        return;
    }
    for subscription in subscriptions {
        let accepted = subscription.rounds.iter().rev().find(|r| r.accepted());
        let (Some(round), Some(deadline)) = (accepted, subscription.deadline()) else {
            continue;
        };
        let Some(answer) = round.answer else { continue };
        let context = to.context();
        // Not yet over; or asked again, whatever came of it, here or under another Call-ID.
        let tried = subscription
            .rounds
            .iter()
            .any(|later| later.request.at() > answer.at());
        if context.last.time.since(deadline) < GRACE
            || tried
            || context
                .history
                .accepted_after(&round.request.message, answer.at())
                .is_some()
        {
            continue;
        }
        // It can only be missed where notifications had worked, and where all would have been seen.
        if !subscription.notified_since(answer.at())
            && !subscription.notified_since(round.request.at())
        {
            continue;
        }
        let (watcher, notifier) = (round.asker, round.asked);
        if context.has_unread(watcher) || context.unread_between(watcher, notifier).is_some() {
            continue;
        }
        let (who, whom) = (to.label(watcher), to.label(notifier));
        let lasted = deadline.since(answer.at().time);
        let over = context.last.time.since(deadline);
        let _ = to
            .report(
                watcher,
                notifier,
                format!("{who} let a presence subscription to {whom} run out after {lasted}"),
                Evidence::seen(round.request.at(), brief(round.request)),
            )
            .confidence(Confidence::Low)
            .summary(format!(
                "The subscription was good for {lasted}. The capture goes on for {over} behind its end, and there is no refresh, \
                 no end, and no new subscription of the same user."
            ))
            .seen(answer.at(), brief(answer))
            .absent(answer.at(), format!("a SUBSCRIBE within {lasted}"))
            .on_call(&call.id())
            .on_stream(round.request.hop.stream);
    }
}
