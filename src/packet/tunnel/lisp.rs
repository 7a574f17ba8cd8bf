//! LISP data packets (RFC 9300 §5).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (RFC 9300 §5.3).
pub(super) const PORT: u16 = 4341;

/// The I flag: the header names an instance.
const INSTANCE: u8 = 0x08;

/// Flags (1), nonce (3), instance (3) and locator bits (1); then an IP packet.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let flags = bytes.u8_at(0)?;
    let rest = bytes.skip(8)?;
    if !matches!(rest.u8_at(0)? >> 4, 4 | 6) {
        return None;
    }
    let instance = bytes.u32_at(4).filter(|_| flags & INSTANCE != 0);
    layers.tag("lisp", instance.map(|field| field >> 8));
    Some((Next::Ip, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_packet_follows_the_header() {
        let packet = [0x08, 0, 0, 0, 0, 0, 42, 1, 0x45];
        let mut layers = Layers::default();
        let (next, rest) = read(Bytes::whole(&packet), &mut layers).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x45][..]));
        assert_eq!(layers.path(&[]).next().unwrap().id, Some(42));
        assert!(read(Bytes::whole(&packet[..8]), &mut layers).is_none());
        let mut other = packet;
        other[8] = 0x20;
        assert!(read(Bytes::whole(&other), &mut layers).is_none());
    }
}
