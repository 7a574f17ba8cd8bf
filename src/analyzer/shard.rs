//! The content of a part of the connections, and the keys they share.
//!
//! Connections are dealt by the address of their client: a TLS session is resumed by the client that began it, so that what one
//! connection teaches is where the next one needs it. The number of shards does not depend on the number of threads, nor does
//! the moment from which there is more than one: the report must not depend on either.

use super::conversation::Conversation;
use super::work::{Datagram, Line, Output, Stretch, Work};
use crate::base::{Chunk, Direction, FrameRef, Limits};
use crate::dialog::Seen;
use crate::sip;
use crate::tls::Keyring;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::VecDeque;
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
    /// By number. Each by itself: a table of thousands that grows has twice the places and is copied.
    conversations: HashMap<u32, Box<Open>, FixedState>,
    pub(super) keyring: Keyring,
    datagrams: Box<sip::Datagrams>,
    /// Bytes that wait in all conversations, and how many there may be.
    waiting: usize,
    room: usize,
    /// The connections that wait, each once, by number and serial; those that ended or wait no more among them. The first was silent
    /// longest, unless it is marked `lately`.
    queue: VecDeque<(u32, u64)>,
    /// Connections so far: one that was given up for want of room and goes on has the same number as before.
    serial: u64,
}

/// A connection, and whose it is.
struct Open {
    line: Line,
    serial: u64,
    conversation: Conversation,
    /// Bytes that wait in it.
    waiting: usize,
    /// It is in the queue.
    queued: bool,
    /// Something came while it was in the queue.
    lately: bool,
}

/// Places of a queue that may be out of date before they are looked for.
const QUEUE_SLACK: usize = 64;

impl Shard {
    pub(super) fn new(keyring: Keyring, limits: &Limits) -> Self {
        Self {
            conversations: HashMap::default(),
            keyring,
            datagrams: Box::default(),
            waiting: 0,
            room: limits.waiting_bytes,
            queue: VecDeque::new(),
            serial: 0,
        }
    }

