//! TCP header (RFC 9293 §3.1) and the options of a SYN.

use super::bytes::Bytes;
use super::payload::{Segment, TcpFlags};
use etherparse::TcpHeaderSlice;

/// The longest header: data offset 15.
const LONGEST: usize = 60;

/// The subtype of the Multipath TCP option that adds a subflow (RFC 8684 §3.2).
const MP_JOIN: u8 = 1;

/// Takes a segment apart; `Err` with the ports where only these can be read.
pub(super) fn read(bytes: Bytes<'_>) -> Result<Segment<'_>, Option<(u16, u16)>> {
    if let Ok(header) = TcpHeaderSlice::from_slice(bytes.data) {
        return Ok(segment(&header, bytes));
    }
    let ports = bytes.u16_at(0).zip(bytes.u16_at(2));
    // A snap length may end within the options. The header is then read as if they ended there: everything else is known.
    let mut padded = [0; LONGEST];
    let stored = bytes.data.get(..LONGEST).unwrap_or(bytes.data);
    match padded.get_mut(..stored.len()) {
        Some(start) if stored.len() >= 20 => start.copy_from_slice(stored),
        _ => return Err(ports),
    }
    let header = TcpHeaderSlice::from_slice(&padded).map_err(|_| ports)?;
    let mut segment = segment(&header, bytes);
    let own = u32::try_from(header.slice().len()).unwrap_or(0);
    segment.wire_len = bytes.wire_len().saturating_sub(own);
    Ok(segment)
}

fn segment<'a>(header: &TcpHeaderSlice<'_>, bytes: Bytes<'a>) -> Segment<'a> {
    let payload = bytes
        .skip(header.slice().len())
        .unwrap_or_else(|| Bytes::whole(&[]));
    let mut segment = Segment {
        src_port: header.source_port(),
        dst_port: header.destination_port(),
        seq: header.sequence_number(),
        ack: header.acknowledgment_number(),
        flags: TcpFlags(header.slice().get(13).copied().unwrap_or(0)),
        window: header.window_size(),
        window_scale: None,
        mss: None,
        joins: false,
        checksum: header.checksum(),
        payload: payload.data,
        wire_len: payload.wire_len(),
    };
    if segment.flags.syn() {
        options(header.options(), &mut segment);
    }
    segment
}

/// Reads the options of a SYN (<https://www.iana.org/assignments/tcp-parameters>); those that are not known are passed over.
fn options(mut rest: &[u8], segment: &mut Segment<'_>) {
    while let [kind, tail @ ..] = rest {
        rest = match (kind, tail) {
            (0, _) | (_, []) => return,
            (1, _) => tail,
            (kind, [len, ..]) => {
                let len = usize::from(*len);
                let Some(value) = rest.get(2..len) else {
                    return;
                };
                match (kind, value) {
                    (2, [high, low]) => segment.mss = Some(u16::from_be_bytes([*high, *low])),
                    (3, [shift]) => segment.window_scale = Some(*shift),
                    (30, [first, ..]) => segment.joins |= first >> 4 == MP_JOIN,
                    _ => {}
                }
                rest.get(len..).unwrap_or(&[])
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN with MSS 1460 and window scale 8.
    const SYN: [u8; 28] = [
        0xc0, 0x95, 0x13, 0xc5, 0, 0, 0, 7, 0, 0, 0, 0, 0x70, 0x02, 0xfa, 0xf0, 0xab, 0xcd, 0, 0,
        2, 4, 5, 0xb4, 1, 3, 3, 8,
    ];

    #[test]
    fn a_syn_has_its_options() {
        let got = read(Bytes::whole(&SYN)).unwrap();
        assert_eq!((got.src_port, got.dst_port, got.seq), (49_301, 5061, 7));
        assert!(got.flags.syn() && !got.flags.ack());
        assert_eq!(
            (got.mss, got.window_scale, got.window),
            (Some(1460), Some(8), 64_240)
        );
        assert_eq!((got.checksum, got.wire_len), (0xabcd, 0));
    }

    #[test]
    fn options_behind_unknown_ones_are_read() {
        let mut syn = SYN[..20].to_vec();
        syn[12] = 0xc0;
        syn.extend([34, 2]); // Fast Open, asking for a cookie (RFC 7413)
        syn.extend([30, 12, 0x10, 1, 0, 0, 0, 1, 0, 0, 0, 2]);
        syn.extend([253, 4, 9, 9, 1, 3, 3, 7, 2, 4, 5, 0xb4, 0, 0]);
        let got = read(Bytes::whole(&syn)).unwrap();
        assert_eq!(
            (got.mss, got.window_scale, got.joins),
            (Some(1460), Some(7), true)
        );
        assert!(!read(Bytes::whole(&SYN)).unwrap().joins);
        syn[12] = 0x80;
        syn[23] = 0;
        syn.truncate(32);
        assert!(
            read(Bytes::whole(&syn)).is_ok(),
            "a length of 0 ends the options"
        );
    }

    #[test]
    fn a_header_cut_in_its_options_is_read_and_the_payload_is_missing() {
        let cut = Bytes {
            data: &SYN[..24],
            cut: 104,
        };
        let got = read(cut).unwrap();
        assert_eq!((got.mss, got.window_scale), (Some(1460), None));
        assert_eq!((got.payload.len(), got.wire_len), (0, 100));
    }

    #[test]
    fn of_a_shorter_header_only_the_ports_are_known() {
        let ports = |n: usize| read(Bytes::whole(&SYN[..n])).unwrap_err();
        assert_eq!(ports(19), Some((49_301, 5061)));
        assert_eq!(ports(3), None);
        let mut bad = SYN;
        bad[12] = 0x40;
        assert!(read(Bytes::whole(&bad)).is_err());
    }
}
