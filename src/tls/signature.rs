//! The public key and the signature of a certificate.

use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;

/// The algorithm of a certificate's signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// Its name as in its RFC, e.g. `sha256WithRSAEncryption`; the OID when unknown.
    pub name: String,
    /// The hash: `md2`, `md5`, `sha1`, `sha224`, `sha256`, `sha384`, `sha512`; `None` when built in or unknown.
    pub hash: Option<&'static str>,
}

impl SignatureAlgorithm {
    /// MD5 or older: refused everywhere today.
    pub fn is_md5(&self) -> bool {
        matches!(self.hash, Some("md5" | "md2"))
    }

    /// SHA-1.
    pub fn is_sha1(&self) -> bool {
        self.hash == Some("sha1")
    }

    /// SHA-512, which older Schannel refuses in TLS 1.2.
    pub fn is_sha512(&self) -> bool {
        self.hash == Some("sha512")
    }
}

/// The modulus of an RSA key, without leading zeros.
pub(super) fn rsa_modulus<'a>(parsed: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => Some(without_zeros(key.modulus)),
        _ => None,
    }
}

/// Leading zero bytes are no part of a number's size.
fn without_zeros(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|b| *b != 0);
    first.and_then(|at| number.get(at..)).unwrap_or_default()
}

/// Kind and bits of the public key.
pub(super) fn public_key(parsed: &X509Certificate<'_>) -> (String, u32) {
    let spki = parsed.public_key();
    let curve = spki
        .algorithm
        .parameters
        .as_ref()
        .and_then(|p| p.as_oid().ok())
        .map(|o| o.to_id_string());
    let bits = |n: usize| u32::try_from(n).unwrap_or(0);
    match spki.parsed() {
        Ok(PublicKey::RSA(key)) => {
            let modulus = without_zeros(key.modulus);
            let unused = modulus.first().map_or(0, |b| b.leading_zeros());
            (
                String::from("RSA"),
                bits(modulus.len()).saturating_mul(8).saturating_sub(unused),
            )
        }
        Ok(PublicKey::EC(point)) => {
            let size = match curve.as_deref() {
                Some("1.3.132.0.35") => 521,
                _ => bits(point.key_size()),
            };
            (String::from("EC"), size)
        }
        Ok(PublicKey::DSA(_)) => (String::from("DSA"), 0),
        _ => match spki.algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => (String::from("Ed25519"), 256),
            "1.3.101.113" => (String::from("Ed448"), 456),
            other => (String::from(other), 0),
        },
    }
}

/// RFC 3279, RFC 4055, RFC 5758, RFC 8410, RFC 9881.
const SIGNATURES: &[(&str, &str, Option<&str>)] = &[
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption", Some("md2")),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption", Some("md5")),
    (
        "1.2.840.113549.1.1.5",
        "sha1WithRSAEncryption",
        Some("sha1"),
    ),
    ("1.3.14.3.2.29", "sha1WithRSASignature", Some("sha1")),
    (
        "1.2.840.113549.1.1.14",
        "sha224WithRSAEncryption",
        Some("sha224"),
    ),
    (
        "1.2.840.113549.1.1.11",
        "sha256WithRSAEncryption",
        Some("sha256"),
    ),
    (
        "1.2.840.113549.1.1.12",
        "sha384WithRSAEncryption",
        Some("sha384"),
    ),
    (
        "1.2.840.113549.1.1.13",
        "sha512WithRSAEncryption",
        Some("sha512"),
    ),
    ("1.2.840.10040.4.3", "dsa-with-sha1", Some("sha1")),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256", Some("sha256")),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1", Some("sha1")),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224", Some("sha224")),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256", Some("sha256")),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384", Some("sha384")),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512", Some("sha512")),
    ("1.3.101.112", "Ed25519", None),
    ("1.3.101.113", "Ed448", None),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44", None),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65", None),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87", None),
];

/// Name and hash of the algorithm.
pub(super) fn signature_algorithm(
    algorithm: &x509_parser::x509::AlgorithmIdentifier<'_>,
) -> SignatureAlgorithm {
    let oid = algorithm.algorithm.to_id_string();
    if oid == "1.2.840.113549.1.1.10" {
        // RSASSA-PSS names its hash in its parameters; SHA-1 when there is none (RFC 4055 §3.1).
        let params = algorithm
            .parameters
            .as_ref()
            .and_then(|p| x509_parser::signature_algorithm::RsaSsaPssParams::try_from(p).ok());
        let hash = match params
            .as_ref()
            .map(|p| p.hash_algorithm_oid().to_id_string())
            .as_deref()
        {
            Some("1.3.14.3.2.26") => Some("sha1"),
            Some("2.16.840.1.101.3.4.2.1") => Some("sha256"),
            Some("2.16.840.1.101.3.4.2.2") => Some("sha384"),
            Some("2.16.840.1.101.3.4.2.3") => Some("sha512"),
            _ => None,
        };
        return SignatureAlgorithm {
            name: String::from("RSASSA-PSS"),
            hash,
        };
    }
    match SIGNATURES.iter().find(|(id, _, _)| *id == oid) {
        Some((_, name, hash)) => SignatureAlgorithm {
            name: String::from(*name),
            hash: *hash,
        },
        None => SignatureAlgorithm {
            name: oid,
            hash: None,
        },
    }
}

/// Whether the certificate's own key made its signature; `None` when ring does not have the algorithm.
pub(super) fn signed_by_itself(
    parsed: &X509Certificate<'_>,
    algorithm: &SignatureAlgorithm,
) -> Option<bool> {
    use ring::signature as sig;
    let spki = parsed.public_key();
    let rsa = |hash| -> &'static dyn sig::VerificationAlgorithm {
        match hash {
            "sha1" => &sig::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "sha384" => &sig::RSA_PKCS1_2048_8192_SHA384,
            "sha512" => &sig::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            _ => &sig::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        }
    };
    let curve = spki
        .algorithm
        .parameters
        .as_ref()
        .and_then(|p| p.as_oid().ok())
        .map(|o| o.to_id_string());
    let method = match (algorithm.name.as_str(), curve.as_deref()) {
        ("sha1WithRSAEncryption", _) => rsa("sha1"),
        ("sha256WithRSAEncryption", _) => rsa("sha256"),
        ("sha384WithRSAEncryption", _) => rsa("sha384"),
        ("sha512WithRSAEncryption", _) => rsa("sha512"),
        ("ecdsa-with-SHA256", Some("1.2.840.10045.3.1.7")) => &sig::ECDSA_P256_SHA256_ASN1,
        ("ecdsa-with-SHA384", Some("1.2.840.10045.3.1.7")) => &sig::ECDSA_P256_SHA384_ASN1,
        ("ecdsa-with-SHA256", Some("1.3.132.0.34")) => &sig::ECDSA_P384_SHA256_ASN1,
        ("ecdsa-with-SHA384", Some("1.3.132.0.34")) => &sig::ECDSA_P384_SHA384_ASN1,
        ("Ed25519", _) => &sig::ED25519,
        _ => return None,
    };
    let key = sig::UnparsedPublicKey::new(method, spki.subject_public_key.data.as_ref());
    let fits = key
        .verify(
            parsed.tbs_certificate.as_ref(),
            parsed.signature_value.data.as_ref(),
        )
        .is_ok();
    // ring refuses keys of odd sizes with the same error as a wrong signature: a short RSA key is not judged.
    let (kind, bits) = public_key(parsed);
    (fits || kind != "RSA" || (2048..=8192).contains(&bits)).then_some(fits)
}
