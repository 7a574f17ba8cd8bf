//! Rows put in order, however many they are: what does not fit the memory waits in a temporary file.
//!
//! The file has sorted runs, which are merged when the rows are wanted. It has no name (Windows: it goes with the program), so nothing
//! is left behind and nobody else opens it.

use super::output::temporary;
use sipdiag::Error;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// Bytes of rows kept in memory: small lists need no file.
const ROOM: usize = 12 << 20;
/// Bytes of each run that are read at a time.
const AHEAD: usize = 32 << 10;
/// Key and length of a row in the file.
const HEAD: usize = 20;

/// Where a row belongs: rows with the same key stay in the order in which they came.
pub(super) type Key = u128;

/// Rows in the making.
#[derive(Debug)]
pub(super) struct Spool {
    room: usize,
    bytes: Vec<u8>,
    /// Of the rows in `bytes`: key, first byte, length.
    rows: Vec<(Key, u32, u32)>,
    file: Option<File>,
    /// Where each run of the file ends; it begins where the one before ends.
    ends: Vec<u64>,
}

impl Default for Spool {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Spool {
    fn with_room(room: usize) -> Self {
        Self {
            room,
            bytes: Vec::new(),
            rows: Vec::new(),
            file: None,
            ends: Vec::new(),
        }
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        *self = Self::with_room(self.room);
    }

    /// Takes a row.
    ///
    /// # Errors
    ///
    /// What the system says of the temporary file.
    pub(super) fn push(&mut self, key: Key, row: &[u8]) -> Result<(), Error> {
        let kept = self
            .rows
            .len()
            .saturating_add(1)
            .saturating_mul(size_of::<(Key, u32, u32)>())
            .saturating_add(self.bytes.len())
            .saturating_add(row.len());
        if kept > self.room && !self.rows.is_empty() {
            self.spill().map_err(temporary)?;
        }
        let too_long = || temporary(io::ErrorKind::FileTooLarge.into());
        let from = u32::try_from(self.bytes.len()).map_err(|_| too_long())?;
        let len = u32::try_from(row.len()).map_err(|_| too_long())?;
        self.bytes.extend_from_slice(row);
        self.rows.push((key, from, len));
        Ok(())
    }

    /// Gives all rows in their order; may be asked again.
    ///
    /// # Errors
    ///
    /// What the system says of the temporary file, and what `give` says.
    pub(super) fn each(
        &mut self,
        give: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if self.ends.is_empty() {
            self.rows.sort_by_key(|(key, ..)| *key);
            return self
                .rows
                .iter()
                .try_for_each(|row| give(bytes_of(&self.bytes, row)));
        }
        if !self.rows.is_empty() {
            self.spill().map_err(temporary)?;
        }
        (self.bytes, self.rows) = (Vec::new(), Vec::new());
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut runs = Vec::new();
        let mut next = BinaryHeap::new();
        let mut begin = 0;
        for end in &self.ends {
            let mut run = Run::new(begin, *end);
            begin = *end;
            if let Some(key) = run.advance(file).map_err(temporary)? {
                next.push(Reverse((key, runs.len())));
            }
            runs.push(run);
        }
        while let Some(Reverse((_, place))) = next.pop() {
            let Some(run) = runs.get_mut(place) else {
                continue;
            };
            give(run.row())?;
            if let Some(key) = run.advance(file).map_err(temporary)? {
                next.push(Reverse((key, place)));
            }
        }
        Ok(())
    }

    /// Writes what is in memory as one more run.
    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        self.rows.sort_by_key(|(key, ..)| *key);
        let begin = file.seek(SeekFrom::End(0))?;
        let mut written = begin;
        let mut out = BufWriter::with_capacity(AHEAD, file);
        for row in &self.rows {
            let (key, _, len) = row;
            out.write_all(&key.to_be_bytes())?;
            out.write_all(&len.to_be_bytes())?;
            out.write_all(bytes_of(&self.bytes, row))?;
            let whole = u64::from(*len).saturating_add(u64::try_from(HEAD).unwrap_or(0));
            written = written.saturating_add(whole);
        }
        out.flush()?;
        drop(out);
        self.ends.push(written);
        self.bytes.clear();
        self.rows.clear();
        Ok(())
    }
}

