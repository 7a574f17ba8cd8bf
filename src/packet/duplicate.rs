//! The same IP packet captured twice.
//!
//! A mirror of both ports of a switch, or a capture of all interfaces of a host, gives each packet two or more times, with other MAC
//! addresses, VLAN tags or hop counts. A retransmission by TCP is another IP packet: it has another identification. Where there is
//! none (IPv6, or 0 as Linux and Windows send for packets that are never fragmented), only a much shorter time tells them apart.

use super::ip::Ip;
use super::payload::Payload;
use crate::base::{FrameRef, Span, Timestamp};
use std::net::IpAddr;

/// Copies with the same IP identification: the delay of a mirror or a router, less than any retransmission timer.
const WINDOW: Span = Span::from_millis(50);
/// Copies without an identification.
const WINDOW_WITHOUT_ID: Span = Span::from_millis(5);
/// Packets between an original and its copy.
const DISTANCE: u64 = 512;
/// Slots of the table; one per packet in reach and as many to keep different packets apart.
const SLOTS: usize = 1024;

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u64,
    time: Timestamp,
    serial: u64,
}

/// The last few hundred packets, by a hash of what a copy has in common with its original.
#[derive(Debug)]
pub(super) struct Detector {
    slots: Vec<Slot>,
    serial: u64,
}

impl Detector {
    pub(super) fn new() -> Self {
        let never = Slot {
            hash: 0,
            time: Timestamp::default(),
            serial: 0,
        };
        Self {
            slots: vec![never; SLOTS],
            serial: DISTANCE,
        }
    }

    /// Whether this packet was seen shortly before in the same capture. `extra` is what else copies share: the place of a fragment.
    pub(super) fn is_copy(
        &mut self,
        ip: &Ip,
        payload: &Payload<'_>,
        extra: u64,
        at: FrameRef,
    ) -> bool {
        self.serial = self.serial.saturating_add(1);
        let id = u64::from(ip.id.unwrap_or(0));
        let Some(hash) = digest(ip, payload, extra, id) else {
            return false;
        };
        // Copies in another capture are for `twin.rs`: neither must push the other's packets out.
        let hash = match at.file.0 {
            0 => hash,
            file => mix(hash, u64::from(file)),
        };
        let time = at.time;
        let window = if id == 0 { WINDOW_WITHOUT_ID } else { WINDOW };
        let place = usize::try_from(hash >> 32).unwrap_or(0) % SLOTS;
        let Some(slot) = self.slots.get_mut(place) else {
            return false;
        };
        let near = self.serial.saturating_sub(slot.serial) <= DISTANCE;
        // Both ports of a mirror are not always captured in order.
        let soon = time.since(slot.time).nanos().unsigned_abs() <= window.nanos().unsigned_abs();
        let copy = slot.hash == hash && near && soon;
        *slot = Slot {
            hash,
            time,
            serial: self.serial,
        };
        copy
    }
}

/// What does not change on the way: addresses, identification, transport header with its checksum, length, a few payload bytes.
/// `None` where copies cannot be told from repetitions: bare acknowledgments without an identification are sent in series.
fn digest(ip: &Ip, payload: &Payload<'_>, extra: u64, id: u64) -> Option<u64> {
    let (head, sums, bytes) = match payload {
        Payload::Tcp(s) => {
            if id == 0 && s.payload.is_empty() && s.flags.0 & 0x07 == 0 {
                return None;
            }
            let numbers = u64::from(s.seq) << 32 | u64::from(s.ack);
            let rest = u64::from(s.checksum) << 32
                | u64::from(s.window) << 16
                | u64::from(s.flags.0) << 8
                | 6;
            (
                ports(s.src_port, s.dst_port, s.wire_len),
                numbers ^ rest.rotate_left(7),
                s.payload,
            )
        }
        Payload::Udp(d) => {
            let head = ports(d.src_port, d.dst_port, d.wire_len);
            (head, u64::from(d.checksum) << 8 | 17, d.payload)
        }
        Payload::Sctp(p) => {
            let head = ports(p.src_port, p.dst_port, p.wire_len);
            (head, u64::from(p.checksum) << 8 | 132, p.payload)
        }
        Payload::Fragment => (extra, 44, &[][..]),
        Payload::Mirrored(_) | Payload::IcmpError(_) | Payload::Other { .. } => return None,
    };
    let mut hash = mix(address(ip.src), address(ip.dst).rotate_left(29) ^ id);
    hash = mix(hash ^ head, sums ^ extra);
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        hash = mix(hash ^ u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    Some(hash)
}

pub(super) fn ports(src: u16, dst: u16, len: u32) -> u64 {
    u64::from(len) << 32 | u64::from(src) << 16 | u64::from(dst)
}

pub(super) fn address(addr: IpAddr) -> u64 {
    match addr {
        IpAddr::V4(a) => u64::from(a.to_bits()),
        IpAddr::V6(a) => {
            let [a, b, c, d, e, f, g, h, rest @ ..] = a.octets();
            let high = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            mix(high, u64::from_le_bytes(rest))
        }
    }
}

/// Folded multiplication, as in wyhash: one instruction that spreads all bits. Not for adversaries: a copy is marked, never dropped.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xd6e8_feb8_6659_fd93);
    let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or(0);
    low ^ u64::try_from(product >> 64).unwrap_or(0)
}
