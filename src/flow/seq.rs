//! 32-bit sequence numbers on a 64-bit stream (RFC 9293 §3.4, RFC 7323 §5).

/// Where `seq` lies relative to `expected`, the sequence number of stream offset `next`.
///
/// The nearer of the two possible distances is taken, so wrap-around needs no special case. A place before
/// the start of the stream is `None`.
pub(super) fn offset_of(seq: u32, expected: u32, next: u64) -> Option<u64> {
    let distance = seq.wrapping_sub(expected).cast_signed();
    next.checked_add_signed(i64::from(distance))
}

/// The sequence number that lies `len` bytes after `seq`.
pub(super) fn advance(seq: u32, len: u64) -> u32 {
    // Sequence space is modulo 2^32 by definition (RFC 9293 §3.4): only the low half counts.
    let low = u32::try_from(len & u64::from(u32::MAX)).unwrap_or(0);
    seq.wrapping_add(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrap_around_keeps_the_offset_growing() {
        assert_eq!(offset_of(5, u32::MAX - 4, 1000), Some(1010));
        assert_eq!(offset_of(u32::MAX - 4, 5, 1000), Some(990));
        assert_eq!(advance(u32::MAX, 2), 1);
        assert_eq!(advance(7, 1 << 32), 7);
    }

    #[test]
    fn bytes_before_the_start_have_no_offset() {
        assert_eq!(offset_of(99, 100, 0), None);
    }
}
