//! Compressed captures, recognised by content and never by name: gzip (RFC 1952), Zstandard (RFC 8878), LZ4 frames
//! (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>).

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use std::io::{self, BufReader, Read};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Lz4,
}

impl Compression {
    /// By the first four bytes of a file.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }

    /// A reader of the content. Files of several members (`cat a.gz b.gz`) are read to the last.
    ///
    /// Zstandard keeps a window of up to 128 MiB (its own default bound), the others less than 5 MiB.
    pub(super) fn reader<'r>(
        self,
        stored: impl Read + Send + 'r,
    ) -> io::Result<Box<dyn Read + Send + 'r>> {
        let stored = BufReader::with_capacity(128 << 10, stored);
        Ok(match self {
            Self::Gzip => Box::new(Steps(MultiGzDecoder::new(stored))),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(stored)?),
            Self::Lz4 => Box::new(Frames(FrameDecoder::new(stored))),
        })
    }
}

/// Most bytes that are inflated in one step.
const STEP: usize = 8 << 10;

/// Inflates in small steps: where data are damaged, the decoder keeps what the failing step had made.
struct Steps<R>(R);

impl<R: Read> Read for Steps<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let step = out.len().min(STEP);
        self.0.read(out.get_mut(..step).unwrap_or_default())
    }
}

/// LZ4 frames one behind the other: the decoder says "end" after each of them.
struct Frames<R: Read>(FrameDecoder<R>);

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out) {
            Ok(0) => self.0.read(out),
            other => other,
        }
    }
}
