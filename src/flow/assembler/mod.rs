//! One direction of a connection: segments in any order to bytes in order.

use crate::base::{Chunk, FrameRef, Limits, Span};
use crate::flow::seq::{advance, offset_of};
use crate::packet::Segment;
use foldhash::fast::FixedState;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// How many more segments of the connection may pass before bytes that the peer acknowledged, and that the
/// capture does not have, count as lost. Captures of several interfaces swap neighbours; 32 is far more than
/// any seen and costs only delay.
const GAP_GRACE_SEGMENTS: u32 = 32;
/// The same in capture time.
const GAP_GRACE: Span = Span::from_secs(1);
/// A segment further ahead than this is no segment of this stream: the largest window is 2^30 (RFC 7323 §2.3),
/// but none seen in practice is over 64 MiB.
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
    /// It lies outside any possible window and was left out.
    pub(in crate::flow) outside: bool,
    /// An early segment that found no room under the caps.
    pub(in crate::flow) no_room: bool,
}

#[derive(Debug)]
struct Early {
    bytes: Box<[u8]>,
    /// Bytes of this segment that the snap length cut off behind `bytes`.
    cut: u64,
    at: FrameRef,
}

/// Reassembly of one direction.
#[derive(Debug, Default)]
pub(in crate::flow) struct Assembler {
    /// Sequence number of stream offset `next`; `None` until the direction is anchored.
    expected: Option<u32>,
    next: u64,
    early: BTreeMap<u64, Early>,
    early_bytes: usize,
    /// Highest offset the peer acknowledged.
    acked: u64,
    /// Since when, and for how many segments, the peer's acknowledgement has been ahead of what we have.
    overdue: Option<(FrameRef, u32)>,
    /// Where the FIN said that the stream ends.
    end: Option<u64>,
    /// Total bytes missing so far.
    missing: u64,
    history: Option<Box<[(u64, u32, u64); HISTORY]>>,
    history_at: usize,
}

impl Assembler {
    /// Fixes offset 0 at sequence number `seq`, unless fixed already.
    pub(in crate::flow) fn anchor(&mut self, seq: u32) {
        self.expected.get_or_insert(seq);
    }

    /// Fixes offset 0 at the number behind a SYN. A further SYN of the same side with another number counts as long as no
    /// byte has been seen: the one before came to nothing.
    pub(in crate::flow) fn anchor_at_syn(&mut self, seq: u32) {
        if self.next == 0 && self.early.is_empty() {
            self.expected = Some(seq);
            self.acked = 0;
        } else {
            self.anchor(seq);
        }
    }

    pub(in crate::flow) fn is_anchored(&self) -> bool {
        self.expected.is_some()
    }

    /// Bytes delivered or declared missing so far.
    pub(in crate::flow) fn next(&self) -> u64 {
        self.next
    }

    /// The sequence number expected next.
    pub(in crate::flow) fn expected_seq(&self) -> Option<u32> {
        self.expected
    }

    pub(in crate::flow) fn missing(&self) -> u64 {
        self.missing
    }

    pub(in crate::flow) fn early_bytes(&self) -> usize {
        self.early_bytes
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
        let mut outcome = Outcome::default();
        let expected = *self.expected.get_or_insert(seq);
        let stored = u64::try_from(segment.payload.len()).unwrap_or(u64::MAX);
        let wire = u64::from(segment.wire_len).max(stored);
        let Some(offset) = offset_of(seq, expected, self.next) else {
            outcome.retransmission = true;
            return outcome;
        };
        if offset > self.next.saturating_add(FARTHEST_AHEAD) {
            outcome.outside = true;
            return outcome;
        }
        let cut = wire - stored;
        if offset > self.next {
            outcome.early = true;
            self.keep_early(offset, segment.payload, cut, at, room, limits, &mut outcome);
        } else if offset.saturating_add(wire) <= self.next {
            outcome.retransmission = true;
            outcome.conflict = self.differs(offset, segment.payload);
        } else {
            let skip = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
            match segment.payload.get(skip..) {
                Some(fresh) => {
                    self.deliver(at, fresh, sink);
                    self.skip(cut, at, sink);
                }
                // Only bytes that the snap length cut off are new.
                None => self.skip(offset + wire - self.next, at, sink),
            }
            self.drain(sink);
        }
        outcome
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
        self.step(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
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

    fn step(&mut self, len: u64) {
        self.next = self.next.saturating_add(len);
        if let Some(expected) = &mut self.expected {
            *expected = advance(*expected, len);
        }
    }

    /// Keeps an early segment; where it overlaps an earlier one, the bytes that came first count.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call, all of them plain facts"
    )]
    fn keep_early(
        &mut self,
        offset: u64,
        bytes: &[u8],
        cut: u64,
        at: FrameRef,
        room: usize,
        limits: &Limits,
        outcome: &mut Outcome,
    ) {
        let mut start = offset;
        let mut rest = bytes;
        if let Some((&before, early)) = self.early.range(..=start).next_back() {
            let end = before + len64(&early.bytes);
            if end > start {
                let have = usize::try_from(end - start)
                    .unwrap_or(usize::MAX)
                    .min(rest.len());
                let from = usize::try_from(start - before).unwrap_or(usize::MAX);
                let theirs = early.bytes.get(from..from + have);
                let (old, fresh) = rest.split_at(have);
                outcome.conflict |= theirs.is_some_and(|t| t != old);
                rest = fresh;
                start = end;
            }
        }
        while !rest.is_empty() {
            let stop = self.early.range(start..).next().map(|(&o, e)| (o, e));
            let free = stop.map_or(rest.len(), |(o, _)| {
                usize::try_from(o - start)
                    .unwrap_or(usize::MAX)
                    .min(rest.len())
            });
            let (piece, after) = rest.split_at(free);
            let covered = stop.map_or(0, |(_, e)| e.bytes.len().min(after.len()));
            if let Some((_, e)) = stop {
                let (old, _) = after.split_at(covered);
                outcome.conflict |= e.bytes.get(..covered).is_some_and(|t| t != old);
            }
            let next_start = start + len64(piece) + u64::try_from(covered).unwrap_or(0);
            if !piece.is_empty() {
                if self.early_bytes + piece.len() > limits.early_bytes_per_direction
                    || piece.len() > room
                {
                    outcome.no_room = true;
                    return;
                }
                self.early_bytes += piece.len();
                let last = after.is_empty();
                self.early.insert(
                    start,
                    Early {
                        bytes: piece.into(),
                        cut: if last { cut } else { 0 },
                        at,
                    },
                );
            }
            rest = after.get(covered..).unwrap_or_default();
            start = next_start;
        }
    }

