//! A certificate after its end.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::tls::sources::{
    CISCO_PARTITIONED_LYNC, CISCO_PARTITIONED_TROUBLE, CISCO_TROUBLE, MEASURED,
};
use crate::rules::tls::words::{date, short_name};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::Certificate;

pub(super) static RULE: Rule = Rule {
    name: "cert-expired",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a certificate was presented after the end of its validity",
    explanation: "The time of the packet lies after the end of validity of the certificate, or of an intermediate that was sent \
        with it. The other side rejects it, usually with alert 45. The time is that of the capturing machine.",
    causes: &[
        "the certificate was not renewed in time",
        "a new certificate is installed, but the service was not restarted or the new one not assigned",
    ],
    confirm: &["Compare the end of validity with the clocks of both servers."],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: OS Administration > Security > Certificate Management: generate a new CSR (cup), \
             have it signed, upload it as cup, restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true; Import-CsCertificate; \
             Set-CsCertificate -Type Default -Thumbprint <thumbprint>; restart the Front End service.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_PARTITIONED_TROUBLE,
        CISCO_PARTITIONED_LYNC,
        CISCO_TROUBLE,
        MEASURED,
        "RFC 5280 section 4.1.2.5",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to) else {
            continue;
        };
        let now = p.flight.at.time;
        let old = p.named_where(|c| c.not_after.seconds() < now.seconds());
        let Some((first, others)) = old.split_first() else {
            continue;
        };
        let (name, end) = (short_name(first), date(first.not_after));
        let whose = p.whose(first);
        let title = if p.was_refused() {
            format!(
                "{whose} expired on {end}, and {} rejects it",
                p.verifier_name
            )
        } else {
            format!("{whose} expired on {end}")
        };
        let fault = Fault {
            title,
            defect: format!(
                "\"{name}\" was valid until {end}; it was presented at {}.{}",
                date(now),
                others
                    .iter()
                    .map(|c| format!(
                        " The same goes for \"{}\", valid until {}.",
                        short_name(c),
                        date(c.not_after)
                    ))
                    .collect::<String>()
            ),
            alerts: &[45],
            key: first.serial.clone(),
            harmless: Severity::Warning,
        };
        let built = p.report(connection, to, fault);
        let words = to_renew(&old);
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}

/// Which certificates are to be renewed.
fn to_renew(old: &[&Certificate]) -> String {
    match old {
        [only] => format!(
            "This is the certificate to renew: \"{}\".",
            short_name(only)
        ),
        _ => {
            let names: Vec<&str> = old.iter().map(|c| short_name(c)).collect();
            format!(
                "These are the certificates to renew, the authority's first: \"{}\".",
                names.into_iter().rev().collect::<Vec<_>>().join("\", \"")
            )
        }
    }
}
