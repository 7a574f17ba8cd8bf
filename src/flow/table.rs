//! All open connections.

use super::assembler::{Assembler, Outcome};
use super::seq::advance;
use super::several::Shown;
use super::summary::{FlowSummary, Handshake, IcmpReport, SideFacts};
use crate::base::{
    CaveatKind, Caveats, Chunk, Direction, Endpoint, FrameRef, Limits, Span, Timestamp,
};
use crate::packet::Segment;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// SYNs and ICMP errors kept of one connection.
const PLACES: usize = 8;
/// A closed connection stays this long for late segments before it is finished.
const LINGER: Span = Span::from_secs(60);
/// Segments further apart than this were not swapped by the capture.
const SWAPPED: Span = Span::from_millis(100);
/// How often connections that wait for bytes are looked at although they are quiet.
const LOOK: Span = Span::from_secs(1);

/// What the table tells the owner of the connections' state `S`.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "lent once and taken apart at once; a box for each ending would cost more"
)]
pub enum Event<'a, S> {
    /// Bytes in order, or a hole.
    Chunk {
        /// What the owner keeps beside the connection.
        owner: &'a mut S,
        /// What is known so far.
        flow: &'a FlowSummary,
        /// Who sent.
        direction: Direction,
        /// The bytes or the hole.
        chunk: Chunk<'a>,
    },
    /// The connection is over: closed long ago, replaced on the same ports, evicted, or the capture ended.
    Ended {
        /// What the owner kept.
        owner: S,
        /// Everything its headers told.
        flow: FlowSummary,
    },
}

/// What is done with one direction, and where its chunks go.
type Act<'a> = dyn FnMut(&mut Assembler, &mut dyn FnMut(Chunk<'_>)) + 'a;

struct Slot<S> {
    owner: S,
    summary: FlowSummary,
    sides: [Assembler; 2],
    /// Retransmissions since the last new data, by direction.
    run: [u64; 2],
    /// How far each capture has shown each direction, when there are several.
    shown: [Shown; 2],
    closed: bool,
}

/// Connections by number, each with what its owner keeps beside it.
pub struct FlowTable<S> {
    slots: HashMap<u32, Box<Slot<S>>, FixedState>,
    limits: Limits,
    early_bytes: usize,
    sweep_in: usize,
    /// Connections that wait for bytes; some of them may have got them since.
    waiting: BTreeSet<u32>,
    looked: Timestamp,
    several: bool,
    caveats: Caveats,
}

impl<S: Default> FlowTable<S> {
    /// An empty table.
    pub fn new(limits: &Limits) -> Self {
        Self {
            slots: HashMap::default(),
            limits: limits.clone(),
            early_bytes: 0,
            sweep_in: 4096,
            waiting: BTreeSet::new(),
            looked: Timestamp::default(),
            several: false,
            caveats: Caveats::new(limits.places_per_caveat),
        }
    }

    /// Says that the segments are of several captures: what one cut or lost the other may have, and what both have was sent once.
    pub fn expect_several(&mut self, several: bool) {
        self.several = several;
    }

    /// What the headers and streams could not show; emptied by the call.
    pub fn take_caveats(&mut self) -> Caveats {
        std::mem::replace(
            &mut self.caveats,
            Caveats::new(self.limits.places_per_caveat),
        )
    }

    /// Bytes held of segments that came before others, of all connections.
    pub fn waiting_bytes(&self) -> usize {
        self.early_bytes
    }

