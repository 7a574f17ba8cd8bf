//! Text that a user or a tool wrote about a capture: comments, names of files, a lab profile; and the map of what stands for what.

use super::scan::Manner;
use super::{Kind, Pseudonyms};
use std::fmt::Write as _;

impl Pseudonyms {
    /// Free text: every original that is known by now, and everything that looks like a host name, an address, a mailbox, a URI or a
    /// phone number. Words of people that were not seen in the capture stay: give it what came in only when it is needed.
    ///
    /// It must not be given what was redacted before.
    pub fn text(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.known_originals(&mut bytes);
        self.scan(&mut bytes, Manner::COMMENT);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A host name or an address: what it is replaced by in messages.
    pub fn host_name(&mut self, name: &str) -> String {
        let mut bytes = name.as_bytes().to_vec();
        self.host(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A distinguished name as text (RFC 4514, `CN=lync01.tomt.it,O=Lab`): each value as it is replaced in certificates.
    pub fn distinguished_name(&mut self, name: &str) -> String {
        let mut out = String::with_capacity(name.len());
        for (n, part) in name.split(',').enumerate() {
            if n > 0 {
                out.push(',');
            }
            let (kind, value) = part.split_once('=').unwrap_or(("", part));
            let mut value = value.as_bytes().to_vec();
            self.named_attribute(kind.trim(), &mut value);
            if !kind.is_empty() {
                out.push_str(kind);
                out.push('=');
            }
            out.push_str(&String::from_utf8_lossy(&value));
        }
        out
    }

    /// What a capture is called in a redacted report: its number, and the extensions that say what it is.
    pub fn file_name(index: usize, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        let (stem, packed) = [".gz", ".zst", ".lz4"]
            .into_iter()
            .find_map(|end| Some((lower.strip_suffix(end)?, end)))
            .unwrap_or((&lower, ""));
        let kind = [".pcapng", ".pcap", ".cap", ".snoop", ".ntar"]
            .into_iter()
            .find(|end| stem.ends_with(end))
            .unwrap_or("");
        format!("capture-{}{kind}{packed}", index.saturating_add(1))
    }

    /// Words that are originals become what they are elsewhere.
    fn known_originals(&mut self, bytes: &mut [u8]) {
        let of_word =
            |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'-' | b'_' | b'.');
        for word in bytes.split_mut(|b| !of_word(b)).filter(|w| w.len() >= 3) {
            if self.words.knows(word) {
                continue;
            }
            let lower = word.to_ascii_lowercase();
            let known = Kind::PLAIN
                .into_iter()
                .find(|kind| self.table.is_original(*kind, &lower));
            if let Some(kind) = known {
                self.replace(kind, word, 0);
            }
        }
    }

    /// Kind, original and pseudonym of everything that was replaced, as CSV (RFC 4180). This is the key to the redacted output: it is
    /// written only when a user asks for it.
    pub fn map_csv(&self) -> String {
        let mut out = "kind,original,pseudonym\r\n".to_owned();
        for (from, to) in self.addresses.entries() {
            let _ = write!(out, "{},{from},{to}\r\n", Kind::Address.name());
        }
        for (kind, from, to) in self.table.entries() {
            let _ = write!(out, "{},{},{}\r\n", kind.name(), cell(from), cell(to));
        }
        out
    }
}

fn cell(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    // A spreadsheet takes a value that begins like this for a formula.
    let formula = text.starts_with(['=', '+', '-', '@']);
    if formula || text.contains([',', '"', '\r', '\n']) {
        let quote = if formula { "'" } else { "" };
        return format!("\"{quote}{}\"", text.replace('"', "\"\""));
    }
    text.into_owned()
}
