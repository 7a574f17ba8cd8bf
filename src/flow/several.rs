//! One direction of a connection as several captures show it.

use crate::base::FileIndex;

/// Captures remembered for one direction: the same traffic is not captured at more places.
const FILES: usize = 8;

/// How far each capture has shown a direction: the sequence number behind the last byte.
#[derive(Debug, Default)]
pub(super) struct Shown {
    files: Vec<(FileIndex, u32)>,
}

impl Shown {
    /// Notes that a capture showed the bytes before sequence number `end`; whether any of them were new to it.
    pub(super) fn further(&mut self, file: FileIndex, end: u32) -> bool {
        if let Some((_, known)) = self.files.iter_mut().find(|(f, _)| *f == file) {
            // RFC 9293 §3.4: a number is later when it is less than half the space ahead.
            let ahead = end.wrapping_sub(*known);
            let new = ahead != 0 && ahead < 1 << 31;
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

#[cfg(test)]
mod tests {
    use super::*;

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
