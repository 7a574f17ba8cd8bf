//! What one connection's TLS showed: the facts rules ask for, each with its frame.

use super::alert::{Alert, sealed_len};
use super::certificate::Certificate;
use super::handshake::{CertificateFlight, CertificateRequest, ServerKeyExchange};
use super::hello::{ClientHello, ServerHello};
use super::memory::list;
use super::names::{HandshakeType, Version};
use super::observed::{
    Event, MAX_ALERTS, MAX_EVENTS, MAX_PLAINTEXT_ANSWER, NotUnderstood, PlaintextAnswer,
    RecordStats, What, Why,
};
use super::reason::Reason;
use super::suite::CipherSuiteId;
use crate::base::{CaveatKind, Caveats, Direction, FrameRef};
use std::sync::Arc;

/// Everything one TLS connection showed. Arrays of two are indexed by [`Direction::index`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TlsSummary {
    /// Who sent the ClientHello, or was told to be the client by another message; see [`TlsSummary::client`].
    pub(super) client: Option<Direction>,
    /// The first ClientHello.
    pub client_hello: Option<ClientHello>,
    /// The ClientHello after a HelloRetryRequest, or one sent again for no visible reason.
    pub second_client_hello: Option<Box<ClientHello>>,
    /// The HelloRetryRequest: frame, and the message unless it is one of the early drafts'.
    pub hello_retry: Option<(FrameRef, Option<Box<ServerHello>>)>,
    /// The ServerHello that chose.
    pub server_hello: Option<ServerHello>,
    /// Whether the session was resumed: up to TLS 1.2 the server went on to ChangeCipherSpec without a certificate; in
    /// TLS 1.3 it chose a pre-shared key. `None`: not seen.
    pub resumed: Option<bool>,
    /// The server's Certificate message.
    pub server_certificates: Option<CertificateFlight>,
    /// The client's Certificate message, empty ones included.
    pub client_certificates: Option<CertificateFlight>,
    /// The server asked for a client certificate.
    pub certificate_request: Option<CertificateRequest>,
    /// ServerKeyExchange.
    pub server_key_exchange: Option<ServerKeyExchange>,
    /// ServerHelloDone.
    pub server_hello_done: Option<FrameRef>,
    /// ClientKeyExchange.
    pub client_key_exchange: Option<FrameRef>,
    /// The client's CertificateVerify.
    pub certificate_verify: Option<FrameRef>,
    /// NewSessionTicket in clear (RFC 5077).
    pub new_session_ticket: Option<FrameRef>,
    /// CertificateStatus: a stapled OCSP answer (RFC 6066 §8).
    pub certificate_status: Option<FrameRef>,
    /// ChangeCipherSpec of each direction; without meaning in TLS 1.3.
    pub change_cipher_spec: [Option<FrameRef>; 2],
    /// Finished of each direction: up to TLS 1.2 the first handshake record after ChangeCipherSpec. Not visible in TLS 1.3.
    pub finished: [Option<FrameRef>; 2],
    /// HelloRequest, or a hello under protection: the first sign of renegotiation that can be read.
    pub renegotiation: Option<FrameRef>,
    /// The first alerts, in the order sent.
    pub alerts: Vec<Alert>,
    /// Alerts in all.
    pub alert_count: u64,
    /// Records of each direction.
    pub records: [RecordStats; 2],
    /// The last handshake message of each direction that could be read.
    pub last_handshake: [Option<(HandshakeType, FrameRef)>; 2],
    /// What happened, in order: the first [`MAX_EVENTS`].
    pub events: Vec<Event>,
    /// Events in all.
    pub event_count: u64,
    /// Bytes missing in the capture.
    pub missing_bytes: [u64; 2],
    /// Bytes that were there and are not understood, by direction and reason.
    pub not_understood: Vec<NotUnderstood>,
    /// A direction that spoke something else instead of TLS, e.g. `SIP/2.0 400 Bad Request`.
    pub plaintext_answer: [Option<PlaintextAnswer>; 2],
    /// How application data is protected.
    pub protection: Protection,
    /// Bytes of application data handed out in plain, of each direction.
    pub plaintext_bytes: [u64; 2],
    /// Encrypted records opened, of each direction.
    pub opened: [u64; 2],
    /// Encrypted application_data records and alerts left closed, of each direction; in TLS 1.3 hidden handshake messages among
    /// them.
    pub unopened: [u64; 2],
    /// Why records are closed.
    pub(super) closed: Option<Reason>,
    /// From some record on, nothing of this direction can be opened.
    pub(super) shut: [bool; 2],
    /// The last record of this direction was opened.
    pub(super) last_opened: [bool; 2],
    /// Version and suite under which records were opened although no ServerHello was seen.
    pub(super) opened_as: Option<(Version, CipherSuiteId)>,
    /// Where the session's first record was seen.
    pub first: Option<FrameRef>,
    /// The session's last record.
    pub last: Option<FrameRef>,
    pub(super) tls13: Tls13Progress,
}

