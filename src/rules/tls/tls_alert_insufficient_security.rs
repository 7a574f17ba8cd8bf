//! What was negotiated is too weak for one side.

use super::alert_plain::find;
use super::sources::RFC_5246_ALERTS;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-insufficient-security",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side refuses what was chosen because it is too weak (alert 71)",
    explanation: "insufficient_security says that versions and suites would fit, and that what was chosen or presented is below what this side allows: the length of a key, a Diffie-Hellman group, a signature, or the suite. When it comes as the first answer to a ClientHello it is about the list of suites, which tls-no-common-cipher tells.",
    causes: &[
        "a certificate or Diffie-Hellman group with a short key",
        "the ciphers that both know are disabled by policy on one side",
    ],
    confirm: &[
        "Compare key length and signature of the certificates here with the policy of the side that complains.",
    ],
    fix: Fix {
        cisco: &[
            "System > Security > TLS Context Configuration: select stronger ciphers; a new certificate (cup) with 2048 bits.",
        ],
        microsoft: &[
            "Request-CsCertificate with -KeySize 2048; the cipher order of the group policy and the SCHANNEL keys of the registry.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &[RFC_5246_ALERTS],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["tls-no-common-cipher", "cert-weak-key-or-signature"],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(ended) = find(connection, 71, to) else {
        return;
    };
    // The first answer to a ClientHello is about the list of suites: tls-no-common-cipher has the lists.
    if ended.in_the_hello() {
        return;
    }
    let title = format!(
        "{} finds what {} offers in the TLS handshake too weak (alert 71)",
        ended.sender, ended.other
    );
    let _ = ended
        .report(
            connection,
            title,
            "What was chosen or presented is weaker than this side allows: look at the length of keys and at the suite.",
            to,
        )
        .confidence(Confidence::Medium);
}
