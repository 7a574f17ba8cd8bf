//! A certificate signed with SHA-512 and a verifier that does not take it in TLS 1.2.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::{SignatureScheme, TlsSummary, Version};

pub(super) static RULE: Rule = Rule {
    name: "cert-sha512-tls12-windows",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a certificate is signed with SHA-512, which the other side does not offer in TLS 1.2",
    explanation: "In TLS 1.2 each side lists the signatures that it takes. Windows before the update KB2973337 leaves SHA-512 out, so a chain with \
        such a signature is refused, mostly without an alert. In TLS 1.1 and before there is no list, and the same certificate works.",
    causes: &[
        "the authority signs with SHA-512, and the Windows server lacks KB2973337 or has TLS 1.2 with SHA-512 disabled",
    ],
    confirm: &[
        "Compare the signature of each certificate below with the list of the other side.",
        "Does the connection work when TLS 1.2 is disabled on one side?",
    ],
    fix: Fix {
        cisco: &["Have the Cisco certificate (cup) signed with SHA256."],
        microsoft: &["Install KB2973337 and restart, or use certificates signed with SHA256."],
        network: &[
            "Set the authority to SHA256: certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256; issue the certificates anew.",
        ],
    },
    knowledge: Knowledge::Unsourced,
    references: &[
        "RFC 5246 section 7.4.1.4.1 and section 7.4.4 (signature_algorithms)",
        "Microsoft, KB2973337",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// The schemes with SHA-512: rsa_pkcs1, ecdsa, rsa_pss_rsae, rsa_pss_pss, and DSA (RFC 8446 §4.2.3).
const SHA512: [u16; 5] = [0x0601, 0x0603, 0x0806, 0x080b, 0x0602];

/// The list of the side that judges.
fn listed(tls: &TlsSummary, of_client: bool) -> &[SignatureScheme] {
    if of_client {
        tls.certificate_request
            .as_ref()
            .map_or(&[], |request| &request.signature_algorithms)
    } else {
        tls.client_hello
            .as_ref()
            .map_or(&[], |hello| &hello.extensions.signature_algorithms)
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    if tls.version() != Some(Version::TLS12) {
        return;
    }
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to) else {
            continue;
        };
        let p = p.judged_by_tls();
        let list = listed(tls, of_client);
        // The signature of a root is not judged.
        let signed = p.named_where(|c| c.signature.is_sha512() && !c.self_issued);
        let Some(first) = signed.first().copied() else {
            continue;
        };
        if list.is_empty()
            || list.iter().any(|s| SHA512.contains(&s.0))
            || !p.may_be_refused_for(&[40, 42, 43])
        {
            continue;
        }
        let whose = p.whose(first);
        let fault = Fault {
            title: format!(
                "{whose} is signed with SHA-512, which {} does not take in TLS 1.2",
                p.verifier_name
            ),
            defect: format!(
                "\"{}\" is signed with {}, and the list of signatures of {} has no SHA-512.",
                short_name(first),
                first.signature.name,
                p.verifier_name
            ),
            alerts: &[40, 42, 43],
            key: first.serial.clone(),
            harmless: Severity::Note,
        };
        let rows = signed
            .iter()
            .map(|c| format!("{}: {}", short_name(c), c.signature.name))
            .collect();
        let offered = list.iter().take(12).map(|s| s.name()).collect();
        let verifier = p.verifier_name.clone();
        let presenter = p.presenter_role;
        let built = p
            .report(connection, to, fault)
            .detail("Signed with SHA-512", rows)
            .detail(format!("Signatures that {verifier} takes"), offered);
        let words = format!(
            "The certificate to issue anew, with SHA256: \"{}\".",
            short_name(first)
        );
        let _ = match presenter {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}
