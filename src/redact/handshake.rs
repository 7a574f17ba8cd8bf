//! TLS handshake messages in place (RFC 5246 §7.4, RFC 8446 §4): names and certificates change; versions, suites, randoms and lengths stay.

use super::Pseudonyms;
use super::bytes::{part, split};
use super::der::Element;

/// Certificates or names of authorities in one message.
const ITEMS: usize = 4_096;

/// Protocols that everybody may ask for (IANA, TLS Application-Layer Protocol Negotiation Protocol IDs). Others may name a product or
/// whoever made it.
const PROTOCOLS: [&[u8]; 28] = [
    b"acme-tls/1",
    b"c-webrtc",
    b"co",
    b"coap",
    b"doq",
    b"dot",
    b"ftp",
    b"h2",
    b"h2c",
    b"h3",
    b"http/0.9",
    b"http/1.0",
    b"http/1.1",
    b"imap",
    b"irc",
    b"mqtt",
    b"nntp",
    b"ntske/1",
    b"pop3",
    b"postgresql",
    b"sip/2",
    b"smb",
    b"spdy/3",
    b"stun.nat-discovery",
    b"stun.turn",
    b"webrtc",
    b"xmpp-client",
    b"xmpp-server",
];

impl Pseudonyms {
    /// Rewrites one handshake message: type, length, body. One that is cut is rewritten as far as it can be read, and blanked from there.
    pub fn tls_handshake(&mut self, message: &mut [u8]) {
        let kind = message.first().copied().unwrap_or_default();
        let (_, body) = split(message, 4);
        match kind {
            1 => self.client_hello(body),
            2 => self.server_hello(body),
            // EncryptedExtensions (RFC 8446 §4.3.1).
            8 => {
                if let Some((start, end)) = vector(body, 0, 2) {
                    self.extensions_of_hello(part(body, start, end));
                }
            }
            4 => blank_ticket(body),
            11 => self.certificate_list(body),
            12 | 15 => self.tail_signature(body),
            13 => self.certificate_request(body),
            // CertificateStatus, CertificateURL: what an authority says of a certificate.
            21 | 22 => {
                let (_, rest) = split(body, 4);
                self.keyed(rest);
            }
            _ => {}
        }
    }

    fn server_hello(&mut self, body: &mut [u8]) {
        self.session_id(body);
        // Version and random, session id, cipher suite and compression method.
        let list = skip(body, 34, 1).and_then(|at| vector(body, at.checked_add(3)?, 2));
        if let Some((start, end)) = list {
            self.extensions_of_hello(part(body, start, end));
        }
    }

    /// It is random where it is made as it should be, and stays; one that is text may be a name.
    fn session_id(&mut self, body: &mut [u8]) {
        if let Some((start, end)) = vector(body, 34, 1) {
            let id = part(body, start, end);
            if id.iter().all(|byte| matches!(byte, b' '..=b'~')) {
                self.keyed(id);
            }
        }
    }

    fn client_hello(&mut self, body: &mut [u8]) {
        self.session_id(body);
        // Version and random, session id, cipher suites, compression methods.
        let end = body.len();
        let extensions = skip(body, 34, 1)
            .and_then(|at| skip(body, at, 2))
            .and_then(|at| skip(body, at, 1));
        let Some(list) = extensions.and_then(|at| vector(body, at, 2)) else {
            return;
        };
        self.extensions_of_hello(part(body, list.0, list.1));
        part(body, list.1, end).fill(0);
    }

    fn extensions_of_hello(&mut self, list: &mut [u8]) {
        let mut at = 0;
        while let Some((start, end)) = vector(list, at + 2, 2) {
            let kind = number(list, at, 2).unwrap_or_default();
            let data = part(list, start, end);
            match kind {
                // server_name (RFC 6066 §3): a list of type and name.
                0 => {
                    let mut name = 2;
                    while let Some((start, end)) = vector(data, name + 1, 2) {
                        self.host(part(data, start, end));
                        name = end;
                    }
                }
                // application_layer_protocol_negotiation (RFC 7301 §3.1).
                16 => {
                    let mut at = 2;
                    while let Some((start, end)) = vector(data, at, 1) {
                        let protocol = part(data, start, end);
                        if !PROTOCOLS.contains(&&*protocol) && !is_grease(protocol) {
                            self.keyed(protocol);
                        }
                        at = end;
                    }
                }
                // session_ticket (RFC 5077), pre_shared_key, cookie (RFC 8446 §4.2).
                35 => data.fill(0),
                41 | 44 => {
                    let (_, rest) = split(data, 4);
                    rest.fill(0);
                }
                47 => self.authorities(data),
                _ => {}
            }
            at = end;
        }
        // An extension that is cut: it may be a name.
        let len = list.len();
        part(list, at, len).fill(0);
    }

