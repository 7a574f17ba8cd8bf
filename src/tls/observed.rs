//! The pieces a summary is made of: records counted, events, and what was not understood.

use super::memory::list;
use super::names::HandshakeType;
use crate::base::{Direction, FrameRef};

/// Events kept for evidence; the count goes on.
pub const MAX_EVENTS: usize = 64;
/// Application record lengths kept of each direction.
pub const MAX_RECORD_LENGTHS: usize = 64;
/// Bytes kept of an answer that is no TLS.
pub const MAX_PLAINTEXT_ANSWER: usize = 128;
/// Alerts kept; the count goes on.
pub const MAX_ALERTS: usize = 32;

/// Records of one direction.
#[derive(Debug, Clone, Default)]
pub struct RecordStats {
    /// Records of any type.
    pub records: u64,
    /// application_data records; in TLS 1.3 hidden handshake messages and alerts among them.
    pub application_records: u64,
    /// Bytes of their bodies, as on the wire.
    pub application_bytes: u64,
    /// The first application_data record.
    pub first_application: Option<FrameRef>,
    /// The last application_data record.
    pub last_application: Option<FrameRef>,
    /// The first application_data records: frame and bytes of the body.
    pub application_lengths: Vec<(FrameRef, u16)>,
    /// application_data records as short as one without content: an empty fragment, one byte, or a keep-alive.
    pub minimal_records: u64,
    /// Of those, the ones directly followed by a longer application_data record: empty fragments (OpenSSL) or 1/n-1
    /// splitting (Schannel, Java), which look the same without keys.
    pub minimal_pairs: u64,
    /// application_data records that were opened and have no content (RFC 5246 §6.2.1 allows them): empty fragments. Stays 0
    /// where nothing is decrypted.
    pub empty_records: u64,
    /// Handshake records after ChangeCipherSpec; beyond the Finished they are a renegotiation.
    pub encrypted_handshake_records: u64,
    pub(super) after_minimal: bool,
    pub(super) last_record: Option<(FrameRef, u8, u16)>,
}

/// Something that happened, for the evidence of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Frame and time.
    pub at: FrameRef,
    /// Who sent it.
    pub direction: Direction,
    /// What.
    pub what: What,
}

/// What an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A handshake message that could be read.
    Handshake(HandshakeType),
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// The first encrypted handshake record after ChangeCipherSpec.
    EncryptedFinished,
    /// A further encrypted handshake record.
    EncryptedHandshake,
    /// An alert: level and description, `None` when encrypted.
    Alert(Option<(u8, super::AlertDescription)>),
    /// The first application data of this direction.
    FirstApplicationData,
    /// Bytes missing in the capture.
    Gap,
    /// A record boundary was found again.
    Resynchronised,
    /// This direction does not speak TLS.
    PlaintextAnswer,
    /// Heartbeat (RFC 6520).
    Heartbeat,
}

/// What a direction said that is no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaintextAnswer {
    /// Where it began.
    pub at: FrameRef,
    /// Its first bytes, at most [`MAX_PLAINTEXT_ANSWER`].
    pub bytes: Vec<u8>,
    /// All bytes of it.
    pub len: u64,
}

/// Bytes that were there and are not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// Who sent them.
    pub direction: Direction,
    /// Why.
    pub why: Why,
    /// The first place.
    pub at: FrameRef,
    /// How many bytes in all.
    pub bytes: u64,
    /// How often.
    pub count: u64,
}

/// Why bytes are not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// No record boundary.
    NoRecord,
    /// Passed over to find a boundary again after missing bytes.
    AfterGap,
    /// A record some bytes of which are missing.
    DamagedRecord,
    /// The stream ends inside a record.
    CutRecord,
    /// The stream ends inside a handshake message, or bytes of it are missing.
    CutHandshake,
    /// A handshake message that does not read as its RFC says.
    MalformedHandshake,
    /// A handshake message of a type not known.
    UnknownHandshake,
    /// A handshake message over the limit.
    HandshakeTooLong,
    /// A handshake record that is no message and may be encrypted: its ChangeCipherSpec was not captured.
    UnclearHandshake,
    /// An alert or ChangeCipherSpec that does not read as its RFC says.
    MalformedRecord,
    /// A record of a NULL suite shorter than its MAC.
    ShortRecord,
    /// Heartbeat messages are not read.
    Heartbeat,
    /// A record that does not authenticate, in a session that is decrypted.
    NotOpened,
    /// A record behind missing bytes that could not be opened: what its cipher depends on is missing.
    NotOpenedAfterGap,
    /// A record whose compressed content depends on missing bytes, or unfolds to more than a record may hold.
    NotDecompressed,
    /// Certificates of one message beyond those that are read.
    ChainTooLong,
    /// A large handshake message, not kept because very many sessions are open that sent such ones.
    NotKept,
    /// The beginning of a record or handshake message, or records whose keys were not known yet: given up because very many connections
    /// wait for the rest of theirs.
    NoRoom,
}

impl Why {
    /// In words, for a caveat.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoRecord => "bytes that are no TLS record",
            Self::AfterGap => "bytes between a gap and the next TLS record boundary",
            Self::DamagedRecord => "a TLS record of which bytes are missing",
            Self::CutRecord => "the stream ends inside a TLS record",
            Self::CutHandshake => "a TLS handshake message that is not complete",
            Self::MalformedHandshake => "a malformed TLS handshake message",
            Self::UnknownHandshake => "a TLS handshake message of unknown type",
            Self::HandshakeTooLong => "a TLS handshake message over the limit was not read",
            Self::UnclearHandshake => "a TLS handshake record after a gap that may be encrypted",
            Self::MalformedRecord => "a malformed TLS alert or ChangeCipherSpec record",
            Self::ShortRecord => "a record of a NULL cipher suite shorter than its MAC",
            Self::Heartbeat => "a TLS heartbeat record",
            Self::NotOpened => "a TLS record that does not authenticate",
            Self::NotOpenedAfterGap => "a TLS record behind missing bytes that could not be opened",
            Self::NotDecompressed => "a compressed TLS record that depends on missing bytes",
            Self::ChainTooLong => "of a TLS Certificate message only the first 100 were read",
            Self::NotKept => {
                "a large TLS handshake message was not kept: very many open sessions sent such ones"
            }
            Self::NoRoom => {
                "what there was of a TLS record or handshake message was given up: very many connections wait for the rest of theirs"
            }
        }
    }
}

impl RecordStats {
    /// Bytes of memory that they take beside themselves, about.
    pub(super) const fn memory(&self) -> usize {
        list(&self.application_lengths)
    }

    /// Counts an application_data record; whether it is the first.
    pub(super) fn application(&mut self, at: FrameRef, len: u16, minimal: Option<usize>) -> bool {
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
    /// More bytes of the same.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = MAX_PLAINTEXT_ANSWER.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        self.len = self
            .len
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
}
