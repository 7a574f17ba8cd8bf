//! One frame: addresses, payload and checksums in place.

use super::fragments::Fragments;
use super::{Sides, segment_payload};
use crate::base::{Frame, LinkType};
use crate::packet::{Datagram, Packet, Payload};
use crate::redact::Pseudonyms;
use crate::sip;
use std::net::IpAddr;

/// Ethernet, and the cooked captures of Linux (<https://www.tcpdump.org/linktypes.html>).
const ETHERNET: LinkType = LinkType(1);
const COOKED: LinkType = LinkType(113);
const COOKED_2: LinkType = LinkType(276);
/// Port of DNS.
const DNS: u16 = 53;

/// What the packets of an extract become, by what was put together from them.
pub(super) struct Parts<'a> {
    pub(super) sides: &'a Sides,
    pub(super) fragments: &'a Fragments,
}

pub(super) fn rewrite(
    frame: &Frame<'_>,
    packet: &Packet<'_>,
    parts: &Parts<'_>,
    names: &mut Pseudonyms,
) -> Vec<u8> {
    let mut bytes = frame.bytes.to_vec();
    let (Some(src), Some(dst)) = (packet.src, packet.dst) else {
        link(frame.link, &mut bytes, names);
        blank_behind_link(frame.link, &mut bytes);
        return bytes;
    };
    // What is put together from fragments lies in other frames, too.
    let whole = packet.frames.len() < 2;
    let is_part = !whole || matches!(packet.payload, Payload::Fragment);
    let header = transport(&bytes, packet).filter(|_| whole);
    match &packet.payload {
        _ if is_part
            && parts
                .fragments
                .put(frame.at.number.get(), &mut bytes, (src, dst)) => {}
        Payload::Tcp(_) | Payload::Udp(_) if header.is_none() => {
            blank_behind_ip(&mut bytes, (src, dst));
        }
        Payload::Tcp(segment) => {
            let payload = segment_payload(parts.sides, packet, segment);
            put_payload(&mut bytes, header, &payload);
        }
        Payload::Udp(udp) => {
            let payload = datagram(udp, names);
            put_payload(&mut bytes, header, &payload);
        }
        Payload::IcmpError(error) => {
            let quoted = error.quoted.map(|q| (q.src, q.dst));
            icmp(&mut bytes, (src, dst), quoted, names);
        }
        _ => blank_behind_ip(&mut bytes, (src, dst)),
    }
    let mut pairs: Vec<(IpAddr, IpAddr)> = packet.outer.to_vec();
    pairs.push((src, dst));
    for (from, to) in pairs {
        addresses(&mut bytes, (from, to), names);
    }
    link(frame.link, &mut bytes, names);
    let (src, dst) = (names.address(src), names.address(dst));
    checksum(&mut bytes, packet, (src, dst), header);
    bytes
}

/// The payload of a UDP datagram, rewritten.
pub(super) fn datagram(udp: &Datagram<'_>, names: &mut Pseudonyms) -> Vec<u8> {
    let mut payload = udp.payload.to_vec();
    if sip::probe_datagram(&payload) == sip::Probe::Yes {
        names.sip(&mut payload);
    } else if [udp.src_port, udp.dst_port].contains(&DNS) {
        names.dns(&mut payload);
    } else if payload.iter().any(|b| !matches!(b, b'\r' | b'\n')) {
        payload.fill(0);
    }
    payload
}

/// Where the TCP or UDP header begins, and how long it is.
fn transport(bytes: &[u8], packet: &Packet<'_>) -> Option<(usize, usize)> {
    match &packet.payload {
        Payload::Tcp(segment) => {
            let ports = [
                &segment.src_port.to_be_bytes()[..],
                &segment.dst_port.to_be_bytes(),
                &segment.seq.to_be_bytes(),
                &segment.ack.to_be_bytes(),
            ]
            .concat();
            let at = memchr::memmem::rfind(before_payload(bytes, segment.payload.len()), &ports)?;
            let offset = bytes.get(at.checked_add(12)?)?;
            Some((at, usize::from(offset >> 4).checked_mul(4)?))
        }
        Payload::Udp(datagram) => {
            let length = datagram.wire_len.checked_add(8)?;
            let ports = [
                &datagram.src_port.to_be_bytes()[..],
                &datagram.dst_port.to_be_bytes(),
                &u16::try_from(length).ok()?.to_be_bytes(),
            ]
            .concat();
            let at = memchr::memmem::rfind(before_payload(bytes, datagram.payload.len()), &ports)?;
            Some((at, 8))
        }
        _ => None,
    }
}

