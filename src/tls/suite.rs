//! Cipher suites: their names and what rules and record lengths need to know of them.

use super::suite_table::SUITES;
use std::fmt;

/// A cipher suite as sent on the wire (RFC 8446 §B.4, RFC 5246 §A.5); unknown values are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherSuiteId(pub u16);

/// How the premaster or shared secret is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in the suite's name")]
pub enum KeyExchange {
    Null,
    Rsa,
    RsaExport,
    DheRsa,
    DheDss,
    DhRsa,
    DhDss,
    DhAnon,
    EcdheRsa,
    EcdheEcdsa,
    EcdhRsa,
    EcdhEcdsa,
    EcdhAnon,
    Psk,
    DhePsk,
    EcdhePsk,
    RsaPsk,
    Srp,
    Krb5,
    /// TLS 1.3: agreed by extensions, not by the suite (RFC 8446 §4.1.1).
    Tls13,
    /// GOST, FORTEZZA and abandoned drafts.
    Other,
}

/// The bulk cipher and its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in the suite's name")]
pub enum Cipher {
    Null,
    Rc4_128,
    Rc4_56,
    Rc4_40,
    Rc2_40,
    Rc2_56,
    Des40,
    Des,
    TripleDes,
    Idea,
    Seed,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    Camellia128Cbc,
    Camellia256Cbc,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Cbc,
    Aria256Cbc,
    Aria128Gcm,
    Aria256Gcm,
    ChaCha20Poly1305,
    Other,
}

/// How a record is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in the suite's name")]
pub enum Mac {
    Null,
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Ripemd160,
    /// By the cipher's own mode.
    Aead,
    Other,
}

/// The kind of a cipher, which decides the form of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CipherKind {
    /// No encryption: plaintext and MAC (RFC 5246 §6.2.3.1).
    Null,
    /// A stream cipher: plaintext and MAC (RFC 5246 §6.2.3.1).
    Stream,
    /// CBC with this block size in bytes (RFC 5246 §6.2.3.2).
    Block(usize),
    /// AEAD with these bytes per record: explicit nonce up to TLS 1.2, and tag (RFC 5246 §6.2.3.3).
    Aead {
        /// Bytes of the explicit nonce; none in TLS 1.3.
        nonce: usize,
        /// Bytes of the tag.
        tag: usize,
    },
    /// Not known here.
    Unknown,
}

/// What a suite consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuiteInfo {
    /// The identifier on the wire.
    pub id: u16,
    /// Key exchange.
    pub kx: KeyExchange,
    /// Bulk cipher.
    pub cipher: Cipher,
    /// MAC.
    pub mac: Mac,
}

impl SuiteInfo {
    /// Bytes of the MAC of a record; 0 with an AEAD cipher.
    pub const fn mac_len(&self) -> usize {
        match self.mac {
            Mac::Md5 => 16,
            Mac::Sha1 | Mac::Ripemd160 => 20,
            Mac::Sha256 => 32,
            Mac::Sha384 => 48,
            Mac::Null | Mac::Aead | Mac::Other => 0,
        }
    }

    /// Whether TLS 1.2 derives its keys with SHA-384 instead of SHA-256 (RFC 5288 §3, RFC 5289 §3, RFC 5487 §2).
    pub const fn prf_is_sha384(&self) -> bool {
        matches!(self.mac, Mac::Sha384)
            || matches!(
                self.cipher,
                Cipher::Aes256Gcm | Cipher::Camellia256Gcm | Cipher::Aria256Gcm
            )
    }
}

