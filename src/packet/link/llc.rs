//! IEEE 802.2 LLC and its SNAP extension (RFC 1042).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(in crate::packet) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("llc");
    let rest = bytes.skip(3);
    Some(match (bytes.u8_at(0)?, bytes.u8_at(1)?) {
        (0xaa, 0xaa) => return snap(bytes),
        // The SAP of IP (RFC 948).
        (0x06, 0x06) => (Next::Ip, rest?),
        (0x42, 0x42) => (Next::Named("stp"), rest?),
        (0xfe, 0xfe) => (Next::Named("osi"), rest?),
        (0xe0, 0xe0) | (0xff, 0xff) => (Next::Named("ipx"), bytes),
        (0xf0, 0xf0) => (Next::Named("netbios"), bytes),
        _ => (Next::Named("llc"), bytes),
    })
}

fn snap(bytes: Bytes<'_>) -> Taken<'_> {
    let (oui, kind) = (bytes.u32_at(2)? & 0x00ff_ffff, bytes.u16_at(6)?);
    let rest = bytes.skip(8)?;
    Some(match (oui, kind) {
        // RFC 1042, and IEEE 802.1H for what cannot be so.
        (0x00_0000 | 0x00_00f8, _) => (Next::EtherType(kind), rest),
        // Bridged Ethernet, with and without FCS (RFC 2684 §5.2).
        (0x00_80c2, 0x0001 | 0x0007) => (Next::Ethernet, rest.skip(2)?),
        (0x00_000c, 0x2000) => (Next::Named("cdp"), rest),
        _ => (Next::Named("snap"), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snap_names_an_ethertype() {
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, 0x45];
        let (next, rest) = read(Bytes::whole(&snap), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::EtherType(0x0800), &[0x45][..]));
        let stp = [0x42, 0x42, 3, 0];
        let (next, _) = read(Bytes::whole(&stp), &mut Layers::default()).unwrap();
        assert_eq!(next, Next::Named("stp"));
    }
}
