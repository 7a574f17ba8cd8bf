//! One direction of a connection: segments in any order to bytes in order.

mod aside;
mod early;
mod patience;

use crate::base::{Chunk, FrameRef, Limits};
use crate::flow::seq::offset_of;
use crate::packet::Segment;
use aside::{Aside, Held, before};
use early::Early;
use foldhash::fast::FixedState;
#[cfg(test)]
use patience::{GAP_GRACE_SEGMENTS, UNHEARD_GRACE};
use std::hash::BuildHasher;

/// A segment further ahead or behind than this is taken for one of this stream only when others follow it there: the largest
/// window is 2^30 (RFC 7323 §2.3), but none seen in practice is over 64 MiB.
const FARTHEST_AHEAD: u64 = 64 << 20;
/// Delivered segments remembered to recognise a retransmission with other content.
const HISTORY: usize = 8;

/// What one segment turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::flow) struct Outcome {
    /// All of it had been seen before.
    pub(in crate::flow) retransmission: bool,
    /// It came before bytes that precede it.
    pub(in crate::flow) early: bool,
    /// The same place was sent with other bytes before; the first ones count.
    pub(in crate::flow) conflict: bool,
    /// It lies outside any possible window and is left out, unless the next ones lie there too.
    pub(in crate::flow) outside: bool,
    /// There was no room for waiting: bytes before it count as missing.
    pub(in crate::flow) no_room: bool,
}

/// Reassembly of one direction.
#[derive(Debug, Default)]
pub(in crate::flow) struct Assembler {
    /// Sequence number of stream offset `next`; `None` until the direction is anchored.
    expected: Option<u32>,
    /// Offset 0 is behind a SYN: nothing comes before it.
    from_syn: bool,
    next: u64,
    early: Early,
    aside: Aside,
    /// Highest offset the peer acknowledged.
    acked: u64,
    /// Through here a segment went by of which the capture has only the beginning.
    cut_until: u64,
    /// The same of early segments: looked at when no more segments come, because their place may still be filled.
    early_cut: Option<(u64, FrameRef)>,
    /// What last told that bytes were on the wire.
    last_due: FrameRef,
    /// The peer's last acknowledgement.
    heard: Option<FrameRef>,
    /// Since when, and for how many segments, the bytes from this offset on have been missing that were on the wire.
    overdue: Option<(FrameRef, u32, u64)>,
    /// Where the FIN said that the stream ends.
    end: Option<u64>,
    /// Total bytes missing so far.
    missing: u64,
    /// Of the latest delivered segments: offset, length, hash.
    history: Option<Box<[(u64, u32, u32); HISTORY]>>,
    history_at: usize,
}

