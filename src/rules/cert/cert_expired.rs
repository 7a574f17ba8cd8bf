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
        let Some(old) = p
            .flight
            .chain
            .iter()
            .find(|c| c.error.is_none() && c.not_after.seconds() < now.seconds())
        else {
            continue;
        };
        let (name, end) = (short_name(old), date(old.not_after));
        let whose = if old.sha256 == p.leaf.sha256 {
            format!("The certificate of {}", p.presenter_name)
        } else {
            format!("The CA certificate \"{name}\" of {}", p.presenter_name)
        };
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
                "\"{name}\" was valid until {end}; it was presented at {}.",
                date(now)
            ),
            alerts: &[45],
            key: old.serial.clone(),
            harmless: Severity::Warning,
        };
        let built = p.report(connection, to, fault);
        let words = format!("This is the certificate to renew: \"{name}\".");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}
