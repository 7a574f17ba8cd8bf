//! The Cisco side offers nothing but elliptic-curve suites.

use super::common::Stage;
use super::outcome::{gravity, recovered_text, sip_refusal};
use super::sources::{CISCO_LYNC, CISCO_PARTITIONED_NODE};
use super::suites::taken_elsewhere;
use super::words::{server, suite_rows, versions_offered};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::CipherSuiteId;

pub(super) static RULE: Rule = Rule {
    name: "tls-ec-only-offer",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the Cisco side offers elliptic-curve cipher suites only, and the Microsoft server takes none of them",
    explanation: "Newer releases of IM and Presence know cipher suites with elliptic curves (ECDHE, ECDSA), and a TLS context \
        can be left with nothing else. Cisco's guides say that Lync does not support them and that they must not be selected \
        alone. The ClientHello then has no suite that the server would take, and the server ends the connection at once. \
        Where the server does take such a suite, all is well and nothing is reported.",
    causes: &[
        "only EC ciphers are selected in the TLS context of the Cisco SIP proxy",
        "the elliptic-curve suites are disabled on the Windows server, or it is older than they are",
        "the suites ask for an ECDSA certificate and the server has an RSA one",
    ],
    confirm: &[
        "Compare the suites shown here with System > Security > TLS Context Configuration on Cisco.",
        "Windows System log, source Schannel, event 36874: no common cipher suite.",
    ],
    fix: Fix {
        cisco: &[
            "System > Security > TLS Context Configuration > Default_Cisco_UPS_SIP_Proxy_Peer_Auth_TLS_Context: move \
             TLS_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_256_CBC_SHA and the others without ECDHE or ECDSA to Selected TLS \
             Ciphers as well, save, then restart the Cisco SIP Proxy (Tools > Control Center - Feature Services).",
        ],
        microsoft: &[
            "Or, on Windows Server 2012 R2 and later, enable ECDHE suites that fit the certificate's key: \
             Get-TlsCipherSuite, Enable-TlsCipherSuite, or the policy SSL Cipher Suite Order; restart Windows.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_LYNC,
        CISCO_PARTITIONED_NODE,
        "RFC 8422, RFC 5246 section 7.4.1.2",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// The suites for TLS 1.2 and before, when all of them need elliptic curves. An offer for TLS 1.3 alone is another matter.
fn only_ec(suites: impl Iterator<Item = CipherSuiteId>) -> Option<Vec<CipherSuiteId>> {
    let offer: Vec<CipherSuiteId> = suites.filter(|s| !s.is_tls13()).collect();
    let all = !offer.is_empty() && offer.iter().all(|s| s.is_ec());
    all.then_some(offer)
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, sip_refusal(connection, to.context()))
    else {
        return;
    };
    let Some((hello, offer)) = tls
        .client_hello
        .as_ref()
        .filter(|hello| !hello.sslv2)
        .and_then(|hello| Some((hello, only_ec(hello.real_suites())?)))
    else {
        return;
    };
    if refusal.stage != Stage::Hello || refusal.by != tls.server() {
        return;
    }
    // 40 handshake_failure and 71 insufficient_security speak of suites; other alerts have other reasons.
    let alert = refusal.how.alert();
    if alert.is_some_and(|what| !matches!(what.0, 40 | 71)) {
        return;
    }
    let context = to.context();
    let (client, verifier) = (connection.client().addr, connection.server().addr);
    let cisco = match (context.role(client), context.role(verifier)) {
        (Role::Cisco, _) => true,
        (Role::Unknown, Role::Lync | Role::Edge) => false,
        _ => return,
    };
    let taken = taken_elsewhere(connection, context);
    if taken.iter().any(|t| t.suite.is_ec() || t.suite.is_tls13()) {
        return;
    }
    let (who, whom) = (to.label(client), server(connection, to));
    let known = if taken.is_empty() {
        ""
    } else {
        " On other connections it chose suites without them."
    };
    let built = to
        .report(
            client,
            verifier,
            format!("{who} offers elliptic-curve cipher suites only, and {whom} takes none of them"),
            Evidence::seen(
                hello.at,
                format!("ClientHello with {} suites, all of them with elliptic curves", offer.len()),
            ),
        )
        .severity(gravity(connection, context))
        .confidence(if taken.is_empty() || alert.is_none() {
            Confidence::Medium
        } else {
            Confidence::High
        })
        .key(connection.server().port.to_string())
        .summary(format!(
            "Every cipher suite that {who} offers for TLS 1.2 and before needs elliptic curves. {whom} {} at once.{known}{}",
            refusal.how.verb(),
            recovered_text(connection, context)
        ))
        .seen(refusal.at, format!("{whom} {}", refusal.how.verb()))
        .detail("Cipher suites offered", suite_rows(offer.into_iter()))
        .detail("Versions offered", vec![versions_offered(hello)])
        .detail(
            "The server chose on other connections",
            taken.iter().map(|t| t.row()).collect(),
        )
        .on_stream(Some(connection.flow.stream));
    if cisco {
        let _ = built.cisco(
            "This is the side to change: select suites without elliptic curves as well in the TLS context of the SIP proxy.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(ids: &[u16]) -> bool {
        only_ec(ids.iter().copied().map(CipherSuiteId)).is_some()
    }

    #[test]
    fn tls13_suites_do_not_count_and_alone_are_no_such_offer() {
        assert!(offers(&[0xc02f, 0xc013]));
        assert!(offers(&[0x1301, 0xc02f]));
        assert!(!offers(&[0x1301, 0x1302]));
        assert!(!offers(&[0xc02f, 0x002f]));
        assert!(!offers(&[]));
    }
}
