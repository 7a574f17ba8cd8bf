//! MACsec (IEEE 802.1AE §9): frames whose integrity is protected and whose content is open.
//!
//! Tag control (1), short length (1), packet number (4), channel (8) where a bit says so; then the frame from its `EtherType` on, and
//! a check value of 16 bytes.

use super::ethernet;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// `EtherType` (IEEE 802.1AE §9.3).
pub(super) const ETHERTYPE: u16 = 0x88e5;

/// The channel is named.
const CHANNEL: u8 = 0x20;
/// Encrypted, or changed in another way.
const CLOSED: u8 = 0x0c;
/// The check value of the cipher suites of the standard.
const CHECK: u32 = 16;

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.tag("macsec", None);
    let (control, short) = (bytes.u8_at(0)?, u32::from(bytes.u8_at(1)? & 0x3f));
    let rest = bytes.skip(if control & CHANNEL == 0 { 6 } else { 14 })?;
    if control & CLOSED != 0 {
        return Some((Next::Hidden("encrypted MACsec"), rest));
    }
    let secured = match short {
        0 => rest.limit(rest.wire_len().saturating_sub(CHECK)),
        n => rest.limit(n),
    };
    Some(ethernet::typed(secured.u16_at(0)?, secured.skip(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(frame: &[u8]) -> Option<(Next, usize)> {
        let (next, rest) = read(Bytes::whole(frame), &mut Layers::default())?;
        Some((next, rest.data.len()))
    }

    #[test]
    fn open_frames_are_read_and_encrypted_ones_named() {
        let long = [&[0x20, 0, 0, 0, 0, 1][..], &[9; 8], &[8, 0, 0x45], &[7; 16]].concat();
        assert_eq!(next(&long), Some((Next::EtherType(0x0800), 1)));
        let short = [&[0, 3, 0, 0, 0, 1, 8, 0, 0x45][..], &[7; 16]].concat();
        assert_eq!(next(&short), Some((Next::EtherType(0x0800), 1)));
        let mut closed = long.clone();
        closed[0] = 0x2c;
        assert!(matches!(next(&closed), Some((Next::Hidden(_), _))));
        assert_eq!(next(&long[..13]), None);
        assert_eq!(next(&long[..15]), None);
    }
}
