//! Several captures of the same traffic: whatever their clocks, snap lengths and order, the diagnosis is that of one capture.

use crate::cli::sipdiag;
use crate::support::pcap::{self, Frame, USUAL};
use crate::support::{
    self, Random, files, golden, json, project, relative, samples, scenarios, trace,
};
use serde_json::{Value, json};
use sipdiag::base::{CaveatKind, FileIndex, Limits, Span};
use sipdiag::capture::{Capture, Clock, ClockOffset, ClockSource, Merge};
use sipdiag::clock::{self, Look};
use sipdiag::{Analyzer, Config, Report};
use std::io::Cursor;

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
/// From one place of capture to the other: less than half of what a scenario takes from a segment to its acknowledgment.
const DELAY: i64 = 90_000;

fn open(bytes: &[u8], n: usize) -> Capture<'static> {
    let (name, index) = (format!("{n}.pcap"), FileIndex(u16::try_from(n).unwrap()));
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    Capture::open(reader, &name, index, false, &Limits::default()).unwrap()
}

fn clocks(captures: &[Vec<u8>]) -> Vec<Clock> {
    let looks: Vec<Option<Look>> = captures
        .iter()
        .enumerate()
        .map(|(n, bytes)| {
            Some(Look::read(
                &mut open(bytes, n),
                captures.len(),
                &Limits::default(),
            ))
        })
        .collect();
    clock::compare(&looks)
}

/// What the program does with several files.
fn together(captures: &[Vec<u8>]) -> Report {
    let clocks = clocks(captures);
    let opened = captures
        .iter()
        .zip(clocks)
        .enumerate()
        .map(|(n, (bytes, clock))| {
            let mut capture = open(bytes, n);
            capture.set_clock(clock);
            capture
        });
    let mut captures = Merge::new(opened.collect());
    let mut analyzer = Analyzer::new(Config::default());
    analyzer.read(&mut captures);
    analyzer.finish(captures.summaries())
}

fn compared(clock: &Clock) -> ClockOffset {
    match clock {
        Clock::Compared(offset) => *offset,
        other => panic!("{other:?}"),
    }
}

fn write(frames: &[Frame]) -> Vec<u8> {
    pcap::classic(frames, USUAL)
}

/// Whether the lower address sends: from the place of the first capture to that of the second.
fn up(frame: &Frame) -> bool {
    match frame.bytes.get(12..14) {
        Some([0x86, 0xdd]) => frame.bytes.get(22..38) < frame.bytes.get(38..54),
        _ => frame.bytes.get(26..30) < frame.bytes.get(30..34),
    }
}

/// The same traffic as it is seen `DELAY` further on, by a clock that is ahead by `offset` and gains `ppm`.
fn elsewhere(frames: &[Frame], offset: i64, ppm: i64) -> Vec<Frame> {
    let start = frames[0].time;
    let mut all: Vec<Frame> = frames
        .iter()
        .map(|frame| {
            let delay = if up(frame) { DELAY } else { -DELAY };
            let drift = (frame.time - start) / 1_000_000 * ppm;
            Frame {
                time: frame.time + delay + offset + drift,
                ..frame.clone()
            }
        })
        .collect();
    all.sort_by_key(|frame| frame.time);
    all
}

fn of_direction(frames: &[Frame], wanted: bool) -> Vec<Frame> {
    frames
        .iter()
        .filter(|frame| up(frame) == wanted)
        .cloned()
        .collect()
}

fn cut(frames: &[Frame], len: usize) -> Vec<Frame> {
    let mut all = frames.to_vec();
    for frame in &mut all {
        frame.bytes.truncate(len);
    }
    all
}

