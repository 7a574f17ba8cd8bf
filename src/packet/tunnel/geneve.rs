//! Geneve (RFC 8926 §3.4).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (RFC 8926 §3.3).
pub(super) const PORT: u16 = 6081;

/// Version and length of the options in words (1), flags (1), protocol (2), network identifier (3), reserved (1), options.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let first = bytes.u8_at(0)?;
    if first >> 6 != 0 {
        return None;
    }
    let options = usize::from(first & 0x3f).saturating_mul(4);
    let next = match bytes.u16_at(2)? {
        0x6558 => Next::Ethernet,
        kind => Next::EtherType(kind),
    };
    let rest = bytes.skip(options.saturating_add(8))?;
    layers.tag("geneve", Some(bytes.u32_at(4)? >> 8));
    Some((next, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_skipped() {
        let packet = [1, 0, 0x08, 0x00, 0, 0, 7, 0, 9, 9, 9, 9, 0x45];
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::EtherType(0x0800), &[0x45][..]));
    }
}
