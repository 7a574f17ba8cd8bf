//! SCTP packets (RFC 9260) to the SIP messages in their DATA chunks (RFC 4168).
//!
//! A user message is one SIP message, in any stream, ordered or not, in fragments or not; it is given when its last byte is there.
//! Copies are known by their TSN. Fragments and chunks that the capture does not have are counted.

mod data;
mod half;
mod runs;
mod seen;

#[cfg(test)]
mod tests;

use crate::base::{CaveatKind, Caveats, Endpoint, FrameRef, Limits};
use crate::packet::{SctpChunk, SctpPacket};
use crate::sip;
use crate::tls;
use data::Data;
use foldhash::fast::FixedState;
use half::{Added, Half};
use hashbrown::HashMap;
use seen::Seen;

/// Paths of one association that are remembered (RFC 9260 §6.4: hosts with several addresses).
const PATHS: usize = 8;
/// Verification tags are random (RFC 9260 §5.3.1); one below this was written by hand and names no association alone.
const RANDOM_TAG: u32 = 1 << 16;

/// What DATA chunks carry.
#[derive(Debug)]
pub enum Item {
    /// A SIP message, a keep-alive, or a user message on a port of SIP that is none.
    Sip(sip::Item),
    /// A user message that is protected: how.
    Closed {
        /// The frame that completed it.
        at: FrameRef,
        /// The protection and its source.
        how: &'static str,
    },
    /// A user message of another protocol.
    Other {
        /// The frame that completed it.
        at: FrameRef,
    },
}

/// Ports of SIP and SIPS over SCTP (RFC 4168 §3).
fn is_sip_port(src: u16, dst: u16) -> bool {
    [src, dst].iter().any(|port| matches!(port, 5060 | 5061))
}

/// All open associations, by direction.
#[derive(Debug)]
pub struct Associations {
    halves: HashMap<u64, Half, FixedState>,
    by_ends: HashMap<(Endpoint, Endpoint), u64, FixedState>,
    by_tag: HashMap<(u16, u16, u32), u64, FixedState>,
    next: u64,
    waiting: usize,
    limits: Limits,
    caveats: Caveats,
}

/// Where a packet was seen.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The frame; of a packet in IP fragments, the one that completed it.
    pub at: FrameRef,
    /// All frames of a packet in IP fragments, else empty.
    pub frames: &'a [FrameRef],
    /// The sender.
    pub src: Endpoint,
    /// The receiver.
    pub dst: Endpoint,
}

type Sink<'s> = &'s mut dyn FnMut(Item);

