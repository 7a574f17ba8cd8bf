//! Keys and hashes that verifiers no longer take.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::sources::{CISCO_PARTITIONED_NODE, MEASURED, MS_KEYS};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::Certificate;

pub(super) static RULE: Rule = Rule {
    name: "cert-weak-key-or-signature",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a certificate has a key or a signature that verifiers no longer accept",
    explanation: "Windows rejects every chain with an RSA key of less than 1024 bits since the update KB2661254, and MD5 under \
        public roots since KB2862973. OpenSSL refuses both by default since version 1.1, and RSA keys below 2048 bits at its \
        security level 2, the default of many systems. A signature with SHA-1 was normal when these federations were built: \
        it is only mentioned. The signature of a root does not matter, because a root is trusted as it is; its key does.",
    causes: &[
        "a certificate or authority from before 2012 is still in use",
        "the CSR was made with a short key, or the authority signs with an old algorithm",
    ],
    confirm: &[
        "Read public key and signature algorithm of each certificate in the chain.",
        "On Windows certutil -getreg chain shows the limits that were changed.",
    ],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: OS Administration > Security > Certificate Management > Generate CSR (cup): 2048 \
             bits, SHA256; have it signed, upload it as cup, restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where the certificate is Lync's: Request-CsCertificate -New -Type Default -ClientEku $true -KeySize 2048; \
             Import-CsCertificate; Set-CsCertificate; restart the Front End service.",
            "Where the authority signs with MD5 or SHA-1: certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256 on the certification \
             authority, restart it, and issue the certificates anew.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[MS_KEYS, CISCO_PARTITIONED_NODE, MEASURED],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// How bad a weakness is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Normal for its time.
    Dated,
    /// Below what is asked for today; strict verifiers reject it.
    Weak,
    /// Rejected by Windows and by OpenSSL as they come.
    Refused,
}

/// What is weak in a certificate, each with its weight.
fn weaknesses(certificate: &Certificate) -> Vec<(Weight, String)> {
    let mut found = Vec::new();
    let bits = certificate.key_bits;
    match certificate.key_kind.as_str() {
        "RSA" if (1..1024).contains(&bits) => found.push((
            Weight::Refused,
            format!("its RSA key has {bits} bits: Windows refuses less than 1024"),
        )),
        "RSA" if (1024..2048).contains(&bits) => found.push((
            Weight::Weak,
            format!("its RSA key has {bits} bits: 2048 are asked for today"),
        )),
        // Bits of elliptic curves count about as much as ten to fifteen times as many of RSA.
        "EC" if (1..224).contains(&bits) => found.push((
            Weight::Weak,
            format!("its elliptic curve has {bits} bits: at least 224 are asked for"),
        )),
        _ => {}
    }
    let signature = &certificate.signature;
    // A root is trusted as it is: nobody checks its own signature.
    if !certificate.self_issued {
        if signature.is_md5() {
            found.push((
                Weight::Refused,
                format!("it is signed with {}", signature.name),
            ));
        } else if signature.is_sha1() {
            found.push((
                Weight::Dated,
                format!("it is signed with {}", signature.name),
            ));
        }
    }
    found
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to) else {
            continue;
        };
        let p = p.judged_by_tls();
        let found: Vec<(&Certificate, Weight, String)> = p
            .flight
            .chain
            .iter()
            .filter(|c| c.error.is_none())
            .flat_map(|c| {
                weaknesses(c)
                    .into_iter()
                    .map(move |(weight, what)| (c.as_ref(), weight, what))
            })
            .collect();
        // The worst one of all, and of those the first.
        let Some((weak, weight, what)) = found.iter().rev().max_by_key(|(_, weight, _)| *weight)
        else {
            continue;
        };
        let name = short_name(weak);
        let whose = p.whose(weak);
        let refused = p.was_refused() && *weight == Weight::Refused;
        let fault = Fault {
            title: match weight {
                Weight::Refused if refused => {
                    format!("{whose} is too weak, and {} rejects it", p.verifier_name)
                }
                Weight::Refused | Weight::Weak => format!("{whose} is weak"),
                Weight::Dated => format!("{whose} is signed with SHA-1"),
            },
            defect: format!("In \"{name}\", {what}."),
            // OpenSSL 42; Windows, which takes the chain for untrusted, 48 or none.
            alerts: &[42, 48],
            key: weak.serial.clone(),
            harmless: match weight {
                Weight::Refused | Weight::Weak => Severity::Warning,
                Weight::Dated => Severity::Note,
            },
        };
        let rows = found
            .iter()
            .map(|(c, _, what)| format!("{}: {what}", short_name(c)))
            .collect();
        let built = if *weight == Weight::Refused {
            // Neither alert is of weak algorithms alone.
            p.report(connection, to, fault)
                .confidence(Confidence::Medium)
        } else {
            p.report_beside(connection, to, fault)
        };
        let built = built.detail("What is weak", rows);
        let words = format!("This is the certificate to replace: \"{name}\".");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}