    /// The shards of a long capture: each has the keys of all, and the connections that are open of its clients.
    pub(super) fn split(mut self) -> Vec<Self> {
        self.room /= SHARDS;
        let open = std::mem::take(&mut self.conversations);
        let queue = std::mem::take(&mut self.queue);
        self.waiting = 0;
        let mut all: Vec<Self> = (1..SHARDS)
            .map(|_| Self {
                conversations: HashMap::default(),
                keyring: self.keyring.share(SHARDS),
                datagrams: Box::default(),
                waiting: 0,
                room: self.room,
                queue: VecDeque::new(),
                serial: self.serial,
            })
            .collect();
        self.keyring.narrow(SHARDS);
        all.insert(0, self);
        for (stream, serial) in queue {
            let there = open.get(&stream).filter(|open| open.serial == serial);
            let client = there.map(|open| open.line.client.addr);
            if let Some(shard) = client.and_then(|client| all.get_mut(place(client))) {
                shard.queue.push_back((stream, serial));
            }
        }
        for (stream, mut open) in open {
            if let Some(shard) = all.get_mut(place(open.line.client.addr)) {
                shard.waiting = shard.waiting.saturating_add(open.waiting);
                open.conversation.move_to(&mut shard.keyring);
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
                self.keyring.forget_sessions();
                self.queue.clear();
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
        let entry = self.conversations.entry(line.stream);
        let open = entry.or_insert_with(|| {
            self.serial = self.serial.wrapping_add(1);
            Box::new(Open {
                line: *line,
                serial: self.serial,
                conversation: Conversation::default(),
                waiting: 0,
                queued: false,
                lately: false,
            })
        });
        let conversation = &mut open.conversation;
        conversation.push(line, direction, chunk, means, &mut self.keyring, out);
        let now = conversation.waiting();
        let before = std::mem::replace(&mut open.waiting, now);
        if now > 0 {
            open.lately = open.queued;
            if !std::mem::replace(&mut open.queued, true) {
                self.queue.push_back((line.stream, open.serial));
            }
        }
        self.waiting = self.waiting.saturating_add(now).saturating_sub(before);
        if self.waiting > self.room {
            // One that takes very much does not make all others give up.
            if now > self.room / 4 {
                self.give_up(line.stream, means, last, out);
            }
            self.make_room(means, last, out);
        }
        self.tidy();
    }

    /// Lets the connections that were silent longest give up what they wait with, until there is room.
    fn make_room(&mut self, means: &Means, last: FrameRef, out: &mut dyn FnMut(Output)) {
        while self.waiting > self.room
            && let Some((stream, serial)) = self.queue.pop_front()
        {
            let open = self.conversations.get_mut(&stream);
            let Some(open) = open.filter(|open| open.serial == serial) else {
                continue;
            };
            if open.waiting == 0 {
                open.queued = false;
            } else if std::mem::take(&mut open.lately) {
                self.queue.push_back((stream, serial));
            } else {
                open.queued = false;
                self.give_up(stream, means, last, out);
            }
        }
    }

    /// Lets a connection give up what it waits with.
    fn give_up(&mut self, stream: u32, means: &Means, last: FrameRef, out: &mut dyn FnMut(Output)) {
        let Some(open) = self.conversations.get_mut(&stream) else {
            return;
        };
        let (line, keyring) = (open.line, &mut self.keyring);
        open.conversation
            .give_up_waiting(&line, means, keyring, last, out);
        let now = open.conversation.waiting();
        let before = std::mem::replace(&mut open.waiting, now);
        self.waiting = self.waiting.saturating_add(now).saturating_sub(before);
    }

    /// Takes from the queue what is out of date, once that is most of it.
    fn tidy(&mut self) {
        let most = self.conversations.len().saturating_mul(2);
        if self.queue.len() > most.saturating_add(QUEUE_SLACK) {
            let conversations = &self.conversations;
            self.queue.retain(|(stream, serial)| {
                let open = conversations.get(stream);
                open.is_some_and(|open| open.serial == *serial)
            });
        }
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
    use crate::base::Endpoint;
    use crate::tls::Secrets;

    #[test]
    fn clients_of_one_network_are_dealt_to_all_shards() {
        let mut counts = [0; SHARDS];
        for last in 1..=254 {
            let client = IpAddr::from([10, 1, 1, last]);
            counts[place(client)] += 1;
        }
        assert!(counts.iter().all(|n| *n > 40), "{counts:?}");
    }

    fn line(stream: u32) -> Line {
        let endpoint = |last, port| Endpoint {
            addr: IpAddr::from([10, 1, 1, last]),
            port,
        };
        Line {
            stream,
            client: endpoint(100, 20_000),
            server: endpoint(10, 5060),
            late: false,
        }
    }

    /// A shard with room for 64 KiB, and what it said.
    struct Bench {
        shard: Shard,
        means: Means,
        messages: Vec<(u32, bool)>,
        caveats: usize,
    }

    impl Bench {
        fn new() -> Self {
            let limits = Limits {
                waiting_bytes: 64 << 10,
                ..Limits::default()
            };
            Self {
                shard: Shard::new(Keyring::new(Secrets::default(), &limits), &limits),
                means: Means {
                    limits,
                    hash_streams: false,
                },
                messages: Vec::new(),
                caveats: 0,
            }
        }

        fn push(&mut self, stream: u32, bytes: &[u8]) {
            let stretch = Stretch {
                line: line(stream),
                direction: Direction::Originator,
                offset: 0,
                at: FrameRef::default(),
            };
            let Self {
                shard,
                means,
                messages,
                caveats,
            } = self;
            shard.work(
                Work::Data(stretch, bytes),
                means,
                FrameRef::default(),
                &mut |output| match output {
                    Output::Message(seen) => messages.push((
                        seen.hop.stream.unwrap_or_default(),
                        seen.message.defects().is_empty(),
                    )),
                    Output::Caveat { .. } => *caveats += 1,
                    _ => {}
                },
            );
            let all = shard.conversations.values();
            let waiting: usize = all.map(|open| open.conversation.waiting()).sum();
            assert_eq!(waiting, shard.waiting);
            assert!(waiting <= 64 << 10, "{waiting}");
            assert!(shard.queue.len() <= 2 * shard.conversations.len() + QUEUE_SLACK);
        }

        fn end(&mut self, stream: u32) {
            if let Some(open) = self.shard.conversations.remove(&stream) {
                self.shard.waiting -= open.waiting;
            }
        }
    }

    const MESSAGE: &[u8] = b"MESSAGE sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.100;branch=z9hG4bK1\r\n\
        From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n\
        Content-Length: 2000\r\n\r\n";

    fn halves() -> (Vec<u8>, Vec<u8>) {
        let mut first = MESSAGE.to_vec();
        first.resize(MESSAGE.len() + 1_000, b'.');
        (first, vec![b'.'; 1_000])
    }

    #[test]
    fn the_connection_that_was_silent_longest_gives_up_first() {
        let mut bench = Bench::new();
        let (first, second) = halves();
        for stream in 1..=500 {
            // One goes on between all those that stop in the middle of a message.
            bench.push(0, &first);
            bench.push(stream, &first);
            bench.push(0, &second);
        }
        let of_busy = bench.messages.iter().filter(|(stream, _)| *stream == 0);
        assert!(of_busy.clone().count() == 500 && of_busy.clone().all(|(_, whole)| *whole));
        let given: Vec<u32> = bench
            .messages
            .iter()
            .map(|m| m.0)
            .filter(|s| *s > 0)
            .collect();
        assert!(given.len() > 400 && given.is_sorted(), "{given:?}");
        assert_eq!(bench.caveats, given.len());
        // The last ones still wait, and end well.
        for stream in 495..=500 {
            bench.push(stream, &second);
            assert_eq!(bench.messages.last(), Some(&(stream, true)));
        }
    }

    #[test]
    fn tls_records_and_handshake_messages_wait_in_the_same_room() {
        let mut bench = Bench::new();
        let mut hello = vec![22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc];
        hello.resize(5_000, 3);
        for stream in 0..500 {
            bench.push(stream, &hello);
        }
        // A handshake message of 128 KiB that records of 4 KiB do not bring to its end.
        let mut message = vec![22, 3, 1, 0x10, 0, 1, 2, 0, 0];
        message.resize(5 + 0x1000, 3);
        for stream in 1_000..1_100 {
            for _ in 0..8 {
                bench.push(stream, &message);
            }
        }
        assert_eq!(bench.caveats, 0, "that is in the summaries of the sessions");
    }

    #[test]
    fn connections_that_ended_leave_the_queue() {
        let mut bench = Bench::new();
        let (first, _) = halves();
        for stream in 0..10_000 {
            bench.push(stream, &first);
            bench.end(stream);
        }
        assert!(bench.shard.queue.len() <= QUEUE_SLACK + 2);
    }

    #[test]
    fn what_was_given_up_waits_no_longer_whatever_it_was() {
        let upgrade: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        // A frame, a message, a TLS record and a handshake message in segments of one byte: where each came from is kept, too.
        let frame = [&[0x81, 0xfe, 0x7f, 0xff, 0, 0, 0, 0][..], &[b'x'; 200]].concat();
        let record = [&[22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc][..], &[7; 200]].concat();
        // What a TLS session gives up stands in its summary.
        let cases = [
            (upgrade, frame, Some("very many WebSocket messages")),
            (
                MESSAGE,
                vec![b'.'; 200],
                Some("very many unfinished SIP messages"),
            ),
            (b"INV", b"ITE".to_vec(), Some("very many connections")),
            (b"", record, None),
        ];
        for (head, tail, words) in cases {
            let mut bench = Bench::new();
            bench.push(1, head);
            for byte in tail {
                bench.push(1, &[byte]);
            }
            assert!(bench.shard.waiting > 100, "{head:?}");
            let Bench { shard, means, .. } = &mut bench;
            let mut told = Vec::new();
            shard.give_up(1, means, FrameRef::default(), &mut |output| {
                if let Output::Caveat { text, .. } = output {
                    told.push(text);
                }
            });
            assert_eq!(shard.waiting, 0, "{head:?}");
            assert_eq!(told.len(), usize::from(words.is_some()), "{told:?}");
            let said = |words| told.iter().all(|text| text.starts_with(words));
            assert!(words.is_none_or(said), "{told:?}");
        }
    }
}