/// Signs of progress of a TLS 1.3 handshake whose messages are hidden.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tls13Progress {
    pub(super) server_flight: bool,
    pub(super) client_flight: bool,
    pub(super) server_went_on: bool,
}

/// How application data is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Protection {
    /// No cipher has been seen to start.
    #[default]
    None,
    /// A NULL suite: authenticated, not encrypted. Readable without secrets; the MAC is not checked.
    Null,
    /// Encrypted, and not opened.
    Opaque,
    /// Encrypted, and opened with a secret: what is shown was authenticated.
    Decrypted,
}

/// Whether the handshake came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeEnd {
    /// Both ChangeCipherSpec and both Finished were seen.
    Complete,
    /// Not seen, but what followed shows it; the text says what.
    Inferred(&'static str),
    /// It did not end.
    Incomplete,
    /// The capture does not say: TLS 1.3 hides it, or bytes are missing.
    Unknown,
}

impl TlsSummary {
    /// The Certificate messages of both sides.
    pub(super) fn flights(&self) -> impl Iterator<Item = &CertificateFlight> {
        self.server_certificates
            .iter()
            .chain(&self.client_certificates)
    }

    pub(super) fn flights_mut(&mut self) -> impl Iterator<Item = &mut CertificateFlight> {
        self.server_certificates
            .iter_mut()
            .chain(&mut self.client_certificates)
    }

    /// The certificates of both sides.
    pub(crate) fn certificates_mut(&mut self) -> impl Iterator<Item = &mut Arc<Certificate>> {
        self.flights_mut()
            .flat_map(|flight| flight.chain.iter_mut())
    }

    /// Bytes of memory that it takes, about, without the certificates.
    pub(crate) fn memory(&self) -> usize {
        let second = self.second_client_hello.as_deref();
        let hellos = self.client_hello.iter().chain(second);
        let hellos = hellos.map(|h| size_of::<ClientHello>() + h.memory());
        let retry = self.hello_retry.iter().flat_map(|(_, hello)| hello);
        let answers = self.server_hello.iter().chain(retry.map(Box::as_ref));
        let answers = answers.map(|h| size_of::<ServerHello>() + h.memory());
        let request = self.certificate_request.iter();
        size_of::<Self>()
            + hellos.chain(answers).sum::<usize>()
            + request.map(CertificateRequest::memory).sum::<usize>()
            + list(&self.events)
            + list(&self.alerts)
            + list(&self.not_understood)
            + self.records.iter().map(RecordStats::memory).sum::<usize>()
            + self.plaintext_answer.iter().flatten().count() * MAX_PLAINTEXT_ANSWER
    }

    /// The direction the TLS client sends in; the originator unless the capture shows otherwise.
    pub fn client(&self) -> Direction {
        self.client.unwrap_or(Direction::Originator)
    }

    /// The direction the TLS server sends in.
    pub fn server(&self) -> Direction {
        self.client().reverse()
    }

    /// The version chosen.
    pub fn version(&self) -> Option<Version> {
        let hello = self.server_hello.as_ref().map(|h| h.version);
        hello.or_else(|| self.opened_as.map(|(version, _)| version))
    }

    /// The suite chosen.
    pub fn suite(&self) -> Option<CipherSuiteId> {
        let hello = self.server_hello.as_ref().map(|h| h.suite);
        hello.or_else(|| self.opened_as.map(|(_, suite)| suite))
    }

    /// TLS 1.3 or a draft of it.
    pub fn is_tls13(&self) -> bool {
        self.version().is_some_and(Version::is_tls13)
    }

    /// The start of the handshake is not in the capture.
    pub const fn midstream(&self) -> bool {
        self.client_hello.is_none()
    }

    /// TLS 1.3 encrypts certificates and their request: unless the server's flight was opened, that they were not seen says
    /// nothing.
    pub fn certificates_hidden(&self) -> bool {
        let [originator, responder] = self.finished;
        let read = match self.server() {
            Direction::Originator => originator,
            Direction::Responder => responder,
        };
        self.is_tls13() && read.is_none()
    }

    /// encrypt_then_mac was agreed (RFC 7366 §3).
    pub fn encrypt_then_mac(&self) -> bool {
        self.server_hello
            .as_ref()
            .is_some_and(|h| h.extensions.encrypt_then_mac)
    }

