//! `--redact`: the key of the pseudonyms, and the last look at what is written.

use super::attach::Attach;
use super::{input, output};
use anyhow::Context;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use sipdiag::redact::{Pseudonyms, Redaction, Search};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bytes of a key file, at least: what a person would type can be guessed.
const LEAST: usize = 16;
/// And at most.
const MOST: u64 = 1 << 16;
/// Bytes of each capture that the key is made from.
const BEGINNING: u64 = 64 << 20;

/// Bytes of an output that are looked through at a time.
const PIECE: u64 = 1 << 20;

/// The pseudonyms of this run, where redaction is wanted.
pub(super) fn pseudonyms(
    attach: &Attach,
    captures: &[PathBuf],
) -> anyhow::Result<Option<Redaction>> {
    if !attach.redact {
        return Ok(None);
    }
    let key = match &attach.redact_key {
        Some(path) => from_file(path)?,
        None => from_captures(captures)?,
    };
    Ok(Some(Redaction::new(&key)))
}

fn from_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = input::read_bytes(path, MOST)
        .with_context(|| format!("{}: cannot be read", path.display()))?
        .with_context(|| format!("{}: larger than 64 KiB, which no key is", path.display()))?;
    if bytes.len() < LEAST {
        anyhow::bail!(
            "{}: a key needs at least {LEAST} bytes; `head -c 32 /dev/urandom > {0}` makes one",
            path.display()
        );
    }
    Ok(bytes.to_vec())
}

/// The same captures give the same report, with pseudonyms too; and who does not have them cannot guess the key. What can be read only
/// once gets a random one.
fn from_captures(captures: &[PathBuf]) -> anyhow::Result<Vec<u8>> {
    if !input::can_be_read_again(captures) {
        let mut key = vec![0; 32];
        SystemRandom::new()
            .fill(&mut key)
            .map_err(|_| anyhow::anyhow!("the system gives no random numbers for --redact"))?;
        return Ok(key);
    }
    let name = hmac::Key::new(hmac::HMAC_SHA256, b"sipdiag: key of pseudonyms");
    let mut context = hmac::Context::with_key(&name);
    for path in captures {
        input::each_part(path, BEGINNING, |part| context.update(part))
            .with_context(|| format!("{}: cannot be read", path.display()))?;
    }
    Ok(context.sign().as_ref().to_vec())
}

/// What the files of a run are called in a redacted report.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    pub(super) redacted: bool,
}

impl Names {
    /// A capture.
    pub(super) fn capture(self, n: usize, path: &Path) -> String {
        let name = path.to_string_lossy();
        if self.redacted && name != "-" {
            Pseudonyms::file_name(n, &name)
        } else {
            name.into_owned()
        }
    }

    /// Another file: its kind and number.
    pub(super) fn other(self, kind: &str, n: usize, path: &Path) -> String {
        if self.redacted {
            format!("{kind}-{}", n.saturating_add(1))
        } else {
            path.to_string_lossy().into_owned()
        }
    }
}

/// Looks for originals in what is to be written.
pub(super) fn check(redaction: Option<&Redaction>, what: &str, bytes: &[u8]) -> anyhow::Result<()> {
    Look::new(redaction).at(what, bytes)
}

/// The search for all that is an original by now: made once for what is written together.
#[derive(Debug)]
pub(super) struct Look(Option<Search>);

impl Look {
    pub(super) fn new(redaction: Option<&Redaction>) -> Self {
        Self(redaction.map(|redaction| redaction.with(|names| names.search())))
    }

    pub(super) fn at(&self, what: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.behind(what, 0, bytes)
    }

    /// As [`Look::at`], for packets that are read piece by piece. They are cut at three bytes of zero, which every block begins with and
    /// no name or address has in it.
    pub(super) fn in_packets(&self, what: &str, packets: &File) -> anyhow::Result<()> {
        let mut packets = packets.take(u64::MAX);
        let (mut before, mut held) = (0_usize, Vec::new());
        loop {
            let more = packets.by_ref().take(PIECE).read_to_end(&mut held);
            let last = more.map_err(output::temporary)? == 0;
            let end = match memchr::memmem::rfind(&held, &[0, 0, 0]) {
                Some(end) if !last => end,
                _ if last => held.len(),
                _ => continue,
            };
            self.behind(what, before, held.get(..end).unwrap_or(&held))?;
            if last {
                return Ok(());
            }
            held.drain(..end);
            before = before.saturating_add(end);
        }
    }

    /// `before`: bytes of the output in front of these.
    pub(super) fn behind(&self, what: &str, before: usize, bytes: &[u8]) -> anyhow::Result<()> {
        match self.0.as_ref().and_then(|search| search.find(bytes)) {
            None => Ok(()),
            Some(mut survivor) => {
                survivor.offset = survivor.offset.saturating_add(before);
                anyhow::bail!(
                    "{what} would still have {survivor}: nothing was written; this is a fault of sipdiag, please report it"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek as _, Write as _};

    #[test]
    fn what_is_left_in_packets_is_found_wherever_they_are_cut() {
        let redaction = Redaction::new(&[7; 32]);
        let mut head =
            *b"OPTIONS sip:annabella@tomt.local SIP/2.0\r\nTo: <sip:annabella@tomt.local>\r\n\r\n";
        redaction.with(|names| names.sip(&mut head));
        let look = Look::new(Some(&redaction));
        let piece = usize::try_from(PIECE).unwrap();
        for offset in [0, 5, piece - 9, piece - 5, piece, piece + 3, 3 * piece - 1] {
            let mut bytes = vec![b'.'; 4 * piece];
            // Now and then a block begins, and one of them has the name.
            for start in (0..bytes.len()).step_by(50_000) {
                bytes[start..start + 4].copy_from_slice(&[6, 0, 0, 0]);
            }
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            file.rewind().unwrap();
            look.in_packets("the extract", &file).unwrap();
            file.seek(std::io::SeekFrom::Start(u64::try_from(offset).unwrap()))
                .unwrap();
            file.write_all(b"annabella").unwrap();
            file.rewind().unwrap();
            let error = look.in_packets("the extract", &file).unwrap_err();
            let told = format!("at byte {offset}:");
            assert!(error.to_string().contains(&told), "{offset}: {error}");
        }
    }
}
