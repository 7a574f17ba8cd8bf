//! One connection: records of both directions in, facts and plaintext out.

use super::alert::Alert;
use super::held::Held;
use super::joiner::Joiner;
use super::kept::Kept;
use super::keying::Keying;
use super::keyring::Keyring;
use super::keys::Keys;
use super::observed::{PlaintextAnswer, What, Why};
use super::record::{Framer, Head, Leftover, Step};
use super::summary::TlsSummary;
use crate::base::{Chunk, Direction, FrameRef, Limits};

/// Both directions of one TLS connection.
///
/// The same comes out however the streams are cut into chunks, as long as there are records. Whether what is none is an answer in
/// clear text, and where records begin again behind it or behind a hole, is judged by the bytes that come in the same chunk.
#[derive(Debug)]
pub struct Session {
    pub(super) sides: [Side; 2],
    pub(super) summary: TlsSummary,
    /// Bytes of an application record without content, once the suite is known.
    pub(super) minimal: Option<usize>,
    /// What the handshake at hand has agreed.
    pub(super) keying: Keying,
    /// Most numbers tried for a record behind a hole.
    pub(super) search: u64,
    /// The connection of a key log that this one was found to be, begun before the capture, and who its client is.
    pub(super) begun_before: Option<([u8; 32], Direction)>,
    /// The records that were opened, where they are wanted.
    pub(super) opened: Kept,
    /// Bytes of what the handshake told that are kept, and how many of them are borrowed from the room of all sessions.
    pub(super) kept: usize,
    pub(super) borrowed: usize,
    finished: bool,
}

/// What protects the records of one direction now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing yet: handshake and alerts are readable.
    Clear,
    /// TLS 1.3: application_data is protected, the other types stay readable (RFC 8446 §5.1). Opened when there are keys.
    Inner,
    /// Up to TLS 1.2: everything is protected, and there are keys.
    Open,
    /// Everything is protected; the other direction has not said yet what the keys depend on.
    Held,
    /// A NULL suite, its MAC not checked: content, then a MAC of this many bytes.
    Null { mac_len: usize },
    /// Everything is protected and nothing is opened.
    Opaque,
}

/// What a session needs while it reads: the secrets, and where application data is lent to.
pub(super) struct Outlet<'a> {
    pub(super) keyring: &'a mut Keyring,
    pub(super) plain: &'a mut Plain<'a>,
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) framer: Framer,
    pub(super) joiner: Joiner,
    pub(super) mode: Mode,
    /// The keys, in the modes that have some.
    pub(super) keys: Option<Box<Keys>>,
    /// Records kept while the mode is `Held`.
    pub(super) held: Held,
    /// Records of this handshake were kept in vain: no more of them are.
    pub(super) gave_up_holding: bool,
    /// Bytes of the stream so far, and up to the end of the last record.
    pub(super) fed: u64,
    pub(super) passed: u64,
    /// Bytes missing while there were no keys.
    pub(super) lost: u64,
    /// Records of a connection begun before the capture that no secret opened.
    pub(super) tried: u32,
    /// Bytes were missing while clear: a ChangeCipherSpec may have been among them.
    pub(super) uncertain: bool,
    /// The record at hand lacks what was given up for want of room.
    pub(super) no_room: bool,
    /// Plaintext bytes handed out or known to be missing.
    pub(super) plain_offset: u64,
    /// The last frame seen, for what is cut at the end.
    pub(super) last: FrameRef,
}

impl Side {
    const fn new(limits: &Limits) -> Self {
        Self {
            framer: Framer::new(),
            joiner: Joiner::new(limits.tls_handshake_bytes),
            mode: Mode::Clear,
            keys: None,
            held: Held::new(limits.tls_held_bytes),
            gave_up_holding: false,
            fed: 0,
            passed: 0,
            lost: 0,
            tried: 0,
            uncertain: false,
            no_room: false,
            plain_offset: 0,
            last: FrameRef {
                time: crate::base::Timestamp::from_nanos(0),
                file: crate::base::FileIndex(0),
                number: crate::base::FrameNumber::new(0),
            },
        }
    }
}

/// Where plaintext application data is lent to.
pub(super) type Plain<'p> = dyn FnMut(Direction, Chunk<'_>) + 'p;

impl Session {
    /// A session of which nothing has been seen.
    pub fn new(limits: &Limits) -> Self {
        Self {
            sides: [Side::new(limits), Side::new(limits)],
            summary: TlsSummary::default(),
            minimal: None,
            keying: Keying::default(),
            search: limits.tls_sequence_search,
            begun_before: None,
            opened: Kept::default(),
            kept: 0,
            borrowed: 0,
            finished: false,
        }
    }

