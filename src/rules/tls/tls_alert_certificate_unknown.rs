//! A side rejects the other's certificate and does not say why.

use super::alert_complaint::{CERTIFICATE_FAULTS, find};
use super::sources::{CISCO_PARTITIONED_NODE, RFC_5246_ALERTS};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-certificate-unknown",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side rejects the other's certificate for a reason it does not give (alert 46)",
    explanation: "certificate_unknown means that some other problem came up with the certificate. Windows (Schannel) and Java \
        send it for several: an authority that is not trusted, a wrong purpose, a name that does not match, a revocation \
        check that failed.",
    causes: &[
        "the verifier does not trust the issuing authority",
        "the certificate's purpose or name is not what the verifier expects",
        "the verifier cannot reach the revocation list or OCSP responder",
    ],
    confirm: &[
        "Look in the Windows System log of the side that sent the alert (source Schannel), or in the Cisco SIP proxy traces.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco sent the alert: upload root and intermediates of the other side as cup-trust and restart the Cisco SIP \
             Proxy.",
        ],
        microsoft: &[
            "Where Lync sent the alert: import root and intermediates of the other side into the store of the local computer; \
             check the revocation list with certutil -verify -urlfetch <certificate file>.",
        ],
        network: &[
            "Let the verifier reach the addresses of the revocation list in the certificate.",
        ],
    },
    knowledge: Knowledge::Unsourced,
    references: &[RFC_5246_ALERTS, CISCO_PARTITIONED_NODE],
    since: "0.1.0",
    explained_by: CERTIFICATE_FAULTS,
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(c) = find(connection, to, &[46]) else {
        return;
    };
    let title = format!(
        "{} rejects the certificate of {} (alert 46 certificate_unknown)",
        c.verifier_name, c.presenter_name
    );
    let mut built = c
        .report(
            connection,
            to,
            title,
            "The alert does not say why, and no defect can be seen in the certificate itself.",
        )
        .confidence(Confidence::Medium);
    if let Some(certificate) = c.certificate {
        let lists: Vec<String> = certificate
            .crl_urls
            .iter()
            .chain(&certificate.aia_urls)
            .take(6)
            .cloned()
            .collect();
        built = built.detail("Where the verifier may ask for revocation", lists);
    }
    drop(built);
}
