//! The record layer of one direction: bytes in any cut → whole records (RFC 8446 §5.1, RFC 5246 §6.2.1).
//!
//! Bodies nobody can read are skipped without a copy: only the five header bytes are looked at.

use std::ops::RangeInclusive;

/// Bytes of a record header.
pub(super) const HEADER_LEN: usize = 5;
/// Most bytes of a protected record body: 2^14 and 2048 for its protection (RFC 5246 §6.2.3).
pub(super) const MAX_RECORD_LEN: usize = (1 << 14) + 2048;

/// A record's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Content type: 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data, 24 heartbeat.
    pub(super) content: u8,
    /// Version on the record.
    pub(super) version: u16,
    /// Bytes of the body.
    pub(super) len: u16,
    /// An SSLv2-style ClientHello, which has a header of its own; `content` is 22.
    pub(super) sslv2: bool,
}

impl Head {
    /// The header in these bytes, if they can be one.
    pub(super) fn plausible(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let [content @ 20..=24, 3, minor @ 0..=4, high, low] = *bytes else {
            return None;
        };
        let len = u16::from_be_bytes([high, low]);
        // An empty fragment is allowed for application data only (RFC 8446 §5.1).
        (usize::from(len) <= MAX_RECORD_LEN && (len > 0 || content == 23)).then_some(Self {
            content,
            version: u16::from_be_bytes([3, minor]),
            len,
            sslv2: false,
        })
    }
}

/// What the next bytes were.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A whole record. No body where it was skipped; only the bytes behind the last gap where one took part of it
    /// (`damaged`).
    Record {
        head: Head,
        body: Option<&'a [u8]>,
        damaged: bool,
    },
    /// At a record boundary, and no record: [`Framer::refused`] and the rest of the input are something else.
    NotARecord,
    /// A record boundary was found again after this many bytes; see [`Framer::ahead`].
    Found { skipped: u64 },
    /// All input is used up.
    More,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Gathering header bytes.
    Header,
    /// Inside a body with this many bytes to come.
    Body {
        head: Head,
        missing: usize,
        gather: bool,
        damaged: bool,
    },
    /// Looking for a boundary; bytes passed over so far.
    Lost { skipped: u64 },
}

/// Frames the records of one direction.
#[derive(Debug)]
pub(super) struct Framer {
    state: State,
    header: Vec<u8>,
    body: Vec<u8>,
    /// Whether nothing was read yet: only there an SSLv2-style hello may stand.
    first: bool,
    /// The version of the last record in sync: what resynchronisation looks for.
    version: Option<u16>,
    /// The last bytes passed over since the last gap: of use where a cipher chains records.
    tail: Vec<u8>,
}

/// Bytes of that kept: a block of any cipher and a MAC of any hash (encrypt-then-MAC).
const TAIL: usize = 64;

/// Bytes of an SSLv2-style hello behind its length: one suite and 16 bytes of challenge at least (RFC 5246 §E.2);
/// the upper bound only keeps junk out.
const SSLV2_HELLO_LEN: RangeInclusive<u16> = 28..=4096;

