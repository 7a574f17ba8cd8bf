//! A side says that the other's certificate has expired.

use super::alert_complaint::{CERTIFICATE_FAULTS, find};
use super::sources::{CISCO_TROUBLE, MEASURED, RFC_5246_ALERTS};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::CertificateFlight;

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-certificate-expired",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side says that the other's certificate has expired (alert 45)",
    explanation: "certificate_expired: a certificate of the presented chain is not valid at the time the verifier's clock \
        shows. Where the capture shows the certificate as valid, the verifier's clock is wrong or an authority above it, \
        which was not sent, has expired.",
    causes: &[
        "the certificate was not renewed",
        "an intermediate or root certificate in the verifier's store has expired",
        "the clock or time zone of the verifier is wrong",
    ],
    confirm: &["Compare the validity shown here with the clock of the side that sent the alert."],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: renew it under OS Administration > Security > Certificate Management (cup), \
             restart the Cisco SIP Proxy. Clock: utils ntp status.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate, Set-CsCertificate, restart the Front End service. \
             Clock: w32tm /query /status.",
        ],
        network: &["Give both sides the same time source (NTP)."],
    },
    knowledge: Knowledge::Measured,
    references: &[MEASURED, CISCO_TROUBLE, RFC_5246_ALERTS],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[45]) else {
        return;
    };
    let title = format!(
        "{} says that the certificate of {} has expired (alert 45)",
        c.verifier_name, c.presenter_name
    );
    let all_valid = |f: &CertificateFlight| f.chain.iter().all(|cert| cert.valid_at(f.at.time));
    let whole = c.flight.filter(|f| f.complete && !f.chain.is_empty());
    let valid = whole.is_some_and(all_valid);
    let unknown = c.flight.is_some_and(|f| !f.complete && all_valid(f));
    let meaning = if valid {
        "By the time of the capture every certificate that was sent is valid: look at the verifier's clock, and at \
         authorities in its store."
    } else if unknown {
        "Not all certificates that were sent could be read here; those that could are valid by the time of the capture."
    } else if c.certificate.is_some() {
        "By the time of the capture not every certificate that was sent is valid."
    } else {
        "The certificate itself cannot be read here."
    };
    let _ = c
        .report(connection, to, title, meaning)
        .confidence(if valid || unknown {
            Confidence::Medium
        } else {
            Confidence::High
        });
}
