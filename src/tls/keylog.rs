//! The NSS key log format (RFC 9850): text → [`Secrets`].
//!
//! Older programs write more than the RFC knows: `RSA` with a part of the encrypted premaster secret (NSS), `RSA Session-ID:… Master-Key:…`
//! (OpenSSL, Java agents), `PMS_CLIENT_RANDOM`. A line that is not understood is counted, never shown: it may be a secret.

use super::layer::{Added, Entry, Stage};
use super::secrets::{Secret, Secrets};
use crate::base::{CaveatKind, Caveats, Limits};
use memchr::{memchr2, memrchr};
use std::borrow::Cow;
use std::fmt::Write;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// Lines that could not be read are named up to this many; all are counted.
const NAMED: usize = 5;
/// Largest secret or session id in bytes: a premaster secret of 8192-bit Diffie-Hellman has 1024.
const LARGEST: usize = 1024;

/// Bytes of a key log that are read at a time.
const PIECE: usize = 128 << 10;
/// The byte order mark of UTF-8.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was found in a key log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeylogReport {
    /// Lines with a secret that was taken.
    pub secrets: usize,
    /// Secrets among them that were not known before.
    pub new: usize,
    /// Those among the new ones that stand in the place of another one of the same name.
    pub replaced: usize,
    /// Lines whose label is known and whose secret protects no TLS records: exporters, ECH, QUIC.
    pub not_needed: usize,
    /// Lines that are no line of a key log.
    pub malformed: usize,
    /// The first of them: line, counted from 1, and what is wrong with it.
    pub first_malformed: Vec<(u64, &'static str)>,
    /// Lines of the right form whose label is not known.
    pub unknown_labels: usize,
    /// Secrets over [`Limits::tls_secrets`], which were not taken.
    pub dropped: usize,
}

impl KeylogReport {
    /// Says in the report of the analysis what could not be used of the key log `source`.
    pub fn note(&self, source: &str, caveats: &mut Caveats) {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let mut say = |text: String, n: usize| {
            caveats.note_many(CaveatKind::SecretsUnusable, None, text, count(n));
        };
        if self.malformed > 0 {
            let mut text = format!("{source}: not a line of a key log:");
            for (n, (line, why)) in self.first_malformed.iter().enumerate() {
                let comma = if n == 0 { "" } else { "," };
                // Writing to a String cannot fail.
                let _ = write!(text, "{comma} line {line} ({why})");
            }
            if self.malformed > self.first_malformed.len() {
                text.push_str(" and further ones");
            }
            say(text, self.malformed);
        }
        if self.unknown_labels > 0 {
            let text = format!("{source}: a line with a label that is not known");
            say(text, self.unknown_labels);
        }
        if self.dropped > 0 {
            let text = format!("{source}: more secrets than are kept");
            say(text, self.dropped);
        }
        if self.secrets == 0 && self.dropped == 0 {
            let text = format!(
                "{source}: no secret of TLS in it; a key log has lines such as `CLIENT_RANDOM <hex> <hex>`"
            );
            say(text, 1);
        }
    }
}

impl Secrets {
    /// Takes in the lines of a key log, in whatever way they end. UTF-16 with a byte order mark, as PowerShell redirects, is read too.
    pub fn add_keylog(&mut self, text: &[u8], limits: &Limits) -> KeylogReport {
        let mut report = KeylogReport::default();
        self.add_lines(&as_bytes(text), limits, &mut 0, &mut report);
        report
    }

    /// As [`Self::add_keylog`], from a reader: where lines end with LF, only a piece of the key log is in memory at a time.
    ///
    /// # Errors
    ///
    /// What the reader says; what it gave before was taken in.
    pub fn read_keylog(
        &mut self,
        mut reader: impl Read,
        limits: &Limits,
    ) -> io::Result<KeylogReport> {
        let mut report = KeylogReport::default();
        let mut number = 0;
        let mut piece = Zeroizing::new(Vec::with_capacity(2 * PIECE));
        let room = u64::try_from(PIECE).unwrap_or(u64::MAX);
        let mut first = true;
        loop {
            let read = reader.by_ref().take(room).read_to_end(&mut piece)?;
            if std::mem::take(&mut first) {
                if matches!(piece.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
                    reader.read_to_end(&mut piece)?;
                    return Ok(self.add_keylog(&piece, limits));
                }
                if piece.starts_with(UTF8_MARK) {
                    piece.drain(..UTF8_MARK.len());
                }
            }
            // A line that goes on waits for its rest; what waited before has no end in it.
            let waited = piece.len().saturating_sub(read);
            let fresh = piece.get(waited..).unwrap_or_default();
            let whole = match memrchr(b'\n', fresh) {
                Some(end) if read > 0 => waited.saturating_add(end).saturating_add(1),
                None if read > 0 => 0,
                _ => piece.len(),
            };
            let lines = piece.get(..whole).unwrap_or_default();
            self.add_lines(lines, limits, &mut number, &mut report);
            piece.drain(..whole);
            if read == 0 {
                return Ok(report);
            }
        }
    }

