//! What reassembly hands on: bytes in order, or the hole where bytes are missing.

use super::FrameRef;

/// A stretch of one direction of a stream, lent until the next push. Offsets count from 0 at the first byte.
#[derive(Debug, Clone, Copy)]
pub enum Chunk<'a> {
    /// Bytes, directly after everything handed on before.
    Data {
        /// Stream offset of the first byte.
        offset: u64,
        /// The frame that carried these bytes.
        at: FrameRef,
        /// The bytes; never empty.
        bytes: &'a [u8],
    },
    /// Bytes that were on the wire and are not in the capture. Nothing may be joined across it.
    Gap {
        /// Stream offset of the first missing byte.
        offset: u64,
        /// The frame that showed that they are missing.
        at: FrameRef,
        /// How many bytes are missing.
        len: u64,
    },
}
