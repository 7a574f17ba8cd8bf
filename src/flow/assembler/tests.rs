//! Segments in any order against the stream they are of.

use super::*;
use crate::base::{FileIndex, FrameNumber, Timestamp};
use crate::packet::Segment;

fn at(n: u64) -> FrameRef {
    FrameRef {
        time: Timestamp::from_nanos(i64::try_from(n).unwrap() * 1_000_000),
        file: FileIndex(0),
        number: FrameNumber(n),
    }
}

fn segment(payload: &[u8]) -> Segment<'_> {
    Segment {
        src_port: 5061,
        dst_port: 49301,
        seq: 0,
        ack: 0,
        flags: crate::packet::TcpFlags(0x18),
        window: 512,
        window_scale: None,
        mss: None,
        checksum: 0,
        payload,
        wire_len: u32::try_from(payload.len()).unwrap(),
    }
}

/// Pushes `(seq, bytes)` and shows what came out: text, and `<n>` for a gap.
struct Run {
    side: Assembler,
    shown: String,
    frame: u64,
    outcomes: Vec<Outcome>,
}

impl Run {
    fn new(isn: u32) -> Self {
        let mut side = Assembler::default();
        side.anchor(isn);
        Self {
            side,
            shown: String::new(),
            frame: 0,
            outcomes: Vec::new(),
        }
    }

    fn push(&mut self, seq: u32, bytes: &[u8]) -> &mut Self {
        self.push_cut(seq, bytes, 0)
    }

    fn push_cut(&mut self, seq: u32, bytes: &[u8], cut: u32) -> &mut Self {
        self.frame += 1;
        let mut s = segment(bytes);
        s.wire_len += cut;
        let shown = &mut self.shown;
        let outcome = self.side.push(
            seq,
            &s,
            at(self.frame),
            usize::MAX,
            &Limits::default(),
            &mut |c| show(shown, c),
        );
        self.outcomes.push(outcome);
        self
    }

    fn ack(&mut self, seq: u32) -> &mut Self {
        self.frame += 1;
        let shown = &mut self.shown;
        self.side
            .acknowledged(seq, at(self.frame), &mut |c| show(shown, c));
        self
    }

    fn flush(&mut self) -> &str {
        let shown = &mut self.shown;
        self.side.flush(&mut |c| show(shown, c));
        &self.shown
    }
}

fn show(shown: &mut String, chunk: Chunk<'_>) {
    match chunk {
        Chunk::Data { bytes, .. } => shown.push_str(std::str::from_utf8(bytes).unwrap()),
        Chunk::Gap { len, .. } => shown.push_str(&format!("<{len}>")),
    }
}

#[test]
fn in_order_bytes_pass_and_a_retransmission_adds_nothing() {
    let mut run = Run::new(100);
    run.push(100, b"abc").push(100, b"abc").push(103, b"def");
    assert_eq!(run.flush(), "abcdef");
    assert!(run.outcomes[1].retransmission && !run.outcomes[1].conflict);
}

#[test]
fn early_segments_wait_for_the_hole() {
    let mut run = Run::new(100);
    run.push(106, b"ghi").push(103, b"def").push(100, b"abc");
    assert_eq!(run.shown, "abcdefghi");
}

#[test]
fn sequence_numbers_wrap() {
    let mut run = Run::new(u32::MAX - 1);
    run.push(1, b"def").push(u32::MAX - 1, b"abc");
    assert_eq!(run.flush(), "abcdef");
}

#[test]
fn overlap_keeps_the_first_bytes_and_says_when_they_differ() {
    let mut run = Run::new(0);
    run.push(2, b"cd").push(1, b"bXde").push(0, b"a");
    assert_eq!(run.flush(), "abcde");
    assert!(run.outcomes[1].conflict);
    let mut same = Run::new(0);
    same.push(2, b"cd").push(1, b"bcde").push(0, b"a");
    assert_eq!(same.flush(), "abcde");
    assert!(!same.outcomes[1].conflict);
}

