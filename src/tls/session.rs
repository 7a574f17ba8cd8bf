//! One connection: records of both directions in, facts and plaintext out.

use super::alert::Alert;
use super::handshake::Joiner;
use super::observed::{PlaintextAnswer, What, Why};
use super::record::{Framer, Head, Leftover, Step};
use super::summary::TlsSummary;
use crate::base::{Chunk, Direction, FrameRef, Limits};

/// Both directions of one TLS connection.
#[derive(Debug)]
pub struct Session {
    sides: [Side; 2],
    pub(super) summary: TlsSummary,
    /// Bytes of an application record without content, once the suite is known.
    pub(super) minimal: Option<usize>,
    finished: bool,
}

/// What protects the records of one direction now. The one place where opened ciphers will be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing yet: handshake and alerts are readable.
    Clear,
    /// TLS 1.3: application_data is protected, the other types stay readable (RFC 8446 §5.1).
    Inner,
    /// A NULL suite: content, then a MAC of this many bytes.
    Null { mac_len: usize },
    /// Everything is protected and nothing is opened.
    Opaque,
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) framer: Framer,
    pub(super) joiner: Joiner,
    pub(super) mode: Mode,
    /// Bytes were missing while clear: a ChangeCipherSpec may have been among them.
    pub(super) uncertain: bool,
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
            uncertain: false,
            plain_offset: 0,
            last: FrameRef {
                time: crate::base::Timestamp::from_nanos(0),
                file: crate::base::FileIndex(0),
                number: crate::base::FrameNumber(0),
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
            finished: false,
        }
    }

    /// Takes the next chunk of one direction; chunks of both come in the order they arrived. Application data that is
    /// readable is lent to `plain`, with offsets in the plaintext; a gap's length there is an upper bound.
    pub fn push(
        &mut self,
        direction: Direction,
        chunk: Chunk<'_>,
        plain: &mut dyn FnMut(Direction, Chunk<'_>),
    ) {
        match chunk {
            Chunk::Data { at, bytes, .. } => self.data(direction, at, bytes, plain),
            Chunk::Gap { at, len, .. } => self.gap(direction, at, len, plain),
        }
    }

    /// The connection, or the capture, ended.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
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
        }
    }

    /// What was seen so far.
    pub const fn summary(&self) -> &TlsSummary {
        &self.summary
    }

    /// What was seen.
    pub fn into_summary(mut self) -> TlsSummary {
        self.finish();
        self.summary
    }

    pub(super) fn side(&mut self, direction: Direction) -> &mut Side {
        let [originator, responder] = &mut self.sides;
        match direction {
            Direction::Originator => originator,
            Direction::Responder => responder,
        }
    }

    fn data(&mut self, direction: Direction, at: FrameRef, bytes: &[u8], plain: &mut Plain<'_>) {
        self.side(direction).last = at;
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
            let mode = self.side(direction).mode;
            let null_suite = self.null_mac_len().is_some();
            let wants = |head: &Head| match mode {
                Mode::Clear => head.content != 23 || null_suite,
                Mode::Inner => head.content != 23,
                Mode::Null { .. } => true,
                // Two bytes hold no MAC: they cannot be encrypted.
                Mode::Opaque => head.content == 21 && head.len == 2,
            };
            match framer.next(&mut input, wants) {
                Step::More => break,
                Step::Found { skipped } => {
                    if skipped > 0 {
                        self.passed_over(direction, at, skipped);
                    }
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
                    self.side(direction).uncertain = true;
                }
                Step::Record {
                    head,
                    body,
                    damaged,
                } => self.record(direction, at, head, body, damaged, plain),
            }
        }
        self.side(direction).framer = framer;
    }

    fn gap(&mut self, direction: Direction, at: FrameRef, len: u64, plain: &mut Plain<'_>) {
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
        side.framer.gap(len);
        side.uncertain = true;
        let pending = side.joiner.pending();
        side.joiner.reset();
        let gap = Chunk::Gap {
            offset: side.plain_offset,
            at,
            len,
        };
        if matches!(side.mode, Mode::Null { .. }) {
            side.plain_offset = side.plain_offset.saturating_add(len);
            plain(direction, gap);
        }
        if pending > 0 {
            self.summary
                .lost(direction, at, Why::CutHandshake, count(pending));
        }
        at_index(&mut self.summary.records, direction).after_minimal = false;
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
    pub(super) fn chosen(&mut self) {
        self.minimal = self.summary.sealed_len(0);
        if self.summary.is_tls13() {
            self.is_tls13();
        }
    }

    /// The server has shown that it speaks TLS 1.3: ChangeCipherSpec means nothing from here on.
    pub(super) fn is_tls13(&mut self) {
        for side in &mut self.sides {
            side.mode = Mode::Inner;
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