/// What must not depend on where and how often the traffic was captured.
fn said(report: &Report) -> Value {
    let all = json(report);
    let findings: Vec<Value> = all["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            json!([
                f["rule"],
                f["severity"],
                f["from"],
                f["to"],
                f["count"],
                f["role"],
                f["caused_by"],
                f["fingerprint"]
            ])
        })
        .collect();
    let undecided: Vec<&Value> = all["undecided"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| &u["rule"])
        .collect();
    let mut coverage = all["coverage"].clone();
    // More frames were captured, and what both show was read from one of them.
    for packets in ["packets_in_scope", "packets_out_of_scope", "frames"] {
        coverage.as_object_mut().unwrap().remove(packets);
    }
    for defect in coverage["sip_defects"].as_array_mut().unwrap() {
        defect.as_object_mut().unwrap().remove("first");
    }
    let retransmissions: u64 = report
        .connections
        .iter()
        .flat_map(|c| &c.flow.sides)
        .map(|side| side.retransmissions)
        .sum();
    json!({
        "verdict": all["verdict"],
        "findings": findings,
        "undecided": undecided,
        "coverage": coverage,
        "retransmissions": retransmissions,
    })
}

/// Every scenario of the project.
fn all_scenarios() -> Vec<String> {
    let verdicts = files(&project("tests/verdicts"));
    let mut all: Vec<String> = verdicts.iter().map(|path| relative(path)).collect();
    all.extend(scenarios());
    all
}

/// Runs every scenario alone, and captured as `views` says; both must be diagnosed alike.
fn diagnosed_alike(what: &str, views: impl Fn(&[Frame]) -> Vec<Vec<Frame>>) {
    let mut problems = Vec::new();
    for name in all_scenarios() {
        let frames = trace::file(&name).frames;
        if frames.is_empty() {
            continue;
        }
        let alone = said(&support::analyze(write(&frames), "0.pcap"));
        let captures: Vec<Vec<u8>> = views(&frames).iter().map(|f| write(f)).collect();
        let both = said(&together(&captures));
        if alone != both {
            let lines = |value: &Value| serde_json::to_string_pretty(value).unwrap();
            problems.push(Err(format!(
                "{what}: {name}\n{}",
                golden::difference(&lines(&alone), &lines(&both))
            )));
        }
    }
    golden::all(problems);
}

#[test]
fn two_captures_with_equal_clocks() {
    diagnosed_alike("equal", |frames| {
        vec![frames.to_vec(), elsewhere(frames, 0, 0)]
    });
}

#[test]
fn two_captures_with_a_clock_20_ms_ahead() {
    diagnosed_alike("20 ms", |frames| {
        vec![frames.to_vec(), elsewhere(frames, 20 * MILLI, 0)]
    });
}

#[test]
fn two_captures_with_a_clock_3_s_ahead() {
    diagnosed_alike("3.2 s", |frames| {
        vec![elsewhere(frames, 3_200 * MILLI, 0), frames.to_vec()]
    });
}

#[test]
fn two_captures_in_other_time_zones() {
    diagnosed_alike("-2 h", |frames| {
        vec![frames.to_vec(), elsewhere(frames, -7_200 * SECOND, 0)]
    });
}

#[test]
fn the_same_capture_twice() {
    diagnosed_alike("twice", |frames| vec![frames.to_vec(), frames.to_vec()]);
}

#[test]
fn three_captures() {
    diagnosed_alike("three", |frames| {
        vec![
            frames.to_vec(),
            elsewhere(frames, 7 * SECOND, 0),
            elsewhere(frames, -SECOND, 0),
        ]
    });
}

#[test]
fn what_is_cut_in_one_capture_is_taken_from_the_other() {
    diagnosed_alike("cut first", |frames| {
        vec![cut(frames, 96), elsewhere(frames, SECOND, 0)]
    });
    diagnosed_alike("cut second", |frames| {
        vec![frames.to_vec(), cut(&elsewhere(frames, SECOND, 0), 96)]
    });
}

#[test]
fn a_capture_of_each_direction_in_other_time_zones() {
    diagnosed_alike("halves", |frames| {
        let (there, back) = (of_direction(frames, true), of_direction(frames, false));
        if there.is_empty() || back.is_empty() {
            return vec![frames.to_vec()];
        }
        let shifted: Vec<Frame> = back
            .into_iter()
            .map(|f| Frame {
                time: f.time - 7_200 * SECOND,
                ..f
            })
            .collect();
        vec![there, shifted]
    });
}

