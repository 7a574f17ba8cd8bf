//! Galois/Counter Mode: AES (RFC 5288), Camellia (RFC 6367) and ARIA (RFC 6209).

use super::aead::{Algorithm, InPlace};
use crate::tls::suite::Cipher;
use aes_gcm::{AesGcm, KeyInit};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use ccm::consts::U12;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// The algorithm of a GCM cipher; `None` with any other, or a key of another length.
pub(super) fn new(cipher: Cipher, key: &[u8]) -> Option<Box<dyn Algorithm>> {
    match cipher {
        Cipher::Aes128Gcm => Some(Box::new(Ring::new(&AES_128_GCM, key)?)),
        Cipher::Aes256Gcm => Some(Box::new(Ring::new(&AES_256_GCM, key)?)),
        // Only the mode comes from that crate: it takes any cipher with blocks of 16 bytes.
        Cipher::Camellia128Gcm => Some(Box::new(over::<AesGcm<Camellia128, U12>>(key)?)),
        Cipher::Camellia256Gcm => Some(Box::new(over::<AesGcm<Camellia256, U12>>(key)?)),
        Cipher::Aria128Gcm => Some(Box::new(over::<AesGcm<Aria128, U12>>(key)?)),
        Cipher::Aria256Gcm => Some(Box::new(over::<AesGcm<Aria256, U12>>(key)?)),
        _ => None,
    }
}

fn over<A: KeyInit>(key: &[u8]) -> Option<InPlace<A>> {
    A::new_from_slice(key).ok().map(InPlace)
}

/// An algorithm of ring: AES-GCM three times as fast as elsewhere.
pub(super) struct Ring(LessSafeKey);

impl Ring {
    pub(super) fn new(algorithm: &'static ring::aead::Algorithm, key: &[u8]) -> Option<Self> {
        UnboundKey::new(algorithm, key)
            .ok()
            .map(|key| Self(LessSafeKey::new(key)))
    }
}

impl Algorithm for Ring {
    fn tag_len(&self) -> usize {
        self.0.algorithm().tag_len()
    }

    fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &mut Vec<u8>) -> bool {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let len = self
            .0
            .open_in_place(nonce, Aad::from(aad), sealed)
            .map(|content| content.len());
        sealed.truncate(len.unwrap_or_default());
        len.is_ok()
    }

    fn seal(&self, nonce: [u8; 12], aad: &[u8], content: &mut Vec<u8>) -> bool {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(nonce, Aad::from(aad), content)
            .is_ok()
    }
}
