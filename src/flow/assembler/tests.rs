//! Segments in any order against the stream they are of.

use super::*;
use crate::base::{FileIndex, FrameNumber, Timestamp};
use crate::packet::Segment;

fn at(n: u64) -> FrameRef {
    FrameRef {
        time: Timestamp::from_nanos(i64::try_from(n).unwrap() * 1_000_000),
        file: FileIndex(0),
        number: FrameNumber::new(n),
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
        joins: false,
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
        side.anchor_at_syn(isn, &mut |_| {});
        Self {
            side,
            shown: String::new(),
            frame: 0,
            outcomes: Vec::new(),
        }
    }

    /// A direction whose SYN was not captured.
    fn joined() -> Self {
        let mut run = Self::new(0);
        run.side = Assembler::default();
        run
    }

    fn push(&mut self, seq: u32, bytes: &[u8]) -> &mut Self {
        self.push_cut(seq, bytes, 0)
    }

    /// A segment of the connection, in milliseconds after the one before, that neither carries nor acknowledges.
    fn pass(&mut self, milliseconds: u64) -> &mut Self {
        self.frame += milliseconds;
        let shown = &mut self.shown;
        self.side.tick(at(self.frame), &mut |c| show(shown, c));
        self
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
        self.side.tick(at(self.frame), &mut |c| show(shown, c));
        self
    }

    /// What came out in all, and how many bytes are missing.
    fn ended(&mut self) -> (String, u64) {
        (self.flush().to_owned(), self.side.missing())
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
fn early_bytes_are_bounded_and_none_is_left_out() {
    let mut run = Run::new(0);
    let limits = Limits::default();
    let big = vec![b'x'; 60_000];
    let (mut gave_up, mut data, mut gaps) = (0, 0, 0);
    let mut count = |chunk: Chunk<'_>| match chunk {
        Chunk::Data { bytes, .. } => data += bytes.len(),
        Chunk::Gap { len, .. } => gaps += len,
    };
    for n in 1..100u32 {
        let outcome = run.side.push(
            n * 70_000,
            &segment(&big),
            at(u64::from(n)),
            usize::MAX,
            &limits,
            &mut count,
        );
        gave_up += u32::from(outcome.no_room);
        assert!(run.side.early_bytes() <= limits.early_bytes_per_direction);
    }
    run.side.flush(&mut count);
    assert!(gave_up > 0);
    assert_eq!((data, gaps), (99 * 60_000, 70_000 + 98 * 10_000));
}

/// Each takes a place and a piece of memory of its own, however short it is.
#[test]
fn very_short_early_segments_count_what_they_take() {
    let mut run = Run::new(0);
    let limits = Limits::default();
    let mut given = 0;
    for n in 1..100_000u32 {
        run.side.push(
            n * 2,
            &segment(b"x"),
            at(u64::from(n)),
            usize::MAX,
            &limits,
            &mut |chunk| given += usize::from(matches!(chunk, Chunk::Data { .. })),
        );
        assert!(run.side.early_bytes() <= limits.early_bytes_per_direction);
    }
    let waiting = 99_999 - given;
    assert!((10_000..11_000).contains(&waiting), "{waiting}");
}

#[test]
fn without_room_for_any_a_segment_is_handed_on_at_once() {
    let mut run = Run::new(0);
    let mut shown = String::new();
    let limits = Limits::default();
    run.side
        .push(3, &segment(b"de"), at(1), 0, &limits, &mut |c| {
            show(&mut shown, c);
        });
    assert_eq!(shown, "<3>de");
}

#[test]
fn a_cut_segment_waits_for_a_copy_in_full() {
    // Sent again, or seen by a second capture, before the gap is handed on.
    for (seq, bytes) in [(0, "abcdef"), (2, "cdef"), (1, "bcdefgh")] {
        let mut run = Run::new(0);
        run.push_cut(0, b"ab", 4)
            .push(6, b"gh")
            .push(seq, bytes.as_bytes());
        assert_eq!(run.ended(), ("abcdefgh".to_owned(), 0));
    }
    // The full copy first.
    let mut run = Run::new(0);
    run.push(0, b"abcdef").push_cut(0, b"ab", 4).push(6, b"gh");
    assert_eq!(run.shown, "abcdefgh");
    // Both early.
    let mut run = Run::new(0);
    run.push_cut(2, b"c", 3)
        .push(2, b"cdef")
        .push(6, b"gh")
        .push(0, b"ab");
    assert_eq!(run.shown, "abcdefgh");
}

#[test]
fn an_early_segment_without_a_byte_of_its_own_counts_as_missing() {
    // Headers alone were captured, behind a hole.
    let mut run = Run::new(0);
    run.push_cut(256, b"", 4);
    assert_eq!(run.ended(), ("<260>".to_owned(), 260));
    // Its bytes are there already, and others behind them are not.
    let mut run = Run::new(0);
    run.push(2, b"cdef").push_cut(2, b"cd", 6).push(0, b"ab");
    assert_eq!(run.ended(), ("abcdef<4>".to_owned(), 4));
    // They came after all.
    let mut run = Run::new(0);
    run.push_cut(2, b"", 4).push(0, b"ab").push(2, b"cdef");
    assert_eq!(run.ended(), ("abcdef".to_owned(), 0));
}

#[test]
fn a_cut_segment_needs_no_acknowledgement_to_be_given_up() {
    let mut run = Run::new(0);
    run.push_cut(0, b"ab", 4).push(6, b"gh");
    assert_eq!(run.pass(900).shown, "ab");
    run.pass(1).pass(1001);
    assert_eq!(run.shown, "ab<4>gh");
    // A segment of which nothing but its length is known, and one at the very end.
    let mut run = Run::new(0);
    run.push_cut(0, b"", 4).push_cut(4, b"ef", 3);
    assert_eq!(run.flush(), "<4>ef<3>");
}

#[test]
fn bytes_missing_at_the_end_are_a_gap_too() {
    let mut run = Run::new(0);
    run.push(0, b"ab").ack(9);
    assert_eq!(run.ended(), ("ab<7>".to_owned(), 7));
    // One number more: a FIN that the capture missed.
    let mut run = Run::new(0);
    run.push(0, b"ab").ack(3);
    assert_eq!(run.flush(), "ab");
}

#[test]
fn where_no_acknowledgement_is_captured_time_decides() {
    let mut run = Run::new(0);
    run.push(0, b"ab").push(5, b"fg");
    assert_eq!(run.pass(UNHEARD_GRACE_MS - 100).shown, "ab");
    assert_eq!(run.pass(200).shown, "ab<3>fg");
    // The peer is heard, and has not got them either: they are still to come.
    let mut run = Run::new(0);
    run.push(0, b"ab").push(5, b"fg").ack(2);
    assert_eq!(run.pass(UNHEARD_GRACE_MS * 3).shown, "ab");
    run.push(2, b"cde");
    assert_eq!(run.shown, "abcdefg");
}

const UNHEARD_GRACE_MS: u64 = 10_000;

#[test]
fn the_constant_of_the_tests_is_the_one_in_use() {
    assert_eq!(UNHEARD_GRACE, crate::base::Span::from_millis(10_000));
}

#[test]
fn a_stream_joined_in_its_middle_begins_with_its_lowest_segment() {
    // The first three came in the wrong order; nothing says so before they are all there.
    let mut run = Run::joined();
    run.push(1006, b"ghi").push(1003, b"def").push(1000, b"abc");
    assert_eq!(run.shown, "");
    run.ack(1009);
    assert_eq!(run.shown, "abcdefghi");
    // The peer asks for an earlier byte, which comes.
    let mut run = Run::joined();
    run.push(1003, b"def").ack(1000).push(1000, b"abc");
    assert_eq!(run.shown, "abcdef");
    // Nothing is ever acknowledged: some segments or a little time are waited.
    let mut run = Run::joined();
    run.push(1003, b"def").pass(50).push(1000, b"abc");
    assert_eq!(run.shown, "");
    assert_eq!(run.pass(60).shown, "abcdef");
    let mut run = Run::joined();
    run.push(1003, b"def");
    assert_eq!(run.flush(), "def");
    // The peer's number was captured before the segment that it acknowledges.
    let mut run = Run::joined();
    run.ack(1003).push(1000, b"abc").push(1003, b"def");
    assert_eq!(run.flush(), "abcdef");
}

#[test]
fn joining_across_the_wrap_of_numbers() {
    let mut run = Run::joined();
    run.push(1, b"def").push(u32::MAX - 1, b"abc").ack(4);
    assert_eq!(run.flush(), "abcdef");
}

#[test]
fn a_hole_larger_than_any_window_does_not_end_the_stream() {
    let far = 200_000_000_u32;
    for base in [far, far.wrapping_add(1 << 31)] {
        let mut run = Run::new(0);
        run.push(0, b"ab").ack(2);
        run.push(base, b"uv").push(base + 2, b"wx");
        assert_eq!(run.shown, "ab");
        run.push(base + 4, b"yz").push(base + 6, b"!");
        assert_eq!(run.shown, format!("ab<{}>uvwxyz!", base - 2));
    }
    // The peer acknowledges it there.
    let mut run = Run::new(0);
    run.push(0, b"ab").push(far, b"uv").ack(far + 2);
    assert_eq!(run.flush(), format!("ab<{}>uv", far - 2));
    // A single stray says nothing.
    let mut run = Run::new(0);
    run.push(0, b"ab").push(far, b"uv").push(2, b"cd");
    assert_eq!(run.flush(), "abcd");
    assert!(run.outcomes[1].outside);
}

#[test]
fn a_zero_window_probe_is_sent_again_with_more() {
    let mut run = Run::new(0);
    run.push(0, b"ab").ack(2).push(2, b"c").ack(2).push(2, b"c");
    run.ack(2).push(2, b"cdef").ack(6);
    assert_eq!(run.ended(), ("abcdef".to_owned(), 0));
}

#[test]
fn a_retransmission_may_be_cut_into_other_segments() {
    let whole = [(0, "abcdef"), (6, "ghijkl")];
    let others = [
        vec![(0, "abcdefghijkl")],
        vec![(0, "abc"), (3, "def"), (6, "ghi"), (9, "jkl")],
        vec![(3, "defghi")],
        vec![(2, "cdefgh"), (8, "ijklmn")],
        vec![(11, "lmn"), (5, "fg")],
    ];
    for again in others {
        // Before, between and behind the first ones, in both orders.
        for (n, reversed) in (0..3).flat_map(|n| [(n, false), (n, true)]) {
            let mut all = again.clone();
            if reversed {
                all.reverse();
            }
            let mut order: Vec<(u32, &str)> = whole.to_vec();
            for (k, piece) in all.into_iter().enumerate() {
                order.insert(n + k, piece);
            }
            let mut run = Run::new(u32::MAX - 3);
            for (seq, bytes) in &order {
                run.push((u32::MAX - 3).wrapping_add(*seq), bytes.as_bytes());
            }
            let ends = if again.iter().any(|(_, b)| b.ends_with('n')) {
                "abcdefghijklmn"
            } else {
                "abcdefghijkl"
            };
            assert_eq!(run.ended(), (ends.to_owned(), 0), "{order:?}");
            assert!(run.outcomes.iter().all(|o| !o.conflict), "{order:?}");
        }
    }
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
