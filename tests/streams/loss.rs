//! Segments missing at random, acknowledged by the peer: every message whose bytes are all there is found, and nothing else is called
//! whole.

use super::{Found, Wire, capture, read, request};
use crate::support::{Random, file_name, files, project, read as bytes, say};
use sipdiag::analyzer::{Analyzer, Config, Observed, Scope};
use sipdiag::base::{Caveats, FileIndex, Limits};
use sipdiag::capture::{Capture, Item};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

/// How messages are cut into segments.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// One write, one segment (or several, when it is long).
    Messages,
    /// Full segments, whatever is in them.
    Full,
    /// Of any length.
    Any,
    /// Each byte on its own.
    Bytes,
}

/// One direction: its bytes and where the messages lie.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    messages: Vec<Range<usize>>,
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.1.1.10\r\ns=-\r\nc=IN IP4 10.1.1.10\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8\r\n";
/// Looks like messages, and is none.
const LOOKALIKE: &str = "He wrote:\r\nINVITE sip:anna@tomt.it SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.1\r\n\r\nand got\r\nSIP/2.0 200 OK\r\n\r\nin the end.";

/// Message `n` of a direction, of every kind that a body can mislead with.
fn message(n: usize, random: &mut Random) -> String {
    let user = format!("u{n}");
    let inner = request(
        "MESSAGE",
        &format!("inside{n}"),
        "text/plain",
        "not sent by anybody",
    );
    let part = inner.len();
    match random.below(12) {
        0 => request("OPTIONS", &user, "", ""),
        1 => request("INVITE", &user, "application/sdp", SDP),
        2 => request("MESSAGE", &user, "text/plain", LOOKALIKE),
        3 => request("NOTIFY", &user, "message/sipfrag", "SIP/2.0 200 OK\r\n"),
        4 => request(
            "BENOTIFY",
            &user,
            "application/pidf+xml",
            "<presence><note>out</note></presence>",
        ),
        5 => request(
            "NOTIFY",
            &user,
            "multipart/mixed;boundary=b",
            &format!("--b\r\nContent-Type: message/sip\r\n\r\n{inner}\r\n--b--\r\n"),
        ),
        6 => request(
            "NOTIFY",
            &user,
            "multipart/mixed;boundary=b",
            &format!(
                "--b\r\nContent-Type: message/sip\r\nContent-Length: {part}\r\n\r\n{inner}\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"
            ),
        ),
        7 => request("NOTIFY", &user, "message/sip", &inner),
        8 => request(
            "MESSAGE",
            &user,
            "text/plain",
            &"A line of a long text.\r\n".repeat(40 + random.below(200)),
        ),
        9 => request(
            "FROBNICATE",
            &user,
            "text/plain",
            "a method that nobody knows",
        ),
        10 => request("NOTIFY", &user, "text/plain", "\r\n\r\n\r\n"),
        _ => request("OPTIONS", &user, "", "").replacen(
            &format!("OPTIONS sip:{user}@tomt.it SIP/2.0"),
            "SIP/2.0 200 OK",
            1,
        ),
    }
}

fn direction(count: usize, random: &mut Random) -> Sent {
    let mut sent = Sent::default();
    for n in 0..count {
        let start = sent.bytes.len();
        sent.bytes.extend(message(n, random).bytes());
        sent.messages.push(start..sent.bytes.len());
        if random.below(10) == 0 {
            sent.bytes.extend(b"\r\n\r\n"); // RFC 5626 §3.5.1
        }
    }
    sent
}

fn segments(sent: &Sent, cut: Cut, random: &mut Random) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    while start < sent.bytes.len() {
        let end = match cut {
            Cut::Messages => {
                let next = sent.messages.iter().map(|m| m.start).find(|s| *s > start);
                next.unwrap_or(sent.bytes.len()).min(start + 1460)
            }
            Cut::Full => start + 1460,
            Cut::Any => start + 1 + random.below(700),
            Cut::Bytes => start + 1,
        };
        let end = end.min(sent.bytes.len());
        all.push(start..end);
        start = end;
    }
    all
}

