//! The Cisco side looks up the name of a Microsoft address, gets none, and answers late.

use super::common::{failure, places};
use crate::base::{FrameRef, Span};
use crate::dns::{Kind, Lookup};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use std::net::{IpAddr, Ipv4Addr};

pub(super) static RULE: Rule = Rule {
    name: "dns-ptr-missing-acl-delay",
    class: Class::Dns,
    severity: Severity::Warning,
    summary: "Cisco answers Microsoft's requests about 20 s late: the reverse lookup of the address fails",
    explanation: "For each request the Cisco SIP proxy compares the sender with its incoming ACL, and looks up the name of the address \
        for it. Where no PTR record answers, the lookup takes about 20 s, at times twice. Presence and messages arrive, and late. \
        Its log says: incoming ACL check took over 2 seconds - check DNS.",
    causes: &[
        "there is no PTR record for the address of the Microsoft server",
        "the name server for the reverse zone does not answer",
    ],
    confirm: &[
        "On the Cisco node: utils network host <address>. It must answer at once with the name.",
    ],
    fix: Fix {
        cisco: &[
            "System > Security > Incoming ACL: entries by address do not need the name, but the lookup is made all the same.",
        ],
        microsoft: &[],
        network: &[
            "Create PTR records for every Microsoft server in the reverse zone that the Cisco nodes ask.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting (incoming ACL check, DNS)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

/// How late answers are, as documented: 20 s, or 40 s for two lookups.
const LATE: [std::ops::RangeInclusive<i64>; 2] = [18..=25, 36..=45];
/// As many late answers are no accident.
const OFTEN: usize = 3;

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    for (asker, asked, kind, exchange) in context.tally.all() {
        if !context.hosts.is_cisco(asked) || context.hosts.is_cisco(asker) {
            continue;
        }
        let late: Vec<(FrameRef, FrameRef, Span)> = exchange
            .slow
            .iter()
            .map(|(request, answer)| (*request, *answer, answer.time.since(request.time)))
            .filter(|(_, _, span)| {
                let seconds = span.nanos() / 1_000_000_000;
                LATE.iter().any(|range| range.contains(&seconds))
            })
            .collect();
        let Some((request, answer, span)) = late.first().copied() else {
            continue;
        };
        let lookup = reverse_lookup(asked, asker, context);
        if lookup.is_none() && late.len() < OFTEN {
            continue;
        }
        let (who, whom) = (to.label(asked), to.label(asker));
        let mut built = to
            .report(
                asked,
                asker,
                format!("{who} answers {whom} {span} late: the reverse lookup of {asker} fails"),
                Evidence::seen(request, format!("a request of {whom} ({})", kind.name())),
            )
            .summary(format!(
                "{} of the {} requests of {whom} with an answer were answered after about 20 s or 40 s. {}",
                late.len(),
                exchange.timed,
                if lookup.is_some() {
                    format!("{who} asked for the name of {asker} and got none.")
                } else {
                    format!(
                        "That is how long the Cisco side waits for the name of an address; its DNS is not in the capture, so this is a \
                         guess: capture port 53 on {who}."
                    )
                }
            ))
            .seen(answer, format!("its final response, {span} later"))
            .network(format!("Create a PTR record for {asker}."));
        match lookup {
            Some((lookup, how)) => {
                if let Some((first, last)) = places(lookup) {
                    built = built
                        .seen(first, format!("question PTR {}", lookup.name))
                        .seen(last, how);
                }
            }
            None => built = built.confidence(Confidence::Low),
        }
        drop(built);
    }
}

/// The failed lookup of the name of an address.
fn reverse_lookup<'a>(
    client: IpAddr,
    address: IpAddr,
    context: &Context<'a>,
) -> Option<(&'a Lookup, String)> {
    let IpAddr::V4(address) = address else {
        return None;
    };
    let name = reverse_name(address);
    context
        .names
        .all()
        .iter()
        .filter(|l| l.client == client && l.kind == Kind::Ptr && l.name == name)
        .find_map(|l| Some((l, failure(l, context)?)))
}

fn reverse_name(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}
