//! The small words of the grammar: white space, tokens, lists and parameters (RFC 3261 §25.1).
//!
//! Line ends count as white space, so that a folded value is read where it lies.

use super::Text;
use memchr::{memchr, memchr2, memchr3};
use nom::IResult;
use nom::bytes::complete::{take_while, take_while1};

/// White space, including the line ends of a folded value.
#[inline]
pub(super) const fn is_lws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A character of `token` (RFC 3261 §25.1).
#[inline]
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

/// Without white space at both ends.
#[inline]
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_lws(*first)
    {
        bytes = rest;
    }
    trim_end(bytes)
}

/// Without white space at the end.
#[inline]
pub(super) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && is_lws(*last)
    {
        bytes = rest;
    }
    bytes
}

/// A length as an offset into a message. Messages are far smaller than 4 GiB (`Limits`), so it never saturates.
#[inline]
pub(super) fn offset(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// nom: any white space.
pub(super) fn lws(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(is_lws)(input)
}

/// nom: one token.
pub(super) fn token(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(is_token)(input)
}

/// Where the quoted string ends whose opening quote lies before `rest`.
pub(super) fn closing_quote(rest: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        let next = memchr2(b'"', b'\\', rest.get(at..)?)?;
        let here = at.checked_add(next)?;
        if rest.get(here) == Some(&b'"') {
            return Some(here);
        }
        at = here.checked_add(2)?; // a backslash and what it protects
    }
}

/// The first `separator` outside quoted strings, and outside `<>` when `angles`.
///
/// A quote or bracket that never closes is an ordinary character, so that one of them does not hide the rest.
pub(super) fn find_outside(bytes: &[u8], separator: u8, angles: bool) -> Option<usize> {
    find_outside_again(bytes, separator, angles, &mut Unclosed::default())
}

/// What was found never to close in the rest of a value: not looked for again, so that a list takes linear time.
#[derive(Debug, Clone, Copy, Default)]
struct Unclosed {
    quote: bool,
    angle: bool,
}

/// As [`find_outside`], for one element of a list after the other.
fn find_outside_again(
    bytes: &[u8],
    separator: u8,
    angles: bool,
    unclosed: &mut Unclosed,
) -> Option<usize> {
    // What opens something; once it does not close, the separator stands in for it.
    let mut quote = if unclosed.quote { separator } else { b'"' };
    let mut angle = if angles && !unclosed.angle {
        b'<'
    } else {
        separator
    };
    let mut at = 0_usize;
    loop {
        let here = at.checked_add(memchr3(separator, quote, angle, bytes.get(at..)?)?)?;
        let byte = *bytes.get(here)?;
        if byte == separator {
            return Some(here);
        }
        at = here.checked_add(1)?;
        let rest = bytes.get(at..)?;
        let close = if byte == b'"' {
            closing_quote(rest)
        } else {
            memchr(b'>', rest)
        };
        match close {
            Some(n) => at = at.checked_add(n)?.checked_add(1)?,
            None if byte == b'"' => {
                quote = separator;
                unclosed.quote = true;
            }
            None => {
                angle = separator;
                unclosed.angle = true;
            }
        }
    }
}

/// `bytes` before and behind the byte at `at`.
#[inline]
pub(super) fn split_around(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    let (before, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
    (before, rest.get(1..).unwrap_or(&[]))
}

/// The elements of a comma-separated header value; empty ones are left out (RFC 3261 §7.3.1).
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
    unclosed: Unclosed,
}

