//! Text that has no grammar of its own: what looks like an address, a host, a mailbox, a URI or a number is replaced as such, and the
//! words by the manner that was asked for.

use super::bytes::{find, part, split};
use super::opaque::embedded_address;
use super::{Kind, Pseudonyms};
use memchr::memmem;

/// What stays of words and numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Words of the protocols and of sipdiag stay.
    pub(super) known: bool,
    /// Numbers stay.
    pub(super) numbers: bool,
    /// All words stay, and short numbers: only what looks like a host, a mailbox, an address or a phone number goes.
    pub(super) words: bool,
    /// What an unknown word is.
    pub(super) kind: Kind,
}

impl Manner {
    /// Values of a grammar: its words and numbers stay.
    pub(super) const VALUES: Self = Self {
        known: true,
        numbers: true,
        words: false,
        kind: Kind::Word,
    };
    /// What people or servers wrote for people: known words stay.
    pub(super) const TEXT: Self = Self {
        known: true,
        numbers: false,
        words: false,
        kind: Kind::Word,
    };
    /// Nothing stays.
    pub(super) const STRICT: Self = Self {
        known: false,
        numbers: false,
        words: false,
        kind: Kind::Word,
    };
    /// What a user wrote about a capture: words stay.
    pub(super) const COMMENT: Self = Self {
        known: true,
        numbers: false,
        words: true,
        kind: Kind::Word,
    };
    /// Nothing stays, and everything is opaque.
    pub(super) const TOKENS: Self = Self {
        known: false,
        numbers: false,
        words: false,
        kind: Kind::Token,
    };
}

/// Part of a run: letters, digits, what is not ASCII, and what stands inside names and numbers.
const fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(
            byte,
            b'-' | b'_' | b'.' | b'+' | b'~' | b'@' | b'*' | b'!' | b'$' | b'\''
        )
}

/// Bytes that an escape has (RFC 3986 §2.1), and what it stands for.
fn escape(bytes: &[u8], at: usize) -> Option<u8> {
    match bytes.get(at..)? {
        [b'%', a, b, ..] => {
            let digit = |c: u8| char::from(c).to_digit(16);
            u8::try_from(digit(*a)? * 16 + digit(*b)?).ok()
        }
        _ => None,
    }
}

/// Where the run ends that begins at `at`; `at` itself if none does.
fn run_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        if in_run(*byte) {
            at = at.saturating_add(1);
        } else if escape(bytes, at).is_some_and(in_run) {
            at = at.saturating_add(3);
        } else {
            break;
        }
    }
    at
}

