//! Which frames of the capture carried which bytes of a stream.

use crate::base::FrameRef;
use std::collections::VecDeque;

/// Frames kept singly, as in `sip`: 4 MiB in full segments need 2 900.
const FRAMES_MAX: usize = 4096;

/// Places that are not given back when they are empty.
const FEW: usize = 8;

/// Where the frames of the bytes that are not yet consumed begin.
#[derive(Debug, Default)]
pub(super) struct Marks(VecDeque<(u64, FrameRef)>);

impl Marks {
    /// Bytes from stream position `from` on came in `at`.
    pub(super) fn note(&mut self, from: u64, at: FrameRef) {
        let full = self.0.len() >= FRAMES_MAX;
        match self.0.back_mut() {
            Some((_, last)) if *last == at => {}
            Some((_, last)) if full => *last = at,
            _ => self.0.push_back((from, at)),
        }
    }

    /// The bytes before `pos` are gone.
    pub(super) fn consumed(&mut self, pos: u64) {
        while self.0.get(1).is_some_and(|(from, _)| *from <= pos) {
            self.0.pop_front();
        }
        if self.0.len() <= 1 && self.0.capacity() > FEW {
            self.0.shrink_to(1);
        }
    }

    /// Bytes of memory beyond those few that each connection keeps.
    pub(super) fn memory(&self) -> usize {
        match self.0.capacity() {
            0..=FEW => 0,
            places => places.saturating_mul(size_of::<(u64, FrameRef)>()),
        }
    }

    /// The frame that carried the byte at `pos`.
    pub(super) fn at(&self, pos: u64) -> FrameRef {
        let before = self.0.iter().take_while(|(from, _)| *from <= pos).last();
        before
            .or_else(|| self.0.front())
            .map(|(_, at)| *at)
            .unwrap_or_default()
    }

    /// Adds the frames of the bytes from `from` up to `to`.
    pub(super) fn between(&self, from: u64, to: u64, frames: &mut Vec<FrameRef>) {
        let ends = self.0.iter().skip(1).map(|(next, _)| *next);
        for ((begin, at), end) in self.0.iter().zip(ends.chain([u64::MAX])) {
            if *begin < to && end > from && frames.last() != Some(at) {
                let full = frames.len() >= FRAMES_MAX;
                match frames.last_mut() {
                    Some(last) if full => *last = *at,
                    _ => frames.push(*at),
                }
            }
        }
    }
}