impl Cipher {
    /// The form of a record.
    pub const fn kind(self) -> CipherKind {
        match self {
            Self::Null => CipherKind::Null,
            Self::Rc4_128 | Self::Rc4_56 | Self::Rc4_40 => CipherKind::Stream,
            Self::Rc2_40
            | Self::Rc2_56
            | Self::Des40
            | Self::Des
            | Self::TripleDes
            | Self::Idea => CipherKind::Block(8),
            Self::Seed
            | Self::Aes128Cbc
            | Self::Aes256Cbc
            | Self::Camellia128Cbc
            | Self::Camellia256Cbc
            | Self::Aria128Cbc
            | Self::Aria256Cbc => CipherKind::Block(16),
            Self::Aes128Gcm
            | Self::Aes256Gcm
            | Self::Aes128Ccm
            | Self::Aes256Ccm
            | Self::Camellia128Gcm
            | Self::Camellia256Gcm
            | Self::Aria128Gcm
            | Self::Aria256Gcm => CipherKind::Aead { nonce: 8, tag: 16 },
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => CipherKind::Aead { nonce: 8, tag: 8 },
            Self::ChaCha20Poly1305 => CipherKind::Aead { nonce: 0, tag: 16 },
            Self::Other => CipherKind::Unknown,
        }
    }
}

impl CipherSuiteId {
    /// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3): a signal, not a suite.
    pub const RENEGOTIATION_SCSV: Self = Self(0x00ff);
    /// TLS_FALLBACK_SCSV (RFC 7507 §2): the client has tried a higher version before.
    pub const FALLBACK_SCSV: Self = Self(0x5600);

    /// What it consists of; `None` when unknown, GREASE or a signalling value.
    pub fn info(self) -> Option<&'static SuiteInfo> {
        let at = SUITES.binary_search_by_key(&self.0, |s| s.id).ok()?;
        SUITES.get(at)
    }

    /// The registered name, `GREASE`, or the value in hex.
    pub fn name(self) -> String {
        match self.0 {
            0x5600 => String::from("TLS_FALLBACK_SCSV"),
            // rustls joins both meanings that this number had; TLS's is the one on the wire today.
            0x001e => String::from("TLS_KRB5_WITH_DES_CBC_SHA"),
            // Integrity only TLS 1.3 (RFC 9150 §4).
            0xc0b4 => String::from("TLS_SHA256_SHA256"),
            0xc0b5 => String::from("TLS_SHA384_SHA384"),
            _ if self.is_grease() => String::from("GREASE"),
            id => match rustls::CipherSuite::from(id).as_str() {
                Some(name) => match name.strip_prefix("TLS13_") {
                    Some(rest) => format!("TLS_{rest}"),
                    None => String::from(name),
                },
                None => format!("0x{id:04X}"),
            },
        }
    }

    /// A reserved value that a client mixes in to keep servers tolerant (RFC 8701 §2).
    pub const fn is_grease(self) -> bool {
        is_grease(self.0)
    }

    /// A signalling value: never chosen by a server.
    pub const fn is_signal(self) -> bool {
        matches!(self, Self::RENEGOTIATION_SCSV | Self::FALLBACK_SCSV)
    }

    fn is(self, test: impl Fn(&SuiteInfo) -> bool) -> bool {
        self.info().is_some_and(test)
    }

    /// Triple DES.
    pub fn is_3des(self) -> bool {
        self.is(|s| s.cipher == Cipher::TripleDes)
    }

    /// RC4 of any key length.
    pub fn is_rc4(self) -> bool {
        self.is(|s| s.cipher.kind() == CipherKind::Stream)
    }

    /// A block cipher in CBC mode.
    pub fn is_cbc(self) -> bool {
        self.block_size().is_some()
    }

    /// Not encrypted at all.
    pub fn is_null(self) -> bool {
        self.is(|s| s.cipher == Cipher::Null)
    }

    /// Weakened for export: 40 or 56 bit keys.
    pub fn is_export(self) -> bool {
        use Cipher::{Des40, Rc2_40, Rc2_56, Rc4_40, Rc4_56};
        self.is(|s| {
            s.kx == KeyExchange::RsaExport
                || matches!(s.cipher, Des40 | Rc2_40 | Rc2_56 | Rc4_40 | Rc4_56)
        })
    }

    /// Needs elliptic curves: ECDHE, ECDH or an ECDSA certificate.
    pub fn is_ec(self) -> bool {
        use KeyExchange::{EcdhAnon, EcdhEcdsa, EcdhRsa, EcdheEcdsa, EcdhePsk, EcdheRsa};
        self.is(|s| {
            matches!(
                s.kx,
                EcdheRsa | EcdheEcdsa | EcdhRsa | EcdhEcdsa | EcdhAnon | EcdhePsk
            )
        })
    }

    /// RSA key exchange: the server's private key opens the session (RFC 5246 §7.4.7.1).
    pub fn uses_rsa_key_exchange(self) -> bool {
        self.is(|s| matches!(s.kx, KeyExchange::Rsa | KeyExchange::RsaExport))
    }

    /// The server needs no certificate: anonymous, PSK, SRP or Kerberos.
    pub fn has_no_server_certificate(self) -> bool {
        use KeyExchange::{DhAnon, DhePsk, EcdhAnon, EcdhePsk, Krb5, Psk};
        self.is(|s| matches!(s.kx, DhAnon | EcdhAnon | Psk | DhePsk | EcdhePsk | Krb5))
    }

    /// A TLS 1.3 suite.
    pub fn is_tls13(self) -> bool {
        self.is(|s| s.kx == KeyExchange::Tls13)
    }

    /// Bytes of a cipher block; `None` unless CBC.
    pub fn block_size(self) -> Option<usize> {
        match self.info()?.cipher.kind() {
            CipherKind::Block(size) => Some(size),
            _ => None,
        }
    }

    /// Bytes of the record MAC; `None` when the suite is unknown, 0 with an AEAD cipher.
    pub fn mac_len(self) -> Option<usize> {
        self.info().map(SuiteInfo::mac_len)
    }
}