#[test]
fn a_rotated_capture_in_any_order() {
    diagnosed_alike("rotated", |frames| {
        let third = frames.len().div_ceil(3);
        let mut parts: Vec<Vec<Frame>> = frames.chunks(third).map(<[Frame]>::to_vec).collect();
        parts.reverse();
        parts
    });
}

/// A long healthy scenario with traffic of both directions.
fn healthy() -> Vec<Frame> {
    trace::file("tests/rules/pres-subscribe-no-notify/quiet.trace").frames
}

#[test]
fn the_offset_is_told_to_the_microsecond_when_both_directions_are_there() {
    let frames = healthy();
    for offset in [
        0,
        20 * MILLI,
        3_200 * MILLI,
        -7_200 * SECOND,
        400 * 86_400 * SECOND,
    ] {
        let found = clocks(&[write(&frames), write(&elsewhere(&frames, offset, 0))]);
        assert_eq!(found[0], Clock::Reference);
        let found = compared(&found[1]);
        let wrong = (found.offset.nanos() - offset).abs();
        assert!(wrong <= DELAY, "{offset}: {found:?}");
        assert_eq!(found.source, ClockSource::Packets);
        assert_eq!(found.uncertainty, Some(Span::from_nanos(DELAY)));
        assert_eq!(found.drift, None);
        assert!(found.matches >= frames.len() as u64 / 2, "{found:?}");
    }
}

#[test]
fn packets_of_one_direction_tell_the_offset_with_the_delay() {
    let frames = healthy();
    let there = of_direction(&elsewhere(&frames, 5 * SECOND, 0), true);
    let found = compared(&clocks(&[write(&frames), write(&there)])[1]);
    assert_eq!(
        (found.source, found.uncertainty),
        (ClockSource::PacketsOneWay, None)
    );
    assert_eq!(found.offset, Span::from_nanos(5 * SECOND + DELAY));
}

#[test]
fn answers_bound_the_offset_where_no_packet_is_in_both() {
    let frames = healthy();
    let (there, back) = (of_direction(&frames, true), of_direction(&frames, false));
    for offset in [-7_200 * SECOND, 3_214 * MILLI, 0] {
        let back: Vec<Frame> = back
            .iter()
            .map(|f| Frame {
                time: f.time + offset,
                ..f.clone()
            })
            .collect();
        let found = compared(&clocks(&[write(&there), write(&back)])[1]);
        assert_eq!(found.source, ClockSource::Causality);
        let uncertainty = found.uncertainty.unwrap().nanos();
        assert!(
            (found.offset.nanos() - offset).abs() <= uncertainty,
            "{found:?}"
        );
        assert!(uncertainty <= 3 * MILLI, "{found:?}");
    }
}

#[test]
fn a_drift_is_noticed() {
    let frames = healthy();
    let long: Vec<Frame> = (0..40)
        .flat_map(|n: i64| {
            frames.iter().map(move |f| {
                let mut frame = f.clone();
                frame.time += n * 100 * SECOND;
                // Another connection each time: the sequence numbers differ.
                for byte in frame.bytes.iter_mut().skip(38).take(8) {
                    *byte = byte.wrapping_add(u8::try_from(n).unwrap());
                }
                frame
            })
        })
        .collect();
    let found = compared(&clocks(&[write(&long), write(&elsewhere(&long, SECOND, 100))])[1]);
    let drift = found.drift.expect("400 ms in 4 000 s").nanos();
    assert!((200 * MILLI..400 * MILLI).contains(&drift), "{found:?}");
}

#[test]
fn captures_with_nothing_in_common_are_left_as_they_are() {
    let all = samples();
    for (n, (name, bytes)) in all.iter().enumerate() {
        let (other_name, other) = &all[(n + 1) % all.len()];
        let found = clocks(&[bytes.clone(), other.clone()])[1];
        assert_eq!(
            found.correction(),
            Span::ZERO,
            "{name} and {other_name}: {found:?}"
        );
    }
}

