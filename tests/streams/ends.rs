//! Messages whose neighbours are damaged: a wrong length, junk, other line ends, files joined to one.

use super::{Wire, capture, has, options, read, request};
use crate::support::pcap::Frame;
use crate::support::wire;
use sipdiag::base::CaveatKind;

/// User and defects of what is found when each of these is a segment of its own.
fn found(segments: &[Vec<u8>]) -> Vec<(String, Vec<&'static str>)> {
    let mut wire = Wire::open(40_000);
    let mut offset = 0;
    for bytes in segments {
        wire.at(0, offset, bytes);
        wire.ack(1);
        offset += bytes.len();
    }
    let seen = read(vec![capture(&wire.frames)]);
    let rows = seen.messages.iter().map(|m| {
        let line = String::from_utf8_lossy(&m.raw).into_owned();
        let line = line.lines().next().unwrap_or("").to_owned();
        (line, m.defects.clone())
    });
    rows.collect()
}

fn line(method: &str, user: &str) -> String {
    format!("{method} sip:{user}@tomt.it SIP/2.0")
}

#[test]
fn a_wrong_length_in_one_message_does_not_lose_the_next() {
    for (length, defect) in [
        ("", "content-length-missing"),
        ("Content-Length: six\r\n", "content-length-invalid"),
        ("Content-Length: -1\r\n", "content-length-negative"),
        ("Content-Length: 3\r\n", "content-length-mismatch"),
        ("Content-Length: 4294967300\r\n", "content-length-mismatch"),
        ("Content-Length: 6\r\nl: 0\r\n", "content-length-duplicated"),
    ] {
        let im = |user| request("MESSAGE", user, "text/plain", "text 1").into_bytes();
        let bad = request("MESSAGE", "a", "text/plain", "text 1")
            .replace("Content-Length: 6\r\n", length)
            .into_bytes();
        let segments = [bad, im("b"), im("d")];
        for all in [segments.to_vec(), vec![segments.concat()]] {
            let rows = found(&all);
            let lines: Vec<_> = rows.iter().map(|(line, _)| line.as_str()).collect();
            let want = ["a", "b", "d"].map(|user| line("MESSAGE", user));
            assert_eq!(lines, want, "{length:?}");
            assert!(rows[0].1.contains(&defect), "{length:?}: {:?}", rows[0].1);
            assert_eq!(rows[2].1, [""; 0], "{length:?}");
        }
    }
}

#[test]
fn junk_before_the_first_message_hides_nothing() {
    let (a, b) = (options("a"), options("b"));
    let both = [
        (line("OPTIONS", "a"), vec!["junk-before"]),
        (line("OPTIONS", "b"), vec![]),
    ];
    for junk in [&b"\0\x01junk\xff "[..], b"\xff\xfe\n\x80\r\n", b"hello"] {
        let first = [junk, &a].concat();
        assert_eq!(found(&[first, b.clone()]), both, "{junk:?}");
    }
    let http = b"POST /log HTTP/1.1\r\nHost: log.tomt.it\r\n\r\n";
    assert!(found(&[[&http[..], &a].concat()]).is_empty());
    let log = b"<134>Mar  3 18:56:14 lync01.tomt.it proxy: received ";
    assert!(found(&[[&log[..], &a].concat()]).is_empty());
}

#[test]
fn a_datagram_whose_lines_end_with_cr_alone_is_read() {
    let mut wire = Wire::silent(5060);
    let text = request("MESSAGE", "a", "text/plain", "text 1").replace("\r\n", "\r");
    let [src, dst] = wire.ends;
    let bytes = wire::udp(src, dst, text.as_bytes(), 1);
    wire.frames.push(Frame {
        time: wire.time,
        original_len: bytes.len(),
        bytes,
    });
    let seen = read(vec![capture(&wire.frames)]);
    assert_eq!(seen.messages.len(), 1);
    assert_eq!(seen.messages[0].defects, ["bare-cr"]);
    assert!(seen.messages[0].raw.ends_with(b"text 1"));
}

#[test]
fn files_joined_with_cat_are_read_to_the_end() {
    let file = |user| {
        let mut wire = Wire::open(if user == "a" { 40_000 } else { 40_001 });
        wire.at(0, 0, &options(user));
        capture(&wire.frames)
    };
    let seen = read(vec![[file("a"), file("b")].concat()]);
    let frames: Vec<_> = seen.messages.iter().map(|m| m.frame).collect();
    assert_eq!(frames, [4, 8]);
    assert!(has(&seen.report, CaveatKind::FilesJoined));
}
