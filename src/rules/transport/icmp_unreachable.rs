//! A router or the host says that it cannot be reached.

use super::common::gravity;
use crate::base::Direction;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::{Handshake, IcmpReport};
use crate::rules::tls::outcome::concerns;
use crate::rules::tls::sources::CISCO_ASA;
use crate::rules::tls::words::server;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "icmp-unreachable",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "an ICMP message says that a SIP server cannot be reached",
    explanation: "A packet to the SIP port of the other side was answered with an ICMP error that quotes it. The sender of \
        the ICMP message is the box that gave up: a router without a route, a firewall that prohibits the traffic, or the \
        host itself. Code 13 of ICMPv4 and code 1 of ICMPv6 mean that somebody forbade it on purpose.",
    causes: &[
        "an access list on the router or firewall named here",
        "no route to the network of the server, or the server does not answer ARP",
        "the static route points to a wrong address",
    ],
    confirm: &["Look at the access lists and routes of the box that sent the ICMP message."],
    fix: Fix {
        cisco: &["Check the next hop address under Presence > Routing > Static Routes."],
        microsoft: &[
            "Check the destination of the route: Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route",
        ],
        network: &[
            "Permit TCP 5061 and 5062 (5060 and 5080 where used) between the two servers in both directions, on the box that \
             sent the ICMP message; on an ASA: access-list of the interface.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 792, RFC 1812 section 5.2.7.1 (code 13), RFC 4443 section 3.1",
        CISCO_ASA,
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// What a code of "destination unreachable" says, for the codes that stop a connection.
fn meaning(report: &IcmpReport) -> Option<&'static str> {
    match (report.v6, report.kind, report.code) {
        (false, 3, 0) => Some("network unreachable"),
        (false, 3, 1) => Some("host unreachable"),
        (false, 3, 2) => Some("protocol unreachable"),
        (false, 3, 3) => Some("port unreachable"),
        (false, 3, 9) => Some("network administratively prohibited"),
        (false, 3, 10) => Some("host administratively prohibited"),
        (false, 3, 13) => Some("communication administratively prohibited"),
        (true, 1, 0) => Some("no route to destination"),
        (true, 1, 1) => Some("communication administratively prohibited"),
        (true, 1, 2) => Some("beyond the scope of the source address"),
        (true, 1, 3) => Some("address unreachable"),
        (true, 1, 4) => Some("port unreachable"),
        (true, 1, 5) => Some("source address failed the ingress or egress policy"),
        (true, 1, 6) => Some("reject route to destination"),
        _ => None,
    }
}

/// Whether somebody forbade it on purpose.
fn is_prohibited(report: &IcmpReport) -> bool {
    matches!(
        (report.v6, report.code),
        (false, 9 | 10 | 13) | (true, 1 | 5 | 6)
    )
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let flow = &connection.flow;
    if !concerns(connection, to.context()) {
        return;
    }
    let Some((icmp, words)) = flow.icmp.iter().find_map(|i| Some((i, meaning(i)?))) else {
        return;
    };
    let context = to.context();
    let (from, at) = (connection.client().addr, connection.server());
    // Whose packet was turned back: the answers of the server are as needed as the requests.
    let (who, whom) = match icmp.quoted {
        Direction::Originator => (to.label(from), server(connection, to)),
        Direction::Responder => (server(connection, to), to.label(from)),
    };
    let sender = if icmp.from == at.addr || icmp.from == from {
        format!("{} itself", to.label(icmp.from))
    } else {
        format!("router or firewall {}", icmp.from)
    };
    let opened = flow.handshake == Handshake::Established;
    let over = flow.closed_by().is_some_and(|(_, end, _)| end < icmp.at);
    let served = flow.sides.iter().all(|side| side.first_data.is_some());
    let severity = if opened && (over || served) {
        Severity::Note
    } else if opened {
        // A connection that was opened may outlive such a message: what breaks it is another rule's matter.
        Severity::Warning
    } else {
        gravity(connection, context)
    };
    let title = if is_prohibited(icmp) {
        format!("{who} may not reach {whom}: {sender} answers with ICMP {words}")
    } else {
        format!("{who} cannot reach {whom}: {sender} answers with ICMP {words}")
    };
    let mut built = to
        .report(
            from,
            at.addr,
            title,
            Evidence::seen(
                icmp.at,
                format!(
                    "ICMP{} type {} code {} ({words}) from {}",
                    if icmp.v6 { "v6" } else { "" },
                    icmp.kind,
                    icmp.code,
                    icmp.from
                ),
            ),
        )
        .severity(severity)
        .key(format!("{} {} {}", at.port, icmp.from, icmp.code))
        .summary(format!(
            "A packet of the connection {} > {at} was answered with ICMP \"{words}\" by {}.",
            connection.client().addr,
            icmp.from
        ))
        .network(format!(
            "Start at {}: it sent the ICMP message{}.",
            icmp.from,
            if is_prohibited(icmp) {
                " because a rule there forbids this traffic"
            } else {
                ""
            }
        ))
        .on_stream(Some(flow.stream));
    if let Some(syn) = flow.syns.first() {
        built = built.seen(*syn, format!("SYN to {at}"));
    }
    if opened {
        let _ = built.confidence(Confidence::Medium);
    }
}
