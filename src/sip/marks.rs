//! Where bytes of a kind stand in a stretch of a message, told of sixteen bytes at a time.

use wide::u8x16;

/// Bytes that are looked at together: one bit each.
const BLOCK: usize = 64;

#[inline]
fn within(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    let above = bytes - u8x16::splat(first);
    above
        .min(u8x16::splat(last.wrapping_sub(first)))
        .simd_eq(above)
}

/// The line ends among sixteen bytes.
#[inline]
fn line_ends(bytes: u8x16) -> u8x16 {
    bytes.simd_eq(u8x16::splat(b'\n'))
}

/// Those of sixteen bytes that are of no word: no letter, digit, `.`, `-` or `_`. What is of a word is of a token and of a host name
/// (RFC 3261 §25.1), too.
#[inline]
fn marks(bytes: u8x16) -> u8x16 {
    let letter = within(bytes | u8x16::splat(0x20), b'a', b'z');
    let sign = within(bytes, b'-', b'.') | bytes.simd_eq(u8x16::splat(b'_'));
    !(letter | within(bytes, b'0', b'9') | sign)
}

/// A bit for each byte of a block, the first byte's the lowest.
#[inline]
fn bits(block: &[u8; BLOCK], kind: impl Fn(u8x16) -> u8x16) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |all, part| {
        (all << 16) | u64::from(kind(u8x16::new(*part)).to_bitmask())
    })
}

/// The same for the block of `bytes` at `at`, which may be shorter: behind the end it is as if zeros followed. `None` where nothing is left.
#[inline]
fn bits_at(bytes: &[u8], at: usize, kind: impl Fn(u8x16) -> u8x16) -> Option<u64> {
    let bytes = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    if let Some(block) = bytes.first_chunk::<BLOCK>() {
        return Some(bits(block, kind));
    }
    let mut block = [0; BLOCK];
    if let Some(front) = block.get_mut(..bytes.len()) {
        front.copy_from_slice(bytes);
    }
    Some(bits(&block, kind))
}

/// Not in line, so that going from mark to mark is short.
#[inline(never)]
fn marks_at(bytes: &[u8], at: usize) -> Option<u64> {
    bits_at(bytes, at, marks)
}

/// How many bytes are not printable ASCII.
pub(super) fn unusual(bytes: &[u8]) -> usize {
    // Each of sixteen lanes counts in a byte.
    let stretches = bytes.chunks(16 * usize::from(u8::MAX));
    let count = |stretch: &[u8]| {
        let (parts, rest) = stretch.as_chunks::<16>();
        let lanes = parts.iter().fold(u8x16::splat(0), |lanes, part| {
            // What is printable is all ones, which is one less than nothing.
            lanes - within(u8x16::new(*part), b' ', b'~')
        });
        let of_parts: usize = lanes.to_array().into_iter().map(usize::from).sum();
        let printable = |byte: &&u8| matches!(byte, b' '..=b'~');
        let printable = of_parts.saturating_add(rest.iter().filter(printable).count());
        stretch.len().saturating_sub(printable)
    };
    stretches.map(count).sum()
}

/// The number of a bit as a place.
#[inline]
fn place(bit: u32) -> usize {
    usize::try_from(bit).unwrap_or(BLOCK)
}

/// Takes the lowest bit out.
#[inline]
fn take_lowest(bits: &mut u64) -> Option<usize> {
    if *bits == 0 {
        return None;
    }
    let lowest = bits.trailing_zeros();
    *bits &= bits.wrapping_sub(1);
    Some(place(lowest))
}

/// Places of bytes, in their order, found as they are asked for.
#[derive(Debug, Clone)]
struct Places {
    /// Of the block at hand, what was not given yet.
    bits: u64,
    /// Where that block begins.
    block: usize,
    /// Where the next begins.
    next: usize,
}

impl Places {
    const fn from(start: usize) -> Self {
        Self {
            bits: 0,
            block: start,
            next: start,
        }
    }

    /// The next one; `load` gives the bits of the block at a place, and `None` behind the end.
    #[inline]
    fn next(&mut self, load: impl Fn(usize) -> Option<u64>) -> Option<usize> {
        loop {
            if let Some(bit) = take_lowest(&mut self.bits) {
                return Some(self.block.saturating_add(bit));
            }
            self.bits = load(self.next)?;
            self.block = self.next;
            self.next = self.next.saturating_add(BLOCK);
        }
    }
}

