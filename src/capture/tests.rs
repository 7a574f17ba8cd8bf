//! Captures written out byte by byte, read back; and damaged in every way.

use super::*;
use crate::base::{CaveatKind, Timestamp};
use std::io::Write as _;

/// What was read, owned: frames as (number, nanoseconds, link, bytes, original length).
type Read4 = Vec<(u64, i64, u16, Vec<u8>, u32)>;

struct Outcome {
    frames: Read4,
    secrets: Vec<Vec<u8>>,
    comments: Vec<(Vec<u8>, u64)>,
    caveats: Caveats,
    summary: CaptureSummary,
}

fn open(file: &[u8]) -> Result<Capture<'_>, Error> {
    let limits = Limits::default();
    Capture::open(Box::new(file), "x.pcap", FileIndex(0), true, &limits)
}

fn read(file: &[u8]) -> Outcome {
    drain(open(file).unwrap())
}

fn drain(mut capture: Capture<'_>) -> Outcome {
    let mut caveats = Caveats::new(10);
    let (mut frames, mut secrets, mut comments) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(item) = capture.next(&mut caveats) {
        match item {
            Item::Frame(f) => frames.push((
                f.at.number.get(),
                f.at.time.nanos(),
                f.link.0,
                f.bytes.to_vec(),
                f.original_len,
            )),
            Item::Secrets(s, _) => secrets.push(s.to_vec()),
            Item::Comment(c, at) => comments.push((c.to_vec(), at.number.get())),
        }
    }
    assert!(capture.next(&mut caveats).is_none());
    Outcome {
        frames,
        secrets,
        comments,
        summary: capture.summary(),
        caveats,
    }
}

fn refused(file: &[u8]) -> String {
    open(file).err().map(|e| e.to_string()).unwrap_or_default()
}

/// A number in a byte order.
fn n32(big: bool, n: u32) -> [u8; 4] {
    if big {
        n.to_be_bytes()
    } else {
        n.to_le_bytes()
    }
}

fn n16(big: bool, n: u16) -> [u8; 2] {
    if big {
        n.to_be_bytes()
    } else {
        n.to_le_bytes()
    }
}

fn pcap(big: bool, magic: u32, network: u32, frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(n32(big, magic));
    file.extend(n16(big, 2));
    file.extend(n16(big, 4));
    for n in [0, 0, 65_535, network] {
        file.extend(n32(big, n));
    }
    for (seconds, fraction, bytes) in frames {
        let len = u32::try_from(bytes.len()).unwrap();
        for n in [*seconds, *fraction, len, len + 5] {
            file.extend(n32(big, n));
        }
        if magic == 0xa1b2_cd34 {
            file.extend([0; 8]);
        }
        file.extend_from_slice(bytes);
    }
    file
}

fn block(big: bool, kind: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut body = parts.concat();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = u32::try_from(body.len()).unwrap() + 12;
    [&n32(big, kind)[..], &n32(big, len), &body, &n32(big, len)].concat()
}

fn section(big: bool) -> Vec<u8> {
    let order = n32(big, 0x1a2b_3c4d);
    block(
        big,
        SECTION,
        &[&order, &n16(big, 1), &n16(big, 0), &[0xff; 8]],
    )
}

const SECTION: u32 = 0x0a0d_0d0a;

fn interface(big: bool, link: u16, options: &[u8]) -> Vec<u8> {
    block(big, 1, &[&n16(big, link), &[0; 6], options])
}

fn enhanced(big: bool, id: u32, low: u32, bytes: &[u8], options: &[u8]) -> Vec<u8> {
    let len = n32(big, u32::try_from(bytes.len()).unwrap());
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(4), 0);
    let head = [n32(big, id), n32(big, 0), n32(big, low), len, len].concat();
    block(big, 6, &[&head, &padded, options])
}

