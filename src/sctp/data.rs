//! DATA (RFC 9260 §3.3.1) and I-DATA chunks (RFC 8260 §2.1).

use crate::packet::SctpChunk;

/// Chunk types (RFC 9260 §3.2, RFC 8260 §2.1).
pub(super) const DATA: u8 = 0;
pub(super) const INIT: u8 = 1;
pub(super) const INIT_ACK: u8 = 2;
pub(super) const SACK: u8 = 3;
pub(super) const I_DATA: u8 = 64;

/// To which user message a fragment belongs, as far as its chunk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stream {
    /// Stream identifier.
    pub(super) id: u16,
    /// Stream sequence number, or message identifier of I-DATA.
    pub(super) number: u32,
    /// The U bit.
    pub(super) unordered: bool,
}

/// A fragment of a user message, mostly all of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) tsn: u32,
    pub(super) stream: Stream,
    /// The place among the fragments of its message; `None` where the TSN says it (DATA).
    pub(super) fsn: Option<u32>,
    /// The payload protocol identifier; of I-DATA known in the first fragment.
    pub(super) ppid: u32,
    /// The B and E bits.
    pub(super) begin: bool,
    pub(super) end: bool,
    pub(super) bytes: &'a [u8],
    /// Bytes that the snap length cut.
    pub(super) missing: u32,
}

/// Reads a DATA or I-DATA chunk; `None` when it is too short for its header.
pub(super) fn read<'a>(chunk: &SctpChunk<'a>) -> Option<Data<'a>> {
    let value = chunk.value;
    let interleaved = chunk.kind == I_DATA;
    let own = if interleaved { 16 } else { 12 };
    let bytes = value.get(own..)?;
    let all = chunk.wire_len;
    let stored = u32::try_from(value.len()).unwrap_or(u32::MAX);
    let begin = chunk.flags & 2 != 0;
    let unordered = chunk.flags & 4 != 0;
    let (number, fsn, ppid) = if interleaved {
        let last = u32_at(value, 12)?;
        let (fsn, ppid) = if begin { (0, last) } else { (last, 0) };
        (u32_at(value, 8)?, Some(fsn), ppid)
    } else {
        // RFC 9260 §3.3.1: the sequence number of an unordered message has no meaning.
        let ssn = if unordered { 0 } else { u16_at(value, 6)? };
        (u32::from(ssn), None, u32_at(value, 8)?)
    };
    Some(Data {
        tsn: u32_at(value, 0)?,
        stream: Stream {
            id: u16_at(value, 4)?,
            number,
            unordered,
        },
        fsn,
        ppid,
        begin,
        end: chunk.flags & 1 != 0,
        bytes,
        missing: all.saturating_sub(stored),
    })
}

/// The initial TSN of an INIT or INIT ACK (RFC 9260 §3.3.2).
pub(super) fn initial_tsn(chunk: &SctpChunk<'_>) -> Option<u32> {
    u32_at(chunk.value, 12)
}

/// The cumulative TSN of a SACK (RFC 9260 §3.3.4).
pub(super) fn cumulative_tsn(chunk: &SctpChunk<'_>) -> Option<u32> {
    u32_at(chunk.value, 0)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}
