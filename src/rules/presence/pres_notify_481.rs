//! The watcher's side does not know the subscription any more.

use super::common::told;
use crate::dialog::{Call, Transaction};
use crate::finding::{Evidence, Severity};
use crate::presence::{Notice, NoticeState, Subscription};
use crate::rules::healing::Healing;
use crate::rules::sides::{LOWER_LAYERS, brief, diagnostics_lines};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pres-notify-481",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a NOTIFY with presence was refused with 481: the receiver does not know the subscription",
    explanation: "481 says that the box has no such subscription. It had one once, or another box has it: the watcher's server \
        restarted, the NOTIFY reached another node of the cluster or pool, or it followed a wrong Record-Route or Contact. The \
        notifier drops the subscription then; presence stands still until the watcher subscribes again. A 481 to the last NOTIFY \
        of a subscription that ended is normal and not mentioned.",
    causes: &[
        "the watcher's server was restarted or the user moved to another node",
        "the NOTIFY reached another node than the one that subscribed: Record-Route, Contact or a load balancer",
    ],
    confirm: &[
        "Compare the address that answers 481 with the one that sent the SUBSCRIBE.",
        "Lync: ms-diagnostics 2014 says the same.",
    ],
    fix: Fix {
        cisco: &[
            "Check System > Service Parameters > Cisco SIP Proxy > Federation Routing IM and Presence FQDN: it must lead to the node \
             that routes.",
        ],
        microsoft: &[
            "The route must lead to one node, not to a load balancer that spreads requests.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.2.2 (a NOTIFY refused with 481 ends the subscription)",
        "[MS-OCER] (2014, the subscription dialog does not exist)",
    ],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: LOWER_LAYERS,
            link: Link::Hosts,
        },
        ExplainedBy {
            rules: &[
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
        let refused = subscription
            .notices
            .iter()
            .filter(|notice| notice.status() == Some(481) && !was_over(subscription, notice));
        for notice in refused {
            lost(subscription, notice, call, to);
        }
    }
}

/// Whether nobody had to know the subscription any more: it was ended by either side, also while the NOTIFY was under way.
fn was_over(subscription: &Subscription<'_>, notice: &Notice<'_>) -> bool {
    let answered = notice.answer.unwrap_or(notice.seen).at();
    notice.state == Some(NoticeState::Terminated) || subscription.over_before(answered)
}

fn lost(
    subscription: &Subscription<'_>,
    notice: &Notice<'_>,
    call: &Call,
    to: &mut Reporter<'_, '_>,
) {
    let (seen, Some(answer)) = (notice.seen, notice.answer) else {
        return;
    };
    let (src, dst) = (answer.hop.src.addr, seen.hop.src.addr);
    let (who, whom) = (to.label(src), to.label(dst));
    let subscribed = subscription.rounds.first();
    let healing = subscribed.map(|round| Healing::of(round.request, answer.at(), to.context()));
    let mut summary = format!(
        "{who} answers a NOTIFY of {whom} with 481, though nobody had ended the subscription as far as the capture shows."
    );
    if let Some(round) = subscribed.filter(|round| round.asker != src) {
        summary.push_str(&format!(
            " The SUBSCRIBE came from {}: the NOTIFY went to another box.",
            to.label(round.asker)
        ));
    }
    let title = format!("{who} does not know the presence subscription that {whom} notifies (481)");
    let healed = healing.filter(|h| h.is_healed());
    let building = to
        .report(
            src,
            dst,
            match healed {
                Some(_) => format!("{title}; later it was subscribed again"),
                None => title,
            },
            Evidence::seen(seen.at(), told(seen)),
        )
        .summary(match healed {
            Some(healing) => healing.summary(summary),
            None => summary,
        })
        .seen(answer.at(), brief(answer))
        .seen_if(
            subscribed.map(|r| r.request.at()),
            "the SUBSCRIBE that it belongs to",
        )
        .detail("The server's own words", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(seen.hop.stream);
    if let Some(healing) = healed {
        let _ = healing.mark(building);
    }
}
