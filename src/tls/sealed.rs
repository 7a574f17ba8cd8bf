//! Encrypted records of a session: getting keys, opening, and what stays closed.

use super::keying::Answer;
use super::keyring::Keyring;
use super::keys::{Keys, Outcome, Phase};
use super::observed::{What, Why};
use super::reason::Reason;
use super::record::Head;
use super::session::{Mode, Outlet, Session, at_index, count};
use super::summary::Protection;
use crate::base::{Direction, FrameRef};

impl Session {
    /// A direction has said that its next record is encrypted (up to TLS 1.2).
    pub(super) fn start_cipher(&mut self, direction: Direction, out: &mut Outlet<'_>) {
        let by_client = direction == self.summary.client();
        let null = self.null_mac_len();
        self.opened.begins(direction, by_client, &self.keying);
        let answer = self.keying.answer(by_client, out.keyring);
        let (without, search) = (self.mode_without_keys(), self.search);
        let side = self.side(direction);
        side.keys = None;
        side.mode = match &answer {
            Answer::Keys(..) => Mode::Open,
            Answer::NotYet
                if !out.keyring.is_empty() && null.is_none() && !side.gave_up_holding =>
            {
                Mode::Held
            }
            Answer::NotYet | Answer::Closed(_) => without,
        };
        match answer {
            Answer::Keys(opener, deflate) => {
                side.keys = Some(Box::new(Keys::new(opener, deflate, search)));
            }
            Answer::Closed(reason) if null.is_none() => self.close(direction, reason),
            Answer::Closed(_) | Answer::NotYet => {}
        }
        self.summary.protection = match (without, self.summary.protection) {
            (_, Protection::Decrypted) => Protection::Decrypted,
            (Mode::Null { .. }, _) => Protection::Null,
            _ => Protection::Opaque,
        };
    }

    /// Encrypted records although no ChangeCipherSpec was seen: it is among the missing bytes.
    pub(super) fn start_cipher_late(&mut self, direction: Direction, out: &mut Outlet<'_>) {
        /// Bytes of a ChangeCipherSpec record.
        const CHANGE: u64 = 6;
        self.start_cipher(direction, out);
        let side = self.side(direction);
        let lost = side.lost.saturating_sub(CHANGE);
        if let Some(keys) = &mut side.keys {
            keys.lost(lost);
        } else if side.mode == Mode::Held {
            side.held.lost(lost);
        }
    }

    /// Why this direction is not opened from here on.
    pub(super) fn close(&mut self, direction: Direction, reason: Reason) {
        *at_index(&mut self.summary.shut, direction) = true;
        self.summary.closed = Some(reason);
    }

    /// TLS 1.3: the keys of a direction, if the key logs have them.
    pub(super) fn start_tls13(&mut self, direction: Direction, out: &mut Outlet<'_>) {
        if self.side(direction).keys.is_some() {
            return;
        }
        let by_client = direction == self.summary.client();
        let early = self
            .summary
            .client_hello
            .as_ref()
            .is_some_and(|hello| hello.extensions.early_data);
        match self.keying.traffic(by_client, out.keyring) {
            Some(mut tls13) => {
                if !early {
                    tls13.skip(Phase::Early);
                }
                let mut keys = Keys::tls13(tls13, self.search);
                let begun_before = self.begun_before.is_some();
                let side = self.side(direction);
                if begun_before {
                    keys.begun_before();
                } else if side.lost > 0 {
                    // What was lost before there were keys may have been under them.
                    keys.lost(side.lost);
                }
                side.keys = Some(Box::new(keys));
                if by_client {
                    out.keyring.log_was_used();
                }
            }
            None if self.keying.client_random.is_none()
                && out.keyring.has_traffic()
                && !self.side(direction).gave_up_holding =>
            {
                // The client's own first record is the hello that is waited for.
                if !by_client {
                    self.side(direction).mode = Mode::Held;
                }
            }
            None => self.summary.closed = Some(self.keying.no_traffic(out.keyring)),
        }
    }

    /// No ServerHello was seen, and a key log that has traffic secrets of this session says what it would have said.
    pub(super) fn key_log_says_tls13(&self, keyring: &Keyring) -> bool {
        let random = self.keying.client_random;
        self.summary.server_hello.is_none()
            && random.is_some_and(|random| keyring.traffic(&random).is_some())
    }