/// Reserved 16-bit values of RFC 8701 §2: suites, extensions, groups, signature schemes and versions.
pub(super) const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

impl fmt::Display for CipherSuiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for CipherSuiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x} {}", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of the table a name must hold.
    fn cipher_in_name(cipher: Cipher) -> &'static [&'static str] {
        match cipher {
            Cipher::Null => &["NULL"],
            Cipher::Rc4_128 => &["RC4_128"],
            Cipher::Rc4_56 => &["RC4_56"],
            Cipher::Rc4_40 => &["RC4_40"],
            Cipher::Rc2_40 => &["RC2_CBC_40"],
            Cipher::Rc2_56 => &["RC2_CBC_56"],
            Cipher::Des40 => &["DES40_CBC", "DES_CBC_40"],
            Cipher::Des => &["_DES_CBC"],
            Cipher::TripleDes => &["3DES_EDE_CBC"],
            Cipher::Idea => &["IDEA_CBC"],
            Cipher::Seed => &["SEED_CBC"],
            Cipher::Aes128Cbc => &["AES_128_CBC"],
            Cipher::Aes256Cbc => &["AES_256_CBC"],
            Cipher::Aes128Gcm => &["AES_128_GCM"],
            Cipher::Aes256Gcm => &["AES_256_GCM"],
            Cipher::Aes128Ccm => &["AES_128_CCM"],
            Cipher::Aes256Ccm => &["AES_256_CCM"],
            Cipher::Aes128Ccm8 => &["AES_128_CCM_8"],
            Cipher::Aes256Ccm8 => &["AES_256_CCM_8"],
            Cipher::Camellia128Cbc => &["CAMELLIA_128_CBC"],
            Cipher::Camellia256Cbc => &["CAMELLIA_256_CBC"],
            Cipher::Camellia128Gcm => &["CAMELLIA_128_GCM"],
            Cipher::Camellia256Gcm => &["CAMELLIA_256_GCM"],
            Cipher::Aria128Cbc => &["ARIA_128_CBC"],
            Cipher::Aria256Cbc => &["ARIA_256_CBC"],
            Cipher::Aria128Gcm => &["ARIA_128_GCM"],
            Cipher::Aria256Gcm => &["ARIA_256_GCM"],
            Cipher::ChaCha20Poly1305 => &["CHACHA20_POLY1305"],
            Cipher::Other => &["FORTEZZA", "28147", "ECMQV"],
        }
    }

    #[test]
    fn the_table_agrees_with_the_names_of_rustls_and_misses_none() {
        for id in 0..=u16::MAX {
            let named = rustls::CipherSuite::from(id).as_str();
            let suite = CipherSuiteId(id);
            let Some(name) = named.filter(|_| !suite.is_signal()) else {
                assert!(suite.info().is_none(), "{id:04x}");
                continue;
            };
            let info = suite.info().unwrap_or_else(|| panic!("no row: {name}"));
            assert!(
                cipher_in_name(info.cipher).iter().any(|c| name.contains(c)),
                "{name}"
            );
            assert_eq!(
                name.contains("CCM_8"),
                matches!(info.cipher, Cipher::Aes128Ccm8 | Cipher::Aes256Ccm8),
                "{name}"
            );
            let kx = match info.kx {
                KeyExchange::Rsa => "_RSA_",
                KeyExchange::RsaExport => "_RSA_EXPORT",
                KeyExchange::DheRsa => "DHE_RSA",
                KeyExchange::DheDss => "DHE_DSS",
                KeyExchange::DhRsa => "DH_RSA",
                KeyExchange::DhDss => "DH_DSS",
                KeyExchange::DhAnon => "DH_anon",
                KeyExchange::EcdheRsa => "ECDHE_RSA",
                KeyExchange::EcdheEcdsa => "ECDHE_ECDSA",
                KeyExchange::EcdhRsa => "ECDH_RSA",
                KeyExchange::EcdhEcdsa => "ECDH_ECDSA",
                KeyExchange::EcdhAnon => "ECDH_anon",
                KeyExchange::Psk
                | KeyExchange::DhePsk
                | KeyExchange::EcdhePsk
                | KeyExchange::RsaPsk => "PSK",
                KeyExchange::Srp => "SRP",
                KeyExchange::Krb5 => "KRB5",
                KeyExchange::Tls13 => "TLS13",
                KeyExchange::Null | KeyExchange::Other => "_",
            };
            assert!(name.contains(kx), "{name} {:?}", info.kx);
            let end = name.trim_end_matches("_draft");
            match info.mac {
                Mac::Md5 => assert!(end.ends_with("_MD5"), "{name}"),
                Mac::Sha1 => assert!(end.ends_with("_SHA"), "{name}"),
                Mac::Sha256 => assert!(end.ends_with("_SHA256"), "{name}"),
                Mac::Sha384 => assert!(end.ends_with("_SHA384"), "{name}"),
                Mac::Ripemd160 => assert!(end.ends_with("_RMD"), "{name}"),
                Mac::Aead => assert_eq!(info.prf_is_sha384(), end.ends_with("_SHA384"), "{name}"),
                Mac::Null | Mac::Other => {}
            }
        }
        assert!(SUITES.is_sorted_by_key(|s| s.id));
    }

    #[test]
    fn what_rules_ask_of_a_suite() {
        let triple = CipherSuiteId(0x000a);
        assert_eq!(triple.name(), "TLS_RSA_WITH_3DES_EDE_CBC_SHA");
        assert!(triple.is_3des() && triple.is_cbc() && triple.uses_rsa_key_exchange());
        assert_eq!((triple.block_size(), triple.mac_len()), (Some(8), Some(20)));
        assert!(CipherSuiteId(0x0005).is_rc4() && !CipherSuiteId(0x0005).is_cbc());
        assert!(CipherSuiteId(0xc014).is_ec() && !CipherSuiteId(0x0035).is_ec());
        assert!(CipherSuiteId(0x003b).is_null() && CipherSuiteId(0x0003).is_export());
        assert_eq!(CipherSuiteId(0x1301).name(), "TLS_AES_128_GCM_SHA256");
        assert_eq!(CipherSuiteId(0x5600).name(), "TLS_FALLBACK_SCSV");
        assert_eq!(
            CipherSuiteId(0x00ff).name(),
            "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"
        );
        assert_eq!(CipherSuiteId(0x3a3a).name(), "GREASE");
        assert_eq!(
            CipherSuiteId(0xfefe).name(),
            "SSL_RSA_FIPS_WITH_DES_CBC_SHA"
        );
        assert_eq!(CipherSuiteId(0x3a4a).name(), "0x3A4A");
    }
}
