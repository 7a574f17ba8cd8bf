//! TZSP, the `TaZmen` Sniffer Protocol: frames that a router or an access point sends to a collector
//! (<https://en.wikipedia.org/wiki/TZSP>, `packet-tzsp.c` of Wireshark).

use crate::packet::bytes::{Bytes, Next, Taken};
use crate::packet::layers::Layers;
use crate::packet::link::{ppp, raw, wifi};

/// UDP port (<https://www.iana.org/assignments/service-names-port-numbers>, unassigned; that of every implementation).
pub(super) const PORT: u16 = 37_008;

/// Version (1), type (1), what is inside (2); then tags: type (1), length (1), value; 0 is padding and 1 the end, without length.
pub(super) fn read<'a>(bytes: Bytes<'a>, layers: &mut Layers) -> Taken<'a> {
    // Types: 0 a received frame, 1 one to be sent; others are about the mirror itself.
    if bytes.u8_at(0)? != 1 || bytes.u8_at(1)? > 1 {
        return None;
    }
    let next = match bytes.u16_at(2)? {
        1 => Next::Ethernet,
        4 => Next::Link(ppp::PPP),
        7 => Next::Link(raw::RAW),
        18 => Next::Link(wifi::PLAIN),
        119 => Next::Link(wifi::PRISM),
        127 => Next::Link(wifi::AVS),
        n => Next::Unknown("TZSP encapsulation", n),
    };
    let mut rest = bytes.skip(4)?;
    loop {
        match rest.u8_at(0)? {
            0 => rest = rest.skip(1)?,
            1 => break,
            _ => rest = rest.skip(usize::from(rest.u8_at(1)?).saturating_add(2))?,
        }
    }
    layers.tag("tzsp", None);
    Some((next, rest.skip(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_behind_the_tags() {
        let packet = [1, 0, 0, 1, 0, 10, 1, 0xc5, 41, 2, 0, 9, 1, 7];
        let (next, rest) = read(Bytes::whole(&packet), &mut Layers::default()).unwrap();
        assert_eq!((next, rest.data), (Next::Ethernet, &[7][..]));
        let mut wifi = packet;
        wifi[3] = 18;
        let (next, _) = read(Bytes::whole(&wifi), &mut Layers::default()).unwrap();
        assert_eq!(next, Next::Link(wifi::PLAIN));
        let mut keep_alive = packet;
        keep_alive[1] = 4;
        assert!(read(Bytes::whole(&keep_alive), &mut Layers::default()).is_none());
        for len in 0..packet.len() - 1 {
            let taken = read(Bytes::whole(&packet[..len]), &mut Layers::default());
            assert!(taken.is_none(), "{len}");
        }
    }
}