/// Both directions at once; of each hundred segments `lost` are not captured. Gives the frames and the messages whose bytes are there.
fn conversation(messages: usize, cut: Cut, lost: usize, seed: u64) -> (Wire, Vec<(u16, Vec<u8>)>) {
    let mut random = Random(seed);
    let sides = [
        direction(messages, &mut random),
        direction(messages, &mut random),
    ];
    let mut wire = Wire::open(40_000);
    let mut queues = sides
        .each_ref()
        .map(|sent| segments(sent, cut, &mut random).into_iter().peekable());
    let mut missing: [Vec<Range<usize>>; 2] = [Vec::new(), Vec::new()];
    while queues.iter_mut().any(|q| q.peek().is_some()) {
        let side = random.below(2);
        for segment in queues[side].by_ref().take(1 + random.below(4)) {
            if random.below(100) < lost {
                wire.lost(side, segment.start, segment.len());
                missing[side].push(segment);
            } else {
                wire.at(side, segment.start, &sides[side].bytes[segment]);
            }
        }
        if random.below(100) >= lost {
            wire.ack(1 - side);
        }
    }
    wire.ack(0);
    wire.ack(1);
    let mut whole = Vec::new();
    for side in 0..2 {
        let port = wire.ends[side].port();
        let mut holes = missing[side].iter().peekable();
        for message in &sides[side].messages {
            while holes.next_if(|hole| hole.end <= message.start).is_some() {}
            if holes.peek().is_none_or(|hole| hole.start >= message.end) {
                whole.push((port, sides[side].bytes[message.clone()].to_vec()));
            }
        }
    }
    (wire, whole)
}

fn counted(all: impl IntoIterator<Item = (u16, Vec<u8>)>) -> BTreeMap<(u16, Vec<u8>), usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}

/// What is there and was not found, and what was found whole and is not.
fn differences(whole: Vec<(u16, Vec<u8>)>, found: &[Found]) -> (Vec<String>, Vec<String>) {
    let (want, got) = (
        counted(whole),
        counted(
            found
                .iter()
                .filter(|m| m.is_whole())
                .map(|m| (m.port, m.raw.clone())),
        ),
    );
    let beyond = |a: &BTreeMap<(u16, Vec<u8>), usize>, b: &BTreeMap<(u16, Vec<u8>), usize>| {
        a.iter()
            .filter(|(key, n)| b.get(*key).copied().unwrap_or(0) < **n)
            .map(|((port, raw), _)| format!("{port}: {}", String::from_utf8_lossy(raw)))
            .collect::<Vec<_>>()
    };
    (beyond(&want, &got), beyond(&got, &want))
}

#[test]
fn every_message_whose_bytes_are_there_is_found_and_nothing_else_is_whole() {
    let mut said = Vec::new();
    for (cut, messages) in [
        (Cut::Messages, 400),
        (Cut::Full, 400),
        (Cut::Any, 400),
        (Cut::Bytes, 25),
    ] {
        for lost in [0, 1, 5, 20] {
            for seed in 1..=3 {
                let (wire, whole) = conversation(messages, cut, lost, seed);
                let seen = read(vec![capture(&wire.frames)]);
                let present = whole.len();
                let (unseen, invented) = differences(whole, &seen.messages);
                said.push(format!(
                    "{cut:?} {lost} % lost, seed {seed}: {present} of {} messages are there, {} not found, {} invented",
                    2 * messages, unseen.len(), invented.len(),
                ));
                if !unseen.is_empty() || !invented.is_empty() {
                    said.push(format!(
                        "not found: {:#?}\ninvented: {:#?}",
                        unseen.first(),
                        invented.first()
                    ));
                }
                if lost == 0 {
                    assert_eq!(present, 2 * messages);
                    assert!(seen.messages.iter().all(|m| m.defects.is_empty()));
                }
            }
        }
    }
    let text = said.join("\n");
    assert!(!text.contains("not found: "), "{text}");
    if std::env::var_os("SHOW").is_some() {
        say!("{text}");
    }
}

