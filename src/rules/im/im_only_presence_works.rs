//! Presence goes through, messages never do.

use super::common::is_federation;
use crate::base::FrameRef;
use crate::dialog::{Exchange, Kind, OTHERS, Outcomes};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{LOWER_LAYERS, REFUSALS};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "im-only-presence-works",
    class: Class::Im,
    severity: Severity::Error,
    summary: "presence works between two servers, and every instant message fails",
    explanation: "Subscriptions and notifications between the two servers succeed, so names, TLS, certificates and trust are right. \
        All text sessions and messages fail, in both directions as far as they were tried. On the Cisco side messages take another \
        way than presence: through the IM gateway of the SIP proxy to the XCP SIP Federation Connection Manager.",
    causes: &[
        "the service parameter IM Gateway Status of the Cisco SIP proxy is off",
        "Cisco XCP SIP Federation Connection Manager does not run or is not activated",
        "the domain of Lync is missing under Inter-Domain Federation",
    ],
    confirm: &[
        "System > Service Parameters > Cisco SIP Proxy: IM Gateway Status.",
        "Serviceability > Tools > Control Center - Feature Services: Cisco XCP SIP Federation Connection Manager.",
    ],
    fix: Fix {
        cisco: &[
            "System > Service Parameters > Cisco SIP Proxy: IM Gateway Status On, then restart Cisco SIP Proxy.",
            "Serviceability > Tools > Service Activation: Cisco XCP SIP Federation Connection Manager.",
            "Presence > Inter-Domain Federation > SIP Federation: add the domain of Lync; then restart Cisco XCP Router.",
        ],
        microsoft: &[],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Troubleshooting (IM Gateway Status)",
        "Cisco, Interdomain Federation guide 15, IM and Presence configuration for SIP federation",
    ],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: LOWER_LAYERS,
            link: Link::Hosts,
        },
        ExplainedBy {
            rules: REFUSALS,
            link: Link::Hosts,
        },
    ],
    check: Check::Capture(check),
};

/// Refusals that speak of a missing service. 415, 420, 488 and 606 speak of the form of a message or of a group; 480, 486, 487 and
/// 603 of a user.
const OF_A_SERVICE: [u16; 7] = [404, 405, 408, 500, 501, 502, 503];

/// One message may fail for many reasons.
const LEAST: u64 = 2;

fn check(to: &mut Reporter<'_, '_>) {
    let tally = to.context().tally;
    let pairs: BTreeSet<(IpAddr, IpAddr)> = tally
        .all()
        .into_iter()
        .filter(|(_, _, kind, _)| *kind == Kind::Im)
        .map(|(a, b, ..)| (a.min(b), a.max(b)))
        .collect();
    for (a, b) in pairs {
        if is_federation(a, b, to) {
            pair(a, b, to);
        }
    }
}

fn outcomes<'a>(
    a: IpAddr,
    b: IpAddr,
    kind: Kind,
    methods: &'static [&'static str],
    to: &Reporter<'a, '_>,
) -> Vec<(IpAddr, IpAddr, &'a Outcomes)> {
    let tally = to.context().tally;
    [(a, b), (b, a)]
        .into_iter()
        .filter_map(|(asker, asked)| {
            let exchange: &Exchange = tally.between(asker, asked, kind)?;
            // Which method those were is not known.
            if exchange.methods.contains_key(OTHERS) {
                return None;
            }
            Some((asker, asked, exchange))
        })
        .flat_map(|(asker, asked, exchange)| {
            methods
                .iter()
                .filter_map(move |m| Some((asker, asked, exchange.methods.get(*m)?)))
        })
        .collect()
}

fn pair(a: IpAddr, b: IpAddr, to: &mut Reporter<'_, '_>) {
    let messages = outcomes(a, b, Kind::Im, &["INVITE", "MESSAGE"], to);
    let presence = outcomes(a, b, Kind::Presence, &["SUBSCRIBE", "NOTIFY"], to);
    if messages.iter().any(|(_, _, o)| o.succeeded > 0) {
        return;
    }
    // Presence works: the first and last success of it.
    let works = presence
        .iter()
        .filter_map(|(_, _, o)| o.success)
        .reduce(|(first, last), (from, until)| (first.min(from), last.max(until)));
    let Some((worked, _)) = works else { return };
    let failing: Vec<_> = messages
        .iter()
        .filter(|(_, _, o)| o.failure.is_some())
        .collect();
    let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
    for (_, _, outcome) in &failing {
        for (status, count) in &outcome.finals {
            *statuses.entry(*status).or_default() += count;
        }
    }
    let of_a_service: u64 = OF_A_SERVICE
        .iter()
        .filter_map(|status| statuses.get(status))
        .sum();
    if of_a_service < LEAST {
        return;
    }
    let Some((asker, asked, first)) = failing
        .iter()
        .filter_map(|(asker, asked, o)| Some((*asker, *asked, o.failure?.0)))
        .min_by_key(|(_, _, at)| *at)
    else {
        return;
    };
    let last: FrameRef = failing
        .iter()
        .filter_map(|(_, _, o)| o.failure.map(|(_, last)| last))
        .max()
        .unwrap_or(first);
    let (who, whom) = (to.label(asked), to.label(asker));
    if to.context().unread_between(a, b).is_some() {
        to.undecided(
            first,
            format!("whether all messages between {whom} and {who} fail: part of the traffic between them was not read"),
        );
        return;
    }
    let counted: Vec<String> = statuses
        .iter()
        .map(|(status, count)| format!("{count} x {status}"))
        .collect();
    let building = to
        .report(
            asked,
            asker,
            format!("presence works between {whom} and {who}, but no instant message gets through"),
            Evidence::seen(worked, "a presence request succeeds"),
        )
        .summary(format!(
            "Requests of presence succeed between the two, and not one INVITE or MESSAGE of text sessions does ({}).",
            counted.join(", ")
        ))
        .seen(first, "the first INVITE or MESSAGE that fails")
        .detail("Answers to INVITE and MESSAGE", counted)
        .confidence(Confidence::Medium);
    if last != first {
        let _ = building.seen(last, "the last one that fails");
    }
}