impl Assembler {
    /// Fixes offset 0 at the number behind a SYN. A further SYN of the same side with another number counts as long as no
    /// byte has been seen: the one before came to nothing.
    pub(in crate::flow) fn anchor_at_syn(&mut self, seq: u32, sink: &mut dyn FnMut(Chunk<'_>)) {
        if self.next > 0 || !self.early.is_empty() {
            return;
        }
        self.expected = Some(seq);
        self.from_syn = true;
        self.acked = 0;
        // What came before the SYN may be of an older connection on the same ports.
        let mut held = self.aside.take();
        held.retain(|h| u64::from(h.seq.wrapping_sub(seq)) <= FARTHEST_AHEAD);
        self.place(held, sink);
    }

    /// Bytes delivered or declared missing so far.
    pub(in crate::flow) fn next(&self) -> u64 {
        self.next
    }

    /// The sequence number expected next.
    pub(in crate::flow) fn expected_seq(&self) -> Option<u32> {
        self.expected
    }

    /// Whether the peer has acknowledged the byte with this sequence number.
    pub(in crate::flow) fn is_acknowledged(&self, seq: u32) -> bool {
        self.expected
            .and_then(|expected| offset_of(seq, expected, self.next))
            .is_some_and(|offset| offset < self.acked)
    }

    pub(in crate::flow) fn missing(&self) -> u64 {
        self.missing
    }

    /// Bytes held.
    pub(in crate::flow) fn early_bytes(&self) -> usize {
        self.early.bytes() + self.aside.bytes()
    }

    /// Takes the payload of a segment whose first byte has sequence number `seq`.
    pub(in crate::flow) fn push(
        &mut self,
        seq: u32,
        segment: &Segment<'_>,
        at: FrameRef,
        room: usize,
        limits: &Limits,
        sink: &mut dyn FnMut(Chunk<'_>),
    ) -> Outcome {
        let bytes = segment.payload;
        let cut = u64::from(segment.wire_len).saturating_sub(len64(bytes));
        let Some(expected) = self.expected else {
            self.aside.push(Held::new(seq, bytes, cut, at));
            if room < bytes.len() || self.aside.bytes() > limits.early_bytes_per_direction {
                self.join(None, sink);
            }
            return Outcome::default();
        };
        let far = if before(seq, expected) {
            expected.wrapping_sub(seq)
        } else {
            seq.wrapping_sub(expected)
        };
        if u64::from(far) > FARTHEST_AHEAD {
            let mut outcome = Outcome::default();
            if room < bytes.len() {
                outcome.outside = true;
            } else if self.aside.stray(Held::new(seq, bytes, cut, at)) {
                self.go_on_at_strays(sink);
            } else {
                outcome.outside = true;
            }
            return outcome;
        }
        self.aside.take();
        let room = (room, limits.early_bytes_per_direction);
        self.at_place(seq, bytes, cut, at, room, sink)
    }

    /// Takes a segment whose place in the stream is known. `room`: in all, and for this direction.
    fn at_place(
        &mut self,
        seq: u32,
        bytes: &[u8],
        cut: u64,
        at: FrameRef,
        room: (usize, usize),
        sink: &mut dyn FnMut(Chunk<'_>),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(expected) = self.expected else {
            return outcome;
        };
        let wire = len64(bytes).saturating_add(cut);
        let offset = match offset_of(seq, expected, self.next) {
            Some(offset) => offset,
            None if self.next == 0 && !self.from_syn => {
                // Joined in its middle, and nothing was handed on yet: the stream begins here.
                let by = u64::from(expected.wrapping_sub(seq));
                self.expected = Some(seq);
                self.early.shift(by);
                self.acked += by;
                self.cut_until += if self.cut_until > 0 { by } else { 0 };
                self.early_cut = self.early_cut.map(|(end, at)| (end + by, at));
                self.end = self.end.map(|end| end + by);
                0
            }
            None => {
                outcome.retransmission = true;
                return outcome;
            }
        };
        if offset > self.next {
            outcome.no_room = self.make_room(offset, bytes.len(), at, room, sink);
        }
        if offset > self.next {
            outcome.early = true;
            outcome.conflict = self.early.insert(offset, bytes, cut, at);
            let end = offset.saturating_add(wire);
            if cut > 0 && self.early_cut.is_none_or(|(before, _)| before < end) {
                self.early_cut = Some((end, at));
            }
        } else if offset.saturating_add(wire) <= self.next {
            outcome.retransmission = true;
            outcome.conflict = self.differs(offset, bytes);
        } else {
            // Where an early segment had the same place, its bytes came first.
            let mut from = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
            while let Some(fresh) = bytes.get(from..).filter(|fresh| !fresh.is_empty()) {
                let free = self
                    .early
                    .first()
                    .map_or(u64::MAX, |(o, _)| o.saturating_sub(self.next));
                let free = usize::try_from(free).unwrap_or(usize::MAX);
                self.deliver(at, fresh.get(..free).unwrap_or(fresh), sink);
                self.drain(sink);
                from = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
            }
            self.is_cut(offset.saturating_add(wire), cut, at);
            self.drain(sink);
        }
        outcome
    }

    /// Begins in the middle of a stream, at the lowest of what is here and of `ack`, which the peer asked for.
    fn join(&mut self, ack: Option<u32>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let start = match (self.aside.lowest(), ack) {
            (Some(lowest), Some(ack))
                if before(ack, lowest) && u64::from(lowest.wrapping_sub(ack)) <= FARTHEST_AHEAD =>
            {
                Some(ack)
            }
            (Some(lowest), _) => Some(lowest),
            (None, ack) => ack,
        };
        let held = self.aside.take();
        if start.is_some() {
            self.expected = start;
            self.place(held, sink);
        }
    }

    /// Puts what was held at its place.
    fn place(&mut self, held: Vec<Held>, sink: &mut dyn FnMut(Chunk<'_>)) {
        for held in held {
            // Its bytes were counted as held before: there is room for them.
            let room = (usize::MAX, usize::MAX);
            self.at_place(held.seq, &held.bytes, held.cut, held.at, room, sink);
        }
    }

    /// The capture has only the beginning of a segment that ends at `end`: what follows `next` is waited for like any other hole,
    /// because a retransmission or a second capture may have it.
    fn is_cut(&mut self, end: u64, cut: u64, at: FrameRef) {
        if cut > 0 && end > self.next && end > self.cut_until {
            self.cut_until = end;
            self.last_due = at;
        }
    }

    /// Whether a segment at this place was delivered before with other content.
    fn differs(&self, offset: u64, bytes: &[u8]) -> bool {
        let Ok(len) = u32::try_from(bytes.len()) else {
            return false;
        };
        len > 1
            && self
                .history
                .iter()
                .flat_map(|history| history.iter())
                .find(|(o, l, _)| *o == offset && *l == len)
                .is_some_and(|(_, _, hash)| *hash != hash_of(bytes))
    }

    fn deliver(&mut self, at: FrameRef, bytes: &[u8], sink: &mut dyn FnMut(Chunk<'_>)) {
        if bytes.is_empty() {
            return;
        }
        let offset = self.next;
        if let Ok(len) = u32::try_from(bytes.len()) {
            let place = self.history_at % HISTORY;
            if let Some(slot) = self.history.get_or_insert_default().get_mut(place) {
                *slot = (offset, len, hash_of(bytes));
            }
            self.history_at = place + 1;
        }
        self.step(len64(bytes));
        sink(Chunk::Data { offset, at, bytes });
    }

    fn skip(&mut self, len: u64, at: FrameRef, sink: &mut dyn FnMut(Chunk<'_>)) {
        if len == 0 {
            return;
        }
        let offset = self.next;
        self.missing = self.missing.saturating_add(len);
        self.step(len);
        sink(Chunk::Gap { offset, at, len });
    }

    /// Hands on what has become deliverable.
    fn drain(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        while let Some((offset, piece)) = self.early.pop(self.next) {
            let skip = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
            self.deliver(piece.at, piece.bytes.get(skip..).unwrap_or(&[]), sink);
            let end = offset + len64(&piece.bytes) + piece.cut;
            self.is_cut(end, piece.cut, piece.at);
        }
    }
}

fn len64(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Half of the hash: one in four thousand million conflicts is not seen, and thousands of connections remember eight of them each.
fn hash_of(bytes: &[u8]) -> u32 {
    let hash = FixedState::default().hash_one(bytes);
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests;
