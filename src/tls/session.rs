//! One connection: records of both directions in, facts and plaintext out.

use super::alert::Alert;
use super::handshake::{Joiner, Message};
use super::names::{AlertDescription, Version};
use super::probe::is_handshake_type;
use super::record::{Framer, Head, Leftover, Step};
use super::summary::{
    MAX_PLAINTEXT_ANSWER, MAX_RECORD_LENGTHS, PlaintextAnswer, Protection, TlsSummary, What, Why,
};
use crate::base::{Chunk, Direction, FrameRef, Limits};

/// Both directions of one TLS connection.
#[derive(Debug)]
pub struct Session {
    sides: [Side; 2],
    summary: TlsSummary,
    /// Bytes of an application record without content, once the suite is known.
    minimal: Option<usize>,
    finished: bool,
}

/// What protects the records of one direction now. The one place where opened ciphers will be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
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
struct Side {
    framer: Framer,
    joiner: Joiner,
    mode: Mode,
    /// Bytes were missing while clear: a ChangeCipherSpec may have been among them.
    uncertain: bool,
    /// Plaintext bytes handed out or known to be missing.
    plain_offset: u64,
    /// The last frame seen, for what is cut at the end.
    last: FrameRef,
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
type Plain<'p> = dyn FnMut(Direction, Chunk<'_>) + 'p;

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
                Leftover::Lost { skipped } => {
                    self.summary.lost(direction, at, Why::AfterGap, skipped)
                }
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

    fn side(&mut self, direction: Direction) -> &mut Side {
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
                        self.summary.lost(direction, at, Why::AfterGap, skipped);
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

    fn record(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: Option<&[u8]>,
        damaged: bool,
        plain: &mut Plain<'_>,
    ) {
        let stats = at_index(&mut self.summary.records, direction);
        stats.records = stats.records.saturating_add(1);
        stats.last_record = Some((at, head.content, head.len));
        if head.content != 23 {
            stats.after_minimal = false;
        }
        if damaged {
            self.summary
                .lost(direction, at, Why::DamagedRecord, u64::from(head.len));
        }
        match (head.content, self.side(direction).mode) {
            (23, _) => self.application(direction, at, head, body, plain),
            (_, Mode::Opaque) => self.opaque(direction, at, head, body),
            (content, Mode::Null { mac_len }) if content != 20 => {
                let Some(body) = body else { return };
                match body
                    .split_at_checked(body.len().saturating_sub(mac_len))
                    .filter(|_| body.len() >= mac_len)
                {
                    Some((content, _mac)) => self.readable(direction, at, head, content),
                    None => self
                        .summary
                        .lost(direction, at, Why::ShortRecord, count(body.len())),
                }
            }
            _ => {
                if let Some(body) = body {
                    self.readable(direction, at, head, body);
                }
            }
        }
    }

    /// A record whose content can be read, and is no application data.
    fn readable(&mut self, direction: Direction, at: FrameRef, head: Head, content: &[u8]) {
        match (head.content, content) {
            (20, [1]) => self.change_cipher_spec(direction, at),
            (21, [level, description]) => {
                let description = AlertDescription(*description);
                self.summary
                    .event(at, direction, What::Alert(Some((*level, description))));
                self.summary.alert(Alert {
                    at,
                    direction,
                    level: Some(*level),
                    description: Some(description),
                    encrypted: false,
                    record_len: head.len,
                    inferred_from_length: false,
                    probable_close_notify: false,
                });
            }
            // Longer than an alert: encrypted, and the ChangeCipherSpec before it was missed.
            (21, [_, _, _, ..]) => self.opaque(direction, at, head, None),
            (22, content) if head.sslv2 => self.sslv2_hello(direction, at, content),
            (22, content) => self.handshake_record(direction, at, Version(head.version), content),
            (24, content) => {
                self.summary.event(at, direction, What::Heartbeat);
                self.summary
                    .lost(direction, at, Why::Heartbeat, count(content.len()));
            }
            (_, content) => {
                self.summary
                    .lost(direction, at, Why::MalformedRecord, count(content.len()))
            }
        }
    }

    /// A record that is encrypted, and is no application data.
    fn opaque(&mut self, direction: Direction, at: FrameRef, head: Head, body: Option<&[u8]>) {
        match head.content {
            20 => self.summary.event(at, direction, What::ChangeCipherSpec),
            // A ChangeCipherSpec without a ServerHello in sight may be TLS 1.3's empty gesture.
            21 if body.is_some() && self.summary.server_hello.is_none() => {
                self.readable(direction, at, head, body.unwrap_or(&[]))
            }
            21 => {
                self.summary.event(at, direction, What::Alert(None));
                self.summary.alert(Alert {
                    at,
                    direction,
                    level: None,
                    description: None,
                    encrypted: true,
                    record_len: head.len,
                    inferred_from_length: false,
                    probable_close_notify: false,
                });
            }
            22 => {
                let stats = at_index(&mut self.summary.records, direction);
                stats.encrypted_handshake_records =
                    stats.encrypted_handshake_records.saturating_add(1);
                let first = at_index(&mut self.summary.finished, direction).replace_none(at);
                self.summary.event(
                    at,
                    direction,
                    if first {
                        What::EncryptedFinished
                    } else {
                        What::EncryptedHandshake
                    },
                );
            }
            _ => self.summary.event(at, direction, What::Heartbeat),
        }
    }

    fn application(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: Option<&[u8]>,
        plain: &mut Plain<'_>,
    ) {
        let offers_tls13 = self
            .summary
            .client_hello
            .as_ref()
            .is_some_and(|h| h.highest_version().is_tls13());
        let early = self.summary.server_hello.is_none() && offers_tls13;
        if self.side(direction).mode == Mode::Clear && !early {
            // Data before ChangeCipherSpec: that was missed.
            self.side(direction).mode = self.mode_after_change();
        }
        let tls13 = self.summary.is_tls13();
        let minimal = self.minimal.filter(|_| !tls13);
        let stats = at_index(&mut self.summary.records, direction);
        let first = stats.application(at, head.len, minimal);
        if first {
            self.summary
                .event(at, direction, What::FirstApplicationData);
        }
        if tls13 {
            self.tls13_progress(direction, usize::from(head.len));
        }
        let Mode::Null { mac_len } = self.side(direction).mode else {
            self.summary.protection = Protection::Opaque;
            return;
        };
        self.summary.protection = Protection::Null;
        let Some(body) = body else { return };
        let Some((content, _mac)) = body
            .len()
            .checked_sub(mac_len)
            .and_then(|len| body.split_at_checked(len))
        else {
            self.summary
                .lost(direction, at, Why::ShortRecord, count(body.len()));
            return;
        };
        if content.is_empty() {
            return;
        }
        let side = self.side(direction);
        let offset = side.plain_offset;
        side.plain_offset = offset.saturating_add(count(content.len()));
        let total = at_index(&mut self.summary.plaintext_bytes, direction);
        *total = total.saturating_add(count(content.len()));
        plain(
            direction,
            Chunk::Data {
                offset,
                at,
                bytes: content,
            },
        );
    }

    fn handshake_record(
        &mut self,
        direction: Direction,
        at: FrameRef,
        version: Version,
        content: &[u8],
    ) {
        let side = self.side(direction);
        if side.uncertain
            && side.mode == Mode::Clear
            && side.joiner.at_start()
            && !looks_like_a_message(content)
        {
            self.summary
                .lost(direction, at, Why::UnclearHandshake, count(content.len()));
            return;
        }
        let protected = matches!(side.mode, Mode::Null { .. });
        let mut joiner = std::mem::replace(&mut side.joiner, Joiner::new(0));
        joiner.push(content, |message: Message<'_>| {
            self.side(direction).uncertain = false;
            self.message(direction, at, version, protected, &message);
        });
        self.side(direction).joiner = joiner;
    }

    fn change_cipher_spec(&mut self, direction: Direction, at: FrameRef) {
        self.summary.event(at, direction, What::ChangeCipherSpec);
        at_index(&mut self.summary.change_cipher_spec, direction).get_or_insert(at);
        let side = self.side(direction);
        let pending = side.joiner.pending();
        if side.mode == Mode::Inner {
            // Middlebox compatibility (RFC 8446 §D.4): nothing changes.
            return;
        }
        side.joiner.reset();
        side.uncertain = false;
        if pending > 0 {
            self.summary
                .lost(direction, at, Why::CutHandshake, count(pending));
        }
        self.side(direction).mode = self.mode_after_change();
        self.summary.protection = match self.side(direction).mode {
            Mode::Null { .. } => Protection::Null,
            _ => Protection::Opaque,
        };
        let seen_all = *at_index(&mut self.summary.missing_bytes, direction) == 0;
        let s = &mut self.summary;
        if s.server_hello.is_some() && s.server() == direction && s.resumed.is_none() && seen_all {
            s.resumed = Some(
                s.server_certificates.is_none()
                    && s.server_key_exchange.is_none()
                    && s.server_hello_done.is_none(),
            );
        }
    }

    /// What protects a direction once its cipher is active, up to TLS 1.2.
    fn mode_after_change(&self) -> Mode {
        match self.null_mac_len() {
            Some(mac_len) => Mode::Null { mac_len },
            None if self.summary.is_tls13() => Mode::Inner,
            None => Mode::Opaque,
        }
    }

    /// The MAC length of a NULL suite that was chosen without compression.
    fn null_mac_len(&self) -> Option<usize> {
        let hello = self.summary.server_hello.as_ref()?;
        let readable = hello.suite.is_null() && hello.compression == 0;
        // A MAC of unknown length (GOST) cannot be stripped.
        let mac_len = hello
            .suite
            .mac_len()
            .filter(|len| readable && (*len > 0 || hello.suite.0 == 0))?;
        Some(if hello.extensions.truncated_hmac {
            10
        } else {
            mac_len
        })
    }

    fn tls13_progress(&mut self, direction: Direction, len: usize) {
        let alert_len = self.summary.sealed_len(2);
        // The shortest Finished: SHA-256, with its header (RFC 8446 §4.4.4).
        let finished_len = self.summary.sealed_len(36);
        let early = self
            .summary
            .client_hello
            .as_ref()
            .is_some_and(|h| h.extensions.early_data);
        let client = self.summary.client();
        let progress = &mut self.summary.tls13;
        if direction == client {
            progress.client_flight |=
                progress.server_flight && !early && finished_len.is_none_or(|f| len >= f);
        } else {
            progress.server_went_on |= progress.client_flight && Some(len) != alert_len;
            progress.server_flight = true;
        }
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

/// In `facts.rs`: what a handshake message adds to the summary.
impl Session {
    pub(super) const fn summary_mut(&mut self) -> &mut TlsSummary {
        &mut self.summary
    }

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

impl super::summary::RecordStats {
    /// Counts an application_data record; whether it is the first.
    fn application(&mut self, at: FrameRef, len: u16, minimal: Option<usize>) -> bool {
        let first = self.application_records == 0;
        self.application_records = self.application_records.saturating_add(1);
        self.application_bytes = self.application_bytes.saturating_add(u64::from(len));
        self.first_application.get_or_insert(at);
        self.last_application = Some(at);
        if self.application_lengths.len() < MAX_RECORD_LENGTHS {
            self.application_lengths.push((at, len));
        }
        let is_minimal = minimal == Some(usize::from(len));
        if is_minimal {
            self.minimal_records = self.minimal_records.saturating_add(1);
        } else if self.after_minimal && minimal.is_some_and(|m| usize::from(len) > m) {
            self.minimal_pairs = self.minimal_pairs.saturating_add(1);
        }
        self.after_minimal = is_minimal;
        first
    }
}

impl PlaintextAnswer {
    fn add(&mut self, bytes: &[u8]) {
        let room = MAX_PLAINTEXT_ANSWER.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        self.len = self.len.saturating_add(count(bytes.len()));
    }
}

trait ReplaceNone<T> {
    fn replace_none(&mut self, value: T) -> bool;
}

impl<T> ReplaceNone<T> for Option<T> {
    /// Sets what was not set; whether it did.
    fn replace_none(&mut self, value: T) -> bool {
        let first = self.is_none();
        if first {
            *self = Some(value);
        }
        first
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

/// A known type and a length below what any real message has: encrypted bytes pass once in two thousand.
fn looks_like_a_message(content: &[u8]) -> bool {
    matches!(content, [kind, 0 | 1, ..] if is_handshake_type(*kind))
}