    /// Takes the next chunk of one direction; chunks of both come in the order they arrived. Application data that is
    /// readable, or is opened with the secrets of `keyring`, is lent to `plain`, with offsets in the plaintext; a gap's length
    /// there is an upper bound.
    pub fn push(
        &mut self,
        direction: Direction,
        chunk: Chunk<'_>,
        keyring: &mut Keyring,
        plain: &mut dyn FnMut(Direction, Chunk<'_>),
    ) {
        let mut out = Outlet { keyring, plain };
        match chunk {
            Chunk::Data { at, bytes, .. } => self.data(direction, at, bytes, &mut out),
            Chunk::Gap { at, len, .. } => self.gap(direction, at, len, &mut out),
        }
    }

    /// The connection, or the capture, ended. What was held back is given out as far as it can be.
    pub fn finish(&mut self, keyring: &mut Keyring, plain: &mut dyn FnMut(Direction, Chunk<'_>)) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let mut out = Outlet { keyring, plain };
        for side in &mut self.sides {
            side.gave_up_holding = true;
        }
        for direction in [Direction::Originator, Direction::Responder] {
            self.give_up_holding(direction, &mut out);
        }
        for direction in [Direction::Originator, Direction::Responder] {
            let side = self.side(direction);
            let (at, leftover, pending) =
                (side.last, side.framer.leftover(), side.joiner.pending());
            match leftover {
                Leftover::None => {}
                Leftover::Cut { there } => {
                    self.summary
                        .lost(direction, at, Why::CutRecord, count(there))
                }
                Leftover::Lost { skipped: 0 } => {}
                Leftover::Lost { skipped } => self.passed_over(direction, at, skipped),
            }
            if pending > 0 {
                self.summary
                    .lost(direction, at, Why::CutHandshake, count(pending));
            }
            self.judge_last_record(direction);
            self.judge_keys(direction);
        }
        self.give_back(out.keyring);
    }

    /// What was seen so far.
    pub const fn summary(&self) -> &TlsSummary {
        &self.summary
    }

    /// What was seen, once [`Self::finish`] was called.
    pub fn into_summary(self) -> TlsSummary {
        self.summary
    }

    pub(super) fn side(&mut self, direction: Direction) -> &mut Side {
        let [originator, responder] = &mut self.sides;
        match direction {
            Direction::Originator => originator,
            Direction::Responder => responder,
        }
    }

    fn data(&mut self, direction: Direction, at: FrameRef, bytes: &[u8], out: &mut Outlet<'_>) {
        let side = self.side(direction);
        side.last = at;
        side.fed = side.fed.saturating_add(count(bytes.len()));
        let fed = side.fed;
        self.summary.first.get_or_insert(at);
        self.summary.last = Some(at);
        if let Some(answer) = at_mut(&mut self.summary.plaintext_answer, direction) {
            answer.add(bytes);
            return;
        }
        // The framer lends from its own buffer while the session changes: it is taken out for that time.
        let mut framer = std::mem::replace(&mut self.side(direction).framer, Framer::new());
        let mut input = bytes;
        loop {
            let side = self.side(direction);
            let (mode, has_keys) = (side.mode, side.keys.is_some());
            let null_suite = mode == Mode::Clear && self.null_mac_len().is_some();
            let has_secrets = !out.keyring.is_empty();
            let wants = |head: &Head| match mode {
                Mode::Clear => head.content != 23 || null_suite || has_secrets,
                Mode::Inner => head.content != 23 || has_keys,
                Mode::Null { .. } | Mode::Open | Mode::Held => true,
                // Two bytes hold no MAC: they cannot be encrypted.
                Mode::Opaque => head.content == 21 && head.len == 2,
            };
            match framer.next(&mut input, wants) {
                Step::More => break,
                Step::Found { skipped } => {
                    if skipped > 0 {
                        self.passed_over(direction, at, skipped);
                    }
                    let boundary = fed
                        .saturating_sub(count(input.len()))
                        .saturating_sub(count(framer.ahead()));
                    self.found_again(direction, boundary, framer.tail());
                    self.summary.event(at, direction, What::Resynchronised);
                }
                Step::NotARecord => {
                    if is_text(framer.refused()) && is_text(input.get(..32).unwrap_or(input)) {
                        let mut answer = PlaintextAnswer {
                            at,
                            bytes: Vec::new(),
                            len: 0,
                        };
                        answer.add(framer.refused());
                        answer.add(input);
                        set(&mut self.summary.plaintext_answer, direction, answer);
                        self.summary.event(at, direction, What::PlaintextAnswer);
                        framer = Framer::new();
                        break;
                    }
                    framer.lose();
                    self.forget_message(direction, at);
                }
                Step::Record {
                    head,
                    body,
                    damaged,
                } => {
                    self.side(direction).passed = fed.saturating_sub(count(input.len()));
                    self.record(direction, at, head, body, damaged, out);
                }
            }
        }
        self.side(direction).framer = framer;
    }

    fn gap(&mut self, direction: Direction, at: FrameRef, len: u64, out: &mut Outlet<'_>) {
        self.summary.last = Some(at);
        *at_index(&mut self.summary.missing_bytes, direction) =
            at_index(&mut self.summary.missing_bytes, direction).saturating_add(len);
        self.summary.event(at, direction, What::Gap);
        if let Some(answer) = at_mut(&mut self.summary.plaintext_answer, direction) {
            answer.len = answer.len.saturating_add(len);
            return;
        }
        let side = self.side(direction);
        side.last = at;
        side.fed = side.fed.saturating_add(len);
        side.no_room &= side.framer.gap(len);
        let is_told = side.no_room;
        side.uncertain = true;
        let pending = side.joiner.pending();
        side.joiner.reset();
        if !is_told && (matches!(side.mode, Mode::Null { .. }) || side.keys.is_some()) {
            self.plain_gap(direction, at, len, out);
        }
        if pending > 0 {
            self.summary
                .lost(direction, at, Why::CutHandshake, count(pending));
        }
        at_index(&mut self.summary.records, direction).after_minimal = false;
    }

    /// Application data of at most this length is missing.
    pub(super) fn plain_gap(
        &mut self,
        direction: Direction,
        at: FrameRef,
        len: u64,
        out: &mut Outlet<'_>,
    ) {
        let side = self.side(direction);
        let offset = side.plain_offset;
        side.plain_offset = offset.saturating_add(len);
        (out.plain)(direction, Chunk::Gap { offset, at, len });
    }

    fn passed_over(&mut self, direction: Direction, at: FrameRef, bytes: u64) {
        let lost = *at_index(&mut self.summary.missing_bytes, direction) > 0;
        self.summary.lost(
            direction,
            at,
            if lost { Why::AfterGap } else { Why::NoRecord },
            bytes,
        );
    }

    /// The last record of a direction may be an alert that cannot be read (`docs`: lengths measured on real stacks).
    fn judge_last_record(&mut self, direction: Direction) {
        let Some((at, content, len)) = at_index(&mut self.summary.records, direction).last_record
        else {
            return;
        };
        if *at_index(&mut self.summary.last_opened, direction) {
            return;
        }
        let alert_len = self.summary.sealed_len(2);
        let data = self
            .summary
            .records
            .iter()
            .any(|r| r.application_records > 0);
        if content == 21 {
            // Without a suite the longest known alert record (AES-CBC, SHA-256, TLS 1.2) is the measure.
            let fits = alert_len.map_or(len <= 64, |expected| usize::from(len) == expected);
            let last = self
                .summary
                .alerts
                .iter_mut()
                .rev()
                .find(|a| a.direction == direction && a.at == at);
            if let Some(alert) = last.filter(|a| a.encrypted) {
                alert.probable_close_notify = fits && data;
            }
        } else if content == 23 && self.summary.is_tls13() && alert_len == Some(usize::from(len)) {
            let complete = self.summary.tls13.server_went_on;
            self.summary.alert(Alert {
                at,
                direction,
                level: None,
                description: None,
                encrypted: true,
                record_len: len,
                inferred_from_length: true,
                probable_close_notify: complete,
            });
        }
    }
}

impl Session {
    /// The ServerHello has decided version and suite.
    pub(super) fn chosen(&mut self, out: &mut Outlet<'_>) {
        self.minimal = self.summary.sealed_len(0);
        if self.summary.is_tls13() {
            self.is_tls13();
            for direction in [Direction::Originator, Direction::Responder] {
                self.start_tls13(direction, out);
            }
        }
    }

    /// The server has shown that it speaks TLS 1.3: ChangeCipherSpec means nothing from here on.
    pub(super) fn is_tls13(&mut self) {
        for side in &mut self.sides {
            // What is held is given out by `release`, which sets the mode.
            if side.mode != Mode::Held {
                side.mode = Mode::Inner;
            }
        }
    }
}

/// A place of an array of two by direction.
pub(super) const fn at_index<T>(pair: &mut [T; 2], direction: Direction) -> &mut T {
    let [originator, responder] = pair;
    match direction {
        Direction::Originator => originator,
        Direction::Responder => responder,
    }
}

fn at_mut<T>(pair: &mut [Option<T>; 2], direction: Direction) -> Option<&mut T> {
    at_index(pair, direction).as_mut()
}

fn set<T>(pair: &mut [Option<T>; 2], direction: Direction, value: T) {
    *at_index(pair, direction) = Some(value);
}

pub(super) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Text of a line-based protocol such as SIP or HTTP.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|b| matches!(b, b'\t' | b'\r' | b'\n' | 0x20..=0x7e))
}
