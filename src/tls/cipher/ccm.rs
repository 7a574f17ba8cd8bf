//! Counter with CBC-MAC: AES with tags of 16 or 8 bytes (RFC 6655, RFC 7251, RFC 8446 §B.4).

use super::aead::{Algorithm, InPlace};
use crate::tls::suite::Cipher;
use aes::{Aes128, Aes256};
use ccm::consts::{U8, U12, U16};
use ccm::{Ccm, KeyInit};

/// The algorithm of a CCM cipher; `None` with any other, or a key of another length.
pub(super) fn new(cipher: Cipher, key: &[u8]) -> Option<Box<dyn Algorithm>> {
    match cipher {
        Cipher::Aes128Ccm => Some(Box::new(over::<Ccm<Aes128, U16, U12>>(key)?)),
        Cipher::Aes256Ccm => Some(Box::new(over::<Ccm<Aes256, U16, U12>>(key)?)),
        Cipher::Aes128Ccm8 => Some(Box::new(over::<Ccm<Aes128, U8, U12>>(key)?)),
        Cipher::Aes256Ccm8 => Some(Box::new(over::<Ccm<Aes256, U8, U12>>(key)?)),
        _ => None,
    }
}

fn over<A: KeyInit>(key: &[u8]) -> Option<InPlace<A>> {
    A::new_from_slice(key).ok().map(InPlace)
}
