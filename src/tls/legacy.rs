//! Signature algorithms of certificates, those of the years around 2014 included: SHA-1, and RSA keys of 1024 bits.

use ring::signature as sig;
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use std::sync::LazyLock;

/// An RSA algorithm that takes shorter keys than today's do.
#[derive(Debug)]
struct Legacy {
    signature: AlgorithmIdentifier,
    method: &'static dyn sig::VerificationAlgorithm,
}

impl SignatureVerificationAlgorithm for Legacy {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }

    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        sig::UnparsedPublicKey::new(self.method, public_key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }
}

/// sha1WithRSAEncryption, 1.2.840.113549.1.1.5 with NULL (RFC 3279 §2.2.1).
const SHA1_WITH_RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
];

static LEGACY: [Legacy; 3] = [
    Legacy {
        signature: AlgorithmIdentifier::from_slice(SHA1_WITH_RSA),
        method: &sig::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    },
    Legacy {
        signature: alg_id::RSA_PKCS1_SHA256,
        method: &sig::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    },
    Legacy {
        signature: alg_id::RSA_PKCS1_SHA512,
        method: &sig::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    },
];

/// All algorithms. webpki takes the first that fits as final, so the legacy ones stand instead of today's, not behind them.
pub(super) fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    static ALL: LazyLock<Vec<&'static dyn SignatureVerificationAlgorithm>> = LazyLock::new(|| {
        let replaced = |a: &dyn SignatureVerificationAlgorithm| {
            a.public_key_alg_id() == alg_id::RSA_ENCRYPTION
                && LEGACY.iter().any(|l| l.signature == a.signature_alg_id())
        };
        let modern = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let mut all: Vec<&'static dyn SignatureVerificationAlgorithm> = modern
            .all
            .iter()
            .copied()
            .filter(|a| !replaced(*a))
            .collect();
        for legacy in &LEGACY {
            all.push(legacy);
        }
        all
    });
    &ALL
}
