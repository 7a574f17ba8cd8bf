//! Which frames carried which bytes of a stream.

use crate::base::FrameRef;
use std::collections::VecDeque;

/// Frames kept singly, of one message and of the bytes that wait: 4 MiB in full segments need 2 900.
const FRAMES_MAX: usize = 4096;

/// The frames of one message: the first in place, because mostly there is no other.
#[derive(Debug, Clone, Default)]
pub(super) struct Frames {
    pub(super) first: FrameRef,
    pub(super) rest: Option<Box<Rest>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Rest {
    pub(super) frames: Vec<FrameRef>,
    /// Frames not kept singly.
    pub(super) omitted: u64,
}

impl Frames {
    pub(super) const fn one(at: FrameRef) -> Self {
        Self {
            first: at,
            rest: None,
        }
    }

    pub(super) fn add(&mut self, at: FrameRef, omitted: u64) {
        if omitted == 0 && self.iter().any_is(at) {
            return;
        }
        let rest = self.rest.get_or_insert_default();
        rest.omitted = rest.omitted.saturating_add(omitted);
        if rest.frames.last() != Some(&at) {
            rest.frames.push(at);
        }
    }

    pub(super) fn iter(&self) -> FramesIter<'_> {
        FramesIter {
            first: Some(self.first),
            rest: self
                .rest
                .as_ref()
                .map_or(&[][..], |r| r.frames.as_slice())
                .iter(),
        }
    }

    /// The frame with the largest number: the one that completed the message.
    pub(super) fn last(&self) -> FrameRef {
        if self.rest.is_none() {
            return self.first;
        }
        self.iter()
            .max_by_key(|at| (at.file, at.number))
            .unwrap_or(self.first)
    }
}

/// The frames of a message, in stream order.
#[derive(Debug, Clone)]
pub struct FramesIter<'a> {
    first: Option<FrameRef>,
    rest: std::slice::Iter<'a, FrameRef>,
}

impl FramesIter<'_> {
    /// Whether a frame is among the last few: streams repeat a frame directly after itself.
    fn any_is(mut self, at: FrameRef) -> bool {
        match self.rest.next_back() {
            Some(last) => *last == at,
            None => self.first == Some(at),
        }
    }
}

impl Iterator for FramesIter<'_> {
    type Item = FrameRef;
    fn next(&mut self) -> Option<FrameRef> {
        self.first.take().or_else(|| self.rest.next().copied())
    }
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Stream position of the first byte of this frame.
    from: u64,
    at: FrameRef,
    /// Frames before `at` that are not kept singly.
    omitted: u64,
}

/// Places that are not given back when they are empty.
const FEW: usize = 8;

/// Where the frames of the bytes that are not yet consumed begin.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marks: VecDeque<Mark>,
}

impl Marks {
    /// Bytes from stream position `from` on came in `at`.
    pub(super) fn note(&mut self, from: u64, at: FrameRef) {
        let full = self.marks.len() >= FRAMES_MAX;
        match self.marks.back_mut() {
            Some(last) if last.at == at => {}
            Some(last) if full => {
                last.at = at;
                last.omitted = last.omitted.saturating_add(1);
            }
            _ => {
                if self.marks.is_empty() {
                    self.marks.reserve_exact(1);
                }
                self.marks.push_back(Mark {
                    from,
                    at,
                    omitted: 0,
                });
            }
        }
    }

    /// Bytes of memory: segments of one byte are mostly that.
    pub(super) fn memory(&self) -> usize {
        self.marks.capacity().saturating_mul(size_of::<Mark>())
    }

    /// The bytes before `pos` are gone.
    pub(super) fn consumed(&mut self, pos: u64) {
        while self.marks.get(1).is_some_and(|next| next.from <= pos) {
            self.marks.pop_front();
        }
        if self.marks.len() <= 1 && self.marks.capacity() > FEW {
            self.marks.shrink_to(1);
        }
    }

    /// The frame of the first byte that is left.
    pub(super) fn first(&self) -> FrameRef {
        self.marks.front().map(|m| m.at).unwrap_or_default()
    }

    /// The frames of the bytes that are left, up to stream position `end`.
    pub(super) fn until(&self, end: u64) -> Frames {
        let mut marks = self.marks.iter();
        let mut frames = Frames::one(self.first());
        if let Some(first) = marks.next().filter(|m| m.omitted > 0) {
            frames.add(first.at, first.omitted);
        }
        for mark in marks.take_while(|m| m.from < end) {
            frames.add(mark.at, mark.omitted);
        }
        frames
    }
}
