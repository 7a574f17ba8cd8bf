//! What one connection carries: SIP in clear, TLS, both, or something else.

use super::lane::{Forward, Lane};
use super::shard::Means;
use super::work::{Line, Output};
use crate::base::{CaveatKind, Chunk, Direction, FrameRef};
use crate::connection::{Connection, Opening, Plaintext, Speaks};
use crate::dialog::{Hop, Seen};
use crate::flow::FlowSummary;
use crate::sip;
use crate::tls::{Keyring, Session};
use crate::websocket;
use ring::digest;
use std::borrow::Cow;

/// Bytes of each side's first payload kept for showing.
const OPENING_BYTES: usize = 96;

/// Everything kept beside one TCP connection.
#[derive(Default)]
pub(super) struct Conversation {
    lanes: [Lane; 2],
    session: Option<Box<Tls>>,
    opening: [Option<Opening>; 2],
    found: Found,
    hashes: Option<Box<[Hash; 2]>>,
}

/// What the messages of a connection told about it.
#[derive(Debug, Default)]
struct Found {
    /// Messages by direction.
    messages: [u64; 2],
    /// A Digest challenge went by.
    digest_challenged: bool,
    /// Bytes that are neither SIP nor TLS, and the first place.
    other: u64,
    other_at: Option<FrameRef>,
}

impl Found {
    /// Takes what a lane gave out for itself.
    fn take(
        &mut self,
        forward: Forward<'_>,
        line: &Line,
        direction: Direction,
        carriage: &'static str,
        out: &mut dyn FnMut(Output),
    ) {
        match forward {
            Forward::Sip(item) => deliver(item, line, direction, carriage, self, out),
            Forward::WebSocket(item) => {
                let carriage = if carriage == "tls" { "wss" } else { "ws" };
                deliver(item, line, direction, carriage, self, out);
            }
            Forward::Other { at, bytes } => self.other(at, bytes),
            Forward::Tls(_) => {}
        }
    }

    fn other(&mut self, at: FrameRef, bytes: usize) {
        self.other = self
            .other
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.other_at.get_or_insert(at);
    }
}

/// A TLS session and what is found inside it.
struct Tls {
    session: Session,
    told_unread: bool,
    inside: Inside,
}

/// What the application data of a TLS session is.
#[derive(Default)]
struct Inside {
    lanes: [Lane; 2],
    plaintext: [u64; 2],
    hashes: [Hash; 2],
}

impl Inside {
    fn push(
        &mut self,
        line: &Line,
        direction: Direction,
        plain: Chunk<'_>,
        means: &Means,
        found: &mut Found,
        out: &mut dyn FnMut(Output),
    ) {
        if means.hash_streams {
            of(&mut self.hashes, direction).take(&plain);
        }
        if let Chunk::Data { bytes, .. } = plain {
            *of(&mut self.plaintext, direction) += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        }
        let lane = of(&mut self.lanes, direction);
        lane.push(plain, false, true, &means.limits, &mut |forward| {
            found.take(forward, line, direction, "tls", out);
        });
    }
}

/// A running SHA-256 that a gap ends for good, unless nothing follows it.
#[derive(Clone, Default)]
enum Hash {
    #[default]
    Unused,
    Running(Box<digest::Context>),
    /// Bytes are missing; at the end of a stream that says nothing against those before.
    Ended(Box<digest::Context>),
    Broken,
}

impl Hash {
    fn take(&mut self, chunk: &Chunk<'_>) {
        match chunk {
            Chunk::Data { bytes, .. } => match self {
                Self::Unused => {
                    let mut context = digest::Context::new(&digest::SHA256);
                    context.update(bytes);
                    *self = Self::Running(Box::new(context));
                }
                Self::Running(context) => context.update(bytes),
                Self::Ended(_) | Self::Broken => *self = Self::Broken,
            },
            Chunk::Gap { .. } => {
                *self = match std::mem::take(self) {
                    Self::Running(context) | Self::Ended(context) => Self::Ended(context),
                    Self::Unused | Self::Broken => Self::Broken,
                }
            }
        }
    }

    fn finish(self) -> Option<[u8; 32]> {
        let digest = match self {
            Self::Unused => digest::digest(&digest::SHA256, b""),
            Self::Running(context) | Self::Ended(context) => context.finish(),
            Self::Broken => return None,
        };
        digest.as_ref().try_into().ok()
    }
}

