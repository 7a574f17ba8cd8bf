//! RC4: one key stream over all records, content and MAC (RFC 5246 §6.2.3.1).

use super::mac::RecordMac;
use super::{Failed, Hole, Opener, Place, Unsupported};
use crate::tls::record::{HEADER_LEN, Head};
use rc4::{KeyInit, Rc4 as KeyStream, StreamCipher};
use std::fmt;
use zeroize::Zeroizing;

/// Most bytes that may be missing in front of a record that is looked for.
const MAX_MISSING: u64 = 1 << 20;
/// Most bytes of key stream that are kept while nothing opens.
const MAX_KEPT: u64 = 64 << 10;

/// Opens the records of one direction.
pub(super) struct Rc4 {
    stream: KeyStream,
    /// The next bytes of the key stream, as far as they were already made: a record that does not open uses none up.
    ahead: Zeroizing<Vec<u8>>,
    mac: RecordMac,
    place: Standing,
    /// The hole behind which nothing was found: part of the way once that record has passed.
    hole: Option<(u64, u64)>,
    /// Records sealed.
    sealed: u64,
}

/// Where in the key stream the next record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// At its next byte.
    Next,
    /// Behind `missing` bytes of the connection, record headers included; the first record in them has number `first`.
    Behind { missing: u64, first: u64 },
    /// Too far away to be looked for.
    Lost,
}

impl Rc4 {
    pub(super) fn new(key: &[u8], mac: RecordMac) -> Result<Self, Unsupported> {
        Ok(Self {
            stream: KeyStream::new_from_slice(key).map_err(|_| Unsupported)?,
            ahead: Zeroizing::default(),
            mac,
            place: Standing::Next,
            hole: None,
            sealed: 0,
        })
    }

    /// Makes the key stream ready up to `len` bytes from here.
    fn reach(&mut self, len: usize) {
        let made = self.ahead.len();
        if made < len {
            self.ahead.resize(len, 0);
            if let Some(fresh) = self.ahead.get_mut(made..) {
                self.stream.write_keystream(fresh);
            }
        }
    }

    /// Opens a record that stands `offset` bytes ahead; the key stream must reach behind it. It is not moved.
    fn open_at(
        &self,
        offset: usize,
        seq: u64,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> bool {
        out.clear();
        let Some(key) = self.ahead.get(offset..) else {
            return false;
        };
        if key.len() < sealed.len() {
            return false;
        }
        out.extend(sealed.iter().zip(key).map(|(byte, key)| byte ^ key));
        let content = self
            .mac
            .split(out)
            .filter(|(content, mac)| self.mac.verify(seq, head, content, mac))
            .map(|(content, _)| content.len());
        out.truncate(content.unwrap_or_default());
        content.is_some()
    }

    /// Moves the key stream on.
    fn skip(&mut self, len: usize) {
        let made = self.ahead.len().min(len);
        self.ahead.drain(..made);
        let mut left = len.saturating_sub(made);
        let mut scratch = [0; 512];
        while left > 0 {
            let now = left.min(scratch.len());
            if let Some(scratch) = scratch.get_mut(..now) {
                self.stream.write_keystream(scratch);
            }
            left = left.saturating_sub(now);
        }
    }

    fn lose(&mut self) {
        self.place = Standing::Lost;
        self.ahead = Zeroizing::default();
    }
}

impl Opener for Rc4 {
    fn open(
        &mut self,
        seq: u64,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failed> {
        out.clear();
        if self.place != Standing::Next || self.hole.is_some() {
            return Err(Failed::ChainBroken);
        }
        self.reach(sealed.len());
        if !self.open_at(0, seq, head, sealed, out) {
            return Err(Failed::DoesNotAuthenticate);
        }
        self.skip(sealed.len());
        Ok(())
    }

    /// Each record that was lost takes a header from the missing bytes, which the key stream does not cover: its place follows
    /// from how many they were.
    fn find(&mut self, hole: &Hole, head: &Head, sealed: &[u8], out: &mut Vec<u8>) -> Option<u64> {
        out.clear();
        let (missing, first) = match self.place {
            Standing::Next => (hole.missing, hole.first),
            Standing::Behind { missing, first } => (missing.saturating_add(hole.missing), first),
            Standing::Lost => return None,
        };
        if missing > MAX_MISSING {
            self.lose();
            return None;
        }
        let header = u64::try_from(HEADER_LEN).ok()?;
        let mut reached = false;
        for seq in hole.numbers(sealed.len()) {
            let headers = seq.checked_sub(first)?.saturating_mul(header);
            let Some(offset) = missing.checked_sub(headers) else {
                break;
            };
            let offset = usize::try_from(offset).ok()?;
            if !reached {
                // The first place tried is the farthest.
                self.reach(offset.checked_add(sealed.len())?);
                reached = true;
            }
            if self.open_at(offset, seq, head, sealed, out) {
                self.skip(offset.saturating_add(sealed.len()));
                self.ahead.shrink_to(usize::from(u16::MAX));
                self.place = Standing::Next;
                self.hole = None;
                return Some(seq);
            }
        }
        if missing > MAX_KEPT {
            self.lose();
        } else if missing > 0 {
            self.hole = Some((missing, first));
        }
        None
    }

    fn is_lost(&self) -> bool {
        self.place == Standing::Lost
    }

    fn pass(&mut self, len: usize, _tail: &[u8]) {
        if let Some((missing, first)) = self.hole.take() {
            self.place = Standing::Behind { missing, first };
        }
        match &mut self.place {
            Standing::Next => self.skip(len),
            Standing::Behind { missing, .. } => {
                let len = u64::try_from(len.saturating_add(HEADER_LEN)).unwrap_or(u64::MAX);
                *missing = missing.saturating_add(len);
            }
            Standing::Lost => {}
        }
    }

    /// Only one behind the other: how much of the key stream a record that is missing has used is not known here.
    fn seal(
        &mut self,
        seq: u64,
        head: &Head,
        content: &[u8],
        place: &Place<'_>,
    ) -> Option<Vec<u8>> {
        let mut sealed = self.mac.append(seq, head, content)?;
        if seq != self.sealed || sealed.len() != place.old.len() {
            return None;
        }
        self.reach(sealed.len());
        let key = self.ahead.iter();
        sealed
            .iter_mut()
            .zip(key)
            .for_each(|(byte, key)| *byte ^= key);
        self.skip(sealed.len());
        self.sealed = seq.saturating_add(1);
        Some(sealed)
    }
}

impl fmt::Debug for Rc4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rc4")
            .field("mac", &self.mac)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
