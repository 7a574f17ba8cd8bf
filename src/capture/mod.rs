//! Capture files: bytes in, frames and secrets out.
//!
//! Classic pcap (draft-ietf-opsawg-pcap, with the nanosecond and the "modified" kinds), pcapng (draft-ietf-opsawg-pcapng) and snoop
//! (RFC 1761), plain or compressed. The blocks of the first two are parsed by `pcap-parser`; buffering, time, numbering and recovery are ours, because a damaged capture is
//! still evidence: it gives every frame that can be found and a caveat for what cannot.

mod clock;
mod compress;
mod fill;
mod merge;
mod pcap;
mod pcapng;
mod progress;
mod snoop;
mod summary;
mod write;

pub use clock::{Clock, ClockOffset, ClockSource};
pub use merge::Merge;
pub use summary::CaptureSummary;
pub use write::{Interface, PcapngWriter};

use crate::base::{CaveatKind, Caveats, FileIndex, Frame, FrameRef, Limits};
use crate::error::Error;
use compress::Compression;
use fill::{Buffer, Raw};
use pcap::Pcap;
use pcapng::Pcapng;
use progress::{Found, Progress, Stop};
use snoop::Snoop;
use std::io::{Cursor, Read};

/// One capture file, read from front to back. Memory: one buffer of half a MiB, at most four times [`Limits::frame_bytes`] when
/// the file has blocks of that size, and the window of the decompressor.
pub struct Capture<'r> {
    name: String,
    raw: Raw<'r>,
    buffer: Buffer<'r>,
    compression: Option<Compression>,
    format: Format,
    progress: Progress,
}

