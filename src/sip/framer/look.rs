//! Looking at bytes around messages.

use super::super::HeaderName;
use super::super::head::Head;
use super::super::probe::find_start;
use memchr::memchr;

/// Whether a body is a message, or a part of one.
pub(super) fn holds_messages(head: &Head, view: &[u8]) -> bool {
    head.value(HeaderName::ContentType, view)
        .is_some_and(|kind| kind.starts_with("message/"))
}

/// Where a message begins inside an announced body; not looked for where bodies hold messages legally.
pub(in crate::sip) fn embedded_start(view: &[u8], head: &Head, until: usize) -> Option<usize> {
    if holds_messages(head, view) {
        return None;
    }
    let view = view.get(..until)?;
    let mut line = head.len;
    while line < until {
        let end = line_end(view, line).unwrap_or(until);
        if let Some(start) = view.get(line..end).and_then(find_start) {
            return line.checked_add(start);
        }
        line = end.checked_add(1)?;
    }
    None
}

pub(in crate::sip) fn is_multipart(head: &Head, view: &[u8]) -> bool {
    head.value(HeaderName::ContentType, view)
        .is_some_and(|kind| kind.starts_with("multipart/"))
}

/// The next LF from `from` on.
pub(super) fn line_end(view: &[u8], from: usize) -> Option<usize> {
    memchr(b'\n', view.get(from..)?)?.checked_add(from)
}

pub(super) fn leading_line_ends(view: &[u8]) -> usize {
    view.iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count()
}

pub(super) fn len64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
