//! What a whole record means under the protection of its direction.

use super::alert::Alert;
use super::handshake::{Joiner, Message};
use super::names::{AlertDescription, Version};
use super::observed::{What, Why};
use super::probe::is_handshake_type;
use super::record::Head;
use super::session::{Mode, Plain, Session, at_index, count};
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
    pub(super) fn null_mac_len(&self) -> Option<usize> {
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
