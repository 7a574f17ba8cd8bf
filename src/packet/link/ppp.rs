//! PPP in its framings: `LINKTYPE_PPP` (9), `LINKTYPE_PPP_HDLC` (50), `LINKTYPE_PPP_ETHER` (51), `LINKTYPE_C_HDLC` (104),
//! `LINKTYPE_PPP_WITH_DIR` (204): <https://www.tcpdump.org/linktypes.html>; RFC 1661, RFC 1662.

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

pub(in crate::packet) const PPP: LinkType = LinkType(9);
pub(super) const PPP_HDLC: LinkType = LinkType(50);
pub(super) const PPP_ETHER: LinkType = LinkType(51);
pub(super) const C_HDLC: LinkType = LinkType(104);
pub(super) const PPP_WITH_DIR: LinkType = LinkType(204);

/// `EtherType` of a `PPPoE` session (RFC 2516 §4).
pub(in crate::packet) const ETHERTYPE_SESSION: u16 = 0x8864;

/// PPP, with or without address and control field (ff 03).
pub(in crate::packet) fn hdlc<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    match (bytes.u8_at(0)?, bytes.u8_at(1)?) {
        (0x0f | 0x8f, 0) => cisco(bytes, layers),
        _ => read(bytes, layers),
    }
}

/// The protocol field (RFC 1661 §2) and what it names (<https://www.iana.org/assignments/ppp-numbers>).
pub(in crate::packet) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("ppp");
    // Address and control may be there in tunnels too (PPTP, L2TP).
    let bytes = match (bytes.u8_at(0)?, bytes.u8_at(1)?) {
        (0xff, 0x03) => bytes.skip(2)?,
        _ => bytes,
    };
    let first = bytes.u8_at(0)?;
    // The least significant bit ends the field; a first byte that has it is a compressed field.
    let (protocol, rest) = match first & 1 {
        1 => (u16::from(first), bytes.skip(1)?),
        _ => (bytes.u16_at(0)?, bytes.skip(2)?),
    };
    Some(match protocol {
        0x0021 | 0x0057 => (Next::Ip, rest),
        // Bridged frames (RFC 3518 §4.2): flags, MAC type (1 is Ethernet), LAN identifier as a flag says.
        0x0031 if rest.u8_at(1)? == 1 => {
            let lan = if rest.u8_at(0)? & 0x40 == 0 { 2 } else { 6 };
            (Next::Ethernet, rest.skip(lan)?)
        }
        0x0031 => (Next::Named("ppp-bridged"), rest),
        // Multilink (RFC 1990 §3): a packet in one piece has both flags, begin and end.
        0x003d if rest.u8_at(0)? & 0xc0 == 0xc0 => (Next::Ppp, rest.skip(4)?),
        0x003d => (Next::Hidden("pieces of PPP multilink"), rest),
        0x002d | 0x002f => (Next::Hidden("PPP with compressed TCP headers"), rest),
        0x0053 | 0x0055 => (Next::Hidden("encrypted PPP"), rest),
        0x00fb | 0x00fd => (Next::Hidden("compressed or encrypted PPP"), rest),
        0x0281 => (Next::EtherType(0x8847), rest),
        0x8000.. => (Next::Named("ppp-control"), rest),
        n => (Next::Unknown("PPP protocol", n), rest),
    })
}

/// Cisco HDLC: address (1), control (1), `EtherType` (2).
pub(in crate::packet) fn cisco<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.push("chdlc");
    let rest = bytes.skip(4)?;
    Some(match bytes.u16_at(2)? {
        0x8035 => (Next::Named("slarp"), rest),
        kind => (Next::EtherType(kind), rest),
    })
}

/// `PPPoE` session: version and type (1), code (1), session (2), length (2).
pub(in crate::packet) fn session<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.tag("pppoes", bytes.u16_at(2).map(u32::from));
    let len = u32::from(bytes.u16_at(4)?);
    Some((Next::Ppp, bytes.skip(6)?.limit(len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(frame: &[u8]) -> (Next, usize) {
        let (next, rest) = hdlc(Bytes::whole(frame), &mut Layers::default()).unwrap();
        (next, rest.data.len())
    }

    #[test]
    fn every_framing_of_ip_over_ppp() {
        assert_eq!(next(&[0xff, 3, 0, 0x21, 0x45]), (Next::Ip, 1));
        assert_eq!(next(&[0, 0x57, 0x60]), (Next::Ip, 1));
        assert_eq!(next(&[0x21, 0x45]), (Next::Ip, 1));
        assert_eq!(next(&[0x0f, 0, 8, 0, 0x45]), (Next::EtherType(0x0800), 1));
        assert_eq!(next(&[0xc0, 0x21, 1]), (Next::Named("ppp-control"), 1));
        assert_eq!(next(&[0, 0x3d, 0xc0, 0, 0, 7, 0, 0x21]), (Next::Ppp, 2));
        assert_eq!(next(&[0, 0x31, 0, 1, 2, 2]), (Next::Ethernet, 2));
        assert_eq!(
            next(&[0, 0x31, 0x40, 1, 0, 0, 0, 7, 2]),
            (Next::Ethernet, 1)
        );
    }

    #[test]
    fn what_ppp_hides_is_named() {
        for frame in [
            &[0, 0x3d, 0x80, 0, 0, 7][..],
            &[0, 0xfd, 1],
            &[0, 0x2d, 1],
            &[0x53, 1],
        ] {
            assert!(matches!(next(frame).0, Next::Hidden(_)), "{frame:x?}");
        }
        let short = Bytes::whole(&[0, 0x3d, 0xc0, 0]);
        assert!(hdlc(short, &mut Layers::default()).is_none());
    }

    #[test]
    fn the_length_of_pppoe_cuts_the_padding() {
        let frame = [0x11, 0, 0, 7, 0, 3, 0, 0x21, 0x45, 0xee, 0xee];
        let (next, rest) = session(Bytes::whole(&frame), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ppp, &[0, 0x21, 0x45][..]));
    }
}