/// Finds the line ends (LF) of `bytes` from `start` on.
#[derive(Debug)]
pub(super) struct LineEnds<'a> {
    bytes: &'a [u8],
    places: Places,
}

impl<'a> LineEnds<'a> {
    pub(super) const fn new(bytes: &'a [u8], start: usize) -> Self {
        Self {
            bytes,
            places: Places::from(start),
        }
    }
}

impl Iterator for LineEnds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        self.places.next(|at| bits_at(self.bytes, at, line_ends))
    }
}

/// Gives, one after the other, the bytes of a stretch that are of no word, and where they stand.
#[derive(Debug, Clone)]
pub(super) struct Marks<'a> {
    stretch: &'a [u8],
    /// The same and whatever lies behind it: a block may reach into that.
    bytes: &'a [u8],
    places: Places,
}

impl<'a> Marks<'a> {
    /// Of the first `len` of `bytes`; quickest when more follows.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], len: usize) -> Self {
        Self {
            stretch: bytes.get(..len).unwrap_or(bytes),
            bytes,
            places: Places::from(0),
        }
    }

    /// The stretch.
    #[inline]
    pub(super) const fn stretch(&self) -> &'a [u8] {
        self.stretch
    }

    /// What of the stretch begins at `from` and ends before `to`.
    #[inline]
    pub(super) fn between(&self, from: usize, to: usize) -> &'a [u8] {
        self.stretch.get(from..to).unwrap_or(&[])
    }

    /// Goes on at `place`, which lies ahead.
    #[inline]
    pub(super) fn skip_to(&mut self, place: usize) {
        match place.checked_sub(self.places.block) {
            Some(ahead) if ahead < BLOCK && place < self.places.next => {
                self.places.bits &= u64::MAX << ahead;
            }
            _ => self.places = Places::from(place),
        }
    }

    /// The next mark.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(usize, u8)> {
        let len = self.stretch.len();
        let place = self
            .places
            .next(|at| (at < len).then(|| marks_at(self.bytes, at))?)?;
        let byte = self.stretch.get(place)?;
        Some((place, *byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_word(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
    }

    #[test]
    fn each_byte_is_a_mark_or_of_a_word() {
        for byte in 0..=u8::MAX {
            for (before, behind) in [(0, 0), (15, 1), (63, 0), (64, 90)] {
                let bytes = [vec![b'a'; before], vec![byte], vec![b'Z'; behind]].concat();
                let mut all = Marks::new(&bytes, bytes.len());
                let expected = (!is_word(byte)).then_some((before, byte));
                assert_eq!(all.next(), expected, "{byte} {before} {behind}");
                assert_eq!(all.next(), None, "{byte} {before} {behind}");
                let ends: Vec<usize> = LineEnds::new(&bytes, 0).collect();
                let expected: Vec<usize> = (byte == b'\n').then_some(before).into_iter().collect();
                assert_eq!(ends, expected);
            }
        }
    }

    #[test]
    fn a_stretch_ends_where_it_ends_and_can_be_skipped() {
        let bytes: Vec<u8> = (0..300)
            .map(|n| if n % 7 == 0 { b';' } else { b'x' })
            .collect();
        for len in 0..=bytes.len() {
            for (start, skip) in [(0, 0), (0, 3), (1, 64), (2, 200), (3, 299)] {
                let mut all = Marks::new(&bytes, len);
                let mut found = Vec::new();
                for _ in 0..start {
                    found.extend(all.next().map(|(at, _)| at));
                }
                let skip = found.last().map_or(skip, |last| skip.max(last + 1));
                all.skip_to(skip);
                while let Some((at, byte)) = all.next() {
                    assert_eq!(byte, b';');
                    found.push(at);
                }
                let marks = (0..len).step_by(7);
                let expected: Vec<usize> = marks
                    .enumerate()
                    .filter(|(n, at)| *n < start || *at >= skip)
                    .map(|(_, at)| at)
                    .collect();
                assert_eq!(found, expected, "{len} {start} {skip}");
            }
        }
        assert_eq!(LineEnds::new(b"\n\na\nb", 1).collect::<Vec<_>>(), [1, 3]);
    }
}
