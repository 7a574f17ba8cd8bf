//! The notifier ended a subscription that the watcher wanted.

use super::common::{EXPLAINED, told};
use crate::base::{FrameRef, Span};
use crate::dialog::{Call, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::{Evidence, Severity};
use crate::presence::{Notice, NoticeState, Subscription};
use crate::rules::healing::Healing;
use crate::rules::sides::brief;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pres-subscription-terminated",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "the notifier ended a presence subscription that the watcher had not given up",
    explanation: "A NOTIFY with Subscription-State terminated ends a subscription and says why. noresource: the user does not exist \
        there. rejected: a policy or the user forbids it. deactivated: the server lets go, and the watcher is to subscribe again \
        at once. timeout: it was not refreshed. giveup, probation: try again later. After an unsubscription or a fetch it is the \
        normal end and not mentioned.",
    causes: &[
        "noresource: the watched user was removed, has another address, or is not enabled for presence",
        "rejected: the user or an administrator does not allow this watcher",
        "deactivated: the server restarted or moved the user, and the watcher did not subscribe again",
    ],
    confirm: &["The reason in Subscription-State below is the notifier's own word."],
    fix: Fix {
        cisco: &[
            "noresource: is the user enabled for IM and Presence, and is the domain under Presence > Domains?",
            "rejected: Presence > Settings, and the user's own privacy lists.",
        ],
        microsoft: &[
            "noresource: Get-CsUser -Identity <address>; rejected: the user's blocked contacts, and the external access policy.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.1.3 (reasons of terminated)",
        "RFC 3856 section 6.3",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
    check: Check::Presence(check),
};

fn check(
    subscriptions: &[Subscription<'_>],
    call: &Call,
    _: &[Transaction<'_>],
    to: &mut Reporter<'_, '_>,
) {
    for subscription in subscriptions {
        let end = subscription.notices.iter().find(|notice| {
            notice.state == Some(NoticeState::Terminated)
                && !subscription.over_before(notice.seen.at())
        });
        if let Some(notice) = end {
            ended(subscription, notice, call, to);
        }
    }
}

fn ended(
    subscription: &Subscription<'_>,
    notice: &Notice<'_>,
    call: &Call,
    to: &mut Reporter<'_, '_>,
) {
    let seen = notice.seen;
    let (src, dst) = (seen.hop.src.addr, seen.hop.dst.addr);
    let (who, whom) = (to.label(src), to.label(dst));
    let reason = notice.reason.as_deref().unwrap_or("no reason given");
    let request = subscription.rounds.first().map(|round| round.request);
    let healing = request.map(|request| Healing::of(request, seen.at(), to.context()));
    let again = healing.is_some_and(Healing::is_healed);
    let had_worked = subscription
        .notices
        .iter()
        .any(|n| n.seen.at() < seen.at() && n.state == Some(NoticeState::Active));
    let severity = match reason {
        // What was allowed and known before is a decision or a change of today, not a fault of the federation.
        "noresource" if !had_worked => Severity::Error,
        "rejected" if !had_worked => Severity::Warning,
        "deactivated" if !again && !subscription.rounds.is_empty() => {
            if !waited_enough(seen.at(), &whom, to) {
                return;
            }
            Severity::Warning
        }
        _ => Severity::Note,
    };
    let severity = if again { Severity::Note } else { severity };
    let first = request.unwrap_or(seen);
    let mut summary = format!(
        "Subscription-State: terminated, reason {reason}. {}",
        match reason {
            "noresource" => "The notifier knows no such user.",
            "rejected" => "A policy or the user does not allow this watcher.",
            "deactivated" => "The watcher is to subscribe again at once.",
            "timeout" => "It was not refreshed in time.",
            "giveup" | "probation" => "The watcher may try again later.",
            _ => "The reason is shown as sent.",
        }
    );
    if again {
        summary.push_str(" Later in the capture the same subscription was accepted again.");
    }
    let _ = to
        .report(
            src,
            dst,
            format!("{who} ended the presence subscription of {whom}: {reason}"),
            Evidence::seen(first.at(), brief(first)),
        )
        .severity(severity)
        .summary(summary)
        .seen(seen.at(), told(seen))
        .key(reason.to_owned())
        .on_call(&call.id())
        .on_stream(seen.hop.stream);
}

/// Whether the capture goes on long enough to say that the watcher did not subscribe again.
fn waited_enough(at: FrameRef, whom: &str, to: &mut Reporter<'_, '_>) -> bool {
    let remaining: Span = to.context().remaining(at);
    if remaining < TRANSACTION_TIMEOUT {
        to.undecided(
            at,
            format!("whether {whom} subscribes again: the capture ends {remaining} after the subscription was deactivated, {TRANSACTION_TIMEOUT} would decide"),
        );
        return false;
    }
    true
}
