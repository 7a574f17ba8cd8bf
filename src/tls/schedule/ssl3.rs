//! The derivations of SSL 3.0 (RFC 6101 §6).

use super::super::secrets::Secret;
use super::MASTER_SECRET_LEN;
use md5::{Digest, Md5};
use sha1::Sha1;
use zeroize::Zeroizing;

/// RFC 6101 §6.1.
pub(super) fn master_secret(
    premaster: &[u8],
    client_random: &[u8; 32],
    server_random: &[u8; 32],
) -> Secret {
    expand(premaster, client_random, server_random, MASTER_SECRET_LEN)
}

/// RFC 6101 §6.2.2.
pub(super) fn key_block(
    master: &[u8],
    client_random: &[u8; 32],
    server_random: &[u8; 32],
    len: usize,
) -> Secret {
    expand(master, server_random, client_random, len)
}

/// MD5(secret + SHA(`A` + secret + randoms)) + MD5(secret + SHA(`BB` + ..)) + ..
fn expand(secret: &[u8], first: &[u8; 32], second: &[u8; 32], len: usize) -> Secret {
    let mut out = Zeroizing::new(Vec::with_capacity(len.saturating_add(16)));
    for (letter, count) in (b'A'..=b'Z').zip(1..) {
        if out.len() >= len {
            break;
        }
        let mut sha1 = Sha1::new();
        for _ in 0..count {
            sha1.update([letter]);
        }
        sha1.update(secret);
        sha1.update(first);
        sha1.update(second);
        out.extend_from_slice(&md5(&[secret, &sha1.finalize()]));
    }
    out.truncate(len);
    Secret::new(out.as_slice())
}

/// MD5 of the parts.
pub(super) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
    }
    md5.finalize().into()
}