fn of<T>(pair: &mut [T; 2], direction: Direction) -> &mut T {
    let [originator, responder] = pair;
    match direction {
        Direction::Originator => originator,
        Direction::Responder => responder,
    }
}

impl Conversation {
    /// Takes a chunk of one direction.
    pub(super) fn push(
        &mut self,
        line: &Line,
        direction: Direction,
        chunk: Chunk<'_>,
        means: &Means,
        keyring: &mut Keyring,
        out: &mut dyn FnMut(Output),
    ) {
        if means.hash_streams {
            let hashes = self.hashes.get_or_insert_default();
            of(hashes, direction).take(&chunk);
        }
        if let Chunk::Data { at, bytes, .. } = chunk {
            let opening = of(&mut self.opening, direction);
            opening.get_or_insert_with(|| Opening {
                at,
                bytes: bytes.get(..OPENING_BYTES).unwrap_or(bytes).into(),
            });
        }
        let late = line.late;
        let Self {
            lanes,
            session,
            found,
            ..
        } = self;
        of(lanes, direction).push(
            chunk,
            true,
            late,
            &means.limits,
            &mut |forward| match forward {
                Forward::Tls(chunk) => {
                    let tls = session.get_or_insert_with(|| Box::new(Tls::new(means)));
                    tls.push(line, direction, chunk, (means, keyring), found, out);
                }
                forward => found.take(forward, line, direction, "tcp", out),
            },
        );
        // The side that does not speak TLS in a TLS connection: the session notes what it said instead.
        if let Some(tls) = session
            && of(lanes, direction).speaks() != Speaks::Tls
        {
            tls.session.push(direction, chunk, keyring, &mut |_, _| {});
        }
    }

    /// It goes on in another shard.
    pub(super) fn move_to(&mut self, keyring: &mut Keyring) {
        if let Some(tls) = &mut self.session {
            tls.session.move_to(keyring);
        }
    }

    /// Bytes held until more come.
    pub(super) fn waiting(&self) -> usize {
        let tls = self.session.iter().map(|tls| tls.session.waiting());
        let inner = self.session.iter().flat_map(|tls| &tls.inside.lanes);
        let lanes = self.lanes.iter().chain(inner).map(Lane::waiting);
        lanes.chain(tls).sum()
    }

    /// Gives what it holds as it is: there is no more room for waiting. `last`: the time it is.
    pub(super) fn give_up_waiting(
        &mut self,
        line: &Line,
        means: &Means,
        keyring: &mut Keyring,
        last: FrameRef,
        out: &mut dyn FnMut(Output),
    ) {
        let Self {
            lanes,
            session,
            found,
            ..
        } = self;
        // What a TLS session gives up stands in its summary; what comes of it may wait in a lane.
        if let Some(tls) = session {
            tls.give_up_waiting(line, (means, keyring), found, out);
        }
        let inside = session.as_mut().map(|tls| &mut tls.inside.lanes);
        let all = std::iter::once(("tcp", lanes)).chain(inside.map(|lanes| ("tls", lanes)));
        let mut told = Vec::new();
        for (carriage, lanes) in all {
            for direction in [Direction::Originator, Direction::Responder] {
                let lane = of(lanes, direction);
                if lane.waiting() == 0 {
                    continue;
                }
                let text = lane.given_up();
                if !told.contains(&text) {
                    told.push(text);
                    out(Output::Caveat {
                        kind: CaveatKind::SipUnfinished,
                        at: last,
                        text: Cow::Borrowed(text),
                    });
                }
                lane.finish(&mut |forward| {
                    found.take(forward, line, direction, carriage, out);
                });
            }
        }
    }

    /// The connection has ended.
    pub(super) fn finish(
        mut self,
        flow: FlowSummary,
        means: &Means,
        keyring: &mut Keyring,
        out: &mut dyn FnMut(Output),
    ) -> Connection {
        let line = Line::of(&flow);
        let mut found = std::mem::take(&mut self.found);
        for direction in [Direction::Originator, Direction::Responder] {
            of(&mut self.lanes, direction).finish(&mut |forward| {
                found.take(forward, &line, direction, "tcp", out);
            });
        }
        let mut plaintext = [Plaintext::default(), Plaintext::default()];
        let mut websocket = facts(&self.lanes);
        let tls = self.session.map(|tls| {
            let (summary, texts, inside) = tls.finish(&line, means, keyring, &mut found, out);
            plaintext = texts;
            if inside.iter().any(Option::is_some) {
                websocket = inside;
            }
            Box::new(summary)
        });
        let [originator, responder] = &self.lanes;
        let [hash_o, hash_r] = *self.hashes.unwrap_or_default();
        let mut connection = Connection::new(
            flow,
            [originator.speaks(), responder.speaks()],
            self.opening,
            found.messages,
            tls,
            [sha256(hash_o, means), sha256(hash_r, means)],
            plaintext,
        );
        connection.digest_challenged = found.digest_challenged;
        connection.websocket = websocket;
        connection.other = found.other_at.map(|at| (at, found.other));
        connection
    }
}

