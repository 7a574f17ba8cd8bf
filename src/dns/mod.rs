//! Names asked for in the capture, and what was answered (RFC 1035, RFC 2782): lookups tied to who asked and when.

mod message;

pub use message::{Answer, Kind, Service, identity};

use crate::base::{Endpoint, FrameRef, Span};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use message::Message;
use std::net::IpAddr;

/// Lookups kept; a busy name server must not fill the memory.
const LOOKUPS: usize = 16_384;
/// Bytes of the records of all answers; above that, only the first record of each is kept.
const RECORD_BYTES: usize = 4 << 20;
/// Letters of the longest name that is kept: RFC 1035 §2.3.4 allows 255 bytes.
const NAME: usize = 256;
/// Frames of repeated questions kept of one lookup.
const ASKED: usize = 8;
/// The same question asked again within this time belongs to the same attempt: resolvers give up after some seconds.
const ATTEMPT: Span = Span::from_secs(30);

/// One question of one host, with everything that came back.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Who asked.
    pub client: IpAddr,
    /// The name server asked first.
    pub server: IpAddr,
    /// The name, in lower case and without the dot at its end.
    pub name: String,
    /// The type of record asked for.
    pub kind: Kind,
    /// The questions, the first few: repeated where no answer came.
    pub asked: Vec<FrameRef>,
    /// What came back first, and where. `None`: nothing.
    pub answer: Option<(FrameRef, Answer)>,
    /// Of the answer only the first record was kept.
    pub shortened: bool,
}

impl Lookup {
    /// When it was asked first.
    pub fn first(&self) -> Option<FrameRef> {
        self.asked.first().copied()
    }

    /// The last thing seen of it.
    pub fn last(&self) -> Option<FrameRef> {
        self.answer
            .as_ref()
            .map(|(at, _)| *at)
            .or_else(|| self.asked.last().copied())
    }

    /// How long the answer took.
    pub fn latency(&self) -> Option<Span> {
        let (at, _) = self.answer.as_ref()?;
        Some(at.time.since(self.first()?.time))
    }

    /// Whether nothing usable came back: no such name, no record, an error, nobody there. Not known while an answer may still come.
    pub fn failed(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|(_, answer)| answer.is_failure())
    }
}

/// What identifies an attempt.
type Key = (IpAddr, Kind, String);

/// The lookups of a capture.
#[derive(Debug, Default)]
pub struct Lookups {
    all: Vec<Lookup>,
    /// The latest attempt of each question.
    latest: HashMap<Key, usize, FixedState>,
    messages: u64,
    malformed: (u64, Option<FrameRef>),
    /// Bytes of the records kept.
    records: usize,
    dropped: u64,
    shortened: u64,
}

impl Lookups {
    /// Takes a DNS message: a datagram from or to port 53. `longer` says that another capture had the same one cut off: it is no new
    /// one, and may be readable now.
    pub fn message(
        &mut self,
        src: Endpoint,
        dst: Endpoint,
        at: FrameRef,
        payload: &[u8],
        longer: bool,
    ) {
        self.messages = self.messages.saturating_add(u64::from(!longer));
        let Some(message) = Message::parse(payload) else {
            let (count, first) = &mut self.malformed;
            *count = count.saturating_add(u64::from(!longer));
            first.get_or_insert(at);
            return;
        };
        if longer {
            let (count, first) = &mut self.malformed;
            *count = count.saturating_sub(1);
            if *count == 0 {
                *first = None;
            }
        }
        let Some((name, kind)) = message.question else {
            return;
        };
        match message.answer {
            None => self.question(src.addr, dst.addr, name, kind, at),
            Some(answer) => self.answer(dst.addr, name, kind, at, answer),
        }
    }

    fn question(&mut self, client: IpAddr, server: IpAddr, name: String, kind: Kind, at: FrameRef) {
        let key = (client, kind, name);
        if let Some(lookup) = self.latest.get(&key).and_then(|n| self.all.get_mut(*n))
            && lookup.answer.is_none()
            && lookup
                .first()
                .is_some_and(|first| at.time.since(first.time) <= ATTEMPT)
        {
            if lookup.asked.len() < ASKED {
                lookup.asked.push(at);
            }
            return;
        }
        // Escapes make up to a thousand letters of a name.
        if self.all.len() >= LOOKUPS || key.2.len() > NAME {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.latest.insert(key.clone(), self.all.len());
        let (client, kind, name) = key;
        self.all.push(Lookup {
            client,
            server,
            name,
            kind,
            asked: vec![at],
            answer: None,
            shortened: false,
        });
    }

    fn answer(
        &mut self,
        client: IpAddr,
        name: String,
        kind: Kind,
        at: FrameRef,
        mut answer: Answer,
    ) {
        let lookup = self
            .latest
            .get(&(client, kind, name))
            .and_then(|n| self.all.get_mut(*n));
        if let Some(lookup) = lookup {
            match &lookup.answer {
                // A second server may know what the first did not.
                Some((_, first)) if !first.is_failure() || answer.is_failure() => {}
                _ => {
                    if self.records.saturating_add(answer.memory()) > RECORD_BYTES {
                        let all = answer.memory();
                        answer.shorten();
                        lookup.shortened = answer.memory() < all;
                        self.shortened = self.shortened.saturating_add(u64::from(lookup.shortened));
                    }
                    self.records = self.records.saturating_add(answer.memory());
                    lookup.answer = Some((at, answer));
                }
            }
        }
    }

    /// An ICMP error quotes a question: the name server cannot be reached.
    pub fn unreachable(&mut self, client: IpAddr, server: IpAddr, at: FrameRef) {
        let open = self.all.iter_mut().rev().take(64).find(|lookup| {
            lookup.client == client && lookup.server == server && lookup.answer.is_none()
        });
        if let Some(lookup) = open {
            lookup.answer = Some((at, Answer::Unreachable));
        }
    }

    /// Messages seen.
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Messages that could not be read, and the first.
    pub const fn malformed(&self) -> (u64, Option<FrameRef>) {
        self.malformed
    }

    /// Questions that were not kept because there were too many.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Answers of which only the first record was kept because there were too many.
    pub const fn shortened(&self) -> u64 {
        self.shortened
    }

    /// All lookups, in the order of the first questions.
    pub fn all(&self) -> &[Lookup] {
        &self.all
    }

    /// Addresses that answers gave for a name; a name that an alias leads to is found by the name asked for.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = Vec::new();
        for lookup in self
            .all
            .iter()
            .filter(|l| l.name.eq_ignore_ascii_case(name))
        {
            if let Some((_, Answer::Addresses(addresses))) = &lookup.answer {
                for address in addresses {
                    if !found.contains(address) {
                        found.push(*address);
                    }
                }
            }
        }
        found
    }

    /// Whether a host asked for the address of a name and got none: the lookup.
    pub fn failed_address(&self, client: IpAddr, name: &str) -> Option<&Lookup> {
        let mut asked = self.all.iter().filter(|lookup| {
            lookup.client == client
                && matches!(lookup.kind, Kind::A | Kind::Aaaa)
                && lookup.name.eq_ignore_ascii_case(name)
        });
        let first = asked.clone().find(|lookup| lookup.failed())?;
        asked
            .all(|lookup| !matches!(lookup.answer, Some((_, Answer::Addresses(_)))))
            .then_some(first)
    }
}

#[cfg(test)]
mod tests;
