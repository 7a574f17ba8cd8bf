//! URIs: the scheme, ports and known parameters stay.

use super::bytes::{find, part, split, trimmed};
use super::scan::Manner;
use super::{Kind, Pseudonyms};
use memchr::{memchr, memmem};

/// Schemes that are looked for in text.
const SCHEMES: [&[u8]; 20] = [
    b"sip", b"sips", b"tel", b"im", b"pres", b"mailto", b"xmpp", b"msrp", b"msrps", b"http",
    b"https", b"ldap", b"ldaps", b"ftp", b"urn", b"h323", b"cid", b"file", b"conf", b"callto",
];

/// Hosts of names of namespaces and of manufacturers' pages: they say nothing of who uses them.
const PUBLIC: [&[u8]; 7] = [
    b"schemas.microsoft.com",
    b"www.microsoft.com",
    b"www.w3.org",
    b"schemas.xmlsoap.org",
    b"www.cisco.com",
    b"www.iana.org",
    b"tools.ietf.org",
];

/// Names that are public: of the IETF, of manufacturers.
const NAMES: [&[u8]; 6] = [
    b"urn:ietf:",
    b"urn:schemas-microsoft-com",
    b"urn:schemas-",
    b"urn:oma:",
    b"urn:3gpp:",
    b"urn:service:",
];

