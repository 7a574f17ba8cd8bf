//! `LINKTYPE_PPI` (192): <https://www.tcpdump.org/linktypes.html>, "PPI Packet Header format" of CACE Technologies, 1.0.10.
//!
//! Version (1), flags (1), length of the header with its fields (2), link type of the frame inside (4); little-endian.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(192);

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("ppi");
    let len = usize::from(bytes.u16_at(2)?.swap_bytes());
    let link = u16::try_from(bytes.u32_at(4)?.swap_bytes()).ok()?;
    Some((Next::Link(LinkType(link)), bytes.skip(len.max(8))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_skipped() {
        let frame = [0, 0, 12, 0, 105, 0, 0, 0, 2, 0, 0, 0, 7];
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Link(LinkType(105)), &[7][..]));
        assert!(read(Bytes::whole(&frame[..11]), &mut Layers::default()).is_none());
        let far = [0, 0, 8, 0, 0, 0, 1, 0, 7];
        assert!(read(Bytes::whole(&far), &mut Layers::default()).is_none());
    }
}
