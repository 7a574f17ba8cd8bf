//! A wildcard where servers are told apart by exact names.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::sources::{CISCO_PARTITIONED_NODE, MS_WILDCARD};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::Certificate;

pub(super) static RULE: Rule = Rule {
    name: "cert-wildcard",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a server shows a wildcard certificate, which mutual TLS between SIP servers does not take",
    explanation: "In mutual TLS both servers compare the name in the certificate with a list: Lync with its topology, Cisco with \
        its TLS peer subjects. Both compare whole names, and \"*.example.com\" is none of them. A wildcard among other DNS \
        names does no harm as long as the common name is the server's own. Microsoft supports a wildcard as the common name \
        for no role of Lync.",
    causes: &["the wildcard certificate of the web sites was taken for the SIP servers as well"],
    confirm: &[
        "Read subject and DNS names of the certificate shown here.",
        "Cisco: System > Security > TLS Peer Subjects has exact names. Lync: Get-CsTrustedApplicationPool.",
    ],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: Generate CSR (cup) with the node's own FQDN, have it signed, upload it as cup, \
             restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true with the FQDN of the \
             pool as subject; Import-CsCertificate; Set-CsCertificate; restart the Front End service.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[CISCO_PARTITIONED_NODE, MS_WILDCARD, "RFC 5922 section 7.2"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// The name by which servers know each other is a wildcard: the common name, or every DNS name where there are some.
fn is_wildcard(certificate: &Certificate) -> bool {
    let stars = |name: &String| name.starts_with("*.");
    let dns = &certificate.sans.dns;
    certificate.subject_cn.as_ref().is_some_and(stars) || !dns.is_empty() && dns.iter().all(stars)
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to) else {
            continue;
        };
        if p.presenter_role == Role::Client || !is_wildcard(p.leaf) {
            continue;
        }
        let name = short_name(p.leaf);
        let fault = Fault {
            title: if p.may_be_refused_for(&[42]) {
                format!(
                    "{} presents a wildcard certificate, and {} rejects it",
                    p.presenter_name, p.verifier_name
                )
            } else {
                format!("The certificate of {} is a wildcard", p.presenter_name)
            },
            defect: format!(
                "\"{name}\" does not name the server itself; servers compare whole names with their lists."
            ),
            alerts: &[42],
            key: String::new(),
            harmless: Severity::Note,
        };
        let mut names = p.leaf.sans.dns.clone();
        names.truncate(8);
        if let Some(cn) = &p.leaf.subject_cn {
            names.insert(0, format!("{cn} (common name)"));
        }
        // No alert is of wildcards alone.
        let built = p
            .report(connection, to, fault)
            .confidence(Confidence::Medium)
            .detail("Names in the certificate", names);
        let words = format!("This is the certificate to replace: \"{name}\".");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}
