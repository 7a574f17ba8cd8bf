//! A server certificate that is not made for servers.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::tls::sources::{CISCO_PARTITIONED_LYNC, CISCO_TROUBLE, MEASURED};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "cert-missing-server-auth-eku",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "the certificate presented by the called server lacks Server Authentication",
    explanation: "The side that is called shows its certificate as a server. The extended key usage of this one has no Server \
        Authentication (1.3.6.1.5.5.7.3.1), so the caller rejects it. A certificate without the extension is good for \
        everything.",
    causes: &["the certificate was signed with a template for clients only"],
    confirm: &["Open the certificate and read Enhanced Key Usage: both purposes must be there."],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: OS Administration > Security > Certificate Management > Generate CSR (cup); have it \
             signed with Server and Client Authentication; upload it as cup; restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true, import it, assign it with \
             Set-CsCertificate, restart the Front End service.",
        ],
        network: &[
            "On the certification authority use a template with both purposes: 1.3.6.1.5.5.7.3.1 and 1.3.6.1.5.5.7.3.2.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_TROUBLE,
        CISCO_PARTITIONED_LYNC,
        MEASURED,
        "RFC 5280 section 4.2.1.12",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(p) = presented(connection, false, to) else {
        return;
    };
    if p.leaf.allows_server_auth() {
        return;
    }
    let name = short_name(p.leaf);
    let fault = Fault {
        title: if p.was_refused() {
            format!(
                "{} presents a certificate without Server Authentication, and {} rejects it",
                p.presenter_name, p.verifier_name
            )
        } else {
            format!(
                "The certificate of {} lacks Server Authentication",
                p.presenter_name
            )
        },
        defect: format!(
            "{} presents \"{name}\" as its server certificate. Its extended key usage has no Server Authentication \
             (1.3.6.1.5.5.7.3.1).",
            p.presenter_name
        ),
        alerts: &[43],
        key: connection.server().port.to_string(),
        harmless: Severity::Note,
    };
    let built = p.report(connection, to, fault);
    let words = format!("This is the certificate to replace: \"{name}\".");
    let _ = match p.presenter_role {
        Role::Cisco => built.cisco(words),
        Role::Lync | Role::Edge => built.microsoft(words),
        _ => built,
    };
}
