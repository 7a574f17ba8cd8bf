//! What all AEAD records have in common: nonce, additional data and tag (RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 7905 §2,
//! RFC 8446 §5.2).

use super::mac::header;
use super::{Failed, Hole, Opener, Place, Unsupported, ccm, chacha20_poly1305, gcm};
use crate::tls::names::Version;
use crate::tls::record::Head;
use crate::tls::schedule::{TrafficKeys, draft};
use crate::tls::suite::Cipher;
use ::ccm::aead::{AeadInOut, Tag};
use ::ccm::consts::U12;
use std::fmt;

/// Bytes of the nonce that the record itself brings (RFC 5288 §3).
const EXPLICIT_LEN: usize = 8;

/// A cipher under one key.
pub(super) trait Algorithm: Send {
    /// Bytes of the tag.
    fn tag_len(&self) -> usize;

    /// Decrypts `sealed` where it is and cuts the tag off; what it leaves behind a failure is of no use.
    fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &mut Vec<u8>) -> bool;

    /// Encrypts `content` where it is and puts the tag behind it.
    fn seal(&self, nonce: [u8; 12], aad: &[u8], content: &mut Vec<u8>) -> bool;
}

/// An algorithm of the RustCrypto family.
pub(super) struct InPlace<A>(pub(super) A);

impl<A: AeadInOut<NonceSize = U12> + Send> Algorithm for InPlace<A> {
    fn tag_len(&self) -> usize {
        Tag::<A>::default().len()
    }

    fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &mut Vec<u8>) -> bool {
        let len = sealed.len().checked_sub(self.tag_len());
        let Some((data, tag)) = len.and_then(|len| sealed.split_at_mut_checked(len)) else {
            return false;
        };
        let Ok(tag) = Tag::<A>::try_from(&*tag) else {
            return false;
        };
        let len = data.len();
        let opened = self
            .0
            .decrypt_inout_detached(&nonce.into(), aad, data.into(), &tag)
            .is_ok();
        sealed.truncate(len);
        opened
    }

    fn seal(&self, nonce: [u8; 12], aad: &[u8], content: &mut Vec<u8>) -> bool {
        let data = content.as_mut_slice().into();
        match self.0.encrypt_inout_detached(&nonce.into(), aad, data) {
            Ok(tag) => content.extend_from_slice(&tag),
            Err(_) => return false,
        }
        true
    }
}

/// The opener of a suite of TLS 1.2.
pub(super) fn tls12(cipher: Cipher, key: &[u8], iv: &[u8]) -> Result<Box<dyn Opener>, Unsupported> {
    let nonce = if cipher == Cipher::ChaCha20Poly1305 {
        Nonce::Number(iv.try_into().map_err(|_| Unsupported)?)
    } else {
        Nonce::Explicit {
            salt: iv.try_into().map_err(|_| Unsupported)?,
            last: None,
        }
    };
    new(cipher, key, nonce, AdditionalData::Tls12)
}

/// The opener of a suite of TLS 1.3.
pub(super) fn tls13(
    cipher: Cipher,
    version: Version,
    keys: &TrafficKeys,
) -> Result<Box<dyn Opener>, Unsupported> {
    // Drafts before 25 authenticated no header.
    let aad = if draft(version).is_some_and(|draft| draft < 25) {
        AdditionalData::None
    } else {
        AdditionalData::Header
    };
    new(cipher, keys.key.bytes(), Nonce::Number(keys.iv), aad)
}

fn new(
    cipher: Cipher,
    key: &[u8],
    nonce: Nonce,
    aad: AdditionalData,
) -> Result<Box<dyn Opener>, Unsupported> {
    let algorithm = gcm::new(cipher, key)
        .or_else(|| ccm::new(cipher, key))
        .or_else(|| chacha20_poly1305::new(cipher, key))
        .ok_or(Unsupported)?;
    Ok(Box::new(Aead {
        algorithm,
        nonce,
        aad,
    }))
}

/// Opens the records of one direction.
struct Aead {
    algorithm: Box<dyn Algorithm>,
    nonce: Nonce,
    aad: AdditionalData,
}

/// Where the nonce comes from.
enum Nonce {
    /// A fixed part, and the one in the record. `last`: number and nonce of the last record that opened.
    Explicit {
        salt: [u8; 4],
        last: Option<(u64, u64)>,
    },
    /// The IV XOR the record's number.
    Number([u8; 12]),
}

/// What is authenticated beside the content.
#[derive(Clone, Copy)]
enum AdditionalData {
    /// Number, type, version and content length.
    Tls12,
    /// The record header.
    Header,
    /// Nothing.
    None,
}

