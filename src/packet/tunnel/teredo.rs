//! Teredo: IPv6 over UDP (RFC 4380 §5.1.1).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (RFC 4380 §2.7).
pub(super) const PORT: u16 = 3544;

/// An optional authentication (0001) and origin indication (0000) come before the IPv6 packet.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let mut rest = bytes;
    if rest.u16_at(0)? == 1 {
        let id = usize::from(rest.u8_at(2)?);
        let value = usize::from(rest.u8_at(3)?);
        rest = rest.skip(id.saturating_add(value).saturating_add(13))?;
    }
    if rest.u16_at(0)? == 0 {
        rest = rest.skip(8)?;
    }
    if rest.u8_at(0)? >> 4 != 6 {
        return None;
    }
    layers.tag("teredo", None);
    Some((Next::Ip, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indications_are_skipped() {
        let auth = [&[0, 1, 0, 0][..], &[0; 9], &[0; 8], &[0x60]].concat();
        let (next, rest) = read(Bytes::whole(&auth), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x60][..]));
        assert!(read(Bytes::whole(b"\x12\x34"), &mut Layers::default()).is_none());
    }
}
