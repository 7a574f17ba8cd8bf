//! TLS sessions with their certificates.

use super::view::safe;
use crate::base::{Direction, hex};
use crate::connection::Connection;
use crate::render::rfc3339;
use crate::report::Report;
use crate::tls::{Certificate, CertificateFlight, TlsSummary};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct SessionView {
    title: String,
    facts: Vec<(&'static str, String)>,
    chains: Vec<Chain>,
}

#[derive(Debug, Serialize)]
struct Chain {
    title: String,
    certificates: Vec<Shown>,
}

#[derive(Debug, Serialize)]
struct Shown {
    subject: String,
    facts: Vec<(&'static str, String)>,
}

pub(super) fn session(connection: &Connection, report: &Report) -> Option<SessionView> {
    let tls = connection.tls.as_ref()?;
    let ends = |direction| report.hosts.label(connection.flow.sender(direction).addr);
    let (client, server) = (ends(tls.client()), ends(tls.server()));
    let port = connection.flow.sender(tls.server()).port;
    Some(SessionView {
        title: safe(&format!(
            "Connection {}: {client} > {server}, port {port}: {}",
            connection.flow.stream,
            tls.short()
        )),
        facts: facts(tls),
        chains: [
            (&tls.server_certificates, server, "server"),
            (&tls.client_certificates, client, "client"),
        ]
        .into_iter()
        .filter_map(|(flight, who, part)| chain(flight.as_ref(), &who, part))
        .collect(),
    })
}

fn facts(tls: &TlsSummary) -> Vec<(&'static str, String)> {
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut add = |label, value: Option<String>| {
        facts.extend(value.filter(|v| !v.is_empty()).map(|v| (label, safe(&v))));
    };
    let hello = tls.client_hello.as_ref();
    add("version", tls.version().map(|v| v.name()));
    add("cipher suite", tls.suite().map(|s| s.name()));
    add(
        "offered by the client",
        hello.map(|h| {
            let suites: Vec<String> = h.suites.iter().map(|s| s.name()).collect();
            format!("{}: {}", h.highest_version().name(), suites.join(", "))
        }),
    );
    add(
        "server name asked for",
        hello.and_then(|h| h.extensions.sni.clone()),
    );
    add(
        "client certificate asked for",
        (!tls.certificates_hidden()).then(|| {
            let asked = tls.certificate_request.is_some();
            if asked { "yes" } else { "no" }.to_owned()
        }),
    );
    add(
        "resumed",
        tls.resumed.map(|r| if r { "yes" } else { "no" }.to_owned()),
    );
    for alert in &tls.alerts {
        let side = if alert.direction == tls.client() {
            "client"
        } else {
            "server"
        };
        let what = match (alert.level, alert.description) {
            (Some(level), Some(d)) => {
                let level = if level == 2 { "fatal" } else { "warning" };
                format!("{level} {} {}", d.0, d.name())
            }
            _ => "encrypted".to_owned(),
        };
        add(
            "alert",
            Some(format!("{what} from the {side}, frame {}", alert.at.number)),
        );
    }
    add(
        "not read because",
        tls.undecrypted_reason().map(|r| r.to_string()),
    );
    let bytes = |d: Direction| tls.plaintext_bytes.get(d.index()).copied().unwrap_or(0);
    if tls.is_decrypted() {
        let (a, b) = (bytes(tls.client()), bytes(tls.server()));
        add(
            "content read",
            Some(format!("{a} bytes of the client, {b} of the server")),
        );
    }
    facts
}

fn chain(flight: Option<&CertificateFlight>, who: &str, part: &str) -> Option<Chain> {
    let flight = flight?;
    let count = flight.chain.len();
    let said = match count {
        0 => "none: the Certificate message is empty".to_owned(),
        1 => "1 certificate".to_owned(),
        n => format!("{n} certificates"),
    };
    Some(Chain {
        title: safe(&format!(
            "Certificates of the {part} {who}, frame {}: {said}",
            flight.at.number
        )),
        certificates: flight.chain.iter().map(|c| certificate(c)).collect(),
    })
}

fn certificate(c: &Certificate) -> Shown {
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut add = |label, value: String| {
        if !value.is_empty() {
            facts.push((label, safe(&value)));
        }
    };
    if let Some(error) = &c.error {
        add("cannot be read", error.clone());
    } else {
        add("issuer", c.issuer.clone());
        add("DNS names", c.sans.dns.join(", "));
        add(
            "valid",
            format!(
                "{} to {}",
                rfc3339(c.not_before, 0),
                rfc3339(c.not_after, 0)
            ),
        );
        add(
            "extended key usage",
            c.eku
                .as_ref()
                .map_or_else(|| "not limited".to_owned(), |e| e.oids.join(", ")),
        );
        add("key", format!("{} {}", c.key_kind, c.key_bits));
        add("signature", c.signature.name.to_string());
        add("serial number", c.serial.clone());
    }
    add("SHA-256", hex(&c.sha256));
    Shown {
        subject: if c.subject.is_empty() {
            "(no subject)".to_owned()
        } else {
            safe(&c.subject)
        },
        facts,
    }
}
