//! The registries of TLS: numbers that keep what is unknown, with IANA's names.

use super::suite::is_grease;
use std::fmt;

macro_rules! registry {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($value:literal => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl $name {
            /// The registered name; `None` when it has none.
            pub const fn known(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.name())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}", self.0, self.name())
            }
        }
    };
}

macro_rules! plain_name {
    ($name:ident, $digits:literal) => {
        impl $name {
            /// The registered name, or the value in hex.
            pub fn name(self) -> String {
                match self.known() {
                    Some(name) => String::from(name),
                    None => format!($digits, self.0),
                }
            }
        }
    };
}

macro_rules! grease_name {
    ($name:ident, $digits:literal) => {
        impl $name {
            /// The registered name, `GREASE` (RFC 8701 §2), or the value in hex.
            pub fn name(self) -> String {
                match self.known() {
                    Some(name) => String::from(name),
                    None if self.is_grease() => String::from("GREASE"),
                    None => format!($digits, self.0),
                }
            }

            /// A reserved value that a client mixes in (RFC 8701 §2).
            pub const fn is_grease(self) -> bool {
                is_grease(self.0)
            }
        }
    };
}

registry! {
    /// What an alert says (RFC 8446 §6, RFC 5246 §7.2, RFC 6101 §5.4). The names are IANA's.
    AlertDescription(u8) {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        52 => "too_many_cids_requested",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        117 => "general_error",
        120 => "no_application_protocol",
        121 => "ech_required",
    }
}
plain_name!(AlertDescription, "0x{:02X}");

impl AlertDescription {
    /// close_notify: the orderly end (RFC 8446 §6.1).
    pub const CLOSE_NOTIFY: Self = Self(0);
}

registry! {
    /// The type of a handshake message (RFC 8446 §4, RFC 5246 §7.4).
    HandshakeType(u8) {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 => "ServerHello",
        3 => "HelloVerifyRequest",
        4 => "NewSessionTicket",
        5 => "EndOfEarlyData",
        6 => "HelloRetryRequest",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        20 => "Finished",
        21 => "CertificateUrl",
        22 => "CertificateStatus",
        23 => "SupplementalData",
        24 => "KeyUpdate",
        25 => "CompressedCertificate",
        67 => "NextProtocol",
    }
}
plain_name!(HandshakeType, "0x{:02X}");

registry! {
    /// A protocol version on the wire. TLS 1.3 is named in `supported_versions` only (RFC 8446 §4.2.1).
    Version(u16) {
        0x0002 => "SSL 2.0",
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
    }
}

impl Version {
    /// SSL 3.0 (RFC 6101).
    pub const SSL3: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246).
    pub const TLS10: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346).
    pub const TLS11: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS12: Self = Self(0x0303);
    /// TLS 1.3 (RFC 8446).
    pub const TLS13: Self = Self(0x0304);

    /// TLS 1.3 or one of its drafts (0x7fNN, and Facebook's 0xfbNN), which share its shape.
    pub const fn is_tls13(self) -> bool {
        self.0 == 0x0304 || matches!(self.0 >> 8, 0x7f | 0xfb)
    }

    /// A reserved value that a client mixes in (RFC 8701 §2).
    pub const fn is_grease(self) -> bool {
        is_grease(self.0)
    }

    /// An order in which drafts of TLS 1.3 rank just below it.
    pub const fn rank(self) -> u16 {
        if matches!(self.0 >> 8, 0x7f | 0xfb) {
            0x0303
        } else {
            self.0
        }
    }

    /// `TLS 1.2`, `TLS 1.3 draft 18`, `GREASE`, or the value in hex.
    pub fn name(self) -> String {
        match self.known() {
            Some(name) => String::from(name),
            None if self.is_tls13() => format!("TLS 1.3 draft {}", self.0 & 0xff),
            None if self.is_grease() => String::from("GREASE"),
            None => format!("0x{:04X}", self.0),
        }
    }
}

registry! {
    /// The type of a hello extension (IANA "TLS ExtensionType Values").
    ExtensionType(u16) {
        0 => "server_name",
        1 => "max_fragment_length",
        2 => "client_certificate_url",
        3 => "trusted_ca_keys",
        4 => "truncated_hmac",
        5 => "status_request",
        6 => "user_mapping",
        7 => "client_authz",
        8 => "server_authz",
        9 => "cert_type",
        10 => "supported_groups",
        11 => "ec_point_formats",
        12 => "srp",
        13 => "signature_algorithms",
        14 => "use_srtp",
        15 => "heartbeat",
        16 => "application_layer_protocol_negotiation",
        17 => "status_request_v2",
        18 => "signed_certificate_timestamp",
        19 => "client_certificate_type",
        20 => "server_certificate_type",
        21 => "padding",
        22 => "encrypt_then_mac",
        23 => "extended_master_secret",
        24 => "token_binding",
        25 => "cached_info",
        27 => "compress_certificate",
        28 => "record_size_limit",
        34 => "delegated_credential",
        35 => "session_ticket",
        41 => "pre_shared_key",
        42 => "early_data",
        43 => "supported_versions",
        44 => "cookie",
        45 => "psk_key_exchange_modes",
        47 => "certificate_authorities",
        48 => "oid_filters",
        49 => "post_handshake_auth",
        50 => "signature_algorithms_cert",
        51 => "key_share",
        57 => "quic_transport_parameters",
        0x3374 => "next_protocol_negotiation",
        0x4469 => "application_settings",
        0x44cd => "application_settings_new",
        0xfe0d => "encrypted_client_hello",
        0xff01 => "renegotiation_info",
    }
}
grease_name!(ExtensionType, "0x{:04X}");

