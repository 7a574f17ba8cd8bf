//! What a certificate is shown for, and whether its extended key usage allows that (RFC 5280 §4.2.1.12).

use crate::tls::Certificate;
use webpki::{Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter};

/// What a side shows its certificate for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// As TLS server: id-kp-serverAuth.
    Server,
    /// As TLS client: id-kp-clientAuth.
    Client,
}

impl Purpose {
    /// Whether a certificate's own extension has it, or any purpose, or is absent.
    pub(super) fn allowed_by(self, certificate: &Certificate) -> bool {
        match self {
            Self::Server => certificate.allows_server_auth(),
            Self::Client => certificate.allows_client_auth(),
        }
    }

    const fn id(self) -> KeyPurposeId<'static> {
        match self {
            // 1.3.6.1.5.5.7.3.1 and 2 (RFC 5280 §4.2.1.12).
            Self::Server => KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 1]),
            Self::Client => KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 2]),
        }
    }
}

/// 2.5.29.37.0, anyExtendedKeyUsage.
const ANY: KeyPurposeId<'static> = KeyPurposeId::new(&[0x55, 0x1d, 0x25, 0]);

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, ids: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut absent = true;
        for id in ids {
            let id = id?;
            absent = false;
            if id == self.id() || id == ANY {
                return Ok(());
            }
        }
        if absent {
            return Ok(());
        }
        let usage = match self {
            Self::Server => webpki::KeyUsage::server_auth(),
            Self::Client => webpki::KeyUsage::client_auth(),
        };
        Err(Error::RequiredEkuNotFoundContext(
            webpki::RequiredEkuNotFoundContext {
                required: usage,
                present: Vec::new(),
            },
        ))
    }
}
