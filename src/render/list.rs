//! `--list`: what was read, one row each; tables for people, JSON lines for programs.

use super::escape;
use super::json::hex;
use super::time::rfc3339;
use crate::base::{Direction, FileIndex, FrameRef};
use crate::connection::Connection;
use crate::dialog::{Call, Seen};
use crate::packet::{Packet, Payload, Step};
use crate::sip::without_passwords;
use crate::tls::TlsSummary;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Packets in scope.
    Packets,
    /// TCP connections.
    Connections,
    /// SIP messages.
    Messages,
    /// SIP dialogs.
    Dialogs,
}

/// Names of the files and the precision of their times, as far as the reader knows them while it reads.
#[derive(Debug, Clone)]
pub struct Files {
    /// Name and digits of the second, by [`FileIndex`].
    pub files: Vec<(String, u8)>,
}

impl Files {
    fn name(&self, file: FileIndex) -> &str {
        self.files
            .get(usize::from(file.0))
            .map_or("", |(name, _)| name.as_str())
    }

    /// A frame number, and with several captures which one it is in.
    fn frame(&self, at: FrameRef) -> String {
        if self.files.len() > 1 {
            format!("{}:{}", self.name(at.file), at.number)
        } else {
            at.number.to_string()
        }
    }

    /// The first and the last frame of something.
    fn range(&self, first: FrameRef, last: FrameRef) -> String {
        let last_name = if first.file == last.file {
            last.number.to_string()
        } else {
            self.frame(last)
        };
        format!("{}-{last_name}", self.frame(first))
    }

    fn time(&self, at: FrameRef) -> String {
        let digits = self
            .files
            .get(usize::from(at.file.0))
            .map_or(9, |(_, digits)| *digits);
        rfc3339(at.time, digits)
    }
}

/// A row: where it belongs in the order of frames, and what it says.
#[derive(Debug, Clone)]
pub struct Row {
    /// Rows are shown in this order.
    pub at: FrameRef,
    /// The columns of the table.
    pub cells: Vec<String>,
    /// The JSON object.
    pub json: Value,
}

/// The headings of a table.
pub const fn headings(what: What) -> &'static [&'static str] {
    match what {
        What::Packets => &[
            "frame", "time", "from", "to", "protocol", "bytes", "layers", "path",
        ],
        What::Connections => &[
            "stream", "frames", "time", "from", "to", "state", "bytes", "missing", "SIP", "TLS",
        ],
        What::Messages => &["frame", "time", "on", "from", "to", "message", "defects"],
        What::Dialogs => &[
            "frames", "time", "kind", "Call-ID", "tags", "streams", "messages", "outcome",
        ],
    }
}

/// A tag, a tunnel or an outer IP header of a packet's way.
fn step_json(step: Step) -> Value {
    match (step.id, step.ends) {
        (_, Some((src, dst))) => {
            json!({ "name": step.name, "src": src.to_string(), "dst": dst.to_string() })
        }
        (Some(id), None) => json!({ "name": step.name, "id": id }),
        (None, None) => json!({ "name": step.name }),
    }
}

/// A packet.
pub fn packet(packet: &Packet<'_>, files: &Files) -> Row {
    let address = |a: Option<std::net::IpAddr>| a.map(|a| a.to_string());
    // Inside a tunnel that is not taken apart, the tunnel's own UDP header is the innermost one.
    let protocol = match (packet.ports(), packet.carrier) {
        (None, Some(_)) => "udp".to_owned(),
        _ => packet.protocol().to_string(),
    };
    let (sport, dport) = packet.ports().or(packet.carrier).unzip();
    let layers: Vec<&str> = packet.layers.iter().collect();
    let path: Vec<String> = packet.path().map(|step| step.to_string()).collect();
    let path_json: Vec<Value> = packet.path().map(step_json).collect();
    let length = match &packet.payload {
        Payload::Tcp(segment) => segment.wire_len,
        Payload::Udp(datagram) => datagram.wire_len,
        Payload::Mirrored(message) => message.wire_len,
        Payload::Sctp(packet) => packet.wire_len,
        Payload::Other { length, .. } => *length,
        _ => 0,
    };
    let end = |a: &Option<String>, port: Option<u16>| match (a, port) {
        (Some(a), Some(port)) => format!("{a}:{port}"),
        (Some(a), None) => a.clone(),
        (None, _) => "-".to_owned(),
    };
    let (src, dst) = (address(packet.src), address(packet.dst));
    Row {
        at: packet.at,
        cells: vec![
            files.frame(packet.at),
            files.time(packet.at),
            end(&src, sport),
            end(&dst, dport),
            protocol.clone(),
            length.to_string(),
            layers.join(":"),
            path.join(", "),
        ],
        json: json!({
            "file": files.name(packet.at.file),
            "frame": packet.at.number.0,
            "time": files.time(packet.at),
            "link": packet.link.0,
            "layers": layers,
            "path": path_json,
            "src": src,
            "dst": dst,
            "protocol": protocol,
            "sport": sport,
            "dport": dport,
            "payload_length": length,
            "duplicate": packet.duplicate,
        }),
    }
}

