//! What opens the records of one direction: a file for each protection, all behind [`Opener`].

use super::names::Version;
use super::record::Head;
use super::suite::CipherSuiteId;
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
    /// The lowest number the record can have.
    pub(super) first: u64,
    /// How many numbers to try.
    pub(super) tries: u64,
    /// Bytes of the stream between the last record that was passed and this one, record headers included.
    pub(super) missing: u64,
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
        (0..hole.tries)
            .filter_map(|n| hole.first.checked_add(n))
            .find(|seq| self.open(*seq, head, sealed, out).is_ok())
    }

    /// A record of `len` bytes went by unopened; `tail` are its last bytes, as many as the capture has.
    fn pass(&mut self, len: usize, tail: &[u8]);
}

/// What the keys of a connection up to TLS 1.2 depend on, beside the master secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(super) fn openers(
    _p: &Parameters,
    _m: &super::secrets::Secret,
) -> Result<[Box<dyn Opener>; 2], Unsupported> {
    Err(Unsupported)
}
pub(super) fn opener13(
    _s: CipherSuiteId,
    _v: Version,
    _x: &super::secrets::Secret,
) -> Result<Box<dyn Opener>, Unsupported> {
    Err(Unsupported)
}