impl Tls {
    fn new(means: &Means) -> Self {
        Self {
            session: Session::new(&means.limits),
            told_unread: false,
            inside: Inside::default(),
        }
    }

    fn push(
        &mut self,
        line: &Line,
        direction: Direction,
        chunk: Chunk<'_>,
        (means, keyring): (&Means, &mut Keyring),
        found: &mut Found,
        out: &mut dyn FnMut(Output),
    ) {
        let Self {
            session,
            told_unread,
            inside,
        } = self;
        session.push(direction, chunk, keyring, &mut |direction, plain| {
            inside.push(line, direction, plain, means, found, out);
        });
        if !*told_unread && session.summary().is_unread() {
            *told_unread = true;
            out(Output::Unread(line.client.addr, line.server.addr));
        }
    }

    fn give_up_waiting(
        &mut self,
        line: &Line,
        (means, keyring): (&Means, &mut Keyring),
        found: &mut Found,
        out: &mut dyn FnMut(Output),
    ) {
        let Self {
            session, inside, ..
        } = self;
        session.give_up_waiting(keyring, &mut |direction, plain| {
            inside.push(line, direction, plain, means, found, out);
        });
    }

    fn finish(
        mut self: Box<Self>,
        line: &Line,
        means: &Means,
        keyring: &mut Keyring,
        found: &mut Found,
        out: &mut dyn FnMut(Output),
    ) -> (
        crate::tls::TlsSummary,
        [Plaintext; 2],
        [Option<Box<websocket::Facts>>; 2],
    ) {
        let inside = &mut self.inside;
        self.session.finish(keyring, &mut |direction, plain| {
            inside.push(line, direction, plain, means, found, out);
        });
        for direction in [Direction::Originator, Direction::Responder] {
            of(&mut inside.lanes, direction).finish(&mut |forward| {
                found.take(forward, line, direction, "tls", out);
            });
        }
        let websocket = facts(&self.inside.lanes);
        let [bytes_o, bytes_r] = self.inside.plaintext;
        let [hash_o, hash_r] = self.inside.hashes;
        let text = |bytes, hash: Hash| Plaintext {
            bytes,
            sha256: sha256(hash, means),
        };
        (
            self.session.into_summary(),
            [text(bytes_o, hash_o), text(bytes_r, hash_r)],
            websocket,
        )
    }
}

/// What a stream hashes to, when that is asked for and it is whole.
fn sha256(hash: Hash, means: &Means) -> Option<Box<[u8; 32]>> {
    let whole = if means.hash_streams {
        hash.finish()
    } else {
        None
    };
    whole.map(Box::new)
}

/// What the lanes that speak WebSocket told.
fn facts(lanes: &[Lane; 2]) -> [Option<Box<websocket::Facts>>; 2] {
    let [originator, responder] = lanes;
    [originator, responder].map(|lane| lane.websocket().cloned().map(Box::new))
}

fn deliver(
    item: sip::Item,
    line: &Line,
    direction: Direction,
    carriage: &'static str,
    found: &mut Found,
    out: &mut dyn FnMut(Output),
) {
    match item {
        sip::Item::Message(message) => {
            *of(&mut found.messages, direction) += 1;
            found.digest_challenged |= message.status().is_some_and(|s| matches!(s.0, 401 | 407))
                && message.challenges().any(|c| c.scheme.is("Digest"));
            out(Output::Message(Seen {
                message,
                hop: Hop {
                    src: line.sender(direction),
                    dst: line.sender(direction.reverse()),
                    carriage,
                    stream: Some(line.stream),
                },
            }));
        }
        sip::Item::KeepAlive { .. } => {}
        sip::Item::Skipped { at, bytes, reason } => out(Output::Skipped { at, bytes, reason }),
    }
}
