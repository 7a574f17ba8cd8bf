//! All open calls.

use super::call::{Call, Seen};
use crate::base::{CaveatKind, Caveats, FrameRef, Limits};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// One in so many of the calls is judged when there is no more room: few enough that nobody waits long for it, many enough that
/// finding the oldest costs little for each.
const PARTS: usize = 16;

/// Calls by Call-ID, bounded; the calls quiet longest are judged first when room is needed.
#[derive(Debug)]
pub struct DialogTable {
    calls: HashMap<Box<[u8]>, Call, FixedState>,
    bytes: usize,
    limits: Limits,
    caveats: Caveats,
}

impl DialogTable {
    /// An empty table.
    pub fn new(limits: &Limits) -> Self {
        Self {
            calls: HashMap::default(),
            bytes: 0,
            limits: limits.clone(),
            caveats: Caveats::new(limits.places_per_caveat),
        }
    }

    /// What had to be judged early; emptied by the call.
    pub fn take_caveats(&mut self) -> Caveats {
        std::mem::replace(
            &mut self.caveats,
            Caveats::new(self.limits.places_per_caveat),
        )
    }

    /// Calls open.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether no call is open.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Bytes of all messages held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The open calls in the order of their first frames.
    pub fn open(&self) -> Vec<&Call> {
        let mut all: Vec<&Call> = self.calls.values().collect();
        all.sort_by(|a, b| (a.span(), &a.call_id).cmp(&(b.span(), &b.call_id)));
        all
    }

    /// Forgets everything without a word: the traffic turned out not to be in scope.
    pub fn clear(&mut self) {
        self.calls.clear();
        self.bytes = 0;
        self.take_caveats();
    }

    /// Takes a message in the order of its frames. Calls that must be judged to make room come out of `ended`.
    pub fn push(&mut self, seen: Seen, ended: &mut dyn FnMut(Call)) {
        let at = seen.at();
        let size = seen.message.memory();
        let id = seen.message.call_id().unwrap_or_default().bytes();
        self.bytes += size;
        let call = match self.calls.get_mut(id) {
            Some(call) => call,
            None => {
                let id: Box<[u8]> = id.into();
                self.calls
                    .entry(id)
                    .or_insert_with_key(|id| Call::new(id, at))
            }
        };
        call.bytes += size;
        call.last = call.last.max(at);
        // One that had to wait for missing bytes comes after later ones.
        let place = match call.messages.last() {
            Some(last) if last.at() > at => call.messages.partition_point(|m| m.at() <= at),
            _ => call.messages.len(),
        };
        call.messages.insert(place, seen);
        if call.messages.len() >= self.limits.messages_per_dialog {
            let mut rest = Call::new(&call.call_id, at);
            rest.continued = true;
            let mut long = std::mem::replace(call, rest);
            long.evicted = true;
            self.bytes = self.bytes.saturating_sub(long.bytes);
            self.caveats.note(
                CaveatKind::DialogMessagesDropped,
                Some(at),
                "a call had very many messages: it was judged in parts",
            );
            ended(long);
        }
        if self.calls.len() > self.limits.dialogs || self.bytes > self.limits.message_bytes {
            self.evict(at, ended);
        }
    }

    /// Ends everything, in the order of the first frames.
    pub fn finish(&mut self, ended: &mut dyn FnMut(Call)) {
        let mut all: Vec<Call> = self.calls.drain().map(|(_, call)| call).collect();
        self.bytes = 0;
        all.sort_by(|a, b| (a.span(), &a.call_id).cmp(&(b.span(), &b.call_id)));
        for call in all {
            if !call.messages.is_empty() {
                ended(call);
            }
        }
    }

    /// Judges the calls that were quiet longest.
    fn evict(&mut self, at: FrameRef, ended: &mut dyn FnMut(Call)) {
        let mut ages: Vec<FrameRef> = self.calls.values().map(|call| call.last).collect();
        if ages.is_empty() {
            return;
        }
        let part = ages.len() / PARTS;
        let (_, limit, _) = ages.select_nth_unstable(part);
        let limit = *limit;
        let mut old: Vec<Call> = self
            .calls
            .extract_if(|_, call| call.last <= limit)
            .map(|(_, call)| call)
            .collect();
        old.sort_unstable_by(|a, b| (a.last, &a.call_id).cmp(&(b.last, &b.call_id)));
        let mut early = 0;
        for mut call in old {
            self.bytes = self.bytes.saturating_sub(call.bytes);
            if call.messages.is_empty() {
                continue;
            }
            // A call quiet for longer than any SIP timer is over: judging it now loses nothing.
            let quiet = at.time.since(call.last.time) > super::SETTLED;
            call.evicted = !quiet;
            early += u64::from(!quiet);
            ended(call);
        }
        if early > 0 {
            self.caveats.note_many(
                CaveatKind::DialogEvicted,
                Some(at),
                "too many calls were open: those quiet longest were judged early",
                early,
            );
        }
    }
}