    /// Bytes of a record body that carries `plain` bytes with the least padding; `None` when suite or version is not known.
    pub fn sealed_len(&self, plain: usize) -> Option<usize> {
        let hello = self.server_hello.as_ref()?;
        let mac = if hello.extensions.truncated_hmac {
            10
        } else {
            hello.suite.mac_len()?
        };
        sealed_len(
            plain,
            hello.suite,
            hello.version,
            self.encrypt_then_mac(),
            mac,
        )
    }

    /// Whether the handshake came to its end; an inference says what it rests on.
    pub fn handshake_end(&self) -> HandshakeEnd {
        let lost = self.missing_bytes != [0, 0];
        let [from_originator, from_responder] = &self.records;
        let data_both_ways =
            from_originator.application_records > 0 && from_responder.application_records > 0;
        if self.is_tls13() {
            let fatal = self.alerts.iter().any(|a| !a.encrypted && a.is_fatal());
            let early = self
                .client_hello
                .as_ref()
                .is_some_and(|h| h.extensions.early_data);
            return match self.tls13 {
                _ if self.finished.iter().all(Option::is_some) => HandshakeEnd::Complete,
                _ if fatal => HandshakeEnd::Incomplete,
                Tls13Progress {
                    server_went_on: true,
                    ..
                } => HandshakeEnd::Inferred("the server went on after the client's last flight"),
                Tls13Progress {
                    client_flight: true,
                    ..
                } => HandshakeEnd::Unknown,
                // Early data cannot be told from the client's last flight.
                _ if lost || early => HandshakeEnd::Unknown,
                _ => HandshakeEnd::Incomplete,
            };
        }
        if self
            .change_cipher_spec
            .iter()
            .chain(&self.finished)
            .all(Option::is_some)
        {
            HandshakeEnd::Complete
        } else if data_both_ways {
            HandshakeEnd::Inferred("application data flowed in both directions")
        } else if lost || self.midstream() {
            HandshakeEnd::Unknown
        } else {
            HandshakeEnd::Incomplete
        }
    }

    /// Whether the handshake ended, read or inferred.
    pub fn handshake_complete(&self) -> bool {
        matches!(
            self.handshake_end(),
            HandshakeEnd::Complete | HandshakeEnd::Inferred(_)
        )
    }

    /// Whether application data was opened with a secret.
    pub fn is_decrypted(&self) -> bool {
        self.protection == Protection::Decrypted && !self.is_unread()
    }

    /// Why application data or an alert was not opened; `None` when none was sent, it was opened, or it needs no secrets.
    pub fn undecrypted_reason(&self) -> Option<Reason> {
        let closed = |direction: usize| {
            let at = |pair: &[u64; 2]| pair.get(direction).copied().unwrap_or(0);
            let shut = self.shut.get(direction).copied().unwrap_or(false);
            at(&self.unopened) > 0 && shut
        };
        if self.protection == Protection::Null || !(closed(0) || closed(1)) {
            return None;
        }
        let by_hello = || match &self.client_hello {
            Some(hello) => Reason::NoSecrets {
                client_random: hello.random,
            },
            None => Reason::HandshakeNotCaptured,
        };
        Some(self.closed.clone().unwrap_or_else(by_hello))
    }

    /// Notes what this session hides from the report.
    pub fn note_caveats(&self, caveats: &mut Caveats) {
        for lost in &self.not_understood {
            let kind = match lost.why {
                Why::HandshakeTooLong => CaveatKind::TlsHandshakeTooLong,
                _ => CaveatKind::TlsNotUnderstood,
            };
            caveats.note_many(kind, Some(lost.at), lost.why.text(), lost.count);
        }
        if let Some(reason) = self.undecrypted_reason() {
            caveats.note(CaveatKind::NotDecrypted, self.first, reason.short());
        }
    }

    pub(super) fn event(&mut self, at: FrameRef, direction: Direction, what: What) {
        self.event_count = self.event_count.saturating_add(1);
        if self.events.len() < MAX_EVENTS {
            self.events.push(Event {
                at,
                direction,
                what,
            });
        }
    }

    pub(super) fn alert(&mut self, alert: Alert) {
        self.alert_count = self.alert_count.saturating_add(1);
        if self.alerts.len() < MAX_ALERTS {
            self.alerts.push(alert);
        }
    }

    pub(super) fn lost(&mut self, direction: Direction, at: FrameRef, why: Why, bytes: u64) {
        match self
            .not_understood
            .iter_mut()
            .find(|n| n.direction == direction && n.why == why)
        {
            Some(known) => {
                known.bytes = known.bytes.saturating_add(bytes);
                known.count = known.count.saturating_add(1);
            }
            None => self.not_understood.push(NotUnderstood {
                direction,
                why,
                at,
                bytes,
                count: 1,
            }),
        }
    }
}