    /// Takes in lines; `number` is that of the last one before them.
    fn add_lines(
        &mut self,
        text: &[u8],
        limits: &Limits,
        number: &mut u64,
        report: &mut KeylogReport,
    ) {
        for line in lines(text) {
            *number = number.saturating_add(1);
            match read_line(line) {
                Line::Blank => {}
                Line::Secret(entry) => self.take(entry, limits, report),
                Line::NotNeeded => report.not_needed += 1,
                Line::UnknownLabel => report.unknown_labels += 1,
                Line::Malformed(why) => {
                    report.malformed += 1;
                    if report.first_malformed.len() < NAMED {
                        report.first_malformed.push((*number, why));
                    }
                }
            }
        }
    }

    /// Takes in those lines of a comment that are whole lines of a key log; the rest is prose and not judged.
    pub fn add_keylog_lines_of_comment(&mut self, text: &[u8], limits: &Limits) -> KeylogReport {
        let mut report = KeylogReport::default();
        for line in lines(text) {
            if let Line::Secret(entry) = read_line(line) {
                self.take(entry, limits, &mut report);
            }
        }
        report
    }

    fn take(&mut self, entry: Entry, limits: &Limits, report: &mut KeylogReport) {
        match self.add_within(entry, limits.tls_secrets) {
            Added::New => {
                report.secrets += 1;
                report.new += 1;
            }
            Added::Replaced => {
                report.secrets += 1;
                report.new += 1;
                report.replaced += 1;
            }
            Added::Known => report.secrets += 1,
            Added::NoRoom => report.dropped += 1,
        }
    }
}

/// What one line says.
enum Line {
    /// Nothing, or a comment.
    Blank,
    Secret(Entry),
    NotNeeded,
    UnknownLabel,
    Malformed(&'static str),
}

/// Without a byte order mark; UTF-16 as the bytes of its ASCII.
fn as_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    let unit: fn([u8; 2]) -> u16 = match text {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Cow::Borrowed(text.strip_prefix(UTF8_MARK).unwrap_or(text)),
    };
    let (pairs, _) = text.as_chunks::<2>();
    let ascii = |pair: &[u8; 2]| u8::try_from(unit(*pair)).unwrap_or(b'?');
    Cow::Owned(pairs.iter().skip(1).map(ascii).collect())
}

/// Lines that end with LF, CR LF, CR, or the text.
fn lines(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let end = memchr2(b'\n', b'\r', text).unwrap_or(text.len());
        let (line, rest) = text.split_at_checked(end)?;
        text = rest
            .strip_prefix(b"\r\n")
            .or_else(|| rest.get(1..))
            .unwrap_or_default();
        Some(line)
    })
}

