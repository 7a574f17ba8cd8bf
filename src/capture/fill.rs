//! Bytes from a reader into one buffer: what [`Read`] does not promise is made good here.
//!
//! A pipe or a decompressor gives short reads, an interrupted call is to be repeated, and an error in the middle must not take
//! with it what was read before. [`Raw`] sees the bytes of the file as stored (for their hash), [`Buffer`] those of the capture.

use ring::digest;
use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// First size of the buffer: large enough that a read costs little per packet, small enough that its bytes are still in the second-level
/// cache when the packets are looked at, although each of them is turned into several times as many.
const START: usize = 32 << 10;

/// The file as stored. Shared, because a decompressor owns one handle while the capture asks the other for hash and error.
pub(super) struct Raw<'r>(Arc<Mutex<State<'r>>>);

struct State<'r> {
    reader: Box<dyn Read + Send + 'r>,
    hash: Option<digest::Context>,
    sha256: Option<[u8; 32]>,
    error: Option<io::Error>,
    done: bool,
}

impl<'r> Raw<'r> {
    pub(super) fn new(reader: Box<dyn Read + Send + 'r>, hash: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            reader,
            hash: hash.then(|| digest::Context::new(&digest::SHA256)),
            sha256: None,
            error: None,
            done: false,
        })))
    }

    /// A second handle on the same file.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// What the operating system said when it could not read further; once.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        self.state().error.take()
    }

    /// Reads what is left, so that the hash is that of the whole file even when its content was given up early.
    pub(super) fn drain(&self) {
        let mut state = self.state();
        if state.hash.is_none() {
            return;
        }
        let mut sink = vec![0; 64 << 10];
        while state.read(&mut sink).is_ok_and(|n| n > 0) {}
    }

    /// SHA-256 of the file; known when it was asked for and all of the file was read.
    pub(super) fn sha256(&self) -> Option<[u8; 32]> {
        self.state().sha256
    }

    fn state(&self) -> MutexGuard<'_, State<'r>> {
        // A poisoned lock is impossible (nothing panics while holding it) and would do no harm: the state is always whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Raw<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.state().read(out)
    }
}

impl State<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.done || out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.reader.read(out) {
                Ok(0) => {
                    self.done = true;
                    let digest = self.hash.take().map(digest::Context::finish);
                    self.sha256 = digest.and_then(|d| d.as_ref().try_into().ok());
                    return Ok(0);
                }
                Ok(n) => {
                    // A reader that claims more than it was given room for is wrong; believing it would panic below.
                    let n = n.min(out.len());
                    if let (Some(hash), Some(bytes)) = (self.hash.as_mut(), out.get(..n)) {
                        hash.update(bytes);
                    }
                    return Ok(n);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.done = true;
                    self.hash = None;
                    let copy = io::Error::new(e.kind(), e.to_string());
                    self.error = Some(e);
                    return Err(copy);
                }
            }
        }
    }
}

/// The bytes of the capture, in order; the parsers look at [`Buffer::data`] and [`Buffer::consume`] what they understood.
pub(super) struct Buffer<'r> {
    reader: Box<dyn Read + Send + 'r>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl<'r> Buffer<'r> {
    pub(super) fn new(reader: Box<dyn Read + Send + 'r>) -> Self {
        Self {
            reader,
            bytes: vec![0; START],
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            error: None,
        }
    }

    /// What was read and not consumed.
    pub(super) fn data(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Where [`Self::data`] starts, in bytes from the start of the (decompressed) file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why reading ended before the end; once.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Gives up the first `n` bytes of [`Self::data`].
    pub(super) fn consume(&mut self, n: usize) {
        let n = n.min(self.end.saturating_sub(self.start));
        self.start = self.start.saturating_add(n);
        self.offset = self.offset.saturating_add(n as u64);
    }

    /// Makes at least `n` bytes available; `false` when the file has fewer. The caller bounds `n`.
    pub(super) fn ensure(&mut self, n: usize) -> bool {
        if self.end.saturating_sub(self.start) >= n {
            return true;
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        if self.bytes.len() < n {
            self.bytes.resize(n.next_power_of_two(), 0);
        }
        while self.end < n && !self.ended {
            let Some(room) = self.bytes.get_mut(self.end..) else {
                break;
            };
            let space = room.len();
            match self.reader.read(room) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end = self.end.saturating_add(read.min(space)),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.error = Some(e);
                    self.ended = true;
                }
            }
        }
        self.end >= n
    }

    /// Gives up `n` bytes that need not be looked at, however many; `false` when the file has fewer.
    pub(super) fn skip(&mut self, mut n: u64) -> bool {
        loop {
            let have = self.data().len();
            let now = usize::try_from(n).unwrap_or(usize::MAX).min(have);
            self.consume(now);
            n = n.saturating_sub(now as u64);
            if n == 0 {
                return true;
            }
            if !self.ensure(1) {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte per call, then fails.
    struct Trickle(u8);

    impl Read for Trickle {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                2 => Err(ErrorKind::Interrupted.into()),
                1..=5 => {
                    out[0] = self.0;
                    Ok(1)
                }
                _ => Err(io::Error::other("disk on fire")),
            }
        }
    }

    #[test]
    fn short_and_interrupted_reads_are_joined_and_an_error_keeps_what_came_before() {
        let mut buffer = Buffer::new(Box::new(Trickle(0)));
        assert!(buffer.ensure(3));
        assert_eq!(buffer.data(), [1, 3, 4]);
        assert!(!buffer.ensure(9));
        assert_eq!(buffer.data(), [1, 3, 4, 5]);
        assert_eq!(buffer.take_error().unwrap().to_string(), "disk on fire");
        buffer.consume(100);
        assert_eq!((buffer.offset(), buffer.data()), (4, &[][..]));
    }

    #[test]
    fn the_hash_is_of_the_whole_file_and_only_then() {
        let text: &[u8] = b"abc";
        let mut raw = Raw::new(Box::new(text), true);
        assert_eq!(raw.read(&mut [0; 1]).unwrap(), 1);
        assert_eq!(raw.sha256(), None);
        raw.drain();
        // FIPS 180-2, B.1
        assert_eq!(raw.sha256().unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn skipping_does_not_store() {
        let mut buffer = Buffer::new(Box::new(io::repeat(7).take(5 << 20)));
        assert!(buffer.skip(5_000_000));
        assert_eq!(buffer.offset(), 5_000_000);
        assert!(!buffer.skip(5_000_000));
        assert!(buffer.bytes.len() <= START);
    }
}
