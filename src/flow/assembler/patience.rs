//! When bytes that did not come are given up.

use super::early::PIECE;
use super::{Assembler, FARTHEST_AHEAD};
use crate::base::{Chunk, FrameRef, Span};
use crate::flow::seq::{advance, offset_of};

/// How many more segments of the connection may pass before bytes that were on the wire, and that the capture does not have, count as
/// lost. Captures of several interfaces swap neighbours; 64 is far more than any seen and costs only delay.
pub(super) const GAP_GRACE_SEGMENTS: u32 = 64;
/// The same in capture time. A second capture of the same traffic, whose clock differs, may bring the bytes within it.
pub(super) const GAP_GRACE: Span = Span::from_secs(1);
/// How long bytes are waited for when nothing of the peer is captured, so that it cannot be known what it received: longer than three
/// retransmissions (RFC 6298 §5: after 1, 3 and 7 seconds).
pub(super) const UNHEARD_GRACE: Span = Span::from_secs(10);

impl Assembler {
    /// What was on the wire for certain: acknowledged by the peer, or stored without its end.
    fn due(&self) -> u64 {
        self.acked.max(self.cut_until)
    }

    /// Whether bytes are being waited for.
    pub(in crate::flow) fn has_hole(&self) -> bool {
        self.due() > self.next || !self.early.is_empty() || !self.aside.is_empty()
    }

    /// The peer has received everything before sequence number `ack`: what we lack of it was lost in the capture.
    pub(in crate::flow) fn acknowledged(
        &mut self,
        ack: u32,
        at: FrameRef,
        sink: &mut dyn FnMut(Chunk<'_>),
    ) {
        if self.expected.is_none() {
            // Where the peer has got to is where the stream goes on, unless earlier bytes are here already.
            self.join(Some(ack), sink);
        } else if self.aside.holds(ack) {
            self.go_on_at_strays(sink);
        }
        let Some(expected) = self.expected else {
            return;
        };
        self.heard = Some(at);
        let Some(offset) = offset_of(ack, expected, self.next) else {
            return;
        };
        let offset = self.end.map_or(offset, |end| offset.min(end));
        if offset > self.acked && offset <= self.next.saturating_add(FARTHEST_AHEAD) {
            self.acked = offset;
            self.last_due = at;
        }
    }

    /// What was acknowledged so far was of a connection before this one.
    pub(in crate::flow) fn forget_acknowledged(&mut self) {
        if self.next == 0 {
            self.acked = 0;
        }
    }

    /// One more segment of the connection, or time, has passed: gives up what is overdue.
    pub(in crate::flow) fn tick(&mut self, at: FrameRef, sink: &mut dyn FnMut(Chunk<'_>)) {
        if self.expected.is_none() {
            if self.aside.is_start_over(at) {
                self.join(None, sink);
            }
            return;
        }
        if self.due() > self.next {
            let hole = self.overdue.filter(|(_, _, from)| *from == self.next);
            let (since, segments, _) = hole.unwrap_or((at, 0, self.next));
            self.overdue = Some((since, segments.saturating_add(1), self.next));
            if segments >= GAP_GRACE_SEGMENTS || at.time.since(since.time) > GAP_GRACE {
                self.skip_to(self.due(), at, sink);
            }
            return;
        }
        self.overdue = None;
        while let Some((offset, since)) = self.early.first()
            && at.time.since(since.time) > UNHEARD_GRACE
            && self.heard.is_none_or(|heard| heard < since)
        {
            self.skip_to(offset, at, sink);
        }
    }

    /// Declares what is missing before `until` lost.
    fn skip_to(&mut self, until: u64, at: FrameRef, sink: &mut dyn FnMut(Chunk<'_>)) {
        self.drain(sink);
        while self.next < until {
            let stop = match self.early.first() {
                Some((offset, _)) => offset.min(until),
                None => until,
            };
            self.skip(stop.saturating_sub(self.next), at, sink);
            self.drain(sink);
        }
        self.overdue = None;
    }

    /// Makes room for a segment of `len` bytes at `offset` by not waiting any longer for the bytes before the first early ones.
    pub(super) fn make_room(
        &mut self,
        offset: u64,
        len: usize,
        at: FrameRef,
        (room, cap): (usize, usize),
        sink: &mut dyn FnMut(Chunk<'_>),
    ) -> bool {
        let held = self.early.bytes();
        // `room` is what is free beside all that is held now; what this direction lets go of is free again.
        let fits = |now: usize| {
            let then = now.saturating_add(len).saturating_add(PIECE);
            then <= cap && then <= held.saturating_add(room)
        };
        let mut gave_up = false;
        while !fits(self.early.bytes()) && self.next < offset {
            let until = self.early.first().map_or(offset, |(o, _)| o.min(offset));
            self.skip_to(until, at, sink);
            gave_up = true;
        }
        gave_up
    }

    /// The stream goes on far away from where it was: all that waits is handed on, and what lies between counts as missing. How
    /// much it is, is known modulo 2^32.
    pub(super) fn go_on_at_strays(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        let (Some(lowest), Some(expected)) = (self.aside.lowest(), self.expected) else {
            return;
        };
        let strays = self.aside.take();
        let Some(at) = strays.first().map(|held| held.at) else {
            return;
        };
        let until = self.next + u64::from(lowest.wrapping_sub(expected));
        self.skip_to(until, at, sink);
        (self.acked, self.cut_until) = (self.next, self.next);
        (self.end, self.early_cut) = (None, None);
        self.place(strays, sink);
    }

    /// Gives up waiting: everything still held is handed on, with the gaps before it.
    pub(in crate::flow) fn flush(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        if self.expected.is_none() {
            self.join(None, sink);
        }
        while let Some((offset, at)) = self.early.first() {
            self.skip_to(offset, at, sink);
        }
        // Of an early segment that was cut, nothing may be left to hand on: no byte of it, or all of them were there already.
        if let Some((end, at)) = self.early_cut {
            self.is_cut(end, end.saturating_sub(self.next), at);
        }
        // What was on the wire behind the last byte we have is missing too, but the stream is not longer for it. One such number
        // without a FIN is the FIN itself, missed by the capture.
        let len = self.due().saturating_sub(self.next);
        if len > 1 || self.cut_until > self.next {
            self.missing = self.missing.saturating_add(len);
            let (offset, at) = (self.next, self.last_due);
            sink(Chunk::Gap { offset, at, len });
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

    pub(super) fn step(&mut self, len: u64) {
        self.next = self.next.saturating_add(len);
        if let Some(expected) = &mut self.expected {
            *expected = advance(*expected, len);
        }
    }
}
