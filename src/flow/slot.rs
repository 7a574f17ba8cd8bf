//! One open connection: its two directions put in order, and what its headers tell.

use super::assembler::{Assembler, Outcome};
use super::delivery::Delivery;
use super::seq::advance;
use super::several::Shown;
use super::summary::{FlowSummary, Handshake, SideFacts};
use super::table::Event;
use crate::base::{Chunk, Direction, Endpoint, FrameRef, Limits, Span};
use crate::packet::Segment;

/// SYNs and ICMP errors kept of one connection.
pub(super) const PLACES: usize = 8;
/// Segments further apart than this were not swapped by the capture.
const SWAPPED: Span = Span::from_millis(100);

/// What is done with one direction, and where its chunks go.
type Act<'a> = dyn FnMut(&mut Assembler, &mut dyn FnMut(Chunk<'_>)) + 'a;

pub(super) struct Slot<S> {
    pub(super) owner: S,
    pub(super) summary: FlowSummary,
    sides: [Assembler; 2],
    /// Retransmissions since the last new data, by direction.
    run: [u64; 2],
    /// How far each capture has shown each direction; only when there are several.
    shown: Option<Box<[Shown; 2]>>,
    /// What became of what each side sent.
    delivery: [Delivery; 2],
    pub(super) closed: bool,
    /// What it takes of the room for connections.
    pub(super) weight: usize,
}

impl<S: Default> Slot<S> {
    pub(super) fn new(
        number: u32,
        at: FrameRef,
        src: Endpoint,
        dst: Endpoint,
        segment: &Segment<'_>,
    ) -> Self {
        // The first segment tells who called: a SYN/ACK comes from the one who was called. In the middle of a connection the
        // smaller port is the better guess for the one who was called: clients take theirs from a high range (RFC 6335 §6).
        let answer = if segment.flags.syn() {
            segment.flags.ack()
        } else {
            src.port < dst.port
        };
        let (client, server) = if answer { (dst, src) } else { (src, dst) };
        Self {
            owner: S::default(),
            summary: FlowSummary {
                stream: number,
                client,
                server,
                first: at,
                last: at,
                handshake: Handshake::NotCaptured,
                syns: Vec::new(),
                syn_count: 0,
                syn_ack: None,
                rtt: None,
                sides: [SideFacts::default(), SideFacts::default()],
                longest_idle: None,
                icmp: Vec::new(),
                duplicates: 0,
                evicted: false,
            },
            sides: [Assembler::default(), Assembler::default()],
            run: [0; 2],
            shown: None,
            delivery: Default::default(),
            closed: false,
            weight: 1,
        }
    }

    pub(super) fn direction_of(&self, sender: Endpoint) -> Direction {
        if sender == self.summary.client {
            Direction::Originator
        } else {
            Direction::Responder
        }
    }

    /// A copy tells nothing but that this capture has it too.
    pub(super) fn shows(&mut self, at: FrameRef, src: Endpoint, segment: &Segment<'_>) {
        let direction = self.direction_of(src);
        let shown = of(self.shown.get_or_insert_default(), direction);
        if segment.wire_len > 0 {
            let end = advance(segment.seq, u64::from(segment.wire_len));
            shown.is_copy(at, segment.seq, end);
        }
    }

    pub(super) fn early_bytes(&self) -> usize {
        let [a, b] = &self.sides;
        a.early_bytes() + b.early_bytes()
    }

