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
const ROOM: usize = 6 << 20;
/// Bytes of each run that are read at a time.
const AHEAD: usize = 32 << 10;
/// Runs in the file: when there are so many, they become one.
const RUNS: usize = 200;

/// Where a row belongs: rows with the same key stay in the order in which they came.
pub(super) type Key = u128;

/// Rows in the making.
#[derive(Debug)]
pub(super) struct Spool {
    room: usize,
    most_runs: usize,
    bytes: Vec<u8>,
    /// Of the rows in `bytes`: key, first byte, length.
    rows: Vec<(Key, u32, u32)>,
    file: Option<File>,
    /// Where each run of the file ends; it begins where the one before ends.
    ends: Vec<u64>,
}

impl Default for Spool {
    fn default() -> Self {
        Self::with_room(ROOM, RUNS)
    }
}

impl Spool {
    fn with_room(room: usize, most_runs: usize) -> Self {
        Self {
            room,
            most_runs,
            bytes: Vec::new(),
            rows: Vec::new(),
            file: None,
            ends: Vec::new(),
        }
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        *self = Self::with_room(self.room, self.most_runs);
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
        merge(file, &self.ends, &mut |_, row| give(row))
    }

    /// Writes what is in memory as one more run.
    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        self.rows.sort_by_key(|(key, ..)| *key);
        file.seek(SeekFrom::End(0))?;
        let mut out = BufWriter::with_capacity(AHEAD, file);
        for row in &self.rows {
            write_row(&mut out, row.0, bytes_of(&self.bytes, row))?;
        }
        out.flush()?;
        self.ends.push(out.stream_position()?);
        drop(out);
        self.bytes.clear();
        self.rows.clear();
        if self.ends.len() >= self.most_runs {
            self.join()?;
        }
        Ok(())
    }

    /// Makes one run of all, in a file of its own.
    fn join(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut out = BufWriter::with_capacity(AHEAD, tempfile::tempfile()?);
        let joined = merge(file, &self.ends, &mut |key, row| {
            Ok(write_row(&mut out, key, row)?)
        });
        joined.map_err(|e| e.downcast::<io::Error>().unwrap_or_else(io::Error::other))?;
        let mut joined = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.ends = vec![joined.stream_position()?];
        self.file = Some(joined);
        Ok(())
    }
}

fn write_row(out: &mut impl Write, key: Key, row: &[u8]) -> io::Result<()> {
    let len = u32::try_from(row.len()).unwrap_or(u32::MAX);
    out.write_all(&key.to_be_bytes())?;
    out.write_all(&len.to_be_bytes())?;
    out.write_all(row)
}

fn bytes_of<'a>(bytes: &'a [u8], (_, from, len): &(Key, u32, u32)) -> &'a [u8] {
    let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let rest = bytes.get(place(*from)..).unwrap_or(&[]);
    rest.get(..place(*len)).unwrap_or(rest)
}

/// Gives the rows of all runs in their order: of the same key those of the earlier run first.
fn merge(
    file: &mut File,
    ends: &[u64],
    give: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    let mut next = BinaryHeap::new();
    let mut begin = 0;
    for end in ends {
        let mut run = Run::new(begin, *end);
        begin = *end;
        if let Some(key) = run.key(file).map_err(temporary)? {
            next.push(Reverse((key, runs.len())));
        }
        runs.push(run);
    }
    // Long rows are in memory one at a time.
    let mut row = Vec::new();
    while let Some(Reverse((key, place))) = next.pop() {
        let Some(run) = runs.get_mut(place) else {
            continue;
        };
        run.row(file, &mut row).map_err(temporary)?;
        give(key, &row)?;
        if let Some(key) = run.key(file).map_err(temporary)? {
            next.push(Reverse((key, place)));
        }
    }
    Ok(())
}

/// A run that is being read.
#[derive(Debug)]
struct Run {
    /// Where in the file the bytes behind the buffer are, and where the run ends.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given.
    used: usize,
}

