//! A side does not renegotiate, and the other insists.

use super::alert_plain::find;
use super::sources::RFC_5246_ALERTS;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-no-renegotiation",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side refuses to renegotiate TLS, and the connection ends (alert 100)",
    explanation: "A server may ask for a second handshake on a running connection, for example to get the client's certificate only when it needs one. A client that does not want to says no_renegotiation, a warning. Servers that insist close the connection. Since RFC 5746 many refuse to renegotiate with a peer that cannot do it safely.",
    causes: &[
        "the server asks for the client certificate by renegotiation, and the client does not allow it",
        "only one side has the update for safe renegotiation (RFC 5746; on Windows KB980436)",
    ],
    confirm: &[
        "Is there a HelloRequest or a second ClientHello before the alert?",
        "Does one of both hellos lack renegotiation_info?",
    ],
    fix: Fix {
        cisco: &[
            "Use the peer-authentication listener, which asks for the certificate in the first handshake.",
        ],
        microsoft: &[
            "Install the updates for Schannel (KB980436) and set no UseScsvForTls or AllowInsecureRenegoClients = 0 against a peer that lacks them.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Unsourced,
    references: &[RFC_5246_ALERTS, "RFC 5746"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(ended) = find(connection, 100, to) else {
        return;
    };
    let title = format!(
        "{} refuses to renegotiate TLS with {}, and the connection ends (alert 100)",
        ended.sender, ended.other
    );
    let _ = ended
        .report(
            connection,
            title,
            "The other side asked for a new handshake on this connection and did not go on without it.",
            to,
        )
        .confidence(Confidence::Medium);
}
