//! Frames as a processor gets them from the switch chip beside it: `LINKTYPE_DSA_TAG_BRCM` (281), `LINKTYPE_DSA_TAG_BRCM_PREPEND` (282),
//! `LINKTYPE_DSA_TAG_DSA` (284), `LINKTYPE_DSA_TAG_EDSA` (285): <https://www.tcpdump.org/linktypes.html>.
//!
//! A tag of four bytes stands before the Ethernet frame or between its addresses and its type.

use super::ethernet;
use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const BROADCOM: LinkType = LinkType(281);
pub(super) const BROADCOM_BEFORE: LinkType = LinkType(282);
pub(super) const MARVELL: LinkType = LinkType(284);
pub(super) const MARVELL_TYPED: LinkType = LinkType(285);

pub(super) fn read<'a>(link: LinkType, bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    // Bytes before the tag; bytes up to the type.
    let (tag, kind) = match link {
        BROADCOM_BEFORE => {
            layers.tag("brcm-tag", None);
            return Some((Next::Ethernet, bytes.skip(4)?));
        }
        MARVELL => (12, 16),
        // An `EtherType` and two reserved bytes come first.
        MARVELL_TYPED => (16, 20),
        _ => (12, 16),
    };
    layers.push("eth");
    if link == BROADCOM {
        layers.tag("brcm-tag", None);
    } else {
        // The tag of a frame that had a VLAN tag has taken its place.
        let field = bytes.u32_at(tag);
        let vlan = field.filter(|f| f & 0x2000_0000 != 0);
        layers.tag("dsa", vlan.map(|f| f & 0x0fff));
    }
    Some(ethernet::typed(
        bytes.u16_at(kind)?,
        bytes.skip(kind.saturating_add(2))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_behind_the_tag() {
        let frame = |before: &[u8]| [&[2; 12][..], before, &[8, 0, 0x45]].concat();
        for (link, frame) in [
            (BROADCOM, frame(&[0x20, 0, 0, 5])),
            (MARVELL, frame(&[0xe0, 0x10, 5, 0x39])),
            (
                MARVELL_TYPED,
                frame(&[0xda, 0xda, 0, 0, 0xe0, 0x10, 5, 0x39]),
            ),
        ] {
            let mut layers = Layers::default();
            let (next, rest) = read(link, Bytes::whole(&frame), &mut layers).unwrap();
            assert_eq!((next, rest.data), (Next::EtherType(0x0800), &[0x45][..]));
            let id = layers.path(&[]).next().unwrap().id;
            assert_eq!(id, (link != BROADCOM).then_some(0x539));
            let cut = Bytes::whole(&frame[..frame.len() - 2]);
            assert!(read(link, cut, &mut Layers::default()).is_none());
        }
        let before = [&[0, 0, 0x20, 5][..], &[2; 14]].concat();
        let (next, rest) = read(
            BROADCOM_BEFORE,
            Bytes::whole(&before),
            &mut Layers::default(),
        )
        .unwrap();
        assert_eq!((next, rest.data.len()), (Next::Ethernet, 14));
    }
}
