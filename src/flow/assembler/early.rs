//! Segments that came before bytes that precede them.

use super::len64;
use crate::base::FrameRef;
use std::collections::BTreeMap;

/// A stretch of an early segment.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Box<[u8]>,
    /// Bytes of this segment that the snap length cut off behind `bytes`.
    pub(super) cut: u64,
    pub(super) at: FrameRef,
}

/// Early segments by stream offset. Stretches never overlap: of the same place, the bytes that came first count.
#[derive(Debug, Default)]
pub(super) struct Early {
    pieces: BTreeMap<u64, Piece>,
    bytes: usize,
}

/// Bytes that a stretch takes beside its own: its entry, and a piece of memory of its own. A flood of segments of one byte is mostly that.
pub(super) const PIECE: usize = 96;

impl Early {
    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
            .saturating_add(self.pieces.len().saturating_mul(PIECE))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Where the first stretch begins, and the frame that carried it.
    pub(super) fn first(&self) -> Option<(u64, FrameRef)> {
        self.pieces
            .first_key_value()
            .map(|(&offset, piece)| (offset, piece.at))
    }

    /// Takes out the first stretch if it begins at or before `next`.
    pub(super) fn pop(&mut self, next: u64) -> Option<(u64, Piece)> {
        let entry = self.pieces.first_entry()?;
        if *entry.key() > next {
            return None;
        }
        let (offset, piece) = entry.remove_entry();
        self.bytes -= piece.bytes.len();
        Some((offset, piece))
    }

    /// Moves every stretch up: offset 0 turned out to lie `by` bytes earlier.
    pub(super) fn shift(&mut self, by: u64) {
        self.pieces = std::mem::take(&mut self.pieces)
            .into_iter()
            .map(|(offset, piece)| (offset.saturating_add(by), piece))
            .collect();
    }

    /// Keeps a segment; tells whether bytes that were there already are others.
    pub(super) fn insert(&mut self, offset: u64, bytes: &[u8], cut: u64, at: FrameRef) -> bool {
        let mut conflict = false;
        let mut start = offset;
        let mut rest = bytes;
        if let Some((&before, piece)) = self.pieces.range(..=start).next_back() {
            let end = before + len64(&piece.bytes);
            if end > start {
                let have = usize::try_from(end - start)
                    .unwrap_or(usize::MAX)
                    .min(rest.len());
                let from = usize::try_from(start - before).unwrap_or(usize::MAX);
                let theirs = piece.bytes.get(from..from + have);
                let (old, fresh) = rest.split_at(have);
                conflict |= theirs.is_some_and(|t| t != old);
                rest = fresh;
                start = end;
            }
        }
        while !rest.is_empty() {
            let stop = self.pieces.range(start..).next().map(|(&o, p)| (o, p));
            let free = stop.map_or(rest.len(), |(o, _)| {
                usize::try_from(o - start)
                    .unwrap_or(usize::MAX)
                    .min(rest.len())
            });
            let (fresh, after) = rest.split_at(free);
            let covered = stop.map_or(0, |(_, p)| p.bytes.len().min(after.len()));
            if let Some((_, piece)) = stop {
                let (old, _) = after.split_at(covered);
                conflict |= piece.bytes.get(..covered).is_some_and(|t| t != old);
            }
            let next_start = start + len64(fresh) + u64::try_from(covered).unwrap_or(0);
            if !fresh.is_empty() {
                self.bytes += fresh.len();
                let piece = Piece {
                    bytes: fresh.into(),
                    cut: if after.is_empty() { cut } else { 0 },
                    at,
                };
                self.pieces.insert(start, piece);
            }
            rest = after.get(covered..).unwrap_or_default();
            start = next_start;
        }
        conflict
    }
}
