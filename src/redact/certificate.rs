//! Certificates (RFC 5280) in place: names, numbers, keys and signatures change, everything that is judged stays: who issued whom, dates,
//! purposes, algorithms, sizes of keys. Signatures no longer verify.

use super::der::Element;
use super::scan::Manner;
use super::{Kind, Pseudonyms};

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const COUNTRY: &[u8] = &[0x55, 4, 6];
/// `domainComponent` (RFC 4519 §2.4).
const DOMAIN_COMPONENT: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 0x19];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
/// Key usage, basic constraints, extended key usage, policy constraints, inhibit any policy.
const KEPT: [&[u8]; 5] = [
    &[0x55, 0x1d, 0x0f],
    &[0x55, 0x1d, 0x13],
    &[0x55, 0x1d, 0x25],
    &[0x55, 0x1d, 0x24],
    &[0x55, 0x1d, 0x36],
];
/// Microsoft numbers each forest below this one (1.3.6.1.4.1.311.21.8).
const FOREST: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x15, 8];
/// Nesting that is followed.
const DEPTH: usize = 16;

impl Pseudonyms {
    /// Rewrites one certificate in DER. What is none is overwritten as a whole.
    pub fn certificate(&mut self, der: &mut [u8]) {
        if self.certificate_parts(der).is_none() {
            let (_, rest) = super::bytes::split(der, 4);
            self.keyed(rest);
        }
    }

