//! The same IP packet in two captures.
//!
//! Two captures of the same traffic have the packet once each, some milliseconds apart even on one clock. What a copy and its
//! original have in common is counted for each file: the second of a file is a copy only when another file has had two. So a
//! retransmission with the same bytes is kept, in whatever order the captures show it. Checksums are not compared: the host that
//! sends lets its network card compute them, behind the place where it captures.

use super::Packet;
use super::duplicate::{address, mix, ports};
use super::ip::Ip;
use super::payload::Payload;
use crate::base::{FileIndex, FrameRef, Span};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, VecDeque};

/// Between an original and its copy in another capture: the network's delay and what is left of the clocks' difference.
const WINDOW: Span = Span::from_secs(1);
/// Packets in reach, of all captures together: about 6 MiB.
const REACH: usize = 65_536;
/// Payload bytes compared where an identification tells packets apart: as many as the shortest usual snap length leaves.
const HEAD: usize = 32;

/// A packet that another capture has shown before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twin {
    /// The frame in the other capture.
    pub of: FrameRef,
    /// The snap length left more bytes of the payload here than there.
    pub longer: bool,
}

/// How many packets two captures have in common, and the first copy.
pub(super) type Pairs = BTreeMap<(FileIndex, FileIndex), (u64, FrameRef)>;

/// The packets of the last second, by what a copy has in common with its original.
#[derive(Debug, Default)]
pub(super) struct Twins {
    several: bool,
    /// Packets seen so far that were no copies, by identity.
    originals: HashMap<u64, Original, FixedState>,
    /// Packets of one file, by identity and file.
    seen: HashMap<u64, u32, FixedState>,
    events: VecDeque<Event>,
    pairs: Pairs,
}

#[derive(Debug, Clone, Copy)]
struct Original {
    count: u32,
    at: FrameRef,
    stored: usize,
}

#[derive(Debug)]
struct Event {
    at: FrameRef,
    identity: u64,
    of_file: u64,
    original: bool,
}

impl Twins {
    /// Whether there is more than one capture; with one this does nothing.
    pub(super) fn expect(&mut self, several: bool) {
        self.several = several;
    }

    /// Which captures had packets in common.
    pub(super) fn pairs(&self) -> &Pairs {
        &self.pairs
    }

    pub(super) fn expected(&self) -> bool {
        self.several
    }

    /// Whether another capture has shown this packet. `extra` is what else copies share: the place of a fragment; `stored` is how
    /// many bytes of its payload are here.
    pub(super) fn of(
        &mut self,
        ip: &Ip,
        payload: &Payload<'_>,
        extra: u64,
        stored: usize,
        at: FrameRef,
    ) -> Option<Twin> {
        if !self.several {
            return None;
        }
        let what = identity(payload, ip.id.unwrap_or(0), extra)?;
        let ends = mix(address(ip.src), address(ip.dst).rotate_left(29));
        let (src, dst) = match payload {
            Payload::Tcp(s) => (s.src_port, s.dst_port),
            Payload::Udp(d) => (d.src_port, d.dst_port),
            _ => (0, 0),
        };
        let identity = mix(what, ends ^ ports(src, dst, 0));
        let of_file = mix(identity, u64::from(at.file.0).saturating_add(1));
        self.forget(at);
        let mine = self.seen.entry(of_file).or_default();
        *mine = mine.saturating_add(1);
        let original = self.originals.entry(identity).or_insert(Original {
            count: 0,
            at,
            stored,
        });
        let copy = *mine <= original.count && original.at.file != at.file;
        let twin = Twin {
            of: original.at,
            longer: stored > original.stored,
        };
        if copy {
            if twin.longer {
                original.stored = stored;
            }
            let files = (twin.of.file.min(at.file), twin.of.file.max(at.file));
            let (count, _) = self.pairs.entry(files).or_insert((0, at));
            *count = count.saturating_add(1);
        } else {
            *original = Original {
                count: original.count.saturating_add(1),
                at,
                stored,
            };
        }
        self.events.push_back(Event {
            at,
            identity,
            of_file,
            original: !copy,
        });
        copy.then_some(twin)
    }

    /// Forgets what is out of reach.
    fn forget(&mut self, now: FrameRef) {
        while let Some(oldest) = self.events.front() {
            let age = now.time.since(oldest.at.time);
            if self.events.len() <= REACH && age <= WINDOW {
                return;
            }
            let Some(gone) = self.events.pop_front() else {
                return;
            };
            if let Some(count) = self.seen.get_mut(&gone.of_file) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.seen.remove(&gone.of_file);
                }
            }
            if let Some(original) = self.originals.get_mut(&gone.identity)
                && gone.original
            {
                original.count = original.count.saturating_sub(1);
                if original.count == 0 {
                    self.originals.remove(&gone.identity);
                }
            }
        }
    }
}

/// What a packet has in common with itself behind a router, a NAT, a tunnel's end or another snap length: nothing of addresses,
/// ports, hop counts and checksums. `None` where copies cannot be told from repetitions.
fn identity(payload: &Payload<'_>, id: u16, extra: u64) -> Option<u64> {
    let id = u64::from(id);
    match payload {
        Payload::Tcp(s) => {
            let moves = s.wire_len > 0 || s.flags.0 & 0x07 != 0;
            if id == 0 && !moves {
                return None;
            }
            let ack = if s.flags.ack() { s.ack } else { 0 };
            let numbers = u64::from(s.seq) << 32 | u64::from(ack);
            let rest = u64::from(s.wire_len) << 24 | u64::from(s.flags.0 & 0x3f) << 16 | id;
            Some(mix(numbers, rest ^ 6 << 56))
        }
        Payload::Udp(d) => {
            let bytes = if id == 0 {
                d.payload
            } else {
                d.payload.get(..HEAD).unwrap_or(d.payload)
            };
            Some(folded(
                mix(u64::from(d.wire_len) << 16 | id, 17 << 56),
                bytes,
            ))
        }
        Payload::Sctp(p) => {
            let bytes = p.payload.get(..HEAD).unwrap_or(p.payload);
            let about = u64::from(p.tag) << 32 | u64::from(p.wire_len);
            Some(folded(mix(about, id ^ 132 << 56), bytes))
        }
        Payload::Fragment => Some(mix(extra, id ^ 44 << 56)),
        // The source is compared beside this.
        Payload::IcmpError(e) => {
            let about = e.quoted.and_then(|q| q.ports).unwrap_or_default();
            let kind = u64::from(e.kind) << 40 | u64::from(e.code) << 32;
            Some(mix(ports(about.0, about.1, 1) ^ kind, id ^ 1 << 56))
        }
        Payload::Mirrored(_) | Payload::Other { .. } => None,
    }
}

/// A hash of all bytes.
fn folded(seed: u64, bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(seed, |hash, part| {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(part) {
            *to = *from;
        }
        mix(hash ^ u64::from_le_bytes(word), 0x2d35_8dcc_aa6c_78a5)
    })
}

impl Packet<'_> {
    /// A hash of what this packet has in common with itself in another capture, also behind a NAT or another snap length; `None`
    /// where such a packet cannot be told from repetitions of it, and for what is neither TCP nor UDP.
    pub fn identity(&self) -> Option<u64> {
        match &self.payload {
            Payload::Tcp(_) | Payload::Udp(_) => {
                identity(&self.payload, self.ip_id.unwrap_or(0), 0)
            }
            _ => None,
        }
    }

    /// Whether nothing of this packet is new: another frame had all of its bytes.
    pub fn is_told(&self) -> bool {
        self.duplicate && !self.twin.is_some_and(|twin| twin.longer)
    }
}