impl<'a> Elements<'a> {
    /// The elements of this value.
    pub const fn new(value: &'a [u8]) -> Self {
        Self {
            rest: value,
            unclosed: Unclosed {
                quote: false,
                angle: false,
            },
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Text<'a>;

    fn next(&mut self) -> Option<Text<'a>> {
        while !self.rest.is_empty() {
            let end = find_outside_again(self.rest, b',', true, &mut self.unclosed)
                .unwrap_or(self.rest.len());
            let (element, rest) = split_around(self.rest, end);
            self.rest = rest;
            let element = Text::new(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// Name as on the wire; compare without case.
    pub name: Text<'a>,
    /// Value without surrounding quotes ([`Text::unescaped`] resolves backslashes); `None` without `=`.
    pub value: Option<Text<'a>>,
}

/// Parameters in wire order: `;name=value;flag`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Params<'a> {
    raw: &'a [u8],
    separator: u8,
}

impl<'a> Params<'a> {
    /// Parameters separated by `;`; one at the very start is skipped.
    pub(super) const fn new(raw: &'a [u8]) -> Self {
        Self {
            raw,
            separator: b';',
        }
    }

    /// Parameters separated by commas, as in challenges (RFC 3261 §20.44).
    pub(super) const fn comma(raw: &'a [u8]) -> Self {
        Self {
            raw,
            separator: b',',
        }
    }

    /// All, repeated ones too.
    pub fn iter(self) -> impl Iterator<Item = Param<'a>> {
        self.parts().filter(|part| !part.is_empty()).map(|part| {
            let (name, value) = match memchr(b'=', part) {
                Some(at) => {
                    let (name, value) = split_around(part, at);
                    (name, Some(unquoted(trim(value))))
                }
                None => (part, None),
            };
            Param {
                name: Text::new(name),
                value,
            }
        })
    }

    /// What stands between the separators, trimmed; one part at least.
    fn parts(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = Some(self.raw);
        let mut unclosed = Unclosed::default();
        std::iter::from_fn(move || {
            let bytes = rest?;
            let end = find_outside_again(bytes, self.separator, false, &mut unclosed);
            let (part, behind) = split_around(bytes, end.unwrap_or(bytes.len()));
            rest = end.map(|_| behind);
            Some(trim(part))
        })
    }

    /// Whether nothing stands between two separators, or before the first or behind the last.
    pub(super) fn has_empty(self) -> bool {
        self.parts().any(<[u8]>::is_empty)
    }

    /// The first one of this name, whatever the case.
    pub fn find(self, name: &str) -> Option<Param<'a>> {
        self.iter().find(|p| p.name.is(name))
    }

    /// The value of the first one of this name.
    pub fn get(self, name: &str) -> Option<Text<'a>> {
        self.find(name)?.value
    }

    /// Whether there is one of this name, with or without value.
    pub fn has(self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// As on the wire.
    pub fn raw(self) -> Text<'a> {
        Text::new(self.raw)
    }
}

/// Without the quotes around it, if there are.
pub(super) fn unquoted(value: &[u8]) -> Text<'_> {
    match value {
        [b'"', inner @ .., b'"'] => Text::new(inner),
        _ => Text::new(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(value: &str) -> Vec<String> {
        Elements::new(value.as_bytes())
            .map(|e| e.to_string())
            .collect()
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_separate() {
        assert_eq!(
            elements(r#" "Rossi, \"Anna\"" <sip:anna@tomt.local;x=a,b>;q=1 , <sip:b@tomt.it>,,"#),
            [
                r#""Rossi, \"Anna\"" <sip:anna@tomt.local;x=a,b>;q=1"#,
                "<sip:b@tomt.it>"
            ]
        );
    }

    #[test]
    fn an_open_quote_or_bracket_hides_nothing() {
        assert_eq!(elements(r#""a, b, <c"#), [r#""a"#, "b", "<c"]);
    }

    /// Looking for what closes again at each element would take minutes.
    #[test]
    fn what_never_closes_is_looked_for_once() {
        let many = "a<,".repeat(300_000);
        assert_eq!(Elements::new(many.as_bytes()).count(), 300_000);
        let many = r#"a\";"#.repeat(300_000);
        assert_eq!(Params::new(many.as_bytes()).iter().count(), 300_000);
    }

    #[test]
    fn parameters_keep_order_and_lose_quotes() {
        let params = Params::new(br#";branch=z9hG4bK1; ms-internal-info="a;b=c" ;lr;lr=true"#);
        let names: Vec<_> = params.iter().map(|p| p.name.to_string()).collect();
        assert_eq!(names, ["branch", "ms-internal-info", "lr", "lr"]);
        assert_eq!(params.get("MS-Internal-Info").unwrap(), "a;b=c");
        assert!(params.has("lr") && params.get("lr").is_none());
    }
}
