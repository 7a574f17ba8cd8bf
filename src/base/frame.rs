//! A captured frame and how it is named in a report.

use super::Timestamp;
use std::fmt;

/// The number Wireshark shows for a frame: counted from 1 within its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameNumber(pub u64);

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
