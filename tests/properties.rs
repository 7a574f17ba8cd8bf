//! Laws, on random cases that are the same every time: proptest shrinks the one that breaks a law.

use crate::seeds;
use crate::targets::input::at;
use crate::targets::{reassembly, tls_decrypt};
use proptest::collection::vec;
use proptest::prelude::*;
use sipdiag::base::{
    Caveats, Chunk, FileIndex, Frame, FrameNumber, FrameRef, Limits, LinkType, Timestamp,
};
use sipdiag::capture::{Capture, Item, PcapngWriter};
use sipdiag::sip::{self, Framer};
use std::io::Cursor;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_algorithm: prop::test_runner::RngAlgorithm::ChaCha,
        ..ProptestConfig::default()
    }
}

/// A message with this body, and with a Content-Length that says so.
fn message(method: &str, id: u32, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} sip:a@tomt.it SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bK{id}\r\nMax-Forwards: 70\r\n\
         From: <sip:b@tomt.local>;tag=1\r\nTo: <sip:a@tomt.it>\r\nCall-ID: {id}\r\nCSeq: {id} {method}\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The bytes in parts of these lengths, over and over.
fn cut<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (part, rest) = bytes.split_at((*length).min(bytes.len()));
        parts.push(part);
        bytes = rest;
    }
    parts
}

proptest! {
    #![proptest_config(config(2000))]

    /// The model is in the target.
    #[test]
    fn reassembly_gives_what_the_model_gives(
        choices in 0_u8..4,
        isn in prop_oneof![any::<u32>(), u32::MAX - 2000..=u32::MAX],
        len in 0_u16..3000,
        steps in vec((prop_oneof![8 => Just(0_u8), 2 => Just(1), 3 => Just(2), 1 => Just(3), 1 => Just(4)], 0_u16..3000, 0_u16..900), 0..60),
    ) {
        let mut input = vec![choices];
        input.extend(isn.to_be_bytes());
        input.extend(len.to_be_bytes());
        for (kind, from, len) in steps {
            input.push(kind);
            input.extend([from.to_be_bytes(), len.to_be_bytes()].concat());
        }
        reassembly::run(&input);
    }
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn messages_are_found_as_they_were_sent(
        sent in vec(("(MESSAGE|NOTIFY|INFO|OPTIONS)", vec(any::<u8>(), 0..300)), 1..6),
        lengths in vec(1_usize..400, 1..8),
        keep_alives in any::<bool>(),
    ) {
        // A body that looks like a message is doubted on purpose.
        prop_assume!(sent.iter().all(|(_, body)| !body.windows(4).any(|w| w.eq_ignore_ascii_case(b"SIP/"))));
        let sent: Vec<Vec<u8>> = (1..).zip(&sent).map(|(id, (method, body))| message(method, id, body)).collect();
        let between: &[u8] = if keep_alives { b"\r\n\r\n" } else { b"" };
        let stream: Vec<u8> = sent.iter().flat_map(|m| [&m[..], between].concat()).collect();
        let limits = Limits::default();
        let mut framer = Framer::new(&limits);
        let mut found = Vec::new();
        let mut sink = |item: sip::Item| match item {
            sip::Item::Message(message) => found.push(message.raw().to_vec()),
            sip::Item::Skipped { bytes, reason, .. } => panic!("{bytes} bytes skipped: {reason}"),
            sip::Item::KeepAlive { .. } => {}
        };
        let mut offset = 0;
        for bytes in cut(&stream, &lengths) {
            framer.push(Chunk::Data { offset, at: at(1), bytes }, &mut sink);
            offset += u64::try_from(bytes.len()).unwrap();
        }
        framer.finish(&mut sink);
        prop_assert_eq!(found, sent);
    }

    #[test]
    fn a_pcapng_that_was_written_is_read_as_it_was(
        digits in prop_oneof![Just(3_u8), Just(6), Just(9)],
        links in vec(0_u16..300, 1..4),
        frames in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..200), 0_u32..2000, 0_i64..4_000_000_000), 0..20),
        comment in "[ -~é]{0,40}",
        key_log in proptest::option::of("CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}\n"),
    ) {
        let tick = 10_i64.pow(9 - u32::from(digits));
        let mut writer = PcapngWriter::new(Vec::new(), &comment).unwrap();
        let interfaces: Vec<_> = links
            .iter()
            .map(|link| writer.interface(LinkType(*link), digits, "one").unwrap())
            .collect();
        if let Some(key_log) = &key_log {
            writer.secrets(key_log).unwrap();
        }
        let mut want = Vec::new();
        for (number, (on, bytes, cut, ticks)) in (1..).zip(&frames) {
            let original_len = u32::try_from(bytes.len()).unwrap() + cut;
            let time = Timestamp::from_nanos(ticks * tick);
            let at = FrameRef { time, file: FileIndex(0), number: FrameNumber::new(number) };
            let on = on.index(links.len());
            let frame = Frame { at, link: LinkType(links[on]), bytes, original_len };
            writer.frame(interfaces[on], &frame, "").unwrap();
            want.push((at, links[on], bytes.clone(), original_len));
        }
        let file = writer.finish().unwrap();
        let limits = Limits::default();
        let mut capture = Capture::open(Box::new(Cursor::new(file)), "x", FileIndex(0), false, &limits).unwrap();
        let mut caveats = Caveats::new(5);
        let (mut got, mut secrets) = (Vec::new(), Vec::new());
        while let Some(item) = capture.next(&mut caveats) {
            match item {
                Item::Frame(f) => got.push((f.at, f.link.0, f.bytes.to_vec(), f.original_len)),
                Item::Secrets(text, _) => secrets.extend_from_slice(text),
                _ => {}
            }
        }
        prop_assert!(capture.summary().complete);
        prop_assert_eq!(got, want);
        prop_assert_eq!(String::from_utf8(secrets).unwrap(), key_log.unwrap_or_default());
    }
}

/// Every session that is opened in the tests, cut in several ways: the law is in the target.
#[test]
fn plaintext_does_not_depend_on_where_the_stream_is_cut() {
    let all = seeds::all().remove("tls_decrypt").unwrap_or_default();
    assert!(all.len() > 100, "{} sessions", all.len());
    for (n, mut session) in all.into_iter().enumerate() {
        for seed in [n, n + 100] {
            session[0] = u8::try_from(seed % 256).unwrap();
            tls_decrypt::run(&session);
        }
    }
}
