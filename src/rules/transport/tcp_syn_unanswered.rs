//! A connection attempt that nobody answers.

use super::common::{gravity, later_success, open_ports, opened_elsewhere};
use crate::base::Span;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::Handshake;
use crate::rules::tls::outcome::concerns;
use crate::rules::tls::sources::{CISCO_PARTITIONED_NODE, CISCO_PARTITIONED_TROUBLE};
use crate::rules::tls::words::server;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tcp-syn-unanswered",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "a connection attempt to a SIP server gets no answer at all",
    explanation: "The TCP SYN to the SIP port of the other side was sent several times and nothing came back: neither \
        SYN/ACK nor RST nor ICMP. A port where nothing listens would be refused with RST, so the packets are lost or \
        dropped on the way, or the host is down. Above it the caller waits: the Cisco SIP proxy reports 408 to its own \
        side, Lync 504.",
    causes: &[
        "a firewall between the two servers, or on the server itself, drops the port without a word",
        "the static route points to a wrong address or port",
        "the host is down, or its route back to the caller is missing",
    ],
    confirm: &[
        "Capture on the called server at the same time: do the SYNs arrive there?",
        "From the calling server try the port: Test-NetConnection <address> -Port <port> on Windows, \
         utils network connectivity <address> <port> on Cisco.",
    ],
    fix: Fix {
        cisco: &[
            "Check the next hop and port under Presence > Routing > Static Routes, and the listeners under \
             System > Application Listeners.",
            "Check in Cisco Unified Serviceability > Tools > Control Center - Feature Services that the Cisco SIP Proxy runs.",
        ],
        microsoft: &[
            "Check the route: Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route",
            "Check the Windows firewall and that the Front End service (RtcSrv) runs: Get-CsWindowsService",
        ],
        network: &[
            "Permit the port in both directions; TCP 5060, 5061, 5062 and 5080 are in use in this federation.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_PARTITIONED_TROUBLE,
        CISCO_PARTITIONED_NODE,
        "RFC 9293 section 3.8.3",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["icmp-unreachable"],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// A second SYN follows the first after one to three seconds.
const SECOND_TRY: Span = Span::from_secs(3);

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let flow = &connection.flow;
    if flow.handshake != Handshake::Unanswered || !concerns(connection, to.context()) {
        return;
    }
    let context = to.context();
    let first = flow.syns.first().copied().unwrap_or(flow.first);
    let [originator, responder] = &flow.sides;
    // A caller that went on was answered: the capture has its direction only.
    if responder.segments > 0
        || originator.segments > flow.syn_count
        || !flow.icmp.is_empty() && flow.syn_count < 2
    {
        return;
    }
    let (from, at) = (connection.client().addr, connection.server());
    let remaining = context.remaining(first);
    if flow.syn_count < 2 || remaining < SECOND_TRY {
        if flow.icmp.is_empty() {
            to.undecided_attempt(first, (from, at), |to| {
                let (server, from, syns) = (server(connection, to), to.label(from), flow.syn_count);
                let then = if flow.evicted {
                    format!(
                        "and was given up {remaining} after it, because too many others were open"
                    )
                } else {
                    format!("and ends {remaining} after it")
                };
                let who = if flow.evicted {
                    "the connection"
                } else {
                    "the capture"
                };
                format!("whether {server} answers the SYN of {from}: {who} has {syns} SYN {then}")
            });
        }
        return;
    }
    let (who, whom) = (to.label(from), server(connection, to));
    let alive = context.hosts.get(at.addr).is_some_and(|h| h.speaks);
    let open: Vec<String> = open_ports(connection, context)
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut summary = format!(
        "{who} sent {} SYNs to {whom} and got neither SYN/ACK nor RST nor ICMP.",
        flow.syn_count
    );
    let others = opened_elsewhere(connection, context);
    if let Some(later) = later_success(connection, context) {
        summary.push_str(&format!(
            " A later attempt (tcp.stream {}) was answered: the path or the server was down for a while.",
            later.flow.stream
        ));
    } else if let Some(other) = others {
        summary.push_str(&format!(
            " The port does answer {} (tcp.stream {}): look for a filter on the caller's address, or a server that went down.",
            to.label(other.client().addr),
            other.flow.stream
        ));
    } else if alive {
        summary.push_str(
            " The host itself is alive, other packets of it are in the capture: a filter drops this port on the way there or back.",
        );
    } else {
        summary.push_str(
            " No packet of that host is in the capture at all: it may be down or unreachable, or only one direction was captured.",
        );
    }
    let mut built = to
        .report(
            from,
            at.addr,
            format!("{whom} does not answer connection attempts of {who} (SYN unanswered)"),
            Evidence::seen(first, format!("SYN to {at}")),
        )
        .severity(gravity(connection, context))
        .key(at.port.to_string())
        .summary(summary)
        .detail("Ports of that host that do accept connections", open)
        .on_stream(Some(flow.stream));
    for syn in flow.syns.iter().skip(1).take(2) {
        built = built.seen(*syn, "SYN again");
    }
    built = built.absent(first, format!("any answer, for {remaining}"));
    if !alive || others.is_some() {
        let _ = built.confidence(Confidence::Medium);
    }
}
