//! The readers of pcap, pcapng and snoop, damage included. However the bytes come from the disk, the same is read.

use super::input::{Cuts, Input};
use super::small_limits;
use sipdiag::base::{CaveatKind, Caveats, FileIndex, Limits};
use sipdiag::capture::{Capture, Item};
use std::io::Read;

/// What a capture gave: its items in words, its caveats, its summary.
type Seen = Option<(Vec<String>, Vec<(CaveatKind, String, u64)>, String)>;

/// Gives the bytes in small parts.
struct Dribble<'a> {
    bytes: &'a [u8],
    cuts: Cuts,
}

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.cuts.next(self.bytes.len()).min(out.len());
        let (now, later) = self.bytes.split_at(n.min(self.bytes.len()));
        self.bytes = later;
        out[..now.len()].copy_from_slice(now);
        Ok(now.len())
    }
}

/// The last byte says how the file is cut; the rest is the file.
pub fn run(data: &[u8]) {
    let (choice, file) = Input::with_choice(data);
    let limits = small_limits();
    let whole = read(Box::new(file), &limits);
    let cuts = Cuts::new(choice);
    let slow = read(Box::new(Dribble { bytes: file, cuts }), &limits);
    // A decompressor that finds damage keeps back what it made in the same step: how much that is depends on the parts.
    if !is_packed(file) {
        assert_eq!(whole, slow, "read in small parts");
    }
    if let Some((items, ..)) = whole {
        // The shortest record of any format has 16 bytes.
        assert!(items.len() <= file.len() / 16 + 1 || is_packed(file));
    }
}

/// Compressed data may hold more than its length.
fn is_packed(file: &[u8]) -> bool {
    matches!(
        file,
        [0x1f, 0x8b, ..]
            | [0x28, 0xb5, ..]
            | [0x04, 0x22, ..]
            | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

/// All that is in a capture.
pub fn read<'r>(reader: Box<dyn Read + Send + 'r>, limits: &Limits) -> Seen {
    let mut capture = Capture::open(reader, "fuzzed", FileIndex(0), true, limits).ok()?;
    let mut caveats = Caveats::new(limits.places_per_caveat);
    let mut items = Vec::new();
    while let Some(item) = capture.next(&mut caveats) {
        items.push(match item {
            Item::Frame(frame) => {
                assert!(frame.bytes.len() <= limits.frame_bytes);
                let sum: u64 = frame.bytes.iter().map(|b| u64::from(*b)).sum();
                let (len, missing) = (frame.bytes.len(), frame.missing());
                format!("{:?} {:?} {len} {missing} {sum}", frame.at, frame.link)
            }
            Item::Secrets(text, at) => format!("secrets {} {at:?}", text.len()),
            Item::Comment(text, at) => format!("comment {} {at:?}", text.len()),
            _ => String::from("unknown"),
        });
    }
    assert!(
        capture.next(&mut caveats).is_none(),
        "the end stays the end"
    );
    let said = caveats.iter().map(|c| (c.kind, c.text, c.count)).collect();
    Some((items, said, format!("{:?}", capture.summary())))
}
