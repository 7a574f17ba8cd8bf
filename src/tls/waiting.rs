//! Encrypted records that cannot be opened at once: those that wait for the other direction, and connections for which no hello
//! says which secret is theirs.

use super::held::Waiting;
use super::keying::traffic_of;
use super::keyring::Keyring;
use super::keys::{Keys, Outcome, Phase};
use super::observed::Why;
use super::reason::Reason;
use super::record::Head;
use super::session::{Mode, Outlet, Session, Side, at_index, count};
use crate::base::{Chunk, Direction, FrameRef};

/// Records of a connection begun before the capture that are tried with the secrets of all connections.
const TRIED_RECORDS: u32 = 4;
/// Connections of the key logs that are tried on such a record.
const TRIED_CONNECTIONS: usize = 1_024;

impl Session {
    /// An encrypted record while it is not known whether there are keys.
    pub(super) fn hold(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: &[u8],
        damaged: bool,
        out: &mut Outlet<'_>,
    ) {
        let side = self.side(direction);
        let first = side.held.is_empty();
        side.held.record(at, head, body, damaged, side.passed);
        if first && !damaged && self.by_all_secrets(direction, &head, body, out) {
            self.replay(direction, out);
        }
        if self.side(direction).held.is_full() {
            self.side(direction).gave_up_holding = true;
            self.give_up_holding(direction, out);
            // The one for which there was no room is at hand.
            self.under_cipher(direction, at, head, Some(body), damaged, out);
        } else if first {
            // Found or tried in vain: either may be the last word for both directions.
            self.release(out);
        } else if head.content == 23
            && !damaged
            && self.summary.client_hello.is_none()
            && self.summary.server_hello.is_none()
            && self.begun_before(direction, &head, body, out)
        {
            // The first record was damaged, or under keys that are not known.
            self.replay(direction, out);
        }
    }

    /// Gives out what waited, opened now if it can be.
    pub(super) fn release(&mut self, out: &mut Outlet<'_>) {
        for direction in [Direction::Originator, Direction::Responder] {
            let side = self.side(direction);
            match (side.mode, side.keys.is_some()) {
                (Mode::Held, _) => {}
                // The server's part came first.
                (Mode::Inner, false) if self.summary.server_hello.is_some() => {
                    self.start_tls13(direction, out);
                    continue;
                }
                _ => continue,
            }
            if self.summary.is_tls13() {
                self.side(direction).mode = Mode::Inner;
                self.start_tls13(direction, out);
            } else {
                self.start_cipher(direction, out);
            }
            if self.side(direction).mode != Mode::Held {
                self.replay(direction, out);
            }
        }
    }

    /// Bytes of memory that wait for more of their connection.
    pub fn waiting(&self) -> usize {
        let of = |side: &Side| {
            let parts = [
                side.framer.waiting(),
                side.joiner.waiting(),
                side.held.waiting(),
            ];
            parts.iter().sum::<usize>()
        };
        self.sides.iter().map(of).sum()
    }

