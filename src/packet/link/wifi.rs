//! `LINKTYPE_IEEE802_11` (105): <https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11.html>; with a radiotap header (127):
//! <https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_RADIOTAP.html>. Data frames that are not encrypted.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const PLAIN: LinkType = LinkType(105);
pub(super) const RADIOTAP: LinkType = LinkType(127);

/// Version (1), padding (1), length of the header in little-endian (2).
pub(super) fn radiotap<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("radiotap");
    let len = bytes.u16_at(2)?.swap_bytes();
    read(bytes.skip(usize::from(len))?, layers)
}

/// IEEE 802.11 §9.2.3: frame control (2), duration (2), three addresses (18), sequence (2); then a fourth address between access
/// points and a QoS field when the subtype has one.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("wlan");
    let (control, flags) = (bytes.u8_at(0)?, bytes.u8_at(1)?);
    // Type 2 is data; bit 6 of the subtypes: without data.
    if control & 0x0c != 0x08 || control & 0x40 != 0 {
        return Some((Next::Named("wlan"), bytes));
    }
    if flags & 0x40 != 0 {
        return Some((
            Next::Unknown("encrypted 802.11 subtype", u16::from(control >> 4)),
            bytes,
        ));
    }
    let fourth = if flags & 3 == 3 { 6 } else { 0 };
    let quality = if control & 0x80 == 0 { 0 } else { 2 };
    // Several frames in one (A-MSDU): the first of them has addresses and length of its own.
    if quality == 2 && bytes.u8_at(fourth + 24)? & 0x80 != 0 {
        return Some((Next::Unknown("802.11 aggregate", 1), bytes));
    }
    Some((Next::Llc, bytes.skip(fourth + quality + 24)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(frame: &[u8]) -> Option<(Next, usize)> {
        let (next, rest) = radiotap(Bytes::whole(frame), &mut Layers::default())?;
        Some((next, rest.data.len()))
    }

    #[test]
    fn data_frames_carry_llc() {
        let frame = |control, flags, rest: usize| {
            [
                &[0, 0, 8, 0, 0, 0, 0, 0, control, flags][..],
                &vec![0; 22 + rest],
            ]
            .concat()
        };
        assert_eq!(next(&frame(0x08, 1, 5)), Some((Next::Llc, 5)));
        assert_eq!(next(&frame(0x88, 2, 5)), Some((Next::Llc, 3)));
        assert_eq!(next(&frame(0x88, 3, 9)), Some((Next::Llc, 1)));
        assert_eq!(next(&frame(0x80, 0, 9)).unwrap().0, Next::Named("wlan"));
        assert!(matches!(
            next(&frame(0x08, 0x41, 9)).unwrap().0,
            Next::Unknown(..)
        ));
        assert_eq!(next(&frame(0x88, 3, 7)), None);
    }
}
