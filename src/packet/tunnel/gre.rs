//! GRE (RFC 2784, RFC 2890; version 1 of PPTP: RFC 2637) and ERSPAN inside it.

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;
use crate::packet::link::frame_relay;

/// UDP port of GRE in UDP (RFC 8086 §5).
pub(super) const PORT: u16 = 4754;

/// Flags and protocol (4), then checksum (4), key (4), sequence (4), acknowledgment (4) as the flags say.
pub(in crate::packet) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let Some((flags, protocol)) = bytes.u16_at(0).zip(bytes.u16_at(2)) else {
        layers.push("gre");
        return None;
    };
    let version = flags & 7;
    // Checksum and routing (RFC 1701) share one word; source routes themselves are not read (deprecated since RFC 2784).
    let has = |bit: u16| usize::from(flags & bit != 0).saturating_mul(4);
    let key_at = has(0xc000).saturating_add(4);
    let key = bytes.u32_at(key_at).filter(|_| flags & 0x2000 != 0);
    // Version 1 has the length of the payload in the upper half, the call in the lower.
    layers.tag(
        "gre",
        key.map(|key| if version == 1 { key & 0xffff } else { key }),
    );
    let sequence = has(0x1000);
    let acknowledgment = if version == 1 { has(0x0080) } else { 0 };
    let words = [has(0xc000), has(0x2000), sequence, acknowledgment];
    let rest = bytes.skip(
        words
            .iter()
            .fold(4, |sum, n| usize::saturating_add(sum, *n)),
    )?;
    Some(match protocol {
        // Transparent Ethernet bridging.
        0x6558 => (Next::Ethernet, rest),
        // ERSPAN type I has no sequence number and no header.
        0x88be if sequence == 0 => {
            layers.tag("erspan", None);
            (Next::Ethernet, rest)
        }
        0x88be | 0x22eb => return erspan(rest, layers),
        0x880b => (Next::Ppp, rest),
        // Frame Relay (RFC 1701).
        0x6559 => (Next::Link(frame_relay::LINKTYPE), rest),
        // WCCP: version 2 has a redirect header of 4 bytes before the packet.
        0x883e if rest.u8_at(0)? >> 4 == 4 => (Next::Ip, rest),
        0x883e => (Next::Ip, rest.skip(4)?),
        // A keep-alive of Cisco carries nothing.
        0 => (Next::Named("gre-keepalive"), rest),
        kind => (Next::EtherType(kind), rest),
    })
}

/// ERSPAN type II and III (draft-foschiano-erspan §4.2, §4.3).
fn erspan<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    // The session has ten bits (draft-foschiano-erspan §4.2).
    let session = bytes.u16_at(2).map(|field| u32::from(field & 0x03ff));
    layers.tag("erspan", session);
    match bytes.u8_at(0)? >> 4 {
        1 => Some((Next::Ethernet, bytes.skip(8)?)),
        2 => {
            let last = bytes.u16_at(10)?;
            // O: a platform specific part of 8 bytes. FT: what the frame is; 2 is IP.
            let own = if last & 1 == 0 { 12 } else { 20 };
            let ip = last >> 10 & 0x1f == 2;
            Some((if ip { Next::Ip } else { Next::Ethernet }, bytes.skip(own)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(bytes: &[u8]) -> Option<(Next, usize)> {
        let (next, rest) = read(Bytes::whole(bytes), &mut Layers::default())?;
        Some((next, rest.data.len()))
    }

    #[test]
    fn optional_words_are_skipped() {
        assert_eq!(
            next(&[0, 0, 8, 0, 0x45]),
            Some((Next::EtherType(0x0800), 1))
        );
        let full = [&[0xb0, 0, 0x65, 0x58][..], &[0; 12], &[1, 2]].concat();
        assert_eq!(next(&full), Some((Next::Ethernet, 2)));
        assert_eq!(next(&full[..15]), None);
        let pptp = [&[0x30, 0x81, 0x88, 0x0b][..], &[0; 12], &[0x21]].concat();
        assert_eq!(next(&pptp), Some((Next::Ppp, 1)));
    }

    #[test]
    fn erspan_of_each_type() {
        let one = [&[0, 0, 0x88, 0xbe][..], &[7; 14]].concat();
        assert_eq!(next(&one), Some((Next::Ethernet, 14)));
        let two = [
            &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10][..],
            &[0; 7],
            &[7; 14],
        ]
        .concat();
        assert_eq!(next(&two), Some((Next::Ethernet, 14)));
        let three = |last| {
            let head = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20];
            [&head[..], &[0; 10], &[last], &[7; 22]].concat()
        };
        assert_eq!(next(&three(0)), Some((Next::Ethernet, 22)));
        assert_eq!(next(&three(1)), Some((Next::Ethernet, 14)));
    }
}
