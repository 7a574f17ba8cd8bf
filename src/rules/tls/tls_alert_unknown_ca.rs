//! A side does not know the authority behind the other's certificate.

use super::alert_complaint::{CERTIFICATE_FAULTS, find};
use super::sources::{CISCO_PARTITIONED_NODE, MEASURED, RFC_5246_ALERTS, RISUAL_1047};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::CertificateFlight;

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-unknown-ca",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side does not trust the authority that issued the other side's certificate (alert 48)",
    explanation: "The verifier built the chain of the presented certificate and ended at an authority that is not in its \
        trust store, so it sent unknown_ca. Either the root is not installed there, or an intermediate certificate is \
        missing on both sides: not sent with the certificate and not installed at the verifier.",
    causes: &[
        "the root certificate of the other side's authority is not in the verifier's trust store",
        "the presenter does not send the intermediate certificate, and the verifier does not have it",
        "the services were not restarted after the root was installed",
    ],
    confirm: &[
        "Compare the issuer shown here with the trust store of the side that sent the alert.",
        "Cisco: OS Administration > Security > Certificate Management, find cup-trust. Windows: certlm.msc, Trusted Root \
         Certification Authorities.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco sent the alert: OS Administration > Security > Certificate Management > Upload Certificate, purpose \
             cup-trust, root and every intermediate of the other side; then restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where Lync sent the alert: import the root into Local Computer > Trusted Root Certification Authorities and \
             intermediates into Intermediate Certification Authorities (never the other way round), then restart the Front \
             End service.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        MEASURED,
        CISCO_PARTITIONED_NODE,
        RISUAL_1047,
        RFC_5246_ALERTS,
    ],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[48]) else {
        return;
    };
    let issuer = c.certificate.map(|cert| cert.issuer.clone());
    let title = format!(
        "{} does not trust the CA of the certificate of {} (alert 48)",
        c.verifier_name, c.presenter_name
    );
    let meaning = match &issuer {
        Some(issuer) => format!(
            "It does not know the authority \"{issuer}\" that issued the certificate of {}, or one above it. {}",
            c.presenter_name,
            chain_words(c.flight)
        ),
        None => format!(
            "It does not know the authority that issued the certificate of {}.",
            c.presenter_name
        ),
    };
    let built = c.report(connection, to, title, &meaning);
    let wanted = c.flight.and_then(missing).or(issuer);
    let Some(wanted) = wanted else {
        return;
    };
    let _ = match c.verifier_role {
        Role::Cisco => built.cisco(format!(
            "This is the side to change: upload the certificate of \"{wanted}\" as cup-trust."
        )),
        Role::Lync | Role::Edge => built.microsoft(format!(
            "This is the side to change: import the certificate of \"{wanted}\" into the store of the local computer."
        )),
        _ => built,
    };
}

/// The authority at the end of what was sent: the one that the verifier must have.
fn missing(flight: &CertificateFlight) -> Option<String> {
    let top = flight.chain.last().filter(|_| flight.complete);
    top.map(|top| top.issuer.clone())
}

fn chain_words(flight: Option<&CertificateFlight>) -> String {
    let Some(flight) = flight else {
        return String::new();
    };
    if !flight.complete {
        return "Not all certificates that were sent could be read.".to_owned();
    }
    match flight.chain.as_slice() {
        [only] if only.self_issued => {
            "The certificate is self-signed: it is its own authority.".to_owned()
        }
        [only] => format!(
            "Nothing but the end certificate was sent: the verifier must have \"{}\" and everything above it.",
            only.issuer
        ),
        [.., top] if top.self_issued => format!(
            "The chain sent reaches its root \"{}\": this root is not in the verifier's trust store.",
            top.subject
        ),
        [.., top] => format!(
            "The chain sent ends at \"{}\": the verifier must have its issuer \"{}\".",
            top.subject, top.issuer
        ),
        [] => String::new(),
    }
}
