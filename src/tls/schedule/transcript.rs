//! The running hash of the handshake messages (RFC 7627 §3).

use super::super::cipher::Parameters;
use super::super::names::Version;
use super::super::suite::SuiteInfo;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use std::fmt;

/// Hashes handshake messages with every function that may turn out to be the one: version and suite are known only with the
/// ServerHello.
#[derive(Clone, Default)]
pub(in crate::tls) struct Transcript {
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
    sha384: Sha384,
}

impl Transcript {
    pub(in crate::tls) fn new() -> Self {
        Self::default()
    }

    /// Takes in handshake messages with their headers, in the order of the handshake; any cut will do.
    pub(in crate::tls) fn push(&mut self, messages: &[u8]) {
        self.md5.update(messages);
        self.sha1.update(messages);
        self.sha256.update(messages);
        self.sha384.update(messages);
    }

    /// The hash of everything so far: that of the PRF, or MD5 and SHA-1 before TLS 1.2.
    pub(in crate::tls) fn session_hash(&self, p: &Parameters) -> Vec<u8> {
        if p.version != Version::TLS12 {
            let mut hash = self.md5.clone().finalize().to_vec();
            hash.extend_from_slice(&self.sha1.clone().finalize());
            hash
        } else if p.suite.info().is_some_and(SuiteInfo::prf_is_sha384) {
            self.sha384.clone().finalize().to_vec()
        } else {
            self.sha256.clone().finalize().to_vec()
        }
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transcript")
    }
}