#[test]
fn a_retransmission_with_other_content_is_a_conflict() {
    let mut run = Run::new(0);
    run.push(0, b"abcd").push(0, b"abXd");
    assert_eq!(run.flush(), "abcd");
    assert!(run.outcomes[1].conflict);
}

#[test]
fn a_hole_becomes_a_gap_only_when_acknowledged_and_after_patience() {
    let mut run = Run::new(0);
    run.push(0, b"ab").push(5, b"fg");
    for _ in 0..GAP_GRACE_SEGMENTS {
        run.ack(7);
    }
    assert_eq!(run.shown, "ab");
    run.ack(7);
    assert_eq!(run.shown, "ab<3>fg");
    let mut unacked = Run::new(0);
    unacked.push(0, b"ab").push(5, b"fg");
    for _ in 0..100 {
        unacked.ack(2);
    }
    assert_eq!(unacked.shown, "ab");
    assert_eq!(unacked.flush(), "ab<3>fg");
}

#[test]
fn a_late_segment_within_patience_fills_the_hole() {
    let mut run = Run::new(0);
    run.push(0, b"ab").push(5, b"fg").ack(7).push(2, b"cde");
    assert_eq!(run.flush(), "abcdefg");
    assert_eq!(run.side.missing(), 0);
}

#[test]
fn bytes_cut_by_the_snap_length_are_a_gap_not_spliced() {
    let mut run = Run::new(0);
    run.push_cut(0, b"ab", 4).push(6, b"gh");
    assert_eq!(run.flush(), "ab<4>gh");
    let mut early = Run::new(0);
    early.push(6, b"gh").push_cut(2, b"cd", 2).push(0, b"ab");
    assert_eq!(early.flush(), "abcd<2>gh");
}

#[test]
fn the_acknowledgement_of_a_fin_is_no_missing_byte() {
    let mut run = Run::new(0);
    run.push(0, b"ab");
    run.side.ends_at(2);
    run.ack(3);
    assert_eq!(run.flush(), "ab");
    assert_eq!(run.side.missing(), 0);
}

#[test]
fn early_bytes_are_bounded() {
    let mut run = Run::new(0);
    let limits = Limits::default();
    let big = vec![b'x'; 60_000];
    let mut refused = 0;
    for n in 1..100u32 {
        let outcome = run.side.push(
            n * 70_000,
            &segment(&big),
            at(u64::from(n)),
            usize::MAX,
            &limits,
            &mut |_| {},
        );
        refused += u32::from(outcome.no_room);
        assert!(run.side.early_bytes() <= limits.early_bytes_per_direction);
    }
    assert!(refused > 0);
}

/// Random segmentation, duplication, overlap and order against the plain text.
#[test]
fn any_order_and_segmentation_gives_the_stream() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    for case in 0..300u32 {
        let text: Vec<u8> = (0..200)
            .map(|_| b'a' + u8::try_from(random(26)).unwrap())
            .collect();
        let mut pieces: Vec<(usize, usize)> = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let len = 1 + random(30);
            let end = (start + len).min(text.len());
            pieces.push((start.saturating_sub(random(4)), end));
            start = end;
        }
        for _ in 0..3 {
            let copy = pieces[random(pieces.len())];
            pieces.push(copy);
        }
        for n in (1..pieces.len()).rev() {
            pieces.swap(n, random(n + 1));
        }
        let isn = (u32::MAX - 100).wrapping_add(case);
        let mut run = Run::new(isn);
        for (from, to) in pieces {
            run.push(
                isn.wrapping_add(u32::try_from(from).unwrap()),
                &text[from..to],
            );
        }
        assert_eq!(run.flush().as_bytes(), text, "case {case}");
        assert!(run.outcomes.iter().all(|o| !o.conflict));
    }
}
