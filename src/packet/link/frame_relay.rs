//! `LINKTYPE_FRELAY` (107): <https://www.tcpdump.org/linktypes.html>; Frame Relay with the encapsulation of RFC 2427 or of Cisco.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(in crate::packet) const LINKTYPE: LinkType = LinkType(107);

/// Address (2 to 4; the lowest bit of a byte ends it), then control 03 and the protocol (NLPID), or Cisco's `EtherType`.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let (first, second) = (bytes.u8_at(0)?, bytes.u8_at(1)?);
    // ITU-T Q.922 §3.3: six and four bits of the DLCI in an address of two bytes.
    let dlci = u32::from(first >> 2) << 4 | u32::from(second >> 4);
    let two = second & 1 == 1;
    layers.tag("fr", two.then_some(dlci));
    let own = (0..4usize).find(|at| bytes.u8_at(*at).is_some_and(|b| b & 1 == 1))?;
    let rest = bytes.skip(own.saturating_add(1))?;
    if rest.u8_at(0)? != 0x03 {
        return Some((Next::EtherType(rest.u16_at(0)?), rest.skip(2)?));
    }
    // A byte of padding may stand before the NLPID.
    let (at, own) = if rest.u8_at(1)? == 0 { (2, 3) } else { (1, 2) };
    let behind = rest.skip(own)?;
    Some(match rest.u8_at(at)? {
        0xcc | 0x8e => (Next::Ip, behind),
        // SNAP: organization (3) and type (2), as behind LLC.
        0x80 => match (behind.u32_at(0)? >> 8, behind.u16_at(3)?) {
            (0, kind) => (Next::EtherType(kind), behind.skip(5)?),
            (0x00_80c2, 0x0001 | 0x0007) => (Next::Ethernet, behind.skip(5)?),
            _ => (Next::Named("snap"), behind),
        },
        0xcf => (Next::Ppp, behind),
        0x08 | 0xb1 => (Next::Named("q933"), behind),
        n => (Next::Unknown("NLPID", u16::from(n)), behind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(frame: &[u8]) -> Option<(Next, usize)> {
        let (next, rest) = read(Bytes::whole(frame), &mut Layers::default())?;
        Some((next, rest.data.len()))
    }

    #[test]
    fn both_encapsulations() {
        assert_eq!(next(&[0x18, 0x41, 3, 0xcc, 0x45]), Some((Next::Ip, 1)));
        assert_eq!(next(&[0x18, 0x41, 3, 0, 0x8e, 0x60]), Some((Next::Ip, 1)));
        let snap = [0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0, 0x45];
        assert_eq!(next(&snap), Some((Next::EtherType(0x0800), 1)));
        let bridged = [0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7, 2, 2];
        assert_eq!(next(&bridged), Some((Next::Ethernet, 2)));
        let cisco = [0x18, 0x41, 8, 0, 0x45];
        assert_eq!(next(&cisco), Some((Next::EtherType(0x0800), 1)));
        let mut layers = Layers::default();
        read(Bytes::whole(&cisco), &mut layers).unwrap();
        assert_eq!(layers.path(&[]).next().unwrap().id, Some(100));
    }

    #[test]
    fn a_cut_or_endless_address_is_none() {
        assert_eq!(next(&[0x18, 0x40, 0, 0, 0, 0, 0]), None);
        for len in 0..4 {
            assert_eq!(next(&[0x18, 0x41, 3, 0xcc][..len]), None);
        }
        let (unknown, _) = next(&[0x18, 0x41, 3, 0x77, 1]).unwrap();
        assert_eq!(unknown, Next::Unknown("NLPID", 0x77));
    }
}