#[test]
fn repeated_and_contradicting_packets_prove_nothing() {
    // The same few packets, each at another distance.
    let mut random = Random(7);
    let frames = healthy();
    let scattered: Vec<Frame> = frames
        .iter()
        .map(|f| Frame {
            time: f.time + i64::try_from(random.below(1_000_000)).unwrap() * MILLI,
            ..f.clone()
        })
        .collect();
    let found = clocks(&[write(&frames), write(&scattered)])[1];
    assert!(
        !matches!(found, Clock::Compared(c) if c.source != ClockSource::Causality),
        "{found:?}"
    );
    // Each packet three times, seconds apart: nobody can tell which is which.
    let repeated: Vec<Frame> = (0..3)
        .flat_map(|n| {
            frames.iter().map(move |f| Frame {
                time: f.time + n * 60 * SECOND,
                ..f.clone()
            })
        })
        .collect();
    let found = clocks(&[write(&repeated), write(&frames)])[1];
    assert!(
        !matches!(found, Clock::Compared(c) if c.source != ClockSource::Causality),
        "{found:?}"
    );
}

#[test]
fn copies_are_told_by_pair_and_hide_nothing() {
    let frames = healthy();
    let report = together(&[write(&frames), write(&elsewhere(&frames, SECOND, 0))]);
    let copies: Vec<_> = report
        .caveats
        .iter()
        .filter(|c| c.kind == CaveatKind::DuplicateFrames)
        .collect();
    assert_eq!(copies.len(), 1, "{:?}", report.caveats);
    assert_eq!(
        copies[0].text,
        "a packet is in both 0.pcap and 1.pcap: it was counted once"
    );
    assert!(!copies[0].kind.hides_traffic());
}

#[test]
fn a_retransmission_in_both_captures_is_one_retransmission() {
    let name = "tests/rules/tls-handshake-stall/fires.trace";
    let frames = trace::file(name).frames;
    // The last segment with payload again, as TCP does: a new identification, half a second later.
    let mut again = frames
        .iter()
        .rev()
        .find(|f| f.bytes.len() > 60)
        .unwrap()
        .clone();
    let mut repeated = frames.clone();
    again.time += SECOND / 2;
    again.bytes[18..20].copy_from_slice(&[0xab, 0xcd]);
    repeated.push(again);
    repeated.sort_by_key(|f| f.time);
    let alone = support::analyze(write(&repeated), "0.pcap");
    let both = together(&[
        write(&repeated),
        write(&elsewhere(&repeated, 3 * SECOND, 0)),
    ]);
    assert!(said(&alone)["retransmissions"].as_u64().unwrap() > 0);
    assert_eq!(said(&alone), said(&both));
}

/// A segment as the sender's own capture shows it before the network card cut it up (TSO), and the pieces elsewhere.
#[test]
fn one_large_segment_and_its_pieces_are_no_retransmission() {
    let frames = healthy();
    let large = frames
        .iter()
        .position(|f| f.bytes.len() > 1000)
        .expect("a long segment");
    let piece = |from: usize, to: usize, id: u8| {
        let mut frame = frames[large].clone();
        let payload = frame.bytes[54..].to_vec();
        frame.bytes.truncate(54);
        frame.bytes.extend(&payload[from..to]);
        let seq = u32::from_be_bytes(frame.bytes[38..42].try_into().unwrap());
        let seq = seq.wrapping_add(u32::try_from(from).unwrap());
        frame.bytes[38..42].copy_from_slice(&seq.to_be_bytes());
        let total = u16::try_from(frame.bytes.len() - 14).unwrap();
        frame.bytes[16..18].copy_from_slice(&total.to_be_bytes());
        frame.bytes[19] = frame.bytes[19].wrapping_add(id);
        frame.original_len = frame.bytes.len();
        frame
    };
    let len = frames[large].bytes.len() - 54;
    let mut pieces = frames.clone();
    pieces.splice(large..=large, [piece(0, 400, 101), piece(400, len, 102)]);
    let alone = support::analyze(write(&frames), "0.pcap");
    for views in [[&frames, &pieces], [&pieces, &frames]] {
        let other = elsewhere(views[1], 2 * SECOND, 0);
        let both = together(&[write(views[0]), write(&other)]);
        assert_eq!(said(&alone), said(&both));
    }
}

