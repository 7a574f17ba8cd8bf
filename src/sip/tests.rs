//! Framing and messages, in the lab's names: tomt.it is Lync at 10.1.1.10, tomt.local is Cisco at 10.1.1.20.

use super::*;
use crate::base::{Chunk, FileIndex, FrameNumber, FrameRef, Limits, Timestamp};
use std::path::Path;

/// A request with a body of this type; an empty type gives no body.
fn request(method: &str, n: u32, kind: &str, body: &str) -> String {
    let kind = if kind.is_empty() {
        String::new()
    } else {
        format!("Content-Type: {kind}\r\n")
    };
    format!(
        "{method} sip:anna@tomt.local SIP/2.0\r\n\
         Record-Route: <sip:lync01.tomt.it:5061;transport=tls;opaque=state:T:F:Ci.R1fd200;lr;ms-route-sig=ga-x1>;tag=3A78FB75\r\n\
         Via: SIP/2.0/TLS 10.1.1.10:49301;branch=z9hG4bK7C9D21E6.{n};branched=FALSE;ms-internal-info=\"cj,L3;x\"\r\n\
         Max-Forwards: 69\r\n\
         Content-Length: {}\r\n\
         VIA: SIP/2.0/TLS 10.1.1.101:50092;ms-received-port=50092;ms-received-cid=5C3600\r\n\
         FROM: \"Tom\"<sip:tom@tomt.it>;tag=9b6864536d;epid=72f0d99ead\r\n\
         t: <sip:anna@tomt.local>\r\n\
         CALL-ID: ce878a8bc0ca4c769ca729bc2f56a998\r\n\
         CSeq: {n} {method}\r\n\
         Supported: ms-benotify\r\nSupported: com.microsoft.autoextend, timer\r\n{kind}\r\n{body}",
        body.len()
    )
}

fn at(number: u64) -> FrameRef {
    FrameRef {
        time: Timestamp::from_nanos(i64::try_from(number).unwrap()),
        file: FileIndex(0),
        number: FrameNumber(number),
    }
}

/// Frames a stream in pieces of these sizes, one frame each, numbered from 1.
fn framed(stream: &[u8], sizes: impl IntoIterator<Item = usize>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut framer = Framer::new(&Limits::default());
    let (mut offset, mut number) = (0, 0);
    let mut sizes = sizes.into_iter();
    while offset < stream.len() {
        let size = sizes
            .next()
            .unwrap_or(usize::MAX)
            .clamp(1, stream.len() - offset);
        number += 1;
        let bytes = &stream[offset..offset + size];
        let chunk = Chunk::Data {
            offset: offset as u64,
            at: at(number),
            bytes,
        };
        framer.push(chunk, &mut |item| items.push(item));
        offset += size;
    }
    framer.finish(&mut |item| items.push(item));
    items
}

fn messages(items: &[Item]) -> Vec<&Message> {
    items
        .iter()
        .filter_map(|i| {
            if let Item::Message(m) = i {
                Some(m)
            } else {
                None
            }
        })
        .collect()
}

fn skipped(items: &[Item]) -> u64 {
    items
        .iter()
        .map(|i| {
            if let Item::Skipped { bytes, .. } = i {
                *bytes
            } else {
                0
            }
        })
        .sum()
}

fn names(message: &Message) -> Vec<&'static str> {
    message.defects().iter().map(|d| d.kind.name()).collect()
}

fn one_datagram(bytes: &[u8], wire_len: usize) -> Vec<Item> {
    let mut items = Vec::new();
    datagram(
        bytes,
        at(7),
        wire_len as u32,
        &Limits::default(),
        &mut |i| items.push(i),
    );
    items
}

/// Small, fixed, good enough to vary tests.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

fn healthy_stream() -> (Vec<u8>, usize) {
    let sipfrag = "SIP/2.0 200 OK\r\nINVITE sip:x@tomt.it SIP/2.0\r\n\r\n";
    let parts = [
        request("SUBSCRIBE", 1, "", ""),
        "\r\n\r\n".into(),
        request("NOTIFY", 2, "application/pidf+xml", "<presence/>"),
        request("NOTIFY", 3, "message/sipfrag", sipfrag),
        "\r\n".into(),
        "SIP/2.0 200 OK\nv: SIP/2.0/TLS 10.1.1.10\nf: <sip:a@tomt.it>;tag=1\nt: b\ni: x\nCSeq: 1\n SUBSCRIBE\nl:0\n\n".into(),
        request("MESSAGE", 4, "text/plain", &"x".repeat(70_000)),
        request("BENOTIFY", 5, "", ""),
    ];
    (parts.concat().into_bytes(), 6)
}

