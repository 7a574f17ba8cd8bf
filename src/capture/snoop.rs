//! snoop: RFC 1761, what `snoop` of Solaris writes. All numbers are big-endian.
//!
//! File: "snoop" and three zeros (8), version (4), data link type (4). Record: length on the wire (4), length stored (4), length of the
//! record with this header and padding (4), packets dropped so far (4), seconds (4), microseconds (4), packet.

use super::fill::Buffer;
use super::progress::{Found, LOOK, Progress, Stop, resync};
use crate::base::{Caveats, Limits, LinkType, Timestamp};

/// The first bytes of a file.
const MAGIC: &[u8; 8] = b"snoop\0\0\0";
/// Bytes of the header of the file.
const HEADER_LEN: usize = 16;
/// Bytes of the header of a record.
const RECORD_LEN: usize = 24;
/// The version of RFC 1761 §2; others have records of another form.
const VERSION: u32 = 2;
/// More padding than a writer has a use for.
const MOST_PADDING: u32 = 4_096;

/// Data link types of RFC 1761 §3 and <https://www.iana.org/assignments/snoop-datalink-types>, with the link type that they are.
const LINKS: [(u32, &str, Option<LinkType>); 19] = [
    (0, "IEEE 802.3", Some(LinkType(1))),
    (1, "Token Bus", None),
    (2, "Token Ring", Some(LinkType(6))),
    (3, "Metro Net", None),
    (4, "Ethernet", Some(LinkType(1))),
    (5, "HDLC", None),
    (6, "character synchronous", None),
    (7, "IBM channel to channel", None),
    (8, "FDDI", Some(LinkType(10))),
    (9, "other", None),
    (10, "Frame Relay", None),
    (11, "multiprotocol over Frame Relay", None),
    (12, "character asynchronous", None),
    (13, "X.25", None),
    (14, "loopback", Some(LinkType(0))),
    (16, "Fibre Channel", Some(LinkType(122))),
    (17, "ATM", None),
    (18, "ATM Classical IP", None),
    (26, "InfiniBand", None),
];

pub(super) struct Snoop {
    link: LinkType,
    /// A record that claims more bytes is damaged.
    longest: u32,
}

/// The header of a record.
#[derive(Clone, Copy)]
struct Record {
    original: u32,
    stored: u32,
    whole: u32,
    drops: u32,
    seconds: u32,
    micros: u32,
}

impl Snoop {
    /// Reads the header of the file. `Ok(None)`: it is no snoop file. `Err`: it begins like one, but.
    pub(super) fn open(buffer: &mut Buffer<'_>, limits: &Limits) -> Result<Option<Self>, String> {
        let data = buffer.data();
        if !data.starts_with(MAGIC) {
            return Ok(None);
        }
        let (Some(version), Some(kind)) = (word(data, 8), word(data, 12)) else {
            return Err(format!(
                "a snoop file of {} bytes, which is less than its header",
                data.len()
            ));
        };
        if version != VERSION {
            return Err(format!(
                "a snoop file of version {version}; convert it with `editcap -F pcapng`"
            ));
        }
        let known = LINKS.iter().find(|(number, ..)| *number == kind);
        let Some(link) = known.and_then(|(_, _, link)| *link) else {
            let name = known.map_or("not known", |(_, name, _)| name);
            return Err(format!(
                "a snoop file of data link type {kind} ({name}), which is not read"
            ));
        };
        buffer.consume(HEADER_LEN);
        Ok(Some(Self {
            link,
            longest: u32::try_from(limits.frame_bytes).unwrap_or(u32::MAX),
        }))
    }

