//! Frames of every link type, several of them to one decoder: fragments, tunnels, copies.

use super::input::{Input, at, counted};
use super::small_limits;
use sipdiag::base::{Caveats, Frame, LinkType};
use sipdiag::packet::{Decoder, Packet, Payload};

/// All link types that are read, and some that are not.
pub const LINKS: &[u16] = &[
    1, 0, 8, 9, 12, 14, 50, 51, 101, 104, 105, 107, 108, 109, 113, 117, 119, 127, 149, 163, 178,
    179, 180, 181, 192, 204, 228, 229, 239, 242, 252, 258, 276, 281, 282, 284, 285, 147, 189, 1000,
];

/// Frames, each: link type by its place in [`LINKS`], bytes that were cut off, length, bytes.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let limits = small_limits();
    let mut decoder = Decoder::new(&limits);
    let mut caveats = Caveats::new(limits.places_per_caveat);
    let mut number = 0;
    while !input.is_empty() {
        number += 1;
        let link = LinkType(LINKS[usize::from(input.u8()) % LINKS.len()]);
        let cut = u32::from(input.u8());
        let bytes = input.counted();
        let frame = Frame {
            at: at(number),
            link,
            bytes,
            original_len: u32::try_from(bytes.len()).unwrap_or(0) + cut,
        };
        look(&decoder.push(&frame, &mut caveats));
    }
    decoder.finish(&mut caveats);
    assert!(
        caveats
            .iter()
            .all(|c| c.places.len() <= limits.places_per_caveat)
    );
}

/// Writes a frame as [`run`] reads it.
pub fn write(out: &mut Vec<u8>, link: u16, cut: u8, frame: &[u8]) {
    let place = LINKS.iter().position(|l| *l == link).unwrap_or(0);
    out.extend([u8::try_from(place).unwrap_or(0), cut]);
    counted(out, frame);
}

/// Asks a packet everything.
fn look(packet: &Packet<'_>) {
    let _ = (packet.flow_key(), packet.ports(), packet.hidden_text());
    let _ = (packet.src_endpoint(), packet.dst_endpoint());
    assert!(!packet.protocol().to_string().is_empty());
    assert!(packet.path().count() < 1000);
    let _ = format!("{:?}", packet.layers);
    match &packet.payload {
        Payload::Tcp(segment) => {
            assert!(fits(segment.payload, segment.wire_len));
            let _ = segment.flags.to_string();
        }
        Payload::Udp(datagram) => assert!(fits(datagram.payload, datagram.wire_len)),
        Payload::Sctp(sctp) => {
            let mut chunks = 0;
            for chunk in sctp.chunks().flatten() {
                assert!(fits(chunk.value, chunk.wire_len));
                chunks += 1;
            }
            assert!(chunks <= sctp.payload.len() / 4 + 1);
        }
        Payload::IcmpError(error) => {
            let _ = format!("{error:?}");
        }
        _ => {}
    }
}

/// A capture has no more than there was.
fn fits(bytes: &[u8], wire_len: u32) -> bool {
    u32::try_from(bytes.len()).is_ok_and(|len| len <= wire_len)
}
