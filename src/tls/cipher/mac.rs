//! The MAC of a record: HMAC (RFC 5246 §6.2.3.1), cut where agreed (RFC 6066 §7), and the one of SSL 3.0 (RFC 6101 §5.2.3.1).

use super::{Parameters, Unsupported};
use crate::tls::names::Version;
use crate::tls::record::Head;
use crate::tls::secrets::Secret;
use crate::tls::suite;
use hmac::digest::{Digest, Output};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use std::fmt;

/// Bytes of a truncated HMAC (RFC 6066 §7).
const TRUNCATED_LEN: usize = 10;

/// Verifies and makes the MACs of one direction. The key is worked in once; a record starts from a copy of that state.
pub(super) struct RecordMac {
    keyed: Keyed,
    len: usize,
}

enum Keyed {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Ssl3Md5(Ssl3<Md5>),
    Ssl3Sha1(Ssl3<Sha1>),
}

/// hash(secret + pad2 + hash(secret + pad1 + data)) with the secret and pads worked in.
struct Ssl3<D> {
    inner: D,
    outer: D,
}

impl<D: Digest + Clone> Ssl3<D> {
    fn new(secret: &[u8]) -> Self {
        // As many pad bytes as fit behind the secret: 48 for MD5, 40 for SHA-1.
        let pads: usize = if <D as Digest>::output_size() == 16 {
            48
        } else {
            40
        };
        let with = |pad| {
            let mut digest = D::new_with_prefix(secret);
            for _ in 0..pads {
                digest.update([pad]);
            }
            digest
        };
        Self {
            inner: with(0x36),
            outer: with(0x5c),
        }
    }

    fn of(&self, seq: u64, content: u8, len: u16, data: &[u8]) -> Output<D> {
        let inner = self
            .inner
            .clone()
            .chain_update(seq.to_be_bytes())
            .chain_update([content])
            .chain_update(len.to_be_bytes())
            .chain_update(data)
            .finalize();
        self.outer.clone().chain_update(inner).finalize()
    }
}

fn hmac<M: Mac + Clone>(keyed: &M, header: &[u8; 13], data: &[u8]) -> Output<M> {
    keyed
        .clone()
        .chain_update(header)
        .chain_update(data)
        .finalize()
        .into_bytes()
}

impl RecordMac {
    /// The MAC of this suite and version under this key.
    pub(super) fn new(p: &Parameters, secret: &Secret) -> Result<Self, Unsupported> {
        let suite = p.suite.info().ok_or(Unsupported)?;
        let key = secret.bytes();
        let keyed = match (suite.mac, p.version) {
            (suite::Mac::Md5, Version::SSL3) => Keyed::Ssl3Md5(Ssl3::new(key)),
            (suite::Mac::Sha1, Version::SSL3) => Keyed::Ssl3Sha1(Ssl3::new(key)),
            (_, Version::SSL3) => return Err(Unsupported),
            (suite::Mac::Md5, _) => Keyed::Md5(keyed(key)?),
            (suite::Mac::Sha1, _) => Keyed::Sha1(keyed(key)?),
            (suite::Mac::Sha256, _) => Keyed::Sha256(keyed(key)?),
            (suite::Mac::Sha384, _) => Keyed::Sha384(keyed(key)?),
            // Without a MAC nothing says that a secret is the right one.
            (
                suite::Mac::Null | suite::Mac::Ripemd160 | suite::Mac::Aead | suite::Mac::Other,
                _,
            ) => {
                return Err(Unsupported);
            }
        };
        let len = suite.mac_len();
        Ok(Self {
            keyed,
            len: if p.truncated_hmac && p.version != Version::SSL3 {
                len.min(TRUNCATED_LEN)
            } else {
                len
            },
        })
    }

    /// Whether `mac` is that of `data` in record number `seq`.
    pub(super) fn verify(&self, seq: u64, head: &Head, data: &[u8], mac: &[u8]) -> bool {
        mac.len() == self.len
            && self.with(seq, head, data, |full| full.get(..mac.len()) == Some(mac)) == Some(true)
    }

    /// The data and its MAC; `None` where no record is so long.
    pub(super) fn append(&self, seq: u64, head: &Head, data: &[u8]) -> Option<Vec<u8>> {
        let mut out = data.to_vec();
        self.with(seq, head, data, |full| {
            full.get(..self.len).map(|mac| out.extend_from_slice(mac))
        })??;
        Some(out)
    }

    /// Looks at the whole MAC of `data` in record number `seq`.
    fn with<R>(
        &self,
        seq: u64,
        head: &Head,
        data: &[u8],
        look: impl FnOnce(&[u8]) -> R,
    ) -> Option<R> {
        let len = u16::try_from(data.len()).ok()?;
        let header = header(seq, head, len);
        Some(match &self.keyed {
            Keyed::Md5(keyed) => look(&hmac(keyed, &header, data)),
            Keyed::Sha1(keyed) => look(&hmac(keyed, &header, data)),
            Keyed::Sha256(keyed) => look(&hmac(keyed, &header, data)),
            Keyed::Sha384(keyed) => look(&hmac(keyed, &header, data)),
            Keyed::Ssl3Md5(keyed) => look(&keyed.of(seq, head.content, len, data)),
            Keyed::Ssl3Sha1(keyed) => look(&keyed.of(seq, head.content, len, data)),
        })
    }

    /// Bytes of the MAC.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Where content ends and the MAC begins, if this is long enough for a MAC.
    pub(super) fn split<'a>(&self, data: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        data.split_at_checked(data.len().checked_sub(self.len)?)
    }
}

fn keyed<M: KeyInit>(key: &[u8]) -> Result<M, Unsupported> {
    M::new_from_slice(key).map_err(|_| Unsupported)
}

/// What is authenticated in front of the content: sequence number, content type, version and length (RFC 5246 §6.2.3.1).
pub(super) fn header(seq: u64, head: &Head, len: u16) -> [u8; 13] {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = seq.to_be_bytes();
    let [major, minor] = head.version.to_be_bytes();
    let [high, low] = len.to_be_bytes();
    [
        s0,
        s1,
        s2,
        s3,
        s4,
        s5,
        s6,
        s7,
        head.content,
        major,
        minor,
        high,
        low,
    ]
}

impl fmt::Debug for RecordMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordMac({} bytes)", self.len)
    }
}
