//! Connection numbers as Wireshark counts `tcp.stream`.

use crate::base::{Endpoint, FlowKey, Transport};
use crate::packet::TcpFlags;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::hash::BuildHasher;

/// Gives each TCP connection of a capture the number Wireshark shows: counted from 0 in order of appearance, a new
/// number when a SYN on known endpoints has another initial sequence number.
#[derive(Debug, Default)]
pub struct StreamNumbers {
    /// By a 64-bit hash of the endpoints: a collision would need 2^32 connections.
    known: HashMap<u64, Known, FixedState>,
    /// Those before, when there were too many: who is still talking moves to the others.
    older: HashMap<u64, Known, FixedState>,
    next: u32,
    limit: usize,
    forgotten: u64,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    number: u32,
    /// First sequence number seen from the lower and the higher endpoint, and whether there was one.
    base: [u32; 2],
    has: [bool; 2],
}

impl Known {
    const fn new(number: u32) -> Self {
        Self {
            number,
            base: [0; 2],
            has: [false; 2],
        }
    }
}

/// The number of a segment's connection, and whether it began with this segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// Wireshark's `tcp.stream`.
    pub number: u32,
    /// First segment of this connection.
    pub fresh: bool,
}

impl StreamNumbers {
    /// Remembers at most `limit` pairs of endpoints.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// How many pairs of endpoints had to be forgotten: their later segments get new numbers.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The number of the latest connection between two endpoints, when there is one.
    pub fn known(&self, src: Endpoint, dst: Endpoint) -> Option<u32> {
        let key = FlowKey::new(src, dst, Transport::Tcp);
        let hash = FixedState::default().hash_one(key);
        let known = self.known.get(&hash).or_else(|| self.older.get(&hash));
        known.map(|known| known.number)
    }

    /// The number of the connection that a segment from `src` to `dst` belongs to.
    pub fn number(&mut self, src: Endpoint, dst: Endpoint, flags: TcpFlags, seq: u32) -> Numbered {
        let key = FlowKey::new(src, dst, Transport::Tcp);
        let side = usize::from(src == key.high && src != key.low);
        let hash = FixedState::default().hash_one(key);
        if self.known.len() >= self.limit / 2 && !self.known.contains_key(&hash) {
            self.forgotten += u64::try_from(self.older.len()).unwrap_or(u64::MAX);
            std::mem::swap(&mut self.known, &mut self.older);
            self.known.clear();
        }
        let Self {
            known, older, next, ..
        } = self;
        let mut fresh = false;
        let mut take = || {
            fresh = true;
            let number = *next;
            *next = next.wrapping_add(1);
            Known::new(number)
        };
        let known = known
            .entry(hash)
            .or_insert_with(|| older.remove(&hash).unwrap_or_else(&mut take));
        let [lower, higher] = &mut known.base;
        let [has_lower, has_higher] = &mut known.has;
        let (base, has) = if side == 0 {
            (lower, has_lower)
        } else {
            (higher, has_higher)
        };
        if !*has {
            (*base, *has) = (seq, true);
        } else if flags.syn() && !flags.ack() && *base != seq {
            *known = take();
            if let (Some(base), Some(has)) = (known.base.get_mut(side), known.has.get_mut(side)) {
                (*base, *has) = (seq, true);
            }
        }
        Numbered {
            number: known.number,
            fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYN: TcpFlags = TcpFlags(2);
    const ACK: TcpFlags = TcpFlags(16);

    fn ends() -> (Endpoint, Endpoint) {
        (
            Endpoint::new("10.1.1.10".parse().unwrap(), 49301),
            Endpoint::new("10.1.1.20".parse().unwrap(), 5061),
        )
    }

    #[test]
    fn port_reuse_starts_a_new_connection_and_a_repeated_syn_does_not() {
        let (a, b) = ends();
        let mut streams = StreamNumbers::new(100);
        let first = streams.number(a, b, SYN, 1000);
        assert_eq!((first.number, first.fresh), (0, true));
        assert!(!streams.number(a, b, SYN, 1000).fresh);
        assert_eq!(streams.number(b, a, ACK, 77).number, 0);
        assert_eq!(streams.number(a, b, SYN, 9000).number, 1);
        assert_eq!(streams.number(a, b, ACK, 9001).number, 1);
    }

    #[test]
    fn who_is_talking_is_not_forgotten() {
        let (a, mut b) = ends();
        let talking = (b, 7);
        let mut streams = StreamNumbers::new(100);
        let number = streams.number(a, talking.0, SYN, talking.1).number;
        for port in 0..1000 {
            b.port = 10_000 + port;
            streams.number(a, b, SYN, 1);
            if port % 20 == 0 {
                let again = streams.number(a, talking.0, ACK, talking.1 + 1);
                assert_eq!((again.number, again.fresh), (number, false));
            }
        }
        // A SYN with the same number is still the same one.
        assert!(!streams.number(a, talking.0, SYN, talking.1).fresh);
    }

    #[test]
    fn memory_is_bounded_and_forgetting_is_counted() {
        let (a, mut b) = ends();
        let mut streams = StreamNumbers::new(100);
        for port in 0..1000 {
            b.port = port;
            streams.number(a, b, SYN, 1);
            assert!(streams.known.len() <= 100);
        }
        assert!(streams.forgotten() > 0);
    }
}
