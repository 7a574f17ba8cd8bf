//! The other handshake messages.

use super::certificate::Certificate;
use super::known::Known;
use super::memory::{list, texts};
use super::name::dn_string_of_der;
use super::names::{NamedGroup, SignatureScheme, Version};
use super::suite::{CipherSuiteId, KeyExchange};
use super::wire::{Reader, u16s};
use crate::base::FrameRef;
use std::sync::Arc;

/// A Certificate message (RFC 5246 §7.4.2, RFC 8446 §4.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFlight {
    /// The frame that completed it.
    pub at: FrameRef,
    /// The certificates in the order sent, the sender's own first; empty when it sent none.
    pub chain: Vec<Arc<Certificate>>,
    /// Bytes of the message without its header.
    pub message_len: usize,
    /// Whether the list of certificates ended where it said, and all are kept; certificates before the damage are kept.
    pub complete: bool,
}

/// Certificates read of one message. OpenSSL verifies chains of up to 100.
const CHAIN: usize = 100;

impl CertificateFlight {
    /// The message was sent with no certificate in it.
    pub const fn is_empty(&self) -> bool {
        self.chain.is_empty() && self.complete
    }

    /// The sender's own certificate.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.chain.first().map(Arc::as_ref)
    }

    /// There are more than are read.
    pub(super) fn is_cut(&self) -> bool {
        !self.complete && self.chain.len() >= CHAIN
    }

    pub(super) fn parse(body: &[u8], tls13: bool, at: FrameRef, known: &mut Known) -> Self {
        let mut flight = Self {
            at,
            chain: Vec::new(),
            message_len: body.len(),
            complete: false,
        };
        flight.complete = flight.read(body, tls13, known).is_some();
        flight
    }

    fn read(&mut self, body: &[u8], tls13: bool, known: &mut Known) -> Option<()> {
        let mut r = Reader::new(body);
        if tls13 {
            r.vec8()?;
        }
        let declared = r.u24()?;
        let whole = declared == r.rest().len();
        let mut list = Reader::new(r.rest());
        while !list.is_empty() {
            if self.chain.len() >= CHAIN {
                return None;
            }
            self.chain.push(known.read(list.vec24()?));
            if tls13 {
                list.vec16()?;
            }
        }
        whole.then_some(())
    }
}

/// A CertificateRequest message (RFC 5246 §7.4.4, RFC 8446 §4.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The frame that completed it.
    pub at: FrameRef,
    /// Client certificate types; see [`super::certificate_type_name`].
    pub types: Vec<u8>,
    /// supported_signature_algorithms; TLS 1.2 and later.
    pub signature_algorithms: Vec<SignatureScheme>,
    /// certificate_authorities as RFC 4514 text; empty means any.
    pub ca_names: Vec<String>,
    /// Bytes of certificate_authorities, length fields of the names included. Schannel stops at 16 384.
    pub ca_list_bytes: usize,
    /// Whether the list of names ended where it said; names before the damage are kept.
    pub complete: bool,
}

impl CertificateRequest {
    /// Bytes of memory that it takes beside itself, about.
    pub(super) fn memory(&self) -> usize {
        let lists = list(&self.types).saturating_add(list(&self.signature_algorithms));
        lists.saturating_add(texts(&self.ca_names))
    }

    /// It was sent, and no more is known of it.
    pub(super) const fn unread(at: FrameRef, len: usize) -> Self {
        Self {
            at,
            types: Vec::new(),
            signature_algorithms: Vec::new(),
            ca_names: Vec::new(),
            ca_list_bytes: len,
            complete: false,
        }
    }

    /// Reads it.
    pub(super) fn parse(body: &[u8], version: Version, at: FrameRef) -> Option<Self> {
        let mut r = Reader::new(body);
        if version.is_tls13() {
            return Self::parse_tls13(r, at);
        }
        let types = r.vec8()?.to_vec();
        let signature_algorithms = if version == Version::TLS12 {
            u16s(r.vec16()?).into_iter().map(SignatureScheme).collect()
        } else {
            Vec::new()
        };
        let declared = usize::from(r.u16()?);
        let list = r.rest().get(..declared).unwrap_or_else(|| r.rest());
        let mut request = Self {
            at,
            types,
            signature_algorithms,
            ca_names: Vec::new(),
            ca_list_bytes: declared,
            complete: declared == r.rest().len(),
        };
        request.read_names(list);
        Some(request)
    }

    /// TLS 1.3: a context, then extensions (RFC 8446 §4.3.2, §4.2.3, §4.2.4).
    fn parse_tls13(mut r: Reader<'_>, at: FrameRef) -> Option<Self> {
        r.vec8()?;
        let declared = usize::from(r.u16()?);
        let mut request = Self {
            at,
            types: Vec::new(),
            signature_algorithms: Vec::new(),
            ca_names: Vec::new(),
            ca_list_bytes: 0,
            complete: declared == r.rest().len(),
        };
        while !r.is_empty() {
            let (Some(kind), Some(content)) = (r.u16(), r.vec16()) else {
                request.complete = false;
                break;
            };
            match (kind, Reader::new(content).vec16()) {
                (13, Some(list)) => {
                    request.signature_algorithms =
                        u16s(list).into_iter().map(SignatureScheme).collect();
                }
                (47, Some(list)) => {
                    request.ca_list_bytes = list.len();
                    request.read_names(list);
                }
                // No names would mean any.
                (13 | 47, None) => request.complete = false,
                _ => {}
            }
        }
        Some(request)
    }

