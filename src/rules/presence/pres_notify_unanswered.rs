//! A notification that the watcher's side never answered.

use super::common::told;
use crate::dialog::{Call, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::{Evidence, Severity};
use crate::presence::{Carried, Notice, NoticeState, Subscription};
use crate::rules::healing::Healing;
use crate::rules::sides::LOWER_LAYERS;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pres-notify-unanswered",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a NOTIFY with presence was never answered",
    explanation: "The notifier sent presence, and nothing came back for as long as a transaction lasts. It then takes the watcher \
        for gone and ends the subscription. The NOTIFY reached a box that does not know what to do with it, does not trust the \
        sender, or cannot find the way back.",
    causes: &[
        "the Record-Route of the subscription names no transport: the NOTIFY goes out by another one (OCS over TCP)",
        "the receiver does not take the sender for a trusted server: the Host Authorization entry or the trusted computer of this \
         very node is missing",
        "the NOTIFY goes to a port or host that is not the presence server",
    ],
    confirm: &[
        "Compare the address that the NOTIFY went to with the Record-Route and Contact of the SUBSCRIBE.",
    ],
    fix: Fix {
        cisco: &[
            "System > Service Parameters > Cisco SIP Proxy > SIP Parameters (Clusterwide) > Use Transport in Record-Route Header: On \
             (direct federation with OCS over TCP).",
        ],
        microsoft: &[
            "Every Cisco node that sends needs its own entry: New-CsTrustedApplicationComputer -Identity <node FQDN> -Pool <pool \
             FQDN>, then Enable-CsTopology; OCS: Host Authorization.",
        ],
        network: &["Test the way back from the receiver to the notifier."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Troubleshooting (Time Out on NOTIFY Message)",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting",
        "RFC 6665 section 4.2.2, RFC 3261 section 17.1.2 (Timer F)",
    ],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: LOWER_LAYERS,
            link: Link::Hosts,
        },
        ExplainedBy {
            rules: &[
                "route-record-route-no-transport",
                "route-set-not-followed",
                "route-missing-lr",
                "route-maddr-not-trusted",
            ],
            link: Link::Call,
        },
    ],
    check: Check::Presence(check),
};

fn check(
    subscriptions: &[Subscription<'_>],
    call: &Call,
    _: &[Transaction<'_>],
    to: &mut Reporter<'_, '_>,
) {
    for subscription in subscriptions {
        for notice in &subscription.notices {
            // Who has left does not answer the good-bye.
            if notice.carried == Carried::Notify
                && notice.answer.is_none()
                && notice.state != Some(NoticeState::Terminated)
                && !subscription.over_before(notice.seen.at())
            {
                unanswered(notice, call, to);
            }
        }
    }
}

fn unanswered(notice: &Notice<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let seen = notice.seen;
    let (src, dst) = (seen.hop.src.addr, seen.hop.dst.addr);
    let (who, whom) = (to.label(src), to.label(dst));
    let awaited = format!("whether {whom} answers the NOTIFY of {who}");
    if !to.awaited_in_vain(&awaited, seen.at(), TRANSACTION_TIMEOUT, (src, dst)) {
        return;
    }
    let healing = Healing::of(seen, seen.at(), to.context());
    let waited = to.context().remaining(seen.at());
    let building = to
        .report(
            src,
            dst,
            if healing.is_healed() {
                format!("{whom} did not answer a presence NOTIFY of {who}; later ones were answered")
            } else {
                format!("{whom} never answers the presence NOTIFY of {who}")
            },
            Evidence::seen(seen.at(), told(seen)),
        )
        .summary(healing.summary(format!(
            "The NOTIFY is on the wire, and in the {waited} that the capture goes on there is no final response to it on any \
             connection."
        )))
        .absent(seen.at(), format!("a final response to NOTIFY, awaited for {waited}"))
        .on_call(&call.id())
        .on_stream(seen.hop.stream);
    let _ = healing.mark(building);
}
