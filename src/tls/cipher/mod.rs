//! What opens the records of one direction, and seals others in their place: a file for each protection, all behind [`Opener`].

mod aead;
mod cbc;
mod ccm;
mod chacha20_poly1305;
mod gcm;
mod mac;
mod null;
mod rc4;
mod seed;

use super::names::Version;
use super::record::Head;
use super::schedule::{Sizes, WriteKeys, traffic_keys, write_keys};
use super::secrets::Secret;
use super::suite::{Cipher, CipherSuiteId};
use mac::RecordMac;
use std::fmt;

/// Why a record was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// Its MAC or tag is not right, or it is too short to have one.
    DoesNotAuthenticate,
    /// The chain to it is broken: the cipher block before it is missing.
    ChainBroken,
}

/// A place where bytes are missing: where the record behind it may stand in the count of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    /// The lowest number the record can have: the one that it has if no record was lost.
    pub(super) first: u64,
    /// How many numbers to try.
    pub(super) tries: u64,
    /// Bytes of the stream between the last record that was passed and this one, record headers included.
    pub(super) missing: u64,
}

/// Most bytes to authenticate in one search: a bound for time, not for correctness. A second or so in the slowest suite.
const MAX_SEARCH: u64 = 32 << 20;
/// What one try costs beside the bytes of the record.
const TRY_COST: u64 = 256;

impl Hole {
    /// The numbers to try for a record of `len` bytes.
    fn numbers(&self, len: usize) -> impl Iterator<Item = u64> + use<> {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        let affordable = MAX_SEARCH
            .checked_div(len.saturating_add(TRY_COST))
            .unwrap_or_default();
        let first = self.first;
        (0..self.tries.min(affordable)).map_while(move |n| first.checked_add(n))
    }

    fn contains(&self, number: u64) -> bool {
        number
            .checked_sub(self.first)
            .is_some_and(|n| n < self.tries)
    }
}

