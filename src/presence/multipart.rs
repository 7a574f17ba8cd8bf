//! The parts of a multipart body (RFC 2046 §5.1), as far as lists of presence need them.

use crate::sip::Text;
use memchr::memmem;

/// Parts looked at; a list of presence has one for each contact.
const PARTS: usize = 256;
/// Longest boundary (RFC 2046 §5.1.1).
const BOUNDARY: usize = 70;

/// Each part: its Content-Type without parameters (empty when it has none) and its content. Bounded; what is no part is left out.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<(Text<'a>, &'a [u8])> {
    if boundary.is_empty() || boundary.len() > BOUNDARY {
        return Vec::new();
    }
    let delimiter = [b"--", boundary].concat();
    let starts: Vec<usize> = memmem::find_iter(body, &delimiter)
        .filter(|at| {
            at.checked_sub(1)
                .is_none_or(|before| body.get(before) == Some(&b'\n'))
        })
        .take(PARTS)
        .collect();
    let ends = starts.iter().skip(1).copied();
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| part(body.get(start.checked_add(delimiter.len())?..end)?))
        .collect()
}

/// The rest of the line of the delimiter, the head, a blank line, the content.
fn part(bytes: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let line = memmem::find(bytes, b"\n")?;
    let bytes = bytes.get(line.checked_add(1)?..)?;
    let (head, content) = if bytes.starts_with(b"\r\n") || bytes.starts_with(b"\n") {
        (&[][..], bytes)
    } else {
        let (at, len) = memmem::find(bytes, b"\r\n\r\n")
            .map(|at| (at, 4))
            .or_else(|| memmem::find(bytes, b"\n\n").map(|at| (at, 2)))?;
        (bytes.get(..at)?, bytes.get(at.checked_add(len)?..)?)
    };
    let value = head.split(|b| *b == b'\n').find_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        Text::new(line.get(..colon)?)
            .is("Content-Type")
            .then(|| line.get(colon.checked_add(1)?..))
            .flatten()
    });
    let value = value.unwrap_or_default();
    let word = value.split(|b| *b == b';').next().unwrap_or_default();
    Some((Text::new(word), content))
}
