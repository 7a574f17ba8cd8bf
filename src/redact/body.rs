//! Bodies, by Content-Type.

use super::bytes::{part, split};
use super::head::{BodyKind, DEPTH};
use super::mask::Escapes;
use super::scan::Manner;
use super::{Kind, Pseudonyms};
use memchr::memmem;

impl Pseudonyms {
    /// Rewrites a body. What is not known is masked: letters and digits alike.
    pub(super) fn body(&mut self, body: &mut [u8], kind: &BodyKind, depth: usize) {
        if body.is_empty() {
            return;
        }
        let content_type = kind.content_type.as_slice();
        let is_xml = content_type.ends_with(b"+xml")
            || content_type.ends_with(b"/xml")
            || content_type.starts_with(b"text/xml");
        if kind.encoded {
            // Compressed or encrypted: nothing in it can be kept apart.
            blank_all(body);
        } else if content_type == b"application/sdp" {
            self.sdp(body);
        } else if is_xml {
            self.xml(body);
        } else if content_type.starts_with(b"multipart/")
            && !kind.boundary.is_empty()
            && depth < DEPTH
        {
            self.multipart(body, &kind.boundary, depth);
        } else if matches!(content_type, b"message/sipfrag" | b"message/sip") && depth < DEPTH {
            self.sip_at(body, depth.saturating_add(1));
        } else if content_type.starts_with(b"text/") || content_type.is_empty() {
            let escapes = if content_type == b"text/html" {
                Escapes::Xml
            } else {
                Escapes::None
            };
            self.mask(body, escapes);
        } else {
            self.mask(body, Escapes::None);
        }
    }

    /// Each part by its own head; what is before and behind them is masked.
    fn multipart(&mut self, body: &mut [u8], boundary: &[u8], depth: usize) {
        let delimiter = [b"--", boundary].concat();
        let starts: Vec<usize> = memmem::find_iter(body, &delimiter).collect();
        let mut at = 0;
        for (n, start) in starts.iter().enumerate() {
            if n == 0 {
                self.mask(part(body, at, *start), Escapes::None);
            }
            let behind = start.saturating_add(delimiter.len());
            // The boundary is a value of the Content-Type, too: the same token.
            self.opaque(part(body, start.saturating_add(2), behind));
            let end = starts
                .get(n.saturating_add(1))
                .copied()
                .unwrap_or(body.len());
            self.part(part(body, behind, end), depth);
            at = end;
        }
        if starts.is_empty() {
            self.mask(body, Escapes::None);
        }
    }

    fn part(&mut self, bytes: &mut [u8], depth: usize) {
        // The rest of the line of the delimiter: nothing, or `--`.
        let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at.saturating_add(1));
        let (rest, bytes) = split(bytes, end);
        self.scan(
            rest,
            Manner {
                kind: Kind::Token,
                ..Manner::STRICT
            },
        );
        let (kind, body) = self.head(bytes, false);
        let (_, body) = split(bytes, body);
        self.body(body, &kind, depth.saturating_add(1));
    }
}

/// Nothing stays but line ends, and that it was no text.
fn blank_all(bytes: &mut [u8]) {
    let text = std::str::from_utf8(bytes).is_ok();
    for byte in bytes {
        if !matches!(byte, b'\r' | b'\n') {
            *byte = if text { b'X' } else { 0xff };
        }
    }
}
