//! Ethernet frames with IP, TCP, UDP and ICMP as a kernel forms them, checksums included.

use std::net::{IpAddr, SocketAddr};

/// TCP flags (RFC 9293 §3.1).
pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// A TCP segment to be framed.
pub(crate) struct Segment<'a> {
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) flags: u8,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) payload: &'a [u8],
}

/// One frame with a TCP segment.
pub(crate) fn tcp(segment: &Segment<'_>, ip_id: u16) -> Vec<u8> {
    tcp_with_window(segment, 0xfaf0, ip_id)
}

/// The same from its fields.
pub(crate) fn segment(
    src: SocketAddr,
    dst: SocketAddr,
    flags: u8,
    seq: u32,
    ack: u32,
    payload: &[u8],
) -> Vec<u8> {
    let segment = Segment {
        src,
        dst,
        flags,
        seq,
        ack,
        payload,
    };
    tcp(&segment, 0)
}

/// The same with a receive window of so many bytes.
pub(crate) fn tcp_with_window(segment: &Segment<'_>, window: u16, ip_id: u16) -> Vec<u8> {
    let syn = segment.flags & SYN != 0;
    let mut out = Vec::new();
    out.extend(segment.src.port().to_be_bytes());
    out.extend(segment.dst.port().to_be_bytes());
    out.extend(segment.seq.to_be_bytes());
    out.extend(segment.ack.to_be_bytes());
    out.extend([if syn { 0x60 } else { 0x50 }, segment.flags]);
    out.extend(window.to_be_bytes());
    out.extend([0; 4]); // checksum, urgent pointer
    if syn {
        out.extend([2, 4, 5, 0xb4]); // maximum segment size 1460
    }
    out.extend(segment.payload);
    ip(
        segment.src.ip(),
        segment.dst.ip(),
        TCP,
        out,
        Some(16),
        ip_id,
    )
}

/// One frame with a UDP datagram.
pub(crate) fn udp(src: SocketAddr, dst: SocketAddr, payload: &[u8], ip_id: u16) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(src.port().to_be_bytes());
    out.extend(dst.port().to_be_bytes());
    out.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
    out.extend([0; 2]);
    out.extend(payload);
    ip(src.ip(), dst.ip(), UDP, out, Some(6), ip_id)
}

/// One frame with an SCTP packet of these chunks.
pub(crate) fn sctp(
    src: SocketAddr,
    dst: SocketAddr,
    tag: u32,
    chunks: &[u8],
    ip_id: u16,
) -> Vec<u8> {
    ip(
        src.ip(),
        dst.ip(),
        SCTP,
        sctp_packet(src, dst, tag, chunks),
        None,
        ip_id,
    )
}

