//! The key block and its parts (RFC 5246 §6.3), with the last step of export suites (RFC 2246 §6.3.1).

use super::super::cipher::Parameters;
use super::super::names::Version;
use super::super::secrets::Secret;
use super::super::suite::{Cipher, CipherSuiteId, SuiteInfo};
use super::{prf, ssl3};

/// What a suite takes from the key block for one direction, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) struct Sizes {
    pub(in crate::tls) mac: usize,
    /// Of the key in the key block: less than the cipher's own in export suites.
    pub(in crate::tls) material: usize,
    /// Of the cipher's key.
    pub(in crate::tls) key: usize,
    pub(in crate::tls) iv: usize,
}

/// What protects the records of one direction. `iv` is the first IV of CBC up to TLS 1.0, or the fixed part of an AEAD nonce.
#[derive(Debug)]
pub(in crate::tls) struct WriteKeys {
    pub(in crate::tls) mac: Secret,
    pub(in crate::tls) key: Secret,
    pub(in crate::tls) iv: Secret,
}

/// The keys of the records that the client writes, and of those that the server writes.
pub(in crate::tls) fn write_keys(
    p: &Parameters,
    sizes: Sizes,
    master: &Secret,
) -> Option<[WriteKeys; 2]> {
    let Sizes {
        mac,
        material,
        key,
        iv,
    } = sizes;
    let total = mac.checked_add(material)?.checked_add(iv)?.checked_mul(2)?;
    let block = if p.version == Version::SSL3 {
        ssl3::key_block(master.bytes(), &p.client_random, &p.server_random, total)
    } else {
        let seed = [p.server_random, p.client_random].concat();
        prf::secret(p, master.bytes(), b"key expansion", &seed, total)
    };
    let mut rest = block.bytes();
    let mut take = |len: usize| {
        let (part, behind) = rest.split_at_checked(len)?;
        rest = behind;
        Some(Secret::new(part))
    };
    let [client_mac, server_mac] = [take(mac)?, take(mac)?];
    let [client_key, server_key] = [take(material)?, take(material)?];
    let [client_iv, server_iv] = [take(iv)?, take(iv)?];
    let mut keys = [
        WriteKeys {
            mac: client_mac,
            key: client_key,
            iv: client_iv,
        },
        WriteKeys {
            mac: server_mac,
            key: server_key,
            iv: server_iv,
        },
    ];
    if is_export(p.suite) {
        weaken(p, key, iv, &mut keys)?;
    }
    Some(keys)
}

/// The keys of an export suite are derived from its short key material, and its IVs from what everybody can see.
fn weaken(p: &Parameters, key: usize, iv: usize, keys: &mut [WriteKeys; 2]) -> Option<()> {
    let [client, server] = keys;
    let (client_random, server_random) = (&p.client_random, &p.server_random);
    if p.version == Version::SSL3 {
        let cut = |parts: &[&[u8]], len| Some(Secret::new(ssl3::md5(parts).get(..len)?));
        client.key = cut(&[client.key.bytes(), client_random, server_random], key)?;
        server.key = cut(&[server.key.bytes(), server_random, client_random], key)?;
        client.iv = cut(&[client_random, server_random], iv)?;
        server.iv = cut(&[server_random, client_random], iv)?;
    } else {
        let seed = [*client_random, *server_random].concat();
        client.key = prf::secret(p, client.key.bytes(), b"client write key", &seed, key);
        server.key = prf::secret(p, server.key.bytes(), b"server write key", &seed, key);
        let ivs = prf::secret(p, &[], b"IV block", &seed, iv.checked_mul(2)?);
        let (client_iv, server_iv) = ivs.bytes().split_at_checked(iv)?;
        client.iv = Secret::new(client_iv);
        server.iv = Secret::new(server_iv);
    }
    Some(())
}

/// Suites with that last step: those of 40 and 56 bits, and single DES where its name says EXPORT1024
/// (draft-ietf-tls-56-bit-ciphersuites).
fn is_export(suite: CipherSuiteId) -> bool {
    suite.is_export() || matches!(suite.0, 0x0062 | 0x0063)
}

impl Sizes {
    /// The sizes of a suite in a version up to TLS 1.2 (RFC 2246 §C, RFC 5246 §C); `None` when they are not known.
    pub(in crate::tls) const fn of(suite: &SuiteInfo, version: Version) -> Option<Self> {
        use Cipher::{
            Aes128Cbc, Aes128Ccm, Aes128Ccm8, Aes128Gcm, Aes256Cbc, Aes256Ccm, Aes256Ccm8,
            Aes256Gcm, Aria128Cbc, Aria128Gcm, Aria256Cbc, Aria256Gcm, Camellia128Cbc,
            Camellia128Gcm, Camellia256Cbc, Camellia256Gcm, ChaCha20Poly1305, Des, Des40, Idea,
            Null, Other, Rc2_40, Rc2_56, Rc4_40, Rc4_56, Rc4_128, Seed, TripleDes,
        };
        let (material, key, iv) = match suite.cipher {
            Null => (0, 0, 0),
            Rc4_128 => (16, 16, 0),
            Rc4_56 => (7, 16, 0),
            Rc4_40 => (5, 16, 0),
            Rc2_40 => (5, 16, 8),
            Rc2_56 => (7, 16, 8),
            Des40 => (5, 8, 8),
            Des => (8, 8, 8),
            TripleDes => (24, 24, 8),
            Idea => (16, 16, 8),
            Seed | Aes128Cbc | Camellia128Cbc | Aria128Cbc => (16, 16, 16),
            Aes256Cbc | Camellia256Cbc | Aria256Cbc => (32, 32, 16),
            Aes128Gcm | Aes128Ccm | Aes128Ccm8 | Camellia128Gcm | Aria128Gcm => (16, 16, 4),
            Aes256Gcm | Aes256Ccm | Aes256Ccm8 | Camellia256Gcm | Aria256Gcm => (32, 32, 4),
            ChaCha20Poly1305 => (32, 32, 12),
            Other => return None,
        };
        // From TLS 1.1 on every CBC record brings its IV; the key block ends before them (RFC 4346 §6.3).
        let iv = if suite.mac_len() > 0 && version.0 > Version::TLS10.0 {
            0
        } else {
            iv
        };
        Some(Self {
            mac: suite.mac_len(),
            material,
            key,
            iv,
        })
    }
}