#[test]
fn classic_files_of_every_kind_are_read() {
    for big in [false, true] {
        for (magic, nanos, name) in [
            (0xa1b2_c3d4, 7_000_001_000, "pcap"),
            (0xa1b2_3c4d, 7_000_000_001, "pcap (nanoseconds)"),
            (0xa1b2_cd34, 7_000_001_000, "pcap (modified)"),
        ] {
            // The upper half of the link type says that each frame ends with an FCS of four bytes.
            let got = read(&pcap(
                big,
                magic,
                0x4400_0071,
                &[(7, 1, b"abc"), (4_294_967_295, 0, b"")],
            ));
            let late = 4_294_967_295_000_000_000;
            let want = vec![
                (1, nanos, 113, b"abc".to_vec(), 8),
                (2, late, 113, b"".to_vec(), 5),
            ];
            assert_eq!(got.frames, want, "{name} {big}");
            assert!(got.caveats.is_empty() && got.summary.complete);
            assert_eq!(got.summary.format, name);
            assert_eq!((got.summary.packets, got.summary.bytes), (2, 3));
            assert_eq!(got.summary.last, Some(Timestamp::from_nanos(late)));
            assert_eq!(
                got.summary.digits,
                if name.contains("nano") { 9 } else { 6 }
            );
        }
    }
}

#[test]
fn pcapng_in_both_byte_orders_with_options() {
    for big in [false, true] {
        let comment = [&n16(big, 1)[..], &n16(big, 3), b"hi!\0"].concat();
        // if_tsresol 9; if_tsoffset 100 s
        let offset = if big {
            100i64.to_be_bytes()
        } else {
            100i64.to_le_bytes()
        };
        let clock = [
            &n16(big, 9)[..],
            &n16(big, 1),
            &[9, 0, 0, 0],
            &n16(big, 14),
            &n16(big, 8),
            &offset,
            &n16(big, 0),
            &n16(big, 0),
        ]
        .concat();
        let drops = if big {
            12u64.to_be_bytes()
        } else {
            12u64.to_le_bytes()
        };
        let lost = [&n16(big, 5)[..], &n16(big, 8), &drops].concat();
        let statistics = [n32(big, 0), n32(big, 0), n32(big, 0)].concat();
        let file = [
            section(big),
            interface(big, 1, &clock),
            interface(big, 276, &[]),
            block(big, 10, &[&n32(big, 0x544c_534b), &n32(big, 5), b"KEYS\n"]),
            enhanced(big, 0, 5, b"abcde", &comment),
            enhanced(big, 1, 5, b"fg", &[]),
            block(big, 3, &[&n32(big, 3), b"spb"]),
            block(
                big,
                2,
                &[
                    &n16(big, 1),
                    &n16(big, 2),
                    &n32(big, 0),
                    &n32(big, 9),
                    &n32(big, 2),
                    &n32(big, 4),
                    b"pb",
                ],
            ),
            block(big, 0x0bad, &[&n32(big, 32_473), b"data"]),
            block(big, 0x8000_0001, &[]),
            block(big, 5, &[&statistics, &lost]),
            block(big, 5, &[&statistics, &lost]),
            // A second section has interfaces of its own.
            section(big),
            interface(big, 101, &[]),
            enhanced(big, 0, 6, b"h", &[]),
        ]
        .concat();
        let got = read(&file);
        assert_eq!(
            got.frames,
            [
                (1, 100_000_000_005, 1, b"abcde".to_vec(), 5),
                (2, 5_000, 276, b"fg".to_vec(), 2),
                (3, 5_000, 1, b"spb".to_vec(), 3),
                (4, 9_000, 276, b"pb".to_vec(), 4),
                (6, 6_000, 101, b"h".to_vec(), 1),
            ]
        );
        assert_eq!(got.secrets, [b"KEYS\n".to_vec()]);
        assert_eq!(got.comments, [(b"hi!".to_vec(), 1)]);
        assert_eq!(got.summary.drops, Some(14));
        assert_eq!(got.caveats.count(CaveatKind::CaptureDrops), 14);
        assert_eq!(got.caveats.count(CaveatKind::CorruptBlock), 0);
        // The SPB, the custom block and the process block.
        assert_eq!(got.caveats.count(CaveatKind::UnknownBlock), 3);
        assert_eq!(got.caveats.count(CaveatKind::TimeBackwards), 2);
        assert!(got.summary.complete);
        assert_eq!(
            (got.summary.format.as_str(), got.summary.digits),
            ("pcapng", 9)
        );
    }
}

#[test]
fn a_time_that_cannot_be_is_told() {
    let seconds = [9, 0, 1, 0, 0, 0, 0, 0];
    let mut late = enhanced(false, 0, 5, b"a", &[]);
    late[12] = 0xff;
    let got = read(&[section(false), interface(false, 1, &seconds), late].concat());
    assert_eq!(got.frames[0].1, i64::MAX);
    assert_eq!(got.caveats.count(CaveatKind::TimeBackwards), 1);
}