impl Aead {
    /// The nonce in the record, if it is one that brings it.
    fn explicit(&self, sealed: &[u8]) -> Option<u64> {
        match self.nonce {
            Nonce::Explicit { .. } => sealed
                .first_chunk::<EXPLICIT_LEN>()
                .map(|nonce| u64::from_be_bytes(*nonce)),
            Nonce::Number(_) => None,
        }
    }

    /// The nonce of a record, and its bytes behind the part of the nonce that it brings.
    fn nonce<'s>(&self, seq: u64, sealed: &'s [u8]) -> Option<([u8; 12], &'s [u8])> {
        match &self.nonce {
            Nonce::Explicit { salt, .. } => {
                let (explicit, body) = sealed.split_first_chunk::<EXPLICIT_LEN>()?;
                let mut nonce = [0; 12];
                let parts = salt.iter().chain(explicit);
                nonce
                    .iter_mut()
                    .zip(parts)
                    .for_each(|(to, from)| *to = *from);
                Some((nonce, body))
            }
            Nonce::Number(iv) => {
                let mut nonce = *iv;
                let number = seq.to_be_bytes();
                // Right aligned: the first four bytes stay.
                let low = nonce.iter_mut().rev().zip(number.iter().rev());
                low.for_each(|(to, from)| *to ^= *from);
                Some((nonce, sealed))
            }
        }
    }

    /// Does something with what is authenticated beside content of `len` bytes, in a record of `sealed` bytes.
    fn with_aad<R>(
        &self,
        seq: u64,
        head: &Head,
        (len, sealed): (usize, usize),
        work: impl FnOnce(&[u8]) -> R,
    ) -> Option<R> {
        Some(match self.aad {
            AdditionalData::Tls12 => work(&header(seq, head, u16::try_from(len).ok()?)),
            AdditionalData::Header => {
                let [major, minor] = head.version.to_be_bytes();
                let [high, low] = u16::try_from(sealed).ok()?.to_be_bytes();
                work(&[head.content, major, minor, high, low])
            }
            AdditionalData::None => work(&[]),
        })
    }

    fn try_open(&self, seq: u64, head: &Head, sealed: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (nonce, body) = self.nonce(seq, sealed)?;
        let len = body.len().checked_sub(self.algorithm.tag_len())?;
        out.extend_from_slice(body);
        let opened = self.with_aad(seq, head, (len, sealed.len()), |aad| {
            self.algorithm.open(nonce, aad, out)
        })?;
        opened.then_some(())
    }
}

impl Opener for Aead {
    fn open(
        &mut self,
        seq: u64,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failed> {
        out.clear();
        if self.try_open(seq, head, sealed, out).is_none() {
            out.clear();
            return Err(Failed::DoesNotAuthenticate);
        }
        if let Some(explicit) = self.explicit(sealed)
            && let Nonce::Explicit { last, .. } = &mut self.nonce
        {
            *last = Some((seq, explicit));
        }
        Ok(())
    }

    /// Most stacks count in the nonce, from the number itself or from a random start: that guess comes first.
    fn find(&mut self, hole: &Hole, head: &Head, sealed: &[u8], out: &mut Vec<u8>) -> Option<u64> {
        out.clear();
        let guess = self.explicit(sealed).map(|explicit| match self.nonce {
            Nonce::Explicit {
                last: Some((seq, before)),
                ..
            } => seq.wrapping_add(explicit.wrapping_sub(before)),
            _ => explicit,
        });
        if let Some(guess) = guess.filter(|guess| hole.contains(*guess))
            && self.open(guess, head, sealed, out).is_ok()
        {
            return Some(guess);
        }
        hole.numbers(sealed.len())
            .filter(|seq| Some(*seq) != guess)
            .find(|seq| self.open(*seq, head, sealed, out).is_ok())
    }

    fn pass(&mut self, _len: usize, _tail: &[u8]) {}

    fn seal(
        &mut self,
        seq: u64,
        head: &Head,
        content: &[u8],
        place: &Place<'_>,
    ) -> Option<Vec<u8>> {
        let (nonce, body) = self.nonce(seq, place.old)?;
        let len = body.len().checked_sub(self.algorithm.tag_len())?;
        let mut sealed = content.to_vec();
        // The padding of TLS 1.3 (RFC 8446 §5.2); before, there is none.
        let pads = !matches!(self.aad, AdditionalData::Tls12);
        if sealed.len() > len || (sealed.len() < len && !pads) {
            return None;
        }
        sealed.resize(len, 0);
        let done = self.with_aad(seq, head, (len, place.old.len()), |aad| {
            self.algorithm.seal(nonce, aad, &mut sealed)
        })?;
        let explicit = place.old.len().checked_sub(body.len())?;
        let mut out = place.old.get(..explicit)?.to_vec();
        out.append(&mut sealed);
        done.then_some(out)
    }
}

impl fmt::Debug for Aead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aead")
            .field("tag_len", &self.algorithm.tag_len())
            .finish_non_exhaustive()
    }
}
