//! Behind bytes that the capture lacks it is not certain where messages begin: a start line may be the rest of one, or text in a body.

use super::super::head::{BodyLength, Head, StartLine};
use super::super::header::CSeq;
use super::super::lex::{is_token, trim, trim_end};
use super::super::probe::{has_known_start, is_start_line, version_at_end};
use super::super::{DefectKind, HeaderName, Method, Probe};
use super::look::{leading_line_ends, line_end};
use super::{Framer, classify};
use memchr::memmem;

/// What a message must have (RFC 3261 §8.1.1), and the rest of a body hardly ever has.
const MANDATORY: [HeaderName; 5] = [
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::From,
    HeaderName::To,
    HeaderName::Via,
];

/// Where in its line a start line behind a hole begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Where it was found.
    Here,
    /// So many bytes further on.
    Later(usize),
    /// It is none.
    Nowhere,
}

/// Where a start line with a method that is not known may begin, behind the end of a body in the same line; the CSeq has to confirm it.
pub(super) fn loose_start(line: &[u8]) -> Option<usize> {
    let before = trim_end(line.get(..version_at_end(trim_end(line))?)?);
    let uri = before.iter().rposition(|b| matches!(b, b' ' | b'\t'))?;
    let behind_method = trim_end(before.get(..uri)?);
    let method = behind_method.iter().rev().take_while(|b| is_token(**b));
    let start = behind_method.len().checked_sub(method.count())?;
    is_start_line(line.get(start..)?).then_some(start)
}

impl Framer {
    /// Whether the start line is what it seems, behind a hole. The CSeq repeats the method (RFC 3261 §8.1.1.5): it tells the rest of a
    /// method from a method, as `NOTIFY` of `BENOTIFY`, and a method from the end of a body before it, as in `--b--INVITE`.
    pub(super) fn start_line(&self, head: &Head, view: &[u8]) -> Start {
        let StartLine::Request { method, .. } = head.start else {
            return Start::Here;
        };
        let method = method.bytes(view);
        let cseq = head
            .fields
            .iter()
            .find(|field| field.id == HeaderName::CSeq)
            .and_then(|field| CSeq::new(field.value.of(view)))
            .map(|cseq| cseq.method.as_bytes());
        if !self.uncertain {
            // A body that is longer than was said and ends with a capital letter, as in `OKINFO`.
            let known = |m| !matches!(Method::new(m), Method::Other(_));
            let longer = cseq
                .filter(|whole| known(whole) && !known(method))
                .and_then(|whole| method.strip_suffix(whole));
            return longer.map_or(Start::Here, |text| Start::Later(text.len()));
        }
        match cseq {
            Some(whole) if whole == method => Start::Here,
            Some(whole) => {
                let line = view.get(..line_end(view, 0).unwrap_or(view.len()));
                let line = line.unwrap_or(view);
                let later = memmem::rfind(line, whole)
                    .filter(|at| *at > 0 && line.get(*at..).is_some_and(is_start_line));
                match later {
                    Some(at) => Start::Later(at),
                    None if self.inside_line && whole.ends_with(method) => Start::Nowhere,
                    None if has_known_start(view) => Start::Here,
                    None => Start::Nowhere,
                }
            }
            None if has_known_start(view) => Start::Here,
            None => Start::Nowhere,
        }
    }

    /// Notes what makes it doubtful that a message found behind a hole is one.
    pub(super) fn doubt(&self, head: &mut Head) {
        let has = |id: HeaderName| head.fields.iter().any(|field| field.id == id);
        if self.uncertain && (self.tail.embeds() || !MANDATORY.into_iter().all(has)) {
            head.note(DefectKind::BytesMissing, 0);
        }
    }

    /// What follows a message that was found behind a hole, line ends left aside: more of a body that holds it, or the next one.
    pub(super) fn what_follows(&self, behind: &[u8]) -> Probe {
        let rest = behind.get(leading_line_ends(behind)..).unwrap_or(&[]);
        if self.uncertain && !rest.is_empty() {
            return classify(rest, 0);
        }
        if self.uncertain {
            return Probe::NeedMore;
        }
        match behind {
            [] => Probe::NeedMore,
            [b'\r' | b'\n', ..] => Probe::Yes,
            _ => classify(behind, 0),
        }
    }

    /// What comes first behind line ends, which may be keep-alives or the first bytes of a body.
    pub(super) fn what_begins(&self, behind: &[u8]) -> Probe {
        match behind.get(leading_line_ends(behind)..) {
            None | Some([]) => Probe::NeedMore,
            Some(rest) => classify(rest, 0),
        }
    }

    /// Where a message may end by its several different lengths, the shortest first; none where there is but one, or when it is not
    /// certain that it is a message.
    pub(super) fn ends(&self, head: &Head, view: &[u8]) -> Vec<usize> {
        if self.uncertain || !head.has(DefectKind::ContentLengthDuplicated) {
            return Vec::new();
        }
        let mut ends: Vec<_> = head
            .lengths(view)
            .into_iter()
            .filter(|n| *n <= self.caps.body)
            .map(|n| head.len.saturating_add(n))
            .collect();
        ends.sort_unstable();
        ends.dedup();
        let most = u64::try_from(self.caps.body).unwrap_or(u64::MAX);
        if ends.len() < 2 && matches!(head.length, BodyLength::Stated(n) if n <= most) {
            ends.clear();
        }
        ends
    }
}

/// Lines behind a hole that can be the end of a head: the announced length of the body, where it is among them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail {
    lines: u32,
    over: bool,
    /// The last line was empty.
    ended: bool,
    length: Option<u64>,
    /// What follows is a message inside a body (RFC 3261 §23.4, RFC 3420), by its Content-Type.
    embeds: bool,
}

impl Tail {
    /// Whether what follows is a part of a body.
    pub(super) const fn embeds(self) -> bool {
        self.embeds && self.ended
    }

    /// Takes one line without its LF. When the head ends with it, gives the bytes of the body.
    pub(super) fn line(&mut self, line: &[u8]) -> Option<u64> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            self.ended = true;
            let over = std::mem::replace(&mut self.over, true);
            return self.length.filter(|length| *length > 0 && !over);
        }
        // Only the fields directly before a body say what it is.
        if std::mem::take(&mut self.ended) {
            self.embeds = false;
        }
        let colon = memchr::memchr(b':', line);
        let (name, value) = match colon.and_then(|at| line.split_at_checked(at)) {
            Some((name, value)) => (name, value.get(1..).unwrap_or(&[])),
            None => (&[][..], &[][..]),
        };
        let name = trim(name);
        let is_field = !name.is_empty() && name.iter().all(|b| is_token(*b));
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        // The first line may have lost its beginning.
        if self.lines > 0 && !is_field && !folded {
            self.over = true;
        }
        self.lines = self.lines.saturating_add(1);
        let value = trim(value);
        if name.eq_ignore_ascii_case(b"content-type") || name.eq_ignore_ascii_case(b"c") {
            let kind = value.get(..11).unwrap_or(value);
            self.embeds = kind.eq_ignore_ascii_case(b"message/sip");
        }
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            let digits = trim(value);
            let number = std::str::from_utf8(digits)
                .ok()
                .and_then(|d| d.parse().ok());
            self.length = self.length.or(number);
        }
        None
    }
}
