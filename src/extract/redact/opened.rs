//! What the secrets of the report open in the connections of an extract.

use super::stream::{Side, Stream};
use super::tls;
use crate::base::{Chunk, Direction, FrameRef, Limits};
use crate::tls::{Keyring, OpenedRecord, Resealer, Secrets, Session};
use std::collections::BTreeMap;
use std::ops::Range;

/// The records of one stream that were opened, by where they end in it.
pub(super) type Records = BTreeMap<u64, OpenedRecord>;

/// The opened records of one stream, and what seals others in their place.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    pub(super) records: &'a Records,
    /// Where in the stream the run begins that is rewritten.
    pub(super) start: usize,
    pub(super) sealing: &'a mut Sealing,
}

/// What seals, and what it has sealed.
#[derive(Debug)]
pub(super) struct Sealing {
    pub(super) resealer: Resealer,
    /// The content under it: nobody can look for originals behind a cipher.
    pub(super) content: Vec<u8>,
}

/// Opens what can be opened, connection by connection.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    keyring: Keyring,
    limits: &'a Limits,
}

/// A piece of a stream: the frame that brought it, whose stream, which bytes, and whether they are there.
type Piece = (u64, Direction, Range<usize>, bool);

impl<'a> Opening<'a> {
    pub(super) fn new(secrets: &Secrets, limits: &'a Limits) -> Self {
        let mut keyring = Keyring::new(secrets.clone(), limits);
        keyring.keep_masters();
        Self { keyring, limits }
    }

    /// The records of the streams of both sides, in the order of the streams.
    pub(super) fn of(&mut self, sides: [&Side; 2]) -> [Vec<Records>; 2] {
        let none = Stream::default();
        let [a, b] = sides.map(Side::streams);
        let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
        for n in 0..a.len().max(b.len()) {
            let [a, b] = self.of_streams([a, b].map(|side| side.get(n).unwrap_or(&none)));
            of_a.push(a);
            of_b.push(b);
        }
        [of_a, of_b]
    }

    fn of_streams(&mut self, streams: [&Stream; 2]) -> [Records; 2] {
        let (mut of_a, mut of_b) = (Records::new(), Records::new());
        let is_tls = streams.iter().any(|stream| {
            let first = stream.runs().next();
            first.is_some_and(|run| tls::is_tls(stream.bytes(run)))
        });
        if !is_tls {
            return [of_a, of_b];
        }
        let [a, b] = streams;
        let mut pieces = Vec::new();
        pieces_of(Direction::Originator, a, &mut pieces);
        pieces_of(Direction::Responder, b, &mut pieces);
        pieces.sort_by_key(|(frame, ..)| *frame);
        let mut session = Session::new(self.limits);
        session.keep_opened();
        let mut ignore = |_, _: Chunk<'_>| {};
        for (_, direction, range, there) in pieces {
            let stream = match direction {
                Direction::Originator => a,
                Direction::Responder => b,
            };
            let at = FrameRef::default();
            let [offset, end] =
                [range.start, range.end].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
            let chunk = if there {
                let bytes = stream.bytes(range);
                Chunk::Data { offset, at, bytes }
            } else {
                let len = end.saturating_sub(offset);
                Chunk::Gap { offset, at, len }
            };
            session.push(direction, chunk, &mut self.keyring, &mut ignore);
        }
        session.finish(&mut self.keyring, &mut ignore);
        for record in session.take_opened() {
            let to = match record.direction() {
                Direction::Originator => &mut of_a,
                Direction::Responder => &mut of_b,
            };
            to.insert(record.end(), record);
        }
        [of_a, of_b]
    }

    /// Other secrets for all that was opened.
    pub(super) fn made_up(self, key: &[u8]) -> Secrets {
        self.keyring.into_all_secrets().made_up(key)
    }
}

/// The pieces of a stream as they came; what lies behind a hole comes in the end.
fn pieces_of(direction: Direction, stream: &Stream, pieces: &mut Vec<Piece>) {
    let mut at = 0;
    for (frame, end) in &stream.arrivals {
        pieces.push((*frame, direction, at..*end, true));
        at = *end;
    }
    for run in stream.runs() {
        if run.end <= at {
            continue;
        }
        let run = run.start.max(at)..run.end;
        if run.start > at {
            pieces.push((u64::MAX, direction, at..run.start, false));
        }
        at = run.end;
        pieces.push((u64::MAX, direction, run, true));
    }
}
