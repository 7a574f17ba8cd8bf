//! All open calls.

use super::call::{Call, Seen};
use crate::base::{CaveatKind, Caveats, FrameRef, Limits};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// Calls by Call-ID, bounded; the calls quiet longest are judged first when room is needed.
#[derive(Debug)]
pub struct DialogTable {
    /// The calls, each in its place as long as it is open.
    calls: Vec<Option<Call>>,
    /// Places that are free.
    free: Vec<u32>,
    /// Where the call with a Call-ID is, and the hash of that.
    places: HashTable<(u64, u32)>,
    hashes: FixedState,
    /// When which place was last touched. What is no longer true of it is passed over: cheaper than moving the one entry of each call.
    touched: VecDeque<(FrameRef, u32)>,
    bytes: usize,
    limits: Limits,
    caveats: Caveats,
}

impl DialogTable {
    /// An empty table.
    pub fn new(limits: &Limits) -> Self {
        Self {
            calls: Vec::new(),
            free: Vec::new(),
            places: HashTable::new(),
            hashes: FixedState::default(),
            touched: VecDeque::new(),
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
        self.places.len()
    }

    /// Whether no call is open.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes of all messages held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The open calls in the order of their first frames.
    pub fn open(&self) -> Vec<&Call> {
        in_order(self.calls.iter().flatten().collect())
    }

    /// Forgets everything without a word: the traffic turned out not to be in scope.
    pub fn clear(&mut self) {
        *self = Self::new(&self.limits);
    }

    /// Takes a message in the order of its frames. Calls that must be judged to make room come out of `ended`.
    pub fn push(&mut self, seen: Seen, ended: &mut dyn FnMut(Call)) {
        let at = seen.at();
        let size = seen.message.memory();
        let place = self.place(seen.message.call_id().unwrap_or_default().bytes(), at);
        let Some(call) = find(&mut self.calls, place) else {
            return;
        };
        self.bytes += size;
        call.bytes += size;
        // One that had to wait for missing bytes comes after later ones.
        let behind = match call.messages.is_empty() || call.last <= at {
            true => call.messages.len(),
            false => call.messages.partition_point(|m| m.at() <= at),
        };
        // One entry of each call is true: several messages of one frame, and late ones, change nothing.
        if at > call.last || (call.messages.is_empty() && !call.continued) {
            call.last = at;
            self.touched.push_back((at, place));
        }
        if call.messages.is_empty() {
            // Calls of one message are the most: no places for four.
            call.messages.reserve_exact(1);
        }
        call.messages.insert(behind, seen);
        if call.messages.len() >= self.limits.messages_per_dialog {
            // It fell silent when the whole did, and stands in the queue with that.
            let mut rest = Call::new(call.call_id(), call.last);
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
        while self.places.len() > self.limits.dialogs || self.bytes > self.limits.message_bytes {
            if !self.evict(at, ended) {
                break;
            }
        }
        if self.touched.len() > self.most_touched() {
            let Self { calls, touched, .. } = self;
            touched.retain(|(last, place)| find(calls, *place).is_some_and(|c| c.last == *last));
        }
    }

    /// The place of the call with this Call-ID, which is new if there is none.
    fn place(&mut self, id: &[u8], at: FrameRef) -> u32 {
        let Self {
            calls,
            free,
            places,
            hashes,
            ..
        } = self;
        let hash = hashes.hash_one(id);
        let known = places.find(hash, |(h, place)| {
            *h == hash && find(calls, *place).is_some_and(|call| call.call_id() == id)
        });
        if let Some((_, place)) = known {
            return *place;
        }
        let call = Some(Call::new(id, at));
        let place = match free.pop() {
            Some(place) => {
                if let Some(slot) = slot(calls, place) {
                    *slot = call;
                }
                place
            }
            None => {
                calls.push(call);
                u32::try_from(calls.len().saturating_sub(1)).unwrap_or(u32::MAX)
            }
        };
        places.insert_unique(hash, (hash, place), |(h, _)| *h);
        place
    }

    /// Entries of what was touched that are kept: as many as calls are all that is needed, and looking through them costs little for each.
    fn most_touched(&self) -> usize {
        self.places.len().saturating_mul(4).saturating_add(1024)
    }

    /// Ends everything, in the order of the first frames.
    pub fn finish(&mut self, ended: &mut dyn FnMut(Call)) {
        let all: Vec<Call> = std::mem::take(&mut self.calls)
            .into_iter()
            .flatten()
            .collect();
        self.free.clear();
        self.places.clear();
        self.touched.clear();
        self.bytes = 0;
        for call in in_order(all) {
            if !call.messages.is_empty() {
                call.bring_near();
                ended(call);
            }
        }
    }

    /// Judges the call that was quiet longest; `false` if there is none.
    fn evict(&mut self, at: FrameRef, ended: &mut dyn FnMut(Call)) -> bool {
        while let Some((last, place)) = self.touched.pop_front() {
            let Some(slot) = slot(&mut self.calls, place) else {
                continue;
            };
            if slot.as_ref().is_none_or(|call| call.last != last) {
                continue;
            }
            let Some(mut call) = slot.take() else {
                continue;
            };
            let hash = self.hashes.hash_one(call.call_id());
            if let Ok(entry) = self.places.find_entry(hash, |(_, p)| *p == place) {
                entry.remove();
            }
            self.free.push(place);
            self.bytes = self.bytes.saturating_sub(call.bytes);
            if call.messages.is_empty() {
                return true;
            }
            // A call quiet for longer than any SIP timer is over: judging it now loses nothing.
            call.evicted = at.time.since(call.last.time) <= super::SETTLED;
            if call.evicted {
                self.caveats.note(
                    CaveatKind::DialogEvicted,
                    Some(at),
                    "too many calls were open: those quiet longest were judged early",
                );
            }
            call.bring_near();
            ended(call);
            return true;
        }
        false
    }
}

/// In the order of their first frames; those of the same by their Call-IDs.
fn in_order<C: Borrow<Call>>(calls: Vec<C>) -> Vec<C> {
    // When they began and ended lies with their messages: looked at once.
    let spanned = calls.into_iter().map(|call| (call.borrow().span(), call));
    let mut spanned: Vec<_> = spanned.collect();
    spanned.sort_by(|(a_span, a), (b_span, b)| {
        let ids = || a.borrow().call_id().cmp(b.borrow().call_id());
        a_span.cmp(b_span).then_with(ids)
    });
    spanned.into_iter().map(|(_, call)| call).collect()
}

fn slot(calls: &mut [Option<Call>], place: u32) -> Option<&mut Option<Call>> {
    calls.get_mut(usize::try_from(place).ok()?)
}

fn find(calls: &mut [Option<Call>], place: u32) -> Option<&mut Call> {
    slot(calls, place)?.as_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Endpoint, FileIndex, FrameNumber, Timestamp};
    use crate::dialog::Hop;
    use crate::sip::Message;
    use std::net::Ipv4Addr;

    fn seen(call: u32, frame: u32) -> Seen {
        let at = FrameRef {
            time: Timestamp::from_nanos(i64::from(frame) * 1_000_000),
            file: FileIndex(0),
            number: FrameNumber::new(u64::from(frame)),
        };
        let text = format!(
            "OPTIONS sip:tomt.local SIP/2.0\r\nCall-ID: {call}\r\nCSeq: {frame} OPTIONS\r\n\r\n"
        );
        let end = |n| Endpoint::new(Ipv4Addr::new(10, 1, 1, n).into(), 5060);
        Seen {
            message: Message::parse(text.as_bytes(), at).unwrap(),
            hop: Hop {
                src: end(10),
                dst: end(20),
                carriage: "udp",
                stream: None,
            },
        }
    }

    #[test]
    fn those_quiet_longest_go_first_and_one_by_one() {
        let limits = Limits {
            dialogs: 3,
            ..Limits::default()
        };
        let mut table = DialogTable::new(&limits);
        let mut gone = Vec::new();
        // The first call speaks again, and so does the third.
        for (frame, call) in [1, 2, 3, 1, 4, 3, 5, 2].into_iter().enumerate() {
            let frame = u32::try_from(frame).unwrap();
            table.push(seen(call, frame), &mut |call| {
                gone.push(call.id().into_owned())
            });
        }
        assert_eq!(gone, ["2", "1", "4"]);
        assert_eq!(table.take_caveats().count(CaveatKind::DialogEvicted), 3);
        table.finish(&mut |call| gone.push(call.id().into_owned()));
        assert_eq!(gone, ["2", "1", "4", "3", "5", "2"]);
        assert_eq!((table.len(), table.bytes()), (0, 0));
    }

    #[test]
    fn a_message_that_comes_late_stands_where_it_belongs() {
        let mut table = DialogTable::new(&Limits::default());
        for frame in [1, 5, 3, 9, 2] {
            table.push(seen(1, frame), &mut |_| {});
        }
        table.finish(&mut |call| {
            let order: Vec<u64> = call.messages.iter().map(|m| m.at().number.get()).collect();
            assert_eq!(order, [1, 2, 3, 5, 9]);
        });
    }

    /// Calls that never end, several messages of one frame, and time that runs backwards must not leave an entry for each message.
    #[test]
    fn what_was_touched_is_bounded() {
        let frames: [fn(u32) -> u32; 3] = [|n| n, |_| 7, |n| 30_000 - n];
        for frame in frames {
            let mut table = DialogTable::new(&Limits::default());
            for n in 0..20_000 {
                table.push(seen(n % 5, frame(n)), &mut |_| {});
                assert!(table.touched.len() <= table.most_touched());
            }
            assert_eq!(table.len(), 5);
            let calls = &mut table.calls;
            let is_true = |(last, place): &&(FrameRef, u32)| {
                find(calls, *place).is_some_and(|c| c.last == *last)
            };
            assert_eq!(
                table.touched.iter().filter(is_true).count(),
                5,
                "one for each call"
            );
        }
    }

    /// What is left of a call that was judged in parts is in the queue as the whole was.
    #[test]
    fn the_rest_of_a_long_call_goes_when_its_time_has_come() {
        let limits = Limits {
            messages_per_dialog: 2,
            dialogs: 1,
            ..Limits::default()
        };
        let mut table = DialogTable::new(&limits);
        let mut gone = Vec::new();
        let mut end = |call: Call| gone.push((call.id().into_owned(), call.messages.len()));
        for (call, frame) in [(1, 5), (1, 3), (2, 6), (2, 2), (3, 9)] {
            table.push(seen(call, frame), &mut end);
            assert!(table.len() <= 1);
        }
        table.finish(&mut end);
        let expected = [("1", 2), ("2", 2), ("3", 1)].map(|(id, n)| (id.to_owned(), n));
        assert_eq!(gone, expected);
    }
}
