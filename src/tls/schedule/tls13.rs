//! Keys of TLS 1.3 (RFC 8446 §7) and of its drafts.

use super::super::names::Version;
use super::super::secrets::Secret;
use super::super::suite::{Cipher, CipherSuiteId, SuiteInfo};
use rustls::SupportedCipherSuite;
use rustls::crypto::ring::cipher_suite::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};
use rustls::crypto::tls13::{HkdfExpander, OkmBlock};
use zeroize::Zeroizing;

/// What protects the records of one direction. Not shown by anything: no Debug.
pub(in crate::tls) struct TrafficKeys {
    pub(in crate::tls) key: Secret,
    pub(in crate::tls) iv: [u8; 12],
}

/// The draft of TLS 1.3 that a version names.
pub(in crate::tls) const fn draft(version: Version) -> Option<u16> {
    if matches!(version.0 >> 8, 0x7f | 0xfb) {
        Some(version.0 & 0xff)
    } else {
        None
    }
}

/// Labels changed with draft 20.
fn is_before_20(version: Version) -> bool {
    draft(version).is_some_and(|draft| draft < 20)
}

/// Key and IV of a traffic secret (RFC 8446 §7.3); `None` when the secret has not the length of the suite's hash, or the suite
/// is not of TLS 1.3.
pub(in crate::tls) fn traffic_keys(
    suite: CipherSuiteId,
    version: Version,
    secret: &Secret,
) -> Option<TrafficKeys> {
    let info = suite.info().filter(|_| suite.is_tls13())?;
    let key_len = match info.cipher {
        Cipher::Aes128Gcm | Cipher::Aes128Ccm | Cipher::Aes128Ccm8 => 16,
        Cipher::Aes256Gcm | Cipher::ChaCha20Poly1305 => 32,
        _ => return None,
    };
    let hkdf = expander(info, secret)?;
    let mut key = Zeroizing::new(vec![0; key_len]);
    expand_label(&*hkdf, version, b"key", &mut key)?;
    let mut iv = [0; 12];
    expand_label(&*hkdf, version, b"iv", &mut iv)?;
    Some(TrafficKeys {
        key: Secret::new(key.as_slice()),
        iv,
    })
}

/// The traffic secret behind a KeyUpdate (RFC 8446 §7.2); `None` as in [`traffic_keys`].
pub(in crate::tls) fn next_traffic_secret(
    suite: CipherSuiteId,
    version: Version,
    secret: &Secret,
) -> Option<Secret> {
    let info = suite.info().filter(|_| suite.is_tls13())?;
    let label: &[u8] = if is_before_20(version) {
        b"application traffic secret"
    } else {
        b"traffic upd"
    };
    let mut next = Zeroizing::new(vec![0; secret.bytes().len()]);
    expand_label(&*expander(info, secret)?, version, label, &mut next)?;
    Some(Secret::new(next.as_slice()))
}

fn expander(info: &SuiteInfo, secret: &Secret) -> Option<Box<dyn HkdfExpander>> {
    let (suite, len) = if info.prf_is_sha384() {
        (TLS13_AES_256_GCM_SHA384, 48)
    } else {
        (TLS13_AES_128_GCM_SHA256, 32)
    };
    // Checked here because an over-long block would panic.
    if secret.bytes().len() != len {
        return None;
    }
    match suite {
        SupportedCipherSuite::Tls13(suite) => Some(
            suite
                .hkdf_provider
                .expander_for_okm(&OkmBlock::new(secret.bytes())),
        ),
        SupportedCipherSuite::Tls12(_) => None,
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1).
fn expand_label(
    hkdf: &dyn HkdfExpander,
    version: Version,
    label: &[u8],
    out: &mut [u8],
) -> Option<()> {
    let prefix: &[u8] = if is_before_20(version) {
        b"TLS 1.3, "
    } else {
        b"tls13 "
    };
    let len = u16::try_from(out.len()).ok()?.to_be_bytes();
    let label_len = u8::try_from(prefix.len().checked_add(label.len())?).ok()?;
    hkdf.expand_slice(&[&len, &[label_len], prefix, label, &[0]], out)
        .ok()
}