    pub(super) fn step(
        &self,
        buffer: &mut Buffer<'_>,
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Option<Found> {
        buffer.consume(std::mem::take(&mut progress.lent));
        while progress.stop.is_none() {
            if !buffer.ensure(RECORD_LEN) {
                progress.stop = Some(match buffer.data().is_empty() {
                    true => Stop::End,
                    false => Stop::Cut,
                });
                return None;
            }
            let Some(record) = record(buffer.data()).filter(|r| self.is_possible(r)) else {
                self.recover(buffer, progress, caveats);
                continue;
            };
            let stored = record.stored as usize;
            let end = RECORD_LEN.saturating_add(stored);
            // The last record may lack its padding.
            if !buffer.ensure(record.whole as usize) && !buffer.ensure(end) {
                progress.stop = Some(Stop::Cut);
                return None;
            }
            progress.lent = record.whole as usize;
            progress.drops = progress.drops.max(Some(u64::from(record.drops)));
            let at = progress.frame(record.time(), stored, caveats);
            return Some(Found::Frame {
                at,
                link: self.link,
                bytes: RECORD_LEN..end,
                original_len: record.original,
            });
        }
        None
    }

    fn is_possible(&self, record: &Record) -> bool {
        let least = record.stored.saturating_add(24);
        record.stored <= self.longest
            && record.stored <= record.original
            && record.whole >= least
            && record.whole <= least.saturating_add(MOST_PADDING)
            && record.micros < 1_000_000
    }

    /// A record contradicts itself: looks for two in a row that are possible, and near in time to the last.
    fn recover(&self, buffer: &mut Buffer<'_>, progress: &mut Progress, caveats: &mut Caveats) {
        /// As far from the last frame as a record may be that is looked for, in seconds: a day.
        const NEAR: u64 = 86_400;
        progress.damage(caveats, buffer, "a record is damaged");
        let seconds = progress.time().seconds();
        let first = progress.packets == 0;
        let possible = |data: &[u8]| {
            let record = record(data).filter(|r| self.is_possible(r))?;
            let near = first || i64::from(record.seconds).abs_diff(seconds) <= NEAR;
            let whole = record.whole as usize;
            (near && record.original > 0 && whole <= LOOK).then_some(whole)
        };
        let good = |data: &[u8], last: bool| {
            possible(data).is_some_and(|next| {
                let rest = data.get(next..).unwrap_or_default();
                last && next == data.len() || possible(rest).is_some()
            })
        };
        match resync(buffer, good) {
            Some(skipped) => {
                let text = format!("went on {skipped} bytes further");
                progress.damage(caveats, buffer, &text);
            }
            None => {
                progress.damage(caveats, buffer, "nothing readable follows");
                progress.stop = Some(Stop::Lost);
            }
        }
    }
}

impl Record {
    fn time(&self) -> Timestamp {
        let seconds = i64::from(self.seconds).saturating_mul(1_000_000_000);
        let micros = i64::from(self.micros).saturating_mul(1_000);
        Timestamp::from_nanos(seconds.saturating_add(micros))
    }
}

fn record(data: &[u8]) -> Option<Record> {
    Some(Record {
        original: word(data, 0)?,
        stored: word(data, 4)?,
        whole: word(data, 8)?,
        drops: word(data, 12)?,
        seconds: word(data, 16)?,
        micros: word(data, 20)?,
    })
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CaveatKind, FileIndex};
    use crate::capture::{Capture, Item};

    fn header(version: u32, kind: u32) -> Vec<u8> {
        [&MAGIC[..], &version.to_be_bytes(), &kind.to_be_bytes()].concat()
    }

    fn record(payload: &[u8], original: u32, drops: u32, seconds: u32) -> Vec<u8> {
        let stored = u32::try_from(payload.len()).unwrap();
        let whole = (stored + 24).next_multiple_of(4);
        let words = [original, stored, whole, drops, seconds, 500_000];
        let mut out: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        out.extend(payload);
        out.resize(usize::try_from(whole).unwrap(), 0);
        out
    }

    /// Bytes, length on the wire, time in nanoseconds.
    type Got = (Vec<u8>, u32, i64);

