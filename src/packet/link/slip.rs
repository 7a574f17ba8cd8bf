//! `LINKTYPE_SLIP` (8): <https://www.tcpdump.org/linktypes/LINKTYPE_SLIP.html>; RFC 1055.
//!
//! Direction (1) and what was on the line in place of the IP header (15), then the packet.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(8);

const OWN: usize = 16;

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("slip");
    let rest = bytes.skip(OWN)?;
    Some(match bytes.u8_at(1)? {
        // RFC 1144 §3.2.2: the type of a packet is in its first bits, and 4 is that of an IP header.
        first if first >> 4 == 4 => (Next::Ip, rest),
        _ => (Next::Hidden("SLIP with compressed TCP headers"), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_that_is_not_compressed_is_read() {
        let mut frame = [0; 17];
        frame[1] = 0x45;
        frame[16] = 0x45;
        let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        frame[1] = 0x80;
        let (next, _) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert!(matches!(next, Next::Hidden(_)));
        assert!(read(Bytes::whole(&frame[..15]), &mut Layers::default()).is_none());
    }
}
