//! What a report says about a capture file itself.

use super::Clock;
use crate::base::{Span, Timestamp};

/// A capture file and what was read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaptureSummary {
    /// What the user called it.
    pub name: String,
    /// SHA-256 of the file as stored; `None` when it was not asked for or not all of the file could be read.
    pub sha256: Option<[u8; 32]>,
    /// `pcap`, `pcap (nanoseconds)`, `pcap (modified)` or `pcapng`, followed by `, gzip`, `, zstd` or `, lz4` when compressed.
    pub format: String,
    /// Frames read.
    pub packets: u64,
    /// Captured bytes of all frames together, without the headers of the file format.
    pub bytes: u64,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
    /// Read to a proper end without damage.
    pub complete: bool,
    /// Digits of a second's fraction that the file can tell: 6 or 9 in pcap; the finest `if_tsresol` in pcapng, 9 at most.
    pub digits: u8,
    /// Packets that the capturing program says it lost; `None` when it says nothing.
    pub drops: Option<u64>,
    /// How often a frame was earlier than the one before it in the file, and by how much at most.
    pub steps_back: (u64, Span),
    /// How far its clock is off that of the capture named first.
    pub clock: Clock,
}