    fn certificate_parts(&mut self, der: &mut [u8]) -> Option<()> {
        let whole = Element::read(der, 0, der.len())?;
        let [tbs, _, signature] = whole.children(der)?[..] else {
            return None;
        };
        let mut fields = tbs.children(der)?.into_iter().peekable();
        fields.next_if(|f| f.tag == 0xa0);
        let (serial, _, issuer) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, subject, key) = (fields.next()?, fields.next()?, fields.next()?);
        self.integer(serial.of_mut(der));
        self.name(der, issuer)?;
        self.name(der, subject)?;
        self.public_key(der, key)?;
        for field in fields {
            match field.tag {
                0xa3 => self.extensions(der, field)?,
                // Unique identifiers (RFC 5280 §4.1.2.8).
                _ => self.keyed(field.behind(1).of_mut(der)),
            }
        }
        self.signature(der, signature);
        let (_, behind) = super::bytes::split(der, whole.end);
        self.keyed(behind);
        Some(())
    }

    /// Other bytes under the key: the same bytes always become the same.
    pub(super) fn keyed(&self, bytes: &mut [u8]) {
        let original = bytes.to_vec();
        let mut stream = self.key.stream(b'k', &original, 0);
        for byte in bytes {
            *byte = stream.byte();
        }
    }

    /// A positive number of the same length.
    fn integer(&self, bytes: &mut [u8]) {
        let zero = bytes.first() == Some(&0) && bytes.len() > 1;
        let (_, rest) = super::bytes::split(bytes, usize::from(zero));
        self.keyed(rest);
        if let Some(first) = rest.first_mut() {
            *first = if zero {
                *first | 0x80
            } else {
                (*first & 0x7f).max(1)
            };
        }
    }

    /// A distinguished name, in a certificate or in a CertificateRequest.
    pub(super) fn name(&mut self, der: &mut [u8], name: Element) -> Option<()> {
        for set in name.children(der)? {
            for pair in set.children(der)? {
                let [oid, value] = pair.children(der)?[..] else {
                    return None;
                };
                let oid = oid.of(der).to_vec();
                self.string(value.tag, value.of_mut(der), &oid);
            }
        }
        Some(())
    }

    /// A string of any of the types of RFC 5280 §4.1.2.4.
    fn string(&mut self, tag: u8, bytes: &mut [u8], oid: &[u8]) {
        if tag == 0x1e
            && bytes.len().is_multiple_of(2)
            && bytes.chunks(2).all(|c| c.first() == Some(&0))
        {
            // BMPString of Latin letters.
            let mut text: Vec<u8> = bytes.iter().skip(1).step_by(2).copied().collect();
            self.attribute_value(&mut text, oid);
            for (to, from) in bytes.iter_mut().skip(1).step_by(2).zip(text) {
                *to = from & 0x7f;
            }
        } else if matches!(tag, 0x1c | 0x1e) {
            // Other alphabets: Chinese characters of the same number.
            let mut stream = self.key.stream(b'k', bytes, 1);
            for (n, byte) in bytes.iter_mut().enumerate() {
                let low = stream.byte();
                *byte = match (tag, n % if tag == 0x1c { 4 } else { 2 }) {
                    (0x1e, 0) | (0x1c, 2) => 0x4e,
                    (0x1c, 0 | 1) => 0,
                    _ => low,
                };
            }
        } else {
            self.attribute_value(bytes, oid);
        }
    }

    fn attribute_value(&mut self, bytes: &mut [u8], oid: &[u8]) {
        match oid {
            COMMON_NAME => self.common_name(bytes),
            COUNTRY => self.replace(Kind::Top, bytes, 0),
            DOMAIN_COMPONENT => {
                let is_top = bytes.len() == 2 || super::host::is_top(bytes);
                self.label(bytes, is_top);
            }
            _ => self.scan(bytes, Manner::STRICT),
        }
    }

    /// A hardware address (IEEE 802): the manufacturer and group addresses stay.
    pub fn hardware_address(&self, address: &mut [u8]) {
        let group = address.first().is_some_and(|b| b & 1 == 1);
        let nothing = address.iter().all(|b| *b == 0);
        if group || nothing || address.len() != 6 {
            return;
        }
        let original = address.to_vec();
        let mut stream = self.key.stream(b'm', &original, 0);
        for byte in address.iter_mut().skip(3) {
            *byte = stream.byte();
        }
    }

    /// The value of an attribute that is known by its short name (RFC 4514 §3).
    pub(super) fn named_attribute(&mut self, kind: &str, bytes: &mut [u8]) {
        let oid = match kind.to_ascii_uppercase().as_str() {
            "CN" => COMMON_NAME,
            "C" => COUNTRY,
            "DC" => DOMAIN_COMPONENT,
            _ => &[],
        };
        self.attribute_value(bytes, oid);
    }

    /// A host mostly; of an authority, words.
    fn common_name(&mut self, bytes: &mut [u8]) {
        let of_host = |b: &u8| {
            b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'.' | b'-' | b'_' | b'*')
        };
        let in_words = |words: &super::words::Words| {
            bytes
                .split(|b| !b.is_ascii_alphanumeric())
                .any(|w| w.len() > 1 && words.keeps(w))
        };
        let dotted = bytes.contains(&b'.');
        if bytes.iter().all(of_host) && (dotted || !in_words(self.words)) {
            self.host(bytes);
        } else {
            self.scan(bytes, Manner::TEXT);
        }
    }

    /// SubjectPublicKeyInfo: algorithm, curve and size stay.
    fn public_key(&mut self, der: &mut [u8], key: Element) -> Option<()> {
        let [algorithm, bits] = key.children(der)?[..] else {
            return None;
        };
        let oid = algorithm.children(der)?.first().copied()?;
        let inner = bits.behind(1);
        if oid.of(der) == RSA
            && let Some(numbers) =
                Element::read(der, inner.start, inner.end).and_then(|list| list.children(der))
            && let Some(modulus) = numbers.first()
        {
            let bytes = modulus.of_mut(der);
            let top = usize::from(bytes.first() == Some(&0));
            let (_, digits) = super::bytes::split(bytes, top);
            let first = digits.first().copied().unwrap_or_default();
            self.keyed(digits);
            // As many bits as before, and odd.
            if let Some(byte) = digits.first_mut() {
                let highest = 0x80_u8
                    .checked_shr(first.leading_zeros())
                    .unwrap_or_default();
                *byte = (*byte & highest.wrapping_sub(1)) | highest;
            }
            if let Some(byte) = digits.last_mut() {
                *byte |= 1;
            }
        } else {
            // A point begins with its form (SEC 1 §2.3.3).
            let point = matches!(inner.of(der).first(), Some(2..=4));
            self.keyed(inner.behind(usize::from(point)).of_mut(der));
        }
        Some(())
    }

    /// The bits of a signature; of DSA and ECDSA the two numbers.
    fn signature(&mut self, der: &mut [u8], bits: Element) {
        let inner = bits.behind(1);
        self.signature_bytes(inner.of_mut(der));
    }

    pub(super) fn signature_bytes(&mut self, bytes: &mut [u8]) {
        let numbers = Element::read(bytes, 0, bytes.len())
            .filter(|list| list.tag == 0x30 && list.end == bytes.len());
        match numbers.and_then(|list| list.children(bytes)) {
            Some(numbers) if numbers.len() == 2 && numbers.iter().all(|n| n.tag == 2) => {
                for number in numbers {
                    self.integer(number.of_mut(bytes));
                }
            }
            _ => self.keyed(bytes),
        }
    }

    fn extensions(&mut self, der: &mut [u8], field: Element) -> Option<()> {
        let list = *field.children(der)?.first()?;
        for extension in list.children(der)? {
            let parts = extension.children(der)?;
            let (oid, value) = (parts.first()?.of(der).to_vec(), *parts.last()?);
            if KEPT.contains(&oid.as_slice()) {
                continue;
            }
            let Some(content) = Element::read(der, value.start, value.end) else {
                self.keyed(value.of_mut(der));
                continue;
            };
            match oid.as_slice() {
                SUBJECT_KEY => self.keyed(content.of_mut(der)),
                AUTHORITY_KEY => self.authority_key(der, content)?,
                _ => {
                    if self.walk(der, content, DEPTH).is_none() {
                        self.keyed(content.of_mut(der));
                    }
                }
            }
        }
        Some(())
    }

    /// Key identifier, names, serial number (RFC 5280 §4.2.1.1).
    fn authority_key(&mut self, der: &mut [u8], content: Element) -> Option<()> {
        for part in content.children(der)? {
            match part.tag {
                0x82 => self.integer(part.of_mut(der)),
                0xa1 => self.walk(der, part, DEPTH)?,
                _ => self.keyed(part.of_mut(der)),
            }
        }
        Some(())
    }

    /// Names of every form (RFC 5280 §4.2.1.6), wherever they are.
    fn walk(&mut self, der: &mut [u8], element: Element, depth: usize) -> Option<()> {
        match element.tag {
            // directoryName
            0xa4 => {
                let name = *element.children(der)?.first()?;
                self.name(der, name)?;
            }
            tag if tag & 0x20 != 0 => {
                let depth = depth.checked_sub(1)?;
                for child in element.children(der)? {
                    self.walk(der, child, depth)?;
                }
            }
            0x82 => self.domain(element.of_mut(der)),
            0x86 => self.uri(element.of_mut(der)),
            0x87 => {
                // With a mask in name constraints.
                let bytes = element.of_mut(der);
                let half = if matches!(bytes.len(), 8 | 32) {
                    bytes.len() / 2
                } else {
                    bytes.len()
                };
                self.binary_address(super::bytes::split(bytes, half).0);
            }
            0x06 => {
                let bytes = element.of_mut(der);
                if bytes.starts_with(FOREST) {
                    let (_, rest) = super::bytes::split(bytes, FOREST.len());
                    self.scramble_oid(rest);
                }
            }
            0x0c | 0x12..=0x16 | 0x19..=0x1e | 0x81 => {
                self.string(element.tag, element.of_mut(der), &[])
            }
            0x01 | 0x05 | 0x0a | 0x17 | 0x18 => {}
            _ if element.end.saturating_sub(element.start) <= 4 => {}
            0x02 => self.integer(element.of_mut(der)),
            _ => self.keyed(element.of_mut(der)),
        }
        Some(())
    }

    /// Other numbers of the same lengths (X.690 §8.19).
    fn scramble_oid(&self, bytes: &mut [u8]) {
        let mut stream = self.key.stream(b'k', bytes, 2);
        for byte in bytes {
            *byte = (*byte & 0x80) | (stream.byte() & 0x7f).max(1);
        }
    }
}
