//! SCTP common header and chunks (RFC 9260 §3). The CRC32c is not checked: captures made on the sending host often have none yet.

use super::bytes::{Bytes, Next, Taken};

/// SCTP inside UDP (RFC 6951 §5.1).
pub(super) const UDP_PORT: u16 = 9899;
/// The IP protocol number (RFC 9260 §3).
pub(super) const PROTOCOL: u8 = 132;

/// Bytes of the common header.
const OWN: usize = 12;

/// An SCTP packet.
#[derive(Debug, Clone, Copy)]
pub struct SctpPacket<'a> {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Verification tag: chosen by the receiver; 0 with INIT.
    pub tag: u32,
    /// CRC32c as sent.
    pub checksum: u32,
    /// The chunks as far as they are in the capture.
    pub payload: &'a [u8],
    /// Bytes of the chunks on the wire; more than `payload` has when the capture cut the packet.
    pub wire_len: u32,
}

/// One chunk (RFC 9260 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SctpChunk<'a> {
    /// Chunk type.
    pub kind: u8,
    /// Chunk flags.
    pub flags: u8,
    /// What follows the chunk header, as far as it is in the capture.
    pub value: &'a [u8],
    /// Bytes of the value on the wire.
    pub wire_len: u32,
}

impl<'a> SctpPacket<'a> {
    /// The chunks in order. `None` for one whose length cannot be: nothing follows it.
    pub fn chunks(&self) -> impl Iterator<Item = Option<SctpChunk<'a>>> + use<'a> {
        let cut = self.wire_len > u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        let mut rest = self.payload;
        std::iter::from_fn(move || {
            let header = rest.first_chunk::<4>();
            let Some([kind, flags, high, low]) = header.copied() else {
                let stray = !rest.is_empty() && !cut && rest.iter().any(|b| *b != 0);
                rest = &[];
                return stray.then_some(None);
            };
            let len = usize::from(u16::from_be_bytes([high, low]));
            let Some(value_len) = len.checked_sub(4) else {
                rest = &[];
                return Some(None);
            };
            let stored = rest.get(4..).unwrap_or(&[]);
            let whole = stored.get(..value_len);
            if whole.is_none() && !cut {
                rest = &[];
                return Some(None);
            }
            // Padded to four bytes (RFC 9260 §3.2); the last padding may be left out.
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or(&[]);
            Some(Some(SctpChunk {
                kind,
                flags,
                value: whole.unwrap_or(stored),
                wire_len: u32::try_from(value_len).unwrap_or(u32::MAX),
            }))
        })
    }
}

/// Takes a packet apart; `Err` with the ports where only these can be read.
pub(super) fn read(bytes: Bytes<'_>) -> Result<SctpPacket<'_>, Option<(u16, u16)>> {
    let ports = bytes.u16_at(0).zip(bytes.u16_at(2));
    let all = || {
        let (src_port, dst_port) = ports?;
        let payload = bytes.skip(OWN)?;
        Some(SctpPacket {
            src_port,
            dst_port,
            tag: bytes.u32_at(4)?,
            checksum: bytes.u32_at(8)?,
            payload: payload.data,
            wire_len: payload.wire_len(),
        })
    };
    all().ok_or(ports)
}

/// SCTP in the payload of UDP, where the first chunk agrees.
pub(super) fn over_udp(bytes: Bytes<'_>) -> Taken<'_> {
    let packet = read(bytes).ok()?;
    match packet.chunks().next() {
        Some(Some(_)) => Some((Next::Protocol(PROTOCOL), bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(chunks: &[u8], cut: u32) -> Vec<u8> {
        let mut all = vec![0x13, 0xc4, 0x13, 0xc5, 0, 0, 0, 9, 1, 2, 3, 4];
        all.extend(chunks);
        assert!(cut < 1000);
        all
    }

    #[test]
    fn chunks_are_padded_and_may_be_cut() {
        let all = packet(&[0, 3, 0, 7, 1, 2, 3, 0, 4, 0, 0, 4, 0, 3, 0, 6, 8, 9], 0);
        let got = read(Bytes::whole(&all)).unwrap();
        assert_eq!((got.src_port, got.dst_port, got.tag), (5060, 5061, 9));
        let chunks: Vec<_> = got.chunks().map(Option::unwrap).collect();
        let short: Vec<_> = chunks
            .iter()
            .map(|c| (c.kind, c.value, c.wire_len))
            .collect();
        assert_eq!(
            short,
            [(0, &[1, 2, 3][..], 3), (4, &[][..], 0), (0, &[8, 9][..], 2)]
        );
        let cut = Bytes {
            data: &all[..17],
            cut: 40,
        };
        let chunks: Vec<_> = read(cut).unwrap().chunks().collect();
        let [Some(only)] = chunks[..] else {
            panic!("{chunks:?}")
        };
        assert_eq!((only.value, only.wire_len), (&[1][..], 3));
    }

    #[test]
    fn a_length_that_cannot_be_ends_the_packet() {
        for bad in [&[0, 3, 0, 3, 1, 2][..], &[0, 3, 0, 9, 1, 2, 3], &[0, 3, 1]] {
            let all = packet(bad, 0);
            let chunks: Vec<_> = read(Bytes::whole(&all)).unwrap().chunks().collect();
            assert_eq!(chunks, [None], "{bad:?}");
        }
        assert_eq!(
            read(Bytes::whole(&[0, 1, 0, 2, 0])).unwrap_err(),
            Some((1, 2))
        );
        assert!(over_udp(Bytes::whole(b"SIP/2.0 200 OK\r\n\r\n")).is_none());
        assert!(over_udp(Bytes::whole(&packet(&[4, 0, 0, 4], 0))).is_some());
    }
}