    /// A whole record of a direction that has keys.
    pub(super) fn open(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: &[u8],
        damaged: bool,
        out: &mut Outlet<'_>,
    ) {
        let Some(mut keys) = self.side(direction).keys.take() else {
            return;
        };
        let mut content = std::mem::take(&mut out.keyring.scratch);
        let (before, after_hole) = (keys.has_opened(), keys.is_behind_hole());
        let outcome = if damaged {
            keys.pass(usize::from(head.len), body);
            Outcome::Closed
        } else {
            keys.open(&head, body, &mut content, &mut out.keyring.search)
        };
        let (is_wrong, is_lost, failed) = (keys.are_wrong(), keys.is_lost(), keys.failed());
        let mut identified = false;
        if !before && let Some(opened_as) = keys.opened_as() {
            self.summary.opened_as = Some(opened_as);
            identified = self.summary.server_hello.is_none();
        }
        let place = keys.place();
        self.side(direction).keys = Some(keys);
        let is_open = matches!(outcome, Outcome::Opened { .. });
        *at_index(&mut self.summary.last_opened, direction) = is_open;
        match outcome {
            Outcome::Opened { content: kind } => {
                self.summary.protection = Protection::Decrypted;
                let opened = at_index(&mut self.summary.opened, direction);
                *opened = opened.saturating_add(1);
                // In TLS 1.3 these are handshake messages for which the key log may have no secret.
                if !before && failed > 0 && !self.summary.is_tls13() {
                    self.summary.lost(direction, at, Why::NotOpened, failed);
                }
                let inner = Head {
                    content: kind,
                    ..head
                };
                if let Some(place) = place {
                    self.keep(direction, (head, kind), place, &content);
                }
                self.opened(direction, at, head, inner, &content, out);
            }
            Outcome::NotDecompressed => {
                self.summary
                    .lost(direction, at, Why::NotDecompressed, count(body.len()));
                self.plain_gap(direction, at, u64::from(head.len), out);
                self.not_decompressed(direction);
                self.left_closed(direction, at, head);
            }
            Outcome::Closed if !before && !damaged && self.null_mac_len().is_some() => {
                // The content of a NULL suite is there to be read, whoever can check its MAC.
                self.side(direction).keys = None;
                self.side(direction).mode = self.mode_without_keys();
                self.under_cipher(direction, at, head, Some(body), damaged, out);
            }
            Outcome::Closed => {
                self.forget_message(direction, at);
                // Early data may be the one thing for which there is no secret: the session is opened all the same.
                let early = head.content == 23 && self.may_be_early(direction);
                if (before || early) && !damaged {
                    let why = if before && after_hole {
                        Why::NotOpenedAfterGap
                    } else {
                        Why::NotOpened
                    };
                    self.summary.lost(direction, at, why, count(body.len()));
                }
                // Before the first record that opens, TLS 1.3 has handshake messages in the same disguise.
                if before || (head.content == 23 && !self.summary.is_tls13()) {
                    self.plain_gap(direction, at, u64::from(head.len), out);
                }
                if is_wrong {
                    self.wrong_keys(direction);
                } else if is_lost {
                    self.close(direction, Reason::RecordsMissing);
                }
                self.left_closed(direction, at, head);
            }
        }
        content.clear();
        out.keyring.scratch = content;
        if identified {
            // The other direction may wait for this.
            self.release(out);
        }
    }

    /// A part of the handshake message at hand may have been in a record that stays closed.
    pub(super) fn forget_message(&mut self, direction: Direction, at: FrameRef) {
        let side = self.side(direction);
        let pending = side.joiner.pending();
        side.joiner.reset();
        side.uncertain = true;
        if pending > 0 {
            self.summary
                .lost(direction, at, Why::CutHandshake, count(pending));
        }
    }

    /// It is the client that sends here, and it offered early data.
    fn may_be_early(&self, direction: Direction) -> bool {
        let hello = self.summary.client_hello.as_ref();
        direction == self.summary.client() && hello.is_some_and(|h| h.extensions.early_data)
    }

    /// The compression goes over all records of a direction: from here on none can be read.
    fn not_decompressed(&mut self, direction: Direction) {
        let whole = self.summary.missing_bytes == [0, 0];
        let reason = match &self.summary.server_hello {
            Some(hello) if whole => Reason::SuiteNotSupported {
                suite: hello.suite,
                compression: hello.compression,
            },
            _ => Reason::RecordsMissing,
        };
        self.close(direction, reason);
    }

