//! The pseudo-random functions of TLS 1.0 to TLS 1.2 (RFC 2246 §5, RFC 5246 §5), all on rustls's P_hash.

use super::super::cipher::Parameters;
use super::super::names::Version;
use super::super::secrets::Secret;
use super::super::suite::SuiteInfo;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use rustls::SupportedCipherSuite;
use rustls::crypto::hmac as rustls_hmac;
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};
use rustls::crypto::tls12::{Prf, PrfUsingHmac};
use sha1::Sha1;
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// `len` bytes of the PRF of this version and suite, TLS 1.0 or later.
pub(super) fn secret(
    p: &Parameters,
    secret: &[u8],
    label: &[u8],
    seed: &[u8],
    len: usize,
) -> Secret {
    let mut out = Zeroizing::new(vec![0; len]);
    if p.version == Version::TLS12 {
        tls12(p, &mut out, secret, label, seed);
    } else {
        tls10(&mut out, secret, label, seed);
    }
    Secret::new(out.as_slice())
}

/// SHA-256, or SHA-384 where the suite says so.
fn tls12(p: &Parameters, out: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
    let suite = if p.suite.info().is_some_and(SuiteInfo::prf_is_sha384) {
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    } else {
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    };
    if let SupportedCipherSuite::Tls12(suite) = suite {
        suite.prf_provider.for_secret(out, secret, label, seed);
    }
}

/// P_MD5 of the first half of the secret XOR P_SHA-1 of the second (RFC 2246 §5).
fn tls10(out: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
    // The halves share the middle byte of an odd secret.
    let half = secret.len().div_ceil(2);
    let first = secret.get(..half).unwrap_or_default();
    let second = secret
        .get(secret.len().saturating_sub(half)..)
        .unwrap_or_default();
    PrfUsingHmac(&Legacy::<Hmac<Md5>>::NEW).for_secret(out, first, label, seed);
    let mut sha1 = Zeroizing::new(vec![0; out.len()]);
    PrfUsingHmac(&Legacy::<Hmac<Sha1>>::NEW).for_secret(&mut sha1, second, label, seed);
    for (out, sha1) in out.iter_mut().zip(sha1.iter()) {
        *out ^= sha1;
    }
}

/// An HMAC that rustls does not bring.
struct Legacy<M>(PhantomData<fn() -> M>);

impl<M> Legacy<M> {
    const NEW: Self = Self(PhantomData);
}

impl<M: KeyInit + Mac + Clone + Send + Sync + 'static> rustls_hmac::Hmac for Legacy<M> {
    fn with_key(&self, key: &[u8]) -> Box<dyn rustls_hmac::Key> {
        // HMAC takes a key of any length, so there is always one.
        Box::new(LegacyKey(<M as KeyInit>::new_from_slice(key).ok()))
    }

    fn hash_output_len(&self) -> usize {
        M::output_size()
    }
}

struct LegacyKey<M>(Option<M>);

impl<M: Mac + Clone + Send + Sync> rustls_hmac::Key for LegacyKey<M> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> rustls_hmac::Tag {
        let Some(mut mac) = self.0.clone() else {
            return rustls_hmac::Tag::new(&[]);
        };
        mac.update(first);
        for part in middle {
            mac.update(part);
        }
        mac.update(last);
        rustls_hmac::Tag::new(&mac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        M::output_size()
    }
}