impl Run {
    const fn new(at: u64, end: u64) -> Self {
        Self {
            at,
            end,
            buffer: Vec::new(),
            used: 0,
        }
    }

    /// The key of the next row; `None` behind the last.
    fn key(&mut self, file: &mut File) -> io::Result<Option<Key>> {
        let mut key = [0; 16];
        match self.fill(file, &mut key)? {
            true => Ok(Some(Key::from_be_bytes(key))),
            false => {
                self.buffer = Vec::new();
                Ok(None)
            }
        }
    }

    /// The row behind its key.
    fn row(&mut self, file: &mut File, row: &mut Vec<u8>) -> io::Result<()> {
        let mut len = [0; 4];
        let whole = self.fill(file, &mut len)?;
        let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
        row.clear();
        row.shrink_to(AHEAD);
        row.resize(len, 0);
        match whole && self.fill(file, row)? {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The next bytes of the run; `false` where it ends before.
    fn fill(&mut self, file: &mut File, mut out: &mut [u8]) -> io::Result<bool> {
        loop {
            let there = self.buffer.get(self.used..).unwrap_or(&[]);
            let take = there.len().min(out.len());
            let (now, rest) = out.split_at_mut_checked(take).unwrap_or_default();
            now.copy_from_slice(there.get(..take).unwrap_or(&[]));
            self.used = self.used.saturating_add(take);
            if rest.is_empty() {
                return Ok(true);
            }
            out = rest;
            let left = self.end.saturating_sub(self.at);
            let take = left.min(u64::try_from(AHEAD).unwrap_or(u64::MAX));
            self.buffer.clear();
            self.buffer.reserve_exact(AHEAD);
            self.used = 0;
            file.seek(SeekFrom::Start(self.at))?;
            let read = file.take(take).read_to_end(&mut self.buffer)?;
            if read == 0 {
                return Ok(false);
            }
            self.at = self.at.saturating_add(u64::try_from(read).unwrap_or(0));
        }
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
        for (room, most) in [(usize::MAX, 9), (1 << 20, 99), (200_000, 7), (0, 300)] {
            let mut spool = Spool::with_room(room, most);
            for (key, row) in &rows {
                spool.push(*key, row.as_bytes()).unwrap();
            }
            assert!(spool.bytes.len() <= room.max(80_000), "{room}");
            assert_eq!(all(&mut spool), sorted, "{room}");
            assert_eq!(all(&mut spool), sorted, "{room}, again");
            assert_eq!(spool.ends.is_empty(), room == usize::MAX);
            assert!(spool.ends.len() < most, "{room}: {}", spool.ends.len());
            spool.clear();
            assert_eq!(all(&mut spool), [""; 0]);
        }
    }

    /// A row of a megabyte in each of many runs: what is read ahead of each is little.
    #[test]
    fn long_rows_are_in_memory_one_at_a_time() {
        let mut file = tempfile::tempfile().unwrap();
        let mut ends = Vec::new();
        for n in 0..20_u128 {
            let row = vec![b'x'; 1 << 20];
            file.write_all(&n.to_be_bytes()).unwrap();
            file.write_all(&(1_u32 << 20).to_be_bytes()).unwrap();
            file.write_all(&row).unwrap();
            ends.push(file.stream_position().unwrap());
        }
        let mut run = Run::new(0, ends[0]);
        let mut row = Vec::new();
        assert_eq!(run.key(&mut file).unwrap(), Some(0));
        run.row(&mut file, &mut row).unwrap();
        assert!(row.len() == 1 << 20 && run.buffer.capacity() <= 2 * AHEAD);
        assert_eq!(run.key(&mut file).unwrap(), None);
        let mut keys = Vec::new();
        merge(&mut file, &ends, &mut |key, row| {
            assert_eq!(row.len(), 1 << 20);
            keys.push(key);
            Ok(())
        })
        .unwrap();
        assert!(keys.into_iter().eq(0..20));
    }
}
