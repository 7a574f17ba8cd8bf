//! Pseudonyms for what identifies people and places, of the same length as what they stand for.
//!
//! ```text
//! message, DNS message, certificate ──► Pseudonyms::sip, dns, tls_handshake, certificate ──► the same bytes, rewritten in place
//! output ──► Pseudonyms::find_survivor ──► nothing, or a reason not to write it
//! ```
//!
//! The same length everywhere: offsets of header fields, Content-Length, TCP sequence numbers, DNS labels and DER lengths stay right
//! without any arithmetic. What stays and what goes is told in `docs/redaction.md`.

mod address;
mod base64;
mod body;
mod byte_set;
mod bytes;
mod certificate;
mod credentials;
mod der;
mod dns;
mod fields;
mod handshake;
mod head;
mod host;
mod key;
mod kind;
mod mask;
mod opaque;
mod parameter;
mod scan;
mod sdp;
mod shape;
mod shared;
mod survivor;
mod table;
mod text;
mod uri;
mod words;
mod xml;

use address::Addresses;
use byte_set::ByteSet;
use key::Key;
pub use kind::Kind;
use shape::Choice;
pub use shared::Redaction;
pub use survivor::{Search, Survivor};
use table::Table;
use words::Words;
use zeroize::Zeroizing;

/// Tries before a marked pseudonym becomes one of any letters.
const MARKED: u32 = 24;
/// Tries in which no pseudonym may be what was an original before.
const FRESH: u32 = 48;
/// Tries before two originals may share one: of short values there are not enough.
const TRIES: u32 = 160;
/// Words, host names and mailboxes that are remembered to be searched for, beside the tables: as many as those.
const REMEMBERED: usize = 229_376;

/// What was replaced and how often the limits bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values that came when the table was full: replaced by a keyed hash, not remembered, not searched for.
    pub not_remembered: u64,
    /// Values whose pseudonym another value has, too: there are not enough of that length.
    pub shared: u64,
}

/// Replaces originals by pseudonyms, consistently: the same original, whatever the case of its letters, gets the same one, and
/// different ones get different ones.
///
/// The pseudonym depends on the key and the original alone, unless two originals would get the same one.
#[derive(Debug)]
pub struct Pseudonyms {
    key: Key,
    table: Table,
    words: &'static Words,
    addresses: Addresses,
    /// Tag of the kind and value, in lower case: host names and mailboxes, and words that were masked.
    composed: ByteSet,
    /// Words that stay although no list has them: names in XML.
    stayed: ByteSet,
    counts: Counts,
    scratch: Vec<u8>,
}

impl Pseudonyms {
    /// Pseudonyms under this key. With the same key the same originals get the same pseudonyms in every run; without one that
    /// should last, give random bytes.
    pub fn new(key: &[u8]) -> Self {
        Self {
            key: Key::new(key),
            table: Table::default(),
            words: Words::all(),
            addresses: Addresses::new(key),
            composed: ByteSet::default(),
            stayed: ByteSet::default(),
            counts: Counts::default(),
            scratch: Vec::new(),
        }
    }

    /// A key for what is made up in place of secrets; it tells nothing of the one it comes from.
    pub fn key_for_secrets(&self) -> Zeroizing<[u8; 32]> {
        let mut stream = self.key.stream(u8::MAX, b"made-up secrets", 0);
        Zeroizing::new(std::array::from_fn(|_| stream.byte()))
    }

    /// How often the limits bit.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Replaces all of `bytes` by the pseudonym of this kind; the first `kept` bytes stay.
    fn replace(&mut self, kind: Kind, bytes: &mut [u8], kept: usize) {
        if bytes.is_empty() {
            return;
        }
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        key.push(kind.tag());
        key.extend(bytes.iter().map(u8::to_ascii_lowercase));
        match self.table.get(&key) {
            Some(pseudonym) => shape::write(bytes, pseudonym),
            None => {
                let value = key.get(1..).unwrap_or_default();
                let pseudonym = self.invent(kind, value, kept);
                shape::write(bytes, &pseudonym);
                if value.len() > table::LONGEST {
                    // As good as unique, and too long to be found in an output as a whole.
                } else if self.table.has_room() {
                    self.table.insert(kind, &key, &pseudonym);
                } else {
                    self.counts.not_remembered = self.counts.not_remembered.saturating_add(1);
                }
            }
        }
        self.scratch = key;
    }

    /// A pseudonym that no other original of this kind has.
    fn invent(&mut self, kind: Kind, value: &[u8], kept: usize) -> Vec<u8> {
        let mut last = Vec::new();
        let is_country = value.len() == 2 && value.iter().all(u8::is_ascii_alphabetic);
        for attempt in 0..TRIES {
            let choice = if attempt < MARKED {
                Choice::Marked
            } else {
                Choice::Any
            };
            let mut stream = self.key.stream(kind.tag(), value, attempt);
            last = match kind {
                Kind::Top if is_country && attempt < MARKED * 4 => host::country(&mut stream),
                _ => shape::make(kind, value, kept, &mut stream, choice),
            };
            if value.len() > table::LONGEST {
                return last;
            }
            let unusable = last == value
                || self.table.is_taken(kind, &last)
                || (attempt < FRESH && self.table.is_original(kind, &last));
            if !unusable {
                return last;
            }
        }
        if self.table.is_taken(kind, &last) {
            self.counts.shared = self.counts.shared.saturating_add(1);
        }
        last
    }

    /// Remembers a value whose parts were replaced, or that was masked, to search for it.
    fn remember(&mut self, kind: Kind, value: &[u8]) {
        if self.composed.len() >= REMEMBERED || value.len() > table::LONGEST {
            self.counts.not_remembered = self.counts.not_remembered.saturating_add(1);
            return;
        }
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        key.push(kind.tag());
        key.extend(value.iter().map(u8::to_ascii_lowercase));
        self.composed.insert(&key);
        self.scratch = key;
    }
}
