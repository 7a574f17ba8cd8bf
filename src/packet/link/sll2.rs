//! `LINKTYPE_LINUX_SLL2` (276): <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>.
//!
//! Protocol (2), reserved (2), interface index (4), ARPHRD type (2), packet type (1), address length (1), address (8).

use super::sll;
use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(276);

const OWN: usize = 20;

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("sll2");
    Some((
        sll::protocol(bytes.u16_at(0)?, bytes.u16_at(8)?),
        bytes.skip(OWN)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::bytes::Next;

    #[test]
    fn the_protocol_comes_first() {
        let frame = [
            0x08, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x45,
        ];
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::EtherType(0x0800), &[0x45][..]));
    }
}