    /// Hands on what has become deliverable.
    fn drain(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        while let Some(entry) = self.early.first_entry() {
            let offset = *entry.key();
            if offset > self.next {
                break;
            }
            let early = entry.remove();
            self.early_bytes -= early.bytes.len();
            let skip = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
            if let Some(fresh) = early.bytes.get(skip..)
                && !fresh.is_empty()
            {
                self.deliver(early.at, fresh, sink);
            }
            let end = offset + len64(&early.bytes) + early.cut;
            self.skip(end.saturating_sub(self.next).min(early.cut), early.at, sink);
        }
        if self.acked <= self.next {
            self.overdue = None;
        }
    }

    /// The peer has acknowledged everything before sequence number `ack`: what we lack of it was lost in the capture.
    pub(in crate::flow) fn acknowledged(
        &mut self,
        ack: u32,
        at: FrameRef,
        sink: &mut dyn FnMut(Chunk<'_>),
    ) {
        let Some(expected) = self.expected else {
            return;
        };
        let Some(offset) = offset_of(ack, expected, self.next) else {
            return;
        };
        let offset = self.end.map_or(offset, |end| offset.min(end));
        if offset > self.acked && offset <= self.next.saturating_add(FARTHEST_AHEAD) {
            self.acked = offset;
        }
        if self.acked <= self.next {
            self.overdue = None;
            return;
        }
        let (since, segments) = self.overdue.get_or_insert((at, 0));
        *segments = segments.saturating_add(1);
        if *segments > GAP_GRACE_SEGMENTS || at.time.since(since.time) > GAP_GRACE {
            self.skip_to_acknowledged(at, sink);
        }
    }

    /// Declares the acknowledged bytes before the next early segment lost.
    fn skip_to_acknowledged(&mut self, at: FrameRef, sink: &mut dyn FnMut(Chunk<'_>)) {
        while self.next < self.acked {
            let stop = match self.early.first_key_value() {
                Some((&offset, _)) => offset.min(self.acked),
                None => self.acked,
            };
            self.skip(stop.saturating_sub(self.next), at, sink);
            self.drain(sink);
        }
        self.overdue = None;
    }

    /// Gives up waiting: everything still held is handed on, with the gaps before it.
    pub(in crate::flow) fn flush(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        while let Some((&offset, early)) = self.early.first_key_value() {
            let place = early.at;
            self.skip(offset.saturating_sub(self.next), place, sink);
            self.drain(sink);
        }
        // What the peer acknowledged behind the last byte we have is missing, but nothing is handed on across it. One such
        // number without a FIN is the FIN itself, missed by the capture.
        let unseen = self.acked.saturating_sub(self.next);
        if unseen > 1 {
            self.missing = self.missing.saturating_add(unseen);
        }
    }

    /// A FIN: the stream ends at sequence number `seq`. The FIN takes one number of its own (RFC 9293 §3.4), which is no byte.
    pub(in crate::flow) fn ends_at(&mut self, seq: u32) {
        if let Some(expected) = self.expected
            && let Some(offset) = offset_of(seq, expected, self.next)
        {
            self.end = Some(offset);
            self.acked = self.acked.min(offset);
        }
    }
}

fn len64(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn hash_of(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
}

#[cfg(test)]
mod tests;
