//! What the report could not see, named, counted, with the first places.

use super::FrameRef;
use std::collections::BTreeMap;

/// Why something was not seen. One name per reason; the name is what JSON shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CaveatKind {
    /// The file ends inside a packet or block.
    FileTruncated,
    /// A block or packet record is damaged; reading went on behind it, or stopped.
    CorruptBlock,
    /// Behind the end of a capture another one follows in the same file: both are read.
    FilesJoined,
    /// The operating system could not read further.
    ReadFailed,
    /// The compressed data is damaged or cut.
    DecompressionFailed,
    /// A pcapng block without a time stamp, or of a kind that carries no packet we read.
    UnknownBlock,
    /// A link-layer type that is not read.
    LinkTypeUnsupported,
    /// A network protocol inside a readable link layer that is not read.
    ProtocolNotDecoded,
    /// A tunnel, a mirror or encryption below IP that is not read, and that may have SIP inside.
    EncapsulationNotRead,
    /// A header is cut or contradicts itself.
    PacketMalformed,
    /// More nested headers than the limit.
    TooDeep,
    /// The snap length cut packets that matter.
    SnapLength,
    /// IP fragments whose datagram never became complete.
    FragmentsIncomplete,
    /// The capture says that packets were dropped while capturing.
    CaptureDrops,
    /// A time stamp earlier than the one before, or one that cannot be.
    TimeBackwards,
    /// Frames that are copies of the frame before (both ports of a mirror).
    DuplicateFrames,
    /// TCP bytes the capture does not have.
    StreamGap,
    /// The same TCP bytes were sent twice with different content; the first were kept.
    OverlapConflict,
    /// Multipath TCP spread a stream over several connections, which are read each on its own.
    MultipathTcp,
    /// SCTP DATA chunks, or fragments of a user message, that the capture does not have.
    SctpIncomplete,
    /// A connection whose start is not in the capture.
    MidStream,
    /// Only one direction of a connection was captured.
    OneDirection,
    /// Too many flows were open; the oldest was finished early.
    FlowEvicted,
    /// A TLS session that was not decrypted.
    NotDecrypted,
    /// TLS bytes that are not understood.
    TlsNotUnderstood,
    /// A TLS handshake message over the limit.
    TlsHandshakeTooLong,
    /// Bytes between SIP messages that belong to none.
    SipNotUnderstood,
    /// Very many unfinished SIP messages: some were given before they were complete.
    SipUnfinished,
    /// Too many dialogs were open; the oldest was judged early.
    DialogEvicted,
    /// A dialog had more messages than are kept.
    DialogMessagesDropped,
    /// More connections than are kept for comparison.
    ConnectionSummaryDropped,
    /// More findings of one rule than are kept.
    FindingsDropped,
    /// More hosts, pairs of hosts or users than are kept to be compared. Every message was read and judged for itself.
    NotCompared,
    /// More connections than stream numbers are remembered for.
    StreamNumbers,
    /// Traffic outside the networks in scope.
    OutOfScope,
    /// Data on a connection whose protocol is neither SIP nor TLS.
    OtherProtocol,
    /// A key log or key could not be used.
    SecretsUnusable,
}

impl CaveatKind {
    /// The stable name shown in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileTruncated => "file-truncated",
            Self::CorruptBlock => "corrupt-block",
            Self::FilesJoined => "files-joined",
            Self::ReadFailed => "read-failed",
            Self::DecompressionFailed => "decompression-failed",
            Self::UnknownBlock => "unknown-block",
            Self::LinkTypeUnsupported => "link-type-unsupported",
            Self::ProtocolNotDecoded => "protocol-not-decoded",
            Self::EncapsulationNotRead => "encapsulation-not-read",
            Self::PacketMalformed => "packet-malformed",
            Self::TooDeep => "too-deep",
            Self::SnapLength => "snap-length",
            Self::FragmentsIncomplete => "fragments-incomplete",
            Self::CaptureDrops => "capture-drops",
            Self::TimeBackwards => "time-backwards",
            Self::DuplicateFrames => "duplicate-frames",
            Self::StreamGap => "stream-gap",
            Self::OverlapConflict => "overlap-conflict",
            Self::MultipathTcp => "multipath-tcp",
            Self::SctpIncomplete => "sctp-incomplete",
            Self::MidStream => "mid-stream",
            Self::OneDirection => "one-direction",
            Self::FlowEvicted => "flow-evicted",
            Self::NotDecrypted => "not-decrypted",
            Self::TlsNotUnderstood => "tls-not-understood",
            Self::TlsHandshakeTooLong => "tls-handshake-too-long",
            Self::SipNotUnderstood => "sip-not-understood",
            Self::SipUnfinished => "sip-unfinished",
            Self::DialogEvicted => "dialog-evicted",
            Self::DialogMessagesDropped => "dialog-messages-dropped",
            Self::ConnectionSummaryDropped => "connection-summary-dropped",
            Self::FindingsDropped => "findings-dropped",
            Self::NotCompared => "not-compared",
            Self::StreamNumbers => "stream-numbers",
            Self::OutOfScope => "out-of-scope",
            Self::OtherProtocol => "other-protocol",
            Self::SecretsUnusable => "secrets-unusable",
        }
    }

    /// Whether traffic that could have mattered was not seen: such a report never says that all is well.
    pub const fn hides_traffic(self) -> bool {
        !matches!(
            self,
            Self::DuplicateFrames
                | Self::OutOfScope
                | Self::OtherProtocol
                | Self::UnknownBlock
                | Self::FilesJoined
                | Self::TimeBackwards
                | Self::OverlapConflict
                | Self::ProtocolNotDecoded
                | Self::NotCompared
                | Self::StreamNumbers
                | Self::MidStream
                | Self::DialogMessagesDropped
                // A secret that opens nothing hides nothing; the session that stays closed says so itself.
                | Self::SecretsUnusable
        )
    }
}