    /// The end: keys that never opened anything are no keys of this session.
    pub(super) fn judge_keys(&mut self, direction: Direction) {
        let side = self.side(direction);
        if side.keys.as_ref().is_some_and(|keys| !keys.has_opened())
            && *at_index(&mut self.summary.unopened, direction) > 0
        {
            self.wrong_keys(direction);
        }
    }

    fn wrong_keys(&mut self, direction: Direction) {
        let side = self.side(direction);
        side.keys = None;
        if side.mode == Mode::Open {
            side.mode = Mode::Opaque;
        }
        let here = *at_index(&mut self.summary.missing_bytes, direction) > 0;
        let anywhere = self.summary.missing_bytes != [0, 0];
        let reason = if here || (anywhere && self.keying.hashes_messages()) {
            Reason::RecordsMissing
        } else {
            Reason::DoesNotAuthenticate {
                client_random: self.keying.client_random,
            }
        };
        self.close(direction, reason);
    }

    /// The content of a record that was opened. `outer`: its head on the wire.
    fn opened(
        &mut self,
        direction: Direction,
        at: FrameRef,
        outer: Head,
        inner: Head,
        content: &[u8],
        out: &mut Outlet<'_>,
    ) {
        if self.summary.is_tls13() && outer.content == 23 {
            self.tls13_progress(direction, usize::from(outer.len));
        }
        if inner.content == 23 {
            self.count_application(direction, at, outer.len);
            if content.is_empty() {
                let stats = at_index(&mut self.summary.records, direction);
                stats.empty_records = stats.empty_records.saturating_add(1);
            }
            self.deliver(direction, at, content, out);
        } else {
            self.readable(direction, at, inner, content, true, out);
        }
    }

    /// An encrypted record that stays closed.
    pub(super) fn left_closed(&mut self, direction: Direction, at: FrameRef, head: Head) {
        if matches!(head.content, 21 | 23) {
            let unopened = at_index(&mut self.summary.unopened, direction);
            *unopened = unopened.saturating_add(1);
            if self.side(direction).keys.is_none() {
                *at_index(&mut self.summary.shut, direction) = true;
            }
        }
        if head.content == 23 {
            self.count_application(direction, at, head.len);
            if self.summary.is_tls13() {
                self.tls13_progress(direction, usize::from(head.len));
            }
            if self.summary.protection == Protection::None {
                self.summary.protection = Protection::Opaque;
            }
        } else {
            self.opaque(direction, at, head);
        }
    }

    /// A record boundary was found again at this place of the stream, right behind `tail`.
    pub(super) fn found_again(&mut self, direction: Direction, boundary: u64, tail: &[u8]) {
        let side = self.side(direction);
        let missing = boundary.saturating_sub(side.passed);
        side.passed = boundary;
        if let Some(keys) = &mut side.keys {
            keys.lost(missing);
            keys.precede(tail);
        } else if side.mode == Mode::Held {
            side.held.lost(missing);
        } else {
            side.lost = side.lost.saturating_add(missing);
        }
    }

    /// What protects a direction that is encrypted and has no keys.
    pub(super) fn mode_without_keys(&self) -> Mode {
        match self.null_mac_len() {
            Some(mac_len) => Mode::Null { mac_len },
            None if self.summary.is_tls13() => Mode::Inner,
            None => Mode::Opaque,
        }
    }

    /// TLS 1.3 messages that change the keys of their sender.
    pub(super) fn key_change(&mut self, direction: Direction, kind: u8) {
        let Some(keys) = &mut self.side(direction).keys else {
            return;
        };
        if !keys.is_tls13() {
            return;
        }
        match kind {
            5 => keys.go_on(Phase::Early),
            20 => keys.go_on(Phase::Handshake),
            24 => keys.update(),
            _ => return,
        }
        if keys.is_spent() {
            let reason = match self.keying.client_random {
                Some(client_random) => Reason::NoSecrets { client_random },
                None => Reason::HandshakeNotCaptured,
            };
            self.close(direction, reason);
        }
    }

    /// Notes that a ChangeCipherSpec was seen in the clear or under the cipher before.
    pub(super) fn note_change(&mut self, direction: Direction, at: FrameRef) {
        self.summary.event(at, direction, What::ChangeCipherSpec);
        at_index(&mut self.summary.change_cipher_spec, direction).get_or_insert(at);
    }
}
