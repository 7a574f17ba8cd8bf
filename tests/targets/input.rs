//! How a target takes numbers and pieces out of bytes that a fuzzer made, and how a seed is written for it.

use sipdiag::base::{Direction, FileIndex, FrameNumber, FrameRef, Timestamp};

/// Bytes that are taken from the front; where there are none left, zeros come.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// All of these.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The last byte apart from the others: a target whose input is a file keeps its choices there, so that any file is a seed.
    pub fn with_choice(bytes: &'a [u8]) -> (u8, &'a [u8]) {
        bytes.split_last().map_or((0, bytes), |(c, b)| (*c, b))
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One byte.
    pub fn u8(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// Two bytes, the high one first.
    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    /// Four bytes, the high one first.
    pub fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    /// So many bytes, or what is left.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A length in two bytes, then so many.
    pub fn counted(&mut self) -> &'a [u8] {
        let n = usize::from(self.u16());
        self.take(n)
    }
}

/// Writes what [`Input::counted`] reads.
pub fn counted(out: &mut Vec<u8>, bytes: &[u8]) {
    let n = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend(n.to_be_bytes());
    out.extend(&bytes[..usize::from(n)]);
}

/// What comes next on a connection.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// The bytes; or how many the capture lacks.
    pub bytes: Result<&'a [u8], u16>,
}

/// Reads pieces up to the end.
pub fn pieces<'a>(input: &mut Input<'a>) -> Vec<Piece<'a>> {
    let mut all = Vec::new();
    while !input.is_empty() {
        let kind = input.u8();
        let direction = match kind & 1 {
            0 => Direction::Originator,
            _ => Direction::Responder,
        };
        let bytes = match kind & 2 {
            0 => Ok(input.counted()),
            _ => Err(input.u16()),
        };
        // Reassembly gives no empty chunks.
        if bytes == Ok(&[]) || bytes == Err(0) {
            continue;
        }
        all.push(Piece { direction, bytes });
    }
    all
}

/// Writes what [`pieces`] reads.
pub fn write_piece(out: &mut Vec<u8>, direction: Direction, bytes: Result<&[u8], u16>) {
    let sender = u8::from(direction == Direction::Responder);
    match bytes {
        Ok(bytes) => {
            for part in bytes.chunks(usize::from(u16::MAX)) {
                out.push(sender);
                counted(out, part);
            }
        }
        Err(missing) => {
            out.push(sender | 2);
            out.extend(missing.to_be_bytes());
        }
    }
}

/// Numbers that look random and are the same every time (an xorshift of Marsaglia).
pub struct Cuts(u32);

impl Cuts {
    /// From a byte of the input.
    pub fn new(seed: u8) -> Self {
        Self(u32::from(seed).wrapping_mul(0x9e37_79b9) | 1)
    }

    /// From 1 to `most`; small ones are the most frequent.
    pub fn next(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        let [a, b, ..] = self.0.to_be_bytes();
        let n = if a < 128 {
            usize::from(a % 4)
        } else {
            usize::from(b)
        };
        1 + n.min(most.saturating_sub(1))
    }

    /// The bytes in small parts.
    pub fn cut<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut parts = Vec::new();
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(self.next(bytes.len()));
            parts.push(part);
            bytes = rest;
        }
        parts
    }
}

/// Frame `number`, a millisecond behind the one before.
pub fn at(number: u64) -> FrameRef {
    let millis = i64::try_from(number).unwrap_or(0).saturating_mul(1_000_000);
    FrameRef {
        time: Timestamp::from_nanos(1_393_872_974_000_000_000_i64.saturating_add(millis)),
        file: FileIndex(0),
        number: FrameNumber::new(number),
    }
}

/// Fails with the first line that differs, because the whole of both is too much to read.
pub fn same(left: &str, right: &str, what: &str) {
    let pair = left
        .lines()
        .zip(right.lines())
        .enumerate()
        .find(|(_, (a, b))| a != b);
    if let Some((n, (a, b))) = pair {
        panic!("{what}: line {n}: {a} and {b}");
    }
    assert_eq!(left.len(), right.len(), "{what}: one goes on");
}