    fn read_names(&mut self, list: &[u8]) {
        let mut names = Reader::new(list);
        while !names.is_empty() {
            let Some(name) = names.vec16() else {
                self.complete = false;
                break;
            };
            self.ca_names.push(dn_string_of_der(name));
        }
    }
}

/// A ServerKeyExchange message (RFC 5246 §7.4.3, RFC 8422 §5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// The frame that completed it.
    pub at: FrameRef,
    /// The curve of ECDHE.
    pub group: Option<NamedGroup>,
    /// Bits of the prime of DHE, or of the temporary RSA key of an export suite.
    pub bits: Option<u32>,
    /// Bytes of the message without its header.
    pub message_len: usize,
}

impl ServerKeyExchange {
    pub(super) fn parse(body: &[u8], suite: Option<CipherSuiteId>, at: FrameRef) -> Self {
        let mut message = Self {
            at,
            group: None,
            bits: None,
            message_len: body.len(),
        };
        let mut r = Reader::new(body);
        match suite.and_then(CipherSuiteId::info).map(|s| s.kx) {
            Some(KeyExchange::EcdheRsa | KeyExchange::EcdheEcdsa | KeyExchange::EcdhAnon) => {
                // curve_type 3: named_curve.
                message.group = (r.u8() == Some(3))
                    .then(|| r.u16())
                    .flatten()
                    .map(NamedGroup);
            }
            Some(
                KeyExchange::DheRsa
                | KeyExchange::DheDss
                | KeyExchange::DhAnon
                | KeyExchange::RsaExport,
            ) => {
                message.bits = r.vec16().map(bit_length);
            }
            _ => {}
        }
        message
    }
}

fn bit_length(number: &[u8]) -> u32 {
    let significant = number
        .iter()
        .position(|b| *b != 0)
        .and_then(|at| number.get(at..))
        .unwrap_or(&[]);
    let unused = significant.first().map_or(0, |b| b.leading_zeros());
    u32::try_from(significant.len())
        .unwrap_or(0)
        .saturating_mul(8)
        .saturating_sub(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CN=x.
    const NAME: [u8; 14] = [
        0x30, 0x0c, 0x31, 0x0a, 0x30, 8, 6, 3, 0x55, 4, 3, 0x0c, 1, b'x',
    ];

    #[test]
    fn a_certificate_request_with_and_without_names() {
        let at = FrameRef::default();
        let mut body = vec![2, 1, 64, 0, 16, 0, 14];
        body.extend(NAME);
        let request = CertificateRequest::parse(&body, Version::TLS10, at).unwrap();
        assert_eq!(
            (request.ca_names, request.ca_list_bytes, request.complete),
            (vec![String::from("CN=x")], 16, true)
        );
        let empty =
            CertificateRequest::parse(&[1, 1, 0, 4, 4, 1, 6, 1, 0, 0], Version::TLS12, at).unwrap();
        assert_eq!(
            (
                empty.signature_algorithms.len(),
                empty.ca_names.len(),
                empty.complete
            ),
            (2, 0, true)
        );
        body.truncate(12);
        assert!(
            !CertificateRequest::parse(&body, Version::TLS10, at)
                .unwrap()
                .complete
        );
    }

    #[test]
    fn the_certificate_request_of_tls13_is_a_list_of_extensions() {
        let mut body = vec![
            0, 0, 30, 0, 13, 0, 4, 0, 2, 8, 4, 0, 47, 0, 18, 0, 16, 0, 14,
        ];
        body.extend(NAME);
        let at = FrameRef::default();
        let request = CertificateRequest::parse(&body, Version::TLS13, at).unwrap();
        assert_eq!(request.signature_algorithms, [SignatureScheme(0x0804)]);
        assert_eq!(
            (request.ca_names, request.ca_list_bytes, request.complete),
            (vec![String::from("CN=x")], 16, true)
        );
        body.pop();
        let cut = CertificateRequest::parse(&body, Version::TLS13, at).unwrap();
        assert!(!cut.complete && cut.ca_names.is_empty());
    }

    #[test]
    fn an_empty_certificate_message_is_no_damage() {
        let at = FrameRef::default();
        let parse = |body: &[u8]| CertificateFlight::parse(body, false, at, &mut Known::default());
        assert!(parse(&[0, 0, 0]).is_empty());
        assert!(!parse(&[0, 0, 9]).is_empty());
        assert!(!parse(&[]).complete);
    }

    #[test]
    fn sizes_of_key_exchange() {
        let at = FrameRef::default();
        let curve = ServerKeyExchange::parse(&[3, 0, 23, 65], Some(CipherSuiteId(0xc014)), at);
        assert_eq!(
            curve.group.map(NamedGroup::name).as_deref(),
            Some("secp256r1")
        );
        let dhe = ServerKeyExchange::parse(&[0, 3, 0, 0x7f, 1], Some(CipherSuiteId(0x0033)), at);
        assert_eq!(dhe.bits, Some(15));
    }
}
