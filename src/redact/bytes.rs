//! Stretches of bytes that are rewritten in place.

/// Whether the report may go on without looking: a stretch cut to what is there.
pub(super) fn part(bytes: &mut [u8], start: usize, end: usize) -> &mut [u8] {
    let end = end.min(bytes.len());
    bytes.get_mut(start.min(end)..end).unwrap_or_default()
}

/// Both sides of `at`; the byte there belongs to the second.
pub(super) fn split(bytes: &mut [u8], at: usize) -> (&mut [u8], &mut [u8]) {
    let at = at.min(bytes.len());
    bytes.split_at_mut(at)
}

/// Where the first byte lies that `wanted` says yes to; the length if there is none.
pub(super) fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes
        .get(from..)
        .and_then(|rest| rest.iter().position(|b| wanted(*b)))
        .map_or(bytes.len(), |at| from.saturating_add(at))
}

/// Without white space at both ends.
pub(super) fn trimmed(bytes: &mut [u8]) -> &mut [u8] {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let start = bytes.iter().take_while(|b| is_space(b)).count();
    let end = bytes
        .len()
        .saturating_sub(bytes.iter().rev().take_while(|b| is_space(b)).count());
    part(bytes, start, end)
}

/// The quote that ends the quoted string which begins at `open` (RFC 3261 §25.1); the length if none does.
pub(super) fn quote_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open.saturating_add(1);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at = at.saturating_add(2),
            b'"' => return at,
            _ => at = at.saturating_add(1),
        }
    }
    bytes.len()
}
