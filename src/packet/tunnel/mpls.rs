//! MPLS label stack (RFC 3032 §2.1) and what follows the last label.

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port of MPLS in UDP (RFC 7510 §3).
pub(super) const PORT: u16 = 6635;

/// Takes off one label. Behind the last, the first four bits tell IP from Ethernet with a control word (RFC 4385 §3) or without.
pub(in crate::packet) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let label = bytes.u32_at(0);
    layers.tag("mpls", label.map(|entry| entry >> 12));
    let label = label?;
    let rest = bytes.skip(4)?;
    if label & 0x100 == 0 {
        return Some((Next::EtherType(0x8847), rest));
    }
    Some(match rest.u8_at(0)? >> 4 {
        4 | 6 => (Next::Ip, rest),
        0 if looks_like_ethernet(rest) && !rest.skip(4).is_some_and(looks_like_ethernet) => {
            (Next::Ethernet, rest)
        }
        0 => (Next::Ethernet, rest.skip(4)?),
        1 => (Next::Named("pw-ach"), rest),
        _ => (Next::Ethernet, rest),
    })
}

/// Whether the type field is one that is common behind two addresses.
pub(super) fn looks_like_ethernet(bytes: Bytes<'_>) -> bool {
    matches!(
        bytes.u16_at(12),
        Some(0x0800 | 0x86dd | 0x0806 | 0x8100 | 0x88a8 | 0x8847 | 0x8864)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_with_the_bottom_bit() {
        let stack = [0, 1, 0x00, 64, 0, 2, 0x01, 64, 0x45];
        let layers = &mut Layers::default();
        let (next, rest) = read(Bytes::whole(&stack), layers).unwrap();
        assert_eq!(next, Next::EtherType(0x8847));
        assert_eq!(read(rest, layers).unwrap().0, Next::Ip);
    }
}