impl Pseudonyms {
    /// Rewrites text.
    pub(super) fn scan(&mut self, bytes: &mut [u8], how: Manner) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if let Some(end) = self.six_at(bytes, at) {
                at = end;
                continue;
            }
            let end = run_end(bytes, at);
            if end == at {
                let len = if byte == b'%' && escape(bytes, at).is_some() {
                    3
                } else {
                    1
                };
                at = at.saturating_add(len);
                continue;
            }
            let is_scheme = match escape(bytes, end) {
                Some(b':') => false,
                _ => bytes.get(end) == Some(&b':'),
            };
            if is_scheme && bytes.get(at..end).is_some_and(super::uri::is_scheme) {
                let stop = find(bytes, end, |b| {
                    matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'<' | b'>' | b'"' | b',')
                });
                self.uri(part(bytes, at, stop));
                at = stop;
                continue;
            }
            self.run(part(bytes, at, end), how);
            at = end;
        }
    }

    /// An IPv6 address that begins here, bare or in brackets: replaced; gives where it ends.
    fn six_at(&mut self, bytes: &mut [u8], at: usize) -> Option<usize> {
        let first = bytes.get(at)?;
        if !(first.is_ascii_hexdigit() || *first == b':')
            || at
                .checked_sub(1)
                .and_then(|b| bytes.get(b))
                .is_some_and(|b| in_run(*b) || *b == b':')
        {
            return None;
        }
        let of_address = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        let len = bytes
            .get(at..)?
            .iter()
            .take(46)
            .take_while(|b| of_address(b))
            .count();
        let run = bytes.get(at..at.checked_add(len)?)?;
        if memchr::memchr_iter(b':', run).take(2).count() < 2 {
            return None;
        }
        let end = at.checked_add(len)?;
        self.address_text(part(bytes, at, end)).then_some(end)
    }

    /// A run without white space and brackets.
    fn run(&mut self, bytes: &mut [u8], how: Manner) {
        let is_edge = |b: &u8| matches!(b, b'.' | b'!' | b'*' | b'\'' | b'~' | b'$' | b'-');
        let start = bytes.iter().take_while(|b| is_edge(b)).count();
        let end = bytes
            .len()
            .saturating_sub(bytes.iter().rev().take_while(|b| is_edge(b)).count());
        let run = part(bytes, start, end);
        if run.is_empty() {
            return;
        }
        let at = memchr::memchr(b'@', run)
            .map(|at| (at, 1))
            .or_else(|| memmem::find(run, b"%40").map(|at| (at, 3)));
        if let Some((at, len)) = at {
            self.mailbox(run, at, len);
            return;
        }
        let digits = run.iter().filter(|b| b.is_ascii_digit()).count();
        if digits > 0
            && run
                .iter()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-'))
        {
            if !self.address_text(run) {
                self.number(run, digits, how);
            }
            return;
        }
        if how.known && self.is_known(run, how) {
            return;
        }
        if is_host(run) {
            self.domain(run);
        } else if how.words {
            // Known originals are replaced already.
        } else if how.kind == Kind::Token || embedded_address(run).is_some() {
            self.opaque(run);
        } else if how.kind == Kind::Label {
            self.label(run, false);
        } else if how.known && !run.contains(&b'%') {
            // Escapes must not be taken apart.
            self.parts(run, how);
        } else {
            self.replace(how.kind, run, 0);
        }
    }

    /// `user@host`, the sign at `at`.
    pub(super) fn mailbox(&mut self, bytes: &mut [u8], at: usize, len: usize) {
        let before = bytes.to_vec();
        let (user, rest) = split(bytes, at);
        let behind = rest.len();
        let host = part(rest, len, behind);
        self.user(user);
        self.host(host);
        if !user.is_empty() && !host.is_empty() && *bytes != *before {
            self.remember(Kind::Mailbox, &before);
        }
    }

    fn number(&mut self, run: &mut [u8], digits: usize, how: Manner) {
        let most = if how.words { 6 } else { 2 };
        let small = how.known && digits <= most && !run.starts_with(b"+");
        if !how.numbers && !small {
            self.replace(Kind::Number, run, 0);
        }
    }

    /// Whether all of a run is known: a word, an option tag of known words, a code.
    fn is_known(&self, run: &[u8], how: Manner) -> bool {
        if self.words.knows(run)
            || run.len() == 1
            || is_code(run)
            || (how.numbers && is_microsoft(run))
        {
            return true;
        }
        if is_host(run) && !starts_as_name(run) {
            return false;
        }
        run.split(|b| !b.is_ascii_alphanumeric() && b.is_ascii())
            .all(|part| part.is_empty() || self.is_known_part(part, how))
    }

    fn is_known_part(&self, part: &[u8], how: Manner) -> bool {
        let number = part.iter().all(u8::is_ascii_digit) && (how.numbers || part.len() <= 2);
        number || part.len() == 1 || self.words.knows(part)
    }

    /// The unknown parts of a run.
    fn parts(&mut self, run: &mut [u8], how: Manner) {
        let mut at = 0;
        while at < run.len() {
            let end = find(run, at, |b| b.is_ascii() && !b.is_ascii_alphanumeric());
            let part = part(run, at, end);
            if !part.is_empty() && !self.is_known_part(part, how) {
                let kind = if part.iter().all(u8::is_ascii_digit) {
                    Kind::Number
                } else {
                    how.kind
                };
                self.replace(kind, part, 0);
            }
            at = end.saturating_add(1);
        }
    }
}

/// Whether this looks like a host name with a dot.
fn is_host(run: &[u8]) -> bool {
    let Some(dot) = memchr::memrchr(b'.', run) else {
        return false;
    };
    let top = run.get(dot.saturating_add(1)..).unwrap_or_default();
    let of_name =
        |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'.' | b'-' | b'_');
    dot > 0
        && top.len() >= 2
        && top
            .iter()
            .all(|b| b.is_ascii_alphabetic() || !b.is_ascii() || *b == b'-')
        && run.iter().all(of_name)
}

/// Names that are written like hosts and are none: `com.microsoft.autoextend`, `presence.winfo`.
fn starts_as_name(run: &[u8]) -> bool {
    let first = run.split(|b| *b == b'.').next().unwrap_or_default();
    [
        &b"com"[..],
        b"org",
        b"vnd",
        b"presence",
        b"dialog",
        b"conference",
        b"message",
    ]
    .iter()
    .any(|name| first.eq_ignore_ascii_case(name))
}

/// Option tags and values of Microsoft: `ms-forking`.
pub(super) fn is_microsoft(run: &[u8]) -> bool {
    let starts = run
        .get(..3)
        .is_some_and(|head| head.eq_ignore_ascii_case(b"ms-"));
    starts && run.len() < 40 && run.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-')
}

/// Result codes: `0x80090322`, `SEC_E_WRONG_PRINCIPAL`.
fn is_code(run: &[u8]) -> bool {
    match run {
        [b'0', b'x' | b'X', digits @ ..] => {
            digits.len() <= 8 && digits.iter().all(u8::is_ascii_hexdigit)
        }
        _ => {
            let starts = [
                &b"SEC_E_"[..],
                b"SEC_I_",
                b"CERT_E_",
                b"TRUST_E_",
                b"CRYPT_E_",
                b"RTC_E_",
                b"SIP_E_",
                b"SIPPROXY_E_",
                b"WSAE",
            ];
            starts.iter().any(|s| run.starts_with(s))
                && run.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
        }
    }
}
