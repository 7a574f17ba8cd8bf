//! An alert that cannot be read, in a place where it is no goodbye.

use super::hidden::{HiddenAlert, Shown, gravity, hidden_alert, is_goodbye, shown};
use super::outcome::{concerns, recovered_text};
use super::sources::CISCO_PARTITIONED_NODE;
use super::words::side;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::Closing;
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::TlsSummary;

pub(super) static RULE: Rule = Rule {
    name: "tls-encrypted-alert",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "a side most likely rejects the other with an alert that is encrypted",
    explanation: "TLS 1.3 encrypts the certificates and most alerts, so a rejection is not readable without keys. Its shape \
        is: right after the client's certificate and Finished the server sends one record as short as an alert, nothing \
        else, and the connection ends. A server that accepts goes on with session tickets or data. In the other direction \
        the client sends such a record instead of its Finished. It is an inference from lengths and order, so it is at most \
        of medium confidence. Up to TLS 1.2 only an encrypted alert in the middle of a session is mentioned, as a note; at \
        its end it is a goodbye (close_notify).",
    causes: &[
        "the server does not accept the client's certificate: authority, purpose, validity, or there is none",
        "the name in the client's certificate is not one that the server lets in",
        "the client does not accept the server's certificate",
    ],
    confirm: &[
        "Give the session's keys (--keylog): the alert and both certificates can then be read.",
        "Log of the side that sent it: Windows System log, source Schannel; Cisco SIP proxy traces of that second.",
        "Repeat the test with TLS 1.2: alert and certificates are in clear.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco sent it: root and intermediates of Lync's certificate as cup-trust (Cisco Unified OS Administration > \
             Security > Certificate Management), Lync's subject CN under System > Security > TLS Peer Subjects and in the TLS \
             context; restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where Lync sent it: import root and intermediates of the Cisco certificate into the store of the local computer \
             (Import-Certificate -CertStoreLocation Cert:\\LocalMachine\\Root); Get-CsTrustedApplicationPool must list its name.",
            "Where Lync is the client: a certificate with Client Authentication must be assigned (Get-CsCertificate, \
             Request-CsCertificate -ClientEku $true, Set-CsCertificate).",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        "Measured with OpenSSL 3.0 as both sides of TLS 1.3",
        CISCO_PARTITIONED_NODE,
        "RFC 8446 sections 4.4.2.4, 5.2 and 6",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    if !concerns(connection, to.context()) {
        return;
    }
    if let Some(hidden) = hidden_alert(connection) {
        rejected(connection, tls, &hidden, to);
    } else if !tls.is_tls13() {
        mid_session(connection, tls, to);
    }
}

/// What the client's record tells, as a sentence.
fn words(shown: Shown, who: &str, len: u16) -> String {
    match shown {
        Shown::Nothing => format!(
            "{who} most likely has no certificate to show: its first record of {len} bytes is as long as an empty Certificate \
             message."
        ),
        Shown::NotAsked => format!(
            "{who} seems not to have been asked for a certificate: its first record of {len} bytes is as long as a Finished."
        ),
        Shown::Something => format!(
            "{who} most likely showed a certificate (its first record has {len} bytes), and that is not accepted."
        ),
    }
}

fn rejected(
    connection: &Connection,
    tls: &TlsSummary,
    hidden: &HiddenAlert,
    to: &mut Reporter<'_, '_>,
) {
    let context = to.context();
    let (who, whom) = (
        side(connection, hidden.by, to),
        side(connection, hidden.by.reverse(), to),
    );
    let by_server = hidden.by == tls.server();
    let (ended, end, how) = hidden.end;
    let closer = if ended == hidden.by { &who } else { &whom };
    let verb = match how {
        Closing::Fin => "closes the connection (FIN)",
        Closing::Reset => "resets the connection (RST)",
    };
    let client = shown(tls).filter(|_| by_server);
    let (title, place, guess) = if by_server {
        (
            format!(
                "{who} seems to reject {whom} with a hidden alert right after its part of the TLS 1.3 handshake"
            ),
            "right after the client's Finished",
            client.map_or_else(String::new, |(shown, _, len)| words(shown, &whom, len)),
        )
    } else {
        (
            format!(
                "{who} seems to reject the certificate of {whom} with a hidden alert (TLS 1.3)"
            ),
            "instead of its Finished",
            format!("It most likely does not accept the certificate of {whom}."),
        )
    };
    let mut built = to
        .report(
            connection.client().addr,
            connection.server().addr,
            title,
            Evidence::seen(
                hidden.at,
                format!("{who} sends one encrypted record of {} bytes, as long as an alert", hidden.len),
            ),
        )
        .severity(gravity(connection, context))
        .confidence(Confidence::Medium)
        .key(format!("{} {:?}", connection.server().port, hidden.by))
        .summary(format!(
            "{who} sends one record of {} bytes {place}, which is as long as an alert, and nothing else; then {closer} {verb}. \
             {guess} Certificates and alert are encrypted: this is a candidate, not a reading.{}",
            hidden.len,
            recovered_text(connection, context)
        ))
        .seen(hidden.after, format!("the last record of {whom} before it"))
        .seen(end, format!("{closer} {verb}"))
        .on_stream(Some(connection.flow.stream));
    if let Some((_, at, len)) = client.filter(|(_, at, _)| *at != hidden.after) {
        built = built.seen(at, format!("first encrypted record of {whom}, {len} bytes"));
    }
    let _ = match context.role(connection.flow.sender(hidden.by).addr) {
        Role::Cisco => built.cisco("This side rejects: look at its log first."),
        Role::Lync | Role::Edge => built.microsoft("This side rejects: look at its log first."),
        _ => built,
    };
}

/// An encrypted alert up to TLS 1.2 that is not the end of its side.
fn mid_session(connection: &Connection, tls: &TlsSummary, to: &mut Reporter<'_, '_>) {
    let found = tls
        .alerts
        .iter()
        .filter(|a| a.encrypted && a.description.is_none() && !a.inferred_from_length)
        .find(|a| !is_goodbye(connection, tls, a));
    let Some(alert) = found else {
        return;
    };
    let (who, whom) = (
        side(connection, alert.direction, to),
        side(connection, alert.direction.reverse(), to),
    );
    let len = alert.record_len;
    drop(
        to.report(
            connection.client().addr,
            connection.server().addr,
            format!("{who} sends {whom} an encrypted alert that is no goodbye"),
            Evidence::seen(alert.at, format!("encrypted alert of {len} bytes")),
        )
        .severity(Severity::Note)
        .confidence(Confidence::Low)
        .key(connection.server().port.to_string())
        .summary(format!(
            "The alert is encrypted, so its number cannot be read. {who} goes on after it, so it is no \
             close_notify; a refused renegotiation looks like that."
        ))
        .on_stream(Some(connection.flow.stream)),
    );
}
