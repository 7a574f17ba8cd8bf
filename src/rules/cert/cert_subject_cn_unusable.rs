//! A common name that no list of servers can have.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::sources::{CISCO_PARTITIONED_NODE, CISCO_TROUBLE};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "cert-subject-cn-unusable",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "the common name of a server's certificate is no fully qualified host name",
    explanation: "Cisco knows a TLS peer by the common name in the subject of its certificate, whatever the other names are. An \
        empty common name, a host name without domain or an address cannot be a TLS peer subject that Lync's own certificate \
        would have, and for Cisco's own certificate the logs say \"there is no FQDN in the certificate\".",
    causes: &[
        "the certificate was made before the domain of the host was set (Cisco: set network domain)",
        "the certificate was requested with the short host name or with an address",
        "the authority's template leaves the subject empty and writes DNS names only",
    ],
    confirm: &["Read the subject of the certificate shown here: CN must be the server's FQDN."],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: set network domain <domain>, regenerate the certificate or the CSR (cup) with the \
             FQDN as CN, upload it as cup, restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true; the subject name must be \
             the FQDN of the pool; Import-CsCertificate; Set-CsCertificate; restart the Front End service.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[CISCO_TROUBLE, CISCO_PARTITIONED_NODE],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// What is wrong with a common name; wildcards are another rule's.
fn defect(cn: Option<&str>) -> Option<&'static str> {
    let cn = cn.unwrap_or_default().trim().trim_end_matches('.');
    if cn.is_empty() {
        Some("has no common name")
    } else if cn.parse::<IpAddr>().is_ok() {
        Some("has an address as its common name")
    } else if !cn.contains('.') {
        Some("has a common name without a domain")
    } else if cn.contains(|c: char| c.is_whitespace() || c == '@' || c == '/') {
        Some("has a common name that is no host name")
    } else {
        None
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to) else {
            continue;
        };
        // People's certificates, and those of clients, are named after people.
        if p.presenter_role == Role::Client {
            continue;
        }
        let Some(what) = defect(p.leaf.subject_cn.as_deref()) else {
            continue;
        };
        let name = short_name(p.leaf);
        let fault = Fault {
            title: if p.may_be_refused_for(&[42]) {
                format!(
                    "The certificate of {} {what}, and {} rejects it",
                    p.presenter_name, p.verifier_name
                )
            } else {
                format!("The certificate of {} {what}", p.presenter_name)
            },
            defect: format!(
                "The subject of the certificate of {} is \"{name}\": Cisco compares the common name, and this one is no FQDN.",
                p.presenter_name
            ),
            alerts: &[42],
            key: String::new(),
            harmless: Severity::Note,
        };
        // Lync reads the DNS names as well: only Cisco is known to insist.
        let insists = p.presenter_role == Role::Cisco || p.verifier_role == Role::Cisco;
        let built = if insists {
            p.report(connection, to, fault)
                .confidence(Confidence::Medium)
        } else {
            p.report_beside(connection, to, fault)
        };
        let words = format!("This is the certificate to replace: \"{name}\".");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::defect;

    #[test]
    fn only_host_names_with_a_domain_are_usable() {
        for cn in ["cups01.tomt.local", "LYNC01.tomt.it.", "*.tomt.it"] {
            assert_eq!(defect(Some(cn)), None, "{cn}");
        }
        for cn in [
            "",
            " ",
            "cups01",
            "10.1.1.20",
            "fe80::1",
            "Anna Berg, tomt.it",
            "a@b.it",
        ] {
            assert!(defect(Some(cn)).is_some(), "{cn}");
        }
        assert!(defect(None).is_some());
    }
}
