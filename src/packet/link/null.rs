//! `LINKTYPE_NULL` (0): <https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html>; `LINKTYPE_LOOP` (108):
//! <https://www.tcpdump.org/linktypes/LINKTYPE_LOOP.html>.
//!
//! Four bytes of address family: in the byte order of the capturing host, or (LOOP) of the network. Families are small numbers, so
//! both orders can be tried; their values differ among systems.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const NULL: LinkType = LinkType(0);
pub(super) const LOOP: LinkType = LinkType(108);

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("null");
    let family = bytes.u32_at(0)?;
    let family = if family > 0xffff {
        family.swap_bytes()
    } else {
        family
    };
    let rest = bytes.skip(4)?;
    Some(match family {
        2 | 10 | 24 | 28 | 30 => (Next::Ip, rest),
        n => (
            Next::Unknown("address family", u16::try_from(n).unwrap_or(u16::MAX)),
            rest,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_and_all_families_of_ipv6() {
        for head in [
            [2, 0, 0, 0],
            [0, 0, 0, 2],
            [30, 0, 0, 0],
            [0, 0, 0, 24],
            [28, 0, 0, 0],
        ] {
            let frame = [&head[..], &[0x45]].concat();
            let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
            assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        }
    }
}
