//! What rules ask of a certificate (RFC 5280), read leniently: one that cannot be read is kept with its error.

use super::memory::{list, texts, words};
use super::name::{dn_string, value_text};
use super::signature::{
    SignatureAlgorithm, public_key, rsa_modulus, signature_algorithm, signed_by_itself,
};
use crate::base::{Timestamp, hex};
use ring::digest::{SHA256, digest};
use std::net::IpAddr;
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

/// A certificate as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The DER bytes.
    pub der: Arc<[u8]>,
    /// SHA-256 over the DER bytes.
    pub sha256: [u8; 32],
    /// Why it could not be read; then every field below is empty.
    pub error: Option<String>,
    /// Subject, last RDN first (RFC 4514), e.g. `CN=lync01.tomt.it,O=Lab`.
    pub subject: String,
    /// Issuer, written the same way.
    pub issuer: String,
    /// The subject's most specific common name.
    pub subject_cn: Option<String>,
    /// Serial number in hex.
    pub serial: String,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity, inclusive (RFC 5280 §4.1.2.5).
    pub not_after: Timestamp,
    /// Subject alternative names (RFC 5280 §4.2.1.6).
    pub sans: SubjectAltNames,
    /// Extended key usage; `None` when the extension is absent, which means all purposes (RFC 5280 §4.2.1.12).
    pub eku: Option<Eku>,
    /// Key usage; `None` when the extension is absent, which means all usages (RFC 5280 §4.2.1.3).
    pub key_usage: Option<KeyUsage>,
    /// Basic constraints (RFC 5280 §4.2.1.9); `None` when the extension is absent.
    pub basic_constraints: Option<BasicConstraints>,
    /// Subject and issuer are the same name.
    pub self_issued: bool,
    /// Whether its own key signed it; `None` when the algorithm cannot be checked here. `Some(false)` unless self-issued.
    pub self_signed: Option<bool>,
    /// The kind of public key, e.g. `RSA`, `EC`.
    pub key_kind: String,
    /// Bits of the public key; 0 when unknown.
    pub key_bits: u32,
    /// The modulus of an RSA key (RFC 8017 §3.1), big-endian without leading zeros; `None` for every other kind.
    pub rsa_modulus: Option<Arc<[u8]>>,
    /// How it was signed.
    pub signature: SignatureAlgorithm,
    /// Where revocation lists are (RFC 5280 §4.2.1.13).
    pub crl_urls: Vec<String>,
    /// OCSP responders and issuer certificates (RFC 5280 §4.2.2.1).
    pub aia_urls: Vec<String>,
    /// Extensions that could not be read, by OID.
    pub unread_extensions: Vec<String>,
}

/// Subject alternative names by kind, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectAltNames {
    /// dNSName.
    pub dns: Vec<String>,
    /// iPAddress.
    pub ip: Vec<IpAddr>,
    /// uniformResourceIdentifier, e.g. `sip:tomt.local`.
    pub uri: Vec<String>,
    /// Every other kind, in words.
    pub other: Vec<String>,
}

/// An extended key usage extension.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eku {
    /// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
    pub server_auth: bool,
    /// id-kp-clientAuth, 1.3.6.1.5.5.7.3.2.
    pub client_auth: bool,
    /// anyExtendedKeyUsage, 2.5.29.37.0.
    pub any: bool,
    /// Every OID in it.
    pub oids: Vec<String>,
}

/// The bits of a key usage extension that TLS asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyUsage {
    /// digitalSignature: needed for (EC)DHE and for a client.
    pub digital_signature: bool,
    /// keyEncipherment: needed for RSA key exchange.
    pub key_encipherment: bool,
    /// keyAgreement.
    pub key_agreement: bool,
    /// keyCertSign.
    pub key_cert_sign: bool,
}

/// A basic constraints extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The subject is a certification authority.
    pub ca: bool,
    /// Intermediate authorities allowed below it.
    pub path_len: Option<u32>,
}

/// How a certificate names a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameMatch {
    /// A subject alternative name is the name.
    San,
    /// A wildcard covers it.
    Wildcard,
    /// Only the common name is the name; where there are DNS names, only peers that look at nothing else accept that.
    CnOnly,
    /// Not at all.
    No,
}

pub(super) fn sha256(der: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    let digest = digest(&SHA256, der);
    for (to, from) in sha256.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    sha256
}

impl Certificate {
    /// Reads a certificate.
    pub fn from_der(der: &[u8]) -> Self {
        let mut certificate = Self::empty(der);
        match X509Certificate::from_der(der) {
            Ok((rest, parsed)) => {
                certificate.fill(&parsed);
                if !rest.is_empty() {
                    certificate
                        .unread_extensions
                        .push(format!("{} bytes behind the certificate", rest.len()));
                }
            }
            Err(e) => certificate.error = Some(e.to_string()),
        }
        certificate
    }

