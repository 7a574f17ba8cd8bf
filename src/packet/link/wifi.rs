//! `LINKTYPE_IEEE802_11` (105): <https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11.html>; with a header of the radio before it:
//! radiotap (127, <https://www.radiotap.org/>), Prism (119) and AVS (163), <https://www.tcpdump.org/linktypes.html>. Data frames that are
//! not encrypted.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(in crate::packet) const PLAIN: LinkType = LinkType(105);
pub(in crate::packet) const PRISM: LinkType = LinkType(119);
pub(super) const RADIOTAP: LinkType = LinkType(127);
pub(in crate::packet) const AVS: LinkType = LinkType(163);

/// Version (1), padding (1), length of the header in little-endian (2), a bit for each field; then the fields.
pub(super) fn radiotap<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    /// Another word of bits follows.
    const MORE: u32 = 0x8000_0000;
    /// The card padded the header to a multiple of four.
    const PADDED: u8 = 0x20;
    layers.push("radiotap");
    let len = usize::from(bytes.u16_at(2)?.swap_bytes());
    let present = |at| bytes.u32_at(at).map(u32::swap_bytes);
    let first = present(4).unwrap_or(0);
    let mut fields = 8usize;
    while fields < len && present(fields.saturating_sub(4)).is_some_and(|w| w & MORE != 0) {
        fields = fields.saturating_add(4);
    }
    // The first fields are the time (8, aligned) and the flags (1).
    if first & 1 != 0 {
        fields = fields.next_multiple_of(8).saturating_add(8);
    }
    let flags = bytes
        .u8_at(fields)
        .filter(|_| first & 2 != 0 && fields < len);
    let padded = flags.is_some_and(|f| f & PADDED != 0);
    frame(bytes.skip(len)?, padded, layers)
}

/// Kind (4) and length (4) in the byte order of the host; or an AVS header, which replaced it under the same number.
pub(super) fn prism<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    /// The length is 144 in every version.
    const OWN: usize = 144;
    if bytes.u32_at(0)? >> 12 == 0x8_0211 {
        return avs(bytes, layers);
    }
    layers.push("prism");
    frame(bytes.skip(OWN)?, false, layers)
}

/// Magic and version (4), length of the header (4).
pub(super) fn avs<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("avs");
    let len = usize::try_from(bytes.u32_at(4)?).ok()?;
    frame(bytes.skip(len.max(8))?, false, layers)
}

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    frame(bytes, false, layers)
}

/// IEEE 802.11 §9.2.3: frame control (2), duration (2), three addresses (18), sequence (2); then a fourth address between access
/// points, a QoS field when the subtype has one, and an HT field when the order bit of such a frame is set.
fn frame<'a>(bytes: Bytes<'a>, padded: bool, layers: &mut Layers) -> Taken<'a> {
    layers.push("wlan");
    let (control, flags) = (bytes.u8_at(0)?, bytes.u8_at(1)?);
    // Type 2 is data; bit 6 of the subtypes: without data.
    if control & 0x0c != 0x08 || control & 0x40 != 0 {
        return Some((Next::Named("wlan"), bytes));
    }
    if flags & 0x40 != 0 {
        return Some((Next::Hidden("encrypted 802.11"), bytes));
    }
    if flags & 0x04 != 0 || bytes.u8_at(22)? & 0x0f != 0 {
        return Some((Next::Hidden("pieces of 802.11 frames"), bytes));
    }
    let quality = control & 0x80 != 0;
    let mut own = if flags & 3 == 3 { 30usize } else { 24 };
    let aggregate = quality && bytes.u8_at(own)? & 0x80 != 0;
    if quality {
        own = own.saturating_add(if flags & 0x80 == 0 { 2 } else { 6 });
    }
    if padded {
        own = own.next_multiple_of(4);
    }
    let rest = bytes.skip(own)?;
    if !aggregate {
        return Some((Next::Llc, rest));
    }
    // Frames in one (A-MSDU, §9.3.2.2): each has two addresses, a length, and padding to four but for the last.
    let len = u32::from(rest.u16_at(12)?);
    let inner = rest.skip(14)?;
    // Four bytes may be the checksum of the frame.
    if inner.wire_len() > len.saturating_add(3).saturating_add(4) {
        return Some((
            Next::Hidden("several packets in one 802.11 frame (A-MSDU)"),
            inner,
        ));
    }
    Some((Next::Llc, inner.limit(len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(frame: &[u8]) -> Option<(Next, usize)> {
        let (next, rest) = radiotap(Bytes::whole(frame), &mut Layers::default())?;
        Some((next, rest.data.len()))
    }

    fn framed(control: u8, flags: u8, rest: usize) -> Vec<u8> {
        let head = [0, 0, 8, 0, 0, 0, 0, 0, control, flags];
        [&head[..], &vec![0; 22 + rest]].concat()
    }

    #[test]
    fn data_frames_carry_llc() {
        assert_eq!(next(&framed(0x08, 1, 5)), Some((Next::Llc, 5)));
        assert_eq!(next(&framed(0x88, 2, 5)), Some((Next::Llc, 3)));
        assert_eq!(next(&framed(0x88, 3, 9)), Some((Next::Llc, 1)));
        assert_eq!(next(&framed(0x88, 0x81, 9)), Some((Next::Llc, 3)));
        assert_eq!(next(&framed(0x80, 0, 9)).unwrap().0, Next::Named("wlan"));
        assert_eq!(next(&framed(0x88, 3, 7)), None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let hidden = |frame: &[u8]| matches!(next(frame), Some((Next::Hidden(_), _)));
        assert!(hidden(&framed(0x08, 0x41, 9)));
        assert!(hidden(&framed(0x08, 0x05, 9)));
        let mut aggregate = framed(0x88, 1, 2 + 14 + 20);
        aggregate[8 + 24] = 0x80;
        aggregate[8 + 26 + 13] = 10;
        assert!(hidden(&aggregate));
        aggregate[8 + 26 + 13] = 18;
        assert_eq!(next(&aggregate), Some((Next::Llc, 18)));
    }

    #[test]
    fn a_padded_header_is_found_by_the_flags_of_the_radio() {
        // Two words of bits, a time, and the flags: 24 bytes with the padding of the time.
        let mut radio = [0; 26];
        radio[2] = 26;
        radio[4..8].copy_from_slice(&[0x03, 0, 0, 0x80]);
        radio[24] = 0x20;
        let frame = [&radio[..], &[0x88, 1], &[0; 28]].concat();
        assert_eq!(next(&frame), Some((Next::Llc, 2)));
        let mut plain = frame.clone();
        plain[24] = 0;
        assert_eq!(next(&plain), Some((Next::Llc, 4)));
    }

    #[test]
    fn other_headers_of_the_radio() {
        let data = &framed(0x08, 1, 5)[8..];
        let mut layers = Layers::default();
        let old = [&[0x44, 0, 0, 0, 144, 0, 0, 0][..], &[0; 136], data].concat();
        assert_eq!(prism(Bytes::whole(&old), &mut layers).unwrap().0, Next::Llc);
        let new = [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 12, 0, 0, 0, 0][..], data].concat();
        assert_eq!(prism(Bytes::whole(&new), &mut layers).unwrap().0, Next::Llc);
        assert_eq!(avs(Bytes::whole(&new), &mut layers).unwrap().0, Next::Llc);
        assert!(avs(Bytes::whole(&new[..11]), &mut layers).is_none());
        assert!(prism(Bytes::whole(&old[..143]), &mut layers).is_none());
    }
}
