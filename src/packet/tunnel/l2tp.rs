//! L2TP data messages: version 2 (RFC 2661 §3.1), and version 3 over UDP (RFC 3931 §4.1.2) and over IP (RFC 3931 §4.1.1).

use super::mpls::looks_like_ethernet;
use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (RFC 2661 §8.1).
pub(super) const PORT: u16 = 1701;

/// Flags and version (2), then length (2), tunnel and session (4), Ns and Nr (4), offset (2 and more) as the flags say.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let flags = bytes.u16_at(0)?;
    // T: a control message.
    if flags & 0x8000 != 0 {
        return None;
    }
    match flags & 0x000f {
        2 => {}
        3 => return session(bytes.skip(4)?, layers),
        _ => return None,
    }
    let length = usize::from(flags & 0x4000 != 0).saturating_mul(2);
    let sequence = usize::from(flags & 0x0800 != 0).saturating_mul(4);
    let own = length.saturating_add(sequence).saturating_add(6);
    let mut rest = bytes.skip(own)?;
    if flags & 0x0200 != 0 {
        rest = rest.skip(usize::from(rest.u16_at(0)?).saturating_add(2))?;
    }
    // Tunnel and session together.
    layers.tag("l2tp", bytes.u32_at(length.saturating_add(2)));
    Some((Next::Ppp, rest))
}

/// Version 3 over IP; a session of 0 is a control message.
pub(in crate::packet) fn over_ip<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    match bytes.u32_at(0)? {
        0 => Some((Next::Named("l2tp-control"), bytes)),
        _ => session(bytes, layers),
    }
}

/// Session (4), a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4. Which, only the control connection says; so the Ethernet frame
/// is looked for where it can begin.
fn session<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    layers.tag("l2tp", Some(bytes.u32_at(0)?));
    let frame = [4, 8, 12, 16].into_iter().find_map(|at| {
        let rest = bytes.skip(at)?;
        looks_like_ethernet(rest).then_some(rest)
    });
    Some(match frame {
        Some(rest) => (Next::Ethernet, rest),
        None => (Next::Hidden("a pseudowire of L2TPv3"), bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_message_carries_ppp() {
        let packet = [0x40, 2, 0, 12, 0, 1, 0, 1, 0xff, 3, 0, 0x21];
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ppp, &[0xff, 3, 0, 0x21][..]));
        assert!(read(Bytes::whole(&[0xc8, 2, 0, 12]), &mut Layers::default()).is_none());
    }

    #[test]
    fn a_frame_of_version_3_is_found_behind_any_cookie() {
        for cookie in [0, 4, 8, 12] {
            let frame = [&[2; 12][..], &[0x08, 0, 0x45]].concat();
            let ip = [&[0, 0, 0, 7][..], &vec![9; cookie], &frame].concat();
            let mut layers = Layers::default();
            let (next, rest) = over_ip(Bytes::whole(&ip), &mut layers).unwrap();
            assert_eq!((next, rest.data), (Next::Ethernet, &frame[..]));
            assert_eq!(layers.path(&[]).next().unwrap().id, Some(7));
            let udp = [&[0, 3, 0, 0][..], &ip].concat();
            assert_eq!(read(Bytes::whole(&udp), &mut layers).unwrap().1.data, frame);
        }
        let other = [0, 0, 0, 7, 1, 2, 3, 4];
        let (next, _) = over_ip(Bytes::whole(&other), &mut Layers::default()).unwrap();
        assert!(matches!(next, Next::Hidden(_)));
        assert!(over_ip(Bytes::whole(&[0, 0, 0]), &mut Layers::default()).is_none());
        let control = over_ip(Bytes::whole(&[0; 12]), &mut Layers::default()).unwrap();
        assert_eq!(control.0, Next::Named("l2tp-control"));
    }
}
