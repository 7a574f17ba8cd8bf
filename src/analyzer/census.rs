//! Counts what was seen, so that the report can say of every frame, byte, session and message what became of it.

use crate::base::{CaveatKind, Caveats, Direction, Endpoint, FrameRef, Unkept};
use crate::connection::{Connection, Speaks};
use crate::dialog::Seen;
use crate::packet::{Packet, Payload, Protocol};
use crate::report::{Coverage, Fate, Found, Frames, Gap};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::net::IpAddr;

/// Connections with missing bytes, and places where SIP was found, that are listed singly.
const LISTED: usize = 1000;

/// Counts a frame that has no IP address in it, or that is no part of a stream or datagram of interest.
///
/// TCP segments are counted when their connection ends ([`connection`]), UDP when its payload was looked at: what they are
/// is not known before.
pub(super) fn packet(packet: &Packet<'_>, frames: &mut Frames) {
    match &packet.payload {
        Payload::Tcp(_) => {}
        _ if packet.duplicate => frames.add(Fate::Copy, 1),
        Payload::Udp(_) | Payload::Mirrored(_) => {}
        Payload::Sctp(_) => frames.add(Fate::Sctp, 1),
        Payload::IcmpError(_) => frames.add(Fate::Icmp, 1),
        Payload::Fragment => frames.add(Fate::Fragment, 1),
        Payload::Other { .. } if packet.damaged => frames.add(Fate::Damaged, 1),
        Payload::Other { protocol, .. } => match protocol {
            Protocol::Name(name) if packet.hidden => {
                frames.add_named(Fate::NotRead, Cow::Borrowed(name), 1);
            }
            Protocol::Name(name) => {
                frames.add_named(Fate::OtherProtocol, Cow::Borrowed(name), 1);
            }
            Protocol::Number(..) => {
                frames.add_named(Fate::NotRead, Cow::Owned(protocol.to_string()), 1);
            }
        },
    }
}

/// Counts a message and its defects, and where it was found.
pub(super) fn message(seen: &Seen, coverage: &mut Coverage) {
    coverage.sip_messages += 1;
    let message = &seen.message;
    if !message.defects().is_empty() {
        coverage.sip_malformed += 1;
    }
    let mut told: Vec<&'static str> = message.defects().iter().map(|d| d.kind.name()).collect();
    told.sort_unstable();
    told.dedup();
    for name in told {
        let (count, _) = coverage
            .sip_defects
            .entry(name)
            .or_insert_with(|| (0, message.at()));
        *count += 1;
    }
}

/// SIP datagrams: where they went, and between which hosts, to find those of which only one side was heard.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// Of the smaller address to the larger one, and back, with the first.
    pairs: HashMap<(IpAddr, IpAddr), ([u64; 2], FrameRef), FixedState>,
    /// Messages by server and carriage.
    places: HashMap<(Endpoint, &'static str), u64, FixedState>,
    /// Messages between further pairs.
    unkept: Unkept,
}

impl Ways {
    /// Counts a message that came in a datagram.
    pub(super) fn message(&mut self, seen: &Seen, coverage: &mut Coverage) {
        if seen.hop.stream.is_some() {
            return;
        }
        // On a connection the place is the one that was called, which is known when it ends.
        let server = if seen.message.is_request() {
            seen.hop.dst
        } else {
            seen.hop.src
        };
        let key = (server, seen.hop.carriage);
        match self.places.get_mut(&key) {
            Some(messages) => *messages += 1,
            // Those that are seen first are listed, whatever carries them.
            None if place(coverage, server, seen.hop.carriage).is_some() => {
                self.places.insert(key, 1);
            }
            None => {}
        }
        let (src, dst) = (seen.hop.src.addr, seen.hop.dst.addr);
        let (pair, there) = if src <= dst {
            ((src, dst), true)
        } else {
            ((dst, src), false)
        };
        if self.pairs.len() >= LISTED && !self.pairs.contains_key(&pair) {
            self.unkept.add(Some(seen.at()));
            return;
        }
        let ([forth, back], _) = self
            .pairs
            .entry(pair)
            .or_insert_with(|| ([0, 0], seen.at()));
        *(if there { forth } else { back }) += 1;
    }

    /// Says where messages were found, and between which hosts several went one way and none the other.
    pub(super) fn finish(self, coverage: &mut Coverage, caveats: &mut Caveats) {
        for ((at, carriage), messages) in sorted(self.places) {
            if let Some(found) = place(coverage, at, carriage) {
                found.messages += messages;
            }
        }
        self.unkept.note(
            "very many pairs of hosts with SIP datagrams: of further ones it was not looked at whether both directions were captured",
            caveats,
        );
        for ((a, b), (counts, first)) in &sorted(self.pairs) {
            let (from, to, n) = match counts {
                [n, 0] => (a, b, n),
                [0, n] => (b, a, n),
                _ => continue,
            };
            if *n > 1 {
                let text = format!(
                    "{n} SIP datagrams from {from} to {to} and none back: no answer, or only one direction was captured"
                );
                caveats.note(CaveatKind::OneDirection, Some(*first), text);
            }
        }
    }
}

/// By key: the order of a hash must not show.
fn sorted<K: Ord, V>(map: HashMap<K, V, FixedState>) -> Vec<(K, V)> {
    let mut all: Vec<(K, V)> = map.into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Counts a connection that has ended: its frames, the bytes missing of it, and where SIP or TLS was found.
pub(super) fn connection(connection: &Connection, coverage: &mut Coverage) {
    coverage.connections += 1;
    let flow = &connection.flow;
    let concerns_sip = connection.concerns_sip();
    let segments: u64 = flow.sides.iter().map(|side| side.segments).sum();
    coverage.frames.add(Fate::Copy, flow.duplicates);
    coverage.frames.add(
        if concerns_sip {
            Fate::Stream
        } else {
            Fate::OtherStream
        },
        segments,
    );
    if !concerns_sip {
        return;
    }
    coverage.sip_connections += 1;
    coverage.one_directional += u64::from(flow.one_directional());
    let missing = [Direction::Originator, Direction::Responder].map(|d| flow.side(d).missing);
    if missing.iter().any(|n| *n > 0) {
        coverage.missing_bytes += missing.iter().sum::<u64>();
        if coverage.gaps.len() < LISTED {
            coverage.gaps.push(Gap {
                stream: flow.stream,
                client: flow.client,
                server: flow.server,
                missing,
            });
        }
    }
    if let Some(carriage) = carriage(connection)
        && let Some(found) = place(coverage, flow.server, carriage)
    {
        found.connections += 1;
        found.messages += connection.sip_messages.iter().sum::<u64>();
    }
}

/// What a connection carries; `None` where there is neither SIP nor TLS on it.
fn carriage(connection: &Connection) -> Option<&'static str> {
    if connection.is_websocket() {
        Some(if connection.tls.is_some() {
            "wss"
        } else {
            "ws"
        })
    } else if connection.tls.is_some() || connection.speaks.contains(&Speaks::Tls) {
        Some("tls")
    } else if connection.speaks.contains(&Speaks::Sip) {
        Some("tcp")
    } else {
        None
    }
}

fn place<'c>(
    coverage: &'c mut Coverage,
    at: Endpoint,
    carriage: &'static str,
) -> Option<&'c mut Found> {
    let key = (at, carriage);
    if coverage.found.len() >= LISTED && !coverage.found.contains_key(&key) {
        return None;
    }
    Some(coverage.found.entry(key).or_default())
}
