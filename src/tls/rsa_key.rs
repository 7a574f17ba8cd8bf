//! RSA private keys: what opens the premaster secret of a session with RSA key exchange.

use super::secrets::Secret;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Limb, Odd};
use std::fmt;
use zeroize::Zeroizing;

/// The length of a premaster secret of RSA key exchange in bytes (RFC 5246 §7.4.7.1).
const PREMASTER: usize = 48;
/// Bits of a modulus that are taken: export suites had 512, and what is longer than 16 384 takes minutes.
const SIZES: std::ops::RangeInclusive<u32> = 512..=16_384;

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
        let bits = bit_length(&self.modulus);
        write!(f, "RsaKey({}, {bits} bits)", self.source)
    }
}

impl RsaKey {
    /// A key of these numbers, big-endian.
    ///
    /// # Errors
    ///
    /// What is wrong with them, when they are no numbers of an RSA key or of a size that is not taken.
    pub(super) fn new(modulus: &[u8], exponent: &[u8], source: &str) -> Result<Self, String> {
        let modulus = without_zeros(modulus);
        let exponent = without_zeros(exponent);
        let bits = bit_length(modulus);
        if !SIZES.contains(&bits) {
            return Err(format!(
                "its modulus has {bits} bits; {} to {} are read",
                SIZES.start(),
                SIZES.end()
            ));
        }
        // A product of two odd primes is odd, and the arithmetic relies on it.
        if modulus.last().is_none_or(|low| low & 1 == 0) {
            return Err(String::from("its modulus is an even number"));
        }
        if exponent.is_empty() || !is_less(exponent, modulus) {
            return Err(String::from("its exponent is out of range"));
        }
        Ok(Self {
            modulus: modulus.to_vec(),
            exponent: Secret::new(exponent),
            source: source.to_owned(),
        })
    }

    /// Where it came from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether both are the same key, wherever they came from.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.modulus == other.modulus
    }

    /// Whether it belongs to the public key with this modulus (big-endian, without leading zeros).
    pub(super) fn fits(&self, modulus: &[u8]) -> bool {
        self.modulus == modulus
    }

    /// The premaster secret in a ClientKeyExchange, PKCS #1 v1.5 (RFC 8017 §7.2.2); `None` when it was not encrypted for this key.
    pub(super) fn premaster(&self, encrypted: &[u8]) -> Option<Secret> {
        let message = self.decrypt(encrypted)?;
        // EM = 0x00 || 0x02 || PS || 0x00 || M, and the premaster secret is as long as it is in every version.
        let [0, 2, padded @ ..] = message.as_slice() else {
            return None;
        };
        let (padding, secret) = padded.split_at_checked(padded.len().checked_sub(PREMASTER)?)?;
        let (0, filler) = padding.split_last()? else {
            return None;
        };
        (filler.len() >= 8 && !filler.contains(&0)).then(|| Secret::new(secret))
    }

    /// RSADP (RFC 8017 §5.1.2): as many bytes as the modulus has.
    fn decrypt(&self, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let encrypted = without_zeros(encrypted);
        if encrypted.is_empty() || !is_less(encrypted, &self.modulus) {
            return None;
        }
        let limbs = self.modulus.len().div_ceil(Limb::BYTES);
        let precision = u32::try_from(limbs).ok()?.checked_mul(Limb::BITS)?;
        let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, precision).ok();
        let modulus: Odd<BoxedUint> = Odd::new(number(&self.modulus)?).into_option()?;
        let params = BoxedMontyParams::new_vartime(modulus);
        let exponent = Zeroizing::new(number(self.exponent.bytes())?);
        let power = Zeroizing::new(BoxedMontyForm::new(number(encrypted)?, &params).pow(&exponent));
        let result = Zeroizing::new(power.retrieve());
        let bytes = Zeroizing::new(result.to_be_bytes().into_vec());
        let from = bytes.len().checked_sub(self.modulus.len())?;
        bytes.get(from..).map(|b| Zeroizing::new(b.to_vec()))
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|b| *b != 0);
    first.and_then(|at| number.get(at..)).unwrap_or_default()
}

/// Compares numbers without leading zeros.
fn is_less(a: &[u8], b: &[u8]) -> bool {
    (a.len(), a) < (b.len(), b)
}

fn bit_length(number: &[u8]) -> u32 {
    let unused = number.first().map_or(0, |b| b.leading_zeros());
    u32::try_from(number.len())
        .unwrap_or(u32::MAX)
        .saturating_mul(8)
        .saturating_sub(unused)
}

#[cfg(test)]
#[path = "tests/rsa_key.rs"]
mod tests;
