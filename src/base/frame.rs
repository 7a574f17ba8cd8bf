//! A captured frame and how it is named in a report.

use super::Timestamp;
use std::fmt;
use std::num::NonZeroU16;

/// The number Wireshark shows for a frame: counted from 1 within its file.
///
/// 48 bits in three parts, the highest first and one more than it is: a [`FrameRef`] then takes 16 bytes, and an `Option` of one no more.
/// Thousands of them are kept of connections and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(NonZeroU16, u16, u16);

impl FrameNumber {
    /// This number; the largest that can be kept is 2^48 - 2^32 - 1, for files of petabytes.
    pub const fn new(number: u64) -> Self {
        const MAX: u64 = (1 << 48) - (1 << 32) - 1;
        let number = if number < MAX { number } else { MAX };
        let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
        Self(
            NonZeroU16::MIN.saturating_add(u16::from_be_bytes([a, b])),
            u16::from_be_bytes([c, d]),
            u16::from_be_bytes([e, f]),
        )
    }

    /// As a plain number.
    pub const fn get(self) -> u64 {
        let [a, b] = (self.0.get() - 1).to_be_bytes();
        let ([c, d], [e, f]) = (self.1.to_be_bytes(), self.2.to_be_bytes());
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

impl Default for FrameNumber {
    fn default() -> Self {
        Self::new(0)
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Which of the captures given to one analysis: counted from 0 in the order they were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileIndex(pub u16);

/// Where and when something was seen: everything a person needs to find it in Wireshark.
///
/// Ordered by time first, because several files are merged in time order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameRef {
    /// Capture time.
    pub time: Timestamp,
    /// Which capture file.
    pub file: FileIndex,
    /// Frame number in that file.
    pub number: FrameNumber,
}

/// A link-layer header type as registered at <https://www.tcpdump.org/linktypes.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// One captured frame, lent by the reader until its next call.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// File, number and time.
    pub at: FrameRef,
    /// How the first header is to be read.
    pub link: LinkType,
    /// The bytes that were stored.
    pub bytes: &'a [u8],
    /// Length on the wire in bytes; larger than `bytes` when the snap length cut the frame.
    pub original_len: u32,
}

impl Frame<'_> {
    /// Bytes that were on the wire but are not in the file.
    pub fn missing(&self) -> u32 {
        let stored = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.original_len.saturating_sub(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_and_a_place_is_small() {
        let all = [
            0,
            1,
            0xffff,
            0x1_0000,
            0xffff_ffff,
            0x1_0000_0000,
            0xfffe_ffff_ffff,
        ];
        let numbers = all.map(FrameNumber::new);
        assert_eq!(numbers.map(FrameNumber::get), all);
        assert!(numbers.is_sorted());
        assert_eq!(FrameNumber::new(u64::MAX).get(), 0xfffe_ffff_ffff);
        assert_eq!(size_of::<Option<FrameRef>>(), 16);
    }
}