impl Associations {
    /// None yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            halves: HashMap::default(),
            by_ends: HashMap::default(),
            by_tag: HashMap::default(),
            next: 0,
            waiting: 0,
            limits: limits.clone(),
            caveats: Caveats::new(limits.places_per_caveat),
        }
    }

    /// Directions that are known.
    pub fn len(&self) -> usize {
        self.halves.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.halves.is_empty()
    }

    /// Bytes of fragments that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Forgets all: what came before was out of scope.
    pub fn clear(&mut self) {
        *self = Self::new(&self.limits);
    }

    /// Takes a packet.
    pub fn push(&mut self, place: Place<'_>, packet: &SctpPacket<'_>, sink: Sink<'_>) {
        for chunk in packet.chunks() {
            let read = chunk.and_then(|chunk| self.chunk(place, packet.tag, &chunk, sink));
            if read.is_none() {
                // Of a packet that the snap length cut, that was said before.
                let cut = u32::try_from(packet.payload.len()).is_ok_and(|n| n < packet.wire_len);
                if !cut {
                    self.caveats.note(
                        CaveatKind::PacketMalformed,
                        Some(place.at),
                        "an SCTP chunk is cut or contradicts itself",
                    );
                }
                return;
            }
        }
    }

    /// Ends all, and tells what could not be seen.
    pub fn finish(&mut self) -> Caveats {
        let mut all: Vec<(u64, Half)> = self.halves.drain().collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        for (_, half) in all {
            half.finish(&mut self.caveats);
        }
        std::mem::replace(
            &mut self.caveats,
            Caveats::new(self.limits.places_per_caveat),
        )
    }

    /// Takes a chunk; `None` when it is too short for what it is.
    fn chunk(
        &mut self,
        place: Place<'_>,
        tag: u32,
        chunk: &SctpChunk<'_>,
        sink: Sink<'_>,
    ) -> Option<()> {
        let ends = (place.src, place.dst);
        match chunk.kind {
            data::DATA | data::I_DATA => {
                let data = data::read(chunk)?;
                self.data(place, tag, &data, sink);
            }
            data::INIT | data::INIT_ACK => {
                let first = data::initial_tsn(chunk)?;
                if let Some(id) = self.by_ends.get(&ends).copied() {
                    if self.halves.get(&id)?.seen.begins_with(first) {
                        return Some(());
                    }
                    self.end(id);
                }
                self.open(ends, place.at, Seen::from(first));
            }
            data::SACK => {
                let acked = data::cumulative_tsn(chunk)?;
                let back = (place.dst, place.src);
                match self
                    .by_ends
                    .get(&back)
                    .and_then(|id| self.halves.get_mut(id))
                {
                    Some(half) => half.seen.ack(acked),
                    // All up to here went by before the capture.
                    None => {
                        self.open(back, place.at, Seen::from(acked.wrapping_add(1)));
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    fn open(&mut self, ends: (Endpoint, Endpoint), at: FrameRef, seen: Seen) -> u64 {
        self.make_room(at);
        let id = self.next;
        self.next = self.next.saturating_add(1);
        let mut half = Half::new(ends, at);
        half.seen = seen;
        self.halves.insert(id, half);
        self.by_ends.insert(ends, id);
        id
    }

    fn end(&mut self, id: u64) {
        let Some(half) = self.halves.remove(&id) else {
            return;
        };
        self.waiting = self.waiting.saturating_sub(half.waiting);
        for ends in half.paths.iter().chain([&half.ends]) {
            if self.by_ends.get(ends) == Some(&id) {
                self.by_ends.remove(ends);
            }
        }
        if let Some(tag) = half.tag {
            let key = (half.ends.0.port, half.ends.1.port, tag);
            if self.by_tag.get(&key) == Some(&id) {
                self.by_tag.remove(&key);
            }
        }
        half.finish(&mut self.caveats);
    }

    /// Too many: the half that was quiet for longest ends, at once, so that it costs little.
    fn make_room(&mut self, at: FrameRef) {
        if self.halves.len() < self.limits.sctp_directions.max(2) {
            return;
        }
        let mut all: Vec<(FrameRef, u64)> =
            self.halves.iter().map(|(id, h)| (h.last, *id)).collect();
        all.sort_unstable();
        all.truncate(all.len().div_ceil(2));
        self.caveats.note_many(
            CaveatKind::FlowEvicted,
            Some(at),
            "very many SCTP associations: those that were quiet for longest ended early",
            u64::try_from(all.len()).unwrap_or(u64::MAX),
        );
        for (_, id) in all {
            self.end(id);
        }
    }

    /// The direction that a DATA chunk belongs to.
    fn find(&mut self, place: Place<'_>, tag: u32, tsn: u32) -> u64 {
        let ends = (place.src, place.dst);
        let key = (place.src.port, place.dst.port, tag);
        if let Some(id) = self.by_ends.get(&ends).copied() {
            let known = self.halves.get(&id);
            match known.map(|half| (half.tag, half.seen.extend(tsn).is_some())) {
                Some((Some(known), true)) if known == tag => return id,
                Some((None, true)) => {
                    if let Some(half) = self.halves.get_mut(&id) {
                        half.tag = Some(tag);
                    }
                    self.by_tag.insert(key, id);
                    return id;
                }
                // Begun anew, and the INIT was not captured.
                _ => self.end(id),
            }
        }
        // Another address of the same hosts.
        if let Some(id) = self.by_tag.get(&key).copied()
            && let Some(half) = self.halves.get_mut(&id)
            && half.paths.len() < PATHS
            && half.seen.extend(tsn).is_some()
            && (tag >= RANDOM_TAG || half.ends.0 == place.src || half.ends.1 == place.dst)
        {
            half.paths.push(ends);
            self.by_ends.insert(ends, id);
            return id;
        }
        let id = self.open(ends, place.at, Seen::default());
        if let Some(half) = self.halves.get_mut(&id) {
            half.tag = Some(tag);
        }
        self.by_tag.insert(key, id);
        id
    }

    fn data(&mut self, place: Place<'_>, tag: u32, data: &Data<'_>, sink: Sink<'_>) {
        let id = self.find(place, tag, data.tsn);
        let Some(half) = self.halves.get_mut(&id) else {
            return;
        };
        half.last = place.at;
        let Some(tsn) = half.seen.extend(data.tsn) else {
            return;
        };
        if !half.seen.note(tsn) {
            return;
        }
        let single = [place.at];
        let frames = match place.frames {
            [] | [_] => &single[..],
            frames => frames,
        };
        let limits = &self.limits;
        if data.begin && data.end {
            let wire = u64::try_from(data.bytes.len())
                .unwrap_or(u64::MAX)
                .saturating_add(u64::from(data.missing));
            let whole = (data.bytes, wire, frames, data.ppid);
            message(half, place, whole, limits, sink);
            return;
        }
        let most = limits.sip_head_bytes.saturating_add(limits.sip_body_bytes);
        let before = half.waiting;
        match half.fragment(tsn, data, frames, most) {
            Added::Nothing => {}
            Added::Whole(run) => {
                let ppid = run.ppid;
                let (bytes, wire, frames) = run.put_together();
                message(half, place, (&bytes, wire, &frames, ppid), limits, sink);
            }
            Added::TooLong(run) => self.caveats.note(
                CaveatKind::SctpIncomplete,
                Some(run.at()),
                "fragments of an SCTP user message: it is over the limit",
            ),
        }
        self.waiting = self
            .waiting
            .saturating_add(half.waiting)
            .saturating_sub(before);
        if self.waiting > limits.sctp_waiting_bytes {
            self.waiting = self.waiting.saturating_sub(half.waiting);
            half.give_up("very many fragments wait for others", &mut self.caveats);
        }
    }
}

/// A whole user message: its bytes, how many there were on the wire, its frames, its PPID.
type Whole<'a> = (&'a [u8], u64, &'a [FrameRef], u32);

fn message(half: &mut Half, place: Place<'_>, whole: Whole<'_>, limits: &Limits, sink: Sink<'_>) {
    let (bytes, wire, frames, ppid) = whole;
    let at = place.at;
    let on_port = is_sip_port(place.src.port, place.dst.port);
    if sip::probe(bytes) == sip::Probe::Yes {
        half.sip = true;
        let wire = u32::try_from(wire).unwrap_or(u32::MAX);
        let first = frames.first().copied().unwrap_or(at);
        sip::datagram(bytes, first, wire, limits, &mut |item| {
            sink(Item::Sip(match item {
                sip::Item::Message(mut message) => {
                    message.carried_by(frames);
                    sip::Item::Message(message)
                }
                other => other,
            }));
        });
        return;
    }
    if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
        sink(Item::Sip(sip::Item::KeepAlive { at }));
        return;
    }
    // Another payload protocol says its name; SIP has none (RFC 4168 §5).
    let may_be_sip = on_port || half.sip || ppid == 0;
    let how = match bytes {
        // RFC 6347 §4.1: content type, then version 1.0 or 1.2 as ones' complement.
        [20..=25, 0xfe, 0xff | 0xfd, ..] if bytes.len() > 13 => Some("DTLS (RFC 6083)"),
        _ if tls::probe(bytes) == tls::Probe::Yes => Some("TLS (RFC 3436)"),
        _ if half.closed => Some("TLS or DTLS"),
        _ => None,
    };
    match how {
        Some(how) if may_be_sip => {
            half.closed = true;
            sink(Item::Closed { at, how });
        }
        _ if on_port || half.sip => sink(Item::Sip(sip::Item::Skipped {
            at,
            bytes: wire,
            reason: "an SCTP user message on an association of SIP that is not SIP",
        })),
        _ => {
            half.other = true;
            sink(Item::Other { at });
        }
    }
}
