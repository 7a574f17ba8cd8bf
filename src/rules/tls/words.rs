//! What the rules of TLS and certificates call things: hosts with ports, certificates, suites, versions.

use crate::base::{Direction, Timestamp};
use crate::connection::Connection;
use crate::finding::Confidence;
use crate::rules::Reporter;
use crate::rules::tls::common::{How, Refusal, Stage};
use crate::tls::{Certificate, CipherSuiteId, ClientHello, TlsSummary};

/// The server of a connection with its port: `Cisco 10.1.1.20:5062`.
pub(in crate::rules) fn server(connection: &Connection, to: &Reporter<'_, '_>) -> String {
    let server = connection.server();
    let label = to.label(server.addr);
    if server.addr.is_ipv6() {
        format!("{label} port {}", server.port)
    } else {
        format!("{label}:{}", server.port)
    }
}

/// A side of a connection: the server with its port, the client without (its port changes).
pub(in crate::rules) fn side(
    connection: &Connection,
    direction: Direction,
    to: &Reporter<'_, '_>,
) -> String {
    match direction {
        Direction::Originator => to.label(connection.client().addr),
        Direction::Responder => server(connection, to),
    }
}

/// The certificate a side presented.
pub(in crate::rules) fn certificate_of(
    tls: &TlsSummary,
    direction: Direction,
) -> Option<&Certificate> {
    let flight = if direction == tls.client() {
        &tls.client_certificates
    } else {
        &tls.server_certificates
    };
    flight.as_ref()?.leaf()
}

/// The name by which people know a certificate: its common name, else the whole subject.
pub(in crate::rules) fn short_name(certificate: &Certificate) -> &str {
    match &certificate.subject_cn {
        Some(cn) if !cn.is_empty() => cn,
        _ if certificate.subject.is_empty() => "(no subject)",
        _ => &certificate.subject,
    }
}

/// A date of a certificate, to the minute in UTC.
pub(in crate::rules) fn date(time: Timestamp) -> String {
    match jiff::Timestamp::from_second(time.seconds()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("{} s since 1970", time.seconds()),
    }
}

/// The purposes a certificate allows, in words.
pub(in crate::rules) fn purposes(certificate: &Certificate) -> String {
    let Some(eku) = &certificate.eku else {
        return "no extended key usage extension: every purpose is allowed".to_owned();
    };
    let names: Vec<String> = eku
        .oids
        .iter()
        .map(|oid| match oid.as_str() {
            "1.3.6.1.5.5.7.3.1" => format!("Server Authentication ({oid})"),
            "1.3.6.1.5.5.7.3.2" => format!("Client Authentication ({oid})"),
            "2.5.29.37.0" => format!("any purpose ({oid})"),
            _ => oid.clone(),
        })
        .collect();
    format!("extended key usage: {}", names.join(", "))
}

/// What there is to compare of a certificate.
pub(in crate::rules) fn certificate_rows(certificate: &Certificate) -> Vec<String> {
    let mut rows = vec![
        format!("subject: {}", certificate.subject),
        format!("issuer: {}", certificate.issuer),
    ];
    if !certificate.sans.dns.is_empty() {
        let shown: Vec<&str> = certificate
            .sans
            .dns
            .iter()
            .take(8)
            .map(String::as_str)
            .collect();
        rows.push(format!("DNS names: {}", shown.join(", ")));
    }
    rows.push(purposes(certificate));
    rows.push(format!(
        "valid from {} to {}",
        date(certificate.not_before),
        date(certificate.not_after)
    ));
    if let Some(error) = &certificate.error {
        return vec![format!("could not be read: {error}")];
    }
    rows
}

/// Names of suites, one a line; many of them cut.
pub(in crate::rules) fn suite_rows(suites: impl Iterator<Item = CipherSuiteId>) -> Vec<String> {
    const SHOWN: usize = 12;
    let mut rows: Vec<String> = suites.map(CipherSuiteId::name).collect();
    let more = rows.len().saturating_sub(SHOWN);
    if more > 0 {
        rows.truncate(SHOWN);
        rows.push(format!("and {more} more"));
    }
    rows
}

/// The versions a client offers, as far as they are known.
pub(in crate::rules) fn versions_offered(hello: &ClientHello) -> String {
    let listed: Vec<String> = hello
        .extensions
        .supported_versions
        .iter()
        .filter(|v| !v.is_grease())
        .map(|v| v.name())
        .collect();
    if listed.is_empty() {
        format!("{} at most", hello.highest_version().name())
    } else {
        listed.join(", ")
    }
}

/// Where in the handshake it broke off, as the beginning of a sentence or behind a comma.
pub(in crate::rules) const fn after(stage: Stage) -> &'static str {
    match stage {
        Stage::Hello => "right after the ClientHello",
        Stage::ServerFlight => "after the server's certificate",
        Stage::ClientFlight => "after the client's certificate and key",
        Stage::Complete => "right after the handshake",
        Stage::Unclear => "during the handshake",
    }
}

/// How sure a certificate's defect is the reason: alerts that speak of certificates say so, silence does not.
pub(in crate::rules) fn certainty(refusal: &Refusal, own: &[u8]) -> Confidence {
    match refusal.how {
        How::Alert(what) if own.contains(&what.0) => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// Whether the refusal names another reason than a certificate's defect whose alerts are `own`.
pub(in crate::rules) fn points_elsewhere(refusal: &Refusal, own: &[u8]) -> bool {
    // Alerts that stacks send for any trouble with a certificate: measured with OpenSSL, GnuTLS and node.
    const GENERIC: [u8; 6] = [10, 40, 42, 46, 50, 80];
    refusal
        .how
        .alert()
        .is_some_and(|what| !own.contains(&what.0) && !GENERIC.contains(&what.0))
}
