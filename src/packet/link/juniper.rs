//! Juniper's capture header: `LINKTYPE_JUNIPER_ETHER` (178), `LINKTYPE_JUNIPER_PPP` (179), `LINKTYPE_JUNIPER_FRELAY` (180),
//! `LINKTYPE_JUNIPER_CHDLC` (181): <https://www.tcpdump.org/linktypes.html>; `print-juniper.c` of tcpdump.
//!
//! "MGC" (3), flags (1), length of extensions (2) and extensions where a flag says so; then the frame.

use super::{frame_relay, ppp};
use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const ETHER: LinkType = LinkType(178);
pub(super) const PPP: LinkType = LinkType(179);
pub(super) const FRELAY: LinkType = LinkType(180);
pub(super) const CHDLC: LinkType = LinkType(181);

const MAGIC: u32 = 0x4d_4743;
const EXTENDED: u32 = 0x80;
/// The link-layer header was taken off: four bytes of address family, then IP.
const NO_LINK_LAYER: u32 = 0x02;

pub(super) fn read<'a>(link: LinkType, bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("juniper");
    let head = bytes.u32_at(0)?;
    if head >> 8 != MAGIC {
        return None;
    }
    let own = match head & EXTENDED {
        0 => 4,
        _ => usize::from(bytes.u16_at(4)?).saturating_add(6),
    };
    let rest = bytes.skip(own)?;
    if head & NO_LINK_LAYER != 0 {
        return Some((Next::Ip, rest.skip(4)?));
    }
    Some(match link {
        ETHER => (Next::Ethernet, rest),
        PPP => (Next::Link(ppp::PPP), rest),
        FRELAY => (Next::Link(frame_relay::LINKTYPE), rest),
        _ => (Next::Link(ppp::C_HDLC), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(link: LinkType, frame: &[u8]) -> Option<(Next, usize)> {
        let (next, rest) = read(link, Bytes::whole(frame), &mut Layers::default())?;
        Some((next, rest.data.len()))
    }

    #[test]
    fn the_header_is_skipped_with_its_extensions() {
        let plain = [0x4d, 0x47, 0x43, 1, 7];
        assert_eq!(next(ETHER, &plain), Some((Next::Ethernet, 1)));
        assert_eq!(next(PPP, &plain), Some((Next::Link(ppp::PPP), 1)));
        let extended = [0x4d, 0x47, 0x43, 0x81, 0, 2, 9, 9, 7];
        assert_eq!(next(ETHER, &extended), Some((Next::Ethernet, 1)));
        let bare = [0x4d, 0x47, 0x43, 3, 2, 0, 0, 0, 0x45];
        assert_eq!(next(CHDLC, &bare), Some((Next::Ip, 1)));
        assert_eq!(next(ETHER, &extended[..7]), None);
        assert_eq!(next(ETHER, &[2; 20]), None);
    }
}
