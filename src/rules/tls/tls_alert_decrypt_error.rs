//! A signature or the Finished message did not verify.

use super::alert_plain::find;
use super::sources::RFC_5246_ALERTS;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-decrypt-error",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side could not verify a signature or the Finished message of the other (alert 51)",
    explanation: "decrypt_error means that a cryptographic check of the handshake failed: the signature over the key exchange, the CertificateVerify of the client, or the Finished message. The certificate itself was read; what was signed with its key was not what should have been signed. Ordinary misconfiguration seldom leads here.",
    causes: &[
        "the private key in use does not belong to the certificate that is presented, after an import that went half way",
        "a device in between changed bytes of the handshake",
        "one side restarted with new keys while a session was being resumed",
        "an RSA signature whose hash one of the two implements differently (TLS 1.2 on old Windows)",
    ],
    confirm: &[
        "Does the key belong to the certificate? On Windows: certutil -verifystore My; on Cisco: OS Administration > Security > Certificate Management, compare the certificate shown with the one on the wire.",
        "Capture on both boxes and compare the handshake messages byte for byte: a difference is a device in between.",
    ],
    fix: Fix {
        cisco: &[
            "Generate a new CSR (purpose cup), have it signed, upload it, and restart Cisco SIP Proxy: key and certificate then belong together.",
        ],
        microsoft: &[
            "certutil -repairstore My SERIAL binds the certificate to its key again; otherwise Request-CsCertificate and Set-CsCertificate anew, then restart the Front End service.",
        ],
        network: &["Take a firewall or proxy that inspects TLS out of this connection."],
    },
    knowledge: Knowledge::Deduced,
    references: &[RFC_5246_ALERTS],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(ended) = find(connection, 51, to) else {
        return;
    };
    let title = format!(
        "{} cannot verify what {} signed in the TLS handshake (alert 51)",
        ended.sender, ended.other
    );
    let _ = ended
        .report(
            connection,
            title,
            "A signature or the Finished message did not verify: the private key does not fit the certificate, or bytes were changed on the \
             way.",
            to,
        )
        .confidence(Confidence::Medium);
}
