//! One direction of a connection as several captures show it.

use crate::base::{FileIndex, FrameRef, Span, Timestamp};

/// Captures remembered for one direction: the same traffic is not captured at more places.
const FILES: usize = 8;
/// What two captures show within this time is one packet; a sender waits longer before it repeats (RFC 6298 §2.4).
const ON_THE_WAY: Span = Span::from_millis(200);
/// Segments remembered for that.
const RECENT: usize = 16;

/// How far each capture has shown a direction: the sequence number behind the last byte.
#[derive(Debug, Default)]
pub(super) struct Shown {
    files: Vec<(FileIndex, u32)>,
    /// When any of them showed new bytes last.
    new: Option<Timestamp>,
    /// Segments of which no other capture has shown a copy yet: the capture, where they begin, and when.
    recent: Vec<(FileIndex, u32, Timestamp)>,
}

impl Shown {
    /// Notes the bytes between two sequence numbers; whether another capture has just shown them, so that they were not sent twice.
    pub(super) fn is_copy(&mut self, at: FrameRef, seq: u32, end: u32) -> bool {
        let soon = |time: Timestamp| {
            at.time.since(time).nanos().unsigned_abs() < ON_THE_WAY.nanos().unsigned_abs()
        };
        // In other segments.
        let known = self.files.iter().any(|(_, shown)| !is_ahead(end, *shown));
        let mut copy = self.further(at.file, end) && known && self.new.is_some_and(soon);
        if !known {
            self.new = Some(at.time);
        }
        // In the same one.
        self.recent.retain(|(_, _, time)| soon(*time));
        let twin = |(file, s, _): &(FileIndex, u32, Timestamp)| *s == seq && *file != at.file;
        if let Some(place) = self.recent.iter().position(twin) {
            self.recent.remove(place);
            copy = true;
        } else if self.recent.len() < RECENT {
            self.recent.push((at.file, seq, at.time));
        }
        copy
    }

    /// Notes that a capture showed the bytes before sequence number `end`; whether any of them were new to it.
    fn further(&mut self, file: FileIndex, end: u32) -> bool {
        if let Some((_, known)) = self.files.iter_mut().find(|(f, _)| *f == file) {
            let new = is_ahead(end, *known);
            if new {
                *known = end;
            }
            return new;
        }
        if self.files.len() < FILES {
            self.files.push((file, end));
        }
        true
    }
}

/// RFC 9293 §3.4: a number is later when it is less than half the space ahead.
fn is_ahead(a: u32, b: u32) -> bool {
    let ahead = a.wrapping_sub(b);
    ahead != 0 && ahead < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FrameNumber;

    #[test]
    fn a_packet_in_two_captures_is_a_copy_and_a_later_repetition_is_not() {
        let at = |file, ms: i64| FrameRef {
            file: FileIndex(file),
            number: FrameNumber::new(1),
            time: Timestamp::from_nanos(ms * 1_000_000),
        };
        let mut shown = Shown::default();
        assert!(!shown.is_copy(at(0, 0), 100, 200));
        assert!(shown.is_copy(at(1, 2), 100, 200), "the other capture");
        assert!(!shown.is_copy(at(0, 300), 100, 200), "repeated");
        assert!(
            shown.is_copy(at(1, 302), 100, 200),
            "repeated, the other capture"
        );
        assert!(!shown.is_copy(at(0, 400), 200, 300));
        let rotated = at(2, 900);
        assert!(
            !shown.is_copy(rotated, 200, 300),
            "repeated in the next file"
        );
    }

    #[test]
    fn what_a_capture_has_shown_is_not_new_in_it_but_in_another() {
        let mut shown = Shown::default();
        let (a, b) = (FileIndex(0), FileIndex(1));
        assert!(shown.further(a, u32::MAX - 5));
        assert!(shown.further(a, 20), "numbers wrap");
        assert!(!shown.further(a, 20));
        assert!(!shown.further(a, u32::MAX));
        assert!(shown.further(b, u32::MAX - 5));
        assert!(!shown.further(b, u32::MAX - 5));
    }
}
