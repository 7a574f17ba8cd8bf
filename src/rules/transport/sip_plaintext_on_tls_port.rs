//! SIP in clear to a port that speaks TLS.

use super::common::{first_line, speaks_elsewhere};
use crate::base::{Direction, Span};
use crate::connection::{Connection, Speaks};
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::Closing;
use crate::rules::tls::sources::{CISCO_LYNC, CISCO_PARTITIONED_NODE, MEASURED, MS_POWERSHELL};
use crate::rules::tls::words::server;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "sip-plaintext-on-tls-port",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "the caller sends SIP in clear to a port that expects TLS",
    explanation: "The caller opens the connection and sends a SIP request in clear text at once. The server expects a TLS \
        ClientHello there: it closes without a word or answers with a TLS alert, and the request is lost. Lync accepts \
        federation over TLS only.",
    causes: &[
        "the static route of the caller has protocol TCP with the port of TLS",
        "the caller was meant to use TLS, and its route or next hop says transport=tcp",
    ],
    confirm: &["Compare protocol and port of the caller's static route."],
    fix: Fix {
        cisco: &[
            "Where Cisco calls: Presence > Routing > Static Routes > Protocol Type = TLS with port 5061 (TCP and 5060 only \
             towards OCS); then restart the Cisco SIP Proxy.",
        ],
        microsoft: &["Where Lync calls: replace the TCP route by a TLS route: \
             New-CsStaticRoute -TLSRoute -Destination <FQDN> -Port 5062 -MatchUri <domain> -UseDefaultCertificate $true"],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        MEASURED,
        CISCO_PARTITIONED_NODE,
        CISCO_LYNC,
        MS_POWERSHELL,
        "RFC 3261 section 26.2.1",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// A server that does not understand what it got closes at once.
const AT_ONCE: Span = Span::from_secs(5);

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (client, answer) = (
        connection.speaks(Direction::Originator),
        connection.speaks(Direction::Responder),
    );
    if client != Speaks::Sip || !matches!(answer, Speaks::Nothing | Speaks::Tls) {
        return;
    }
    let flow = &connection.flow;
    let context = to.context();
    let (from, at) = (connection.client().addr, connection.server());
    let asked = flow.side(Direction::Originator).last_data;
    let closed = flow
        .closed_by()
        .filter(|(direction, ..)| *direction == Direction::Responder)
        // Later than this the server did not close because of what it got.
        .filter(|(_, at, _)| asked.is_some_and(|a| at.time.since(a.time) <= AT_ONCE));
    let elsewhere = speaks_elsewhere(connection, context, Speaks::Tls);
    let tls_port = matches!(at.port, 5061..=5063);
    let answered_tls = answer == Speaks::Tls;
    let lost = flow.side(Direction::Responder).missing > 0;
    if !answered_tls && (lost || closed.is_none() || elsewhere.is_none() && !tls_port) {
        return;
    }
    // The same port takes SIP in clear elsewhere: whatever happened here, TLS is not the reason.
    if speaks_elsewhere(connection, context, Speaks::Sip).is_some() && !answered_tls {
        return;
    }
    let Some(opening) = connection.opening(Direction::Originator) else {
        return;
    };
    let (who, whom) = (to.label(from), server(connection, to));
    let reaction = match (answered_tls, closed) {
        (true, _) => "answers with a TLS alert",
        (false, Some((_, _, Closing::Reset))) => "resets the connection",
        (false, _) => "closes the connection without a word",
    };
    let mut built = to
        .report(
            from,
            at.addr,
            format!("{who} sends SIP in clear to {whom}, which expects TLS"),
            Evidence::seen(
                opening.at,
                format!("SIP in clear: {}", first_line(&opening.bytes)),
            ),
        )
        .key(at.port.to_string())
        .summary(match elsewhere {
            Some(other) => format!(
                "{whom} {reaction}. The same port speaks TLS on tcp.stream {}.",
                other.flow.stream
            ),
            None if answered_tls => format!("{whom} {reaction}: it speaks TLS on this port."),
            None => format!(
                "{whom} {reaction}. Port {} is a TLS port of this federation.",
                at.port
            ),
        })
        .on_stream(Some(flow.stream));
    if let Some(bytes) = connection
        .opening(Direction::Responder)
        .filter(|_| answered_tls)
    {
        built = built.seen(bytes.at, "answer in TLS: an alert record");
    }
    if let Some((_, end, how)) = closed {
        built = built.seen(
            end,
            match how {
                Closing::Reset => "RST by the server",
                Closing::Fin => "FIN by the server",
            },
        );
    }
    if context.hosts.is_cisco(from) {
        built = built.cisco("This is the side to change: Presence > Routing > Static Routes.");
    } else if context.hosts.is_microsoft(from) {
        built = built.microsoft("This is the side to change: the static route of Lync.");
    }
    if elsewhere.is_none() && !answered_tls {
        let _ = built.confidence(Confidence::Medium);
    }
}