pub(super) fn is_scheme(word: &[u8]) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn starts_with(bytes: &[u8], start: &[u8]) -> bool {
    bytes
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Whether this names a public namespace.
pub(super) fn is_public(uri: &[u8]) -> bool {
    if NAMES.iter().any(|name| starts_with(uri, name)) {
        return true;
    }
    let host = [&b"http://"[..], b"https://"]
        .iter()
        .find(|s| starts_with(uri, s))
        .and_then(|s| uri.get(s.len()..));
    host.is_some_and(|rest| {
        PUBLIC
            .iter()
            .any(|p| starts_with(rest, p) && rest.get(p.len()).is_none_or(|b| *b == b'/'))
    })
}

impl Pseudonyms {
    /// One URI, without brackets around it.
    pub(super) fn uri(&mut self, bytes: &mut [u8]) {
        let bytes = trimmed(bytes);
        let colon = memchr(b':', bytes).unwrap_or(bytes.len());
        let scheme = bytes.get(..colon).unwrap_or_default();
        if colon == bytes.len() || !is_scheme(scheme) {
            return self.scan(bytes, Manner::STRICT);
        }
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|name| scheme.eq_ignore_ascii_case(name.as_bytes()))
        };
        let (phone, web, name) = (
            is(&["tel", "callto"]),
            is(&["http", "https", "ldap", "ldaps", "ftp", "file"]),
            is(&["urn", "cid", "conf"]),
        );
        if (web || name) && is_public(bytes) {
            return;
        }
        let end = bytes.len();
        let rest = part(bytes, colon.saturating_add(1), end);
        if phone {
            let end = find(rest, 0, |b| b == b';');
            let (number, params) = split(rest, end);
            self.user(number);
            self.parameters(params, Manner::STRICT);
        } else if web {
            self.web(rest);
        } else if name {
            let uuid = starts_with(rest, b"uuid:");
            let (_, rest) = split(rest, if uuid { 5 } else { 0 });
            self.scan(rest, Manner::TOKENS);
        } else {
            self.sip_uri(rest);
        }
    }

    /// Behind `sip:` (RFC 3261 §19.1.1), as lenient as [`crate::sip::Uri`].
    fn sip_uri(&mut self, rest: &mut [u8]) {
        let (_, rest) = split(rest, if rest.starts_with(b"//") { 2 } else { 0 });
        let Some(at) = memchr(b'@', rest) else {
            return self.hostport(rest);
        };
        let host_end = find(rest, at.saturating_add(1), |b| {
            matches!(b, b';' | b'?' | b':' | b'/' | b'>')
        });
        let before = rest.get(..host_end).unwrap_or_default().to_vec();
        let (user, behind) = split(rest, at);
        let len = behind.len();
        self.user_info(user);
        self.hostport(part(behind, 1, len));
        if rest.get(..host_end) != Some(&before) {
            self.remember(Kind::Mailbox, &before);
        }
    }

    /// `host:port;parameters?headers`.
    fn hostport(&mut self, bytes: &mut [u8]) {
        let end = match bytes {
            [b'[', ..] => memchr(b']', bytes).map_or(bytes.len(), |end| end.saturating_add(1)),
            _ => {
                let end = find(bytes, 0, |b| matches!(b, b';' | b'?' | b':' | b'/' | b'>'));
                // A bare IPv6 address, which is an error to be seen.
                let all = find(bytes, 0, |b| matches!(b, b';' | b'?' | b'/' | b'>'));
                let six = bytes
                    .get(..all)
                    .is_some_and(|b| memchr::memchr_iter(b':', b).count() > 1);
                if six && self.address_text(part(bytes, 0, all)) {
                    all
                } else {
                    end
                }
            }
        };
        let (host, rest) = split(bytes, end);
        if host.contains(&b'%')
            || !host.iter().all(|b| {
                b.is_ascii_alphanumeric()
                    || !b.is_ascii()
                    || matches!(b, b'.' | b'-' | b'_' | b'*' | b'[' | b']' | b':')
            })
        {
            self.scan(
                host,
                Manner {
                    kind: Kind::Label,
                    ..Manner::STRICT
                },
            );
        } else if !(host.is_empty() || memchr(b':', host).is_some() && !host.starts_with(b"[")) {
            self.host(host);
        }
        let port = match rest {
            [b':', port @ ..] => {
                let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
                // Six digits are no port, and may be a number of another kind.
                if digits <= 5 {
                    digits.saturating_add(1)
                } else {
                    1
                }
            }
            _ => 0,
        };
        let (_, rest) = split(rest, port);
        let question = memchr(b'?', rest).unwrap_or(rest.len());
        let (params, headers) = split(rest, question);
        self.parameters(params, Manner::STRICT);
        self.uri_headers(headers);
    }

    /// `?name=value&name=value`.
    fn uri_headers(&mut self, bytes: &mut [u8]) {
        let mut at = 1;
        while at < bytes.len() {
            let end = find(bytes, at, |b| b == b'&');
            let field = part(bytes, at, end);
            let equals = memchr(b'=', field).unwrap_or(field.len());
            let (name, value) = split(field, equals);
            self.scan(name, Manner::TEXT);
            self.scan(value, Manner::STRICT);
            at = end.saturating_add(1);
        }
    }

    /// A user part with its parameters and its password.
    fn user_info(&mut self, bytes: &mut [u8]) {
        let colon = memchr(b':', bytes).unwrap_or(bytes.len());
        let (user, password) = split(bytes, colon);
        Self::blank(password);
        let semicolon = memchr(b';', user).unwrap_or(user.len());
        let (name, params) = split(user, semicolon);
        self.user(name);
        self.scan(params, Manner::STRICT);
    }

    /// The user part alone.
    pub(super) fn user(&mut self, bytes: &mut [u8]) {
        if bytes.eq_ignore_ascii_case(b"anonymous") {
            return;
        }
        if let Some(at) = memmem::find(bytes, b"%40") {
            return self.mailbox(bytes, at, 3);
        }
        if self.address_text(bytes) {
            return;
        }
        let of_number = |b: &u8| {
            b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'(' | b')' | b'*' | b'#')
        };
        let is_number = bytes.iter().any(u8::is_ascii_digit) && bytes.iter().all(of_number);
        self.replace(if is_number { Kind::Number } else { Kind::User }, bytes, 0);
    }

    /// Behind `http:`: `//host:port/path`.
    fn web(&mut self, rest: &mut [u8]) {
        let (_, rest) = split(rest, if rest.starts_with(b"//") { 2 } else { 0 });
        let end = find(rest, 0, |b| matches!(b, b'/' | b'?' | b'#' | b';'));
        let (authority, path) = split(rest, end);
        if let Some(at) = memchr(b'@', authority) {
            let (user, host) = split(authority, at);
            let len = host.len();
            self.user_info(user);
            self.hostport(part(host, 1, len));
        } else {
            self.hostport(authority);
        }
        self.scan(path, Manner::STRICT);
    }
}