    /// With the context of TLS 1.3 or without.
    fn certificate_list(&mut self, body: &mut [u8]) {
        let end = body.len();
        let old = vector(body, 0, 3).filter(|list| list.1 == end);
        let new = skip(body, 0, 1)
            .and_then(|at| vector(body, at, 3))
            .filter(|list| list.1 == end);
        let ((start, stop), has_extensions) = match (old, new) {
            (Some(list), _) => (list, false),
            (None, Some(list)) => (list, true),
            _ => {
                // Cut: nothing of it stays but the length of the first.
                let (_, rest) = split(body, 6);
                return self.keyed(rest);
            }
        };
        let list = part(body, start, stop);
        let mut at = 0;
        for _ in 0..ITEMS {
            let Some((start, end)) = vector(list, at, 3) else {
                break;
            };
            self.certificate(part(list, start, end));
            at = end;
            if has_extensions && let Some((start, end)) = vector(list, at, 2) {
                // status_request, signed_certificate_timestamp: they name the certificate.
                let (_, data) = split(part(list, start, end), 4);
                self.keyed(data);
                at = end;
            }
        }
        let len = list.len();
        part(list, at, len).fill(0);
    }

    /// The types, from TLS 1.2 on the algorithms, the names (RFC 5246 §7.4.4); or the extensions of TLS 1.3.
    fn certificate_request(&mut self, body: &mut [u8]) {
        let end = body.len();
        let whole = |list: &(usize, usize)| list.1 == end;
        let types = skip(body, 0, 1);
        let old = types.and_then(|at| vector(body, at, 2)).filter(whole);
        let new = types
            .and_then(|at| skip(body, at, 2))
            .and_then(|at| vector(body, at, 2))
            .filter(whole);
        match (old, new) {
            // A context is empty in a handshake: what follows are extensions.
            (Some(list), _) if body.first() == Some(&0) => {
                self.extensions_of_hello(part(body, list.0, list.1))
            }
            (_, Some(list)) | (Some(list), None) => self.names(part(body, list.0, list.1)),
            (None, None) => {
                let (_, rest) = split(body, 1);
                rest.fill(0);
            }
        }
    }

    /// certificate_authorities (RFC 8446 §4.2.4).
    fn authorities(&mut self, data: &mut [u8]) {
        let (_, names) = split(data, 2);
        self.names(names);
    }

    fn names(&mut self, list: &mut [u8]) {
        let mut at = 0;
        while let Some((start, end)) = vector(list, at, 2) {
            let name = part(list, start, end);
            let element = Element::read(name, 0, name.len());
            if element
                .and_then(|element| self.name(name, element))
                .is_none()
            {
                self.keyed(name);
            }
            at = end;
        }
        let len = list.len();
        part(list, at, len).fill(0);
    }

    /// The signature at the end, which would tell whose key made it: with its length before it.
    fn tail_signature(&mut self, body: &mut [u8]) {
        let end = body.len();
        // A key exchange begins with its parameters; the signature is what ends with the message.
        let found = (0..end.saturating_sub(2))
            .filter(|at| end - at > 40)
            .find(|at| vector(body, *at, 2).is_some_and(|v| v.1 == end));
        if let Some((start, end)) = found.and_then(|at| vector(body, at, 2)) {
            self.signature_bytes(part(body, start, end));
        }
    }
}

/// Values that only keep a peer from being rigid (RFC 8701 §2).
fn is_grease(protocol: &[u8]) -> bool {
    matches!(protocol, [a, b] if a == b && a & 0x0f == 0x0a)
}

/// NewSessionTicket: its lifetime stays (RFC 5077 §3.3, RFC 8446 §4.6.1).
fn blank_ticket(body: &mut [u8]) {
    let old = vector(body, 4, 2).filter(|v| v.1 == body.len());
    if let Some((start, end)) = old {
        return part(body, start, end).fill(0);
    }
    let new = skip(body, 8, 1).and_then(|at| vector(body, at, 2));
    match new {
        Some((start, end)) => part(body, start, end).fill(0),
        None => split(body, 6).1.fill(0),
    }
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let digits = bytes.get(at..at.checked_add(width)?)?;
    Some(digits.iter().fold(0, |sum, b| (sum << 8) | usize::from(*b)))
}

/// A vector whose length is `width` bytes at `at`: where its content begins and ends.
fn vector(bytes: &[u8], at: usize, width: usize) -> Option<(usize, usize)> {
    let len = number(bytes, at, width)?;
    let start = at.checked_add(width)?;
    let end = start.checked_add(len)?;
    bytes.get(start..end)?;
    Some((start, end))
}

/// Behind such a vector.
fn skip(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    Some(vector(bytes, at, width)?.1)
}
