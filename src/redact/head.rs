//! The head of a SIP message, line by line, whatever is wrong with it.

use super::bytes::{find, part, split, trimmed};
use super::scan::Manner;
use super::{Kind, Pseudonyms};
use crate::sip::{HeaderName, Message};
use memchr::memchr;

/// Nested messages that are read as such: a REFER's sipfrag in a multipart.
pub(super) const DEPTH: usize = 4;

/// What the body is, from the head as it was before.
#[derive(Debug, Default)]
pub(super) struct BodyKind {
    /// Content-Type without parameters, in lower case.
    pub(super) content_type: Vec<u8>,
    /// The boundary of a multipart.
    pub(super) boundary: Vec<u8>,
    /// A Content-Encoding other than identity.
    pub(super) encoded: bool,
}

impl Pseudonyms {
    /// Rewrites one SIP message in place, head and body. Any bytes are taken; what is no message is rewritten as text.
    pub fn sip(&mut self, message: &mut [u8]) {
        self.sip_at(message, 0);
    }

    /// Rewrites a message that was read: it shows the same fields and defects, and nothing of the original stays in memory.
    pub fn message(&mut self, message: &mut Message) {
        message.rewrite(|bytes| self.sip_at(bytes, 0));
    }

    pub(super) fn sip_at(&mut self, message: &mut [u8], depth: usize) {
        let (kind, body) = self.head(message, true);
        let (_, body) = split(message, body);
        self.body(body, &kind, depth);
    }

    /// Rewrites a head; gives what the body is and where it begins.
    pub(super) fn head(&mut self, bytes: &mut [u8], with_start_line: bool) -> (BodyKind, usize) {
        let mut kind = BodyKind::default();
        let mut at = 0;
        let mut first = with_start_line;
        while at < bytes.len() {
            let mut end = line_end(bytes, at);
            if matches!(bytes.get(at..end), Some(b"\r\n" | b"\n" | b"\r")) {
                if first {
                    // Empty lines before a start line (RFC 3261 §7.5).
                    at = end;
                    continue;
                }
                return (kind, end);
            }
            while matches!(bytes.get(end), Some(b' ' | b'\t')) && !first {
                end = line_end(bytes, end);
            }
            let line = trimmed_end(part(bytes, at, end));
            if std::mem::take(&mut first) {
                self.start_line(line);
            } else {
                self.line(line, &mut kind);
            }
            at = end;
        }
        (kind, bytes.len())
    }

    fn start_line(&mut self, line: &mut [u8]) {
        let version = |word: &[u8]| {
            word.len() == 7
                && word
                    .get(..4)
                    .is_some_and(|w| w.eq_ignore_ascii_case(b"SIP/"))
        };
        let space = find(line, 0, |b| b == b' ');
        if line.get(..space).is_some_and(version) {
            let (_, rest) = split(line, space);
            let code = find(rest, 1, |b| !b.is_ascii_digit()).min(4);
            let (_, reason) = split(rest, code);
            // The words of registered reason phrases are all known.
            return self.scan(reason, Manner::TEXT);
        }
        let (method, rest) = split(line, space);
        self.scan(method, Manner::TEXT);
        let rest = trimmed(rest);
        let last = rest
            .iter()
            .rposition(|b| *b == b' ')
            .filter(|at| rest.get(at.saturating_add(1)..).is_some_and(version));
        let (uri, behind) = split(rest, last.unwrap_or(rest.len()));
        if last.is_none() {
            self.scan(behind, Manner::STRICT);
        }
        self.request_uri(trimmed(uri));
    }

    fn request_uri(&mut self, uri: &mut [u8]) {
        match uri {
            [b'<', inner @ ..] => self.value_of_uri(inner),
            uri => self.value_of_uri(uri),
        }
    }

    fn value_of_uri(&mut self, uri: &mut [u8]) {
        let end = find(uri, 0, |b| matches!(b, b' ' | b'\t' | b'>' | b'"'));
        let (uri, rest) = split(uri, end);
        self.uri(uri);
        self.scan(rest, Manner::STRICT);
    }

    /// A header field with the lines that continue it.
    pub(super) fn line(&mut self, line: &mut [u8], kind: &mut BodyKind) {
        let Some(colon) = memchr(b':', line) else {
            return self.scan(line, Manner::STRICT);
        };
        let (name, value) = split(line, colon);
        let name = trimmed_end(name);
        let is_name = !name.is_empty()
            && name.iter().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(
                        b,
                        b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
                    )
            });
        let len = value.len();
        let value = part(value, 1, len);
        if !is_name {
            self.scan(name, Manner::STRICT);
            return self.scan(value, Manner::STRICT);
        }
        let id = HeaderName::new(name);
        match id {
            HeaderName::ContentType => kind.read_type(value),
            HeaderName::ContentEncoding => {
                kind.encoded = !trimmed(value).eq_ignore_ascii_case(b"identity")
            }
            _ => {}
        }
        self.field(id, name, value);
        if id == HeaderName::Other {
            // A name that is known to nobody may be anything: the text of a body whose head is lost.
            self.scan(
                name,
                Manner {
                    kind: Kind::Word,
                    ..Manner::TEXT
                },
            );
        }
    }
}

impl BodyKind {
    /// Reads a Content-Type (RFC 2045 §5.1).
    pub(super) fn read_type(&mut self, value: &mut [u8]) {
        let end = find(value, 0, |b| b == b';');
        let (content_type, params) = split(value, end);
        self.content_type = trimmed(content_type).to_ascii_lowercase();
        let lower = params.to_ascii_lowercase();
        let Some(at) = memchr::memmem::find(&lower, b"boundary=") else {
            return;
        };
        let start = at.saturating_add(9);
        let (start, end) = match params.get(start) {
            Some(b'"') => (
                start.saturating_add(1),
                super::bytes::quote_end(params, start),
            ),
            _ => (
                start,
                find(params, start, |b| {
                    matches!(b, b';' | b' ' | b'\t' | b'\r' | b'\n' | b',')
                }),
            ),
        };
        self.boundary = params.get(start..end).unwrap_or_default().to_vec();
    }
}

/// Behind the line that begins at `at`: LF, CRLF or CR alone.
fn line_end(bytes: &[u8], at: usize) -> usize {
    let end = find(bytes, at, |b| matches!(b, b'\r' | b'\n'));
    match (bytes.get(end), bytes.get(end.saturating_add(1))) {
        (Some(b'\r'), Some(b'\n')) => end.saturating_add(2),
        (Some(_), _) => end.saturating_add(1),
        (None, _) => end,
    }
}

/// Without white space and line ends at the end.
fn trimmed_end(bytes: &mut [u8]) -> &mut [u8] {
    let len = bytes.len();
    let end = len.saturating_sub(
        bytes
            .iter()
            .rev()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .count(),
    );
    part(bytes, 0, end)
}
