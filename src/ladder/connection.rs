//! Connections as charts: how they were opened, the flights of the TLS handshake, the messages, and how they ended.

use super::{Arrow, Chart, Layer, Subject, Tone};
use crate::base::{Direction, Endpoint, FrameRef};
use crate::connection::Connection;
use crate::flow::Handshake;
use crate::tls::{HandshakeType, TlsSummary, What};

/// Arrows of one connection that are kept; the first ones.
const MOST: usize = 250;

/// The chart of a connection. `messages`: its SIP messages, as far as they were kept.
pub fn connection(connection: &Connection, messages: &[&Arrow]) -> Option<Chart> {
    let flow = &connection.flow;
    let mut arrows = tcp(connection);
    if let Some(tls) = &connection.tls {
        arrows.extend(flights(connection, tls));
    }
    arrows.extend(messages.iter().map(|arrow| (*arrow).clone()));
    arrows.sort_by_key(|arrow| (arrow.at, arrow.layer));
    let known: u64 = connection.sip_messages.iter().sum();
    let told = u64::try_from(messages.len()).unwrap_or(u64::MAX);
    let mut left_out = known.saturating_sub(told);
    if arrows.len() > MOST {
        let ending = arrows.pop();
        left_out = left_out
            .saturating_add(u64::try_from(arrows.len().saturating_sub(MOST)).unwrap_or(u64::MAX));
        arrows.truncate(MOST);
        arrows.extend(ending);
    }
    (!arrows.is_empty()).then_some(Chart {
        subject: Subject::Connection {
            stream: flow.stream,
            client: flow.client,
            server: flow.server,
        },
        arrows,
        left_out,
    })
}

/// Makes arrows of one connection.
struct Quiver<'a> {
    connection: &'a Connection,
}

impl Quiver<'_> {
    fn ends(&self, direction: Direction) -> (Endpoint, Endpoint) {
        let flow = &self.connection.flow;
        (flow.sender(direction), flow.sender(direction.reverse()))
    }

    fn arrow(
        &self,
        at: FrameRef,
        direction: Direction,
        layer: Layer,
        tone: Tone,
        label: String,
    ) -> Arrow {
        let (from, to) = self.ends(direction);
        Arrow {
            at,
            from,
            to,
            stream: Some(self.connection.flow.stream),
            layer,
            tone,
            label,
            text: None,
        }
    }
}

fn tcp(connection: &Connection) -> Vec<Arrow> {
    let quiver = Quiver { connection };
    let flow = &connection.flow;
    let mut arrows = Vec::new();
    let mut add = |at, direction, tone, label: &str| {
        arrows.push(quiver.arrow(at, direction, Layer::Tcp, tone, label.to_owned()));
    };
    let unanswered = flow.handshake == Handshake::Unanswered;
    for (n, syn) in flow.syns.iter().enumerate() {
        let label = if n == 0 { "SYN" } else { "SYN again" };
        let tone = if unanswered { Tone::Bad } else { Tone::Plain };
        add(*syn, Direction::Originator, tone, label);
    }
    if let Some(at) = flow.syn_ack {
        add(at, Direction::Responder, Tone::Plain, "SYN/ACK");
    }
    for direction in [Direction::Originator, Direction::Responder] {
        let side = flow.side(direction);
        if let Some(at) = side.fin {
            add(at, direction, Tone::Plain, "FIN");
        }
        let refused = matches!(flow.handshake, Handshake::Refused(_));
        if let Some(at) = side.rst {
            let label = if refused { "RST: refused" } else { "RST" };
            add(at, direction, Tone::Bad, label);
        }
        if let Some(lost) = side
            .unacknowledged
            .as_deref()
            .filter(|lost| lost.retransmissions > 1)
        {
            let label = format!(
                "data, not acknowledged, sent {} times more",
                lost.retransmissions
            );
            add(lost.first, direction, Tone::Bad, &label);
        }
    }
    for error in &flow.icmp {
        let version = if error.v6 { "v6" } else { "" };
        let label = format!(
            "ICMP{version} type {} code {} from {}",
            error.kind, error.code, error.from
        );
        add(error.at, error.quoted.reverse(), Tone::Bad, &label);
    }
    arrows
}

/// What one side sent in one frame is one arrow.
fn flights(connection: &Connection, tls: &TlsSummary) -> Vec<Arrow> {
    let quiver = Quiver { connection };
    let mut arrows: Vec<Arrow> = Vec::new();
    // Where the content is read, its messages are arrows of their own.
    let read = connection.sip_messages.iter().any(|n| *n > 0);
    let events = tls.events.iter();
    for event in events.filter(|e| !read || e.what != What::FirstApplicationData) {
        let (label, tone) = told(event.what, event.direction, tls);
        let (from, _) = quiver.ends(event.direction);
        match arrows.last_mut() {
            Some(flight) if flight.at == event.at && flight.from == from => {
                flight.label.push_str(", ");
                flight.label.push_str(&label);
                flight.tone = flight.tone.max(tone);
            }
            _ => arrows.push(quiver.arrow(event.at, event.direction, Layer::Tls, tone, label)),
        }
    }
    arrows
}

fn told(what: What, direction: Direction, tls: &TlsSummary) -> (String, Tone) {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    match what {
        What::Handshake(kind) => (handshake(kind, direction, tls), Tone::Plain),
        What::ChangeCipherSpec => plain("ChangeCipherSpec"),
        What::EncryptedFinished => plain("Finished (encrypted)"),
        What::EncryptedHandshake => plain("handshake message (encrypted)"),
        What::Alert(Some((level, description))) => {
            let fatal = if level == 2 { "fatal " } else { "" };
            let tone = if level == 2 { Tone::Bad } else { Tone::Plain };
            (
                format!("{fatal}alert {} {}", description.0, description.name()),
                tone,
            )
        }
        What::Alert(None) => plain("alert (encrypted)"),
        What::FirstApplicationData if tls.is_unread() => plain("application data (encrypted) ..."),
        What::FirstApplicationData => plain("application data ..."),
        What::Gap => plain("(bytes missing in the capture)"),
        What::Resynchronised => plain("(records found again)"),
        What::PlaintextAnswer => ("no TLS, but text".to_owned(), Tone::Bad),
        What::Heartbeat => plain("Heartbeat"),
    }
}

/// A handshake message with what one looks for in it first.
fn handshake(kind: HandshakeType, direction: Direction, tls: &TlsSummary) -> String {
    let name = kind.name();
    let is_client = direction == tls.client();
    // The numbers of RFC 8446 §4.
    match kind.0 {
        1 => match &tls.client_hello {
            Some(hello) => {
                let sni = hello
                    .extensions
                    .sni
                    .as_ref()
                    .map_or_else(String::new, |name| format!(", {name}"));
                format!("{name} {}{sni}", hello.highest_version().name())
            }
            None => name,
        },
        2 => match &tls.server_hello {
            Some(hello) => format!("{name} {} {}", hello.version.name(), hello.suite.name()),
            None => name,
        },
        11 => {
            let flight = if is_client {
                &tls.client_certificates
            } else {
                &tls.server_certificates
            };
            match flight.as_ref().map(|flight| flight.chain.first()) {
                Some(Some(leaf)) => {
                    let whose = leaf.subject_cn.as_deref().unwrap_or(&leaf.subject);
                    format!("{name} ({whose})")
                }
                Some(None) => format!("{name} (empty)"),
                None => name,
            }
        }
        _ => name,
    }
}
