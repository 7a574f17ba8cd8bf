//! `LINKTYPE_ETHERNET` (1): <https://www.tcpdump.org/linktypes/LINKTYPE_ETHERNET.html>; IEEE 802.3.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(1);

/// Two addresses and the type or length.
const OWN: usize = 14;

pub(in crate::packet) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("eth");
    Some(typed(bytes.u16_at(12)?, bytes.skip(OWN)?))
}

/// A type field: above 1535 an `EtherType`, else the length of an IEEE 802.2 frame (IEEE 802.3 §3.2.6).
pub(super) fn typed(field: u16, rest: Bytes<'_>) -> (Next, Bytes<'_>) {
    if field >= 0x0600 {
        return (Next::EtherType(field), rest);
    }
    (Next::Llc, rest.limit(u32::from(field)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_a_length_are_told_apart() {
        let mut frame = [0; 20];
        frame[12..14].copy_from_slice(&[0x08, 0x00]);
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data.len()), (Next::EtherType(0x0800), 6));
        frame[12..14].copy_from_slice(&[0x00, 0x04]);
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data.len()), (Next::Llc, 4));
        assert!(read(Bytes::whole(&frame[..13]), &mut Layers::default()).is_none());
    }
}
