//! A server that is its own authority.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::authorities::{judged, sentence};
use crate::rules::tls::sources::{CISCO_ASA, CISCO_PARTITIONED_NODE, MEASURED};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "cert-self-signed-peer",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a server presents a self-signed certificate",
    explanation: "The certificate was signed with its own key. The other side can only accept it when this very certificate is \
        in its trust store. That is usual between Cisco and an ASA, and nearly always an oversight between Lync and Cisco: \
        the certificate made at installation was never replaced.",
    causes: &[
        "the certificate made at installation is still in use (Cisco: cup, self-signed)",
        "a signed certificate was uploaded, but the SIP proxy was not restarted",
    ],
    confirm: &[
        "OS Administration > Security > Certificate Management: is cup self-signed or CA-signed?",
    ],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: Generate CSR (cup), have it signed by the authority that Lync trusts, upload the \
             root as cup-trust and the certificate as cup, restart the Cisco SIP Proxy.",
            "Where Lync's is self-signed and must stay: upload it as cup-trust.",
        ],
        microsoft: &[
            "Where Cisco's must stay self-signed: import it into Local Computer > Trusted Root Certification Authorities.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_PARTITIONED_NODE,
        CISCO_ASA,
        MEASURED,
        "RFC 5280 section 3.2",
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
        let p = p.judged_by_tls();
        // A signature that cannot be checked here counts by its names.
        if !p.leaf.self_issued
            || p.leaf.self_signed == Some(false)
            || p.leaf.is_ca() && (p.flight.chain.len() > 1 || !p.flight.complete)
        {
            continue;
        }
        let name = short_name(p.leaf);
        let refused = p.was_refused();
        let verdict = judged(p.flight, of_client, to.context())
            .filter(|_| refused)
            .map_or_else(String::new, |v| {
                format!(
                    " {}",
                    sentence(&v, &p.verifier_name, p.is_refused_with(&[48]))
                )
            });
        let fault = Fault {
            title: if refused {
                format!(
                    "{} presents a self-signed certificate, and {} rejects it",
                    p.presenter_name, p.verifier_name
                )
            } else {
                format!("The certificate of {} is self-signed", p.presenter_name)
            },
            defect: format!(
                "\"{name}\" is its own issuer: {} can only trust it when this very certificate is in its trust store.{verdict}",
                p.verifier_name
            ),
            alerts: &[48],
            key: connection.server().port.to_string(),
            harmless: Severity::Note,
        };
        let built = p.report(connection, to, fault);
        let built = if refused {
            built
        } else {
            built.confidence(Confidence::High)
        };
        let words = format!("This is the certificate to replace: \"{name}\".");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}
