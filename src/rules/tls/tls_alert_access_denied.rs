//! A side accepts the other's certificate but not its owner.

use super::alert_complaint::{CERTIFICATE_FAULTS, find};
use super::sources::{CISCO_PARTITIONED_NODE, MS_POWERSHELL, RFC_5246_ALERTS};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-access-denied",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side accepts the other's certificate as valid, but does not let it in (alert 49)",
    explanation: "access_denied means that a valid certificate was received and that access control decided not to go on: \
        the name in it is not among those that may connect.",
    causes: &[
        "the subject CN of the peer's certificate is not a TLS peer subject of the Cisco SIP proxy, or not selected in its \
         TLS context",
        "the server is not a trusted application or server in the topology of Lync",
    ],
    confirm: &["Compare the name in the certificate with the configured peers, letter by letter."],
    fix: Fix {
        cisco: &[
            "System > Security > TLS Peer Subjects: add the subject CN of the Lync certificate (front end and pool); then \
             System > Security > TLS Context Configuration > the peer-authentication context > Selected TLS Peer Subjects; \
             restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Get-CsTrustedApplicationPool must have the name in Cisco's certificate; add it with New-CsTrustedApplicationPool, \
             then Enable-CsTopology.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &[RFC_5246_ALERTS, CISCO_PARTITIONED_NODE, MS_POWERSHELL],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[49]) else {
        return;
    };
    let title = format!(
        "{} denies access to {}, whose certificate is valid (alert 49)",
        c.verifier_name, c.presenter_name
    );
    let built = c
        .report(
            connection,
            to,
            title,
            "The certificate was accepted, its owner was not: the name in it is not among the allowed peers.",
        )
        .confidence(Confidence::Medium);
    let Some(name) = c.certificate.map(short_name) else {
        return;
    };
    let _ = match c.verifier_role {
        Role::Cisco => built.cisco(format!("Add the peer subject \"{name}\" and select it.")),
        Role::Lync | Role::Edge => {
            built.microsoft(format!("Add \"{name}\" as a trusted application pool."))
        }
        _ => built,
    };
}