impl Framer {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Header,
            header: Vec::new(),
            body: Vec::new(),
            first: true,
            version: None,
            tail: Vec::new(),
        }
    }

    /// Reads on. `wants` says of a content type whether its body is to be gathered.
    pub(super) fn next<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
        wants: impl Fn(&Head) -> bool,
    ) -> Step<'s> {
        loop {
            if matches!(self.state, State::Header) {
                // What was lent the last time: thousands of connections keep no buffer between their records.
                self.body = Vec::new();
            }
            if input.is_empty() {
                return Step::More;
            }
            match self.state {
                State::Header => {
                    if self.fill_header(input).is_none() {
                        return Step::More;
                    }
                    match self.read_header() {
                        Some(head) => {
                            self.version = Some(head.version);
                            self.first = false;
                            self.start_body(head, wants(&head));
                            // An empty body is whole at once, with no more input to wait for.
                            if head.len == 0 {
                                self.state = State::Header;
                                return Step::Record {
                                    head,
                                    body: Some(&[]),
                                    damaged: false,
                                };
                            }
                        }
                        None => return Step::NotARecord,
                    }
                }
                State::Body {
                    head,
                    missing,
                    gather,
                    damaged,
                } => {
                    let at_hand = missing.min(input.len());
                    let (part, rest) = input.split_at_checked(at_hand).unwrap_or((input, &[]));
                    *input = rest;
                    let missing = missing.saturating_sub(at_hand);
                    if missing > 0 {
                        if gather {
                            self.body.reserve_exact(at_hand.saturating_add(missing));
                            self.body.extend_from_slice(part);
                        }
                        self.state = State::Body {
                            head,
                            missing,
                            gather,
                            damaged,
                        };
                        return Step::More;
                    }
                    self.state = State::Header;
                    let body = if !gather {
                        None
                    } else if self.body.is_empty() {
                        Some(part)
                    } else {
                        self.body.extend_from_slice(part);
                        Some(self.body.as_slice())
                    };
                    return Step::Record {
                        head,
                        body,
                        damaged,
                    };
                }
                State::Lost { skipped } => {
                    let Some(skipped) = self.search(input, skipped) else {
                        return Step::More;
                    };
                    return Step::Found { skipped };
                }
            }
        }
    }

    /// Bytes are missing here. Stays in step when the hole lies inside a body; returns whether it did.
    pub(super) fn gap(&mut self, len: u64) -> bool {
        self.first = false;
        if let State::Body {
            head,
            missing,
            gather,
            ..
        } = self.state
            && let Ok(lost) = usize::try_from(len)
            && let Some(missing) = missing.checked_sub(lost)
        {
            // What is there behind the hole is still of use: the last block of a chained cipher.
            self.body = Vec::new();
            self.state = State::Body {
                head,
                missing,
                gather,
                damaged: true,
            };
            return true;
        }
        let there = match self.leftover() {
            Leftover::None => 0,
            Leftover::Cut { there } => u64::try_from(there).unwrap_or(0),
            Leftover::Lost { skipped } => skipped,
        };
        self.state = State::Lost { skipped: there };
        self.header.clear();
        self.body = Vec::new();
        self.tail.clear();
        false
    }

    /// Bytes of memory that wait for the rest of a record.
    pub(super) const fn waiting(&self) -> usize {
        self.body.capacity()
    }

    /// Drops what there is of an unfinished record, which ends damaged; returns its header, if it was whole so far.
    pub(super) fn let_go(&mut self) -> Option<Head> {
        let State::Body { head, damaged, .. } = &mut self.state else {
            return None;
        };
        if self.body.is_empty() {
            return None;
        }
        self.body = Vec::new();
        // Of a damaged one it is known already.
        (!std::mem::replace(damaged, true)).then_some(*head)
    }

    /// Bytes of the next header that were read already, after [`Step::Found`].
    pub(super) fn ahead(&self) -> usize {
        self.header.len()
    }

    /// The bytes right before the boundary, after [`Step::Found`]; none where a gap ends there.
    pub(super) fn tail(&self) -> &[u8] {
        &self.tail
    }

    fn passed(&mut self, bytes: &[u8]) {
        let last = bytes.len().saturating_sub(TAIL);
        self.tail.extend(bytes.iter().skip(last));
        let old = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..old);
    }

    /// The bytes that were no header, after [`Step::NotARecord`].
    pub(super) fn refused(&self) -> &[u8] {
        &self.header
    }

    /// Goes on looking for a boundary, from the second of the bytes that were refused.
    pub(super) fn lose(&mut self) {
        self.first = false;
        self.header.drain(..1.min(self.header.len()));
        self.state = State::Lost { skipped: 1 };
    }

    /// What was begun and not ended: header bytes, or the bytes a body still lacks; or bytes searched in vain.
    pub(super) fn leftover(&self) -> Leftover {
        match self.state {
            State::Header if self.header.is_empty() => Leftover::None,
            State::Header => Leftover::Cut {
                there: self.header.len(),
            },
            State::Body { head, missing, .. } => Leftover::Cut {
                there: usize::from(head.len)
                    .saturating_sub(missing)
                    .saturating_add(HEADER_LEN),
            },
            State::Lost { skipped } => Leftover::Lost {
                skipped: skipped.saturating_add(u64::try_from(self.header.len()).unwrap_or(0)),
            },
        }
    }

    fn start_body(&mut self, head: Head, gather: bool) {
        let mut missing = usize::from(head.len);
        if head.sslv2 {
            // What lies behind the two length bytes was needed to know the header.
            self.body.extend(self.header.iter().skip(2));
            missing = missing.saturating_sub(self.body.len());
        }
        self.header.clear();
        self.state = State::Body {
            head,
            missing,
            gather,
            damaged: false,
        };
    }

    fn fill_header(&mut self, input: &mut &[u8]) -> Option<()> {
        let wanted = HEADER_LEN.saturating_sub(self.header.len());
        let (part, rest) = input.split_at_checked(wanted.min(input.len()))?;
        self.header.extend_from_slice(part);
        *input = rest;
        (self.header.len() >= HEADER_LEN).then_some(())
    }

    fn read_header(&self) -> Option<Head> {
        let start = self.header.first_chunk::<HEADER_LEN>()?;
        let sslv2 = match *start {
            [high @ 0x80..=0xff, low, 1, major, minor]
                if self.first && matches!((major, minor), (3, 0..=4) | (0, 2)) =>
            {
                Some(Head {
                    content: 22,
                    version: u16::from_be_bytes([major, minor]),
                    len: u16::from_be_bytes([high & 0x7f, low]),
                    sslv2: true,
                })
            }
            _ => None,
        };
        Head::plausible(start).or_else(|| sslv2.filter(|h| SSLV2_HELLO_LEN.contains(&h.len)))
    }

    /// Looks for a header; leaves it in front. `Some`: found, with the bytes passed over.
    fn search(&mut self, input: &mut &[u8], mut skipped: u64) -> Option<u64> {
        // Candidates that begin in the bytes carried over from the chunk before.
        while !self.header.is_empty() {
            let mut window = self.header.clone();
            window.extend(input.iter().take(HEADER_LEN.saturating_sub(window.len())));
            let Some(header) = window.first_chunk::<HEADER_LEN>() else {
                // Too few bytes: all of them are carried on.
                self.header = window;
                *input = &[];
                self.state = State::Lost { skipped };
                return None;
            };
            let used = HEADER_LEN.saturating_sub(self.header.len());
            let behind = input.get(used..).unwrap_or(&[]);
            if self.is_boundary(header, behind) {
                self.state = State::Header;
                return Some(skipped);
            }
            let byte = self.header.remove(0);
            self.passed(&[byte]);
            skipped = skipped.saturating_add(1);
        }
        for (at, header) in input.windows(HEADER_LEN).enumerate() {
            let Ok(header) = header.try_into() else {
                continue;
            };
            let behind = input.get(at.saturating_add(HEADER_LEN)..).unwrap_or(&[]);
            if self.is_boundary(header, behind) {
                self.passed(input.get(..at).unwrap_or(&[]));
                *input = input.get(at..).unwrap_or(&[]);
                self.state = State::Header;
                return Some(skipped.saturating_add(u64::try_from(at).unwrap_or(0)));
            }
        }
        let carried = input.len().saturating_sub(HEADER_LEN - 1);
        self.passed(input.get(..carried).unwrap_or(&[]));
        self.header.extend(input.iter().skip(carried));
        *input = &[];
        self.state = State::Lost {
            skipped: skipped.saturating_add(u64::try_from(carried).unwrap_or(0)),
        };
        None
    }

    /// A header in the version of this stream, and another behind its body where that can be seen: ciphertext holds
    /// five plausible bytes once in a few million.
    fn is_boundary(&self, header: &[u8; HEADER_LEN], behind: &[u8]) -> bool {
        let Some(head) = Head::plausible(header) else {
            return false;
        };
        if self.version.is_some_and(|v| v != head.version) {
            return false;
        }
        match behind.get(usize::from(head.len)..) {
            Some(next) => match next.first_chunk::<HEADER_LEN>() {
                Some(next) => Head::plausible(next).is_some_and(|n| n.version == head.version),
                None => next.first().is_none_or(|b| (20..=24).contains(b)),
            },
            None => true,
        }
    }
}

