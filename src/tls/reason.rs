//! Why a session was not decrypted: a closed list, each with what would help.

use super::suite::CipherSuiteId;
use std::fmt;

/// Why encrypted data was not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is no secret for this session.
    NoSecrets {
        /// What a key log names the session by.
        client_random: [u8; 32],
    },
    /// The capture does not have the handshake.
    HandshakeNotCaptured,
    /// The session was resumed, and the one that made its secret is not in the capture.
    ResumedNotCaptured {
        /// What a key log names the session by.
        client_random: [u8; 32],
    },
    /// A private key was given, and the key exchange is ephemeral: it cannot help.
    EphemeralKeyExchange {
        /// The suite chosen.
        suite: CipherSuiteId,
        /// What a key log names the session by.
        client_random: [u8; 32],
    },
    /// Private keys were given, and none belongs to the server's certificate.
    PrivateKeyDoesNotMatch {
        /// The subject of the server's certificate, if it was captured.
        subject: Option<String>,
    },
    /// There is a secret, and nothing here opens this suite.
    SuiteNotSupported {
        /// The suite chosen.
        suite: CipherSuiteId,
        /// The compression method chosen; 0 is none.
        compression: u8,
    },
    /// There is a secret, and no record authenticates under it.
    DoesNotAuthenticate {
        /// What a key log names the session by.
        client_random: Option<[u8; 32]>,
    },
    /// A part of the handshake, or what the records depend on, is missing in the capture.
    RecordsMissing,
}

impl Reason {
    /// The stable name of the reason.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoSecrets { .. } => "no-secrets",
            Self::HandshakeNotCaptured => "handshake-not-captured",
            Self::ResumedNotCaptured { .. } => "resumed-not-captured",
            Self::EphemeralKeyExchange { .. } => "ephemeral-key-exchange",
            Self::PrivateKeyDoesNotMatch { .. } => "private-key-does-not-match",
            Self::SuiteNotSupported { .. } => "suite-not-supported",
            Self::DoesNotAuthenticate { .. } => "does-not-authenticate",
            Self::RecordsMissing => "records-missing",
        }
    }
}

impl Reason {
    /// In words without what differs from session to session, for a caveat.
    pub const fn short(&self) -> &'static str {
        match self {
            Self::NoSecrets { .. } => "no secrets for this TLS session",
            Self::HandshakeNotCaptured => "the handshake of this TLS session was not captured",
            Self::ResumedNotCaptured { .. } => {
                "no secrets for this TLS session, which was resumed from one that was not captured"
            }
            Self::EphemeralKeyExchange { .. } => {
                "the key exchange of this TLS session is ephemeral: a private key cannot open it"
            }
            Self::PrivateKeyDoesNotMatch { .. } => {
                "no private key given belongs to the certificate of this TLS session"
            }
            Self::SuiteNotSupported { .. } => {
                "the cipher suite of this TLS session is not supported"
            }
            Self::DoesNotAuthenticate { .. } => {
                "the records of this TLS session do not authenticate under the secret given"
            }
            Self::RecordsMissing => "records that the keys of this TLS session need are missing",
        }
    }
}

struct Random<'a>(&'a [u8; 32]);

impl fmt::Display for Random<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecrets { client_random } => {
                write!(f, "no secret for client random {}", Random(client_random))
            }
            Self::HandshakeNotCaptured => {
                f.write_str("the handshake of this session is not in the capture")
            }
            Self::ResumedNotCaptured { client_random } => write!(
                f,
                "resumed from a session that is not in the capture, and no secret for client random {}",
                Random(client_random)
            ),
            Self::EphemeralKeyExchange {
                suite,
                client_random,
            } => write!(
                f,
                "{suite} is an ephemeral key exchange: a private key cannot open it, and there is no secret for client random {}",
                Random(client_random)
            ),
            Self::PrivateKeyDoesNotMatch { subject: None } => {
                f.write_str("no private key given opens this key exchange")
            }
            Self::PrivateKeyDoesNotMatch {
                subject: Some(subject),
            } => write!(
                f,
                "no private key given belongs to the server's certificate ({subject})"
            ),
            Self::SuiteNotSupported {
                suite,
                compression: 0 | 1,
            } => write!(f, "{suite} is not supported"),
            Self::SuiteNotSupported { compression, .. } => {
                write!(f, "TLS compression method {compression} is not supported")
            }
            Self::DoesNotAuthenticate {
                client_random: Some(client_random),
            } => write!(
                f,
                "there is a secret for client random {}, and the records do not authenticate under it",
                Random(client_random)
            ),
            Self::DoesNotAuthenticate {
                client_random: None,
            } => f.write_str("there is a secret, and the records do not authenticate under it"),
            Self::RecordsMissing => {
                f.write_str("records that the keys depend on are missing in the capture")
            }
        }
    }
}
