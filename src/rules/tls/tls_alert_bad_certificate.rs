//! A side rejects the other's certificate with the general alert.

use super::alert_complaint::{CERTIFICATE_FAULTS, find};
use super::sources::{CISCO_PARTITIONED_NODE, MEASURED, RFC_5246_ALERTS};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-bad-certificate",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side rejects the other's certificate (alert 42)",
    explanation: "bad_certificate says that the verifier does not accept the certificate and leaves open why. OpenSSL sends \
        it for a host name that does not match and for a certificate that is not yet valid; GnuTLS for every defect, an \
        unknown authority included.",
    causes: &[
        "the name in the certificate is not the one the verifier expects",
        "the verifier does not trust the authority that issued it",
        "the certificate is not valid yet, or has a signature or key the verifier does not take",
    ],
    confirm: &[
        "Look in the log of the side that sent the alert: Cisco SIP proxy traces, or the Windows System log, source Schannel.",
        "Compare subject, DNS names, issuer and validity shown here with what the verifier is configured for.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco sent the alert: root and intermediates of Lync as cup-trust; Lync's subject CN under System > Security \
             > TLS Peer Subjects and selected in the TLS context; restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where Lync sent the alert: root and intermediates of Cisco in the store of the local computer; the route's \
             destination must be the name in Cisco's certificate.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[MEASURED, CISCO_PARTITIONED_NODE, RFC_5246_ALERTS],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[42]) else {
        return;
    };
    let title = format!(
        "{} rejects the certificate of {} (alert 42 bad_certificate)",
        c.verifier_name, c.presenter_name
    );
    let meaning = "The alert does not say why, and no defect can be seen in the certificate itself: likeliest is that this side does \
                   not trust its issuer or expects another name.";
    let _ = c
        .report(connection, to, title, meaning)
        .confidence(Confidence::Medium);
}
