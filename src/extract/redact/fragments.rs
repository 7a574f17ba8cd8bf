//! UDP datagrams that came in fragments: rewritten as a whole, and put back into the frames that they came in.

use super::frame::{datagram, pattern, pseudo_header_sum, sum};
use crate::packet::{Packet, Payload};
use crate::redact::Pseudonyms;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

/// Bytes of a UDP header.
const UDP: usize = 8;
/// The Fragment extension header of IPv6 (RFC 8200 §4.5).
const FRAGMENT: u8 = 44;
/// Protocol number of UDP.
const PROTOCOL: u8 = 17;

/// The datagrams by the frames that have a part of them.
#[derive(Debug, Default)]
pub(super) struct Fragments(BTreeMap<u64, Rc<Vec<u8>>>);

impl Fragments {
    /// Rewrites a datagram that is whole with this packet.
    pub(super) fn push(&mut self, packet: &Packet<'_>, names: &mut Pseudonyms) {
        let (Payload::Udp(udp), Some(src), Some(dst)) = (&packet.payload, packet.src, packet.dst)
        else {
            return;
        };
        let Ok(length) = u16::try_from(udp.payload.len().saturating_add(UDP)) else {
            return;
        };
        // A datagram around another packet, or one that is cut, has another length.
        if packet.frames.len() < 2 || u32::from(length).checked_sub(8) != Some(udp.wire_len) {
            return;
        }
        let mut whole = Vec::with_capacity(usize::from(length));
        for field in [udp.src_port, udp.dst_port, length, 0] {
            whole.extend(field.to_be_bytes());
        }
        whole.extend(datagram(udp, names));
        let ends = (names.address(src), names.address(dst));
        let check = match !sum(
            &whole,
            pseudo_header_sum(ends, u32::from(PROTOCOL), whole.len()),
        ) {
            0 => 0xffff,
            sum => sum,
        };
        if let Some(field) = whole.get_mut(6..UDP) {
            field.copy_from_slice(&check.to_be_bytes());
        }
        let whole = Rc::new(whole);
        for frame in packet.frames {
            self.0.insert(frame.number.get(), Rc::clone(&whole));
        }
    }

    /// Puts the part of a frame in its place. `pair`: the addresses in its IP header. Returns whether that was done.
    pub(super) fn put(&self, frame: u64, bytes: &mut [u8], pair: (IpAddr, IpAddr)) -> bool {
        let Some(whole) = self.0.get(&frame) else {
            return false;
        };
        part(whole, bytes, pair).is_some()
    }
}

fn part(whole: &[u8], bytes: &mut [u8], pair: (IpAddr, IpAddr)) -> Option<()> {
    let at = memchr::memmem::rfind(bytes, &pattern(pair)?)?;
    let word = |at: usize| {
        let field = bytes.get(at..at.checked_add(2)?)?;
        Some(u16::from_be_bytes(field.try_into().ok()?))
    };
    let (offset, start, len) = if pair.0.is_ipv4() {
        // RFC 791 §3.1: total length, fragment offset, header length.
        let begin = at.checked_sub(12)?;
        let header = usize::from(bytes.get(begin)? & 15).checked_mul(4)?;
        let total = usize::from(word(begin.checked_add(2)?)?);
        let offset = word(begin.checked_add(6)?)? & 0x1fff;
        let len = total.checked_sub(header)?;
        (
            usize::from(offset).checked_mul(8)?,
            begin.checked_add(header)?,
            len,
        )
    } else {
        // Only where the Fragment header is the first one behind the fixed header.
        let begin = at.checked_sub(8)?;
        let behind = begin.checked_add(40)?;
        if *bytes.get(begin.checked_add(6)?)? != FRAGMENT {
            return None;
        }
        let len = usize::from(word(begin.checked_add(4)?)?).checked_sub(8)?;
        let offset = word(behind.checked_add(2)?)? & 0xfff8;
        (usize::from(offset), behind.checked_add(8)?, len)
    };
    let new = whole.get(offset..offset.checked_add(len)?)?;
    let end = start.checked_add(len)?;
    let old = bytes.get_mut(start..end)?;
    // A datagram without a checksum stays one.
    let without = offset == 0 && old.get(6..UDP) == Some(&[0, 0]);
    old.copy_from_slice(new);
    if without {
        old.get_mut(6..UDP)?.fill(0);
    }
    bytes.get_mut(end..)?.fill(0);
    Some(())
}