    #[expect(clippy::too_many_arguments, reason = "the plain facts of one segment")]
    pub(super) fn push(
        &mut self,
        at: FrameRef,
        src: Endpoint,
        segment: &Segment<'_>,
        room: usize,
        limits: &Limits,
        several: bool,
        sink: &mut dyn FnMut(Event<'_, S>),
    ) -> Outcome {
        let direction = self.direction_of(src);
        self.opening(at, direction, segment);
        self.note_times(at);
        let data_seq = if segment.flags.syn() {
            segment.seq.wrapping_add(1)
        } else {
            segment.seq
        };
        let Self {
            owner,
            summary,
            sides: [originator, responder],
            run: [run_o, run_r],
            shown,
            delivery,
            closed,
            weight: _,
        } = self;
        let (mine, theirs, run) = match direction {
            Direction::Originator => (originator, responder, run_o),
            Direction::Responder => (responder, originator, run_r),
        };
        if segment.flags.syn() {
            mine.anchor_at_syn(data_seq, &mut |chunk| {
                sink(Event::Chunk {
                    owner,
                    flow: summary,
                    direction,
                    chunk,
                });
            });
            // What this side acknowledged before was of an older connection on the same ports (RFC 5961 §4).
            theirs.forget_acknowledged();
        }
        let keep_alive = is_keep_alive(mine, segment);
        let mut outcome = Outcome::default();
        // Data on a RST is mostly a text about its reason (RFC 1122 §4.2.2.12); it is kept where it was sent.
        let data = segment.wire_len > 0 && !keep_alive;
        if data {
            outcome = mine.push(data_seq, segment, at, room, limits, &mut |chunk| {
                sink(Event::Chunk {
                    owner,
                    flow: summary,
                    direction,
                    chunk,
                });
            });
        }
        if several && segment.wire_len > 0 {
            let end = advance(data_seq, u64::from(segment.wire_len));
            // A capture that shows these bytes for the first time repeats what another one has shown, not what was sent.
            let shown = of(shown.get_or_insert_default(), direction);
            outcome.retransmission &= !shown.is_copy(at, data_seq, end);
        }
        if segment.flags.fin() {
            mine.ends_at(advance(data_seq, u64::from(segment.wire_len)));
        }
        if segment.flags.ack() && !segment.flags.rst() {
            theirs.acknowledged(segment.ack, at, &mut |chunk| {
                sink(Event::Chunk {
                    owner,
                    flow: summary,
                    direction: direction.reverse(),
                    chunk,
                });
            });
        }
        for (side, direction) in [(&mut *mine, direction), (theirs, direction.reverse())] {
            side.tick(at, &mut |chunk| {
                sink(Event::Chunk {
                    owner,
                    flow: summary,
                    direction,
                    chunk,
                });
            });
        }
        if segment.wire_len > 0 && outcome.retransmission {
            *run += 1;
        } else if segment.wire_len > 0 {
            *run = 0;
        }
        if segment.flags.syn() {
            of(delivery, direction).begins();
            of(&mut summary.sides, direction).mss = segment.mss;
        }
        of(delivery, direction).sends(at, data_seq, segment, keep_alive);
        of(delivery, direction.reverse()).hears(at, segment);
        let missing = (mine.next(), mine.missing());
        let facts = of(&mut summary.sides, direction);
        facts.segments += 1;
        (facts.bytes, facts.missing) = missing;
        facts.keep_alives += u64::from(keep_alive);
        facts.retransmissions += u64::from(outcome.retransmission);
        facts.out_of_order += u64::from(outcome.early);
        facts.zero_windows +=
            u64::from(segment.window == 0 && !segment.flags.rst() && !segment.flags.syn());
        if data {
            facts.first_data.get_or_insert(at);
            facts.last_data = Some(at);
        }
        if *run > facts.longest_retransmission_run.map_or(0, |(n, _)| n) {
            facts.longest_retransmission_run = Some((*run, at));
        }
        if segment.flags.fin() {
            facts.fin.get_or_insert(at);
        }
        if segment.flags.rst() {
            facts.rst.get_or_insert(at);
        } else if let Some(rst) = facts.rst {
            // Who resets has no connection any more and sends nothing further: such a RST was not valid, and the other side answered
            // it with a challenge, if at all (RFC 5961 §3). Segments swapped by the capture are not meant.
            let late = at.time.since(rst.time) > SWAPPED;
            if segment.flags.syn() || (late && data && !outcome.retransmission) {
                facts.rst = None;
            }
        }
        let [a, b] = &summary.sides;
        *closed = a.rst.is_some() || b.rst.is_some() || (a.fin.is_some() && b.fin.is_some());
        outcome
    }

    /// Takes what a copy of a segment has of the bytes that are being waited for: the first may have been cut.
    pub(super) fn refill(
        &mut self,
        at: FrameRef,
        src: Endpoint,
        segment: &Segment<'_>,
        room: usize,
        limits: &Limits,
        sink: &mut dyn FnMut(Event<'_, S>),
    ) {
        let direction = self.direction_of(src);
        let Self {
            owner,
            summary,
            sides,
            ..
        } = self;
        let side = of(sides, direction);
        if !side.has_hole() || segment.payload.is_empty() || segment.flags.rst() {
            return;
        }
        let syn = u32::from(segment.flags.syn());
        let seq = segment.seq.wrapping_add(syn);
        side.push(seq, segment, at, room, limits, &mut |chunk| {
            sink(Event::Chunk {
                owner,
                flow: summary,
                direction,
                chunk,
            });
        });
    }

    pub(super) fn has_hole(&self) -> bool {
        self.sides.iter().any(Assembler::has_hole)
    }

    /// Both sides have said that they are done, and no byte is missing. A RST alone may be a forged one.
    pub(super) fn is_whole(&self) -> bool {
        !self.has_hole() && self.summary.sides.iter().all(|side| side.fin.is_some())
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.each_side(&mut |side, chunks| side.tick(at, chunks), sink);
    }

    /// The three-way handshake (RFC 9293 §3.5), also when a part of it was missed.
    fn opening(&mut self, at: FrameRef, direction: Direction, segment: &Segment<'_>) {
        let summary = &mut self.summary;
        let flags = segment.flags;
        match direction {
            Direction::Originator if flags.syn() && !flags.ack() => {
                summary.syn_count += 1;
                if summary.syns.is_empty() {
                    // Mostly it is the only one: no places for four.
                    summary.syns.reserve_exact(1);
                }
                if summary.syns.len() < PLACES {
                    summary.syns.push(at);
                }
                if summary.handshake == Handshake::NotCaptured {
                    summary.handshake = Handshake::Unanswered;
                }
            }
            Direction::Responder if flags.syn() => {
                summary.syn_ack.get_or_insert(at);
                if matches!(
                    summary.handshake,
                    Handshake::Unanswered | Handshake::NotCaptured | Handshake::Refused(_)
                ) {
                    summary.handshake = Handshake::HalfOpen;
                }
            }
            Direction::Responder if flags.rst() && summary.handshake == Handshake::Unanswered => {
                summary.handshake = Handshake::Refused(at);
            }
            Direction::Originator if flags.ack() && !flags.rst() => {
                if matches!(
                    summary.handshake,
                    Handshake::HalfOpen | Handshake::Unanswered
                ) {
                    summary.handshake = Handshake::Established;
                    if summary.syn_count == 1 && summary.syn_ack.is_some() {
                        summary.rtt = summary.syns.first().map(|syn| at.time.since(syn.time));
                    }
                }
            }
            Direction::Responder if summary.handshake == Handshake::Unanswered => {
                // The SYN/ACK was missed by the capture: the server speaks, so it must have been sent.
                summary.handshake = Handshake::HalfOpen;
            }
            _ => {}
        }
    }

    fn note_times(&mut self, at: FrameRef) {
        let summary = &mut self.summary;
        let idle = at.time.since(summary.last.time);
        if idle > summary.longest_idle.map_or(Span::ZERO, |(span, _)| span) {
            summary.longest_idle = Some((idle, at));
        }
        summary.last = at;
    }

    pub(super) fn flush(&mut self, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.each_side(&mut |side, chunks| side.flush(chunks), sink);
        for (facts, delivery) in self.summary.sides.iter_mut().zip(&self.delivery) {
            facts.largest_acknowledged = delivery.largest_acknowledged();
            facts.unacknowledged = delivery.unacknowledged().map(Box::new);
        }
    }

    fn each_side(&mut self, act: &mut Act<'_>, sink: &mut dyn FnMut(Event<'_, S>)) {
        for direction in [Direction::Originator, Direction::Responder] {
            let Self {
                owner,
                summary,
                sides,
                ..
            } = self;
            let side = of(sides, direction);
            act(side, &mut |chunk| {
                sink(Event::Chunk {
                    owner,
                    flow: summary,
                    direction,
                    chunk,
                });
            });
            let counted = (side.next(), side.missing());
            let facts = of(&mut summary.sides, direction);
            (facts.bytes, facts.missing) = counted;
        }
    }
}

/// Whether a segment only asks whether the peer is still there (RFC 9293 §3.8.4): it repeats the byte before the next one, or has
/// none, or another byte in its place.
fn is_keep_alive(side: &Assembler, segment: &Segment<'_>) -> bool {
    let flags = segment.flags;
    if segment.wire_len > 1 || flags.syn() || flags.fin() || flags.rst() {
        return false;
    }
    match side.expected_seq() {
        Some(next) if segment.seq == next.wrapping_sub(1) => true,
        // Behind a hole: a byte that the peer has already is not sent again for its own sake, and text has no NUL.
        Some(_) => segment.payload == [0] && side.is_acknowledged(segment.seq),
        None => false,
    }
}

fn of<T>(sides: &mut [T; 2], direction: Direction) -> &mut T {
    let [originator, responder] = sides;
    match direction {
        Direction::Originator => originator,
        Direction::Responder => responder,
    }
}