/// One kind of caveat with one explanation: counted exactly, the first places kept.
#[derive(Debug, Clone)]
pub struct Caveat {
    /// Why.
    pub kind: CaveatKind,
    /// In words; for a person, one line.
    pub text: String,
    /// How often.
    pub count: u64,
    /// The first places, in capture order.
    pub places: Vec<FrameRef>,
}

/// The name under which [`Caveats`] folds: kind and text.
pub type CaveatsEntry = (CaveatKind, String);

/// What found no room in a store: how often, and the earliest place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unkept {
    count: u64,
    first: Option<FrameRef>,
}

impl Unkept {
    /// Counts one, at this place.
    pub fn add(&mut self, at: Option<FrameRef>) {
        self.merge(Self {
            count: 1,
            first: at,
        });
    }

    /// Counts what another one has.
    pub fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.into_iter().chain(other.first).min();
    }

    /// Says it, unless there is nothing to say.
    pub fn note(self, text: &str, caveats: &mut Caveats) {
        if self.count > 0 {
            caveats.note_many(CaveatKind::NotCompared, self.first, text, self.count);
        }
    }
}

/// All caveats of an analysis: bounded, because equal ones are folded and texts are capped per kind.
#[derive(Debug, Clone, Default)]
pub struct Caveats {
    entries: BTreeMap<CaveatsEntry, (u64, Vec<FrameRef>)>,
    places: usize,
}

/// Different texts kept of one kind; further ones are counted under one common text.
const TEXTS_PER_KIND: usize = 200;

impl Caveats {
    /// An empty collection keeping this many places of each entry.
    pub fn new(places_per_caveat: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            places: places_per_caveat,
        }
    }

    /// Notes one occurrence. `text` must be short and should repeat, so that it folds.
    pub fn note(&mut self, kind: CaveatKind, at: Option<FrameRef>, text: impl Into<String>) {
        self.note_many(kind, at, text, 1);
    }

    /// Notes `count` occurrences at one place.
    pub fn note_many(
        &mut self,
        kind: CaveatKind,
        at: Option<FrameRef>,
        text: impl Into<String>,
        count: u64,
    ) {
        let mut key = (kind, text.into());
        if !self.entries.contains_key(&key)
            && self
                .entries
                .range((kind, String::new())..)
                .take_while(|((k, _), _)| *k == kind)
                .count()
                >= TEXTS_PER_KIND
        {
            key.1 = String::from("further ones, not listed singly");
        }
        let (total, places) = self.entries.entry(key).or_default();
        *total = total.saturating_add(count);
        if let Some(at) = at
            && places.len() < self.places
        {
            places.push(at);
        }
    }

    /// Takes over all of `other`.
    pub fn merge(&mut self, other: Self) {
        for ((kind, text), (count, places)) in other.entries {
            self.note_many(kind, None, text.clone(), count);
            if let Some((_, mine)) = self.entries.get_mut(&(kind, text)) {
                mine.extend(places);
                mine.sort();
                mine.truncate(self.places);
            }
        }
    }

    /// Occurrences of a kind.
    pub fn count(&self, kind: CaveatKind) -> u64 {
        self.iter()
            .filter(|c| c.kind == kind)
            .map(|c| c.count)
            .sum()
    }

    /// Whether any of them hides traffic that could have mattered.
    pub fn hide_traffic(&self) -> bool {
        self.entries.keys().any(|(kind, _)| kind.hides_traffic())
    }

    /// In a fixed order: by kind, then by text.
    pub fn iter(&self) -> impl Iterator<Item = Caveat> + '_ {
        self.entries
            .iter()
            .map(|((kind, text), (count, places))| Caveat {
                kind: *kind,
                text: text.clone(),
                count: *count,
                places: places.clone(),
            })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_caveats_fold_and_the_count_stays_exact() {
        let mut caveats = Caveats::new(2);
        for _ in 0..5 {
            caveats.note(CaveatKind::StreamGap, Some(FrameRef::default()), "lost");
        }
        let all: Vec<_> = caveats.iter().collect();
        assert_eq!((all.len(), all[0].count, all[0].places.len()), (1, 5, 2));
    }

    #[test]
    fn a_flood_of_texts_is_bounded_and_still_counted() {
        let mut caveats = Caveats::new(2);
        for n in 0..10_000 {
            caveats.note(CaveatKind::StreamGap, None, format!("lost {n}"));
        }
        assert!(caveats.iter().count() <= TEXTS_PER_KIND + 1);
        assert_eq!(caveats.count(CaveatKind::StreamGap), 10_000);
    }
}
