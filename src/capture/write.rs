//! Writing pcapng (draft-ietf-opsawg-pcapng), little-endian.

use crate::base::{Frame, LinkType};
use std::io::{self, Write};

/// Block types (section 4 of the draft).
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const SECRETS: u32 = 10;
/// The byte order of the section.
const MAGIC: u32 = 0x1a2b_3c4d;
/// Options (sections 3.5, 4.1 and 4.2).
const COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const APPLICATION: u16 = 4;
const RESOLUTION: u16 = 9;
/// An NSS key log (section 4.7).
const KEY_LOG: u32 = 0x544c_534b;
/// Bytes of an option: its length has 16 bits, and a comment that long helps nobody.
const OPTION: usize = 8_192;

/// Writes frames as pcapng. What it writes is what Wireshark 4 reads without a complaint.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    out: W,
    interfaces: u32,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins the file; `comment` is about all of it.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn new(out: W, comment: &str) -> io::Result<Self> {
        let mut writer = Self { out, interfaces: 0 };
        let mut body = Vec::new();
        body.extend(MAGIC.to_le_bytes());
        // Version 1.0, and a section of unknown length.
        body.extend([1, 0, 0, 0]);
        body.extend(u64::MAX.to_le_bytes());
        let program = concat!("sipdiag ", env!("CARGO_PKG_VERSION"));
        option(&mut body, APPLICATION, program.as_bytes());
        if !comment.is_empty() {
            option(&mut body, COMMENT, comment.as_bytes());
        }
        end_of_options(&mut body);
        writer.block(SECTION, &body)?;
        Ok(writer)
    }

    /// Adds an interface: frames of one link type, with times of `digits` places of the second (at most 9). Its number.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn interface(&mut self, link: LinkType, digits: u8, name: &str) -> io::Result<Interface> {
        let mut body = Vec::new();
        body.extend(link.0.to_le_bytes());
        // Reserved; no limit of the length of frames.
        body.extend([0; 6]);
        if !name.is_empty() {
            option(&mut body, IF_NAME, name.as_bytes());
        }
        let digits = digits.min(9);
        option(&mut body, RESOLUTION, &[digits]);
        end_of_options(&mut body);
        self.block(INTERFACE, &body)?;
        let number = self.interfaces;
        self.interfaces = self.interfaces.saturating_add(1);
        Ok(Interface { number, digits })
    }

    /// Adds secrets in the form of a key log: they stand before the packets that they open.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn secrets(&mut self, key_log: &str) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend(KEY_LOG.to_le_bytes());
        body.extend(
            u32::try_from(key_log.len())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        body.extend(key_log.as_bytes());
        pad(&mut body);
        self.block(SECRETS, &body)
    }

    /// Adds a frame of an interface, with a comment where there is one.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn frame(&mut self, on: Interface, frame: &Frame<'_>, comment: &str) -> io::Result<()> {
        let unit = 10_i64.pow(9_u32.saturating_sub(u32::from(on.digits)));
        // Times before 1970 cannot be written: the field is unsigned.
        let time = u64::try_from(frame.at.time.nanos().div_euclid(unit)).unwrap_or(0);
        let stored = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(frame.bytes.len().saturating_add(64));
        body.extend(on.number.to_le_bytes());
        // The upper half stands first, in either byte order.
        let [a, b, c, d, e, f, g, h] = time.to_le_bytes();
        body.extend([e, f, g, h, a, b, c, d]);
        body.extend(stored.to_le_bytes());
        body.extend(frame.original_len.max(stored).to_le_bytes());
        body.extend(frame.bytes);
        pad(&mut body);
        if !comment.is_empty() {
            option(&mut body, COMMENT, comment.as_bytes());
            end_of_options(&mut body);
        }
        self.block(PACKET, &body)
    }

    /// Ends the file and gives the writer back.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len().saturating_add(12)).map_err(io::Error::other)?;
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(body)?;
        self.out.write_all(&length.to_le_bytes())
    }
}

/// An interface of a file that is being written.
#[derive(Debug, Clone, Copy)]
pub struct Interface {
    number: u32,
    digits: u8,
}

/// Every part of a block is a multiple of four bytes long.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Text is cut at a character.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let mut value = value.get(..OPTION).unwrap_or(value);
    if let Err(error) = std::str::from_utf8(value)
        && error.error_len().is_none()
    {
        value = value.get(..error.valid_up_to()).unwrap_or(value);
    }
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend([0; 4]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Caveats, FileIndex, FrameNumber, FrameRef, Limits, Timestamp};
    use crate::capture::{Capture, Item};
    use std::io::Cursor;

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = PcapngWriter::new(Vec::new(), "all of it").unwrap();
        writer.secrets("CLIENT_RANDOM 00 11\n").unwrap();
        let ethernet = writer.interface(LinkType(1), 6, "a.pcap").unwrap();
        let raw = writer.interface(LinkType(101), 9, "").unwrap();
        let frame = |time, bytes| Frame {
            at: FrameRef {
                time: Timestamp::from_nanos(time),
                file: FileIndex(0),
                number: FrameNumber::new(1),
            },
            link: LinkType(1),
            bytes,
            original_len: 1000,
        };
        let (first, second) = (1_393_872_974_123_456_000, 1_393_872_974_123_456_789);
        writer
            .frame(ethernet, &frame(first, b"12345"), "cited")
            .unwrap();
        writer.frame(raw, &frame(second, b"678"), "").unwrap();
        let bytes = writer.finish().unwrap();
        let limits = Limits::default();
        let open = Box::new(Cursor::new(bytes));
        let mut capture = Capture::open(open, "x", FileIndex(0), false, &limits).unwrap();
        let mut caveats = Caveats::new(1);
        let (mut frames, mut comments, mut secrets) = (Vec::new(), Vec::new(), 0);
        while let Some(item) = capture.next(&mut caveats) {
            match item {
                Item::Frame(f) => {
                    frames.push((f.at.time.nanos(), f.link, f.bytes.to_vec(), f.original_len))
                }
                Item::Comment(text, _) => comments.push(text.to_vec()),
                Item::Secrets(text, _) => secrets += text.len(),
            }
        }
        assert_eq!(
            frames,
            [
                (first, LinkType(1), b"12345".to_vec(), 1000),
                (second, LinkType(101), b"678".to_vec(), 1000)
            ]
        );
        assert_eq!(comments, [b"all of it".to_vec(), b"cited".to_vec()]);
        assert_eq!(secrets, 20);
        assert!(capture.summary().complete && caveats.iter().next().is_none());
    }
}