/// All that may be headers: what the payload cannot be.
fn before_payload(bytes: &[u8], payload: usize) -> &[u8] {
    let end = bytes.len().saturating_sub(payload);
    bytes.get(..end).unwrap_or(bytes)
}

/// Writes the payload behind the header, and zero behind the payload (padding, trailers). Without a header everything goes.
fn put_payload(bytes: &mut [u8], header: Option<(usize, usize)>, payload: &[u8]) {
    let Some((at, length)) = header else {
        return;
    };
    let start = at.saturating_add(length);
    let end = start.saturating_add(payload.len());
    match bytes.get_mut(start..end) {
        Some(to) => to.copy_from_slice(payload),
        None => bytes.get_mut(start..).unwrap_or_default().fill(0),
    }
    bytes.get_mut(end..).unwrap_or_default().fill(0);
}

/// The addresses as they stand in an IP header: source and destination one behind the other (RFC 791 §3.1, RFC 8200 §3).
pub(super) fn pattern((src, dst): (IpAddr, IpAddr)) -> Option<Vec<u8>> {
    match (src, dst) {
        (IpAddr::V4(a), IpAddr::V4(b)) => Some([a.octets(), b.octets()].concat()),
        (IpAddr::V6(a), IpAddr::V6(b)) => Some([a.octets(), b.octets()].concat()),
        _ => None,
    }
}

/// Replaces a pair of addresses in every IP header that has it, and puts the checksum of IPv4 right.
fn addresses(bytes: &mut [u8], pair: (IpAddr, IpAddr), names: &mut Pseudonyms) {
    let other = (names.address(pair.0), names.address(pair.1));
    let (Some(old), Some(new)) = (pattern(pair), pattern(other)) else {
        return;
    };
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(bytes.get(from..).unwrap_or_default(), &old) {
        let at = from.saturating_add(found);
        let end = at.saturating_add(old.len());
        if let Some(to) = bytes.get_mut(at..end) {
            to.copy_from_slice(&new);
        }
        if pair.0.is_ipv4()
            && let Some(start) = at.checked_sub(12)
        {
            header_checksum(bytes, start);
        }
        from = end;
    }
}

/// The header checksum of IPv4 (RFC 791 §3.1).
fn header_checksum(bytes: &mut [u8], start: usize) {
    let Some(first) = bytes.get(start).filter(|b| **b >> 4 == 4) else {
        return;
    };
    let end = start.saturating_add(usize::from(first & 15).saturating_mul(4));
    if let Some(field) = bytes.get_mut(start.saturating_add(10)..start.saturating_add(12)) {
        field.fill(0);
    }
    let sum = bytes.get(start..end).map(|header| sum(header, 0));
    if let (Some(sum), Some(field)) = (
        sum,
        bytes.get_mut(start.saturating_add(10)..start.saturating_add(12)),
    ) {
        field.copy_from_slice(&(!sum).to_be_bytes());
    }
}

/// The sum of what checksums cover beside the packet: addresses, protocol, length (RFC 9293 §3.1, RFC 768, RFC 8200 §8.1).
pub(super) fn pseudo_header_sum(ends: (IpAddr, IpAddr), protocol: u32, len: usize) -> u32 {
    let ends = pattern(ends).unwrap_or_default();
    let size = u32::try_from(len).unwrap_or(0);
    u32::from(sum(&ends, protocol.saturating_add(size)))
}

/// The sum of RFC 1071, folded to 16 bits.
pub(super) fn sum(bytes: &[u8], begin: u32) -> u16 {
    let mut sum = u64::from(begin);
    for pair in bytes.chunks(2) {
        let word = match pair {
            [a, b] => u16::from_be_bytes([*a, *b]),
            [a] => u16::from_be_bytes([*a, 0]),
            _ => 0,
        };
        sum = sum.saturating_add(u64::from(word));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff).saturating_add(sum >> 16);
    }
    u16::try_from(sum).unwrap_or(0)
}