    /// Frames, caveats, and the drops that are told.
    fn read(bytes: &[u8]) -> (Vec<Got>, Caveats, Option<u64>) {
        let limits = Limits::default();
        let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
        let mut capture = Capture::open(reader, "x", FileIndex(0), false, &limits).unwrap();
        let mut caveats = Caveats::new(3);
        let mut frames = Vec::new();
        while let Some(item) = capture.next(&mut caveats) {
            let Item::Frame(frame) = item else { continue };
            assert_eq!(frame.link, LinkType(1));
            let time = frame.at.time.nanos();
            frames.push((frame.bytes.to_vec(), frame.original_len, time));
        }
        (frames, caveats, capture.summary().drops)
    }

    #[test]
    fn records_are_frames_and_padding_is_none() {
        let file = [
            header(2, 4),
            record(b"abcde", 90, 0, 7),
            record(b"fghi", 4, 3, 8),
        ]
        .concat();
        let (frames, caveats, drops) = read(&file);
        assert_eq!(frames[0], (b"abcde".to_vec(), 90, 7_500_000_000));
        assert_eq!(frames[1], (b"fghi".to_vec(), 4, 8_500_000_000));
        assert_eq!((frames.len(), drops), (2, Some(3)));
        assert_eq!(caveats.count(CaveatKind::CaptureDrops), 3);
        assert_eq!(caveats.iter().count(), 1);
    }

    #[test]
    fn a_file_that_ends_early_gives_what_it_has_and_says_so() {
        let file = [
            header(2, 4),
            record(b"abcd", 4, 0, 7),
            record(b"efgh", 4, 0, 8),
        ]
        .concat();
        for len in 16..file.len() {
            let (frames, caveats, _) = read(&file[..len]);
            assert_eq!(frames.len(), (len - 16) / 28, "{len}");
            let told = caveats.count(CaveatKind::FileTruncated);
            assert_eq!(told, u64::from((len - 16) % 28 != 0), "{len}");
        }
    }

    #[test]
    fn a_damaged_record_is_skipped() {
        let mut file = header(2, 4);
        for second in 0..6 {
            file.extend(record(b"abcdefgh", 8, 0, 1_000 + second));
        }
        // The stored length of the second record.
        file[16 + 32 + 4..16 + 32 + 8].copy_from_slice(&[0xff; 4]);
        let (frames, caveats, _) = read(&file);
        assert_eq!(frames.len(), 5);
        assert_eq!(caveats.count(CaveatKind::CorruptBlock), 2);
        let noise = [header(2, 4), vec![0xff; 5_000]].concat();
        let (frames, caveats, _) = read(&noise);
        assert_eq!(frames.len(), 0);
        assert!(caveats.count(CaveatKind::CorruptBlock) > 0);
    }

    #[test]
    fn what_is_not_read_is_named() {
        let error = |bytes: Vec<u8>| {
            let limits = Limits::default();
            let reader = Box::new(std::io::Cursor::new(bytes));
            let opened = Capture::open(reader, "x", FileIndex(0), false, &limits);
            opened.err().unwrap().to_string()
        };
        assert!(error(header(2, 5)).contains("data link type 5 (HDLC)"));
        assert!(error(header(2, 99)).contains("data link type 99 (not known)"));
        assert!(error(header(3, 4)).contains("version 3"));
        assert!(error(header(2, 4)[..12].to_vec()).contains("12 bytes"));
    }

    #[test]
    fn mutated_files_never_panic() {
        let mut file = header(2, 4);
        for second in 0..20 {
            file.extend(record(&[7; 60], 60, 0, 1_000 + second));
        }
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..300 {
            let mut bytes = file.clone();
            for _ in 0..=random(5) {
                let at = 16 + random(bytes.len() - 16);
                bytes[at] = [0, 1, 0x7f, 0xff][random(4)];
            }
            bytes.truncate(16 + random(bytes.len() - 16));
            let (frames, ..) = read(&bytes);
            assert!(frames.len() <= 60);
        }
    }
}