    /// Connections open.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no connection is open.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes one segment of connection `number` (see [`super::StreamNumbers`]).
    #[expect(clippy::too_many_arguments, reason = "the plain facts of one segment")]
    pub fn push(
        &mut self,
        number: u32,
        at: FrameRef,
        src: Endpoint,
        dst: Endpoint,
        segment: &Segment<'_>,
        duplicate: bool,
        sink: &mut dyn FnMut(Event<'_, S>),
    ) {
        self.make_room(number, at, sink);
        self.look(at, sink);
        let limits = &self.limits;
        let slot = self
            .slots
            .entry(number)
            .or_insert_with(|| Box::new(Slot::new(number, at, src, dst, segment)));
        let held = slot.early_bytes();
        let room = limits.early_bytes.saturating_sub(self.early_bytes);
        if duplicate {
            slot.summary.duplicates += 1;
            slot.summary.last = at;
            if self.several {
                slot.shows(at, src, segment);
            }
            slot.refill(at, src, segment, room, limits, sink);
            self.early_bytes = (self.early_bytes + slot.early_bytes()).saturating_sub(held);
            return;
        }
        let outcome = slot.push(at, src, segment, room, limits, self.several, sink);
        self.early_bytes = (self.early_bytes + slot.early_bytes()).saturating_sub(held);
        if segment.joins {
            self.caveats.note(
                CaveatKind::MultipathTcp,
                Some(at),
                "a subflow of Multipath TCP: messages that are spread over several subflows are not put together",
            );
        }
        if slot.has_hole() {
            self.waiting.insert(number);
        }
        if outcome.conflict {
            self.caveats.note(
                CaveatKind::OverlapConflict,
                Some(at),
                "the same TCP bytes were sent twice with different content; the first were kept",
            );
        }
        if outcome.no_room || outcome.outside {
            self.caveats.note(
                CaveatKind::StreamGap,
                Some(at),
                if outcome.outside {
                    "a TCP segment lies far outside its stream"
                } else {
                    "too many early TCP segments: bytes before them were not waited for any longer"
                },
            );
        }
    }

    /// Notes an ICMP error that quotes connection `number`.
    pub fn icmp(&mut self, number: u32, quoted_sender: Endpoint, mut report: IcmpReport) {
        if let Some(slot) = self.slots.get_mut(&number) {
            report.quoted = slot.direction_of(quoted_sender);
            if slot.summary.icmp.len() < PLACES {
                slot.summary.icmp.push(report);
            }
        }
    }

    /// Ends everything, in order of appearance.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_, S>)) {
        let mut numbers: Vec<u32> = self.slots.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            self.end(number, false, sink);
        }
    }

    /// Forgets everything without a word: the traffic turned out not to be in scope.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.waiting.clear();
        self.early_bytes = 0;
        self.take_caveats();
    }

    fn end(&mut self, number: u32, evicted: bool, sink: &mut dyn FnMut(Event<'_, S>)) {
        if let Some(mut slot) = self.slots.remove(&number) {
            self.early_bytes = self.early_bytes.saturating_sub(slot.early_bytes());
            slot.flush(sink);
            slot.summary.evicted = evicted;
            sink(Event::Ended {
                owner: slot.owner,
                flow: slot.summary,
            });
        }
    }

    /// Now and then, gives up what quiet connections wait for in vain: their messages are not to come out at the very end.
    fn look(&mut self, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        if self.waiting.is_empty()
            || at.time.since(self.looked).nanos().unsigned_abs() < LOOK.nanos().unsigned_abs()
        {
            return;
        }
        self.looked = at.time;
        let Self {
            slots,
            waiting,
            early_bytes,
            ..
        } = self;
        waiting.retain(|number| {
            let Some(slot) = slots.get_mut(number) else {
                return false;
            };
            let held = slot.early_bytes();
            slot.tick(at, sink);
            *early_bytes = (*early_bytes + slot.early_bytes()).saturating_sub(held);
            slot.has_hole()
        });
    }

    /// Finishes what closed long ago, now and then; and when the table is full, the eighth that was quiet longest.
    fn make_room(&mut self, number: u32, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.sweep_in = self.sweep_in.saturating_sub(1);
        let full = self.slots.len() >= self.limits.flows && !self.slots.contains_key(&number);
        if self.sweep_in > 0 && !full {
            return;
        }
        let mut over: Vec<u32> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.closed && at.time.since(slot.summary.last.time) > LINGER)
            .map(|(number, _)| *number)
            .collect();
        over.sort_unstable();
        for number in over {
            self.end(number, false, sink);
        }
        if self.slots.len() >= self.limits.flows && !self.slots.contains_key(&number) {
            let mut by_age: Vec<(bool, FrameRef, u32)> = self
                .slots
                .iter()
                .map(|(number, slot)| (!slot.closed, slot.summary.last, *number))
                .collect();
            let eighth = (by_age.len() / 8).max(1);
            if eighth < by_age.len() {
                by_age.select_nth_unstable(eighth);
            }
            by_age.truncate(eighth);
            by_age.sort_unstable_by_key(|(_, _, number)| *number);
            self.caveats.note_many(
                CaveatKind::FlowEvicted,
                Some(at),
                "too many connections were open: those quiet longest were judged early",
                u64::try_from(eighth).unwrap_or(u64::MAX),
            );
            for (_, _, number) in by_age {
                self.end(number, true, sink);
            }
        }
        self.sweep_in = self.slots.len().max(4096);
    }
}

impl<S> std::fmt::Debug for FlowTable<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowTable")
            .field("open", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl<S: Default> Slot<S> {
    fn new(number: u32, at: FrameRef, src: Endpoint, dst: Endpoint, segment: &Segment<'_>) -> Self {
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
            shown: Default::default(),
            closed: false,
        }
    }

    fn direction_of(&self, sender: Endpoint) -> Direction {
        if sender == self.summary.client {
            Direction::Originator
        } else {
            Direction::Responder
        }
    }

    /// A copy tells nothing but that this capture has it too.
    fn shows(&mut self, at: FrameRef, src: Endpoint, segment: &Segment<'_>) {
        let [originator, responder] = &mut self.shown;
        let shown = if src == self.summary.client {
            originator
        } else {
            responder
        };
        if segment.wire_len > 0 {
            let end = advance(segment.seq, u64::from(segment.wire_len));
            shown.further(at.file, end);
        }
    }

    fn early_bytes(&self) -> usize {
        let [a, b] = &self.sides;
        a.early_bytes() + b.early_bytes()
    }

    #[expect(clippy::too_many_arguments, reason = "the plain facts of one segment")]
    fn push(
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
            shown: [shown_o, shown_r],
            closed,
        } = self;
        let (mine, theirs, run, shown) = match direction {
            Direction::Originator => (originator, responder, run_o, shown_o),
            Direction::Responder => (responder, originator, run_r, shown_r),
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
            outcome.retransmission &= !shown.further(at.file, end);
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
    fn refill(
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

    fn has_hole(&self) -> bool {
        self.sides.iter().any(Assembler::has_hole)
    }

    /// Time has passed.
    fn tick(&mut self, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.each_side(&mut |side, chunks| side.tick(at, chunks), sink);
    }

    /// The three-way handshake (RFC 9293 §3.5), also when a part of it was missed.
    fn opening(&mut self, at: FrameRef, direction: Direction, segment: &Segment<'_>) {
        let summary = &mut self.summary;
        let flags = segment.flags;
        match direction {
            Direction::Originator if flags.syn() && !flags.ack() => {
                summary.syn_count += 1;
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

    fn flush(&mut self, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.each_side(&mut |side, chunks| side.flush(chunks), sink);
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
