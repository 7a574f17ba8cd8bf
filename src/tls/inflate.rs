//! DEFLATE compression of records (RFC 3749): one zlib stream over all records of a direction.

use flate2::{Decompress, FlushDecompress, Status};

/// Most bytes that a record may hold once decompressed: twice the 2^14 of RFC 5246 §6.2.2, so that a sender who counts generously
/// is still read and a bomb is not.
const MAX_PLAIN: usize = 1 << 15;

/// The decompression of one direction. A record that is missing ends it: what follows refers to it.
pub(super) struct Inflate {
    stream: Decompress,
    broken: bool,
}

impl std::fmt::Debug for Inflate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflate")
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self {
            stream: Decompress::new(true),
            broken: false,
        }
    }

    /// Bytes are missing: what follows cannot be decompressed.
    pub(super) const fn lose(&mut self) {
        self.broken = true;
    }

    /// Replaces the content of a record by what it decompresses to; whether it could.
    pub(super) fn run(&mut self, content: &mut Vec<u8>) -> bool {
        if self.broken {
            return false;
        }
        // Hundreds of sessions do not each keep the place of the longest record.
        let mut plain = Vec::with_capacity(MAX_PLAIN);
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let before = (self.stream.total_in(), plain.len());
            let status = self
                .stream
                .decompress_vec(rest, &mut plain, FlushDecompress::Sync);
            let used = self.stream.total_in().saturating_sub(before.0);
            rest = usize::try_from(used)
                .ok()
                .and_then(|used| rest.get(used..))
                .unwrap_or(&[]);
            let moved = used > 0 || plain.len() > before.1;
            if !matches!(status, Ok(Status::Ok | Status::BufError)) || (!moved && !rest.is_empty())
            {
                self.broken = true;
                return false;
            }
        }
        // A full buffer may hide more: only a record over the bound fills it.
        if plain.len() >= MAX_PLAIN {
            self.broken = true;
            return false;
        }
        *content = plain;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    fn record(z: &mut Compress, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 200);
        z.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        out
    }

    #[test]
    fn records_share_one_history() {
        let mut z = Compress::new(Compression::best(), true);
        let first = record(&mut z, b"SUBSCRIBE sip:a@tomt.it SIP/2.0\r\n");
        let second = record(&mut z, b"SUBSCRIBE sip:a@tomt.it SIP/2.0\r\n\r\n");
        assert!(second.len() < 20, "{}", second.len());
        let mut inflate = Inflate::new();
        for (sealed, plain) in [
            (&first, &b"SUBSCRIBE sip:a@tomt.it SIP/2.0\r\n"[..]),
            (&second, b"SUBSCRIBE sip:a@tomt.it SIP/2.0\r\n\r\n"),
        ] {
            let mut content = sealed.clone();
            assert!(inflate.run(&mut content));
            assert_eq!(content, plain);
        }
        let mut alone = Inflate::new();
        alone.lose();
        assert!(!alone.run(&mut second.clone()));
    }

    #[test]
    fn a_bomb_is_not_unfolded() {
        let mut z = Compress::new(Compression::best(), true);
        let mut content = record(&mut z, &vec![b'a'; 4 << 20]);
        assert!(content.len() < 18_000);
        let mut inflate = Inflate::new();
        assert!(!inflate.run(&mut content));
        assert!(!inflate.run(&mut vec![]), "it stays closed");
    }
}
