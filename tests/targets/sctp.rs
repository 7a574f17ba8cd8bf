//! SCTP associations of two hosts.

use super::input::{Input, at};
use super::sip_datagram::ask;
use super::small_limits;
use sipdiag::base::Endpoint;
use sipdiag::packet::SctpPacket;
use sipdiag::sctp::{Associations, Item, Place};
use sipdiag::sip;

/// Packets, each: who sends (one byte), verification tag (one byte), bytes cut off (one byte), length, chunks.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let limits = small_limits();
    let mut associations = Associations::new(&limits);
    let mut messages = 0;
    let mut sink = |item: Item| {
        if let Item::Sip(sip::Item::Message(message)) = item {
            ask(&message);
            messages += 1;
        }
    };
    let mut number = 0;
    while !input.is_empty() {
        number += 1;
        let who = input.u8();
        let tag = u32::from(input.u8()) << 16 | u32::from(who >> 4);
        let cut = u32::from(input.u8());
        let payload = input.counted();
        let ends = [
            Endpoint::new([10, 1, 1, 10 + (who >> 1 & 3)].into(), 5060),
            Endpoint::new([10, 1, 2, 20].into(), 5060 + u16::from(who >> 3 & 1)),
        ];
        let [src, dst] = if who & 1 == 0 {
            ends
        } else {
            [ends[1], ends[0]]
        };
        let packet = SctpPacket {
            src_port: src.port,
            dst_port: dst.port,
            tag,
            checksum: 0,
            payload,
            wire_len: u32::try_from(payload.len()).unwrap_or(0) + cut,
        };
        let frames = [at(number)];
        let place = Place {
            at: at(number),
            frames: &frames,
            src,
            dst,
        };
        associations.push(place, &packet, &mut sink);
        assert!(associations.waiting() <= limits.sctp_waiting_bytes + payload.len());
        assert!(associations.len() <= limits.sctp_directions);
    }
    let _ = associations.finish();
    assert!(associations.is_empty());
}