#[test]
fn a_damaged_block_is_told_and_what_follows_is_read() {
    let sound = |n| enhanced(false, 0, n, &[7; 40], &[]);
    let file = |bad: Vec<u8>| {
        let rest = [sound(2), sound(3)].concat();
        [
            section(false),
            interface(false, 1, &[]),
            sound(1),
            bad,
            rest,
        ]
        .concat()
    };
    let mut lengths_differ = sound(9);
    let end = lengths_differ.len() - 4;
    lengths_differ[end] ^= 0x40;
    let mut huge = sound(9);
    huge[7] = 0x7f;
    let mut short = sound(9);
    short[4] = 4;
    let mut caplen = sound(9);
    caplen[21] = 0xff;
    let unknown_interface = enhanced(false, 3, 9, &[7; 40], &[]);
    let process = [&n32(false, 0x8000_0001)[..], &n32(false, 8), &n32(false, 8)].concat();
    for (bad, name) in [
        (lengths_differ, "lengths differ"),
        (huge, "huge"),
        (short, "short"),
        (caplen, "caplen"),
        (unknown_interface, "interface"),
        (process, "process information block of 8 bytes"),
    ] {
        let got = read(&file(bad));
        let times: Vec<_> = got.frames.iter().map(|f| f.1).collect();
        assert_eq!(times, [1_000, 2_000, 3_000], "{name}");
        assert!(got.caveats.count(CaveatKind::CorruptBlock) >= 1, "{name}");
        assert!(!got.summary.complete, "{name}");
        assert!(got.summary.sha256.is_some());
    }
}

#[test]
fn a_damaged_record_is_told_and_what_follows_is_read() {
    let frames: Vec<_> = (0..5).map(|n| (1_000 + n, 0, &[9u8; 60][..])).collect();
    let mut file = pcap(false, 0xa1b2_c3d4, 1, &frames);
    // The stored length of the second record.
    file[24 + 76 + 11] = 0x55;
    let got = read(&file);
    let seconds: Vec<_> = got.frames.iter().map(|f| f.1 / 1_000_000_000).collect();
    assert_eq!(seconds, [1_000, 1_002, 1_003, 1_004]);
    assert_eq!(got.caveats.count(CaveatKind::CorruptBlock), 2);
    assert!(!got.summary.complete);
}

#[test]
fn files_joined_with_cat_are_all_read() {
    let seconds = |got: &Outcome| -> Vec<_> { got.frames.iter().map(|f| f.1).collect() };
    let link = |got: &Outcome| -> Vec<_> { got.frames.iter().map(|f| f.2).collect() };
    let a = pcap(false, 0xa1b2_c3d4, 1, &[(5, 7, b"one"), (6, 0, b"two")]);
    let b = pcap(true, 0xa1b2_3c4d, 101, &[(5, 7, b"three")]);
    let empty = pcap(false, 0xa1b2_c3d4, 1, &[]);
    for file in [[&a[..], &b].concat(), [&empty[..], &a, &empty, &b].concat()] {
        let got = read(&file);
        assert_eq!(seconds(&got), [5_000_007_000, 6_000_000_000, 5_000_000_007]);
        assert_eq!(link(&got), [1, 1, 101]);
        assert_eq!(got.frames.last().unwrap().0, 3);
        assert!(got.summary.complete);
        let joined = if file.len() == a.len() + b.len() {
            1
        } else {
            3
        };
        assert_eq!(got.caveats.count(CaveatKind::FilesJoined), joined);
        assert!(!got.caveats.hide_traffic());
    }
    // Both compressed, as `cat a.pcap.gz b.pcap.gz` leaves them.
    let gz = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    assert_eq!(link(&read(&[gz(&a), gz(&b)].concat())), [1, 1, 101]);
    // The first one is damaged near its end: the second one's header is where reading goes on.
    let mut damaged = [&a[..], &b].concat();
    damaged[24 + 19 + 11] = 0x55;
    let got = read(&damaged);
    assert_eq!(link(&got), [1, 101]);
    assert!(got.caveats.count(CaveatKind::CorruptBlock) > 0);
    // A header that is cut, or that holds another version, is none.
    for tail in [&b[..20], b"\xd4\xc3\xb2\xa1\x02\0\x05\0\0\0\0\0\0\0\0\0"] {
        let got = read(&[&a[..], tail].concat());
        assert_eq!(got.caveats.count(CaveatKind::FilesJoined), 0);
        assert_eq!(got.frames.iter().filter(|f| f.4 > 0).count(), 2);
    }
}