fn read_line(line: &[u8]) -> Line {
    let mut words = line
        .split(|b| b.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    let Some(label) = words.next() else {
        return Line::Blank;
    };
    if label.starts_with(b"#") {
        return Line::Blank;
    }
    let fields = (words.next(), words.next(), words.next());
    let (name, secret) = match fields {
        (Some(name), Some(secret), None) => (name, secret),
        (None, ..) | (_, None, _) if is_label(label) => {
            return Line::Malformed("fewer than three fields");
        }
        (_, _, Some(_)) if is_label(label) => return Line::Malformed("more than three fields"),
        _ => return Line::Malformed("no label at its beginning"),
    };
    match read_entry(label, name, secret) {
        Ok(line) => line,
        Err(why) => Line::Malformed(why),
    }
}

/// The labels are upper case; some programs write them lower.
fn is_label(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

fn read_entry(label: &[u8], name: &[u8], secret: &[u8]) -> Result<Line, &'static str> {
    let is = |known: &str| label.eq_ignore_ascii_case(known.as_bytes());
    if is("RSA") {
        return match strip_prefix(name, b"Session-ID:") {
            Some(id) => session(id, secret),
            None => Ok(Line::Secret(Entry::EncryptedPremaster {
                first: array(name).ok_or("the encrypted premaster secret is not 8 bytes in hex")?,
                secret: sized(secret, &[48], "the premaster secret is not 48 bytes in hex")?,
            })),
        };
    }
    if NOT_NEEDED.iter().any(|known| is(known)) {
        return Ok(Line::NotNeeded);
    }
    let master = is("CLIENT_RANDOM");
    let premaster = is("PMS_CLIENT_RANDOM");
    let stage = STAGES
        .iter()
        .find_map(|(known, stage)| is(known).then_some(*stage));
    if !master && !premaster && stage.is_none() {
        return if is_label(label) && is_hex(name) && is_hex(secret) {
            Ok(Line::UnknownLabel)
        } else {
            Err("no label at its beginning")
        };
    }
    let client_random = array(name).ok_or("the client random is not 32 bytes in hex")?;
    Ok(Line::Secret(match stage {
        Some(stage) => Entry::Traffic {
            client_random,
            stage,
            secret: sized(
                secret,
                &[32, 48],
                "the traffic secret is not 32 or 48 bytes in hex",
            )?,
        },
        None if master => Entry::Master {
            client_random,
            secret: sized(secret, &[48], "the master secret is not 48 bytes in hex")?,
        },
        None => Entry::Premaster {
            client_random,
            secret: any(secret).ok_or("the premaster secret is not 1 to 1024 bytes in hex")?,
        },
    }))
}

fn session(id: &[u8], key: &[u8]) -> Result<Line, &'static str> {
    let key = strip_prefix(key, b"Master-Key:").ok_or("no Master-Key behind the Session-ID")?;
    let secret = sized(key, &[48], "the master secret is not 48 bytes in hex")?;
    // Servers without a session cache give their sessions no id, and some programs log that.
    if id.is_empty() {
        return Ok(Line::Secret(Entry::Nameless { secret }));
    }
    let id = bytes(id).ok_or("the session id is not 1 to 1024 bytes in hex")?;
    Ok(Line::Secret(Entry::Session {
        id: id.to_vec(),
        secret,
    }))
}

/// The labels of TLS 1.3 (RFC 9850 §2.1).
const STAGES: [(&str, Stage); 5] = [
    ("CLIENT_EARLY_TRAFFIC_SECRET", Stage::ClientEarly),
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", Stage::ClientHandshake),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", Stage::ServerHandshake),
    ("CLIENT_TRAFFIC_SECRET_0", Stage::ClientApplication),
    ("SERVER_TRAFFIC_SECRET_0", Stage::ServerApplication),
];

/// What protects no records of TLS over TCP: exporters and ECH (RFC 9850 §2), and the names that early QUIC programs used. And what
/// OpenSSL writes at a key update: those secrets follow from the first ones (RFC 8446 §7.2).
const NOT_NEEDED: [&str; 12] = [
    "CLIENT_TRAFFIC_SECRET_N",
    "SERVER_TRAFFIC_SECRET_N",
    "EXPORTER_SECRET",
    "EARLY_EXPORTER_SECRET",
    "ECH_SECRET",
    "ECH_CONFIG",
    "QUIC_CLIENT_EARLY_TRAFFIC_SECRET",
    "QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "QUIC_SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "QUIC_CLIENT_TRAFFIC_SECRET_0",
    "QUIC_SERVER_TRAFFIC_SECRET_0",
    "QUIC_EXPORTER_SECRET",
];

fn strip_prefix<'a>(word: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = word.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn is_hex(word: &[u8]) -> bool {
    word.len().is_multiple_of(2) && word.iter().all(u8::is_ascii_hexdigit)
}

fn digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// 1 to [`LARGEST`] bytes written in hex.
fn bytes(word: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, []) = word.as_chunks::<2>() else {
        return None;
    };
    if pairs.is_empty() || pairs.len() > LARGEST {
        return None;
    }
    // Of the right size from the beginning: a vector that grows leaves copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        out.push((digit(*high)? << 4) | digit(*low)?);
    }
    Some(out)
}

fn array<const N: usize>(word: &[u8]) -> Option<[u8; N]> {
    bytes(word)?.as_slice().try_into().ok()
}

fn any(word: &[u8]) -> Option<Secret> {
    bytes(word).map(Secret::from)
}

fn sized(word: &[u8], sizes: &[usize], why: &'static str) -> Result<Secret, &'static str> {
    match bytes(word) {
        Some(bytes) if sizes.contains(&bytes.len()) => Ok(Secret::from(bytes)),
        _ => Err(why),
    }
}

#[cfg(test)]
#[path = "tests/keylog.rs"]
mod tests;
