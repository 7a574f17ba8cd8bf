//! Limits, floods, mutations, RFC 4475, and speed.

use super::*;
use std::path::Path;

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
    let fields = next.replace("Max-Forwards: 69", "A: b\r\n".repeat(30).trim_end()) + &next;
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
                _ => bytes[at] = seeded.next(256).to_le_bytes()[0],
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
        if m.is_empty() {
            // A log of a stream, not a datagram.
            assert!(
                !messages(&framed(&bytes, [usize::MAX])).is_empty(),
                "{name}"
            );
            continue;
        }
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

/// `cargo test --release --lib sip::tests::robust::speed -- --ignored --nocapture`
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
        let framed = begin.elapsed().as_nanos() / u128::from(count);
        let begin = std::time::Instant::now();
        for _ in 0..count {
            datagram(text.as_bytes(), at(1), 0, &limits, &mut |i| {
                drop(std::hint::black_box(i))
            });
        }
        let single = begin.elapsed().as_nanos() / u128::from(count);
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
        let keys = begin.elapsed().as_nanos() / u128::from(count);
        println!(
            "round {round}: {} bytes, {framed} ns on a stream, {single} ns as datagram, {keys} ns for the keys",
            text.len()
        );
    }
}
