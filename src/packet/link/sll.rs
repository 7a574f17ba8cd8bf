//! `LINKTYPE_LINUX_SLL` (113): <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html>; Linux's "any" interface.
//!
//! Packet type (2), ARPHRD type (2), address length (2), address (8), protocol (2).

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(113);

const OWN: usize = 16;

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("sll");
    Some((
        protocol(bytes.u16_at(14)?, bytes.u16_at(2)?),
        bytes.skip(OWN)?,
    ))
}

/// The protocol field: an `EtherType`, or a small number of Linux. `device` is the ARPHRD type.
pub(super) fn protocol(field: u16, device: u16) -> Next {
    match (device, field) {
        // ARPHRD_NETLINK: the field is a netlink family.
        (824, _) => Next::Named("netlink"),
        (_, 1) => Next::Named("ipx"),
        (_, 4) => Next::Llc,
        (_, 0..=0x05ff) => Next::Unknown("Linux protocol", field),
        _ => Next::EtherType(field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_behind_the_address() {
        let frame = [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd, 0x60];
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::EtherType(0x86dd), &[0x60][..]));
        assert!(read(Bytes::whole(&frame[..15]), &mut Layers::default()).is_none());
    }
}
