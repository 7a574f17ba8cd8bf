//! What a whole record means under the protection of its direction.

use super::alert::Alert;
use super::joiner::{Joiner, Message};
use super::names::{AlertDescription, Version};
use super::observed::{What, Why};
use super::probe::is_handshake_type;
use super::record::Head;
use super::session::{Mode, Outlet, Session, at_index, count};
use super::summary::Protection;
use crate::base::{Chunk, Direction, FrameRef};

impl Session {
    pub(super) fn record(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: Option<&[u8]>,
        damaged: bool,
        out: &mut Outlet<'_>,
    ) {
        let stats = at_index(&mut self.summary.records, direction);
        stats.records = stats.records.saturating_add(1);
        stats.last_record = Some((at, head.content, head.len));
        if head.content != 23 {
            stats.after_minimal = false;
        }
        *at_index(&mut self.summary.last_opened, direction) = false;
        if damaged {
            let side = self.side(direction);
            let why = if std::mem::take(&mut side.no_room) {
                Why::NoRoom
            } else {
                Why::DamagedRecord
            };
            self.summary.lost(direction, at, why, u64::from(head.len));
        }
        self.under_cipher(direction, at, head, body, damaged, out);
    }

    /// A record under whatever protects its direction now.
    pub(super) fn under_cipher(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: Option<&[u8]>,
        damaged: bool,
        out: &mut Outlet<'_>,
    ) {
        if head.content == 23 && self.side(direction).mode == Mode::Clear {
            self.unannounced(direction, &head, body.filter(|_| !damaged), out);
        }
        if head.content == 22
            && !out.keyring.is_empty()
            && body.is_some_and(|body| self.is_unannounced(direction, body))
        {
            self.start_cipher_late(direction, out);
            let side = self.side(direction);
            if side.keys.is_none() && side.mode != Mode::Held {
                side.mode = Mode::Clear;
            }
        }
        // Only the sealed need what is left of a damaged record.
        let whole = body.filter(|_| !damaged);
        let side = self.side(direction);
        match (head.content, side.mode) {
            (_, Mode::Open) | (23, Mode::Inner) if side.keys.is_some() => {
                self.open(direction, at, head, body.unwrap_or(&[]), damaged, out);
            }
            (_, Mode::Held) => {
                self.hold(direction, at, head, body.unwrap_or(&[]), damaged, out);
            }
            // Sent again in clear; that of a renegotiation has a MAC behind it.
            (20, Mode::Null { .. }) if whole == Some(&[1]) => {
                self.readable(direction, at, head, &[1], false, out);
            }
            (_, Mode::Null { mac_len }) => {
                if let Some(body) = whole {
                    self.without_mac(direction, at, head, body, mac_len, out);
                }
            }
            (23, _) => self.left_closed(direction, at, head),
            (_, Mode::Opaque) => self.closed_record(direction, at, head, whole, out),
            _ => {
                if let Some(body) = whole {
                    self.readable(direction, at, head, body, false, out);
                }
            }
        }
    }

    /// A record of a NULL suite whose MAC is not checked.
    fn without_mac(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: &[u8],
        mac_len: usize,
        out: &mut Outlet<'_>,
    ) {
        if head.content == 23 {
            self.count_application(direction, at, head.len);
            self.summary.protection = Protection::Null;
        }
        let Some((content, _mac)) = body
            .len()
            .checked_sub(mac_len)
            .and_then(|len| body.split_at_checked(len))
        else {
            self.summary
                .lost(direction, at, Why::ShortRecord, count(body.len()));
            return;
        };
        if head.content == 23 {
            self.deliver(direction, at, content, out);
        } else {
            self.readable(direction, at, head, content, true, out);
        }
    }

