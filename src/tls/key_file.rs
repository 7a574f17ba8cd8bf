//! Files with private keys: PEM and DER (PKCS #1, RFC 8017; PKCS #8, RFC 5958) and PKCS #12 (RFC 7292) → [`RsaKey`].

use super::rsa_key::RsaKey;
use p12_keystore::{Pkcs12Archive, error::Error as Pkcs12Error};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{Decode, SliceReader, Tag, Tagged, pem};
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, pkcs5::EncryptionScheme};
use std::fmt::Write;
use zeroize::Zeroizing;

/// rsaEncryption (RFC 8017 appendix A.1).
const RSA: &str = "1.2.840.113549.1.1.1";
/// RSASSA-PSS: an RSA key that may only sign.
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC: &str = "1.2.840.10045.2.1";

/// Rounds of a key derivation that are done: programs write 2 000 to 1 000 000, and a hostile file must not stop the run.
const ROUNDS: u32 = 10_000_000;
/// Memory of a key derivation by scrypt in bytes; programs write 16 to 64 MiB.
const SCRYPT_BYTES: u64 = 1 << 30;

/// Why a file gave no private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
#[non_exhaustive]
pub struct KeyError {
    /// The file as the user named it.
    pub file: String,
    /// What is wrong with it.
    pub problem: KeyProblem,
}

/// What is wrong with the file of a private key, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It is encrypted, and there is no password.
    #[error("the private key is encrypted; give its password with --rsa-key-password-file")]
    PasswordNeeded,
    /// It cannot be decrypted with the password.
    #[error("the password in --rsa-key-password-file is not the one of this private key")]
    WrongPassword,
    /// The encryption of PEM before PKCS #8 (RFC 1421).
    #[error(
        "a private key with the old PEM encryption (Proc-Type: 4,ENCRYPTED) is not read; convert it with `openssl rsa -in FILE -out key.pem`"
    )]
    OldPemEncryption,
    /// Encrypted in another way that is not read.
    #[error(
        "the private key is encrypted in a way that is not read; convert it with `openssl pkey -in FILE -out key.pem`"
    )]
    UnknownEncryption,
    /// A key of another kind.
    #[error(
        "{0} cannot open RSA key exchange; sessions with (EC)DHE or TLS 1.3 are opened by a key log (--keylog)"
    )]
    NotRsa(String),
    /// Only certificates.
    #[error("a certificate without its private key; export it together with the key")]
    OnlyCertificate,
    /// Only a public key.
    #[error("a public key; the private key is needed")]
    OnlyPublicKey,
    /// A PKCS #12 file that cannot be read.
    #[error(
        "a PKCS #12 file that is not read ({0}); convert it with `openssl pkcs12 -in FILE -nodes -out key.pem`"
    )]
    Pkcs12(String),
    /// A keystore of Java.
    #[error(
        "a Java keystore; convert it with `keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12`"
    )]
    JavaKeystore,
    /// An RSA key with numbers that cannot be.
    #[error("an RSA private key that cannot be used: {0}")]
    Unusable(String),
    /// A key whose encoding is damaged.
    #[error("a damaged private key")]
    Damaged,
    /// Something else.
    #[error("not a private key; PEM, DER and PKCS #12 (.pfx, .p12) are read")]
    NotAKey,
}

type Found = Result<Vec<RsaKey>, KeyProblem>;

impl RsaKey {
    /// Reads all RSA private keys of a file: PEM with whatever stands around the blocks, DER, or PKCS #12.
    ///
    /// `source` is what the user calls the file.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when there is no RSA private key in it, or one that cannot be decrypted.
    pub fn read(bytes: &[u8], source: &str, password: Option<&str>) -> Result<Vec<Self>, KeyError> {
        let file = File { source, password };
        let found = match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(BEGIN) => file.pem(text),
            // Explanations around the blocks may be in an older encoding.
            _ if bytes.windows(BEGIN.len()).any(|w| w == BEGIN.as_bytes()) => {
                file.pem(&Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()))
            }
            _ => file.der(bytes),
        };
        found.map_err(|problem| KeyError {
            file: source.to_owned(),
            problem,
        })
    }
}

struct File<'a> {
    source: &'a str,
    password: Option<&'a str>,
}

