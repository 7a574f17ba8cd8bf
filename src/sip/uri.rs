//! URIs, read tolerantly (RFC 3261 §19.1).

use super::Text;
use super::lex::{self, Params};
use memchr::memchr;
use std::borrow::Cow;

/// A URI taken apart. Only a scheme is required; what is odd stays readable in [`Uri::raw`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Uri<'a> {
    /// All of it, as on the wire.
    pub raw: Text<'a>,
    /// `sip`, `sips`, `tel` …, as on the wire.
    pub scheme: Text<'a>,
    /// Before the `@`, with a password if there is one; the number of a `tel` URI.
    pub user: Option<Text<'a>>,
    /// Host without the brackets of an IPv6 address; `None` for schemes without host.
    pub host: Option<Text<'a>>,
    /// Port, when it is a number up to 65535.
    pub port: Option<u16>,
    /// Behind the host: `transport`, `maddr`, `lr`, `opaque`, …
    pub params: Params<'a>,
    /// Behind the `?`.
    pub headers: Option<Text<'a>>,
    /// Host and port are such (RFC 3261 §25.1 `hostport`); true for schemes without host.
    host_is_one: bool,
}

impl<'a> Uri<'a> {
    /// Reads a URI; surrounding white space and `<>` are tolerated. `None` without a scheme.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let bytes = match lex::trim(bytes) {
            [b'<', inner @ .., b'>'] => lex::trim(inner),
            bytes => bytes,
        };
        let colon = memchr(b':', bytes)?;
        let (scheme, rest) = lex::split_around(bytes, colon);
        let scheme_ok = scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'));
        if !scheme_ok {
            return None;
        }
        let mut uri = Self {
            raw: Text::new(bytes),
            scheme: Text::new(scheme),
            user: None,
            host: None,
            port: None,
            params: Params::new(&[]),
            headers: None,
            host_is_one: true,
        };
        match uri.scheme {
            s if s.is("tel") => uri.read_tel(rest),
            s if s.is("sip") || s.is("sips") || s.is("im") || s.is("pres") => uri.read_sip(rest),
            _ => {}
        }
        Some(uri)
    }

    fn read_tel(&mut self, rest: &'a [u8]) {
        let end = memchr(b';', rest).unwrap_or(rest.len());
        let (number, params) = lex::split_around(rest, end);
        self.user = Some(Text::new(number));
        self.params = Params::new(params);
    }

    fn read_sip(&mut self, rest: &'a [u8]) {
        // A user part may hold `;` and `?` (RFC 3261 §19.1.1); behind it an `@` is always escaped: the first one decides.
        let rest = match memchr(b'@', rest) {
            Some(at) => {
                let (user, behind) = lex::split_around(rest, at);
                self.user = Some(Text::new(user));
                behind
            }
            None => rest,
        };
        let rest = match memchr(b'?', rest) {
            Some(at) => {
                let (before, headers) = lex::split_around(rest, at);
                self.headers = Some(Text::new(headers));
                before
            }
            None => rest,
        };
        let end = memchr(b';', rest).unwrap_or(rest.len());
        let (hostport, params) = lex::split_around(rest, end);
        self.params = Params::new(params);
        let (host, port) = host_port(hostport);
        self.host = Some(host);
        self.port = port;
        self.host_is_one = is_host_port(hostport);
    }

    /// Whether the host, the port and all escapes are as the grammar wants them (RFC 3261 §25.1); of other schemes only the
    /// escapes.
    pub(super) fn is_well_formed(self) -> bool {
        self.host_is_one && escapes_are_whole(self.raw.bytes())
    }

    /// The user part without password.
    pub fn user_name(self) -> Option<Text<'a>> {
        let user = self.user?.bytes();
        let end = memchr(b':', user).unwrap_or(user.len());
        user.get(..end).map(Text::new)
    }

    /// The host in lower case, for comparing domains; IPv6 without brackets.
    pub fn host_name(self) -> Option<Cow<'a, str>> {
        let host = self.host?.to_str();
        Some(if host.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            host
        })
    }

    /// `user@host` or the host alone, in lower case: the address of record. Escapes are not resolved.
    pub fn aor(self) -> Option<String> {
        let host = self.host_name()?;
        Some(match self.user_name() {
            Some(user) => format!("{}@{host}", user.to_str().to_ascii_lowercase()),
            None => host.into_owned(),
        })
    }

    /// Whether the scheme is `sip` or `sips`.
    pub fn is_sip(self) -> bool {
        self.scheme.is("sip") || self.scheme.is("sips")
    }

    /// `transport=` (RFC 3261 §19.1.1).
    pub fn transport(self) -> Option<Text<'a>> {
        self.params.get("transport")
    }

    /// `maddr=`: where the request is really to be sent.
    pub fn maddr(self) -> Option<Text<'a>> {
        self.params.get("maddr")
    }

    /// `lr` in any form: without value, `lr=true`, repeated (RFC 3261 §19.1.1: loose routing).
    pub fn lr(self) -> bool {
        self.params.has("lr")
    }
}

