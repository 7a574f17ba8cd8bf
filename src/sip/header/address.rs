//! From, To, Contact, Route, Record-Route: `"name" <uri>;params` (RFC 3261 §20.10).

use super::super::lex::{self, Params};
use super::super::{Text, Uri};
use memchr::memchr;

/// An address with its display name and header parameters.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Address<'a> {
    /// All of it, as on the wire.
    pub raw: Text<'a>,
    /// Display name without quotes.
    pub display: Option<Text<'a>>,
    /// The URI as on the wire, without `<>`; `*` in `Contact: *`.
    pub uri_text: Text<'a>,
    /// Behind the `>`: `tag`, `epid`, `expires`, `q`, …
    pub params: Params<'a>,
}

impl<'a> Address<'a> {
    /// Reads one value; whatever it is, something is given.
    pub fn new(value: &'a [u8]) -> Self {
        let value = lex::trim(value);
        let (display, uri, params) = match lex::find_outside(value, b'<', false) {
            Some(open) => {
                let (display, rest) = lex::split_around(value, open);
                let close = memchr(b'>', rest).unwrap_or(rest.len());
                let (uri, behind) = lex::split_around(rest, close);
                let semicolon = memchr(b';', behind).unwrap_or(behind.len());
                (
                    lex::trim(display),
                    uri,
                    lex::split_around(behind, semicolon).1,
                )
            }
            // Without brackets all parameters belong to the header field (RFC 3261 §20.10).
            None => {
                let (display, rest) = match value {
                    [b'"', rest @ ..] => match lex::closing_quote(rest) {
                        Some(end) => {
                            let (name, behind) = lex::split_around(rest, end);
                            (name, behind)
                        }
                        None => (&[][..], value),
                    },
                    _ => (&[][..], value),
                };
                let semicolon = memchr(b';', rest).unwrap_or(rest.len());
                let (uri, params) = lex::split_around(rest, semicolon);
                (display, uri, params)
            }
        };
        Self {
            raw: Text::new(value),
            display: (!display.is_empty()).then(|| lex::unquoted(display)),
            uri_text: Text::new(uri),
            params: Params::new(params),
        }
    }

    /// The URI, taken apart.
    pub fn uri(self) -> Option<Uri<'a>> {
        Uri::new(self.uri_text.bytes())
    }

    /// The dialog tag (RFC 3261 §19.3).
    pub fn tag(self) -> Option<Text<'a>> {
        self.params.get("tag").filter(|t| !t.is_empty())
    }

    /// `user@host` in lower case.
    pub fn aor(self) -> Option<String> {
        self.uri()?.aor()
    }

    /// `expires=` of a Contact, in seconds (§20.10).
    pub fn expires(self) -> Option<u64> {
        self.params.get("expires")?.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_both_vendors_are_read() {
        let from = Address::new(br#""Rossi, Bob"<sip:bob@tomt.it>;tag=9b6864536d;epid=72f0d99ead"#);
        assert_eq!(from.display.unwrap(), "Rossi, Bob");
        assert_eq!(from.tag().unwrap(), "9b6864536d");
        assert_eq!(from.aor().unwrap(), "bob@tomt.it");

        let bare = Address::new(b"sip:ann@tomt.local;tag=a4cdaec0-1401010a");
        assert_eq!(bare.uri_text, "sip:ann@tomt.local");
        assert_eq!(bare.tag().unwrap(), "a4cdaec0-1401010a");

        let route =
            Address::new(b"<sip:lync01.tomt.it:5061;lr;ms-route-sig=x>;ms-rrsig=y;tag=3A78");
        assert!(route.uri().unwrap().lr());
        assert_eq!(route.params.get("ms-rrsig").unwrap(), "y");
        assert_eq!(Address::new(b"*").uri_text, "*");
    }

    #[test]
    fn unbalanced_quotes_and_brackets_give_what_can_be_read() {
        let to = Address::new(br#""Mr. J. User <sip:j.user@example.com>"#);
        assert_eq!(to.uri_text, "sip:j.user@example.com");
        assert_eq!(Address::new(b"<sip:a@b").uri_text, "sip:a@b");
        assert!(Address::new(b"").uri_text.is_empty());
        assert!(Address::new(br#"""<>;tag="#).tag().is_none());
    }
}