    fn empty(der: &[u8]) -> Self {
        Self {
            der: Arc::from(der),
            sha256: sha256(der),
            error: None,
            subject: String::new(),
            issuer: String::new(),
            subject_cn: None,
            serial: String::new(),
            not_before: Timestamp::default(),
            not_after: Timestamp::default(),
            sans: SubjectAltNames::default(),
            eku: None,
            key_usage: None,
            basic_constraints: None,
            self_issued: false,
            self_signed: None,
            key_kind: String::new(),
            key_bits: 0,
            signature: SignatureAlgorithm::default(),
            crl_urls: Vec::new(),
            aia_urls: Vec::new(),
            unread_extensions: Vec::new(),
            rsa_modulus: None,
        }
    }

    fn fill(&mut self, parsed: &X509Certificate<'_>) {
        let seconds = |s: i64| Timestamp::from_nanos(s.saturating_mul(1_000_000_000));
        self.subject = dn_string(parsed.subject());
        self.issuer = dn_string(parsed.issuer());
        self.subject_cn = parsed.subject().iter_common_name().last().map(value_text);
        self.serial = hex(parsed.raw_serial());
        self.not_before = seconds(parsed.validity().not_before.timestamp());
        self.not_after = seconds(parsed.validity().not_after.timestamp());
        self.self_issued = parsed.subject().as_raw() == parsed.issuer().as_raw();
        self.signature = signature_algorithm(&parsed.signature_algorithm);
        self.self_signed = if self.self_issued {
            signed_by_itself(parsed, &self.signature)
        } else {
            Some(false)
        };
        (self.key_kind, self.key_bits) = public_key(parsed);
        self.rsa_modulus = rsa_modulus(parsed).map(Arc::from);
        for extension in parsed.extensions() {
            self.read_extension(extension.parsed_extension(), &extension.oid);
        }
    }

    fn read_extension(
        &mut self,
        extension: &ParsedExtension<'_>,
        oid: &x509_parser::oid_registry::Oid<'_>,
    ) {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                names.general_names.iter().for_each(|n| self.sans.push(n))
            }
            ParsedExtension::ExtendedKeyUsage(eku) => self.eku = Some(read_eku(eku)),
            ParsedExtension::KeyUsage(usage) => {
                self.key_usage = Some(KeyUsage {
                    digital_signature: usage.digital_signature(),
                    key_encipherment: usage.key_encipherment(),
                    key_agreement: usage.key_agreement(),
                    key_cert_sign: usage.key_cert_sign(),
                });
            }
            ParsedExtension::BasicConstraints(c) => {
                self.basic_constraints = Some(BasicConstraints {
                    ca: c.ca,
                    path_len: c.path_len_constraint,
                });
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in &points.points {
                    if let Some(DistributionPointName::FullName(names)) = &point.distribution_point
                    {
                        self.crl_urls.extend(names.iter().filter_map(uri));
                    }
                }
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                self.aia_urls.extend(
                    access
                        .accessdescs
                        .iter()
                        .filter_map(|d| uri(&d.access_location)),
                );
            }
            ParsedExtension::ParseError { .. } => self.unread_extensions.push(oid.to_id_string()),
            _ => {}
        }
    }

    /// Bytes of memory that it takes, about. A name of one letter takes ten times as much as its DER.
    pub(crate) fn memory(&self) -> usize {
        let lists = [
            &self.sans.dns,
            &self.sans.uri,
            &self.sans.other,
            &self.crl_urls,
            &self.aia_urls,
            &self.unread_extensions,
        ];
        let oids = self.eku.as_ref().map_or(0, |eku| texts(&eku.oids));
        size_of::<Self>()
            .saturating_add(self.der.len())
            .saturating_add(self.rsa_modulus.as_ref().map_or(0, |m| m.len()))
            .saturating_add(words([&self.subject, &self.issuer, &self.serial]))
            .saturating_add(words([&self.key_kind, &self.signature.name]))
            .saturating_add(words(self.error.iter().chain(&self.subject_cn)))
            .saturating_add(lists.into_iter().map(texts).sum())
            .saturating_add(list(&self.sans.ip))
            .saturating_add(oids)
    }

    /// Whether it may sign certificates.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|c| c.ca)
    }

    /// Whether `time` lies in its validity, both ends included (RFC 5280 §4.1.2.5).
    pub fn valid_at(&self, time: Timestamp) -> bool {
        // Validity counts whole seconds: the last second belongs to it.
        self.not_before.seconds() <= time.seconds() && time.seconds() <= self.not_after.seconds()
    }

    /// Whether it may be used for the named purpose: its EKU has it, has `any`, or there is no EKU extension.
    pub fn allows_client_auth(&self) -> bool {
        self.eku.as_ref().is_none_or(|e| e.client_auth || e.any)
    }

    /// As [`Self::allows_client_auth`], for the server's side.
    pub fn allows_server_auth(&self) -> bool {
        self.eku.as_ref().is_none_or(|e| e.server_auth || e.any)
    }

    /// How it names a host or an address (RFC 6125 §6.4): letters of either case, a wildcard for one whole label.
    pub fn matches_name(&self, name: &str) -> NameMatch {
        let name = name.trim_end_matches('.');
        if let Ok(address) = name.parse::<IpAddr>() {
            if self.sans.ip.contains(&address) {
                return NameMatch::San;
            }
        } else if self
            .sans
            .dns
            .iter()
            .any(|n| n.trim_end_matches('.').eq_ignore_ascii_case(name))
        {
            return NameMatch::San;
        } else if self.sans.dns.iter().any(|n| wildcard_covers(n, name)) {
            return NameMatch::Wildcard;
        }
        match &self.subject_cn {
            Some(cn) if cn.trim_end_matches('.').eq_ignore_ascii_case(name) => NameMatch::CnOnly,
            Some(cn) if self.sans.dns.is_empty() && wildcard_covers(cn, name) => {
                NameMatch::Wildcard
            }
            _ => NameMatch::No,
        }
    }
}