fn bytes_of<'a>(bytes: &'a [u8], (_, from, len): &(Key, u32, u32)) -> &'a [u8] {
    let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let rest = bytes.get(place(*from)..).unwrap_or(&[]);
    rest.get(..place(*len)).unwrap_or(rest)
}

/// A run that is being read.
#[derive(Debug)]
struct Run {
    /// Where in the file the next bytes are, and where the run ends.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    /// The row at hand in the buffer.
    row: std::ops::Range<usize>,
}

impl Run {
    const fn new(at: u64, end: u64) -> Self {
        Self {
            at,
            end,
            buffer: Vec::new(),
            row: 0..0,
        }
    }

    fn row(&self) -> &[u8] {
        self.buffer.get(self.row.clone()).unwrap_or(&[])
    }

    /// Goes to the next row; its key, or `None` behind the last.
    fn advance(&mut self, file: &mut File) -> io::Result<Option<Key>> {
        let begin = self.row.end;
        self.row = begin..begin;
        if !self.has(HEAD, file)? {
            self.buffer = Vec::new();
            return Ok(None);
        }
        let head = self.buffer.get(self.row.start..).unwrap_or(&[]);
        let Some((key, rest)) = head.split_first_chunk::<16>() else {
            return Ok(None);
        };
        let len = rest.first_chunk::<4>().copied().unwrap_or_default();
        let key = Key::from_be_bytes(*key);
        let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
        let whole = HEAD.saturating_add(len);
        if !self.has(whole, file)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let start = self.row.start.saturating_add(HEAD);
        self.row = start..start.saturating_add(len);
        Ok(Some(key))
    }

    /// Sees to it that so many bytes are in the buffer from `row.start` on; `false` behind the end of the run.
    fn has(&mut self, wanted: usize, file: &mut File) -> io::Result<bool> {
        let there = |run: &Self| run.buffer.len().saturating_sub(run.row.start);
        if there(self) >= wanted {
            return Ok(true);
        }
        self.buffer.drain(..self.row.start.min(self.buffer.len()));
        self.row = 0..0;
        let missing = wanted.max(AHEAD).saturating_sub(self.buffer.len());
        let left = self.end.saturating_sub(self.at);
        let take = left.min(u64::try_from(missing).unwrap_or(u64::MAX));
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.take(take).read_to_end(&mut self.buffer)?;
        self.at = self.at.saturating_add(u64::try_from(read).unwrap_or(0));
        Ok(there(self) >= wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spool: &mut Spool) -> Vec<String> {
        let mut rows = Vec::new();
        spool
            .each(&mut |row| {
                rows.push(String::from_utf8(row.to_vec()).unwrap());
                Ok(())
            })
            .unwrap();
        rows
    }

    /// Rows of all lengths in no order, many with the same key, against a stable sort of them all.
    #[test]
    fn rows_come_in_order_wherever_they_waited() {
        let mut number = 7_u64;
        let rows: Vec<(Key, String)> = (0..5_000)
            .map(|n| {
                number = number
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let len = match n % 100 {
                    0 => 70_000,
                    _ => usize::try_from(number >> 58).unwrap(),
                };
                (Key::from(number >> 54), format!("{n}{}", "x".repeat(len)))
            })
            .collect();
        let mut sorted = rows.clone();
        sorted.sort_by_key(|(key, _)| *key);
        let sorted: Vec<String> = sorted.into_iter().map(|(_, row)| row).collect();
        for (room, runs) in [(usize::MAX, 0), (1 << 20, 4), (200_000, 20), (0, 5_000)] {
            let mut spool = Spool::with_room(room);
            for (key, row) in &rows {
                spool.push(*key, row.as_bytes()).unwrap();
            }
            assert!(spool.bytes.len() <= room.max(80_000), "{room}");
            assert_eq!(all(&mut spool), sorted, "{room}");
            assert_eq!(all(&mut spool), sorted, "{room}, again");
            assert!(spool.ends.len() >= runs, "{room}: {}", spool.ends.len());
            spool.clear();
            assert_eq!(all(&mut spool), [""; 0]);
        }
    }
}
