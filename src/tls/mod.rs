//! Chunks of a TCP connection → what TLS shows in clear, and plaintext where the protection allows it.
//!
//! SSL 3.0 to TLS 1.3, SSLv2-style hello included. A [`Session`] takes both directions of one connection:
//!
//! ```text
//! Chunk -> record (whole records, any cut) -> protection of that direction -> handshake | alert | application data
//!                                             Clear | Null | Opaque | Inner     TlsSummary             plain(..)
//! ```
//!
//! Who is client and server is what the handshake says; originator and responder are TCP's.

mod alert;
mod certificate;
mod chain;
mod cipher;
mod content;
mod export;
mod facts;
mod handshake;
mod held;
mod hello;
mod inflate;
mod joiner;
mod kept;
mod key_file;
mod keying;
mod keylog;
mod keyring;
mod keys;
mod known;
mod layer;
mod legacy;
mod memory;
mod name;
mod names;
mod observed;
mod probe;
mod reason;
mod record;
mod rename;
mod reseal;
mod rsa_key;
mod schedule;
mod sealed;
mod secret;
mod secrets;
mod session;
mod signature;
mod suite;
mod suite_table;
mod summary;
mod vault;
mod waiting;
mod wire;
mod words;

pub use alert::Alert;
pub use certificate::{BasicConstraints, Certificate, Eku, KeyUsage, NameMatch, SubjectAltNames};
pub use chain::{Authorities, ChainFault, Purpose, Verdict};
pub use handshake::{CertificateFlight, CertificateRequest, ServerKeyExchange};
pub use hello::{ClientHello, Extensions, ServerHello};
pub use kept::OpenedRecord;
pub use key_file::{KeyError, KeyProblem};
pub use keylog::KeylogReport;
pub use keyring::Keyring;
pub use names::{
    AlertDescription, ExtensionType, HandshakeType, NamedGroup, SignatureScheme, Version,
    certificate_type_name,
};
pub use observed::{
    Event, MAX_ALERTS, MAX_EVENTS, MAX_PLAINTEXT_ANSWER, MAX_RECORD_LENGTHS, NotUnderstood,
    PlaintextAnswer, RecordStats, What, Why,
};
pub use probe::{Probe, probe, probe_midstream};
pub use reason::Reason;
pub use rename::Renaming;
pub use reseal::Resealer;
pub use rsa_key::RsaKey;
pub use secrets::{Secret, Secrets};
pub use session::Session;
pub use signature::SignatureAlgorithm;
pub use suite::{Cipher, CipherKind, CipherSuiteId, KeyExchange, Mac, SuiteInfo};
pub use summary::{HandshakeEnd, Protection, TlsSummary};

#[cfg(test)]
mod testdata;
#[cfg(test)]
mod tests;