/// The checksum of TCP (RFC 9293 §3.1) or UDP (RFC 768). Of a packet that is not all there it cannot be computed and stays.
fn checksum(
    bytes: &mut [u8],
    packet: &Packet<'_>,
    (src, dst): (IpAddr, IpAddr),
    header: Option<(usize, usize)>,
) {
    let Some((at, length)) = header.filter(|_| packet.missing == 0) else {
        return;
    };
    let (protocol, field, payload) = match &packet.payload {
        Payload::Tcp(segment) => (6_u32, 16, segment.payload.len()),
        Payload::Udp(datagram) => (17, 6, datagram.payload.len()),
        _ => return,
    };
    let end = at.saturating_add(length).saturating_add(payload);
    let field = at.saturating_add(field)..at.saturating_add(field).saturating_add(2);
    // A datagram without a checksum stays one.
    if protocol == 17 && bytes.get(field.clone()) == Some(&[0, 0]) {
        return;
    }
    if let Some(to) = bytes.get_mut(field.clone()) {
        to.fill(0);
    }
    let Some(data) = bytes.get(at..end) else {
        return;
    };
    let sum = match !sum(data, pseudo_header_sum((src, dst), protocol, data.len())) {
        0 if protocol == 17 => 0xffff,
        sum => sum,
    };
    if let Some(to) = bytes.get_mut(field) {
        to.copy_from_slice(&sum.to_be_bytes());
    }
}

/// Hardware addresses: the manufacturer stays.
fn link(kind: LinkType, bytes: &mut [u8], names: &mut Pseudonyms) {
    let places: &[usize] = match kind {
        ETHERNET => &[0, 6],
        COOKED => &[6],
        COOKED_2 => &[12],
        _ => &[],
    };
    for place in places {
        let end = place.saturating_add(6);
        if let Some(address) = bytes.get_mut(*place..end) {
            names.hardware_address(address);
        }
    }
}

/// Frames without IP: only what they are stays.
fn blank_behind_link(kind: LinkType, bytes: &mut [u8]) {
    let header = match kind {
        ETHERNET => 14,
        COOKED => 16,
        COOKED_2 => 20,
        _ => 0,
    };
    bytes.get_mut(header..).unwrap_or_default().fill(0);
}

/// Packets of other protocols: the IP header stays, without its options.
fn blank_behind_ip(bytes: &mut [u8], pair: (IpAddr, IpAddr)) {
    let end = pattern(pair).and_then(|old| {
        let at = memchr::memmem::rfind(bytes, &old)?;
        at.checked_add(old.len())
    });
    bytes
        .get_mut(end.unwrap_or_default()..)
        .unwrap_or_default()
        .fill(0);
}

/// An ICMP error: the header of the packet that it quotes and its ports stay.
fn icmp(
    bytes: &mut [u8],
    pair: (IpAddr, IpAddr),
    quoted: Option<(IpAddr, IpAddr)>,
    names: &mut Pseudonyms,
) {
    let Some(quoted) = quoted else {
        blank_behind_ip(bytes, pair);
        return;
    };
    let Some(old) = pattern(quoted) else {
        blank_behind_ip(bytes, pair);
        return;
    };
    let Some(at) = memchr::memmem::rfind(bytes, &old) else {
        blank_behind_ip(bytes, pair);
        return;
    };
    // Options of the quoted header, and the first eight bytes behind it.
    let options = match (quoted.0, at.checked_sub(12).and_then(|n| bytes.get(n))) {
        (IpAddr::V4(_), Some(first)) => usize::from(first & 15).saturating_sub(5).saturating_mul(4),
        _ => 0,
    };
    let end = at
        .saturating_add(old.len())
        .saturating_add(options)
        .saturating_add(8);
    bytes.get_mut(end..).unwrap_or_default().fill(0);
    addresses(bytes, quoted, names);
    // The checksum of ICMP covers all of it (RFC 792); that of ICMPv6 the addresses, too (RFC 4443 §2.3).
    let Some(start) = pattern(pair).and_then(|old| {
        let found = memchr::memmem::find(bytes, &old)?;
        let first = found.checked_sub(12).and_then(|n| bytes.get(n))?;
        let options = usize::from(first & 15).saturating_sub(5).saturating_mul(4);
        let options = if pair.0.is_ipv4() { options } else { 0 };
        found.checked_add(old.len())?.checked_add(options)
    }) else {
        return;
    };
    let field = start.saturating_add(2)..start.saturating_add(4);
    if let Some(to) = bytes.get_mut(field.clone()) {
        to.fill(0);
    }
    let begin = if pair.0.is_ipv6() {
        let ends = (names.address(pair.0), names.address(pair.1));
        pseudo_header_sum(ends, 58, bytes.len().saturating_sub(start))
    } else {
        0
    };
    let sum = bytes.get(start..).map(|data| !sum(data, begin));
    if let (Some(sum), Some(to)) = (sum, bytes.get_mut(field)) {
        to.copy_from_slice(&sum.to_be_bytes());
    }
}