registry! {
    /// A group for (EC)DHE (IANA "TLS Supported Groups").
    NamedGroup(u16) {
        9 => "sect283k1",
        10 => "sect283r1",
        11 => "sect409k1",
        12 => "sect409r1",
        13 => "sect571k1",
        14 => "sect571r1",
        19 => "secp192r1",
        20 => "secp224k1",
        21 => "secp224r1",
        22 => "secp256k1",
        23 => "secp256r1",
        24 => "secp384r1",
        25 => "secp521r1",
        26 => "brainpoolP256r1",
        27 => "brainpoolP384r1",
        28 => "brainpoolP512r1",
        29 => "x25519",
        30 => "x448",
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x0200 => "MLKEM512",
        0x0201 => "MLKEM768",
        0x0202 => "MLKEM1024",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        0x11ed => "SecP384r1MLKEM1024",
        0x6399 => "X25519Kyber768Draft00",
    }
}
grease_name!(NamedGroup, "0x{:04X}");

registry! {
    /// A signature scheme (RFC 8446 §4.2.3), or hash and signature of TLS 1.2 (RFC 5246 §7.4.1.4.1).
    SignatureScheme(u16) {
        0x0101 => "rsa_md5",
        0x0201 => "rsa_pkcs1_sha1",
        0x0202 => "dsa_sha1",
        0x0203 => "ecdsa_sha1",
        0x0301 => "rsa_sha224",
        0x0302 => "dsa_sha224",
        0x0303 => "ecdsa_sha224",
        0x0401 => "rsa_pkcs1_sha256",
        0x0402 => "dsa_sha256",
        0x0403 => "ecdsa_secp256r1_sha256",
        0x0501 => "rsa_pkcs1_sha384",
        0x0502 => "dsa_sha384",
        0x0503 => "ecdsa_secp384r1_sha384",
        0x0601 => "rsa_pkcs1_sha512",
        0x0602 => "dsa_sha512",
        0x0603 => "ecdsa_secp521r1_sha512",
        0x0804 => "rsa_pss_rsae_sha256",
        0x0805 => "rsa_pss_rsae_sha384",
        0x0806 => "rsa_pss_rsae_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809 => "rsa_pss_pss_sha256",
        0x080a => "rsa_pss_pss_sha384",
        0x080b => "rsa_pss_pss_sha512",
        0x0904 => "mldsa44",
        0x0905 => "mldsa65",
        0x0906 => "mldsa87",
    }
}
grease_name!(SignatureScheme, "0x{:04X}");

impl SignatureScheme {
    /// Whether this lets a peer sign with SHA-512 over a PKCS #1 v1.5 RSA key.
    pub const fn is_rsa_sha512(self) -> bool {
        self.0 == 0x0601
    }
}

/// The name of a client certificate type of a CertificateRequest (RFC 5246 §7.4.4, RFC 4492 §5.5).
pub fn certificate_type_name(value: u8) -> Option<&'static str> {
    Some(match value {
        1 => "rsa_sign",
        2 => "dss_sign",
        3 => "rsa_fixed_dh",
        4 => "dss_fixed_dh",
        5 => "rsa_ephemeral_dh",
        6 => "dss_ephemeral_dh",
        20 => "fortezza_dms",
        64 => "ecdsa_sign",
        65 => "rsa_fixed_ecdh",
        66 => "ecdsa_fixed_ecdh",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_rustls_knows_has_a_name_here() {
        for value in 0..=u8::MAX {
            let theirs = rustls::AlertDescription::from(value).as_str();
            if let Some(name) = theirs {
                let ours = AlertDescription(value).name().replace('_', "");
                let theirs = name.to_lowercase().replace("unrecognised", "unrecognized");
                let theirs = theirs.replace("encryptedclienthellorequired", "echrequired");
                assert_eq!(ours, theirs, "{value}");
            }
        }
        assert_eq!(AlertDescription(43).name(), "unsupported_certificate");
        assert_eq!(AlertDescription(250).name(), "0xFA");
    }

    #[test]
    fn handshake_types_groups_and_schemes_are_those_of_rustls() {
        for value in 0..=u16::MAX {
            if rustls::NamedGroup::from(value).as_str().is_some() {
                assert!(NamedGroup(value).known().is_some(), "{value:04x}");
            }
            if rustls::SignatureScheme::from(value).as_str().is_some() {
                assert!(SignatureScheme(value).known().is_some(), "{value:04x}");
            }
        }
    }

    #[test]
    fn versions_are_named_and_ordered() {
        assert_eq!(Version(0x7f12).name(), "TLS 1.3 draft 18");
        assert_eq!(Version(0x1a1a).name(), "GREASE");
        assert!(Version(0x7f17).rank() < Version::TLS13.rank());
        assert_eq!(ExtensionType(0xff01).name(), "renegotiation_info");
        assert_eq!(ExtensionType(0x8a8a).name(), "GREASE");
    }
}
