//! A connection attempt answered by RST.

use super::common::{gravity, later_success, open_ports, opened_elsewhere};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::Handshake;
use crate::rules::tls::sources::{CISCO_OCS, CISCO_PARTITIONED_NODE};
use crate::rules::tls::words::server;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tcp-connect-refused",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "the server refuses the connection: nothing listens on that port",
    explanation: "The TCP SYN is answered with RST. The host is there, but no program listens on that port, or a firewall \
        refuses in its name. The classic case is a route to 5061 while the peer-authentication listener of the Cisco SIP \
        proxy is on 5062, or the reverse after the two were swapped.",
    causes: &[
        "the static route has the wrong port: it must be the one of the peer-authentication listener",
        "the SIP service on that server is not running",
        "a firewall answers with RST",
    ],
    confirm: &[
        "Compare the port here with System > Application Listeners (Cisco) or Get-CsStaticRoutingConfiguration (Lync).",
        "On the refusing server look whether the port listens: netstat -ano on Windows, show open ports all on Cisco.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco refuses: System > Application Listeners shows the ports; start the Cisco SIP Proxy in \
             Tools > Control Center - Feature Services.",
            "Where Cisco calls: correct the next hop port under Presence > Routing > Static Routes (Lync listens on 5061).",
        ],
        microsoft: &[
            "Where Lync calls: remove the route and create it again with the right port: \
             New-CsStaticRoute -TLSRoute -Destination <FQDN> -Port 5062 -MatchUri <domain> -UseDefaultCertificate $true",
            "Where Lync refuses: start the Front End service (Start-CsWindowsService RtcSrv); TCP 5060 is off by default.",
        ],
        network: &["If the service does listen, find the firewall that answers with RST."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_OCS,
        CISCO_PARTITIONED_NODE,
        "RFC 9293 section 3.10.7.1",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["icmp-unreachable"],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let flow = &connection.flow;
    let Handshake::Refused(rst) = flow.handshake else {
        return;
    };
    if !connection.concerns_sip() {
        return;
    }
    let context = to.context();
    let (from, at) = (connection.client().addr, connection.server());
    let (who, whom) = (to.label(from), server(connection, to));
    let open: Vec<String> = open_ports(connection, context)
        .iter()
        .map(ToString::to_string)
        .collect();
    let later = later_success(connection, context);
    let elsewhere = opened_elsewhere(connection, context);
    let mut summary = format!("{whom} answers the SYN of {who} with RST: nothing listens there.");
    if let Some(later) = later {
        summary.push_str(&format!(
            " Later (tcp.stream {}) the port accepted a connection: the service was down for a while.",
            later.flow.stream
        ));
    } else if let Some(other) = elsewhere {
        summary.push_str(&format!(
            " Yet it accepted tcp.stream {} of {}: the service stopped, or a filter refuses this caller.",
            other.flow.stream,
            to.label(other.client().addr)
        ));
    }
    let built = to
        .report(
            from,
            at.addr,
            format!(
                "{whom} refuses connections of {who}: nothing listens on port {}",
                at.port
            ),
            Evidence::seen(
                flow.syns.first().copied().unwrap_or(flow.first),
                format!("SYN to {at}"),
            ),
        )
        .severity(gravity(connection, context))
        .key(at.port.to_string())
        .summary(summary)
        .seen(rst, "RST in answer")
        .detail("Ports of that host that do accept connections", open)
        .on_stream(Some(flow.stream));
    if elsewhere.is_some() {
        let _ = built.confidence(Confidence::Medium);
    }
}
