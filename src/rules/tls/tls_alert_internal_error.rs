//! A side failed for reasons of its own.

use super::alert_complaint::CERTIFICATE_FAULTS;
use super::alert_plain::find;
use super::sources::RFC_5246_ALERTS;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-internal-error",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side gave up the TLS handshake because of trouble of its own (alert 80)",
    explanation: "internal_error has nothing to do with what the other side sent: memory, a key store that could not be opened, a name service that did not answer, or an exception in the software. OpenSSL sends it when a certificate or key of its own cannot be used, Schannel when a provider fails.",
    causes: &[
        "the certificate or private key of the side that sends the alert cannot be loaded or used",
        "a failure inside its TLS software; its log has the reason",
    ],
    confirm: &[
        "Read the log of the box that sends the alert at the time of this frame: Windows System log, source Schannel; Cisco SIP Proxy log.",
        "Does the same box fail with other peers as well?",
    ],
    fix: Fix {
        cisco: &[
            "Look into the SIP proxy log; upload the certificate (cup) anew and restart Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Look for Schannel events (36870: the private key cannot be used) in the System log; repair the rights on the private key or assign the certificate anew with Set-CsCertificate.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &[RFC_5246_ALERTS],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(ended) = find(connection, 80, to) else {
        return;
    };
    let title = format!(
        "{} gives up the TLS handshake with {} because of trouble of its own (alert 80)",
        ended.sender, ended.other
    );
    let _ = ended
        .report(
            connection,
            title,
            "The reason lies in the sender of the alert and is not on the wire: its own log at this second has it.",
            to,
        )
        .confidence(Confidence::Medium);
}