#[test]
fn any_split_gives_the_same_messages() {
    let (stream, count) = healthy_stream();
    let whole = framed(&stream, [usize::MAX]);
    let expected: Vec<_> = messages(&whole)
        .iter()
        .map(|m| (m.raw().to_vec(), m.defects().to_vec()))
        .collect();
    assert_eq!(expected.len(), count);
    assert_eq!(skipped(&whole), 0);
    let mut seeded = Seeded(7);
    for round in 0..40 {
        let most = [1, 2, 7, 100, 1460, 30_000][round % 6];
        let sizes: Vec<_> = (0..stream.len()).map(|_| 1 + seeded.next(most)).collect();
        let split = framed(&stream, sizes);
        let got: Vec<_> = messages(&split)
            .iter()
            .map(|m| (m.raw().to_vec(), m.defects().to_vec()))
            .collect();
        assert!(got == expected, "round {round}");
    }
}

#[test]
fn the_completing_frame_and_all_frames_are_known() {
    let first = request("SUBSCRIBE", 1, "", "");
    let both = first.clone() + &request("SUBSCRIBE", 2, "", "");
    let items = framed(both.as_bytes(), [100, 100, first.len() - 200 + 50]);
    let frames: Vec<_> = messages(&items)
        .iter()
        .map(|m| {
            (
                m.at().number.0,
                m.frames().map(|f| f.number.0).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(frames, [(3, vec![1, 2, 3]), (4, vec![3, 4])]);
    let bytewise = framed(&healthy_stream().0, std::iter::repeat(1));
    let long = messages(&bytewise)[4];
    assert!(long.frames().count() <= 4098 && long.frames_omitted() > 60_000);
}

#[test]
fn lync_headers_are_read() {
    let text = request("SUBSCRIBE", 1, "", "");
    let m = Message::parse(text.as_bytes(), at(1)).unwrap();
    assert_eq!(names(&m), [""; 0]);
    assert_eq!(m.method(), Some(Method::Subscribe));
    assert_eq!(m.start_line(), "SUBSCRIBE sip:anna@tomt.local SIP/2.0");
    assert_eq!(m.request_uri().unwrap().aor().unwrap(), "anna@tomt.local");
    assert_eq!(m.call_id().unwrap(), "ce878a8bc0ca4c769ca729bc2f56a998");
    assert_eq!((m.via_count(), m.vias().count()), (2, 2));
    assert!(m.vias().nth(1).unwrap().branch().is_none());
    assert_eq!(m.from().unwrap().tag().unwrap(), "9b6864536d");
    assert!(m.to().unwrap().tag().is_none());
    let supported: Vec<_> = m.supported().map(|t| t.to_string()).collect();
    assert_eq!(
        supported,
        ["ms-benotify", "com.microsoft.autoextend", "timer"]
    );
    let route = m.record_routes().next().unwrap();
    assert!(route.uri().unwrap().lr() && route.tag().is_some());
    assert_eq!(m.header_named("to").count(), 1);
    assert_eq!(
        (m.max_forwards(), m.content_length()),
        (Some(69), Some(Ok(0)))
    );
}

#[test]
fn a_lync_failure_is_read() {
    let m = Message::parse(
        b"SIP/2.0 504 Server time-out\r\nms-diagnostics: 1034;reason=\"a\";source=\"lync01.tomt.it\"\r\n\
          Ms-Diagnostics-Public: 10003;reason=\"b\"\r\nRetry-After: 30 (busy)\r\nDate: Mon, 03 Mar 2014 18:56:14 GMT\r\n\
          Proxy-Authenticate: Digest realm=\"cups.tomt.local\"\r\nContent-Length: 0\r\n\r\n",
        at(1),
    )
    .unwrap();
    assert_eq!(m.status(), Some(StatusCode(504)));
    assert_eq!(m.reason().unwrap(), "Server time-out");
    let said: Vec<_> = m.ms_diagnostics().map(|d| (d.id, d.header)).collect();
    assert_eq!(
        said,
        [
            (1034, DiagnosticsHeader::Server),
            (10003, DiagnosticsHeader::Public)
        ]
    );
    assert_eq!(
        (m.retry_after(), m.date().unwrap().seconds()),
        (Some(30), 0x5314_d04e)
    );
    assert!(m.challenges().next().unwrap().proxy);
    assert_eq!(
        names(&m),
        [
            "call-id-missing",
            "cseq-missing",
            "from-missing",
            "to-missing",
            "via-missing"
        ]
    );
}

#[test]
fn a_short_content_length_is_noticed_and_the_rest_skipped() {
    let bad = request("MESSAGE", 1, "text/plain", "hello, world")
        .replace("Content-Length: 12", "Content-Length: 5");
    let items = framed(
        (bad + "\r\n" + &request("INFO", 2, "", "")).as_bytes(),
        [usize::MAX],
    );
    let m = messages(&items);
    assert_eq!(
        (m.len(), m[0].body(), names(m[0])),
        (2, &b"hello"[..], vec!["content-length-mismatch"])
    );
    assert_eq!(names(m[1]), ["junk-before"]);
    assert_eq!(skipped(&items), 9);
}

#[test]
fn a_long_content_length_does_not_swallow_the_next_message() {
    let bad = request("MESSAGE", 1, "text/plain", "hello")
        .replace("Content-Length: 5", "Content-Length: 50");
    let stream = bad + &request("INFO", 2, "", "") + &request("INFO", 3, "", "");
    for size in [usize::MAX, 1, 100] {
        let items = framed(stream.as_bytes(), std::iter::repeat(size));
        let m = messages(&items);
        assert_eq!(m.len(), 3, "{size}");
        assert_eq!(
            (m[0].body(), names(m[0])),
            (&b"hello"[..], vec!["content-length-mismatch"])
        );
    }
    // The same at the end of the stream.
    let bad = request("MESSAGE", 1, "text/plain", "hello")
        .replace("Content-Length: 5", "Content-Length: 5000");
    let items = framed((bad + &request("INFO", 2, "", "")).as_bytes(), [usize::MAX]);
    assert_eq!(messages(&items).len(), 2);
}

#[test]
fn without_content_length_the_next_start_line_ends_the_body() {
    let strip = |s: String, n: usize| s.replace(&format!("Content-Length: {n}\r\n"), "");
    let a = strip(
        request("NOTIFY", 1, "application/pidf+xml", "<presence></presence>"),
        21,
    );
    let b = strip(request("INFO", 2, "", ""), 0);
    let stream = a + &b + &request("INFO", 3, "", "");
    for size in [usize::MAX, 1] {
        let items = framed(stream.as_bytes(), std::iter::repeat(size));
        let m = messages(&items);
        assert_eq!((m.len(), m[0].body()), (3, &b"<presence></presence>"[..]));
        assert_eq!(
            (names(m[0]), names(m[1])),
            (
                vec!["content-length-missing"],
                vec!["content-length-missing"]
            )
        );
    }
}

#[test]
fn a_gap_in_a_body_keeps_the_framing_and_one_elsewhere_resynchronises() {
    let a = request("MESSAGE", 1, "text/plain", &"x".repeat(1000));
    let b = request("INFO", 2, "", "");
    let run = |cut: usize, gap: usize| {
        let stream = a.clone() + &b + &b;
        let mut framer = Framer::new(&Limits::default());
        let mut items = Vec::new();
        let mut sink = |i| items.push(i);
        framer.push(
            Chunk::Data {
                offset: 0,
                at: at(1),
                bytes: &stream.as_bytes()[..cut],
            },
            &mut sink,
        );
        framer.push(
            Chunk::Gap {
                offset: 0,
                at: at(2),
                len: gap as u64,
            },
            &mut sink,
        );
        framer.push(
            Chunk::Data {
                offset: 0,
                at: at(3),
                bytes: &stream.as_bytes()[cut + gap..],
            },
            &mut sink,
        );
        framer.finish(&mut sink);
        items
    };
    let items = run(a.len() - 900, 500);
    let m = messages(&items);
    assert_eq!(
        (m.len(), names(m[0]), skipped(&items)),
        (3, vec!["bytes-missing"], 400)
    );
    assert_eq!(
        (
            m[0].at().number.0,
            m[1].at().number.0,
            m[1].frames().count()
        ),
        (1, 3, 1)
    );
    // Exactly the rest of the body.
    assert_eq!(
        (
            messages(&run(a.len() - 500, 500)).len(),
            skipped(&run(a.len() - 500, 500))
        ),
        (3, 0)
    );
    // Into the next head: found again at the third message, and nobody is blamed.
    let items = run(a.len() - 500, 550);
    let m = messages(&items);
    assert_eq!((m.len(), names(m[1])), (2, vec![]));
    // In the head.
    let items = run(300, 100);
    assert!(
        names(messages(&items)[0]).starts_with(&["head-incomplete"]),
        "{:?}",
        names(messages(&items)[0])
    );
    assert!(messages(&items)[0].is_damaged_by_capture());
    assert_eq!(messages(&items).len(), 3);
    // Between messages.
    assert_eq!(
        (
            messages(&run(a.len(), b.len())).len(),
            skipped(&run(a.len(), b.len()))
        ),
        (2, 0)
    );
}

#[test]
fn unfinished_messages_are_shown() {
    let text = request("MESSAGE", 1, "text/plain", "hello");
    let shown = |len: usize| framed(&text.as_bytes()[..len], [usize::MAX]);
    assert_eq!(names(messages(&shown(text.len() - 2))[0]), ["body-shorter"]);
    assert_eq!(names(messages(&shown(200))[0]), ["head-incomplete"]);
    assert_eq!((messages(&shown(20)).len(), skipped(&shown(20))), (0, 20));
}

#[test]
fn datagrams_hold_messages_padding_and_the_marks_of_the_snap_length() {
    let text = request("MESSAGE", 1, "text/plain", "hello");
    let two = text.clone() + "\r\n" + &text + "\r\n\0";
    assert_eq!(messages(&one_datagram(two.as_bytes(), two.len())).len(), 2);
    let cut = one_datagram(&text.as_bytes()[..text.len() - 3], text.len());
    assert_eq!(names(messages(&cut)[0]), ["cut"]);
    let short = one_datagram(&text.as_bytes()[..text.len() - 3], text.len() - 3);
    assert_eq!(names(messages(&short)[0]), ["body-shorter"]);
    let stray = one_datagram((text.clone() + "stray").as_bytes(), text.len() + 5);
    assert_eq!(
        (names(messages(&stray)[0]), skipped(&stray)),
        (vec!["content-length-mismatch"], 5)
    );
    for alive in [&b"\r\n\r\n"[..], b"\0\0\0\0"] {
        assert!(matches!(
            one_datagram(alive, 4)[..],
            [Item::KeepAlive { .. }]
        ));
    }
    assert_eq!(skipped(&one_datagram(b"hello", 5)), 5);
    assert!(one_datagram(b"", 0).is_empty());
    let open = text.replace("Content-Length: 5\r\n", "");
    assert_eq!(
        messages(&one_datagram(open.as_bytes(), open.len()))[0].body(),
        b"hello"
    );
}

#[test]
fn start_lines_and_lengths_with_defects_are_messages() {
    let first = |s: &str| names(&Message::parse(s.as_bytes(), at(1)).unwrap())[0];
    assert_eq!(
        first("INVITE  sip:a@tomt.it SIP/2.0\r\n\r\n"),
        "bad-start-line"
    );
    assert_eq!(
        first("INVITE sip:a@tomt.it SIP/2.0 \r\n\r\n"),
        "bad-start-line"
    );
    assert_eq!(first("INVITE <sip:a@tomt.it> SIP/2.0\r\n\r\n"), "bad-uri");
    assert_eq!(first("INVITE sip:a@tomt.it SIP/7.0\r\n\r\n"), "bad-version");
    assert_eq!(first("SIP/2.0 4294967301 no\r\n\r\n"), "bad-status-code");
    assert_eq!(first("SIP/2.0 200 OK\nVia: x\n\n"), "bare-lf");
    let all = |h: &str| {
        let text = request("INFO", 1, "", "").replace("Max-Forwards: 69", h);
        names(&Message::parse(text.as_bytes(), at(1)).unwrap())
    };
    assert_eq!(
        all("l: -1"),
        ["content-length-negative", "content-length-duplicated"]
    );
    assert_eq!(
        all("l: x"),
        ["content-length-invalid", "content-length-duplicated"]
    );
    assert_eq!(all("no colon"), ["header-without-colon"]);
    assert_eq!(all(": no name"), ["bad-header-name"]);
    assert_eq!(all("X: a\0b"), ["control-character"]);
    assert_eq!(all("X: a\rb"), ["control-character"]);
    assert_eq!(all("Call-ID: two"), ["header-duplicated"]);
    assert_eq!(all("v: SIP/2.0"), [""; 0]); // not the topmost
    assert_eq!(all("X: folded\r\n  further\r\n\t\r\nY : 1"), [""; 0]);
    let bad = request("INFO", 1, "", "").replace("1 INFO", "1 BYE");
    assert_eq!(
        names(&Message::parse(bad.as_bytes(), at(1)).unwrap()),
        ["cseq-method-mismatch"]
    );
}

#[test]
fn limits_hold_and_are_named() {
    let mut limits = Limits::default();
    (
        limits.sip_head_bytes,
        limits.sip_body_bytes,
        limits.sip_header_fields,
    ) = (2000, 300, 20);
    let run = |stream: &str| {
        let mut framer = Framer::new(&limits);
        let mut items = Vec::new();
        for piece in stream.as_bytes().chunks(70) {
            framer.push(
                Chunk::Data {
                    offset: 0,
                    at: at(1),
                    bytes: piece,
                },
                &mut |i| items.push(i),
            );
            assert!(framer.waiting() <= 2000 + 300 + 70);
        }
        framer.finish(&mut |i| items.push(i));
        items
    };
    let next = request("INFO", 2, "", "");
    let long_body = request("MESSAGE", 1, "text/plain", &"line\r\n".repeat(100)) + &next;
    let items = run(&long_body);
    assert_eq!(names(messages(&items)[0]), ["body-too-long"]);
    assert_eq!(
        (
            messages(&items)[0].body().len(),
            messages(&items).len(),
            skipped(&items)
        ),
        (300, 2, 300)
    );
    let long_head = next.replace("Max-Forwards: 69", &format!("X: {}", "x".repeat(3000))) + &next;
    let items = run(&long_head);
    assert_eq!(
        (names(messages(&items)[0])[0], messages(&items).len()),
        ("head-too-long", 2)
    );
    let fields = next.replace(
        "Max-Forwards: 69",
        &"A: b\r\n".repeat(30).trim_end().to_owned(),
    ) + &next;
    let items = run(&fields);
    assert_eq!(names(messages(&items)[0])[0], "too-many-header-fields");
    assert_eq!(messages(&items).len(), 2);
}

#[test]
fn mutations_never_panic_and_account_for_every_byte() {
    let (stream, _) = healthy_stream();
    let mut seeded = Seeded(42);
    for _ in 0..400 {
        let mut bytes = stream[..stream.len().min(3500)].to_vec();
        for _ in 0..=seeded.next(30) {
            let at = seeded.next(bytes.len());
            match seeded.next(4) {
                0 => bytes[at] = b"\r\n :;,\"<>\0\xff09"[seeded.next(13)],
                1 => drop(bytes.drain(at..(at + seeded.next(40)).min(bytes.len()))),
                2 => bytes.insert(at, b'\n'),
                _ => bytes[at] = seeded.next(256) as u8,
            }
            if bytes.is_empty() {
                bytes.push(b'S');
            }
        }
        let most = 1 + seeded.next(2000);
        for items in [
            framed(&bytes, std::iter::repeat(most)),
            one_datagram(&bytes, bytes.len()),
        ] {
            let mut total = skipped(&items);
            for m in messages(&items) {
                total += m.raw().len() as u64;
                read_everything(m);
            }
            assert!(total <= bytes.len() as u64);
            let line_ends = bytes
                .iter()
                .filter(|b| matches!(b, b'\r' | b'\n' | 0))
                .count();
            assert!(
                total + line_ends as u64 >= bytes.len() as u64,
                "bytes were lost"
            );
        }
    }
}

/// Calls every accessor.
fn read_everything(m: &Message) {
    let _ = (
        m.method(),
        m.request_uri(),
        m.status(),
        m.reason(),
        m.version().to_string(),
        m.at(),
        m.memory(),
    );
    let _ = (
        m.call_id(),
        m.cseq(),
        m.from(),
        m.to(),
        m.top_via().map(|v| (v.rport(), v.received())),
        m.via_count(),
    );
    let _ = (
        m.content_length(),
        m.content_type(),
        m.event(),
        m.subscription_state().map(|s| s.expires),
        m.date(),
    );
    let _ = (
        m.retry_after(),
        m.expires(),
        m.rack(),
        m.sdp().map(|s| s.media.len()),
        m.session_expires(),
    );
    let _ = m
        .contacts()
        .chain(m.routes())
        .chain(m.record_routes())
        .filter_map(Address::aor)
        .count();
    let _ = m.ms_diagnostics().count()
        + m.challenges().count()
        + m.warnings().count()
        + m.reasons().count();
    let _ = (m.excerpt(40, 80), m.body_excerpt(40, 80));
    let _ = m.fields().map(|(_, n, v)| format!("{n}{v:?}")).count();
}

/// Work that grows with the square of the input would make this test take hours, not a second.
#[test]
fn floods_take_linear_time() {
    let junk = b"no start line here\n".repeat(200_000);
    assert_eq!(
        skipped(&framed(&junk, std::iter::repeat(1460))),
        junk.len() as u64
    );
    let long_line = vec![b'a'; 3_000_000];
    assert_eq!(
        skipped(&framed(&long_line, std::iter::repeat(100))),
        3_000_000
    );
    assert_eq!(
        skipped(&framed(&long_line[..100_000], std::iter::repeat(1))),
        100_000
    );
    // Each announces more than there is, and holds the next.
    let nested = b"A a:b SIP/2.0\nl:3000000\n\n".repeat(100_000);
    assert_eq!(
        messages(&framed(&nested, std::iter::repeat(1460))).len(),
        100_000
    );
    let nested = [nested, long_line].concat();
    assert_eq!(
        messages(&framed(&nested, std::iter::repeat(1460))).len(),
        100_000
    );
    let line_ends = vec![b'\n'; 1_000_000];
    assert!(messages(&framed(&line_ends, std::iter::repeat(3))).is_empty());
    let fields = [&b"A a:b SIP/2.0\n"[..], &b"a:b\n".repeat(200_000)].concat();
    assert_eq!(messages(&framed(&fields, std::iter::repeat(1))).len(), 1);
    let folds = [
        &b"A a:b SIP/2.0\na:"[..],
        &b"\n \"<".repeat(200_000),
        b"\n\n",
    ]
    .concat();
    let items = framed(&folds, std::iter::repeat(1460));
    read_everything(messages(&items)[0]);
}

/// RFC 4475 and RFC 5118: all are messages, malformed or not. The files are not part of this repository.
#[test]
#[expect(clippy::disallowed_methods, reason = "reads test data")]
fn torture_messages_are_all_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/torture");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no torture messages beside the repository");
        return;
    };
    for file in files.map(|f| f.unwrap().path()) {
        let bytes = std::fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let items = one_datagram(&bytes, bytes.len());
        let m = messages(&items);
        assert!(!m.is_empty(), "{name}");
        m.iter().for_each(|m| read_everything(m));
        assert!(m[0].call_id().is_some(), "{name}");
        println!(
            "{name}: {} {:?} skipped {}",
            m.len(),
            names(m[0]),
            skipped(&items)
        );
        framed(&bytes, std::iter::repeat(3));
    }
}

