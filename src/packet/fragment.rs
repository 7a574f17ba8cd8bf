//! IP reassembly (RFC 791 §3.2, RFC 8200 §4.5), bounded.
//!
//! Fragments come in any order. Where two overlap, the bytes that came first stay (what most receivers do, and Wireshark).

use super::ip::{Ip, Piece};
use crate::base::{CaveatKind, Caveats, FrameRef, Limits, Span};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How long a receiver waits for the rest (RFC 8200 §4.5); after that the identification may be used again.
const PATIENCE: Span = Span::from_secs(60);
/// No IP datagram is longer.
const LONGEST: u32 = 65_535;

type Key = (IpAddr, IpAddr, u32, u8);

/// Datagrams of which some fragments were seen.
#[derive(Debug)]
pub(super) struct Store {
    datagrams: BTreeMap<Key, Datagram>,
    /// Keys by age, so that the oldest is found at once.
    ages: BTreeMap<u64, Key>,
    serial: u64,
    bytes: usize,
    most_datagrams: usize,
    most_bytes: usize,
}

#[derive(Debug)]
struct Datagram {
    serial: u64,
    /// Disjoint stretches by offset.
    parts: BTreeMap<u32, Box<[u8]>>,
    total: Option<u32>,
    have: u32,
    /// As the first fragment says.
    protocol: u8,
    frames: Vec<FrameRef>,
}

/// A datagram with all its bytes.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) protocol: u8,
    pub(super) bytes: Vec<u8>,
    pub(super) frames: Vec<FrameRef>,
}

impl Store {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            datagrams: BTreeMap::new(),
            ages: BTreeMap::new(),
            serial: 0,
            bytes: 0,
            most_datagrams: limits.fragment_datagrams.max(1),
            most_bytes: limits.fragment_bytes,
        }
    }

    /// Takes a fragment; gives the datagram it completes.
    pub(super) fn push(
        &mut self,
        ip: &Ip,
        piece: Piece,
        bytes: &[u8],
        at: FrameRef,
        caveats: &mut Caveats,
    ) -> Option<Whole> {
        // RFC 8200 §4.5: the first fragment alone says what follows; later ones may name something else.
        let protocol = if ip.id.is_some() { piece.protocol } else { 0 };
        let key = (ip.src, ip.dst, piece.id, protocol);
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let end = piece.offset.saturating_add(len);
        if end > LONGEST || (piece.more && len == 0) {
            let text = "an IP fragment that cannot be part of a datagram";
            caveats.note(CaveatKind::PacketMalformed, Some(at), text);
            return None;
        }
        let late = self
            .datagrams
            .get(&key)
            .and_then(|d| d.frames.last())
            .is_some_and(|last| at.time.since(last.time) > PATIENCE);
        if late {
            self.give_up(key, caveats);
        }
        if !self.datagrams.contains_key(&key) {
            self.serial = self.serial.saturating_add(1);
            self.ages.insert(self.serial, key);
            let new = Datagram::new(self.serial);
            self.datagrams.insert(key, new);
        }
        let datagram = self.datagrams.get_mut(&key)?;
        let added = datagram.add(piece.offset, bytes, at);
        self.bytes = self.bytes.saturating_add(added);
        if piece.offset == 0 {
            datagram.protocol = piece.protocol;
        }
        if !piece.more {
            datagram.total = datagram.total.or(Some(end));
        }
        if datagram.is_whole() {
            return self.remove(key).map(Datagram::whole);
        }
        while self.datagrams.len() > self.most_datagrams || self.bytes > self.most_bytes {
            let oldest = self.ages.first_key_value().map(|(_, key)| *key)?;
            self.give_up(oldest, caveats);
        }
        None
    }

    /// Datagrams and bytes held, for tests of the limits.
    #[cfg(test)]
    pub(super) fn load(&self) -> (usize, usize) {
        (self.datagrams.len(), self.bytes)
    }

    /// Tells of what never became whole.
    pub(super) fn finish(&mut self, caveats: &mut Caveats) {
        while let Some((_, key)) = self.ages.first_key_value() {
            let key = *key;
            self.give_up(key, caveats);
        }
    }

    fn give_up(&mut self, key: Key, caveats: &mut Caveats) {
        if let Some(datagram) = self.remove(key) {
            let text = "fragments of an IP datagram are missing; what it carried was not read";
            caveats.note(
                CaveatKind::FragmentsIncomplete,
                datagram.frames.first().copied(),
                text,
            );
        }
    }

    fn remove(&mut self, key: Key) -> Option<Datagram> {
        let datagram = self.datagrams.remove(&key)?;
        self.ages.remove(&datagram.serial);
        self.bytes = self.bytes.saturating_sub(datagram.cost());
        Some(datagram)
    }
}

impl Datagram {
    /// Counted beside each stretch and frame, so that many tiny fragments cost what they take.
    const OVERHEAD: usize = 64;

    fn new(serial: u64) -> Self {
        Self {
            serial,
            parts: BTreeMap::new(),
            total: None,
            have: 0,
            protocol: 0,
            frames: Vec::new(),
        }
    }

    fn cost(&self) -> usize {
        let things = self.parts.len().saturating_add(self.frames.len());
        (self.have as usize).saturating_add(things.saturating_mul(Self::OVERHEAD))
    }

    /// Keeps those bytes that are new; says how much more this datagram costs.
    fn add(&mut self, offset: u32, bytes: &[u8], at: FrameRef) -> usize {
        let before = self.cost();
        self.frames.push(at);
        let end = offset.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let mut from = self
            .parts
            .range(..=offset)
            .next_back()
            .map_or(offset, |(start, part)| end_of(*start, part).max(offset));
        while from < end {
            let next = self.parts.range(from..end).next();
            let (to, behind) = match next {
                Some((start, part)) => (*start, end_of(*start, part)),
                None => (end, end),
            };
            let range = from.saturating_sub(offset) as usize..to.saturating_sub(offset) as usize;
            if let Some(new) = bytes.get(range)
                && !new.is_empty()
            {
                self.parts.insert(from, new.into());
                self.have = self.have.saturating_add(to.saturating_sub(from));
            }
            from = behind;
        }
        self.cost().saturating_sub(before)
    }

    /// Whether there is no hole before the end. Bytes behind the end (fragments that contradict each other) do not fill one.
    fn is_whole(&self) -> bool {
        let Some(total) = self.total.filter(|total| self.have >= *total) else {
            return false;
        };
        let reached = self.parts.iter().try_fold(0, |reached, (start, part)| {
            (*start == reached)
                .then(|| end_of(*start, part))
                .ok_or(reached)
        });
        reached.unwrap_or_else(|hole| hole) >= total
    }

    fn whole(self) -> Whole {
        let total = self.total.unwrap_or(0) as usize;
        let mut bytes = Vec::with_capacity(total);
        for part in self.parts.values() {
            bytes.extend_from_slice(part);
        }
        bytes.truncate(total);
        Whole {
            protocol: self.protocol,
            bytes,
            frames: self.frames,
        }
    }
}

fn end_of(start: u32, part: &[u8]) -> u32 {
    start.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX))
}
