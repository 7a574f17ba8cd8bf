//! Rows of `--list packets`.

use super::{Files, Row};
use crate::packet::{Packet, Payload, Step};
use serde_json::{Value, json};

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
    let flags = match &packet.payload {
        Payload::Tcp(segment) => Some(segment.flags),
        _ => None,
    };
    let mut notes = Vec::new();
    if packet.duplicate {
        notes.push(String::from("copy"));
    }
    if packet.damaged {
        notes.push(String::from("damaged"));
    }
    if packet.hidden {
        notes.push(String::from("not read"));
    }
    if packet.missing > 0 {
        notes.push(format!("{} bytes cut", packet.missing));
    }
    Row {
        at: packet.at,
        cells: vec![
            files.frame(packet.at),
            files.time(packet.at),
            end(&src, sport),
            end(&dst, dport),
            match flags {
                Some(flags) => format!("{protocol} {flags}"),
                None => protocol.clone(),
            },
            length.to_string(),
            layers.join(":"),
            path.join(", "),
            notes.join(", "),
        ],
        json: json!({
            "file": files.name(packet.at.file),
            "frame": packet.at.number.get(),
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
            "tcp_flags": flags.map(|flags| flags.to_string()),
            "duplicate": packet.duplicate,
            "damaged": packet.damaged,
            "not_read": packet.hidden,
            "missing_bytes": packet.missing,
        }),
    }
}