    /// Gives up what waits, because there is no more room for waiting: encrypted records as if nothing more came, and what was begun
    /// of a record or handshake message as if its bytes were missing.
    pub fn give_up_waiting(
        &mut self,
        keyring: &mut Keyring,
        plain: &mut dyn FnMut(Direction, Chunk<'_>),
    ) {
        let mut out = Outlet { keyring, plain };
        let both = [Direction::Originator, Direction::Responder];
        let held = both.map(|direction| {
            let held = &self.side(direction).held;
            (held.waiting() > 0).then(|| held.record_bytes())
        });
        // What is opened after all may tell of the other direction, which must not begin to wait again.
        for (side, held) in self.sides.iter_mut().zip(held) {
            side.gave_up_holding |= held.is_some();
        }
        for (direction, held) in both.into_iter().zip(held) {
            if let Some(held) = held {
                let at = self.side(direction).last;
                self.give_up_holding(direction, &mut out);
                let side = self.side(direction);
                if side.keys.is_none() && !matches!(side.mode, Mode::Null { .. }) {
                    self.summary.lost(direction, at, Why::NoRoom, count(held));
                }
            }
            self.let_go(direction, &mut out);
        }
    }

    /// Gives up what was begun of a record or handshake message. For those who judge the session it is missing, as if it had not been
    /// captured.
    fn let_go(&mut self, direction: Direction, out: &mut Outlet<'_>) {
        let side = self.side(direction);
        let (at, pending) = (side.last, side.joiner.pending());
        let (record, message) = match side.framer.let_go() {
            // The same as a hole: where the message at hand goes on is in this record.
            Some(head) => {
                side.no_room = true;
                side.uncertain = true;
                side.joiner.reset();
                (u64::from(head.len), pending)
            }
            None => (0, side.joiner.let_go()),
        };
        if record > 0 && matches!(side.mode, Mode::Null { .. }) {
            self.plain_gap(direction, at, record, out);
        }
        if message > 0 {
            self.summary
                .lost(direction, at, Why::NoRoom, count(message));
        }
        let missing = record.saturating_add(count(message));
        if missing > 0 {
            let all = at_index(&mut self.summary.missing_bytes, direction);
            *all = all.saturating_add(missing);
            // The session hash would have been over these bytes, too.
            self.keying.lose_messages();
        }
    }

    /// Nothing more will come: what waits stays closed.
    pub(super) fn give_up_holding(&mut self, direction: Direction, out: &mut Outlet<'_>) {
        if self.side(direction).mode != Mode::Held {
            return;
        }
        if !self.by_trial(direction, out) {
            let reason =
                if self.summary.client_hello.is_none() && self.summary.server_hello.is_none() {
                    Reason::HandshakeNotCaptured
                } else {
                    Reason::RecordsMissing
                };
            self.close(direction, reason);
            self.side(direction).mode = self.mode_without_keys();
        }
        self.replay(direction, out);
    }

    /// The ClientHello is missing, so far at least: tries the first record with the secrets of all connections.
    fn by_all_secrets(
        &mut self,
        direction: Direction,
        head: &Head,
        body: &[u8],
        out: &mut Outlet<'_>,
    ) -> bool {
        if self.summary.server_hello.is_none() {
            return false;
        }
        let without_hello = self.keying.client_random.is_none();
        if self.summary.is_tls13() {
            return without_hello
                && head.content == 23
                && self.begun_before(direction, head, body, out);
        }
        let has_no_id = self.keying.has_no_id();
        let to_try = without_hello || out.keyring.unnamed(has_no_id).next().is_some();
        to_try && self.by_trial(direction, out)
    }

    /// Up to TLS 1.2: tries the first record with all client randoms.
    fn by_trial(&mut self, direction: Direction, out: &mut Outlet<'_>) -> bool {
        let by_client = direction == self.summary.client();
        let mut keying = std::mem::take(&mut self.keying);
        let mut scratch = std::mem::take(&mut out.keyring.scratch);
        let first = self.side(direction).held.first_record();
        let found = first.is_some_and(|(head, body)| {
            keying.by_trial(by_client, out.keyring, |opener| {
                opener.open(0, &head, body, &mut scratch).is_ok()
            })
        });
        scratch.clear();
        out.keyring.scratch = scratch;
        self.keying = keying;
        if found {
            self.start_cipher(direction, out);
        }
        found && self.side(direction).keys.is_some()
    }

    fn replay(&mut self, direction: Direction, out: &mut Outlet<'_>) {
        for waiting in self.side(direction).held.take() {
            match waiting {
                Waiting::Record {
                    at,
                    head,
                    body,
                    damaged,
                    end,
                } => {
                    self.opened.replaying = Some(end);
                    self.under_cipher(direction, at, head, Some(&body), damaged, out);
                    self.opened.replaying = None;
                }
                Waiting::Lost(bytes) => {
                    if let Some(keys) = &mut self.side(direction).keys {
                        keys.lost(bytes);
                    }
                }
            }
        }
    }

    /// application_data where nothing was said of encryption: what said so was missed, or it is TLS 1.3.
    pub(super) fn unannounced(
        &mut self,
        direction: Direction,
        head: &Head,
        body: Option<&[u8]>,
        out: &mut Outlet<'_>,
    ) {
        let hello = self.summary.client_hello.as_ref();
        let offers_tls13 = hello.is_some_and(|h| h.highest_version().is_tls13());
        let unknown = self.summary.server_hello.is_none();
        if unknown && offers_tls13 {
            // Early data, or the ServerHello was missed; the key log tells.
            self.start_tls13(direction, out);
            if self.side(direction).keys.is_some() {
                self.side(direction).mode = Mode::Inner;
            }
            return;
        }
        if unknown
            && hello.is_none()
            && let Some(body) = body
            && self.begun_before(direction, head, body, out)
        {
            return;
        }
        self.start_cipher_late(direction, out);
    }

    /// Keys of a connection whose ClientHello was not seen; without a ServerHello the next record may have any number.
    fn secrets_of(
        &self,
        client_random: &[u8; 32],
        by_client: bool,
        keyring: &Keyring,
    ) -> Option<Keys> {
        let hello = self.summary.server_hello.as_ref();
        let chosen = hello.map(|h| (h.version, h.suite));
        let mut tls13 = traffic_of(keyring, client_random, by_client, chosen)?;
        tls13.skip(match chosen {
            Some(_) => Phase::Early,
            None => Phase::Handshake,
        });
        let mut keys = Keys::tls13(tls13, self.search);
        if chosen.is_none() {
            keys.begun_before();
        }
        Some(keys)
    }

    /// A connection begun before the capture may be one whose TLS 1.3 secrets are known; up to TLS 1.2 the keys need the
    /// randoms of the handshake as well (RFC 5246 §6.3).
    fn begun_before(
        &mut self,
        direction: Direction,
        head: &Head,
        body: &[u8],
        out: &mut Outlet<'_>,
    ) -> bool {
        let side = self.side(direction);
        if side.tried >= TRIED_RECORDS {
            return false;
        }
        side.tried = side.tried.saturating_add(1);
        let mut content = std::mem::take(&mut out.keyring.scratch);
        let is_known = self.begun_before.is_some();
        let known: Vec<([u8; 32], bool)> = match &self.begun_before {
            Some((random, client)) => vec![(*random, *client == direction)],
            None => out
                .keyring
                .all_traffic()
                .take(out.keyring.may_try(TRIED_CONNECTIONS))
                .flat_map(|(random, _)| [(*random, true), (*random, false)])
                .collect(),
        };
        // A part of what is left: a connection that no secret opens leaves something for the next one.
        let share = if is_known {
            out.keyring.search
        } else {
            // Each costs several trials: two directions, and the suites that fit.
            out.keyring.were_tried(known.len().saturating_mul(4));
            out.keyring.search_strangers.div_ceil(4)
        };
        let mut budget = share;
        let mut found = None;
        for (random, by_client) in known {
            let Some(mut trial) = self.secrets_of(&random, by_client, out.keyring) else {
                continue;
            };
            let outcome = trial.open(head, body, &mut content, &mut budget);
            if outcome != Outcome::Closed {
                trial.step_back();
                found = Some((random, by_client, trial));
                break;
            }
        }
        let store = if is_known {
            &mut out.keyring.search
        } else {
            &mut out.keyring.search_strangers
        };
        *store = store.saturating_sub(share.saturating_sub(budget));
        content.clear();
        out.keyring.scratch = content;
        let Some((random, by_client, keys)) = found else {
            return false;
        };
        let client = if by_client {
            direction
        } else {
            direction.reverse()
        };
        if self.begun_before.is_none() {
            out.keyring.log_was_used();
        }
        self.begun_before = Some((random, client));
        self.summary.client.get_or_insert(client);
        self.keying.client_random = Some(random);
        let side = self.side(direction);
        side.keys = Some(Box::new(keys));
        side.mode = Mode::Inner;
        true
    }
}
