//! Rows of `--list connections`.

use super::{Files, Row};
use crate::base::{Direction, hex};
use crate::connection::Connection;
use crate::render::time::rfc3339;
use crate::sip::without_passwords;
use crate::tls::TlsSummary;
use serde_json::{Value, json};

/// A TCP connection.
pub fn connection(c: &Connection, files: &Files) -> Row {
    let flow = &c.flow;
    let hash = |d: Direction| {
        let hash = c.sha256.get(d.index()).and_then(Option::as_deref);
        hash.map(|h| hex(h))
    };
    let (client, server) = (
        flow.side(Direction::Originator),
        flow.side(Direction::Responder),
    );
    Row {
        at: flow.first,
        cells: vec![
            flow.stream.to_string(),
            files.range(flow.first, flow.last),
            files.time(flow.first),
            flow.client.to_string(),
            flow.server.to_string(),
            flow.state().name().to_owned(),
            format!("{} > < {}", client.bytes, server.bytes),
            match (client.missing, server.missing) {
                (0, 0) => String::from("-"),
                (a, b) => format!("{a} > < {b}"),
            },
            c.sip_messages.iter().sum::<u64>().to_string(),
            tls_cell(c),
        ],
        json: json!({
            "file": files.name(c.file),
            "tcp_stream": flow.stream,
            "client": flow.client.to_string(),
            "server": flow.server.to_string(),
            "first_frame": flow.first.number.get(),
            "last_frame": flow.last.number.get(),
            "first_time": files.time(flow.first),
            "last_time": files.time(flow.last),
            "first_file": files.name(flow.first.file),
            "last_file": files.name(flow.last.file),
            "state": flow.state().name(),
            "client_speaks": c.speaks(Direction::Originator).name(),
            "server_speaks": c.speaks(Direction::Responder).name(),
            "one_directional": flow.one_directional(),
            "client_segments": client.segments,
            "server_segments": server.segments,
            "client_bytes": client.bytes,
            "server_bytes": server.bytes,
            "client_missing_bytes": client.missing,
            "server_missing_bytes": server.missing,
            "client_sha256": hash(Direction::Originator),
            "server_sha256": hash(Direction::Responder),
            "retransmissions": client.retransmissions + server.retransmissions,
            "out_of_order": client.out_of_order + server.out_of_order,
            "duplicates": flow.duplicates,
            "zero_windows": client.zero_windows + server.zero_windows,
            "keep_alives": client.keep_alives + server.keep_alives,
            "rtt_ns": flow.rtt.map(crate::base::Span::nanos),
            "sip_messages": c.sip_messages.iter().sum::<u64>(),
            "websocket": websocket_json(c),
            "tls": c.tls.as_ref().map(|tls| tls_json(tls, c, files)),
        }),
    }
}

/// How each side closed the WebSocket, where the connection has one.
fn websocket_json(c: &Connection) -> Value {
    let [client, server] = &c.websocket;
    if client.is_none() && server.is_none() {
        return Value::Null;
    }
    let side = |facts: &Option<Box<crate::websocket::Facts>>| {
        let close = facts.as_ref().and_then(|facts| facts.close.as_ref());
        close.map(|close| {
            json!({
                "frame": close.at.number.get(),
                "code": close.code,
                "reason": without_passwords(&close.reason),
            })
        })
    };
    json!({ "sip": c.is_websocket(), "client_close": side(client), "server_close": side(server) })
}

/// Version and suite of TLS, and why it was not read.
fn tls_cell(c: &Connection) -> String {
    let Some(tls) = &c.tls else {
        return String::new();
    };
    match tls.undecrypted_reason() {
        Some(reason) => format!("{} ({})", tls.short(), reason.name()),
        None => tls.short(),
    }
}

fn tls_json(tls: &TlsSummary, c: &Connection, files: &Files) -> Value {
    let plain = |d: Direction| c.plaintext.get(d.index()).cloned().unwrap_or_default();
    let (client, server) = (plain(tls.client()), plain(tls.server()));
    // What needs no decryption counts as well: NULL suites.
    let decrypted = tls.is_decrypted() || client.bytes > 0 || server.bytes > 0;
    let hash = |p: &crate::connection::Plaintext| {
        if decrypted {
            p.sha256.as_deref().map(|h| hex(h))
        } else {
            None
        }
    };
    let chain = |flight: &Option<crate::tls::CertificateFlight>| -> Vec<Value> {
        flight
            .iter()
            .flat_map(|f| &f.chain)
            .map(|cert| {
                json!({
                    "subject": cert.subject,
                    "issuer": cert.issuer,
                    "serial": cert.serial,
                    "not_before": rfc3339(cert.not_before, 0),
                    "not_after": rfc3339(cert.not_after, 0),
                    "dns_names": cert.sans.dns,
                    "extended_key_usage": cert.eku.as_ref().map(|e| e.oids.clone()),
                    "key": format!("{} {}", cert.key_kind, cert.key_bits),
                    "signature": cert.signature.name,
                })
            })
            .collect()
    };
    json!({
        "version": tls.version().map(|v| v.name()),
        "cipher_suite": tls.suite().map(|s| s.name()),
        "cipher_suite_id": tls.suite().map(|s| format!("0x{:04X}", s.0)),
        "offered": tls.client_hello.as_ref().map(|h| h.suites.iter().map(|s| s.name()).collect::<Vec<_>>()),
        "sni": tls.client_hello.as_ref().and_then(|h| h.extensions.sni.clone()),
        "resumed": tls.resumed,
        "client_auth_requested": if tls.certificates_hidden() { None } else { Some(tls.certificate_request.is_some()) },
        "alerts": tls.alerts.iter().map(|a| json!({
            "file": files.name(a.at.file),
            "frame": a.at.number.get(),
            "from": if a.direction == tls.client() { "client" } else { "server" },
            "level": a.level,
            "description": a.description.map(|d| d.name()),
            "encrypted": a.encrypted,
        })).collect::<Vec<_>>(),
        "decrypted": decrypted,
        "reason": tls.undecrypted_reason().map(|r| r.to_string()),
        "reason_name": tls.undecrypted_reason().map(|r| r.name()),
        "client_plaintext_bytes": if decrypted { Some(client.bytes) } else { None },
        "server_plaintext_bytes": if decrypted { Some(server.bytes) } else { None },
        "client_plaintext_sha256": hash(&client),
        "server_plaintext_sha256": hash(&server),
        "certificates": {
            "client": chain(&tls.client_certificates),
            "server": chain(&tls.server_certificates),
        },
    })
}
