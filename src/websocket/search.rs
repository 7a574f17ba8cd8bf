//! Frames where nothing says that there are any: behind missing bytes, and in connections that began before the capture.
//!
//! Only a frame is believed whose content begins with SIP: the header alone is two bytes, and other protocols have them as well.

use super::frame::{self, Header, Look, Opcode};
use super::inflate;
use super::upgrade;
use crate::sip::{self, Probe};
use memchr::memchr2_iter;

/// Bytes of a payload that are looked at: a start line is not longer.
const PAYLOAD: usize = (8 << 10) + 1;
/// Most bytes of a frame that is looked for.
pub(super) const LONGEST: u64 = 8 << 20;

/// Whether the first bytes of a direction are WebSocket: the opening handshake, or a frame with SIP in it. `late`: the start of the
/// stream was missed, and a frame with nothing but the line ends of a keep-alive will do (RFC 5626 §3.5.1).
pub fn probe(bytes: &[u8], late: bool) -> Probe {
    match upgrade::look(bytes) {
        upgrade::Look::Upgrade(_) => return Probe::Yes,
        upgrade::Look::More => return Probe::NeedMore,
        upgrade::Look::No => {}
    }
    match believable(bytes, None, LONGEST, true) {
        Probe::No if late && is_keep_alive(bytes) => Probe::Yes,
        probe => probe,
    }
}

/// Where, in a stream whose beginning is missing, a frame with the beginning of a SIP message begins; or before which byte none can.
///
/// # Errors
///
/// The number of bytes in which no such frame begins, whatever follows.
pub fn find(bytes: &[u8]) -> Result<usize, usize> {
    // Final frames of text or binary data without compression: what clients of SIP send.
    let mut first = Vec::new();
    for at in memchr2_iter(0x81, 0x82, bytes) {
        let rest = bytes.get(at..).unwrap_or(&[]);
        // A start line begins with a word: a look at four bytes spares the others nearly always.
        if let Look::Header(header) = frame::look(rest) {
            first.clear();
            header.unmasked(rest, 4, &mut first);
            if !first.iter().all(u8::is_ascii_graphic) {
                continue;
            }
        }
        match believable(rest, None, LONGEST, false) {
            Probe::Yes => return Ok(at),
            Probe::NeedMore => return Err(at),
            Probe::No => {}
        }
    }
    Err(bytes.len())
}

/// Whether the bytes are whole frames with nothing but line ends.
fn is_keep_alive(bytes: &[u8]) -> bool {
    let Look::Header(header) = frame::look(bytes) else {
        return false;
    };
    let mut text = Vec::new();
    header.unmasked(bytes, 4, &mut text);
    header.fin
        && !header.compressed
        && matches!(header.opcode, Opcode::Text | Opcode::Binary)
        && usize::try_from(header.total()).is_ok_and(|total| total == bytes.len())
        && matches!(&text[..], b"\r\n" | b"\r\n\r\n")
}

/// Whether a frame with the beginning of a SIP message begins here. `masked`: whether the frames of this direction are, where known.
/// `most`: bytes of its payload; `compressed`: whether such frames are tried as well.
pub(super) fn believable(view: &[u8], masked: Option<bool>, most: u64, compressed: bool) -> Probe {
    match view.first() {
        Some(first) if may_begin(*first) && (compressed || first & 0x40 == 0) => {}
        _ => return Probe::No,
    }
    if let (Some(second), Some(masked)) = (view.get(1), masked)
        && (second & 0x80 != 0) != masked
    {
        return Probe::No;
    }
    let header = match frame::look(view) {
        Look::Header(header) => header,
        Look::More => return Probe::NeedMore,
        Look::Bad(_) => return Probe::No,
    };
    if !header.shortest || header.len == 0 || header.len > most {
        return Probe::No;
    }
    let said = content(view, &header);
    let all = usize::try_from(header.total()).is_ok_and(|total| view.len() >= total);
    match said {
        // The first line ends elsewhere, or nowhere: too little to believe.
        Probe::NeedMore if all => Probe::No,
        said => said,
    }
}

/// The first byte of a text or binary message, whole or in fragments, compressed or not.
pub(super) const fn may_begin(byte: u8) -> bool {
    matches!(byte & 0x3f, 1 | 2)
}

fn content(view: &[u8], header: &Header) -> Probe {
    let mut payload = Vec::new();
    header.unmasked(view, PAYLOAD, &mut payload);
    if !header.compressed {
        return if payload.is_empty() {
            Probe::NeedMore
        } else {
            sip::probe_after_gap(&payload)
        };
    }
    // The first block (RFC 1951 §3.2.3): there is no type 3, and one that is stored has its length twice.
    match payload.first().map(|b| b >> 1 & 3) {
        None => return Probe::NeedMore,
        Some(3) => return Probe::No,
        Some(0) => match payload.get(1..5) {
            None => return Probe::NeedMore,
            Some([a, b, c, d]) if (a ^ c) & (b ^ d) == 0xff => {}
            Some(_) => return Probe::No,
        },
        Some(_) => {}
    }
    let (text, goes_on) = inflate::beginning(&payload, PAYLOAD);
    let said = if text.is_empty() {
        Probe::NeedMore
    } else {
        sip::probe_after_gap(&text)
    };
    match said {
        Probe::NeedMore if !goes_on => Probe::No,
        said => said,
    }
}
