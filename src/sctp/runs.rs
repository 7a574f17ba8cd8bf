//! Fragments to user messages: neighbours are joined, from the one with the B bit to the one with the E bit (RFC 9260 §6.9).

use super::data::{Data, Stream};
use crate::base::FrameRef;
use std::collections::{BTreeMap, VecDeque};

/// Bytes that keeping a fragment costs besides its own.
pub(super) const OVERHEAD: usize = 128;

/// A fragment that waits.
#[derive(Debug)]
pub(super) struct Part {
    bytes: Box<[u8]>,
    missing: u32,
    /// Where it was: several frames when the packet came in IP fragments.
    frames: Box<[FrameRef]>,
}

/// Fragments that follow one another.
#[derive(Debug)]
pub(super) struct Run {
    parts: VecDeque<Part>,
    stream: Stream,
    begin: bool,
    end: bool,
    /// Of the first fragment.
    pub(super) ppid: u32,
    /// Bytes in memory.
    pub(super) held: usize,
}

impl Run {
    fn new(data: &Data<'_>, frames: &[FrameRef]) -> Self {
        Self {
            parts: VecDeque::from([Part {
                bytes: data.bytes.into(),
                missing: data.missing,
                frames: frames.into(),
            }]),
            stream: data.stream,
            begin: data.begin,
            end: data.end,
            ppid: data.ppid,
            held: data.bytes.len().saturating_add(OVERHEAD),
        }
    }

    fn len(&self) -> u64 {
        u64::try_from(self.parts.len()).unwrap_or(u64::MAX)
    }

    /// Where it was seen last.
    pub(super) fn at(&self) -> FrameRef {
        let frames = self.parts.back().and_then(|p| p.frames.last());
        frames.copied().unwrap_or_default()
    }

    /// Joins `right` behind `self`, the shorter one moving.
    fn join(mut self, mut right: Self) -> Self {
        let held = self.held.saturating_add(right.held);
        let (stream, begin, end, ppid) = (self.stream, self.begin, right.end, self.ppid);
        let parts = if self.parts.len() >= right.parts.len() {
            self.parts.append(&mut right.parts);
            self.parts
        } else {
            while let Some(part) = self.parts.pop_back() {
                right.parts.push_front(part);
            }
            right.parts
        };
        Self {
            parts,
            stream,
            begin,
            end,
            ppid,
            held,
        }
    }

    /// The bytes up to the first that the snap length cut, how many there were on the wire, and the frames.
    pub(super) fn put_together(self) -> (Vec<u8>, u64, Vec<FrameRef>) {
        let (mut bytes, mut frames) = (Vec::new(), Vec::new());
        let (mut wire, mut cut) = (0_u64, false);
        for part in self.parts {
            let len = u64::try_from(part.bytes.len()).unwrap_or(u64::MAX);
            wire = wire
                .saturating_add(len)
                .saturating_add(u64::from(part.missing));
            if !cut {
                bytes.extend_from_slice(&part.bytes);
            }
            cut |= part.missing > 0;
            for at in part.frames {
                if frames.last() != Some(&at) {
                    frames.push(at);
                }
            }
        }
        (bytes, wire, frames)
    }
}

/// The fragments of a direction that wait, by the number that counts them.
#[derive(Debug, Default)]
pub(super) struct Runs(BTreeMap<u64, Run>);

impl Runs {
    /// Takes the fragment with number `n`; the whole message, when it was the last that was wanting. `most`: bytes of a message in
    /// memory; a longer one is given back as it is, in `Err`.
    pub(super) fn add(
        &mut self,
        n: u64,
        data: &Data<'_>,
        frames: &[FrameRef],
        most: usize,
    ) -> Result<Option<Run>, Run> {
        let mut run = Run::new(data, frames);
        let mut start = n;
        let left = self
            .0
            .range(..n)
            .next_back()
            .map(|(start, run)| (*start, run));
        let left = left.filter(|(at, left)| {
            at.saturating_add(left.len()) == n
                && !left.end
                && !run.begin
                && left.stream == run.stream
        });
        if let Some(at) = left.map(|(at, _)| at)
            && let Some(left) = self.0.remove(&at)
        {
            run = left.join(run);
            start = at;
        }
        let next = n.saturating_add(1);
        let right = self.0.get(&next);
        if right.is_some_and(|right| !right.begin && !run.end && right.stream == run.stream)
            && let Some(right) = self.0.remove(&next)
        {
            run = run.join(right);
        }
        if run.begin && run.end {
            return Ok(Some(run));
        }
        if run.held > most {
            return Err(run);
        }
        // A number that is taken cannot come again: TSNs are looked at before.
        self.0.insert(start, run);
        Ok(None)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What never became whole.
    pub(super) fn into_rest(self) -> impl Iterator<Item = Run> {
        self.0.into_values()
    }
}