/// How a direction ended inside the record layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leftover {
    /// At a boundary.
    None,
    /// Inside a record of which these bytes were there.
    Cut { there: usize },
    /// Out of step.
    Lost { skipped: u64 },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(framer: &mut Framer, mut input: &[u8], out: &mut Vec<String>) {
        loop {
            match framer.next(&mut input, |h| h.content != 23) {
                Step::Record {
                    head,
                    body,
                    damaged,
                } => out.push(format!(
                    "{} {} {:?} {damaged}",
                    head.content,
                    head.len,
                    body.map(<[u8]>::len)
                )),
                Step::NotARecord => {
                    out.push(String::from("no record"));
                    framer.lose();
                }
                Step::Found { skipped } => out.push(format!("found after {skipped}")),
                Step::More => return,
            }
        }
    }

    fn records() -> Vec<u8> {
        let mut bytes = vec![
            22, 3, 1, 0, 4, 14, 0, 0, 0, 20, 3, 1, 0, 1, 1, 23, 3, 1, 0, 0, 23, 3, 1, 0, 24,
        ];
        bytes.extend([0x55; 24]);
        bytes.extend([21, 3, 1, 0, 2, 1, 0]);
        bytes
    }

    const WHOLE: [&str; 5] = [
        "22 4 Some(4) false",
        "20 1 Some(1) false",
        "23 0 Some(0) false",
        "23 24 None false",
        "21 2 Some(2) false",
    ];

    #[test]
    fn any_cut_gives_the_same_records() {
        for size in 1..=records().len() {
            let (mut framer, mut out) = (Framer::new(), Vec::new());
            for part in records().chunks(size) {
                run(&mut framer, part, &mut out);
            }
            assert_eq!(out, WHOLE, "chunks of {size}");
            assert_eq!(framer.leftover(), Leftover::None);
        }
    }

    #[test]
    fn a_hole_inside_a_body_keeps_step_and_a_longer_one_looks_for_a_header() {
        let all = records();
        let (mut framer, mut out) = (Framer::new(), Vec::new());
        run(&mut framer, &all[..30], &mut out);
        assert!(framer.gap(10));
        run(&mut framer, &all[40..], &mut out);
        assert_eq!(out[3..], ["23 24 None true", "21 2 Some(2) false"]);

        let (mut framer, mut out) = (Framer::new(), Vec::new());
        run(&mut framer, &all[..12], &mut out);
        assert!(!framer.gap(18));
        for part in all[30..].chunks(3) {
            run(&mut framer, part, &mut out);
        }
        assert_eq!(
            out,
            ["22 4 Some(4) false", "found after 22", "21 2 Some(2) false"]
        );
    }

    #[test]
    fn junk_is_passed_over_up_to_the_next_header() {
        let mut bytes = vec![0xde, 0xad, 0xbe, 0xef, 23, 3, 9];
        bytes.extend(records());
        for size in [1, 2, 3, 5, 8, 80] {
            let (mut framer, mut out) = (Framer::new(), Vec::new());
            for part in bytes.chunks(size) {
                run(&mut framer, part, &mut out);
            }
            assert_eq!(out[..2], ["no record", "found after 7"], "chunks of {size}");
            assert_eq!(out[2..], WHOLE, "chunks of {size}");
        }
    }
}
