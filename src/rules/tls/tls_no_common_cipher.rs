//! The two sides have no cipher suite in common.

use super::cipher_advice::{advice_words, side_to_change};
use super::common::{How, Refusal, Stage};
use super::outcome::{gravity, recovered_text, sip_refusal};
use super::sources::{CISCO_LYNC, CISCO_PARTITIONED_NODE, CISCO_TROUBLE, MEASURED};
use super::suites::{Taken, offered_by_host, speciality, taken_elsewhere};
use super::words::{server, suite_rows, versions_offered};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::tls::{CipherSuiteId, ClientHello, Version};

pub(super) static RULE: Rule = Rule {
    name: "tls-no-common-cipher",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the server accepts none of the cipher suites that the client offers",
    explanation: "The client lists the cipher suites it would use, and the server ends the connection at once, without a \
        ServerHello: none of them is enabled there. OpenSSL and Windows answer with alert 40, some servers close without a \
        word. The usual cases: one side is left with 3DES only, which hardened Windows servers have disabled; one side is in \
        FIPS mode; or one side offers elliptic-curve suites only.",
    causes: &[
        "the TLS context of the Cisco SIP proxy has only a few ciphers selected, such as 3DES",
        "ciphers were disabled on Windows (SCHANNEL registry, group policy, hardening tool) or the FIPS policy is on: on \
         Windows Server 2003 it leaves TLS 1.0 with 3DES only",
        "elliptic-curve suites alone were selected on Cisco: Lync of that time does not support them",
    ],
    confirm: &[
        "Compare the two lists shown here with the TLS context on Cisco and the enabled ciphers on Windows.",
        "Windows System log, source Schannel, event 36874: no common cipher suite.",
    ],
    fix: Fix {
        cisco: &[
            "System > Security > TLS Context Configuration > Default_Cisco_UPS_SIP_Proxy_Peer_Auth_TLS_Context: move all \
             available ciphers to Selected TLS Ciphers, save, then restart the Cisco SIP Proxy (Tools > Control Center - \
             Feature Services).",
        ],
        microsoft: &[
            "Computer Configuration > Administrative Templates > Network > SSL Configuration Settings > SSL Cipher Suite Order, \
             and HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Ciphers: enable a suite that Cisco offers \
             (AES rather than 3DES); restart Windows.",
            "Check the policy \"System cryptography: Use FIPS compliant algorithms\".",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        MEASURED,
        CISCO_TROUBLE,
        CISCO_PARTITIONED_NODE,
        CISCO_LYNC,
        "RFC 5246 section 7.4.1.3",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["tls-ec-only-offer"],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, sip_refusal(connection, to.context()))
    else {
        return;
    };
    let Some(hello) = &tls.client_hello else {
        return;
    };
    if refusal.stage != Stage::Hello || refusal.by != tls.server() {
        return;
    }
    let offer: Vec<CipherSuiteId> = hello.real_suites().collect();
    let taken = taken_elsewhere(connection, to.context());
    let highest = hello.highest_version();
    // An old version is refused with the same alert; then another rule says so.
    let too_old = highest <= Version::SSL3
        || !taken.is_empty() && taken.iter().all(|t| highest.rank() < t.version.rank());
    if offer.is_empty() || too_old || taken.iter().any(|t| offer.contains(&t.suite)) {
        return;
    }
    let special = speciality(&offer);
    let confidence = match refusal.how {
        How::Alert(what) if what.0 == 71 => Confidence::High,
        How::Alert(what) if what.0 == 40 && !taken.is_empty() => Confidence::High,
        How::Alert(what) if what.0 == 40 => Confidence::Medium,
        How::Fin | How::Reset if !taken.is_empty() => Confidence::Medium,
        How::Fin | How::Reset if special.is_some() && connection.server().port != 5060 => {
            Confidence::Low
        }
        _ => return,
    };
    report(connection, hello, &refusal, &offer, &taken, confidence, to);
}

fn report(
    connection: &Connection,
    hello: &ClientHello,
    refusal: &Refusal,
    offer: &[CipherSuiteId],
    taken: &[Taken],
    confidence: Confidence,
    to: &mut Reporter<'_, '_>,
) {
    let context = to.context();
    let (client, at) = (connection.client().addr, connection.server());
    let (who, whom) = (to.label(client), server(connection, to));
    let special = speciality(offer);
    let end = match special {
        Some(words) => format!("{who} offers {words} only"),
        None => match offer {
            [one] => format!("only {} is offered", one.name()),
            _ => format!("none of the {} offered is accepted", offer.len()),
        },
    };
    let own = offered_by_host(connection, context);
    let known = match (taken, context.role(at.addr)) {
        ([], Role::Lync | Role::Edge) => vec![
            "not seen in this capture; Windows Server 2008 R2 and later accept TLS_RSA_WITH_AES_128_CBC_SHA and \
             TLS_RSA_WITH_AES_256_CBC_SHA unless they were disabled"
                .to_owned(),
        ],
        ([], _) => vec!["not seen in this capture: no other connection to this port".to_owned()],
        _ => taken.iter().map(Taken::row).collect(),
    };
    let shared: Vec<String> = own.map_or_else(Vec::new, |(own, _)| {
        own.real_suites()
            .filter(|s| offer.contains(s))
            .map(|s| format!("{} (offered by both as clients)", s.name()))
            .collect()
    });
    let in_common = match (shared.is_empty(), taken.is_empty() && own.is_none()) {
        (true, false) => vec!["nothing".to_owned()],
        (true, true) => vec!["nothing, by the server's answer".to_owned()],
        (false, _) => shared.clone(),
    };
    let mut list: Vec<u16> = offer.iter().map(|s| s.0).collect();
    list.sort_unstable();
    let mut built = to
        .report(
            client,
            at.addr,
            format!("{who} and {whom} have no cipher suite in common: {end}"),
            Evidence::seen(
                hello.at,
                match offer {
                    [one] => format!("ClientHello: {} alone", one.name()),
                    _ => format!("ClientHello with {} cipher suites", offer.len()),
                },
            ),
        )
        .severity(gravity(connection, context))
        .confidence(confidence)
        .key(format!("{} {list:04x?}", at.port))
        .summary(format!(
            "{whom} {} as its first reaction to the ClientHello: it accepts none of the suites in it.{}{}",
            refusal.how.verb(),
            advice_words(special),
            recovered_text(connection, context)
        ))
        .seen(refusal.at, format!("{whom} {}", refusal.how.verb()))
        .detail(
            format!("{who} offers ({})", versions_offered(hello)),
            suite_rows(offer.iter().copied()),
        )
        .detail(format!("{whom} accepted on other connections"), known)
        .on_stream(Some(connection.flow.stream));
    if let Some((own, stream)) = own {
        built = built.detail(
            format!(
                "{} itself offers as a client (tcp.stream {stream})",
                context.label(at.addr)
            ),
            suite_rows(own.real_suites()),
        );
    }
    built = built.detail("In common", in_common);
    if !shared.is_empty() {
        built = built.lower();
    }
    built = side_to_change(
        built,
        context.role(client),
        context.role(at.addr),
        taken,
        offer,
        special,
    );
    drop(built);
}