/// Something found in a capture, lent until the next call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A captured frame.
    Frame(Frame<'a>),
    /// NSS key log text of a pcapng Decryption Secrets Block, and the frame before it.
    Secrets(&'a [u8], FrameRef),
    /// What somebody wrote into the capture (`opt_comment`, UTF-8 if the writer kept the rules), and the frame it is about or behind.
    Comment(&'a [u8], FrameRef),
}

enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

impl<'r> Capture<'r> {
    /// Looks at the first bytes of a file and gets ready to read it.
    ///
    /// `name` is what the user called the file; `file` is written into every [`FrameRef`]; `hash` asks for the SHA-256 of the
    /// file as stored, which costs about as much time as reading it.
    ///
    /// # Errors
    ///
    /// [`Error::NotACapture`] when the first bytes are of no format that is read, [`Error::Unreadable`] when the operating system
    /// gave no first bytes. Whatever is wrong further behind is a caveat.
    pub fn open(
        reader: Box<dyn Read + Send + 'r>,
        name: &str,
        file: FileIndex,
        hash: bool,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let raw = Raw::new(reader, hash);
        let mut buffer = Buffer::new(Box::new(raw.share()));
        buffer.ensure(pcap::HEADER_LEN);
        let compression = Compression::of(buffer.data());
        if let Some(kind) = compression {
            let stored = Cursor::new(buffer.data().to_vec()).chain(raw.share());
            match kind.reader(stored) {
                Ok(reader) => buffer = Buffer::new(reader),
                Err(source) => return Err(unreadable(name, source)),
            }
            buffer.ensure(pcap::HEADER_LEN);
        }
        match sniff(&mut buffer, limits) {
            Ok(format) => Ok(Self {
                name: name.to_owned(),
                raw,
                buffer,
                compression,
                format,
                progress: Progress::new(file),
            }),
            Err(what) => Err(match (raw.take_error(), buffer.take_error(), compression) {
                (Some(source), _, _) => unreadable(name, source),
                (None, Some(e), Some(kind)) => {
                    not_a_capture(name, format!("damaged {} data: {e}", kind.name()))
                }
                (None, _, Some(kind)) => {
                    not_a_capture(name, format!("the {} data inside: {what}", kind.name()))
                }
                (None, _, None) => not_a_capture(name, what),
            }),
        }
    }

    /// The next thing in the file; `None` at its end. Damage becomes a caveat, and reading goes on behind it where that is possible.
    pub fn next(&mut self, caveats: &mut Caveats) -> Option<Item<'_>> {
        let found = match &mut self.format {
            Format::Pcap(pcap) => pcap.step(&mut self.buffer, &mut self.progress, caveats),
            Format::Pcapng(ng) => ng.step(&mut self.buffer, &mut self.progress, caveats),
            Format::Snoop(snoop) => snoop.step(&mut self.buffer, &mut self.progress, caveats),
        };
        let Some(found) = found else {
            self.end(caveats);
            return None;
        };
        let data = self.buffer.data();
        let bytes = |range| data.get(range).unwrap_or_default();
        Some(match found {
            Found::Frame {
                at,
                link,
                bytes: range,
                original_len,
            } => Item::Frame(Frame {
                at,
                link,
                bytes: bytes(range),
                original_len,
            }),
            Found::Secrets(range, at) => Item::Secrets(bytes(range), at),
            Found::Comment(range, at) => Item::Comment(bytes(range), at),
        })
    }

    /// What this file is and what was read of it so far; final once [`Self::next`] gave `None`.
    pub fn summary(&self) -> CaptureSummary {
        let kind = match &self.format {
            Format::Pcap(pcap) => pcap.name(),
            Format::Pcapng(_) => "pcapng",
            Format::Snoop(_) => "snoop",
        };
        CaptureSummary {
            name: self.name.clone(),
            sha256: self.raw.sha256(),
            format: match self.compression {
                Some(c) => format!("{kind}, {}", c.name()),
                None => kind.to_owned(),
            },
            packets: self.progress.packets,
            bytes: self.progress.bytes,
            first: self.progress.first,
            last: self.progress.last,
            complete: self.progress.stop == Some(Stop::End) && !self.progress.damaged,
            digits: self.progress.digits,
            drops: self.progress.drops,
            steps_back: self.progress.steps_back,
            clock: self.progress.clock,
        }
    }

    /// What is known of this capture's clock: from here on, the times of its frames are on that of the reference.
    /// [`CaptureSummary::first`] and [`CaptureSummary::last`] stay as they are in the file.
    pub fn set_clock(&mut self, clock: Clock) {
        self.progress.clock = clock;
    }

    /// Says, once, how the file ended.
    fn end(&mut self, caveats: &mut Caveats) {
        if self.progress.told {
            return;
        }
        self.progress.told = true;
        let at = Some(self.progress.last_ref());
        let (frame, byte) = (self.progress.number, self.buffer.offset());
        let stored = self.raw.take_error();
        let content = self.buffer.take_error();
        if let Some(e) = stored {
            self.progress.damaged = true;
            let text = format!("reading stopped behind frame {frame}: {e}");
            caveats.note(CaveatKind::ReadFailed, at, text);
        } else if let Some(e) = content {
            self.progress.damaged = true;
            let text = format!("decompression stopped behind frame {frame}: {e}");
            caveats.note(CaveatKind::DecompressionFailed, at, text);
        } else if self.progress.stop == Some(Stop::Cut) {
            let text = format!("the file ends inside what follows frame {frame} (byte {byte})");
            caveats.note(CaveatKind::FileTruncated, at, text);
        }
        if let Some(drops) = self.progress.drops.filter(|n| *n > 0) {
            let text = "the capturing program says that it lost packets";
            caveats.note_many(CaveatKind::CaptureDrops, None, text, drops);
        }
        self.raw.drain();
    }
}

/// Which format the bytes are, or what they are instead.
fn sniff(buffer: &mut Buffer<'_>, limits: &Limits) -> Result<Format, String> {
    if buffer.data().is_empty() {
        return Err(String::from("empty file"));
    }
    if pcapng::is_section_header(buffer.data()) {
        return Ok(Format::Pcapng(Pcapng::new(limits)));
    }
    if let Some(pcap) = Pcap::open(buffer, limits)? {
        return Ok(Format::Pcap(pcap));
    }
    if let Some(snoop) = Snoop::open(buffer, limits)? {
        return Ok(Format::Snoop(snoop));
    }
    Err(foreign(buffer.data()))
}

/// Names what people mistake for a capture; else its first bytes.
fn foreign(head: &[u8]) -> String {
    let known = match head {
        [b'G', b'M', b'B', b'U', ..] | [b'R', b'T', b'S', b'S', ..] => {
            "a Network Monitor file; convert it with `editcap -F pcapng`"
        }
        [b'P', b'K', 3, 4, ..] => "a ZIP archive; unpack it first",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7z archive; unpack it first",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz data; unpack it first",
        [b'B', b'Z', b'h', ..] => "bzip2 data; unpack it first",
        _ => {
            let hex: Vec<String> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
            return format!("starts with {}", hex.join(" "));
        }
    };
    known.to_owned()
}

fn not_a_capture(name: &str, what: String) -> Error {
    Error::NotACapture {
        file: name.to_owned(),
        what,
    }
}

fn unreadable(name: &str, source: std::io::Error) -> Error {
    Error::Unreadable {
        file: name.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
