//! Header values: quoted strings, URIs in brackets, and parameters, each by its name.

use super::bytes::{find, part, quote_end, split, trimmed};
use super::scan::Manner;
use super::{Kind, Pseudonyms};

/// How the value of a parameter is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// By words; numbers stay.
    Plain,
    /// Words that are known stay, and numbers of two digits.
    Text,
    Host,
    Token,
    Branch,
    CallId,
    /// `app:conf:focus:id:…`: each part by itself.
    Parts,
    Base64,
    /// Nothing of it stays.
    Blank,
    Uri,
    User,
}

/// Parameters by name: of SIP (IANA), of Lync (\[MS-SIPRE\], \[MS-OCER\], \[MS-SIP\]), of credentials.
const PARAMETERS: &[(Value, &[&str])] = &[
    (
        Value::Plain,
        &[
            "transport",
            "lr",
            "ttl",
            "user",
            "method",
            "rport",
            "q",
            "expires",
            "handling",
            "charset",
            "cause",
            "duration",
            "protocol",
            "refresher",
            "stale",
            "algorithm",
            "qop",
            "nc",
            "version",
            "proxy",
            "methods",
            "video",
            "audio",
            "mobility",
            "mobile",
            "actor",
            "automata",
            "class",
            "events",
            "priority",
            "text",
            "branched",
            "retry-after",
            "reason-code",
            "ms-received-port",
            "min-se",
            "isfocus",
            "comp",
            "sigcomp-id",
            "ob",
            "reg-id",
            "gruu",
            "type",
            "application",
            "control",
            "data",
            "duplex",
            "format",
            "boundary-type",
            "alert",
            "keep",
            "ms-skip-rinfo",
            "ms-role-rs-to",
            "ms-role-rs-from",
            "ms-fed",
            "hresult",
            "errortype",
            "winsockfailurecode",
            "winsockfailuredescription",
            "level",
            "state",
            "errorcode",
            "statuscode",
            "microsoftmsgid",
            "ms-source-type",
            "ms-source-verified-user",
            "ms-source-network",
            "progress",
            "supported",
            "responsecode",
            "code",
            "subscription-expires",
            "trigger",
            "screen",
            "party",
            "privacy",
            "index",
            "event",
            "seq",
            "hresultcode",
            "tls-version",
        ],
    ),
    (
        Value::Host,
        &[
            "maddr",
            "received",
            "ms-fe",
            "source",
            "tls-target",
            "peerserver",
            "fqdn",
            "target",
            "domain",
            "ms-ep-fqdn",
            "host",
            "ms-received-cid-host",
            "targetname",
            "server",
            "nexthop",
            "destination",
            "dest",
            "pool",
            "ms-proxy-fqdn",
            "proxy-fqdn",
            "localaddress",
            "remoteaddress",
            "peer",
            "address",
            "ip",
            "ms-edge-fqdn",
            "phone-context",
            "destinationfqdn",
            "edge-server",
        ],
    ),
    (
        Value::Token,
        &[
            "tag",
            "epid",
            "from-tag",
            "to-tag",
            "local-tag",
            "remote-tag",
            "ms-route-sig",
            "ms-received-cid",
            "boundary",
            "ms-opaque",
            "ms-identity",
            "ms-identity-cookie",
            "ms-internal-info",
            "ms-identity-info",
            "ms-identity-alg",
            "id",
            "icid-value",
            "grid",
            "ms-conversation-id",
            "aid",
            "nonce-count",
        ],
    ),
    (Value::CallId, &["call-id", "callid", "correlationid"]),
    (Value::Branch, &["branch"]),
    (
        Value::Parts,
        &["opaque", "+sip.instance", "gr", "pub-gruu", "temp-gruu"],
    ),
    (Value::Base64, &["ms-body", "msgr"]),
    (
        Value::Blank,
        &[
            "nonce",
            "cnonce",
            "response",
            "gssapi-data",
            "rspauth",
            "nextnonce",
            "crand",
            "cnum",
            "srand",
            "snum",
            "token",
            "password",
            "key",
            "signature",
            "cookie",
        ],
    ),
    (
        Value::Uri,
        &[
            "uri",
            "purpose-uri",
            "digest-uri",
            "from-uri",
            "to-uri",
            "fromuri",
            "touri",
            "calleduri",
            "remote-uri",
        ],
    ),
    (Value::User, &["username", "user-id"]),
    (
        Value::Text,
        &[
            "realm",
            "reason",
            "description",
            "text-description",
            "msg",
            "title",
            "details",
        ],
    ),
];

/// Parts of `opaque=` that say what an address is of (\[MS-CONFBAS\] 2.2.1).
const PARTS: [&[u8]; 19] = [
    b"app",
    b"conf",
    b"focus",
    b"focus-info",
    b"id",
    b"chat",
    b"audio-video",
    b"im",
    b"applicationsharing",
    b"data-conf",
    b"user",
    b"epid",
    b"state",
    b"srvr",
    b"homeserver",
    b"t",
    b"f",
    b"ci",
    b"gruu",
];

pub(super) fn treatment(name: &[u8]) -> Option<Value> {
    let mut lower = [0; 32];
    let lower = lower.get_mut(..name.len())?;
    for (to, from) in lower.iter_mut().zip(name) {
        *to = from.to_ascii_lowercase();
    }
    PARAMETERS
        .iter()
        .find(|(_, names)| names.iter().any(|n| n.as_bytes() == lower))
        .map(|(value, _)| *value)
}

