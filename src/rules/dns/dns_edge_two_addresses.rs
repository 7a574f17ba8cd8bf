//! The name of an Edge server has an inner and an outer address, and only one of them works.

use super::common::addresses;
use crate::connection::Connection;
use crate::dns::Kind;
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::Handshake;
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use std::collections::BTreeSet;
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "dns-edge-two-addresses",
    class: Class::Dns,
    severity: Severity::Warning,
    summary: "one name has two addresses, and connections to one of them fail",
    explanation: "An Edge server has an inner and an outer interface. When both have the same FQDN, DNS gives two addresses and the other \
        side takes them in turn: one works, the other does not. Availability and messages are lost after a short while, and come \
        back.",
    causes: &[
        "the inner and the outer interface of the Edge server have the same FQDN",
        "a stale A record of a former address",
    ],
    confirm: &[
        "nslookup <name> on the host that asks: which of the addresses answers on port 5061?",
    ],
    fix: Fix {
        cisco: &[],
        microsoft: &[
            "Give the inner Edge interface a name of its own, in the topology and in its certificate.",
        ],
        network: &["Remove the A record of the address that is not meant for this side."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Troubleshooting (losing availability after a short period)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let mut told = BTreeSet::new();
    for lookup in context.names.all() {
        let found = addresses(lookup);
        if lookup.kind != Kind::A || found.len() < 2 || !told.insert((lookup.client, &lookup.name))
        {
            continue;
        }
        let tried = |address: IpAddr, good: bool| {
            attempts(lookup.client, address, context).find(|c| is_good(c) == good)
        };
        let works = found.iter().find_map(|a| Some((*a, tried(*a, true)?)));
        let fails = found
            .iter()
            .filter(|a| tried(**a, true).is_none())
            .find_map(|a| Some((*a, tried(*a, false)?)));
        let (Some((good, good_one)), Some((bad, bad_one)), Some((at, answer))) =
            (works, fails, &lookup.answer)
        else {
            continue;
        };
        let who = to.label(lookup.client);
        let _ = to
            .report(
                lookup.client,
                bad,
                format!(
                    "{who} finds two addresses for {}: {good} works, {bad} does not",
                    lookup.name
                ),
                Evidence::seen(*at, format!("answer A {}: {answer}", lookup.name)),
            )
            .confidence(Confidence::Medium)
            .key(lookup.name.clone())
            .summary(format!(
                "DNS gives {answer} for {}. Connections of {who} to {good} work, those to {bad} fail: it depends on which one is taken.",
                lookup.name
            ))
            .seen(good_one.flow.first, format!("a connection to {good} that works"))
            .seen(bad_one.flow.first, format!("a connection to {bad} that fails"))
            .on_stream(Some(bad_one.flow.stream));
    }
}

fn attempts<'a>(
    client: IpAddr,
    address: IpAddr,
    context: &Context<'a>,
) -> impl Iterator<Item = &'a Connection> + use<'a> {
    context
        .between(client, address)
        .filter(move |c| c.client().addr == client && c.concerns_sip())
}

/// Whether it was opened, and its TLS handshake, if any, came to its end.
fn is_good(connection: &Connection) -> bool {
    connection.flow.handshake == Handshake::Established
        && connection
            .tls
            .as_deref()
            .is_none_or(|tls| tls.handshake_complete())
}
