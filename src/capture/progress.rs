//! How far a capture was read: frame numbers, times, sums; shared by both formats.

use super::Clock;
use super::fill::Buffer;
use crate::base::{
    CaveatKind, Caveats, FileIndex, FrameNumber, FrameRef, LinkType, Span, Timestamp,
};
use std::ops::Range;

/// Something found, as places in [`Buffer::data`]: a borrow could not leave the loop that may have to read on.
#[derive(Debug)]
pub(super) enum Found {
    Frame {
        at: FrameRef,
        link: LinkType,
        bytes: Range<usize>,
        original_len: u32,
    },
    Secrets(Range<usize>, FrameRef),
    Comment(Range<usize>, FrameRef),
}

/// Why reading is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The file ended where a record ends.
    End,
    /// The file ended inside a record.
    Cut,
    /// Nothing readable behind damage.
    Lost,
}

#[derive(Debug)]
pub(super) struct Progress {
    file: FileIndex,
    /// Number of the last frame, as Wireshark counts.
    pub(super) number: u64,
    time: Timestamp,
    /// Bytes of the record that was lent; given up at the next step.
    pub(super) lent: usize,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) digits: u8,
    pub(super) drops: Option<u64>,
    /// Steps back in time, and the largest.
    pub(super) steps_back: (u64, Span),
    pub(super) damaged: bool,
    pub(super) stop: Option<Stop>,
    pub(super) told: bool,
    pub(super) clock: Clock,
}

impl Progress {
    pub(super) fn new(file: FileIndex) -> Self {
        Self {
            file,
            number: 0,
            time: Timestamp::default(),
            lent: 0,
            packets: 0,
            bytes: 0,
            first: None,
            last: None,
            digits: 6,
            drops: None,
            steps_back: (0, Span::ZERO),
            damaged: false,
            stop: None,
            told: false,
            clock: Clock::Reference,
        }
    }

    /// The last frame; the place of what has none of its own.
    pub(super) fn last_ref(&self) -> FrameRef {
        FrameRef {
            time: self.clock.corrected(self.time),
            file: self.file,
            number: FrameNumber::new(self.number),
        }
    }

    /// The time of the last frame.
    pub(super) fn time(&self) -> Timestamp {
        self.time
    }

    /// Numbers a frame that is handed on.
    pub(super) fn frame(
        &mut self,
        time: Timestamp,
        captured: usize,
        caveats: &mut Caveats,
    ) -> FrameRef {
        self.number = self.number.saturating_add(1);
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(captured as u64);
        if time.nanos() == i64::MAX || time.nanos() == i64::MIN {
            let text = "a time outside of the years 1677 to 2262; the nearest in them was taken";
            caveats.note(CaveatKind::TimeBackwards, Some(self.last_ref()), text);
        }
        let before = std::mem::replace(&mut self.time, time);
        if self.first.is_none() {
            self.first = Some(time);
            self.last = Some(time);
        } else if time < before {
            self.first = self.first.min(Some(time));
            let (steps, largest) = self.steps_back;
            self.steps_back = (steps.saturating_add(1), largest.max(before.since(time)));
            let text = "a frame is earlier than the one before it in the file";
            caveats.note(CaveatKind::TimeBackwards, Some(self.last_ref()), text);
        } else {
            self.last = self.last.max(Some(time));
        }
        self.last_ref()
    }

    /// Numbers a record that Wireshark shows as a frame and that carries nothing for us.
    pub(super) fn number_only(&mut self) -> FrameRef {
        self.number = self.number.saturating_add(1);
        self.last_ref()
    }

    /// Notes damage in the record behind the last frame.
    pub(super) fn damage(&mut self, caveats: &mut Caveats, buffer: &Buffer<'_>, what: &str) {
        self.damaged = true;
        let (frame, byte) = (self.number, buffer.offset());
        let text = format!("behind frame {frame} (byte {byte}): {what}");
        caveats.note(CaveatKind::CorruptBlock, Some(self.last_ref()), text);
    }

    /// Packets lost while capturing, in addition to those known.
    pub(super) fn add_drops(&mut self, count: u64) {
        self.drops = Some(self.drops.unwrap_or(0).saturating_add(count));
    }
}

/// How far ahead a record is looked for and must be whole: the largest packet Wireshark writes (256 KiB) is `LOOK` bytes.
pub(super) const LOOK: usize = 256 << 10;

/// Goes to the next place where `good` recognises a record, and says how many bytes were skipped. `None` at the end of the file.
///
/// `good` gets the bytes from a place on, and whether they are the last of the file.
pub(super) fn resync(buffer: &mut Buffer<'_>, good: impl Fn(&[u8], bool) -> bool) -> Option<u64> {
    let from = buffer.offset();
    buffer.consume(1);
    loop {
        let last = !buffer.ensure(LOOK.saturating_mul(2));
        let data = buffer.data();
        let places = if last {
            data.len()
        } else {
            data.len().saturating_sub(LOOK)
        };
        let hit = (0..places).find(|at| data.get(*at..).is_some_and(|d| good(d, last)));
        buffer.consume(hit.unwrap_or(places));
        if hit.is_some() {
            return Some(buffer.offset().saturating_sub(from));
        }
        if last {
            return None;
        }
    }
}
