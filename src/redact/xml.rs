//! XML, well-formed or not: names and the values of a known few stay, everything that people wrote goes.

use super::Pseudonyms;
use super::bytes::{find, part, split, trimmed};
use super::mask::Escapes;
use super::scan::Manner;
use memchr::memmem;

/// Elements and attributes whose numbers say a state and nobody's name.
const NUMBERS: [&[u8]; 16] = [
    b"availability",
    b"aggregate",
    b"version",
    b"container",
    b"priority",
    b"instance",
    b"state",
    b"expires",
    b"contentversion",
    b"major",
    b"minor",
    b"minversion",
    b"maxversion",
    b"preference",
    b"statusversion",
    b"minoractivity",
];

impl Pseudonyms {
    /// Rewrites XML.
    pub(super) fn xml(&mut self, body: &mut [u8]) {
        let mut at = 0;
        // The element that text belongs to.
        let mut element = Vec::new();
        while at < body.len() {
            if body.get(at) != Some(&b'<') {
                let end = find(body, at, |b| b == b'<');
                self.xml_value(part(body, at, end), &element);
                at = end;
                continue;
            }
            let rest = body.get(at..).unwrap_or_default();
            let whole = body.len();
            let end_of =
                |end: &[u8]| memmem::find(rest, end).map_or(whole, |n| at.saturating_add(n));
            if rest.starts_with(b"<!--") {
                let end = end_of(b"-->");
                self.mask(part(body, at, end), Escapes::Xml);
                at = end.saturating_add(3);
            } else if rest.starts_with(b"<![CDATA[") {
                let end = end_of(b"]]>");
                self.mask(part(body, at.saturating_add(9), end), Escapes::None);
                at = end.saturating_add(3);
            } else {
                let end = tag_end(body, at);
                self.tag(part(body, at.saturating_add(1), end), &mut element);
                at = end.saturating_add(1);
            }
        }
    }

    /// Between `<` and `>`.
    fn tag(&mut self, tag: &mut [u8], element: &mut Vec<u8>) {
        if tag.starts_with(b"!") {
            // A document type: the word stays, so that it is still refused.
            let end = find(tag, 1, |b| !b.is_ascii_alphabetic());
            let (_, rest) = split(tag, end);
            return self.scan(rest, Manner::STRICT);
        }
        let start = usize::from(matches!(tag.first(), Some(b'/' | b'?')));
        let end = find(tag, start, |b| {
            matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'?' | b'=')
        });
        let (name, mut rest) = split(tag, end);
        self.xml_name(part(name, start, end));
        element.clear();
        if start == 0 {
            element.extend_from_slice(local(name));
        }
        loop {
            let equals = find(rest, 0, |b| b == b'=');
            if equals == rest.len() {
                return self.scan(rest, Manner::STRICT);
            }
            let quote = find(rest, equals, |b| matches!(b, b'"' | b'\''));
            let mark = rest.get(quote).copied().unwrap_or(b'"');
            let end = find(rest, quote.saturating_add(1), |b| b == mark);
            let (head, tail) = split(rest, equals);
            let name = trimmed(head);
            let between = quote.saturating_sub(equals);
            self.scan(part(tail, 0, between), Manner::STRICT);
            let value = part(tail, between.saturating_add(1), end.saturating_sub(equals));
            self.xml_name(name);
            self.xml_attribute(name, value);
            let (_, next) = split(rest, end.saturating_add(1));
            rest = next;
        }
    }

    /// A name stays, unless it looks like a host or a mailbox.
    fn xml_name(&mut self, name: &mut [u8]) {
        let of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
        if !name.iter().all(of_name) || name.len() > 64 {
            return self.scan(name, Manner::TEXT);
        }
        for word in name.split(|b| !b.is_ascii_alphanumeric()) {
            if word.len() >= 5 && !self.words.knows(word) && self.stayed.len() < 10_000 {
                let lower = word.to_ascii_lowercase();
                if !self.stayed.contains(&lower) {
                    self.stayed.insert(&lower);
                }
            }
        }
    }

    fn xml_attribute(&mut self, name: &[u8], value: &mut [u8]) {
        let declares = name.eq_ignore_ascii_case(b"xmlns")
            || name
                .get(..6)
                .is_some_and(|n| n.eq_ignore_ascii_case(b"xmlns:"));
        if declares || name.eq_ignore_ascii_case(b"xsi:schemalocation") {
            if !super::uri::is_public(value) {
                self.scan(value, Manner::STRICT);
            }
        } else if name.eq_ignore_ascii_case(b"encoding") || name.eq_ignore_ascii_case(b"standalone")
        {
            self.scan(value, Manner::VALUES);
        } else if local(name).eq_ignore_ascii_case(b"id") {
            self.scan(value, Manner::TOKENS);
        } else if !self.is_known_value(value, local(name)) {
            self.xml_reference(value);
        }
    }

    /// Text of an element.
    fn xml_value(&mut self, text: &mut [u8], element: &[u8]) {
        let text = trimmed(text);
        if text.is_empty() || self.is_known_value(text, element) {
            return;
        }
        let spaced = text
            .iter()
            .any(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        let refers = memchr::memchr2(b':', b'@', text).is_some();
        if !spaced && refers {
            self.xml_reference(text);
        } else {
            self.mask(text, Escapes::Xml);
        }
    }

    /// A URI or a value of another kind, with references to characters in it.
    fn xml_reference(&mut self, value: &mut [u8]) {
        let mut at = 0;
        // `&amp;` and its like stand between parts of a URI: they stay.
        while at < value.len() {
            let end = find(value, at, |b| b == b'&');
            self.scan(part(value, at, end), Manner::STRICT);
            let semicolon = find(value, end, |b| b == b';');
            let close = if semicolon.saturating_sub(end) <= 10 {
                semicolon
            } else {
                end
            };
            self.mask(part(value, end, close.saturating_add(1)), Escapes::Xml);
            at = close.saturating_add(1);
        }
    }

    /// Words of presence, small numbers where they are a state, times.
    fn is_known_value(&self, value: &[u8], name: &[u8]) -> bool {
        let value = {
            let start = value.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let end = value.len().saturating_sub(
                value
                    .iter()
                    .rev()
                    .take_while(|b| b.is_ascii_whitespace())
                    .count(),
            );
            value.get(start..end).unwrap_or_default()
        };
        let number = value.len() <= 6 && value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        (number && NUMBERS.iter().any(|n| name.eq_ignore_ascii_case(n)))
            || value.iter().all(u8::is_ascii_alphabetic) && self.words.keeps(value)
            || is_time(value)
    }
}

/// `2014-03-03T18:56:14Z` (RFC 3339).
fn is_time(value: &[u8]) -> bool {
    (19..=35).contains(&value.len())
        && value.get(4) == Some(&b'-')
        && value.get(10) == Some(&b'T')
        && value
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'T' | b'Z' | b'+'))
}

/// The name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|b| *b == b':').next().unwrap_or(name)
}

/// Where the tag ends that begins at `at`, no `>` in quotes.
fn tag_end(bytes: &[u8], at: usize) -> usize {
    let mut quote = None;
    let rest = bytes.get(at..).unwrap_or_default();
    for (n, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at.saturating_add(n),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(mark), byte) if mark == *byte => quote = None,
            _ => {}
        }
    }
    // Quotes that do not close: the first `>` after all.
    find(bytes, at, |b| b == b'>')
}