/// A message over TCP: who sent it, its bytes, the frames that carried it.
type Carried = (u16, Vec<u8>, BTreeSet<u64>);

/// What is found when only these frames of a capture are there.
fn read_some(path: &Path, keep: &mut dyn FnMut() -> bool) -> Option<(Vec<Carried>, BTreeSet<u64>)> {
    let limits = Limits::default();
    let name = path.display().to_string();
    let reader = Box::new(Cursor::new(bytes(path)));
    let mut file = Capture::open(reader, &name, FileIndex(0), false, &limits).ok()?;
    let mut config = Config::default();
    config.scope = Scope::Any;
    let whole = RefCell::new(Vec::new());
    let mut analyzer = Analyzer::new(config);
    analyzer.observe(|observed| {
        if let Observed::Message(seen) = observed
            && seen.hop.carriage == "tcp"
        {
            let frames = seen.message.frames().map(|at| at.number.get()).collect();
            let one = (seen.hop.src.port, seen.message.raw().to_vec(), frames);
            let missing = seen
                .message
                .defects()
                .iter()
                .any(|d| d.kind.name() == "bytes-missing");
            if !missing {
                whole.borrow_mut().push(one);
            }
        }
    });
    let mut caveats = Caveats::new(10);
    let mut lost = BTreeSet::new();
    while let Some(item) = file.next(&mut caveats) {
        match item {
            Item::Frame(frame) if !keep() => {
                lost.insert(frame.at.number.get());
            }
            item => analyzer.push(item),
        }
    }
    analyzer.finish(Vec::new());
    Some((whole.into_inner(), lost))
}

/// Real conversations, with every hundredth (twentieth, fifth) frame left out: what is in the frames that are left is found, and what is
/// called whole is in the whole capture too.
#[test]
fn of_real_captures_nothing_that_is_left_is_missed() {
    let mut all = files(&project("samples"));
    for folder in ["../shared/lab/captures", "../shared/corpus/sip"] {
        let more = files(&project(folder));
        if more.is_empty() {
            say!("SKIPPED the captures in {folder}: it does not exist");
        }
        all.extend(more);
    }
    all.retain(|path| file_name(path).contains(".pcap"));
    let (mut wrong, mut counted) = (Vec::new(), [0_usize; 4]);
    for path in &all {
        let Some((before, _)) = read_some(path, &mut || true) else {
            continue;
        };
        if before.is_empty() {
            continue;
        }
        for (n, percent) in [1, 5, 20].into_iter().enumerate() {
            let mut random = Random(percent);
            let keep = &mut || random.below(100) >= usize::try_from(percent).unwrap();
            let (after, lost) = read_some(path, keep).unwrap();
            counted[0] += before.len();
            for (port, raw, frames) in &before {
                if frames.is_disjoint(&lost) {
                    counted[n + 1] += 1;
                    if !after.iter().any(|(p, r, _)| (p, r) == (port, raw)) {
                        let text = String::from_utf8_lossy(raw);
                        wrong.push(format!(
                            "{} -{percent} %: not found in {frames:?}: {text}",
                            path.display()
                        ));
                    }
                }
            }
            for (port, raw, frames) in &after {
                if !before.iter().any(|(p, r, _)| (p, r) == (port, raw)) {
                    let text = String::from_utf8_lossy(raw);
                    wrong.push(format!(
                        "{} -{percent} %: invented in {frames:?}: {text}",
                        path.display()
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    assert!(counted.iter().all(|n| *n > 0), "{counted:?}");
    if std::env::var_os("SHOW").is_some() {
        say!(
            "messages over TCP, three times: {}; in frames that are left at 1, 5, 20 %: {:?}",
            counted[0],
            &counted[1..]
        );
    }
}
