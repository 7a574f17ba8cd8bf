//! A certificate is of a kind or for a purpose the other side does not take.

use super::alert_complaint::{CERTIFICATE_FAULTS, find};
use super::sources::{BLOG_2, MEASURED, RFC_5246_ALERTS};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-unsupported-certificate",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side says that the other's certificate is not for this purpose (alert 43)",
    explanation: "unsupported_certificate is what OpenSSL, and with it the Cisco SIP proxy, answers when the extended key \
        usage of a certificate does not have the purpose it is used for: Client Authentication for the side that opened \
        the connection, Server Authentication for the side that was called. A key usage or key type that does not fit \
        gives the same alert.",
    causes: &[
        "the certificate was made from a template with Server Authentication only (Windows: Web Server) and is used as a \
         client certificate",
        "key usage without digital signature, or a key type the verifier does not take",
    ],
    confirm: &["Read the extended key usage of the certificate shown here."],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: OS Administration > Security > Certificate Management > Generate CSR (cup), have \
             it signed with both purposes, upload it as cup, restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true, import it, assign it \
             with Set-CsCertificate, restart the Front End service.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        MEASURED,
        BLOG_2,
        RFC_5246_ALERTS,
        "RFC 5280 section 4.2.1.12",
    ],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[43]) else {
        return;
    };
    let title = format!(
        "{} rejects the certificate of {} as not made for this purpose (alert 43)",
        c.verifier_name, c.presenter_name
    );
    let meaning = "The certificate lacks the purpose it is used for, or is of a kind that this side does not take.";
    let _ = c
        .report(connection, to, title, meaning)
        .confidence(Confidence::Medium);
}
