//! Compressed messages (RFC 7692): raw DEFLATE that may refer back to earlier messages.
//!
//! Whether it may, the opening handshake says; it need not be known. A message that refers to nothing is unfolded whatever came
//! before it, and one that refers to what was lost fails, because a reference beyond what is kept is an error.

use flate2::{Decompress, FlushDecompress, Status};

/// How far back a message can refer (RFC 1951 §2): the largest window.
const WINDOW: usize = 32 << 10;
/// What the sender leaves out at the end of a message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Room for the first bytes of a message.
const ROOM: usize = 4 << 10;

const LOST: &str = "a compressed WebSocket message that refers to earlier ones that were not read";
const DAMAGED: &str = "a compressed WebSocket message that cannot be decompressed";
const TOO_LONG: &str = "a compressed WebSocket message over the limit";

/// The decompression of one direction: what later messages may refer to.
#[derive(Debug, Default)]
pub(super) struct Inflate {
    window: Vec<u8>,
    /// Compressed messages went by that were not read.
    lost: bool,
}

impl Inflate {
    /// A compressed message was not read: what refers to it cannot be.
    pub(super) fn lose(&mut self) {
        self.window = Vec::new();
        self.lost = true;
    }

    /// Bytes kept.
    pub(super) fn kept(&self) -> usize {
        self.window.capacity()
    }

    /// The content of a message, of at most `most` bytes.
    pub(super) fn run(&mut self, message: &[u8], most: usize) -> Result<Vec<u8>, &'static str> {
        let mut plain = Vec::new();
        match unfold(message, &self.window, most, true, &mut plain) {
            Ok(()) => {
                let keep = WINDOW.saturating_sub(plain.len());
                let old = self.window.len().saturating_sub(keep);
                self.window.drain(..old);
                let new = plain.len().saturating_sub(WINDOW);
                self.window
                    .extend_from_slice(plain.get(new..).unwrap_or(&[]));
                Ok(plain)
            }
            Err(Failed::TooLong) => {
                self.lose();
                Err(TOO_LONG)
            }
            Err(Failed::Damaged) => {
                let why = if self.lost { LOST } else { DAMAGED };
                self.lose();
                Err(why)
            }
        }
    }
}

/// The first bytes of a message, before it refers to another one or turns out not to be one; and whether it went on so far. Where it
/// breaks off must not depend on how much of it is there: more bytes give the same text, or more of it.
pub(super) fn beginning(message: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut plain = Vec::new();
    let goes_on = unfold(message, &[], most, false, &mut plain).is_ok();
    (plain, goes_on)
}

enum Failed {
    Damaged,
    TooLong,
}

/// `whole`: more than `most` bytes are an error, else the rest is left out.
fn unfold(
    message: &[u8],
    window: &[u8],
    most: usize,
    whole: bool,
    plain: &mut Vec<u8>,
) -> Result<(), Failed> {
    let mut stream = Decompress::new(false);
    if !window.is_empty() {
        stream.set_dictionary(window).map_err(|_| Failed::Damaged)?;
    }
    let parts = [message, if whole { &TAIL[..] } else { &[] }];
    for part in parts {
        let mut rest = part;
        while !rest.is_empty() {
            if plain.len() >= most {
                return if whole { Err(Failed::TooLong) } else { Ok(()) };
            }
            if plain.len() == plain.capacity() {
                let left = most.saturating_sub(plain.len());
                plain.reserve_exact(plain.len().max(ROOM).min(left));
            }
            let before = (stream.total_in(), plain.len());
            let status = stream
                .decompress_vec(rest, plain, FlushDecompress::Sync)
                .map_err(|_| Failed::Damaged)?;
            let used = stream.total_in().saturating_sub(before.0);
            rest = usize::try_from(used)
                .ok()
                .and_then(|used| rest.get(used..))
                .unwrap_or(&[]);
            if status == Status::StreamEnd {
                // A last block (RFC 7692 §7.2.3.4): behind it only the padding of the next, empty one.
                return match rest {
                    [] | [0] => Ok(()),
                    _ => Err(Failed::Damaged),
                };
            }
            let moved = used > 0 || plain.len() > before.1;
            if !moved && plain.len() < plain.capacity() {
                return Err(Failed::Damaged);
            }
        }
    }
    // A full buffer may hide more.
    loop {
        if plain.len() < plain.capacity() || plain.is_empty() {
            return Ok(());
        }
        if plain.len() >= most {
            return if whole { Err(Failed::TooLong) } else { Ok(()) };
        }
        let left = most.saturating_sub(plain.len());
        plain.reserve_exact(plain.len().max(ROOM).min(left));
        let before = plain.len();
        stream
            .decompress_vec(&[], plain, FlushDecompress::Sync)
            .map_err(|_| Failed::Damaged)?;
        if plain.len() == before {
            return Ok(());
        }
    }
}
