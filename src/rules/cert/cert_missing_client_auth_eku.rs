//! A client certificate that is not made for clients.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::tls::sources::{
    BLOG_2, CISCO_PARTITIONED_LYNC, CISCO_TROUBLE, MEASURED, MS_POWERSHELL,
};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "cert-missing-client-auth-eku",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "the certificate presented by the side that opens the connection lacks Client Authentication",
    explanation: "In mutual TLS the side that opens the connection shows its certificate as a client. The extended key usage \
        of this one has no Client Authentication (1.3.6.1.5.5.7.3.2), so a verifier that checks it, such as the Cisco SIP \
        proxy, rejects it with alert 43. The same certificate works well as a server certificate, which is why only one \
        direction of the federation fails. A certificate without the extension is good for everything.",
    causes: &[
        "the Lync certificate was requested from the Web Server template, which has Server Authentication only; \
         Request-CsCertificate adds Client Authentication only with -ClientEku $true",
        "the CSR of the Cisco cup certificate was signed with a template that has Server Authentication only",
    ],
    confirm: &["Open the certificate and read Enhanced Key Usage: both purposes must be there."],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: OS Administration > Security > Certificate Management > Generate CSR (cup); have it \
             signed with Server and Client Authentication; upload the root as cup-trust first, then the certificate as cup; \
             restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true -Output <file> [-Template \
             <template with both purposes>]; sign it; Import-CsCertificate; Set-CsCertificate -Type Default -Thumbprint \
             <thumbprint>; restart the Front End service.",
        ],
        network: &[
            "On the certification authority use a template with both purposes: 1.3.6.1.5.5.7.3.1 and 1.3.6.1.5.5.7.3.2.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        BLOG_2,
        CISCO_TROUBLE,
        CISCO_PARTITIONED_LYNC,
        MS_POWERSHELL,
        MEASURED,
        "RFC 5280 section 4.2.1.12",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(p) = presented(connection, true, to) else {
        return;
    };
    if p.leaf.allows_client_auth() || p.presenter_role == Role::Client {
        return;
    }
    let name = short_name(p.leaf);
    let fault = Fault {
        title: if p.was_refused() {
            format!(
                "{} presents a certificate without Client Authentication, and {} rejects it",
                p.presenter_name, p.verifier_name
            )
        } else {
            format!(
                "The certificate of {} lacks Client Authentication",
                p.presenter_name
            )
        },
        defect: format!(
            "{} opens the connection and presents \"{name}\" as its client certificate. Its extended key usage has no Client \
             Authentication (1.3.6.1.5.5.7.3.2).",
            p.presenter_name
        ),
        alerts: &[43],
        key: String::new(),
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