/// `host`, `host:port`, `[v6]:port`; an address with several colons and no brackets is all host.
pub(super) fn host_port(bytes: &[u8]) -> (Text<'_>, Option<u16>) {
    let bytes = lex::trim(bytes);
    if let [b'[', inner @ ..] = bytes
        && let Some(end) = memchr(b']', inner)
    {
        let (host, rest) = lex::split_around(inner, end);
        let port = match lex::trim(rest) {
            [b':', port @ ..] => port_number(port),
            _ => None,
        };
        return (Text::new(host), port);
    }
    match memchr(b':', bytes) {
        Some(at) if memchr::memrchr(b':', bytes) == Some(at) => {
            let (host, port) = lex::split_around(bytes, at);
            (Text::new(host), port_number(port))
        }
        _ => (Text::new(bytes), None),
    }
}

/// Whether this is `hostport` of RFC 3261 §25.1, an underscore in names tolerated. An IPv6 address must have brackets.
fn is_host_port(bytes: &[u8]) -> bool {
    let bytes = lex::trim(bytes);
    let (host, behind) = match bytes {
        [b'[', inner @ ..] => {
            let Some(end) = memchr(b']', inner) else {
                return false;
            };
            let (host, behind) = lex::split_around(inner, end);
            let of_address = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
            if memchr(b':', host).is_none() || !host.iter().all(of_address) {
                return false;
            }
            (host, behind)
        }
        _ => {
            let end = memchr(b':', bytes).unwrap_or(bytes.len());
            let (host, behind) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            let of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            if !lex::trim(host).iter().all(of_name) {
                return false;
            }
            (host, behind)
        }
    };
    let port_ok = match lex::trim(behind) {
        [b':', port @ ..] => port_number(port).is_some(),
        behind => behind.is_empty(),
    };
    !host.is_empty() && port_ok
}

/// Whether two hexadecimal digits follow each `%`.
fn escapes_are_whole(mut bytes: &[u8]) -> bool {
    while let Some(percent) = memchr(b'%', bytes) {
        let (_, rest) = lex::split_around(bytes, percent);
        match rest {
            [a, b, behind @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => bytes = behind,
            _ => return false,
        }
    }
    true
}

fn port_number(bytes: &[u8]) -> Option<u16> {
    u16::try_from(Text::new(bytes).number()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_lync_route_is_read_with_its_oddities() {
        let u = uri(
            "sip:lync01.tomt.it:5061;transport=tls;opaque=state:T:F:Ci.R1fd200;lr;ms-route-sig=ga-x;LR=true",
        );
        assert_eq!(u.host.unwrap(), "lync01.tomt.it");
        assert_eq!(u.port, Some(5061));
        assert!(u.transport().unwrap().is("TLS") && u.lr());
        assert_eq!(u.params.get("opaque").unwrap(), "state:T:F:Ci.R1fd200");
    }

    #[test]
    fn users_may_hold_semicolons_and_hosts_brackets() {
        let u = uri("sip:user;par=u%40example.net@[2001:DB8::10]:5070;maddr=cups.tomt.local?a=b@c");
        assert_eq!(u.user.unwrap(), "user;par=u%40example.net");
        assert_eq!(u.host_name().unwrap(), "2001:db8::10");
        assert_eq!(
            (u.port, u.maddr().unwrap().to_string()),
            (Some(5070), "cups.tomt.local".into())
        );
        assert_eq!(u.headers.unwrap(), "a=b@c");
    }

    #[test]
    fn a_user_may_hold_a_question_mark() {
        let u = uri("sip:1_odd~(user)/crazy?,/;;*:&it+has=1@tomt.it?subject=x");
        assert_eq!(u.user_name().unwrap(), "1_odd~(user)/crazy?,/;;*");
        assert_eq!(
            (u.host.unwrap(), u.headers.unwrap()),
            (Text::new(b"tomt.it"), Text::new(b"subject=x"))
        );
    }

    #[test]
    fn what_is_no_host_is_told() {
        for good in [
            "sip:tomt.it",
            "sip:a@[2001:db8::10]:5070;lr",
            "sip:a@[2001:db8:::192.0.2.1]",
            "sip:null-%00-null@cups_01.tomt.local:5060",
            "soap.beep://192.0.2.103:3002",
            "isbn:2983792873",
        ] {
            assert!(uri(good).is_well_formed(), "{good}");
        }
        for bad in [
            "sip:",
            "sip:a@",
            "sip:2001:db8::10",
            "sip:a@[2001:db8::10",
            "sip:a@[tomt.it]",
            "sip:a@tomt.it:",
            "sip:a@tomt.it:99999",
            "sip:a@[2001:db8::10]5060",
            "sip:a%4@tomt.it",
            "sip:a@tomt it",
        ] {
            assert!(!uri(bad).is_well_formed(), "{bad}");
        }
    }

    #[test]
    fn other_schemes_and_odd_ports_do_not_fail() {
        assert_eq!(uri("tel:+390612345;ext=1").user.unwrap(), "+390612345");
        assert!(uri("soap.beep://192.0.2.103:3002").host.is_none());
        assert_eq!(uri("sip:a@tomt.it:99999").port, None);
        assert_eq!(uri("< sip:Tom@TomT.it >").aor().unwrap(), "tom@tomt.it");
        assert!(Uri::new(b"*").is_none() && Uri::new(b"").is_none());
    }
}