/// `cargo test --release --lib sip::tests::speed -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
#[expect(clippy::disallowed_methods, reason = "measures")]
fn speed() {
    let text = request("SUBSCRIBE", 1, "", "");
    let stream = text.repeat(200);
    let limits = Limits::default();
    for round in 0..3 {
        let begin = std::time::Instant::now();
        let mut count = 0_u64;
        for _ in 0..1000 {
            let mut framer = Framer::new(&limits);
            let chunk = Chunk::Data {
                offset: 0,
                at: at(1),
                bytes: stream.as_bytes(),
            };
            framer.push(chunk, &mut |i| {
                count += u64::from(matches!(i, Item::Message(_)))
            });
        }
        let framed = begin.elapsed().as_nanos() as u64 / count;
        let begin = std::time::Instant::now();
        for _ in 0..count {
            datagram(text.as_bytes(), at(1), 0, &limits, &mut |i| {
                drop(std::hint::black_box(i))
            });
        }
        let single = begin.elapsed().as_nanos() as u64 / count;
        let m = Message::parse(text.as_bytes(), at(1)).unwrap();
        let begin = std::time::Instant::now();
        for _ in 0..count {
            std::hint::black_box((
                m.call_id(),
                m.cseq(),
                m.from().and_then(Address::tag),
                m.top_via().and_then(Via::branch),
            ));
        }
        let keys = begin.elapsed().as_nanos() as u64 / count;
        println!(
            "round {round}: {} bytes, {framed} ns on a stream, {single} ns as datagram, {keys} ns for the keys",
            text.len()
        );
    }
}
