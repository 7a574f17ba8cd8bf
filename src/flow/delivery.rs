//! Whether what one side sent was acknowledged, by sequence numbers alone.

use super::summary::Unacknowledged;
use crate::base::{FrameRef, Span, Timestamp};
use crate::packet::Segment;

/// Segments on the way that are remembered, the oldest ones.
const ON_THE_WAY: usize = 4;
/// A sender waits longer than this before it repeats (RFC 6298 §2.4, RFC 8985 §7.2): what comes sooner is a copy of a mirror, or was
/// swapped by the capture.
const SPACED: Span = Span::from_millis(100);

/// One direction: what is on the way, and how far the peer has acknowledged.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// Highest acknowledgment number of the peer.
    acknowledged: Option<u32>,
    /// Behind the last byte sent.
    sent: Option<u32>,
    /// Sent and not acknowledged, the oldest first.
    on_the_way: Vec<(u32, u32, Unacknowledged)>,
    /// Payload of the largest segment that was acknowledged, in bytes.
    largest: u32,
    /// When this side sent last, keep-alive probes aside.
    own: Option<Timestamp>,
    /// When the peer sent last.
    peer: Option<Timestamp>,
}

/// Whether a number comes behind another one (RFC 9293 §3.4).
fn behind(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

impl Delivery {
    /// A new connection begins on these ports.
    pub(super) fn begins(&mut self) {
        *self = Self::default();
    }

    /// This side sent a segment whose first byte has number `seq`.
    pub(super) fn sends(
        &mut self,
        at: FrameRef,
        seq: u32,
        segment: &Segment<'_>,
        keep_alive: bool,
    ) {
        if keep_alive {
            return;
        }
        let quiet_since = self.own.max(self.peer);
        self.own = Some(at.time);
        let size = segment.wire_len;
        if size == 0 || segment.flags.rst() {
            return;
        }
        let end = seq.wrapping_add(size);
        if self.acknowledged.is_some_and(|a| !behind(end, a)) {
            return;
        }
        if self.sent.is_none_or(|sent| behind(end, sent)) {
            // A repeated segment that has new bytes at its end is both.
            let fresh = self.sent.is_none_or(|sent| !behind(sent, seq));
            self.sent = Some(end);
            if fresh && self.on_the_way.len() < ON_THE_WAY {
                let idle_before = quiet_since.map_or(Span::ZERO, |since| at.time.since(since));
                let entry = Unacknowledged {
                    first: at,
                    last: at,
                    retransmissions: 0,
                    size,
                    idle_before,
                    duplicate_acks: 0,
                    peer_segments: 0,
                    window_closed: false,
                };
                if self.on_the_way.is_empty() {
                    // Mostly one is on its way: no places for four.
                    self.on_the_way.reserve_exact(1);
                }
                self.on_the_way.push((seq, end, entry));
            }
            if fresh {
                return;
            }
        }
        let Some((start, _, oldest)) = self.on_the_way.first_mut() else {
            return;
        };
        let covers = !behind(seq, *start) && behind(end, *start);
        if covers && at.time.since(oldest.last.time) >= SPACED {
            oldest.retransmissions = oldest.retransmissions.saturating_add(1);
            oldest.last = at;
            // What was handed to the network card in one piece goes out in several: the repeated ones show their true size.
            oldest.size = oldest.size.min(size);
        }
    }

    /// The peer sent a segment.
    pub(super) fn hears(&mut self, at: FrameRef, segment: &Segment<'_>) {
        self.peer = Some(at.time);
        if !segment.flags.ack() || segment.flags.rst() {
            return;
        }
        let ack = segment.ack;
        if self.acknowledged.is_none_or(|a| behind(ack, a)) {
            self.acknowledged = Some(ack);
            // Bytes that the capture does not have were acknowledged: what follows is counted from there.
            if self.sent.is_none_or(|sent| behind(ack, sent)) {
                self.sent = Some(ack);
            }
            self.progress(ack);
            return;
        }
        let more = self.on_the_way.len() > 1;
        let alone = segment.wire_len == 0 && !segment.flags.syn() && !segment.flags.fin();
        if let Some((start, _, oldest)) = self.on_the_way.first_mut() {
            oldest.peer_segments = oldest.peer_segments.saturating_add(1);
            if self.acknowledged == Some(ack) {
                oldest.window_closed = segment.window == 0;
                if alone && more && ack == *start {
                    oldest.duplicate_acks = oldest.duplicate_acks.saturating_add(1);
                }
            }
        }
    }

    fn progress(&mut self, ack: u32) {
        let largest = &mut self.largest;
        self.on_the_way.retain_mut(|(start, end, entry)| {
            if !behind(ack, *start) {
                return true;
            }
            let over = !behind(*end, ack);
            let taken = if over {
                entry.size
            } else {
                entry.size.min(ack.wrapping_sub(*start))
            };
            *largest = (*largest).max(taken);
            if over {
                return false;
            }
            // Acknowledged in part: the rest is as old as the whole, and its repetitions begin to count.
            *start = ack;
            entry.retransmissions = 0;
            entry.last = entry.first;
            true
        });
    }

    /// Payload of the largest segment that the peer acknowledged, in bytes.
    pub(super) fn largest_acknowledged(&self) -> u32 {
        self.largest
    }

    /// The oldest data that the peer has not acknowledged, where its acknowledgments are in the capture at all.
    pub(super) fn unacknowledged(&self) -> Option<Unacknowledged> {
        self.acknowledged?;
        self.on_the_way.first().map(|(_, _, entry)| *entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileIndex, FrameNumber};
    use crate::packet::TcpFlags;

    struct Run(Delivery, u64);

    fn segment(len: u32, ack: u32, window: u16) -> Segment<'static> {
        Segment {
            src_port: 1,
            dst_port: 2,
            seq: 0,
            ack,
            flags: TcpFlags(0x10),
            window,
            window_scale: None,
            mss: None,
            joins: false,
            checksum: 0,
            payload: &[],
            wire_len: len,
        }
    }

    impl Run {
        fn new() -> Self {
            let mut run = Self(Delivery::default(), 0);
            run.ack(0, 1000);
            run
        }

        fn at(&mut self, ms: i64) -> FrameRef {
            self.1 += 1;
            FrameRef {
                file: FileIndex(0),
                number: FrameNumber::new(self.1),
                time: Timestamp::from_nanos(ms * 1_000_000),
            }
        }

        fn data(&mut self, ms: i64, seq: u32, len: u32) -> &mut Self {
            let at = self.at(ms);
            self.0.sends(at, seq, &segment(len, 0, 1), false);
            self
        }

        fn ack(&mut self, ms: i64, ack: u32) -> &mut Self {
            let at = self.at(ms);
            self.0.hears(at, &segment(0, ack, 1000));
            self
        }

        fn stuck(&self) -> Unacknowledged {
            self.0.unacknowledged().unwrap()
        }
    }

    #[test]
    fn repeated_without_progress_is_counted_with_its_times_sizes_and_the_silence_before() {
        let mut run = Run::new();
        run.data(10, 1000, 400).ack(20, 1400);
        run.data(600_020, 1400, 700);
        for ms in [600_320, 600_920, 602_120] {
            run.data(ms, 1400, 700);
        }
        let got = run.stuck();
        assert_eq!((got.retransmissions, got.size), (3, 700));
        assert_eq!(got.idle_before, Span::from_secs(600));
        assert_eq!((got.first.number.get(), got.last.number.get()), (4, 7));
        assert_eq!((got.peer_segments, got.duplicate_acks), (0, 0));
        assert_eq!(run.0.largest_acknowledged(), 400);
    }

    #[test]
    fn a_late_acknowledgment_ends_it_and_an_ack_of_unseen_bytes_too() {
        let mut run = Run::new();
        run.data(0, 1000, 700).data(300, 1000, 700);
        run.data(900, 1000, 700).data(2100, 1000, 700);
        assert_eq!(run.stuck().retransmissions, 3);
        run.ack(2200, 1700);
        assert_eq!(run.0.unacknowledged(), None);
        run.data(3000, 1700, 100).ack(3100, 9000);
        assert_eq!(run.0.unacknowledged(), None);
        run.data(3200, 8000, 1000);
        assert_eq!(run.0.unacknowledged(), None, "it was acknowledged already");
    }

    #[test]
    fn copies_and_swapped_segments_are_no_retransmissions() {
        let mut run = Run::new();
        run.data(0, 1000, 700)
            .data(1, 1000, 700)
            .data(99, 1000, 700);
        assert_eq!(run.stuck().retransmissions, 0);
    }

    #[test]
    fn without_any_acknowledgment_in_the_capture_nothing_is_known() {
        let mut run = Run(Delivery::default(), 0);
        run.data(0, 1000, 700).data(1000, 1000, 700);
        assert_eq!(run.0.unacknowledged(), None);
    }

    #[test]
    fn duplicate_acknowledgments_tell_that_later_segments_arrived() {
        let mut run = Run::new();
        run.data(0, 1000, 200).data(1, 1200, 1460);
        run.data(2, 2660, 1460).data(3, 4120, 90).ack(10, 1200);
        run.ack(11, 1200);
        for ms in [300, 900, 2100] {
            run.data(ms, 1200, 1460);
        }
        let got = run.stuck();
        assert_eq!(
            (got.duplicate_acks, got.retransmissions, got.size),
            (1, 3, 1460)
        );
        assert_eq!(got.first.number.get(), 3);
        assert_eq!(run.0.largest_acknowledged(), 200);
    }

    #[test]
    fn large_pieces_for_the_network_card_are_judged_by_what_is_repeated() {
        let mut run = Run::new();
        run.data(0, 1000, 4380)
            .data(300, 1000, 1460)
            .data(900, 1000, 1460);
        assert_eq!(run.stuck().size, 1460);
        run.ack(1000, 2460);
        let rest = run.stuck();
        assert_eq!((rest.retransmissions, rest.first.number.get()), (0, 2));
        assert_eq!(run.0.largest_acknowledged(), 1460);
    }

    #[test]
    fn a_closed_window_and_keep_alives_are_told_apart() {
        let mut run = Run::new();
        run.data(0, 1000, 100);
        let at = run.at(50);
        run.0.hears(at, &segment(0, 1000, 0));
        assert!(run.stuck().window_closed);
        run.ack(60, 1100);
        let at = run.at(500_000);
        run.0.sends(at, 1099, &segment(1, 0, 1), true);
        assert_eq!(run.0.unacknowledged(), None);
        run.data(600_060, 1100, 10);
        assert_eq!(
            run.stuck().idle_before,
            Span::from_secs(600),
            "an unanswered probe is no traffic"
        );
    }

    #[test]
    fn numbers_wrap_and_memory_is_bounded() {
        let mut run = Run(Delivery::default(), 0);
        run.ack(0, u32::MAX - 9);
        run.data(1, u32::MAX - 9, 20).ack(2, 10);
        assert_eq!(
            (run.0.unacknowledged(), run.0.largest_acknowledged()),
            (None, 20)
        );
        for n in 0..1000 {
            run.data(3, 10 + n * 10, 10);
        }
        assert_eq!(run.0.on_the_way.len(), ON_THE_WAY);
        assert_eq!(run.stuck().first.number.get(), 4);
        run.ack(4, 10_010);
        assert!(run.0.on_the_way.is_empty());
    }
}