    /// A record whose content can be read, and is no application data.
    pub(super) fn readable(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        content: &[u8],
        protected: bool,
        out: &mut Outlet<'_>,
    ) {
        match (head.content, content) {
            (20, [1]) => self.change_cipher_spec(direction, at, out),
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
            (21, [_, _, _, ..]) if !protected => self.left_closed(direction, at, head),
            (22, content) if head.sslv2 => self.sslv2_hello(direction, at, content, out),
            (22, content) => {
                let version = Version(head.version);
                self.handshake_record(direction, at, version, content, protected, out);
            }
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

    /// A record of a direction that is not opened, and is no application data.
    fn closed_record(
        &mut self,
        direction: Direction,
        at: FrameRef,
        head: Head,
        body: Option<&[u8]>,
        out: &mut Outlet<'_>,
    ) {
        match body {
            // A ChangeCipherSpec without a ServerHello in sight may be TLS 1.3's empty gesture.
            Some(body) if head.content == 21 && self.summary.server_hello.is_none() => {
                self.readable(direction, at, head, body, false, out);
            }
            _ => self.left_closed(direction, at, head),
        }
    }

    /// A record that is encrypted, and is no application data.
    pub(super) fn opaque(&mut self, direction: Direction, at: FrameRef, head: Head) {
        match head.content {
            20 => self.summary.event(at, direction, What::ChangeCipherSpec),
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

    /// Counts an application_data record.
    pub(super) fn count_application(&mut self, direction: Direction, at: FrameRef, len: u16) {
        let minimal = self.minimal.filter(|_| !self.summary.is_tls13());
        let stats = at_index(&mut self.summary.records, direction);
        if stats.application(at, len, minimal) {
            self.summary
                .event(at, direction, What::FirstApplicationData);
        }
    }

    /// Lends application data.
    pub(super) fn deliver(
        &mut self,
        direction: Direction,
        at: FrameRef,
        content: &[u8],
        out: &mut Outlet<'_>,
    ) {
        if content.is_empty() {
            return;
        }
        let side = self.side(direction);
        let offset = side.plain_offset;
        side.plain_offset = offset.saturating_add(count(content.len()));
        let total = at_index(&mut self.summary.plaintext_bytes, direction);
        *total = total.saturating_add(count(content.len()));
        (out.plain)(
            direction,
            Chunk::Data {
                offset,
                at,
                bytes: content,
            },
        );
    }

    /// A handshake record after missing bytes that is no message: encrypted, and its ChangeCipherSpec was missed.
    fn is_unannounced(&mut self, direction: Direction, content: &[u8]) -> bool {
        let side = self.side(direction);
        side.uncertain
            && side.mode == Mode::Clear
            && side.joiner.at_start()
            && !looks_like_a_message(content)
    }

    fn handshake_record(
        &mut self,
        direction: Direction,
        at: FrameRef,
        version: Version,
        content: &[u8],
        protected: bool,
        out: &mut Outlet<'_>,
    ) {
        let side = self.side(direction);
        let inside = protected && side.uncertain && side.joiner.at_start();
        if self.is_unannounced(direction, content) || (inside && !begins_a_message(content)) {
            self.summary
                .lost(direction, at, Why::UnclearHandshake, count(content.len()));
            return;
        }
        let joiner = &mut self.side(direction).joiner;
        let mut joiner = std::mem::replace(joiner, Joiner::new(0));
        joiner.push(content, |message: Message<'_>| {
            self.side(direction).uncertain = false;
            self.message(direction, at, version, protected, &message, out);
        });
        self.side(direction).joiner = joiner;
        self.release(out);
    }

    fn change_cipher_spec(&mut self, direction: Direction, at: FrameRef, out: &mut Outlet<'_>) {
        self.note_change(direction, at);
        let side = self.side(direction);
        let pending = side.joiner.pending();
        if side.mode == Mode::Inner {
            // Middlebox compatibility (RFC 8446 §D.4): nothing changes.
            return;
        }
        side.joiner.reset();
        side.uncertain = false;
        if self.key_log_says_tls13(out.keyring) {
            self.side(direction).mode = Mode::Inner;
            self.start_tls13(direction, out);
            return;
        }
        if pending > 0 {
            self.summary
                .lost(direction, at, Why::CutHandshake, count(pending));
        }
        self.start_cipher(direction, out);
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

    /// The MAC length of a NULL suite that was chosen without compression; a renegotiation chooses anew.
    pub(super) fn null_mac_len(&self) -> Option<usize> {
        let first = || {
            let hello = self.summary.server_hello.as_ref()?;
            let truncated = hello.extensions.truncated_hmac;
            Some((hello.suite, hello.compression, truncated))
        };
        let (suite, compression, truncated) = self.keying.chosen().or_else(first)?;
        let readable = suite.is_null() && compression == 0;
        // A MAC of unknown length (GOST) cannot be stripped.
        let mac_len = suite
            .mac_len()
            .filter(|len| readable && (*len > 0 || suite.0 == 0))?;
        Some(if truncated { 10 } else { mac_len })
    }

    pub(super) fn tls13_progress(&mut self, direction: Direction, len: usize) {
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

/// A known type and a length below what any real message has: encrypted bytes pass once in two thousand.
fn looks_like_a_message(content: &[u8]) -> bool {
    matches!(content, [kind, 0 | 1, ..] if is_handshake_type(*kind))
}

/// The same for content that was opened, which is no random bytes: the length has to be that of a message, too.
fn begins_a_message(content: &[u8]) -> bool {
    /// Longer than the chains of real servers.
    const LONGEST: usize = 1 << 15;
    let [_, 0, high, low, rest @ ..] = content else {
        return false;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    looks_like_a_message(content) && (len <= rest.len() || (rest.len() > 32 && len <= LONGEST))
}
