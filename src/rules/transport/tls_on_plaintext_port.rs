//! TLS to a port that speaks SIP in clear.

use super::common::{first_line, speaks_elsewhere};
use crate::base::Direction;
use crate::connection::{Connection, Speaks, is_federation_port};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::tls::outcome::concerns;
use crate::rules::tls::sources::{CISCO_PARTITIONED_NODE, MEASURED, MS_POWERSHELL};
use crate::rules::tls::words::server;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-on-plaintext-port",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "the caller starts TLS on a port that speaks SIP in clear",
    explanation: "The caller sends a TLS ClientHello. The server reads SIP in clear on that port, finds no SIP in it, and \
        answers in clear text (often SIP/2.0 400) or closes. No session can be made.",
    causes: &[
        "the static route of the caller has protocol TLS with the port of TCP, usually 5060",
        "the TLS listener of the server is on another port",
    ],
    confirm: &["Compare the port of the caller's route with the TLS listeners of the server."],
    fix: Fix {
        cisco: &[
            "Where Cisco is called: System > Application Listeners shows the TLS ports (peer authentication: 5062 by default).",
            "Where Cisco calls: Presence > Routing > Static Routes: TLS goes with port 5061, TCP with 5060.",
        ],
        microsoft: &[
            "Where Lync calls: create the TLS route with the port of the peer-authentication listener: \
             New-CsStaticRoute -TLSRoute -Destination <FQDN> -Port 5062 -MatchUri <domain> -UseDefaultCertificate $true",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[MEASURED, CISCO_PARTITIONED_NODE, MS_POWERSHELL],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    let Some(hello) = &tls.client_hello else {
        return;
    };
    if connection.speaks(Direction::Originator) != Speaks::Tls
        || tls.client() != Direction::Originator
        || tls.server_hello.is_some()
    {
        return;
    }
    let context = to.context();
    if !concerns(connection, context) {
        return;
    }
    let (from, at) = (connection.client().addr, connection.server());
    let answer = connection
        .opening(Direction::Responder)
        .filter(|_| {
            matches!(
                connection.speaks(Direction::Responder),
                Speaks::Sip | Speaks::Other
            )
        })
        .filter(|opening| is_text(&opening.bytes))
        // Other services answer in text as well; they are none of this federation.
        .filter(|opening| opening.bytes.starts_with(b"SIP/") || is_federation_port(at.port));
    let closed = connection
        .flow
        .closed_by()
        .filter(|(direction, ..)| *direction == Direction::Responder);
    let silent = connection.speaks(Direction::Responder) == Speaks::Nothing
        && closed.is_some()
        && at.port == 5060
        && speaks_elsewhere(connection, context, Speaks::Tls).is_none();
    if answer.is_none() && !silent {
        return;
    }
    let (who, whom) = (to.label(from), server(connection, to));
    let said = answer.map(|a| (a.at, first_line(&a.bytes)));
    let mut built = to
        .report(
            from,
            at.addr,
            format!("{who} starts TLS with {whom}, which speaks SIP in clear"),
            Evidence::seen(hello.at, "ClientHello"),
        )
        .key(at.port.to_string())
        .summary(match &said {
            Some((_, line)) => {
                format!("The ClientHello is answered in clear text: \"{line}\". No TLS session is made.")
            }
            None => format!(
                "{whom} closes the connection right after the ClientHello; 5060 is the port of SIP in clear."
            ),
        })
        .on_stream(Some(connection.flow.stream));
    if let Some((answered, line)) = said.clone() {
        built = built.seen(answered, format!("answer in clear: {line}"));
    }
    if let Some((_, end, _)) = closed {
        built = built.seen(end, "the server closes the connection");
    }
    if said.is_none() {
        let _ = built.confidence(Confidence::Medium);
    }
}

/// Whether an answer is text that a person could have typed, such as a SIP or HTTP status line.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|b| matches!(b, b'\t' | b'\r' | b'\n' | 0x20..=0x7e) || *b >= 0x80)
        && bytes.iter().filter(|b| b.is_ascii_graphic()).count() * 2 > bytes.len()
}
