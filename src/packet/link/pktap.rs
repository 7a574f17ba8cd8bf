//! `LINKTYPE_PKTAP` (258): <https://www.tcpdump.org/linktypes.html>, `bsd/net/pktap.h` of XNU; and 149 (`LINKTYPE_USER2`), which macOS
//! wrote for it.
//!
//! Length of the header (4), kind of record (4), link type of the frame inside (4), in the byte order of the host (little-endian on
//! every Mac that has it); then interface, process and flags.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(258);
pub(super) const OLD: LinkType = LinkType(149);

/// The record has a packet.
const PACKET: u32 = 1;
/// The shortest header that was ever written.
const SHORTEST: u32 = 108;

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let word = |at| bytes.u32_at(at).map(u32::swap_bytes);
    let (len, kind, link) = (word(0)?, word(4)?, word(8)?);
    layers.push("pktap");
    if len < SHORTEST {
        return None;
    }
    let rest = bytes.skip(usize::try_from(len).ok()?)?;
    if kind != PACKET {
        return Some((Next::Named("pktap"), rest));
    }
    Some((Next::Link(LinkType(u16::try_from(link).ok()?)), rest))
}

/// A frame of a link type that anybody may use for anything: this one, when it looks so. `None`: something else.
pub(super) fn guess<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Option<Taken<'a>> {
    let plausible = bytes.u16_at(2)? == 0 && matches!(bytes.u32_at(4)?.swap_bytes(), 1 | 2);
    plausible.then(|| read(bytes, layers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_behind_the_header_has_its_own_link_type() {
        let mut frame = [0; 109];
        frame[..9].copy_from_slice(&[108, 0, 0, 0, 1, 0, 0, 0, 1]);
        frame[108] = 7;
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Link(LinkType(1)), &[7][..]));
        assert!(guess(Bytes::whole(&frame), &mut Layers::default()).is_some());
        assert!(read(Bytes::whole(&frame[..107]), &mut Layers::default()).is_none());
        frame[0] = 20;
        assert!(read(Bytes::whole(&frame), &mut Layers::default()).is_none());
        let other = Bytes::whole(&[0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17]);
        assert!(guess(other, &mut Layers::default()).is_none());
    }
}
