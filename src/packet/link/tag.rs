//! Tags between the Ethernet header and its payload: each has an `EtherType` of its own and another one at its end.

use super::{ethernet, macsec};
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// Takes off the tag that `kind` names; `None` when it is none (or, inside, when it is cut).
pub(in crate::packet) fn read<'a>(
    kind: u16,
    bytes: Bytes<'a>,
    layers: &mut Layers,
) -> Option<Taken<'a>> {
    let half = |at| bytes.u16_at(at).map(u32::from);
    let (name, own, at, id) = match kind {
        // IEEE 802.1Q, 802.1ad, and the numbers used before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
            ("vlan", 4, 2, half(0).map(|tag| tag & 0x0fff))
        }
        // Cisco VN-Tag, as UCS servers have it: tag (4), EtherType. The virtual interface that it is for.
        0x8926 => ("vntag", 6, 4, half(0).map(|tag| tag & 0x3fff)),
        // IEEE 802.1BR E-TAG: tag (6), EtherType. The E-channel: extension, group and base.
        0x893f => ("etag", 8, 6, half(2).map(|tag| tag & 0x3fff)),
        // Cisco MetaData: version, length, options (6), EtherType. The security group.
        0x8909 => ("cmd", 8, 6, half(4)),
        // IEEE 802.1ah: the service tag (4), then a whole Ethernet frame.
        0x88e7 => {
            let service = bytes.u32_at(0).map(|tag| tag & 0x00ff_ffff);
            layers.tag("ieee8021ah", service);
            return Some(bytes.skip(4).map(|rest| (Next::Ethernet, rest)));
        }
        macsec::ETHERTYPE => return Some(macsec::read(bytes, layers)),
        _ => return None,
    };
    layers.tag(name, id);
    let field = bytes.u16_at(at);
    Some(
        field
            .zip(bytes.skip(own))
            .map(|(field, rest)| ethernet::typed(field, rest)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ethertype_behind_each_tag_is_found() {
        for (kind, own) in [
            (0x8100, 4),
            (0x88a8, 4),
            (0x8926, 6),
            (0x893f, 8),
            (0x8909, 8),
        ] {
            let mut frame = vec![0; own];
            frame[own - 2..].copy_from_slice(&[0x08, 0x00]);
            frame.push(0x45);
            let taken = read(kind, Bytes::whole(&frame), &mut Layers::default()).unwrap();
            let (next, rest) = taken.unwrap();
            assert_eq!(
                (next, rest.data),
                (Next::EtherType(0x0800), &[0x45][..]),
                "{kind:x}"
            );
            let cut = Bytes::whole(&frame[..own - 1]);
            assert!(read(kind, cut, &mut Layers::default()).unwrap().is_none());
        }
        assert!(read(0x0800, Bytes::whole(&[]), &mut Layers::default()).is_none());
    }
}