/// An SCTP packet with its CRC32c (RFC 9260 appendix A), as IP or UDP carries it.
pub(crate) fn sctp_packet(src: SocketAddr, dst: SocketAddr, tag: u32, chunks: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(src.port().to_be_bytes());
    out.extend(dst.port().to_be_bytes());
    out.extend(tag.to_be_bytes());
    out.extend([0; 4]);
    out.extend(chunks);
    let mut crc = u32::MAX;
    for byte in &out {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    out[8..12].copy_from_slice(&(!crc).to_le_bytes());
    out
}

/// One frame with an ICMP error from `router` to the sender of `quoted`, an Ethernet frame.
pub(crate) fn icmp(router: IpAddr, kind: u8, code: u8, quoted: &[u8], ip_id: u16) -> Vec<u8> {
    let packet = &quoted[14..];
    let v6 = router.is_ipv6();
    let to: IpAddr = if v6 {
        <[u8; 16]>::try_from(&packet[8..24]).unwrap().into()
    } else {
        <[u8; 4]>::try_from(&packet[12..16]).unwrap().into()
    };
    let mut out = vec![kind, code, 0, 0, 0, 0, 0, 0];
    // RFC 792: the header and 64 bits; newer routers quote as much as fits (RFC 1812 §4.3.2.3).
    out.extend(&packet[..packet.len().min(if v6 { 1232 } else { 28 })]);
    let protocol = if v6 { ICMPV6 } else { ICMP };
    ip(router, to, protocol, out, Some(2), ip_id)
}

/// A frame that is no IP: an ARP request.
pub(crate) fn arp() -> Vec<u8> {
    let mut out = ethernet(None, None, 0x0806);
    out.extend([0, 1, 8, 0, 6, 4, 0, 1]);
    out.extend([
        2, 0, 10, 1, 1, 1, 10, 1, 1, 1, 0, 0, 0, 0, 0, 0, 10, 1, 1, 2,
    ]);
    out
}

fn ethernet(src: Option<IpAddr>, dst: Option<IpAddr>, kind: u16) -> Vec<u8> {
    let mac = |addr: Option<IpAddr>| match addr {
        Some(IpAddr::V4(a)) => {
            let [a, b, c, d] = a.octets();
            [2, 0, a, b, c, d]
        }
        Some(IpAddr::V6(a)) => {
            let o = a.octets();
            [2, 6, o[12], o[13], o[14], o[15]]
        }
        None => [0xff; 6],
    };
    let mut out = Vec::new();
    out.extend(mac(dst));
    out.extend(mac(src));
    out.extend(kind.to_be_bytes());
    out
}

/// Puts IP and Ethernet in front; `checksum` is where the transport has its own.
pub(crate) fn ip(
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    mut transport: Vec<u8>,
    checksum: Option<usize>,
    id: u16,
) -> Vec<u8> {
    let length = u16::try_from(transport.len()).unwrap();
    let mut pseudo = Vec::new();
    if protocol != ICMP {
        match (src, dst) {
            (IpAddr::V4(s), IpAddr::V4(d)) => {
                pseudo.extend(s.octets());
                pseudo.extend(d.octets());
                pseudo.extend([0, protocol]);
                pseudo.extend(length.to_be_bytes());
            }
            (IpAddr::V6(s), IpAddr::V6(d)) => {
                pseudo.extend(s.octets());
                pseudo.extend(d.octets());
                pseudo.extend(u32::from(length).to_be_bytes());
                pseudo.extend([0, 0, 0, protocol]);
            }
            _ => panic!("{src} and {dst} are of different versions of IP"),
        }
    }
    if let Some(place) = checksum {
        pseudo.extend(&transport);
        let sum = internet_checksum(&pseudo);
        transport[place..place + 2].copy_from_slice(&sum.to_be_bytes());
    }
    let mut out = ethernet(
        Some(src),
        Some(dst),
        if src.is_ipv4() { 0x0800 } else { 0x86dd },
    );
    let start = out.len();
    match (src, dst) {
        (IpAddr::V4(s), IpAddr::V4(d)) => {
            out.extend([0x45, 0]);
            out.extend((20 + length).to_be_bytes());
            out.extend(id.to_be_bytes());
            out.extend([0x40, 0, 64, protocol, 0, 0]); // do not fragment, TTL 64
            out.extend(s.octets());
            out.extend(d.octets());
            let sum = internet_checksum(&out[start..]);
            out[start + 10..start + 12].copy_from_slice(&sum.to_be_bytes());
        }
        (IpAddr::V6(s), IpAddr::V6(d)) => {
            out.extend([0x60, 0, 0, 0]);
            out.extend(length.to_be_bytes());
            out.extend([protocol, 64]);
            out.extend(s.octets());
            out.extend(d.octets());
        }
        _ => panic!("{src} and {dst} are of different versions of IP"),
    }
    out.extend(transport);
    out
}

/// An Ethernet frame with IPv4 as fragments of `size` bytes of payload, rounded down to a multiple of 8 (RFC 791 §2.3).
pub(crate) fn fragments(frame: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (head, payload) = frame.split_at(14 + 20);
    let size = (size / 8).max(1) * 8;
    let count = payload.len().div_ceil(size);
    payload
        .chunks(size)
        .enumerate()
        .map(|(n, part)| {
            let mut out = head.to_vec();
            let length = u16::try_from(20 + part.len()).unwrap();
            out[16..18].copy_from_slice(&length.to_be_bytes());
            let more = if n + 1 < count { 0x2000 } else { 0 };
            let place = u16::try_from(n * size / 8).unwrap() | more;
            out[20..22].copy_from_slice(&place.to_be_bytes());
            out[24..26].fill(0);
            let sum = internet_checksum(&out[14..34]);
            out[24..26].copy_from_slice(&sum.to_be_bytes());
            out.extend(part);
            out
        })
        .collect()
}

/// RFC 1071.
fn internet_checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