#[test]
fn the_program_says_the_offset_and_names_the_file_beside_each_frame() {
    let frames = trace::file("tests/rules/auth-digest-challenge-unanswered/fires.trace").frames;
    let temp = tempfile::tempdir().unwrap();
    let save = |name: &str, frames: &[Frame]| {
        let path = temp.path().join(name);
        std::fs::write(&path, write(frames)).unwrap();
        path.to_string_lossy().into_owned()
    };
    let (a, b) = (
        save("a.pcap", &frames),
        save("b.pcap", &elsewhere(&frames, -3_214 * MILLI, 0)),
    );
    let text = sipdiag(&[&a, &b]).stdout.replace("\n    ", " ");
    assert!(
        text.contains("its clock is 3.214 s behind that of"),
        "{text}"
    );
    assert!(text.contains("packets also in"), "{text}");
    let report: Value =
        serde_json::from_str(&sipdiag(&["--format", "json", &a, &b]).stdout).unwrap();
    let schema =
        serde_json::from_slice(&support::read(&project("docs/report.v1.schema.json"))).unwrap();
    assert_eq!(
        support::schema::check(&schema, &report),
        Vec::<String>::new()
    );
    assert_eq!(report["captures"][0]["clock_offset_ns"], 0);
    assert_eq!(report["captures"][1]["clock_offset_from"], "packets");
    assert_eq!(report["captures"][1]["clock_uncertainty_ns"], DELAY);
    assert_eq!(report["caveats"][0]["places"][0]["file"], b.as_str());
    for what in ["messages", "connections", "dialogs"] {
        let rows = sipdiag(&["--list", what, "--format", "json", &a, &b]).stdout;
        let alone = sipdiag(&["--list", what, "--format", "json", &a]).stdout;
        assert!(!rows.is_empty(), "{what}");
        assert_eq!(rows.lines().count(), alone.lines().count(), "{what}");
        for row in rows.lines() {
            let row: Value = serde_json::from_str(row).unwrap();
            assert!(
                row["file"] == a.as_str() || row["file"] == b.as_str(),
                "{row}"
            );
        }
    }
}

/// The frames of a classic pcap, little endian in microseconds.
fn frames_of(pcap: &[u8]) -> Vec<Frame> {
    let mut rest = &pcap[24..];
    let mut all = Vec::new();
    while rest.len() > 16 {
        let word = |n: usize| u32::from_le_bytes(rest[4 * n..4 * n + 4].try_into().unwrap());
        let (stored, original_len) = (word(2) as usize, word(3) as usize);
        all.push(Frame {
            time: i64::from(word(0)) * SECOND + i64::from(word(1)) * 1_000,
            bytes: rest[16..16 + stored].to_vec(),
            original_len,
        });
        rest = &rest[16 + stored..];
    }
    all
}

#[test]
fn cut_datagrams_and_fragments_are_taken_whole_from_the_other_capture() {
    let sample = support::read(&project("samples/udp-fragments.pcap"));
    let frames = frames_of(&sample);
    // The sample has a link type of its own.
    let write = |frames: &[Frame]| {
        let mut bytes = write(frames);
        bytes[..24].copy_from_slice(&sample[..24]);
        bytes
    };
    let alone = support::analyze(sample.clone(), "0.pcap");
    assert_eq!(alone.verdict.name(), "healthy");
    let mut short = cut(&frames, 100);
    for frame in &mut short {
        frame.time += 3 * SECOND;
    }
    for views in [[&frames, &short], [&short, &frames]] {
        let both = together(&[write(views[0]), write(views[1])]);
        assert_eq!(said(&alone), said(&both), "{}", support::text(&both));
    }
    let cut_twice = together(&[write(&short), write(&cut(&frames, 90))]);
    assert_ne!(cut_twice.verdict.name(), "healthy");
    assert!(
        cut_twice
            .caveats
            .iter()
            .any(|c| c.kind == CaveatKind::SnapLength)
    );
}