const BEGIN: &str = "-----BEGIN ";

impl File<'_> {
    fn pem(&self, mut text: &str) -> Found {
        let mut keys = Vec::new();
        let mut other = None;
        while let Some((label, body, rest)) = block(text) {
            text = rest;
            match self.block(label, body) {
                Ok(found) => keys.extend(found),
                // A certificate or another key beside the key is usual; a key that is lost is not.
                Err(
                    e @ (KeyProblem::OnlyCertificate
                    | KeyProblem::OnlyPublicKey
                    | KeyProblem::NotRsa(_)
                    | KeyProblem::NotAKey),
                ) => {
                    other = other.filter(|o| weight(o) >= weight(&e)).or(Some(e));
                }
                Err(e) => return Err(e),
            }
        }
        if keys.is_empty() {
            return Err(other.unwrap_or(KeyProblem::NotAKey));
        }
        Ok(keys)
    }

    fn block(&self, label: &str, body: &str) -> Found {
        match label {
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "PKCS12" => {
                if body.contains("Proc-Type:") && body.contains("ENCRYPTED") {
                    return Err(KeyProblem::OldPemEncryption);
                }
                self.der(&decode(body).ok_or(KeyProblem::Damaged)?)
            }
            "EC PRIVATE KEY" => Err(KeyProblem::NotRsa(String::from("an EC key"))),
            "DSA PRIVATE KEY" => Err(KeyProblem::NotRsa(String::from("a DSA key"))),
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" | "PKCS7" => {
                Err(KeyProblem::OnlyCertificate)
            }
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Err(KeyProblem::OnlyPublicKey),
            _ => Err(KeyProblem::NotAKey),
        }
    }

    /// Which of the structures it is, is in its first two elements.
    fn der(&self, der: &[u8]) -> Found {
        if der.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
            return Err(KeyProblem::JavaKeystore);
        }
        let Some((first, second)) = first_elements(der) else {
            return Err(match der {
                // BER of indefinite length, which older programs write.
                [0x30, 0x80, 0x02, 0x01, 0x03, ..] => {
                    KeyProblem::Pkcs12(String::from("BER of indefinite length"))
                }
                _ => KeyProblem::NotAKey,
            });
        };
        match (first.tag(), second.tag()) {
            (Tag::Integer, Tag::Sequence) if first.value() == [3] => self.pkcs12(der),
            (Tag::Integer, Tag::Sequence) => self.pkcs8(der),
            (Tag::Integer, Tag::Integer) => self.pkcs1(der),
            (Tag::Integer, Tag::OctetString) => Err(KeyProblem::NotRsa(String::from("an EC key"))),
            (Tag::Sequence, Tag::OctetString) => self.encrypted(der),
            (Tag::Sequence, Tag::BitString) => Err(KeyProblem::OnlyPublicKey),
            // A certificate, or PKCS #7 with certificates.
            (Tag::Sequence, Tag::Sequence) | (Tag::ObjectIdentifier, _) => {
                Err(KeyProblem::OnlyCertificate)
            }
            _ => Err(KeyProblem::NotAKey),
        }
    }

    fn pkcs1(&self, der: &[u8]) -> Found {
        let key = RsaPrivateKeyRef::try_from(der).map_err(|_| KeyProblem::Damaged)?;
        let (modulus, exponent) = (key.modulus.as_bytes(), key.private_exponent.as_bytes());
        match RsaKey::new(modulus, exponent, self.source) {
            Ok(key) => Ok(vec![key]),
            Err(what) => Err(KeyProblem::Unusable(what)),
        }
    }

    fn pkcs8(&self, der: &[u8]) -> Found {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyProblem::Damaged)?;
        match info.algorithm.oid.to_string().as_str() {
            RSA => self.pkcs1(info.private_key.as_bytes()),
            RSA_PSS => Err(KeyProblem::NotRsa(String::from("an RSASSA-PSS key"))),
            EC => Err(KeyProblem::NotRsa(String::from("an EC key"))),
            _ => Err(KeyProblem::NotRsa(String::from("a key that is not RSA"))),
        }
    }

    fn encrypted(&self, der: &[u8]) -> Found {
        let info =
            EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| KeyProblem::UnknownEncryption)?;
        let EncryptionScheme::Pbes2(scheme) = &info.encryption_algorithm else {
            return Err(KeyProblem::UnknownEncryption);
        };
        let bearable = match &scheme.kdf {
            Kdf::Pbkdf2(kdf) => kdf.iteration_count <= ROUNDS,
            Kdf::Scrypt(kdf) => {
                let memory = u64::from(kdf.block_size)
                    .saturating_mul(128)
                    .saturating_mul(kdf.cost_parameter);
                memory <= SCRYPT_BYTES && kdf.parallelization <= 16
            }
            _ => false,
        };
        if !bearable {
            return Err(KeyProblem::UnknownEncryption);
        }
        let password = self.password.ok_or(KeyProblem::PasswordNeeded)?;
        let plain = match info.decrypt(password) {
            Ok(plain) => plain,
            Err(pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm {
                ..
            })) => return Err(KeyProblem::UnknownEncryption),
            Err(_) => return Err(KeyProblem::WrongPassword),
        };
        match self.pkcs8(plain.as_bytes()) {
            // One wrong password in 256 leaves a sound padding behind.
            Err(KeyProblem::Damaged) => Err(KeyProblem::WrongPassword),
            found => found,
        }
    }

    fn pkcs12(&self, der: &[u8]) -> Found {
        let archive = Pkcs12Archive::from_pkcs12(der, self.password.unwrap_or_default()).map_err(
            |e| match (e, self.password) {
                (Pkcs12Error::MacError(_) | Pkcs12Error::UnpadError, None) => {
                    KeyProblem::PasswordNeeded
                }
                (Pkcs12Error::MacError(_) | Pkcs12Error::UnpadError, Some(_)) => {
                    KeyProblem::WrongPassword
                }
                (e, _) => KeyProblem::Pkcs12(e.to_string()),
            },
        )?;
        if archive.keys.is_empty() {
            return Err(KeyProblem::OnlyCertificate);
        }
        let mut keys = Vec::new();
        let mut other = None;
        for bag in &archive.keys {
            match self.pkcs8(bag.key.as_der()) {
                Ok(found) => keys.extend(found),
                Err(e) => other = Some(e),
            }
        }
        match other {
            Some(e) if keys.is_empty() => Err(e),
            _ => Ok(keys),
        }
    }
}

