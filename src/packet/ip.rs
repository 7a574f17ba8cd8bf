//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers with honest lengths.

use super::bytes::{Bytes, Next, Taken};
use etherparse::{IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};
use std::net::IpAddr;

/// What is kept of the innermost IP header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ip {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) id: Option<u16>,
    pub(super) ttl: u8,
}

/// A fragment's place in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) id: u32,
    /// Protocol of the datagram, as this fragment says.
    pub(super) protocol: u8,
    /// In bytes.
    pub(super) offset: u32,
    /// Whether others follow.
    pub(super) more: bool,
}

/// An IP header taken off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    pub(super) ip: Ip,
    pub(super) name: &'static str,
    pub(super) protocol: u8,
    pub(super) piece: Option<Piece>,
    pub(super) payload: Bytes<'a>,
    /// The header claims more bytes than were on the wire, or fewer than it has itself.
    pub(super) lies: bool,
}

/// Takes an IP header off; `None` when it is cut or is none.
pub(super) fn read(bytes: Bytes<'_>) -> Option<Header<'_>> {
    match bytes.u8_at(0)? >> 4 {
        4 => v4(bytes),
        6 => v6(bytes),
        _ => None,
    }
}

fn v4(bytes: Bytes<'_>) -> Option<Header<'_>> {
    let header = Ipv4HeaderSlice::from_slice(bytes.data).ok()?;
    let own = u32::from(header.ihl()).saturating_mul(4);
    let total = u32::from(header.total_len());
    // 0 is what segmentation offload leaves (the card fills it in); then the length is what there is.
    let told = total != 0;
    let lies = told && (total < own || total > bytes.wire_len());
    let payload = match told && total >= own {
        true => bytes.limit(total).skip(own as usize)?,
        false => bytes.skip(own as usize)?,
    };
    let offset = u32::from(header.fragments_offset().value()).saturating_mul(8);
    let more = header.more_fragments();
    let protocol = header.protocol().0;
    Some(Header {
        ip: Ip {
            src: header.source_addr().into(),
            dst: header.destination_addr().into(),
            id: Some(header.identification()),
            ttl: header.ttl(),
        },
        name: "ip",
        protocol,
        piece: (more || offset != 0).then(|| Piece {
            id: u32::from(header.identification()),
            protocol,
            offset,
            more,
        }),
        payload,
        lies,
    })
}

fn v6(bytes: Bytes<'_>) -> Option<Header<'_>> {
    const OWN: usize = 40;
    let header = Ipv6HeaderSlice::from_slice(bytes.data).ok()?;
    let len = u32::from(header.payload_length());
    let rest = bytes.skip(OWN)?;
    // 0: a jumbogram (RFC 2675) or segmentation offload.
    let payload = if len == 0 { rest } else { rest.limit(len) };
    Some(Header {
        ip: Ip {
            src: header.source_addr().into(),
            dst: header.destination_addr().into(),
            id: None,
            ttl: header.hop_limit(),
        },
        name: "ipv6",
        protocol: header.next_header().0,
        piece: None,
        payload,
        lies: len > rest.wire_len(),
    })
}

/// Takes off an extension header that says where it ends in the common way (RFC 8200 §4.3, §4.4, §4.6; RFC 6275; RFC 7401; RFC 5533).
pub(super) fn extension(bytes: Bytes<'_>) -> Taken<'_> {
    let len = usize::from(bytes.u8_at(1)?)
        .saturating_add(1)
        .saturating_mul(8);
    Some((Next::Protocol(bytes.u8_at(0)?), bytes.skip(len)?))
}

/// Takes off an authentication header (RFC 4302).
pub(super) fn authentication(bytes: Bytes<'_>) -> Taken<'_> {
    let header = IpAuthHeaderSlice::from_slice(bytes.data).ok()?;
    let rest = bytes.skip(header.slice().len())?;
    Some((Next::Protocol(header.next_header().0), rest))
}

/// Takes off a fragment header (RFC 8200 §4.5).
pub(super) fn fragment(bytes: Bytes<'_>) -> Option<(Piece, Bytes<'_>)> {
    const OWN: usize = 8;
    let header = Ipv6FragmentHeaderSlice::from_slice(bytes.data).ok()?;
    let piece = Piece {
        id: header.identification(),
        protocol: header.next_header().0,
        offset: u32::from(header.fragment_offset().value()).saturating_mul(8),
        more: header.more_fragments(),
    };
    Some((piece, bytes.skip(OWN)?))
}
