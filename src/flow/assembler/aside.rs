//! Segments whose place in the stream is not known yet.
//!
//! Two kinds. The first segments of a connection that was open before the capture began: an earlier one may still come, and bytes that
//! were handed on cannot be preceded by others any more. And segments so far away that they are either of another connection on the
//! same ports, or the first ones behind a very long hole: the next ones tell.

use super::early::PIECE;
use super::len64;
use crate::base::{FrameRef, Span};

/// The first segments of a stream that was joined in its middle wait until the peer has acknowledged something, or for as many
/// segments: neighbours are swapped by captures of several interfaces, and by networks, over a few places.
const START_SEGMENTS: usize = 8;
/// The same in capture time.
const START_TIME: Span = Span::from_millis(100);
/// Segments that follow each other far away from the stream before it is believed that the stream goes on there.
const STRAY_SEGMENTS: usize = 3;
/// How far apart these may lie: a large segmentation offload.
const STRAY_REACH: u32 = 1 << 20;

/// A segment as it came.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) seq: u32,
    pub(super) bytes: Box<[u8]>,
    pub(super) cut: u64,
    pub(super) at: FrameRef,
}

impl Held {
    pub(super) fn new(seq: u32, bytes: &[u8], cut: u64, at: FrameRef) -> Self {
        Self {
            seq,
            bytes: bytes.into(),
            cut,
            at,
        }
    }

    fn end(&self) -> u32 {
        crate::flow::seq::advance(self.seq, len64(&self.bytes).saturating_add(self.cut))
    }
}

/// Segments in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Aside {
    held: Vec<Held>,
    bytes: usize,
}

impl Aside {
    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
            .saturating_add(self.held.len().saturating_mul(PIECE))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn push(&mut self, held: Held) {
        self.bytes += held.bytes.len();
        self.held.push(held);
    }

    pub(super) fn take(&mut self) -> Vec<Held> {
        self.bytes = 0;
        std::mem::take(&mut self.held)
    }

    /// The lowest sequence number.
    pub(super) fn lowest(&self) -> Option<u32> {
        self.held
            .iter()
            .map(|held| held.seq)
            .reduce(|a, b| if before(a, b) { a } else { b })
    }

    /// Whether the start of a stream has waited long enough.
    pub(super) fn is_start_over(&self, at: FrameRef) -> bool {
        self.held.len() >= START_SEGMENTS
            || self
                .held
                .first()
                .is_some_and(|first| at.time.since(first.at.time) > START_TIME)
    }

    /// Takes a segment far away from the stream; gives whether the stream goes on there. What is of no use is left out.
    pub(super) fn stray(&mut self, held: Held) -> bool {
        let continues = self.held.last().is_some_and(|last| {
            held.seq != last.seq && held.seq.wrapping_sub(last.end()) <= STRAY_REACH
        });
        if !continues {
            self.take();
        }
        self.push(held);
        self.held.len() >= STRAY_SEGMENTS
    }

    /// Whether the peer's acknowledgement lies in or at the end of a segment here.
    pub(super) fn holds(&self, ack: u32) -> bool {
        self.held
            .iter()
            .any(|held| before(held.seq, ack) && !before(held.end(), ack))
    }
}

/// Sequence numbers compared as RFC 9293 §3.4 does.
pub(super) fn before(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
}
