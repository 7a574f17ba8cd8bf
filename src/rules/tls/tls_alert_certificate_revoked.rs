//! A side refuses a certificate because it was revoked.

use super::alert_complaint::find;
use super::sources::RFC_5246_ALERTS;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-certificate-revoked",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side refuses the other's certificate because its authority has revoked it (alert 44)",
    explanation: "The side that complains has a revocation list (CRL) or an OCSP answer in which the authority withdraws this very \
        certificate. Everything else about it may be right. Revoking is done when a certificate is replaced, so the old one is most \
        likely still in use somewhere.",
    causes: &[
        "the certificate was replaced and revoked, and this box still presents the old one",
        "the authority revoked it by mistake, or with the status \"certificate hold\"",
    ],
    confirm: &[
        "Look up the serial number shown here in the revocation list: certutil -URL FILE.cer, or on the authority: Certification \
         Authority > Revoked Certificates.",
    ],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: OS Administration > Security > Certificate Management > Generate CSR (cup), have it signed, \
             upload it as cup, restart Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true, Import-CsCertificate, \
             Set-CsCertificate, restart the Front End service.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &[RFC_5246_ALERTS, "RFC 5280 section 5"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[44]) else {
        return;
    };
    let title = format!(
        "{} refuses the certificate of {}: it was revoked (alert 44)",
        c.verifier_name, c.presenter_name
    );
    let serial = c.certificate.map(|certificate| certificate.serial.clone());
    let built = c.report(
        connection,
        to,
        title,
        "The authority that issued it has withdrawn it.",
    );
    let Some(certificate) = c.certificate else {
        let _ = built.confidence(Confidence::Medium);
        return;
    };
    let built = built.detail("Serial number", serial.into_iter().collect());
    let words = format!(
        "This is the certificate to replace: \"{}\".",
        short_name(certificate)
    );
    let _ = match c.verifier_role {
        Role::Cisco => built.microsoft(words),
        Role::Lync | Role::Edge => built.cisco(words),
        _ => built,
    };
}
