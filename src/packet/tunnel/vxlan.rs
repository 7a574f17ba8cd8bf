//! VXLAN (RFC 7348 §5) and its generic protocol extension (draft-ietf-nvo3-vxlan-gpe).

use super::nsh;
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
    layers.tag("vxlan", Some(bytes.u32_at(4)? >> 8));
    Some((Next::Ethernet, bytes.skip(8)?))
}

/// As [`read`], on a port that promises nothing (8472 is that of Linux before the other was assigned, and of flannel): all reserved bits are zero, and an IP packet in an Ethernet frame follows.
pub(super) fn by_content<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    if bytes.u32_at(0)? != u32::from(VALID) << 24 || bytes.u8_at(7)? != 0 {
        return None;
    }
    let version = match bytes.u16_at(20)? {
        0x0800 => 4,
        0x86dd => 6,
        _ => return None,
    };
    if bytes.u8_at(22)? >> 4 != version {
        return None;
    }
    read(bytes, layers)
}

/// As [`read`], with the protocol in the fourth byte when the P flag is set.
pub(super) fn gpe<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let flags = bytes.u8_at(0)?;
    let next = match (flags & 0x04 != 0, bytes.u8_at(3)?) {
        (false, _) | (true, 3) => Next::Ethernet,
        (true, 1 | 2) => Next::Ip,
        (true, 4) => Next::EtherType(nsh::ETHERTYPE),
        (true, 5) => Next::EtherType(0x8847),
        _ => return None,
    };
    layers.tag("vxlan", Some(bytes.u32_at(4)? >> 8));
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

    #[test]
    fn on_other_ports_all_must_agree() {
        let mut packet = [0; 42];
        packet[0] = VALID;
        packet[6] = 42;
        packet[20..23].copy_from_slice(&[0x08, 0x00, 0x45]);
        let mut layers = Layers::default();
        let (next, _) = by_content(Bytes::whole(&packet), &mut layers).unwrap();
        let step = layers.path(&[]).next().unwrap();
        assert_eq!((next, step.id), (Next::Ethernet, Some(42)));
        for (at, value) in [(0, 0x0c), (2, 1), (7, 1), (21, 6), (22, 0x65)] {
            let mut other = packet;
            other[at] = value;
            let taken = by_content(Bytes::whole(&other), &mut Layers::default());
            assert!(taken.is_none(), "{at}");
        }
        for len in 0..23 {
            let taken = by_content(Bytes::whole(&packet[..len]), &mut Layers::default());
            assert!(taken.is_none(), "{len}");
        }
    }
}
