//! HEP, the Homer Encapsulation Protocol: SIP messages that a server or an agent sends to a collector. Version 3 ("EEP",
//! draft-dubovikov-eep-hep, <https://github.com/sipcapture/HEP>), by its first bytes on any UDP port; versions 1 and 2
//! (`modules/sipcapture/hep.h` of Kamailio) on the usual one.
//!
//! There is no transport header inside: addresses, ports and transport are fields. The agent's own time of the message (chunks 9 and 10)
//! is not used: all times are those of the capture, so that they can be compared.

use crate::packet::bytes::Bytes;
use crate::packet::mirror::{Mirror, v4, v6};

/// Registered UDP port (<https://www.iana.org/assignments/service-names-port-numbers>, `hep`).
pub(super) const PORT: u16 = 9060;

/// The first bytes of version 3.
pub(in crate::packet) const MAGIC: &[u8; 4] = b"HEP3";

/// Whether a payload is a HEP packet.
pub(super) fn is(bytes: Bytes<'_>, port: bool) -> bool {
    bytes.data.starts_with(MAGIC) || port && older(bytes).is_some()
}

/// Takes a HEP packet apart; `None` when it is cut before the message, or contradicts itself.
pub(in crate::packet) fn read(bytes: Bytes<'_>) -> Option<Mirror<'_>> {
    if bytes.data.starts_with(MAGIC) {
        version_3(bytes)
    } else {
        older(bytes)
    }
}

/// Magic (4), length of all (2); then chunks: vendor (2), type (2), length with these six (2), value.
fn version_3(bytes: Bytes<'_>) -> Option<Mirror<'_>> {
    const OWN: usize = 6;
    let mut rest = bytes.limit(u32::from(bytes.u16_at(4)?)).skip(OWN)?;
    let (mut src, mut dst) = (None, None);
    let (mut src_port, mut dst_port) = (0, 0);
    let mut transport = "udp";
    let mut agent = None;
    let mut payload = None;
    while rest.data.len() >= OWN {
        let (vendor, kind, len) = (rest.u16_at(0)?, rest.u16_at(2)?, rest.u16_at(4)?);
        let value_len = usize::from(len).checked_sub(OWN)?;
        let all = rest.skip(OWN)?;
        let value = all.limit(u32::try_from(value_len).ok()?);
        match (vendor, kind) {
            (0, 2) => transport = named(value.u8_at(0)?),
            (0, 3) => src = value.u32_at(0).map(v4),
            (0, 4) => dst = value.u32_at(0).map(v4),
            (0, 5) => src = v6(value),
            (0, 6) => dst = v6(value),
            (0, 7) => src_port = value.u16_at(0)?,
            (0, 8) => dst_port = value.u16_at(0)?,
            (0, 12) => agent = value.u32_at(0),
            (0, 15) => payload = Some((value, false)),
            (0, 16) => payload = Some((value, true)),
            _ => {}
        }
        match all.skip(value_len) {
            Some(behind) => rest = behind,
            // The snap length cut this chunk.
            None => break,
        }
    }
    let (payload, compressed) = payload?;
    Some(Mirror {
        src: src?,
        dst: dst?,
        src_port,
        dst_port,
        transport,
        agent,
        payload,
        compressed,
    })
}

/// Version (1), length of the header (1), address family (1), protocol (1), ports (4), addresses; version 2 has the time (8) and the
/// agent (2) with padding (2) behind that.
fn older(bytes: Bytes<'_>) -> Option<Mirror<'_>> {
    let (version, own) = (bytes.u8_at(0)?, bytes.u8_at(1)?);
    let (family, protocol) = (bytes.u8_at(2)?, bytes.u8_at(3)?);
    let (src, dst) = match (own, family) {
        (16, 2) => (bytes.u32_at(8).map(v4), bytes.u32_at(12).map(v4)),
        // AF_INET6 differs among systems.
        (40, 10 | 23 | 24 | 26 | 28 | 30) => (v6(bytes.skip(8)?), v6(bytes.skip(24)?)),
        _ => return None,
    };
    let behind = bytes.skip(usize::from(own))?;
    let (agent, payload) = match version {
        1 => (None, behind),
        // Written in the byte order of the agent.
        2 => (
            behind.u16_at(8).map(|id| u32::from(id.swap_bytes())),
            behind.skip(12)?,
        ),
        _ => return None,
    };
    Some(Mirror {
        src: src?,
        dst: dst?,
        src_port: bytes.u16_at(4)?,
        dst_port: bytes.u16_at(6)?,
        transport: named(protocol),
        agent,
        payload,
        compressed: false,
    })
}

/// An IP protocol number. 22 and 50 are what Kamailio and OpenSIPS write for TLS and WebSocket, which have none.
fn named(protocol: u8) -> &'static str {
    match protocol {
        6 => "tcp",
        22 => "tls",
        50 => "ws",
        132 => "sctp",
        _ => "udp",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: u8, value: &[u8]) -> Vec<u8> {
        let len = u8::try_from(value.len() + 6).unwrap();
        [&[0, 0, 0, kind, 0, len][..], value].concat()
    }

    fn hep3(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = chunks.concat();
        let len = u16::try_from(body.len() + 6).unwrap().to_be_bytes();
        [&MAGIC[..], &len, &body].concat()
    }

    fn usual() -> Vec<u8> {
        hep3(&[
            chunk(1, &[2]),
            chunk(2, &[22]),
            chunk(3, &[192, 0, 2, 1]),
            chunk(4, &[192, 0, 2, 2]),
            chunk(7, &[0xc0, 0x95]),
            chunk(8, &[0x13, 0xc5]),
            chunk(9, &[0, 0, 0, 9]),
            chunk(12, &[0, 0, 7, 0xd2]),
            chunk(14, b"secret"),
            chunk(15, b"OPTIONS"),
        ])
    }

    #[test]
    fn version_3_has_its_fields_in_chunks() {
        let packet = usual();
        assert!(is(Bytes::whole(&packet), false));
        let got = read(Bytes::whole(&packet)).unwrap();
        assert_eq!(
            (got.src.to_string(), got.src_port),
            ("192.0.2.1".into(), 49_301)
        );
        assert_eq!(
            (got.dst.to_string(), got.dst_port),
            ("192.0.2.2".into(), 5061)
        );
        assert_eq!((got.transport, got.agent), ("tls", Some(2002)));
        assert_eq!((got.payload.data, got.compressed), (&b"OPTIONS"[..], false));
    }

    #[test]
    fn a_message_that_is_cut_says_how_long_it_was() {
        let packet = usual();
        let cut = Bytes {
            data: &packet[..packet.len() - 3],
            cut: 3,
        };
        let got = read(cut).unwrap();
        assert_eq!((got.payload.data, got.payload.cut), (&b"OPTI"[..], 3));
        for len in 0..packet.len() - 7 {
            assert!(read(Bytes::whole(&packet[..len])).is_none(), "{len}");
        }
        // A chunk that is shorter than its own header would never end.
        let mut endless = packet.clone();
        endless[11] = 0;
        assert!(read(Bytes::whole(&endless)).is_none());
    }

    #[test]
    fn other_vendors_may_use_the_numbers_for_anything() {
        let mut other = chunk(15, b"noise");
        other[1] = 7;
        let packet = hep3(&[chunk(3, &[1; 4]), chunk(4, &[2; 4]), chunk(15, b"x"), other]);
        assert_eq!(read(Bytes::whole(&packet)).unwrap().payload.data, b"x");
    }

    #[test]
    fn older_versions_are_read_on_their_port() {
        let one = [
            &[
                1, 16, 2, 17, 0x13, 0xc4, 0x13, 0xc5, 192, 0, 2, 1, 192, 0, 2, 2,
            ][..],
            b"BYE",
        ]
        .concat();
        let got = read(Bytes::whole(&one)).unwrap();
        assert_eq!((got.transport, got.payload.data), ("udp", &b"BYE"[..]));
        assert!(is(Bytes::whole(&one), true) && !is(Bytes::whole(&one), false));
        let two = [
            &[2, 40, 10, 6, 0x13, 0xc4, 0x13, 0xc5][..],
            &[0x20; 32],
            &[0; 8],
            &[0xd2, 7, 0, 0],
            b"ACK",
        ]
        .concat();
        let got = read(Bytes::whole(&two)).unwrap();
        assert_eq!((got.agent, got.payload.data), (Some(2002), &b"ACK"[..]));
        assert!(read(Bytes::whole(&two[..50])).is_none());
        assert!(!is(Bytes::whole(b"OPTIONS sip:a SIP/2.0\r\n"), true));
    }
}
