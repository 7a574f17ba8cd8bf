//! The header of a WebSocket frame (RFC 6455 §5.2).

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A frame header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// The last frame of its message.
    pub(super) fin: bool,
    /// RSV1: the message is compressed (RFC 7692 §6).
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of the header.
    pub(super) own: usize,
    /// Bytes of the payload.
    pub(super) len: u64,
    /// The length is written with as few bytes as it needs.
    pub(super) shortest: bool,
}

impl Header {
    /// Bytes of the whole frame.
    pub(super) fn total(&self) -> u64 {
        self.len
            .saturating_add(u64::try_from(self.own).unwrap_or(0))
    }

    /// The payload as far as it is in `view`, which begins with this header, without its mask.
    pub(super) fn unmasked(&self, view: &[u8], most: usize, out: &mut Vec<u8>) {
        let len = usize::try_from(self.len).unwrap_or(usize::MAX).min(most);
        let payload = view.get(self.own..).unwrap_or(&[]);
        let payload = payload.get(..len).unwrap_or(payload);
        match self.mask {
            Some(mask) => out.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m)),
            None => out.extend_from_slice(payload),
        }
    }
}

/// What the first bytes of a frame are.
#[derive(Debug)]
pub(super) enum Look {
    Header(Header),
    /// The header is longer than what is there.
    More,
    /// This begins no frame that RFC 6455 knows; why, in words that repeat.
    Bad(&'static str),
}

pub(super) const RESERVED: &str = "a WebSocket frame with reserved bits or a reserved opcode";
const CONTROL: &str = "a WebSocket control frame that is too long or in fragments";
const LENGTH: &str = "a WebSocket frame whose length is none";

/// Reads the header at the start of `view`.
pub(super) fn look(view: &[u8]) -> Look {
    let Some(&first) = view.first() else {
        return Look::More;
    };
    let (fin, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
    let opcode = match first & 0x0f {
        0 => Opcode::Continuation,
        1 => Opcode::Text,
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return Look::Bad(RESERVED),
    };
    if first & 0x30 != 0 || (compressed && opcode.is_control()) {
        return Look::Bad(RESERVED);
    }
    let Some(&second) = view.get(1) else {
        return Look::More;
    };
    let short = u64::from(second & 0x7f);
    if opcode.is_control() && (!fin || short > 125) {
        return Look::Bad(CONTROL);
    }
    let number = |from: usize, to: usize| {
        let bytes = view.get(from..to)?;
        Some(bytes.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b)))
    };
    let (len, mut own, shortest) = match short {
        126 => match number(2, 4) {
            Some(n) => (n, 4, n > 125),
            None => return Look::More,
        },
        127 => match number(2, 10) {
            Some(n) if n >> 63 != 0 => return Look::Bad(LENGTH),
            Some(n) => (n, 10, n > 0xffff),
            None => return Look::More,
        },
        n => (n, 2, true),
    };
    let mask = if second & 0x80 == 0 {
        None
    } else {
        let Some(mask) = view.get(own..).and_then(<[u8]>::first_chunk::<4>) else {
            return Look::More;
        };
        own += mask.len();
        Some(*mask)
    };
    Look::Header(Header {
        fin,
        compressed,
        opcode,
        mask,
        own,
        len,
        shortest,
    })
}
