//! ChaCha20-Poly1305 (RFC 7905, RFC 8439).

use super::aead::Algorithm;
use super::gcm::Ring;
use crate::tls::suite::Cipher;
use ring::aead::CHACHA20_POLY1305;

/// The algorithm; `None` with any other cipher, or a key of another length.
pub(super) fn new(cipher: Cipher, key: &[u8]) -> Option<Box<dyn Algorithm>> {
    if cipher != Cipher::ChaCha20Poly1305 {
        return None;
    }
    Some(Box::new(Ring::new(&CHACHA20_POLY1305, key)?))
}