#[test]
fn every_prefix_of_a_file_gives_its_whole_frames() {
    let ng = [
        section(false),
        interface(false, 1, &[]),
        enhanced(false, 0, 1, b"abcd", &[]),
        enhanced(false, 0, 2, b"efgh", &[]),
    ]
    .concat();
    let classic = pcap(true, 0xa1b2_c3d4, 1, &[(1, 0, b"abcd"), (2, 0, b"efgh")]);
    for (file, head, edges) in [(&ng, 28, [48, 84, 120]), (&classic, 24, [24, 44, 64])] {
        for len in head..=file.len() {
            let got = read(&file[..len]);
            let whole = edges
                .iter()
                .filter(|e| **e <= len)
                .count()
                .saturating_sub(1);
            assert_eq!(got.frames.len(), whole, "{len}");
            let at_edge = edges.contains(&len) || len == head;
            assert_eq!(got.summary.complete, at_edge, "{len}");
            let cut = got.caveats.count(CaveatKind::FileTruncated);
            assert_eq!(cut == 1, !at_edge, "{len}");
        }
    }
}

#[test]
fn compressed_files_are_read_and_cut_ones_as_far_as_they_go() {
    let frames: Vec<_> = (0..2_000).map(|n| (n, n, &b"0123456789"[..])).collect();
    let plain = pcap(false, 0xa1b2_c3d4, 1, &frames);
    let gz = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let lz4 = |bytes: &[u8]| {
        let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let (a, b) = plain.split_at(20_000);
    for (name, whole, parts) in [
        ("pcap, gzip", gz(&plain), [gz(a), gz(b)].concat()),
        ("pcap, zstd", zstd(&plain), [zstd(a), zstd(b)].concat()),
        ("pcap, lz4", lz4(&plain), [lz4(a), lz4(b)].concat()),
    ] {
        for file in [&whole, &parts] {
            let got = read(file);
            assert_eq!(
                (got.frames.len(), got.summary.complete),
                (2_000, true),
                "{name}"
            );
            assert_eq!(got.summary.format, name);
            assert!(got.caveats.is_empty(), "{name}");
            let digest = ring::digest::digest(&ring::digest::SHA256, file);
            assert_eq!(got.summary.sha256.unwrap(), digest.as_ref(), "{name}");
        }
        // The second half of the two members is cut: the first is whole.
        let got = read(&parts[..parts.len() - 30]);
        assert!(got.frames.len() >= 700, "{name}: {}", got.frames.len());
        assert_eq!(
            got.caveats.count(CaveatKind::DecompressionFailed),
            1,
            "{name}"
        );
        assert!(!got.summary.complete, "{name}");
    }
    assert!(refused(&[0x1f, 0x8b, 8, 0, 0]).contains("damaged gzip data"));
    assert!(refused(&gz(b"hello, not a capture")).contains("68 65 6c 6c 6f"));
}

/// What comes before the damage is read, but for a few packets.
#[test]
fn damaged_gzip_is_read_up_to_the_damage() {
    let frames: Vec<_> = (0..20_000).map(|n| (n, n, &b"0123456789"[..])).collect();
    let plain = pcap(false, 0xa1b2_c3d4, 1, &frames);
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(&plain).unwrap();
    let mut damaged = out.finish().unwrap();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xff);
    let mut singly = flate2::read::MultiGzDecoder::new(&damaged[..]);
    let mut byte = [0];
    let before = std::iter::from_fn(|| singly.read(&mut byte).ok().filter(|n| *n > 0)).count();
    assert!(
        before > plain.len() / 4,
        "the damage is behind much that is whole"
    );
    let got = read(&damaged);
    assert!(
        got.frames.len() * 26 + (10 << 10) > before,
        "{} packets",
        got.frames.len()
    );
    assert_eq!(got.caveats.count(CaveatKind::DecompressionFailed), 1);
}

#[test]
fn what_is_no_capture_is_refused_with_a_reason() {
    assert!(refused(b"").contains("empty file"));
    assert!(refused(b"{\"a\":1}").contains("starts with 7b 22 61"));
    assert!(refused(b"GMBU\x03\x01").contains("Network Monitor"));
    assert!(refused(&[0xd4, 0xc3, 0xb2, 0xa1, 2]).contains("5 bytes"));
    assert!(refused(&[0x0a, 0x0d, 0x0d, 0x0a]).contains("0a 0d 0d 0a"));
}

