//! Network Service Header (RFC 8300 §2).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// `EtherType` (RFC 8300 §11.1).
pub(in crate::packet) const ETHERTYPE: u16 = 0x894f;

/// The length in words is the low six bits of the second byte, the protocol behind it the fourth byte.
pub(in crate::packet) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    // The service path; the last byte is the index on it.
    layers.tag("nsh", bytes.u32_at(4).map(|path| path >> 8));
    let len = usize::from(bytes.u8_at(1)? & 0x3f).saturating_mul(4);
    let rest = bytes.skip(len.max(8))?;
    Some(match bytes.u8_at(3)? {
        1 | 2 => (Next::Ip, rest),
        3 => (Next::Ethernet, rest),
        5 => (Next::EtherType(0x8847), rest),
        n => (Next::Unknown("NSH protocol", u16::from(n)), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_in_words() {
        let packet = [0, 3, 1, 1, 0, 0, 7, 255, 9, 9, 9, 9, 0x45];
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
    }
}
