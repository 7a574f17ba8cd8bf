//! From secrets to keys, one file for each generation of TLS.
//!
//! ```text
//! premaster -> master_secret | extended_master_secret -> key_block -> write_keys   SSL 3.0 to TLS 1.2
//! traffic secret -> traffic_keys, next_traffic_secret                              TLS 1.3
//! ```

mod key_block;
mod prf;
mod ssl3;
mod tls13;
mod transcript;

use super::cipher::Parameters;
use super::names::Version;
use super::secrets::Secret;

pub(super) use key_block::{Sizes, WriteKeys, write_keys};
pub(super) use tls13::{TrafficKeys, draft, next_traffic_secret, traffic_keys};
pub(super) use transcript::Transcript;

/// Bytes of a master secret (RFC 5246 §8.1).
pub(super) const MASTER_SECRET_LEN: usize = 48;

/// The master secret of a premaster secret (RFC 5246 §8.1, RFC 2246 §8.1, RFC 6101 §6.1).
pub(super) fn master_secret(p: &Parameters, premaster: &[u8]) -> Secret {
    if p.version == Version::SSL3 {
        return ssl3::master_secret(premaster, &p.client_random, &p.server_random);
    }
    let seed = [p.client_random, p.server_random].concat();
    prf::secret(p, premaster, b"master secret", &seed, MASTER_SECRET_LEN)
}

/// The master secret that is bound to the handshake (RFC 7627 §4); `session_hash` is [`Transcript::session_hash`] of the
/// messages up to and including ClientKeyExchange.
pub(super) fn extended_master_secret(
    p: &Parameters,
    premaster: &[u8],
    session_hash: &[u8],
) -> Secret {
    prf::secret(
        p,
        premaster,
        b"extended master secret",
        session_hash,
        MASTER_SECRET_LEN,
    )
}

#[cfg(test)]
pub(in crate::tls) mod tests;
