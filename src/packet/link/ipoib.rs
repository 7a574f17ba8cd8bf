//! `LINKTYPE_IPOIB` (242): <https://www.tcpdump.org/linktypes.html>; IP over InfiniBand (RFC 4391 §6).
//!
//! Addresses (40), `EtherType` (2), reserved (2).

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(242);

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("ipoib");
    Some((Next::EtherType(bytes.u16_at(40)?), bytes.skip(44)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ethertype_is_behind_the_addresses() {
        let frame = [&[0; 40][..], &[0x08, 0, 0, 0, 0x45]].concat();
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::EtherType(0x0800), &[0x45][..]));
    }
}
