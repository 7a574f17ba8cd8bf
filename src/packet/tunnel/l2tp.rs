//! L2TP version 2 data messages (RFC 2661 §3.1).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;

/// UDP port (RFC 2661 §8.1).
pub(super) const PORT: u16 = 1701;

/// Flags and version (2), then length (2), tunnel and session (4), Ns and Nr (4), offset (2 and more) as the flags say.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    let flags = bytes.u16_at(0)?;
    // T: a control message.
    if flags & 0x000f != 2 || flags & 0x8000 != 0 {
        return None;
    }
    let length = usize::from(flags & 0x4000 != 0).saturating_mul(2);
    let sequence = usize::from(flags & 0x0800 != 0).saturating_mul(4);
    let own = length.saturating_add(sequence).saturating_add(6);
    let mut rest = bytes.skip(own)?;
    if flags & 0x0200 != 0 {
        rest = rest.skip(usize::from(rest.u16_at(0)?).saturating_add(2))?;
    }
    layers.push("l2tp");
    Some((Next::Ppp, rest))
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
}
