//! `LINKTYPE_NFLOG` (239): <https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>; Linux's firewall log.
//!
//! Family (1), version (1), resource (2), then attributes: length (2) and type (2) in the byte order of the host, value, padding to four.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(super) const LINKTYPE: LinkType = LinkType(239);

/// `NFULA_PAYLOAD`
const PAYLOAD: u16 = 9;

pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("nflog");
    let mut rest = bytes.skip(4)?;
    loop {
        // Types are below 256, so the order that gives a small one is the right one.
        let big = rest.u16_at(2)?.swap_bytes() & 0x7fff > rest.u16_at(2)? & 0x7fff;
        let host = |n: u16| if big { n } else { n.swap_bytes() };
        let (len, kind) = (host(rest.u16_at(0)?), host(rest.u16_at(2)?) & 0x7fff);
        if kind == PAYLOAD {
            let value = u32::from(len.checked_sub(4)?);
            return Some((Next::Ip, rest.skip(4)?.limit(value)));
        }
        // At least the attribute's own header, so that this ends.
        rest = rest.skip(usize::from(len.max(4)).next_multiple_of(4))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_attribute_is_found() {
        let little = [
            2, 0, 0, 0, 5, 0, 10, 0, b'x', 0, 0, 0, 5, 0, 9, 0, 0x45, 0, 0, 0,
        ];
        let big = [
            2, 0, 0, 0, 0, 5, 0, 10, b'x', 0, 0, 0, 0, 5, 0, 9, 0x45, 0, 0, 0,
        ];
        for frame in [little, big] {
            let (next, rest) = read(Bytes::whole(&frame), &mut Layers::default()).unwrap();
            assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        }
        let endless = [2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0];
        assert!(read(Bytes::whole(&endless), &mut Layers::default()).is_none());
    }
}
