//! GTP-U version 1 (3GPP TS 29.281 §5).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port of user data.
pub(super) const PORT: u16 = 2152;
/// UDP port of version 0.
pub(super) const PORT_0: u16 = 3386;

/// Message type of a user packet.
const USER_PACKET: u8 = 255;

/// Flags (1), type (1), length (2), tunnel (4); with any of E, S, PN: sequence (2), N-PDU (1), type of the next extension (1). An
/// extension has its length in words first and the type of the next last.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let flags = bytes.u8_at(0)?;
    if flags >> 4 != 0x3 || bytes.u8_at(1)? != USER_PACKET {
        return None;
    }
    let mut rest = bytes.skip(8)?.limit(u32::from(bytes.u16_at(2)?));
    if flags & 0x07 != 0 {
        let mut next = if flags & 0x04 != 0 { rest.u8_at(3)? } else { 0 };
        rest = rest.skip(4)?;
        while next != 0 {
            let len = usize::from(rest.u8_at(0)?).saturating_mul(4);
            next = rest.u8_at(len.checked_sub(1)?)?;
            rest = rest.skip(len)?;
        }
    }
    if !matches!(rest.u8_at(0)? >> 4, 4 | 6) {
        return None;
    }
    layers.tag("gtp", bytes.u32_at(4));
    Some((Next::Ip, rest))
}

/// GTP version 0 (3GPP TS 09.60 §7.5): a header of 20 bytes.
pub(super) fn version_0<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let rest = bytes.skip(20)?;
    let user_packet = bytes.u8_at(0)? >> 4 == 0x1 && bytes.u8_at(1)? == USER_PACKET;
    if !user_packet || !matches!(rest.u8_at(0)? >> 4, 4 | 6) {
        return None;
    }
    // The flow label is what version 0 has for a tunnel.
    layers.tag("gtp", bytes.u16_at(6).map(u32::from));
    Some((Next::Ip, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_skipped_and_an_empty_one_does_not_hang() {
        let packet = [0x34, 255, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0, 0x45];
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        let mut empty = packet;
        empty[12] = 0;
        assert!(read(Bytes::whole(&empty), &mut Layers::default()).is_none());
    }
}
