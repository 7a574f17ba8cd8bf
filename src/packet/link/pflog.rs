//! `LINKTYPE_PFLOG` (117): <https://www.tcpdump.org/linktypes/LINKTYPE_PFLOG.html>, the packet filter's log of the BSDs; and
//! `LINKTYPE_ENC` (109): <https://www.tcpdump.org/linktypes.html>, packets between IP and IPsec.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(117);
pub(super) const ENC: LinkType = LinkType(109);

/// The length of the header without its padding comes first.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("pflog");
    let len = usize::from(bytes.u8_at(0)?).next_multiple_of(4);
    Some((Next::Ip, bytes.skip(len)?))
}

/// Address family (4), security parameter index (4), flags (4).
pub(super) fn enc<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.tag("enc", bytes.u32_at(4));
    Some((Next::Ip, bytes.skip(12)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packet_is_behind_the_padding() {
        let mut frame = [0; 65];
        (frame[0], frame[64]) = (61, 0x45);
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        assert!(read(Bytes::whole(&frame[..60]), &mut Layers::default()).is_none());
        let frame = [2, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0x45];
        let (next, rest) = enc(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        assert!(enc(Bytes::whole(&frame[..11]), &mut Layers::default()).is_none());
    }
}
