//! AYIYA, Anything In Anything (draft-massar-v6ops-ayiya): IP packets of tunnel brokers over UDP.

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (draft-massar-v6ops-ayiya §5).
pub(super) const PORT: u16 = 5072;

/// Logarithm of the length of the identity (4 bits) and its type, words of the signature (4 bits) and its hash, method and operation (4
/// bits each), IP protocol (1), time (4); then identity and signature.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let identity = 1usize.checked_shl(u32::from(bytes.u8_at(0)? >> 4))?;
    let signature = usize::from(bytes.u8_at(1)? >> 4).saturating_mul(4);
    // The operation 1 forwards a packet; 4 is IPv4 and 41 IPv6.
    if bytes.u8_at(2)? & 0x0f != 1 || !matches!(bytes.u8_at(3)?, 4 | 41) {
        return None;
    }
    let rest = bytes.skip(identity.saturating_add(signature).saturating_add(8))?;
    if !matches!(rest.u8_at(0)? >> 4, 4 | 6) {
        return None;
    }
    layers.tag("ayiya", None);
    Some((Next::Ip, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_and_signature_are_skipped() {
        let packet = [
            &[0x41, 0x52, 0x11, 41, 0, 0, 0, 0][..],
            &[9; 16],
            &[7; 20],
            &[0x60],
        ]
        .concat();
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ip, &[0x60][..]));
        let cut = Bytes::whole(&packet[..44]);
        assert!(read(cut, &mut Layers::default()).is_none());
        for (at, value) in [(2, 0x10), (3, 59), (44, 0x20)] {
            let mut other = packet.clone();
            other[at] = value;
            assert!(
                read(Bytes::whole(&other), &mut Layers::default()).is_none(),
                "{at}"
            );
        }
    }
}