/// Gives `0`, then fails.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(std::io::Error::other("cable pulled")),
            n => Ok(n),
        }
    }
}

#[test]
fn a_read_error_keeps_what_was_read_and_its_own_words() {
    let file = pcap(false, 0xa1b2_c3d4, 1, &[(1, 0, b"abcd"), (2, 0, b"efgh")]);
    let limits = Limits::default();
    let open = |n: usize| {
        let broken = Box::new(Broken(&file[..n]));
        Capture::open(broken, "x", FileIndex(0), true, &limits)
    };
    let got = drain(open(50).unwrap());
    assert_eq!(got.frames.len(), 1);
    let told: Vec<_> = got.caveats.iter().collect();
    assert_eq!(told[0].kind, CaveatKind::ReadFailed);
    assert!(told[0].text.contains("cable pulled"), "{}", told[0].text);
    assert_eq!((got.summary.complete, got.summary.sha256), (false, None));
    let Some(Error::Unreadable { source, .. }) = open(0).err() else {
        panic!("nothing was read")
    };
    assert_eq!(source.to_string(), "cable pulled");
}

#[test]
fn several_files_are_merged_in_time_order() {
    let a = pcap(false, 0xa1b2_c3d4, 1, &[(1, 0, b"a1"), (3, 0, b"a3")]);
    let b = pcap(
        true,
        0xa1b2_3c4d,
        1,
        &[(1, 0, b"b1"), (2, 0, b"b2"), (4, 0, b"b4")],
    );
    let limits = Limits::default();
    let files = [&a, &b].into_iter().enumerate().map(|(n, file)| {
        let index = FileIndex(u16::try_from(n).unwrap());
        Capture::open(Box::new(file.as_slice()), "x", index, false, &limits).unwrap()
    });
    let mut merge = Merge::new(files.collect());
    let mut caveats = Caveats::new(1);
    let mut got = Vec::new();
    while let Some(item) = merge.next(&mut caveats) {
        if let Item::Frame(f) = item {
            got.push((
                String::from_utf8(f.bytes.to_vec()).unwrap(),
                f.at.file.0,
                f.at.number.get(),
            ));
        }
    }
    let want = [
        ("a1", 0, 1),
        ("b1", 1, 1),
        ("b2", 1, 2),
        ("a3", 0, 2),
        ("b4", 1, 3),
    ];
    assert!(got.iter().map(|(s, f, n)| (s.as_str(), *f, *n)).eq(want));
    let packets: Vec<_> = merge.summaries().iter().map(|s| s.packets).collect();
    assert_eq!(packets, [2, 3]);
}

#[test]
fn mutated_captures_never_panic_and_always_end() {
    let classic = pcap(false, 0xa1b2_c3d4, 1, &[(1, 0, &[1; 30]), (2, 0, &[2; 30])]);
    let ng = [
        section(false),
        interface(false, 1, &[9, 0, 1, 0, 9, 0, 0, 0]),
        enhanced(false, 0, 1, &[3; 30], &[1, 0, 2, 0, b'h', b'i', 0, 0]),
        block(false, 3, &[&n32(false, 9), b"123456789"]),
        block(
            false,
            10,
            &[&n32(false, 0x544c_534b), &n32(false, 5), b"KEYS\n"],
        ),
        block(false, 5, &[&[0; 12], &[5, 0, 8, 0], &[1; 8]]),
        block(false, 0x8000_0001, &[&[0; 4]]),
        enhanced(false, 0, 1, &[3; 30], &[]),
    ]
    .concat();
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut frames = 0;
    for round in 0..6_000 {
        let mut file = if round % 2 == 0 {
            classic.clone()
        } else {
            ng.clone()
        };
        for _ in 0..=random(3) {
            let at = random(file.len());
            file[at] = [0, 1, 4, 0x7f, 0xff, u8::try_from(random(256)).unwrap()][random(6)];
        }
        if random(4) == 0 {
            file.truncate(random(file.len()));
        }
        if let Ok(capture) = open(&file) {
            frames += drain(capture).frames.len();
        }
    }
    assert!(frames > 5_000, "{frames}");
}