impl Pseudonyms {
    /// A header value: text by `how`, `<URI>`s, and parameters by their names. Those without an entry are rewritten by `rest`.
    pub(super) fn value(&mut self, bytes: &mut [u8], how: Manner, rest: Manner) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            match byte {
                b'"' => {
                    let end = quote_end(bytes, at);
                    self.scan(part(bytes, at.saturating_add(1), end), how);
                    at = end.saturating_add(1);
                }
                b'<' => {
                    let end = find(bytes, at, |b| b == b'>');
                    self.uri(part(bytes, at.saturating_add(1), end));
                    at = end.saturating_add(1);
                }
                b';' => at = self.parameter(bytes, at.saturating_add(1), rest),
                b' ' | b'\t' | b'\r' | b'\n' | b',' => at = at.saturating_add(1),
                _ => {
                    let end = self.text_end(bytes, at);
                    self.scan(part(bytes, at, end), how);
                    at = end;
                }
            }
        }
    }

    /// Where text without parameters ends: a display name before `<`, a word, a bare URI.
    fn text_end(&self, bytes: &[u8], at: usize) -> usize {
        find(bytes, at.saturating_add(1), |b| {
            matches!(b, b';' | b',' | b'<' | b'"')
        })
    }

    /// `;name=value;name`, nothing before.
    pub(super) fn parameters(&mut self, bytes: &mut [u8], rest: Manner) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            at = match byte {
                b';' => self.parameter(bytes, at.saturating_add(1), rest),
                _ => {
                    let end = find(bytes, at.saturating_add(1), |b| b == b';');
                    self.scan(part(bytes, at, end), rest);
                    end
                }
            };
        }
    }

    /// One parameter, `at` behind its semicolon; gives where it ends.
    fn parameter(&mut self, bytes: &mut [u8], at: usize, rest: Manner) -> usize {
        let name_end = find(bytes, at, |b| {
            matches!(b, b'=' | b';' | b',' | b'>' | b'<' | b'"' | b'?')
        });
        let behind = name_end.saturating_add(1);
        if bytes.get(name_end) != Some(&b'=') {
            self.parameter_name(part(bytes, at, name_end));
            return name_end.max(at);
        }
        let start = find(bytes, behind, |b| {
            !matches!(b, b' ' | b'\t' | b'\r' | b'\n')
        });
        let (inner, end) = match bytes.get(start) {
            Some(b'"') => {
                let end = quote_end(bytes, start);
                (start.saturating_add(1), end)
            }
            _ => (
                start,
                find(bytes, start, |b| matches!(b, b';' | b',' | b'"' | b'?')),
            ),
        };
        let (head, tail) = split(bytes, name_end);
        let name = trimmed(part(head, at, name_end));
        let value = part(
            tail,
            inner.saturating_sub(name_end),
            end.saturating_sub(name_end),
        );
        self.named(name, value, rest);
        let quote = usize::from(bytes.get(end) == Some(&b'"') && inner > start);
        end.saturating_add(quote).max(at)
    }

    /// A value by the name of its parameter.
    pub(super) fn named(&mut self, name: &mut [u8], value: &mut [u8], rest: Manner) {
        let how = treatment(name);
        match how {
            None => {
                self.parameter_name(name);
                self.scan(value, rest);
            }
            Some(Value::Plain) => self.scan(value, Manner::VALUES),
            Some(Value::Text) => self.scan(value, Manner::TEXT),
            Some(Value::Host) => self.host_value(value),
            Some(Value::Token) => self.opaque(trimmed(value)),
            Some(Value::Branch) => self.branch(trimmed(value)),
            Some(Value::CallId) => self.call_id(trimmed(value)),
            Some(Value::Parts) => self.opaque_parts(value),
            Some(Value::Base64) => self.base64(trimmed(value)),
            Some(Value::Blank) => Self::blank(value),
            Some(Value::Uri) => self.uri(value),
            Some(Value::User) => self.scan(
                value,
                Manner {
                    kind: Kind::User,
                    ..Manner::STRICT
                },
            ),
        }
    }

    /// Names that are known stay, and those of manufacturers; others may be anything.
    pub(super) fn parameter_name(&mut self, name: &mut [u8]) {
        let name = trimmed(name);
        if !super::scan::is_microsoft(name) && treatment(name).is_none() {
            self.scan(name, Manner::TEXT);
        }
    }

    /// A host, a list of hosts, a URI.
    fn host_value(&mut self, value: &mut [u8]) {
        let value = trimmed(value);
        let of_host = |b: &u8| {
            b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'.' | b'-' | b'_' | b'*')
        };
        if value.iter().all(of_host) {
            self.host(value);
        } else if !self.address_text(value) {
            self.scan(
                value,
                Manner {
                    kind: Kind::Label,
                    ..Manner::TEXT
                },
            );
        }
    }

    fn opaque_parts(&mut self, value: &mut [u8]) {
        let inner = match trimmed(value) {
            [b'<', inner @ ..] => inner,
            value => value,
        };
        let mut at = 0;
        while at < inner.len() {
            let end = find(inner, at, |b| matches!(b, b':' | b'>'));
            let part = part(inner, at, end);
            let known = PARTS.iter().any(|p| part.eq_ignore_ascii_case(p))
                || part.eq_ignore_ascii_case(b"urn")
                || part.eq_ignore_ascii_case(b"uuid");
            if !known {
                self.opaque(part);
            }
            at = end.saturating_add(1);
        }
    }
}