/// A SIP message.
pub fn message(seen: &Seen, files: &Files) -> Row {
    let m = &seen.message;
    let at = m.at();
    let text = |t: Option<crate::sip::Text<'_>>| t.map(|t| t.to_str().into_owned());
    let open = |t: String| without_passwords(&t).into_owned();
    let raw = |a: Option<crate::sip::Address<'_>>| text(a.map(|a| a.raw)).map(open);
    let cseq = m.cseq().map(|c| format!("{} {}", c.number, c.method));
    let start_line = open(m.start_line().to_str().into_owned());
    let frames: Vec<u64> = m.frames().map(|f| f.number.0).collect();
    let defects: Vec<Value> = m
        .defects()
        .iter()
        .map(|d| json!({ "kind": d.kind.name(), "offset": d.offset, "text": d.kind.text() }))
        .collect();
    let names: Vec<&str> = m.defects().iter().map(|d| d.kind.name()).collect();
    Row {
        at,
        cells: vec![
            files.frame(at),
            files.time(at),
            seen.hop.carriage.to_owned(),
            seen.hop.src.to_string(),
            seen.hop.dst.to_string(),
            match (&cseq, m.is_request()) {
                (Some(cseq), false) => format!("{start_line}  [{cseq}]"),
                _ => start_line.clone(),
            },
            names.join(" "),
        ],
        json: json!({
            "file": files.name(at.file),
            "frame": at.number.0,
            "frames": frames,
            "frame_files": m.frames().map(|f| files.name(f.file)).collect::<Vec<_>>(),
            "time": files.time(at),
            "transport": seen.hop.carriage,
            "src": seen.hop.src.to_string(),
            "dst": seen.hop.dst.to_string(),
            "tcp_stream": seen.hop.stream,
            "start_line": start_line,
            "method": m.method().map(|m| m.to_string()),
            "status": m.status().map(|s| s.0),
            "call_id": text(m.call_id()),
            "cseq": cseq,
            "from": raw(m.from()),
            "to": raw(m.to()),
            "content_length": m.content_length().and_then(Result::ok),
            "length": m.raw().len(),
            "duplicate": m.duplicate,
            "defects": defects,
        }),
    }
}

/// A TCP connection.
pub fn connection(c: &Connection, files: &Files) -> Row {
    let flow = &c.flow;
    let hash = |d: Direction| c.sha256.get(d.index()).copied().flatten().map(|h| hex(&h));
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
            "first_frame": flow.first.number.0,
            "last_frame": flow.last.number.0,
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
    let side = |facts: &Option<crate::websocket::Facts>| {
        let close = facts.as_ref().and_then(|facts| facts.close.as_ref());
        close.map(|close| {
            json!({
                "frame": close.at.number.0,
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
            p.sha256.map(|h| hex(&h))
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
            "frame": a.at.number.0,
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

/// The dialogs of a call.
pub fn dialogs(call: &Call, files: &Files) -> Vec<Row> {
    let kind = call.kind();
    call.legs()
        .into_iter()
        .filter_map(|leg| {
            let first = leg.messages.first()?.at();
            let last = leg.messages.last()?.at();
            let connections: BTreeSet<u32> =
                leg.messages.iter().filter_map(|s| s.hop.stream).collect();
            let places = leg.messages.iter().map(|s| files.name(s.at().file));
            let message_files: Vec<&str> = places.collect();
            let messages: Vec<u64> = leg.messages.iter().map(|s| s.at().number.0).collect();
            let tag = |tag: &Option<String>| tag.clone().unwrap_or_else(|| String::from("-"));
            let streams: Vec<String> = connections.iter().map(u32::to_string).collect();
            Some(Row {
                at: first,
                cells: vec![
                    files.range(first, last),
                    files.time(first),
                    kind.name().to_owned(),
                    call.id().into_owned(),
                    format!("{} / {}", tag(&leg.from_tag), tag(&leg.to_tag)),
                    if streams.is_empty() {
                        String::from("-")
                    } else {
                        streams.join(" ")
                    },
                    messages.len().to_string(),
                    leg.outcome(),
                ],
                json: json!({
                    "file": files.name(first.file),
                    "call_id": call.id(),
                    "from_tag": leg.from_tag,
                    "to_tag": leg.to_tag,
                    "kind": kind.name(),
                    "first_frame": first.number.0,
                    "last_frame": last.number.0,
                    "first_time": files.time(first),
                    "last_time": files.time(last),
                    "last_file": files.name(last.file),
                    "connections": connections,
                    "messages": messages,
                    "message_files": message_files,
                    "outcome": leg.outcome(),
                }),
            })
        })
        .collect()
}

/// A row as one line of JSON. Characters that could change how a terminal shows the line are written as `\uXXXX`, which JSON
/// reads as the same text.
pub fn json_line(row: &Row) -> String {
    let mut line = escape::json(&row.json.to_string());
    line.push('\n');
    line
}

/// A table for people: columns as wide as their widest cell, separated by two blanks.
pub fn table(what: What, rows: &[Row]) -> String {
    let headings = headings(what);
    let mut widths: Vec<usize> = headings.iter().map(|h| h.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(escape::line(cell).chars().count());
        }
    }
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        let mut out = String::new();
        for (cell, width) in cells.zip(&widths) {
            let used = cell.chars().count();
            out.push_str(&cell);
            out.push_str(&" ".repeat(width.saturating_sub(used) + 2));
        }
        text.push_str(out.trim_end());
        text.push('\n');
    };
    line(&mut headings.iter().map(|h| (*h).to_owned()));
    for row in rows {
        line(&mut row.cells.iter().map(|c| escape::line(c).into_owned()));
    }
    text
}
