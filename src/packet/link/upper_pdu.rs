//! `LINKTYPE_WIRESHARK_UPPER_PDU` (252): <https://www.tcpdump.org/linktypes.html>, `epan/exported_pdu.h` of Wireshark: messages that
//! Wireshark wrote without the headers below them, as "Export PDUs to File" does, also out of decrypted TLS.
//!
//! Tags: type (2), length (2), value, padding to four where the writer kept it; the tag 0 ends them and the message follows.

use crate::base::LinkType;
use crate::packet::bytes::Bytes;
use crate::packet::mirror::{Mirror, v4, v6};

pub(in crate::packet) const LINKTYPE: LinkType = LinkType(252);

/// `OLD_PT_UDP`, `OLD_PT_TCP`, `OLD_PT_SCTP`: the transport, as far as Wireshark tells it.
const TRANSPORTS: [(u32, &str); 3] = [(3, "udp"), (2, "tcp"), (1, "sctp")];

pub(in crate::packet) fn read(bytes: Bytes<'_>) -> Option<Mirror<'_>> {
    let mut rest = bytes;
    let (mut src, mut dst) = (None, None);
    let (mut src_port, mut dst_port) = (0, 0);
    let mut transport = "udp";
    loop {
        let (tag, len) = (rest.u16_at(0)?, usize::from(rest.u16_at(2)?));
        let value = Bytes::whole(rest.data.get(4..len.checked_add(4)?)?);
        rest = rest.skip(len.checked_add(4)?)?;
        match tag {
            0 => break,
            20 => src = value.u32_at(0).map(v4),
            21 => dst = value.u32_at(0).map(v4),
            22 => src = v6(value),
            23 => dst = v6(value),
            24 => {
                let kind = value.u32_at(0)?;
                let known = TRANSPORTS.iter().find(|(number, _)| *number == kind);
                transport = known.map_or("udp", |(_, name)| *name);
            }
            25 => src_port = value.u32_at(0)?,
            26 => dst_port = value.u32_at(0)?,
            _ => {}
        }
    }
    Some(Mirror {
        src: src?,
        dst: dst?,
        src_port: u16::try_from(src_port).ok()?,
        dst_port: u16::try_from(dst_port).ok()?,
        transport,
        agent: None,
        payload: rest,
        compressed: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(kind: u8, value: &[u8]) -> Vec<u8> {
        let len = u8::try_from(value.len()).unwrap();
        [&[0, kind, 0, len][..], value].concat()
    }

    #[test]
    fn addresses_and_transport_come_from_the_tags() {
        let frame = [
            tag(12, b"sip\0"),
            tag(20, &[192, 0, 2, 1]),
            tag(21, &[192, 0, 2, 2]),
            tag(24, &[0, 0, 0, 2]),
            tag(25, &[0, 0, 0xc0, 0x95]),
            tag(26, &[0, 0, 0x13, 0xc5]),
            tag(0, &[]),
            b"INVITE".to_vec(),
        ]
        .concat();
        let got = read(Bytes::whole(&frame)).unwrap();
        assert_eq!((got.transport, got.payload.data), ("tcp", &b"INVITE"[..]));
        assert_eq!(
            (got.src.to_string(), got.src_port),
            ("192.0.2.1".into(), 49_301)
        );
        assert_eq!(
            (got.dst.to_string(), got.dst_port),
            ("192.0.2.2".into(), 5061)
        );
        for len in 0..frame.len() - 6 {
            assert!(read(Bytes::whole(&frame[..len])).is_none(), "{len}");
        }
        let no_addresses = [tag(12, b"sip\0"), tag(0, &[])].concat();
        assert!(read(Bytes::whole(&no_addresses)).is_none());
    }
}
