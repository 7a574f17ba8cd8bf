//! Writes capture files.

/// A frame to be written.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Nanoseconds since 1970.
    pub(crate) time: i64,
    /// The bytes in the file.
    pub(crate) bytes: Vec<u8>,
    /// The length on the wire.
    pub(crate) original_len: usize,
}

/// How a classic pcap is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) nanoseconds: bool,
    pub(crate) big_endian: bool,
}

/// Little endian, microseconds: what tcpdump writes.
pub(crate) const USUAL: Layout = Layout {
    nanoseconds: false,
    big_endian: false,
};

/// LINKTYPE_ETHERNET.
const ETHERNET: u32 = 1;
/// Snap length that cuts nothing.
const SNAP: u32 = 262_144;

/// A classic pcap of Ethernet frames.
pub(crate) fn classic(frames: &[Frame], layout: Layout) -> Vec<u8> {
    let word = |n: u32| {
        if layout.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let half = |n: u16| {
        if layout.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let mut out = Vec::new();
    out.extend(word(if layout.nanoseconds {
        0xa1b2_3c4d
    } else {
        0xa1b2_c3d4
    }));
    out.extend(half(2));
    out.extend(half(4));
    for field in [0, 0, SNAP, ETHERNET] {
        out.extend(word(field));
    }
    for frame in frames {
        let fraction = frame.time.rem_euclid(1_000_000_000);
        out.extend(word(u32::try_from(frame.time / 1_000_000_000).unwrap()));
        out.extend(word(
            u32::try_from(if layout.nanoseconds {
                fraction
            } else {
                fraction / 1000
            })
            .unwrap(),
        ));
        out.extend(word(u32::try_from(frame.bytes.len()).unwrap()));
        out.extend(word(u32::try_from(frame.original_len).unwrap()));
        out.extend(&frame.bytes);
    }
    out
}

/// The smallest pcapng: a section header, an interface in nanoseconds, enhanced packets.
pub(crate) fn pcapng(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut section = Vec::new();
    section.extend(0x1a2b_3c4d_u32.to_le_bytes());
    section.extend([1, 0, 0, 0]);
    section.extend(u64::MAX.to_le_bytes());
    block(&mut out, 0x0a0d_0d0a, &section);
    let mut interface = Vec::new();
    interface.extend(ETHERNET.to_le_bytes());
    interface.extend(SNAP.to_le_bytes());
    interface.extend([9, 0, 1, 0, 9, 0, 0, 0]); // if_tsresol = 10^-9
    interface.extend([0; 4]); // opt_endofopt
    block(&mut out, 1, &interface);
    for frame in frames {
        let time = u64::try_from(frame.time).unwrap();
        let mut packet = Vec::new();
        packet.extend(0_u32.to_le_bytes());
        packet.extend(u32::try_from(time >> 32).unwrap().to_le_bytes());
        packet.extend(u32::try_from(time & 0xffff_ffff).unwrap().to_le_bytes());
        packet.extend(u32::try_from(frame.bytes.len()).unwrap().to_le_bytes());
        packet.extend(u32::try_from(frame.original_len).unwrap().to_le_bytes());
        packet.extend(&frame.bytes);
        block(&mut out, 6, &packet);
    }
    out
}

fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let padding = body.len().next_multiple_of(4) - body.len();
    let total = u32::try_from(12 + body.len() + padding).unwrap();
    out.extend(kind.to_le_bytes());
    out.extend(total.to_le_bytes());
    out.extend(body);
    out.extend(std::iter::repeat_n(0, padding));
    out.extend(total.to_le_bytes());
}

/// Every way of writing the same frames gives the same report, but for what it says about the file and its digits.
#[test]
fn the_report_does_not_depend_on_the_container() {
    let frames =
        super::trace::file("tests/rules/auth-digest-challenge-unanswered/fires.trace").frames;
    let said = |capture: Vec<u8>| {
        let mut report = super::json(&super::analyze(capture, "x"));
        report.as_object_mut().unwrap().remove("captures");
        let mut text = report.to_string();
        // Times end in as many zeros as the file has digits.
        while text.contains("000Z\"") {
            text = text.replace("000Z\"", "Z\"");
        }
        text
    };
    let usual = said(classic(&frames, USUAL));
    assert!(usual.contains("\"sip_messages\":2"), "{usual}");
    for (nanoseconds, big_endian) in [(false, true), (true, false), (true, true)] {
        let layout = Layout {
            nanoseconds,
            big_endian,
        };
        assert_eq!(usual, said(classic(&frames, layout)), "{layout:?}");
    }
    assert_eq!(usual, said(pcapng(&frames)));
}
