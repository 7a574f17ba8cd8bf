//! Alerts, and how long a record with a given content is.

use super::names::{AlertDescription, Version};
use super::suite::{CipherKind, CipherSuiteId};
use crate::base::{Direction, FrameRef};

/// One alert record (RFC 8446 §6, RFC 5246 §7.2).
///
/// Clear or encrypted is decided per direction: clear until that side itself sent ChangeCipherSpec, whatever the other
/// side has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The frame that completed it.
    pub at: FrameRef,
    /// Who sent it.
    pub direction: Direction,
    /// 1 warning, 2 fatal; `None` when it cannot be read.
    pub level: Option<u8>,
    /// What it says; `None` when it cannot be read.
    pub description: Option<AlertDescription>,
    /// Sent under encryption that is not opened.
    pub encrypted: bool,
    /// Bytes of the record's body.
    pub record_len: u16,
    /// Not an alert record but the last TLS 1.3 application_data record of its direction, as long as an alert is.
    pub inferred_from_length: bool,
    /// Encrypted, the last record of its direction, as long as an alert is, and application data has flowed before:
    /// most likely close_notify. An inference, not a reading.
    pub probable_close_notify: bool,
}

impl Alert {
    /// Level 2 (RFC 5246 §7.2): the connection ends.
    pub fn is_fatal(&self) -> bool {
        self.level == Some(2)
    }

    /// A readable close_notify.
    pub fn is_close_notify(&self) -> bool {
        self.description == Some(AlertDescription::CLOSE_NOTIFY)
    }
}

/// Bytes of a record body that protects `plain` bytes with the least padding: RFC 5246 §6.2.3, RFC 8446 §5.2, with
/// encrypt-then-MAC RFC 7366 §3. `None` when the suite is not known.
pub(super) fn sealed_len(
    plain: usize,
    suite: CipherSuiteId,
    version: Version,
    encrypt_then_mac: bool,
    mac_len: usize,
) -> Option<usize> {
    let kind = suite.info()?.cipher.kind();
    if version.is_tls13() {
        return match kind {
            // One byte of content type, one tag; the nonce is implicit.
            CipherKind::Aead { tag, .. } => plain.checked_add(1)?.checked_add(tag),
            _ => None,
        };
    }
    match kind {
        CipherKind::Null | CipherKind::Stream => plain.checked_add(mac_len),
        CipherKind::Aead { nonce, tag } => plain.checked_add(nonce)?.checked_add(tag),
        CipherKind::Block(block) => {
            let iv = if version.0 >= Version::TLS11.0 {
                block
            } else {
                0
            };
            let (inside, outside) = if encrypt_then_mac {
                (0, mac_len)
            } else {
                (mac_len, 0)
            };
            // One byte at least says how much padding there is.
            let padded = plain
                .checked_add(inside)?
                .checked_add(1)?
                .checked_next_multiple_of(block)?;
            padded.checked_add(iv)?.checked_add(outside)
        }
        CipherKind::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_lengths_are_the_measured_ones() {
        let (tripledes, aes, rc4) = (
            CipherSuiteId(0x000a),
            CipherSuiteId(0x002f),
            CipherSuiteId(0x0005),
        );
        let old = |n, suite| sealed_len(n, suite, Version::TLS10, false, 20).unwrap();
        // Alerts and empty fragments as measured on OpenSSL and tlslite-ng, TLS 1.0.
        assert_eq!((old(2, tripledes), old(2, aes), old(2, rc4)), (24, 32, 22));
        assert_eq!(
            (old(0, tripledes), old(0, aes), old(536, tripledes)),
            (24, 32, 560)
        );
        assert_eq!(sealed_len(2, aes, Version::TLS10, true, 20), Some(36));
        assert_eq!(sealed_len(2, aes, Version::TLS12, false, 20), Some(48));
        assert_eq!(sealed_len(2, aes, Version::TLS11, true, 20), Some(52));
        assert_eq!(
            sealed_len(2, CipherSuiteId(0x003c), Version::TLS12, true, 32),
            Some(64)
        );
        assert_eq!(
            sealed_len(2, CipherSuiteId(0xc02f), Version::TLS12, false, 0),
            Some(26)
        );
        assert_eq!(
            sealed_len(2, CipherSuiteId(0x1301), Version::TLS13, false, 0),
            Some(19)
        );
        assert_eq!(
            sealed_len(2, CipherSuiteId(0xffff), Version::TLS13, false, 0),
            None
        );
    }
}
