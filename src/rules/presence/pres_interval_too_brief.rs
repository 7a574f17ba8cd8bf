//! A subscription shorter than the other side allows, and the watcher does not ask for more.

use super::common::{EXPLAINED, Refusal, concerns_presence, event};
use crate::dialog::{Call, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::Severity;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::Method;

pub(super) static RULE: Rule = Rule {
    name: "pres-interval-too-brief",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a presence subscription was refused with 423 Interval Too Brief and not asked for again with a longer time",
    explanation: "423 names in Min-Expires the shortest subscription that the server allows. The watcher is to ask again with at \
        least that. Here it does not, and has no presence.",
    causes: &[
        "the watcher's server has a shorter lifetime of subscriptions configured than the other side allows",
        "the watcher's server does not handle 423",
    ],
    confirm: &["Compare Expires of the request with Min-Expires of the answer."],
    fix: Fix {
        cisco: &[
            "Where Cisco is the watcher: System > Service Parameters > Cisco SIP Proxy and Cisco Presence Engine: raise the \
             expiry of subscriptions above the Min-Expires shown.",
        ],
        microsoft: &[
            "Where Lync is the notifier: its shortest subscription is fixed; change the watcher.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.1.2.1 and 4.2.1.1 (423, Min-Expires)",
        "RFC 3261 section 21.4.17",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    if !matches!(transaction.method(), Method::Subscribe | Method::Publish) {
        return;
    }
    let Some(refusal) = Refusal::of(transaction, 423, to) else {
        return;
    };
    let event = event(&refusal.request.message);
    let least = refusal.answer.message.min_expires();
    // A watcher that asks again, for as long as it was told, in this call or in a new one, has understood.
    let again = call.messages.iter().any(|seen| {
        seen.at() > refusal.answer.at()
            && seen.hop.src.addr == transaction.asker
            && seen.message.method() == Some(transaction.method())
            && (least.is_none() || seen.message.expires() >= least)
    });
    if !concerns_presence(&event) || again || refusal.healing.is_healed() {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    if !to.awaited_in_vain(
        &format!("whether {whom} asks again for a longer subscription"),
        refusal.answer.at(),
        TRANSACTION_TIMEOUT,
        (transaction.asker, transaction.asked),
    ) {
        return;
    }
    let seconds = |s: Option<u64>| s.map_or_else(|| "not said".to_owned(), |s| format!("{s} s"));
    let asked = seconds(refusal.request.message.expires());
    let waited = to.context().remaining(refusal.answer.at());
    let method = transaction.method();
    let least = seconds(least);
    let _ = refusal
        .report(
            call,
            format!("{who} refuses {method} of {whom} with 423: {asked} is too short, {least} is the least"),
            format!(
                "{whom} asked for {asked}, {who} allows no less than {least}. In the {waited} that the capture goes on, {whom} \
                 does not ask for more."
            ),
            to,
        )
        .absent(
            refusal.answer.at(),
            format!("{method} with Expires of {least} or more, awaited for {waited}"),
        )
        .detail("Asked for", vec![asked])
        .detail("Least (Min-Expires)", vec![least]);
}