/// Which problem says most, where several blocks of a file have one.
fn weight(problem: &KeyProblem) -> u8 {
    match problem {
        KeyProblem::NotRsa(_) => 2,
        KeyProblem::OnlyCertificate | KeyProblem::OnlyPublicKey => 1,
        _ => 0,
    }
}

/// The next block: its label, what is inside, and what follows (RFC 7468 §2).
fn block(text: &str) -> Option<(&str, &str, &str)> {
    let (_, from) = text.split_once(BEGIN)?;
    let Some((label, body)) = from
        .split_once("-----")
        .filter(|(label, _)| label.len() < 64 && !label.contains('\n'))
    else {
        return Some(("", "", from));
    };
    match body.split_once("-----END ") {
        Some((body, rest)) => Some((label, body, rest)),
        None => Some((label, body, "")),
    }
}

/// The bytes of a block, with lines of any length and indented in any way.
fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    // Room for everything from the beginning: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(body.len().saturating_mul(2) + 64));
    text.push_str("-----BEGIN KEY-----");
    for (n, c) in body.split_whitespace().flat_map(str::chars).enumerate() {
        if n.is_multiple_of(64) {
            text.push('\n');
        }
        text.push(c);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n-----END KEY-----");
    let (_, der) = pem::decode_vec(text.as_bytes()).ok()?;
    Some(Zeroizing::new(der))
}

fn first_elements(der: &[u8]) -> Option<(AnyRef<'_>, AnyRef<'_>)> {
    let mut outer = SliceReader::new(der).ok()?;
    let whole = AnyRef::decode(&mut outer).ok()?;
    if whole.tag() != Tag::Sequence {
        return None;
    }
    let mut inner = SliceReader::new(whole.value()).ok()?;
    let first = AnyRef::decode(&mut inner).ok()?;
    let second = AnyRef::decode(&mut inner).ok()?;
    Some((first, second))
}

#[cfg(test)]
#[path = "tests/key_file.rs"]
mod tests;
