//! The content of a part of the connections, and the keys they share.
//!
//! Connections are dealt by the address of their client: a TLS session is resumed by the client that began it, so that what one
//! connection teaches is where the next one needs it. The number of shards does not depend on the number of threads, nor does
//! the moment from which there is more than one: the report must not depend on either.

use super::conversation::Conversation;
use super::work::{Datagram, Line, Output, Stretch, Work};
use crate::base::{CaveatKind, Chunk, Direction, FrameRef, Limits};
use crate::dialog::Seen;
use crate::sip;
use crate::tls::Keyring;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::net::IpAddr;

/// Shards of a long capture; more threads than this have no connections to read.
pub(super) const SHARDS: usize = 4;

/// How the content of connections is read.
#[derive(Debug, Clone)]
pub(super) struct Means {
    pub(super) limits: Limits,
    /// SHA-256 of each stream is wanted.
    pub(super) hash_streams: bool,
}

/// Some of the connections.
pub(super) struct Shard {
    /// By number.
    conversations: HashMap<u32, Open, FixedState>,
    pub(super) keyring: Keyring,
    datagrams: Box<sip::Datagrams>,
    /// Bytes of unfinished messages in all conversations, and how many there may be.
    waiting: usize,
    room: usize,
}

/// A connection, and whose it is.
struct Open {
    client: IpAddr,
    conversation: Conversation,
    /// Bytes of unfinished messages in it.
    waiting: usize,
}

impl Shard {
    pub(super) fn new(keyring: Keyring, limits: &Limits) -> Self {
        Self {
            conversations: HashMap::default(),
            keyring,
            datagrams: Box::default(),
            waiting: 0,
            room: limits.sip_waiting_bytes,
        }
    }

    /// The shards of a long capture: each has the keys of all, and the connections that are open of its clients.
    pub(super) fn split(mut self) -> Vec<Self> {
        self.room /= SHARDS;
        let open = std::mem::take(&mut self.conversations);
        self.waiting = 0;
        let mut all: Vec<Self> = (1..SHARDS)
            .map(|_| Self {
                conversations: HashMap::default(),
                keyring: self.keyring.share(SHARDS),
                datagrams: Box::default(),
                waiting: 0,
                room: self.room,
            })
            .collect();
        self.keyring.narrow(SHARDS);
        all.insert(0, self);
        for (stream, open) in open {
            if let Some(shard) = all.get_mut(place(open.client)) {
                shard.waiting = shard.waiting.saturating_add(open.waiting);
                shard.conversations.insert(stream, open);
            }
        }
        all
    }

    /// Does a piece of work. `last`: the time it is.
    pub(super) fn work(
        &mut self,
        work: Work<&[u8]>,
        means: &Means,
        last: FrameRef,
        out: &mut dyn FnMut(Output),
    ) {
        match work {
            Work::Data(
                Stretch {
                    line,
                    direction,
                    offset,
                    at,
                },
                bytes,
            ) => {
                let chunk = Chunk::Data { offset, at, bytes };
                self.chunk(&line, direction, chunk, means, last, out);
            }
            Work::Gap(
                Stretch {
                    line,
                    direction,
                    offset,
                    at,
                },
                len,
            ) => {
                let chunk = Chunk::Gap { offset, at, len };
                self.chunk(&line, direction, chunk, means, last, out);
            }
            Work::Ended(flow) => {
                let owner = self.conversations.remove(&flow.stream);
                let waiting = owner.as_ref().map_or(0, |open| open.waiting);
                self.waiting = self.waiting.saturating_sub(waiting);
                let owner = owner.map(|open| open.conversation).unwrap_or_default();
                let connection = owner.finish(*flow, means, &mut self.keyring, out);
                out(Output::Connection(Box::new(connection)));
            }
            Work::Datagram(datagram, payload) => {
                read(&datagram, payload, &means.limits, &mut self.datagrams, out);
            }
            Work::Secrets(secrets) => self.keyring.know(secrets),
            Work::Forget => {
                self.conversations.clear();
                self.waiting = 0;
            }
        }
    }

    fn chunk(
        &mut self,
        line: &Line,
        direction: Direction,
        chunk: Chunk<'_>,
        means: &Means,
        last: FrameRef,
        out: &mut dyn FnMut(Output),
    ) {
        let open = self.conversations.entry(line.stream);
        let Open {
            conversation,
            waiting,
            ..
        } = open.or_insert_with(|| Open {
            client: line.client.addr,
            conversation: Conversation::default(),
            waiting: 0,
        });
        let before = *waiting;
        conversation.push(line, direction, chunk, means, &mut self.keyring, out);
        let mut now = conversation.waiting();
        self.waiting = self.waiting.saturating_add(now).saturating_sub(before);
        if self.waiting > self.room && now > 0 {
            out(Output::Caveat {
                kind: CaveatKind::SipUnfinished,
                at: last,
                text: Cow::Borrowed(
                    "very many unfinished SIP messages: some were given before they were complete",
                ),
            });
            conversation.give_up_waiting(line, out);
            let given = now;
            now = conversation.waiting();
            self.waiting = self.waiting.saturating_add(now).saturating_sub(given);
        }
        *waiting = now;
    }
}

/// Which shard a client's connections belong to: FNV-1a over its address, because hashes of libraries differ between machines.
pub(super) fn place(client: IpAddr) -> usize {
    let fold = |bytes: &[u8]| {
        bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        })
    };
    let hash = match client {
        IpAddr::V4(v4) => fold(&v4.octets()),
        IpAddr::V6(v6) => fold(&v6.octets()),
    };
    // The low bits alone are a weak choice: those of the last octet.
    usize::try_from(hash ^ (hash >> 15)).unwrap_or_default() % SHARDS
}

/// Reads the SIP messages of a datagram.
fn read(
    datagram: &Datagram,
    payload: &[u8],
    limits: &Limits,
    datagrams: &mut sip::Datagrams,
    out: &mut dyn FnMut(Output),
) {
    let Datagram { at, wire_len, .. } = *datagram;
    datagrams.read(payload, at, wire_len, limits, &mut |item| match item {
        sip::Item::Message(mut message) => {
            message.duplicate = datagram.duplicate;
            if !datagram.fragments.is_empty() {
                message.carried_by(&datagram.fragments);
            }
            let hop = datagram.hop;
            out(Output::Message(Seen { message, hop }));
        }
        sip::Item::KeepAlive { .. } => {}
        sip::Item::Skipped { at, bytes, reason } => out(Output::Skipped { at, bytes, reason }),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_one_network_are_dealt_to_all_shards() {
        let mut counts = [0; SHARDS];
        for last in 1..=254 {
            let client = IpAddr::from([10, 1, 1, last]);
            counts[place(client)] += 1;
        }
        assert!(counts.iter().all(|n| *n > 40), "{counts:?}");
    }
}
