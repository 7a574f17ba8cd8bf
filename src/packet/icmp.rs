//! ICMP (RFC 792) and `ICMPv6` (RFC 4443) errors: who could not be reached, as a router or host says.

use super::bytes::{Bytes, Next};
use super::ip;
use super::payload::{IcmpError, Quoted};
use std::net::IpAddr;

/// Header of an error before the quoted packet.
const OWN: usize = 8;

/// An error message; `None` for every other ICMP message.
pub(super) fn error(bytes: Bytes<'_>, source: IpAddr, v6: bool) -> Option<IcmpError> {
    let (kind, code) = (bytes.u8_at(0)?, bytes.u8_at(1)?);
    let mtu = match (v6, kind, code) {
        // RFC 1191 §4; 0 from routers that do not know it.
        (false, 3, 4) => bytes.u16_at(6).map(u32::from).filter(|m| *m != 0),
        // RFC 4443 §3.2
        (true, 2, _) => bytes.u32_at(4),
        (false, 3 | 11, _) | (true, 1 | 3, _) => None,
        _ => return None,
    };
    Some(IcmpError {
        kind,
        code,
        source,
        quoted: bytes.skip(OWN).and_then(quoted),
        mtu,
    })
}

/// The packet quoted. It is usually cut, so its lengths are not compared with what is there.
fn quoted(bytes: Bytes<'_>) -> Option<Quoted> {
    let header = ip::read(bytes)?;
    let (mut protocol, mut rest) = (header.protocol, header.payload);
    // Extension headers come a few at most; each takes 8 bytes or more of what is there.
    while let 0 | 43 | 60 = protocol {
        let Some((Next::Protocol(next), behind)) = ip::extension(rest) else {
            break;
        };
        (protocol, rest) = (next, behind);
    }
    let first = header.piece.is_none_or(|p| p.offset == 0);
    let has_ports = first && matches!(protocol, 6 | 17);
    Some(Quoted {
        src: header.ip.src,
        dst: header.ip.dst,
        protocol,
        ports: rest.u16_at(0).zip(rest.u16_at(2)).filter(|_| has_ports),
    })
}