impl SubjectAltNames {
    /// Whether there is none of any kind.
    pub const fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.ip.is_empty() && self.uri.is_empty() && self.other.is_empty()
    }

    fn push(&mut self, name: &GeneralName<'_>) {
        match name {
            GeneralName::DNSName(n) => self.dns.push(String::from(*n)),
            GeneralName::URI(n) => self.uri.push(String::from(*n)),
            GeneralName::IPAddress(bytes) => {
                if let Ok(v4) = <[u8; 4]>::try_from(*bytes) {
                    self.ip.push(IpAddr::from(v4));
                } else if let Ok(v6) = <[u8; 16]>::try_from(*bytes) {
                    self.ip.push(IpAddr::from(v6));
                } else {
                    self.other.push(format!("ip:#{}", hex(bytes)));
                }
            }
            GeneralName::RFC822Name(n) => self.other.push(format!("email:{n}")),
            GeneralName::DirectoryName(n) => self.other.push(format!("dirName:{}", dn_string(n))),
            GeneralName::OtherName(oid, bytes) => {
                self.other
                    .push(format!("otherName:{}:#{}", oid.to_id_string(), hex(bytes)))
            }
            GeneralName::RegisteredID(oid) => self
                .other
                .push(format!("registeredID:{}", oid.to_id_string())),
            GeneralName::X400Address(any) => {
                self.other.push(format!("x400Address:#{}", hex(any.data)))
            }
            GeneralName::EDIPartyName(any) => {
                self.other.push(format!("ediPartyName:#{}", hex(any.data)))
            }
            GeneralName::Invalid(tag, bytes) => {
                self.other
                    .push(format!("invalid[{}]:#{}", tag.0, hex(bytes)))
            }
        }
    }
}

fn read_eku(eku: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Eku {
    let known = [
        (eku.any, "2.5.29.37.0"),
        (eku.server_auth, "1.3.6.1.5.5.7.3.1"),
        (eku.client_auth, "1.3.6.1.5.5.7.3.2"),
        (eku.code_signing, "1.3.6.1.5.5.7.3.3"),
        (eku.email_protection, "1.3.6.1.5.5.7.3.4"),
        (eku.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (eku.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let mut oids: Vec<String> = known
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, oid)| String::from(*oid))
        .collect();
    oids.extend(
        eku.other
            .iter()
            .map(x509_parser::oid_registry::Oid::to_id_string),
    );
    Eku {
        server_auth: eku.server_auth,
        client_auth: eku.client_auth,
        any: eku.any,
        oids,
    }
}

fn uri(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) => Some(String::from(*uri)),
        GeneralName::DirectoryName(name) => Some(format!("dirName:{}", dn_string(name))),
        _ => None,
    }
}

/// A `*.` in front stands for exactly one label (RFC 6125 §6.4.3).
fn wildcard_covers(pattern: &str, name: &str) -> bool {
    let (Some(suffix), Some((label, rest))) = (
        pattern.trim_end_matches('.').strip_prefix("*."),
        name.split_once('.'),
    ) else {
        return false;
    };
    !label.is_empty() && !suffix.is_empty() && rest.eq_ignore_ascii_case(suffix)
}
