//! All open connections.

use super::slot::{PLACES, Slot};
use super::summary::{FlowSummary, IcmpReport};
use crate::base::{
    CaveatKind, Caveats, Chunk, Direction, Endpoint, FrameRef, Limits, Span, Timestamp,
};
use crate::packet::Segment;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::{BTreeSet, VecDeque};

/// A closed connection that lacks bytes, or of which several captures tell, stays this long for late segments before it is finished.
const LINGER: Span = Span::from_secs(60);
/// One that lacks none and that both sides have closed: what comes later repeats what was seen.
const LATE: Span = Span::from_secs(2);
/// Finished connections of which late segments are known to be repetitions; then they are taken for new ones. About 2 MiB.
const GONE: usize = 65_536;
/// How often connections that wait for bytes are looked at although they are quiet.
const LOOK: Span = Span::from_secs(1);

/// What a connection of TLS takes of [`Limits::flows`]: its state is five times as large as that of others.
const TLS_WEIGHT: usize = 5;

/// Whether a segment begins with a record of TLS (RFC 8446 §5.1), as far as its first bytes tell.
const fn is_tls(payload: &[u8]) -> bool {
    matches!(payload, [20..=23, 3, ..])
}

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

/// A connection, and what is asked of all of them when room is needed: to fetch each one's own memory for that would take longer.
struct Place<S> {
    slot: Box<Slot<S>>,
    /// Neither closed nor reset.
    open: bool,
    /// The last segment.
    last: FrameRef,
}

impl<S> Place<S> {
    const fn note(&mut self) {
        self.open = !self.slot.closed;
        self.last = self.slot.summary.last;
    }
}

/// Connections by number, each with what its owner keeps beside it.
pub struct FlowTable<S> {
    slots: HashMap<u32, Place<S>, FixedState>,
    limits: Limits,
    early_bytes: usize,
    /// What the connections take, one of TLS several times that of others.
    weight: usize,
    sweep_in: usize,
    /// Those that go next when room is needed, as they were when all were looked at: whether still open, and the last segment.
    oldest: VecDeque<(bool, FrameRef, u32)>,
    /// Connections that were finished when both sides had closed, and when.
    gone: HashMap<u32, Timestamp, FixedState>,
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
            weight: 0,
            sweep_in: 4096,
            oldest: VecDeque::new(),
            gone: HashMap::default(),
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
        if self.gone.contains_key(&number) {
            return;
        }
        let limits = &self.limits;
        let weight = &mut self.weight;
        let place = self.slots.entry(number).or_insert_with(|| {
            *weight += 1;
            Place {
                slot: Box::new(Slot::new(number, at, src, dst, segment)),
                open: true,
                last: at,
            }
        });
        let slot = &mut *place.slot;
        if slot.weight == 1 && is_tls(segment.payload) {
            slot.weight = TLS_WEIGHT;
            *weight += TLS_WEIGHT - 1;
        }
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
            place.note();
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
        place.note();
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
        if let Some(Place { slot, .. }) = self.slots.get_mut(&number) {
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
        self.oldest.clear();
        self.weight = 0;
        self.gone.clear();
        self.waiting.clear();
        self.early_bytes = 0;
        self.take_caveats();
    }

    fn end(&mut self, number: u32, evicted: bool, sink: &mut dyn FnMut(Event<'_, S>)) {
        if let Some(Place { mut slot, .. }) = self.slots.remove(&number) {
            self.early_bytes = self.early_bytes.saturating_sub(slot.early_bytes());
            self.weight = self.weight.saturating_sub(slot.weight);
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
            let Some(place) = slots.get_mut(number) else {
                return false;
            };
            let slot = &mut *place.slot;
            let held = slot.early_bytes();
            slot.tick(at, sink);
            *early_bytes = (*early_bytes + slot.early_bytes()).saturating_sub(held);
            let waits = slot.has_hole();
            place.note();
            waits
        });
    }

    /// Finishes what closed long ago, now and then; and when the table is full, those that were quiet longest.
    fn make_room(&mut self, number: u32, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.sweep_in = self.sweep_in.saturating_sub(1);
        // Also where none is added: those there are may turn out to be TLS.
        let over = self.weight >= self.limits.flows.saturating_add(self.limits.flows / 8);
        let full = over
            || self.weight >= self.limits.flows
                && !self.slots.contains_key(&number)
                && !self.gone.contains_key(&number);
        if self.sweep_in == 0 || full && self.oldest.is_empty() {
            self.sweep(at, sink);
            self.sweep_in = self.slots.len().max(4096);
        }
        while full && self.weight >= self.limits.flows {
            if self.oldest.is_empty() {
                self.find_oldest(number);
                if self.oldest.is_empty() {
                    return;
                }
            }
            self.give_up_oldest(number, at, sink);
        }
    }

    /// Finishes what closed long ago.
    fn sweep(&mut self, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        self.gone.retain(|_, when| at.time.since(*when) <= LINGER);
        let several = self.several;
        let mut over: Vec<u32> = self
            .slots
            .iter()
            .filter(|(_, place)| {
                let quiet = at.time.since(place.last.time);
                let over = !place.open && quiet > LATE;
                over && (quiet > LINGER || (!several && place.slot.is_whole()))
            })
            .map(|(number, _)| *number)
            .collect();
        over.sort_unstable();
        for number in over {
            if self.gone.len() < GONE {
                self.gone.insert(number, at.time);
            }
            self.end(number, false, sink);
        }
    }

    /// Looks for the eighth that was quiet longest: looking at all for each one would be slow, and to end so many at once would take memory
    /// for all of them.
    fn find_oldest(&mut self, except: u32) {
        let mut by_age: Vec<(bool, FrameRef, u32)> = self
            .slots
            .iter()
            .filter(|(other, _)| **other != except)
            .map(|(number, place)| (place.open, place.last, *number))
            .collect();
        let eighth = (by_age.len() / 8).max(1);
        if eighth < by_age.len() {
            by_age.select_nth_unstable(eighth);
        }
        by_age.truncate(eighth);
        by_age.sort_unstable();
        self.oldest = by_age.into();
    }

    /// Finishes the oldest one, unless it has been heard of since.
    fn give_up_oldest(&mut self, except: u32, at: FrameRef, sink: &mut dyn FnMut(Event<'_, S>)) {
        let Some((open, last, number)) = self.oldest.pop_front() else {
            return;
        };
        let place = self.slots.get(&number).filter(|_| number != except);
        if place.is_none_or(|place| (place.open, place.last) != (open, last)) {
            return;
        }
        // What is over only stayed for late segments: nothing is lost with it.
        let early = open || at.time.since(last.time) < LATE;
        if early {
            self.caveats.note(
                CaveatKind::FlowEvicted,
                Some(at),
                "too many connections were open: those quiet longest were judged early",
            );
        }
        self.end(number, early, sink);
    }
}

impl<S> std::fmt::Debug for FlowTable<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowTable")
            .field("open", &self.slots.len())
            .finish_non_exhaustive()
    }
}
