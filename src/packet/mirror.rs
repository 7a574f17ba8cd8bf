//! A message that a mirror carried without the headers below it: its addresses and transport are what the mirror says.

use super::bytes::Bytes;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most that a compressed message unfolds to. No message that a datagram carries is longer than 64 KiB.
const UNFOLDED: usize = 256 << 10;

/// What a mirror says of a message, and the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mirror<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    /// What carried the message: `udp`, `tcp`, `tls`, `sctp`, `ws`.
    pub(super) transport: &'static str,
    /// Who mirrored it.
    pub(super) agent: Option<u32>,
    pub(super) payload: Bytes<'a>,
    /// The payload is zlib data (RFC 1950).
    pub(super) compressed: bool,
}

/// An IPv4 address in network order.
pub(super) fn v4(bits: u32) -> IpAddr {
    Ipv4Addr::from_bits(bits).into()
}

/// An IPv6 address; `None` when fewer than 16 bytes are there.
pub(super) fn v6(bytes: Bytes<'_>) -> Option<IpAddr> {
    let octets = bytes.data.first_chunk::<16>()?;
    Some(Ipv6Addr::from(*octets).into())
}

/// Unfolds zlib data into `out`; `None` when it is damaged, cut, or unfolds to more than is kept.
pub(super) fn unfold(bytes: Bytes<'_>, out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    let most = u64::try_from(UNFOLDED).unwrap_or(u64::MAX);
    let mut reader = flate2::read::ZlibDecoder::new(bytes.data).take(most.saturating_add(1));
    reader.read_to_end(out).ok()?;
    (bytes.cut == 0 && out.len() <= UNFOLDED).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use std::io::Write;

    fn folded(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn unfolding_is_bounded() {
        let mut out = Vec::new();
        let small = folded(b"INVITE sip:a@example.com SIP/2.0");
        assert!(unfold(Bytes::whole(&small), &mut out).is_some());
        assert_eq!(out, b"INVITE sip:a@example.com SIP/2.0");
        assert!(unfold(Bytes::whole(&small[..small.len() - 6]), &mut out).is_none());
        assert!(unfold(Bytes::whole(b"INVITE"), &mut out).is_none());
        let bomb = folded(&vec![b'x'; 20 << 20]);
        assert!(unfold(Bytes::whole(&bomb), &mut out).is_none());
        assert!(out.len() <= UNFOLDED + 1);
    }
}
