//! Frames taken apart, to be done by whichever thread is free.

use super::rooms::Next;
use super::shard::{Means, SHARDS, Shard};
use super::work::{Output, Work};
use crate::base::FrameRef;
use crate::flow::FlowSummary;
use crate::packet::Packet;
use std::ops::Range;

/// Bytes of content in a batch: some two hundred messages, so that handing it on costs little, and all that wait stay in the cache.
const BYTES: usize = 128 << 10;
/// Pieces of work in a batch, for traffic with little content.
const PIECES: usize = 1_024;

/// What came out, by the number of the piece it came out of.
pub(super) type Done = (u32, FrameRef, Output);

/// Some frames.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) content: Vec<u8>,
    /// What is to be done, by shard.
    pub(super) pieces: [Vec<Piece>; SHARDS],
    /// What is known already.
    pub(super) told: Vec<Done>,
    number: u32,
    /// Bytes of the connections that ended, of what is told, and of secrets.
    others: usize,
    /// There are several shards; else all is for the first.
    dealt: bool,
}

impl Batch {
    pub(super) fn new(dealt: bool) -> Self {
        Self {
            dealt,
            ..Self::default()
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.content.len().saturating_add(self.others) >= BYTES
            || usize::try_from(self.number).unwrap_or(usize::MAX) >= PIECES
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.content.len();
        self.content.extend_from_slice(bytes);
        start..self.content.len()
    }

    fn next(&mut self) -> u32 {
        self.number = self.number.saturating_add(1);
        self.number
    }
}

impl Next for Batch {
    fn work(&mut self, shard: Option<usize>, work: Work<&[u8]>, last: FrameRef) {
        let number = self.next();
        if let Work::Secrets(secrets) = &work {
            self.others = self.others.saturating_add(secrets.fresh_bytes());
        }
        if let Work::Ended(_) = work {
            // It takes memory, too, and gives a connection.
            self.others = self.others.saturating_add(2 * size_of::<FlowSummary>());
        }
        let work = work.with(|bytes| self.keep(bytes));
        let piece = |work| Piece {
            number,
            last,
            told: true,
            work,
        };
        if let Some(pieces) = shard.and_then(|place| self.pieces.get_mut(place)) {
            pieces.push(piece(work));
            return;
        }
        let [first, others @ ..] = &mut self.pieces;
        for pieces in others.iter_mut().filter(|_| self.dealt) {
            pieces.extend(work.for_another().map(|work| Piece {
                told: false,
                ..piece(work)
            }));
        }
        first.push(piece(work));
    }

    fn tell(&mut self, output: Output, last: FrameRef) {
        let number = self.next();
        self.others = self.others.saturating_add(output.memory());
        self.told.push((number, last, output));
    }

    /// Who watches packets is shown them in one thread.
    fn show(&mut self, _: &Packet<'_>) {}
}

/// A piece of work that waits; its bytes are in the content of its batch.
pub(super) struct Piece {
    number: u32,
    last: FrameRef,
    /// What comes of it is told; of what all shards do, those of the first tell it.
    told: bool,
    work: Work<Range<usize>>,
}

impl Piece {
    pub(super) fn perform(
        self,
        content: &[u8],
        shard: &mut Shard,
        means: &Means,
        outputs: &mut Vec<Done>,
    ) {
        let Self {
            number,
            last,
            told,
            work,
        } = self;
        let work = work.with(|range| content.get(range).unwrap_or_default());
        shard.work(work, means, last, &mut |output| {
            if told {
                outputs.push((number, last, output));
            }
        });
    }
}
