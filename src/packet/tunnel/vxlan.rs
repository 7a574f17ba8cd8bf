//! VXLAN (RFC 7348 §5) and its generic protocol extension (draft-ietf-nvo3-vxlan-gpe).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (RFC 7348 §8).
pub(super) const PORT: u16 = 4789;
/// UDP port of the protocol extension.
pub(super) const GPE_PORT: u16 = 4790;

/// The I flag: the header has a network identifier. Without it the datagram is something else.
const VALID: u8 = 0x08;

/// Flags (1), reserved (3), network identifier (3), reserved (1); then an Ethernet frame.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    if bytes.u8_at(0)? & VALID == 0 || bytes.data.len() < 22 {
        return None;
    }
    layers.push("vxlan");
    Some((Next::Ethernet, bytes.skip(8)?))
}

/// As [`read`], with the protocol in the fourth byte when the P flag is set.
pub(super) fn gpe<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let flags = bytes.u8_at(0)?;
    let next = match (flags & 0x04 != 0, bytes.u8_at(3)?) {
        (false, _) | (true, 3) => Next::Ethernet,
        (true, 1 | 2) => Next::Ip,
        (true, 5) => Next::EtherType(0x8847),
        _ => return None,
    };
    layers.push("vxlan");
    Some((next, bytes.skip(8)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_behind_eight_bytes() {
        let mut packet = [0; 22];
        packet[0] = VALID;
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data.len()), (Next::Ethernet, 14));
        packet[0] = 0;
        assert!(read(Bytes::whole(&packet), &mut Layers::default()).is_none());
        let gpe_ip = [0x0c, 0, 0, 1, 0, 0, 7, 0, 0x45];
        let (next, rest) = gpe(Bytes::whole(&gpe_ip), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
    }
}