/// The protection of one direction under one set of keys.
///
/// Content is shown only when its MAC or tag is right. Chained ciphers move on with every record, opened or not.
pub(super) trait Opener: fmt::Debug + Send {
    /// Opens record number `seq`: `out` is cleared and holds the content, and the chain moves on. On failure the chain has not
    /// moved and `out` is empty. In TLS 1.3 the content is still TLSInnerPlaintext: content type and padding behind it.
    fn open(
        &mut self,
        seq: u64,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failed>;

    /// Looks for the number of a record behind a hole; opens it and returns its number.
    fn find(&mut self, hole: &Hole, head: &Head, sealed: &[u8], out: &mut Vec<u8>) -> Option<u64> {
        hole.numbers(sealed.len())
            .find(|seq| self.open(*seq, head, sealed, out).is_ok())
    }

    /// Behind a hole these bytes stand right before the next record: a chained cipher goes on from them.
    fn precede(&mut self, _tail: &[u8]) {}

    /// Nothing of this direction can be opened any more: what the next records depend on is missing for good.
    fn is_lost(&self) -> bool {
        false
    }

    /// A record of `len` bytes went by unopened; `tail` are its last bytes, as many as the capture has.
    fn pass(&mut self, len: usize, tail: &[u8]);

    /// Seals other content in the place of a record, at its length: for an extract without names. An opener that seals does not
    /// open. `None`: the length is impossible, or what the record depends on is not known.
    fn seal(&mut self, seq: u64, head: &Head, content: &[u8], place: &Place<'_>)
    -> Option<Vec<u8>>;
}

/// Where a sealed record goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The record's body as it was: its length counts, and the IV or nonce that it brings.
    pub(super) old: &'a [u8],
    /// What stands right before the record's header in its stream, in the form it has now.
    pub(super) before: &'a [u8],
}

/// The openers of the records that the client writes and of those that the server writes, SSL 3.0 to TLS 1.2.
pub(super) fn openers(
    p: &Parameters,
    master: &Secret,
) -> Result<[Box<dyn Opener>; 2], Unsupported> {
    let known = Version::SSL3.0..=Version::TLS12.0;
    let suite = p.suite.info().ok_or(Unsupported)?;
    if !known.contains(&p.version.0) || p.suite.is_tls13() {
        return Err(Unsupported);
    }
    let sizes = Sizes::of(suite, p.version).ok_or(Unsupported)?;
    let [client, server] = write_keys(p, sizes, master).ok_or(Unsupported)?;
    Ok([
        opener(p, suite.cipher, &client)?,
        opener(p, suite.cipher, &server)?,
    ])
}

fn opener(
    p: &Parameters,
    cipher: Cipher,
    keys: &WriteKeys,
) -> Result<Box<dyn Opener>, Unsupported> {
    use Cipher::{
        Aes128Cbc, Aes128Ccm, Aes128Ccm8, Aes128Gcm, Aes256Cbc, Aes256Ccm, Aes256Ccm8, Aes256Gcm,
        Aria128Cbc, Aria128Gcm, Aria256Cbc, Aria256Gcm, Camellia128Cbc, Camellia128Gcm,
        Camellia256Cbc, Camellia256Gcm, ChaCha20Poly1305, Des, Des40, Idea, Null, Other, Rc2_40,
        Rc2_56, Rc4_40, Rc4_56, Rc4_128, Seed, TripleDes,
    };
    match cipher {
        Null => Ok(Box::new(null::Null::new(RecordMac::new(p, &keys.mac)?))),
        Rc4_128 | Rc4_56 | Rc4_40 => Ok(Box::new(rc4::Rc4::new(
            keys.key.bytes(),
            RecordMac::new(p, &keys.mac)?,
        )?)),
        Des | Des40 | TripleDes | Idea | Rc2_40 | Rc2_56 | Seed | Aes128Cbc | Aes256Cbc
        | Camellia128Cbc | Camellia256Cbc | Aria128Cbc | Aria256Cbc => cbc::new(p, cipher, keys),
        Aes128Gcm | Aes256Gcm | Camellia128Gcm | Camellia256Gcm | Aria128Gcm | Aria256Gcm
        | Aes128Ccm | Aes256Ccm | Aes128Ccm8 | Aes256Ccm8 | ChaCha20Poly1305 => {
            // AEAD came with TLS 1.2 (RFC 5246 §6.2.3.3), and ChaCha20 of the first drafts is another one.
            if p.version != Version::TLS12 || matches!(p.suite.0, 0xcc13..=0xcc15) {
                return Err(Unsupported);
            }
            aead::tls12(cipher, keys.key.bytes(), keys.iv.bytes())
        }
        Other => Err(Unsupported),
    }
}

/// The opener of the records under one traffic secret of TLS 1.3 (RFC 8446 §7.3) or of the draft that `version` names.
/// A secret that has not the length of the suite's hash is refused.
pub(super) fn opener13(
    suite: CipherSuiteId,
    version: Version,
    traffic_secret: &Secret,
) -> Result<Box<dyn Opener>, Unsupported> {
    let keys = traffic_keys(suite, version, traffic_secret).ok_or(Unsupported)?;
    let cipher = suite.info().ok_or(Unsupported)?.cipher;
    aead::tls13(cipher, version, &keys)
}

/// What the keys of a connection up to TLS 1.2 depend on, beside the master secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parameters {
    pub(super) version: Version,
    pub(super) suite: CipherSuiteId,
    pub(super) client_random: [u8; 32],
    pub(super) server_random: [u8; 32],
    /// RFC 7366.
    pub(super) encrypt_then_mac: bool,
    /// RFC 6066 §7: the MAC is cut to 10 bytes.
    pub(super) truncated_hmac: bool,
}

/// The suite has a cipher or MAC that nothing here opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsupported;

#[cfg(test)]
mod captured;
#[cfg(test)]
mod holes;
#[cfg(test)]
mod sealer;
#[cfg(test)]
mod tests;
