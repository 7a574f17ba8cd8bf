//! Start line and header fields as ranges of the message (RFC 3261 §7, §25).

mod characters;
mod guess;
mod once;
pub(super) mod spare;
mod start;

use super::header::HeaderName;
use super::lex::{self, offset};
use super::{Defect, DefectKind, Method, StatusCode, Text};
use guess::Before;
use memchr::memchr;
use once::Once;

/// Content-Length fields that are tried, when there are several: bounds the work.
const LENGTHS_MAX: usize = 4;

/// A stretch of the message, in bytes from its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// An offset as a place in the bytes.
#[inline]
fn place(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// How far into `all` its part begins.
#[inline]
fn distance(all: &[u8], part: &[u8]) -> u32 {
    offset(part.as_ptr().addr().saturating_sub(all.as_ptr().addr()))
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        Self {
            start: offset(start),
            end: offset(end),
        }
    }

    /// Where `part`, a part of `raw`, lies in it; `None` when it is none.
    fn within(raw: &[u8], part: &[u8]) -> Option<Self> {
        let start = part.as_ptr().addr().checked_sub(raw.as_ptr().addr())?;
        let span = Self::new(start, start.checked_add(part.len())?);
        (span.of(raw).len() == part.len()).then_some(span)
    }

    /// Where it begins.
    pub(super) fn begin(self) -> usize {
        place(self.start)
    }

    /// The bytes; none when the message is shorter.
    pub(super) fn of(self, raw: &[u8]) -> &[u8] {
        raw.get(place(self.start)..place(self.end)).unwrap_or(&[])
    }

    /// A part of it, by its places in it.
    pub(super) fn part(self, from: usize, to: usize) -> Self {
        Self {
            start: self.start.saturating_add(offset(from)),
            end: self.start.saturating_add(offset(to)),
        }
    }

    /// The bytes and all that follows.
    pub(super) fn on(self, raw: &[u8]) -> &[u8] {
        raw.get(self.begin()..).unwrap_or(&[])
    }
}

/// A method in the message. A known one is known without looking at the bytes again, which are no longer in the cache when calls are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verb {
    span: Span,
    place: u8,
}

impl Verb {
    fn new(raw: &[u8], span: Span) -> Self {
        let place = Method::place(span.of(raw));
        Self { span, place }
    }

    /// The bytes; none when the message is shorter.
    pub(super) fn bytes(self, raw: &[u8]) -> &[u8] {
        self.span.of(raw)
    }

    pub(super) fn of(self, raw: &[u8]) -> Method<'_> {
        Method::known(self.place).unwrap_or_else(|| Method::Other(self.span.of(raw)))
    }
}

/// The start line, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum StartLine {
    Request {
        method: Verb,
        uri: Span,
    },
    Response {
        status: Option<StatusCode>,
        reason: Span,
    },
}

/// One header field: where it lies and which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Span,
    pub(super) value: Span,
    pub(super) id: HeaderName,
}

/// Which header fields there may be: a bit for some names together. What is not in it is not there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Present(u64);

impl Present {
    const fn bit(name: HeaderName) -> u64 {
        1 << (name as u8 % 64)
    }

    const fn add(&mut self, name: HeaderName) {
        self.0 |= Self::bit(name);
    }

    /// Some of it.
    pub(super) const fn low(self) -> u8 {
        self.0.to_ne_bytes()[0]
    }

    pub(super) const fn may_have(self, name: HeaderName) -> bool {
        self.0 & Self::bit(name) != 0
    }
}

/// What every transaction is matched by, read once: the judging of a call asks for it again and again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Key {
    /// Number and method of the CSeq; `None` when there is none that can be read.
    pub(super) cseq: Option<(u32, Verb)>,
    /// The branch of the topmost Via; `None` when there is none, `Some(None)` when the Via has none.
    pub(super) branch: Option<Option<Span>>,
}

/// Who a From or To of the plainest form names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Party {
    /// With password.
    pub(super) user: Option<Span>,
    pub(super) host: Span,
}

/// How far the colon of a field is looked for byte by byte.
const NAME_NEAR: usize = 32;

/// What the Content-Length says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// Bytes.
    Stated(u64),
    /// There is none.
    Absent,
    /// There is one that is not a length.
    Unusable,
}

/// A head that was read once; valid for the bytes it was read from.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) start: StartLine,
    pub(super) line: Span,
    pub(super) version: Span,
    pub(super) fields: Vec<Field>,
    pub(super) present: Present,
    pub(super) defects: Vec<Defect>,
    /// Lines that end with CR and LF.
    pairs: usize,
    /// Through the empty line, in bytes.
    pub(super) len: usize,
    pub(super) length: BodyLength,
    pub(super) key: Key,
    /// Of the first From and To, where they are of the plainest form.
    pub(super) from: Option<Party>,
    pub(super) to: Option<Party>,
}

/// What ended the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadEnd {
    /// The empty line.
    Empty,
    /// The bytes ended, or the next message began.
    Incomplete,
    /// The limit.
    TooLong,
}

impl Head {
    /// Reads a head. `lines` are the offsets behind each LF of `bytes`; what lies behind the last is one more line.
    pub(super) fn read(bytes: &[u8], lines: &[u32], end: HeadEnd, max_fields: usize) -> Self {
        let mut head = Self {
            start: StartLine::Response {
                status: None,
                reason: Span::default(),
            },
            line: Span::default(),
            version: Span::default(),
            fields: spare::lend(),
            present: Present::default(),
            defects: Vec::new(),
            pairs: 0,
            len: bytes.len(),
            length: BodyLength::Absent,
            key: Key::default(),
            from: None,
            to: None,
        };
        let mut once = Once::default();
        head.read_lines(bytes, lines, max_fields, &mut once);
        head.check_characters(bytes, lines.len());
        match end {
            HeadEnd::Empty => {}
            HeadEnd::Incomplete => head.note(DefectKind::HeadIncomplete, bytes.len()),
            HeadEnd::TooLong => head.note(DefectKind::HeadTooLong, bytes.len()),
        }
        let top_is_plain = head.check_fields(bytes, end == HeadEnd::Empty, &once);
        head.check_grammar(bytes, end == HeadEnd::Empty, top_is_plain);
        head
    }

    /// It waits for its body, as thousands may: takes no more memory than it needs.
    pub(super) fn wait(&mut self) {
        if self.fields.capacity() > self.fields.len() {
            let kept = self.fields.as_slice().into();
            spare::take_back(std::mem::replace(&mut self.fields, kept));
        }
    }

    /// Whether it was noted.
    pub(super) fn has(&self, kind: DefectKind) -> bool {
        self.defects.iter().any(|d| d.kind == kind)
    }

    /// Notes a defect; of each kind the first place.
    pub(super) fn note(&mut self, kind: DefectKind, at: usize) {
        if !self.has(kind) {
            self.defects.push(Defect {
                kind,
                offset: offset(at),
            });
        }
    }

    /// As [`Self::note`].
    fn note_at(&mut self, kind: DefectKind, at: u32) {
        self.note(kind, place(at));
    }

    fn read_lines(&mut self, bytes: &[u8], lines: &[u32], max_fields: usize, once: &mut Once) {
        let mut begin = 0_u32;
        let mut before = Before {
            field: HeaderName::Other,
            request: false,
        };
        // What lies behind the last line end is one more line.
        let last = std::iter::once((offset(bytes.len()), false));
        for (end, is_whole) in lines.iter().map(|end| (*end, true)).chain(last) {
            let line = Span { start: begin, end }.of(bytes);
            let content = match line {
                [] => break,
                [content @ .., b'\r', b'\n'] => {
                    self.pairs = self.pairs.wrapping_add(1);
                    content
                }
                [content @ .., b'\n'] => {
                    self.note_at(DefectKind::BareLf, end);
                    content
                }
                [content @ .., b'\r'] if is_whole => {
                    self.note_at(DefectKind::BareCr, end);
                    content
                }
                partial => partial,
            };
            match content {
                _ if begin == 0 => {
                    self.read_start(content);
                    before.request = matches!(self.start, StartLine::Request { .. });
                }
                [] => {}
                [b' ' | b'\t', ..] => self.fold(content, begin),
                _ => {
                    let on = bytes.get(place(begin)..).unwrap_or(&[]);
                    let field = self.read_field(content, on, begin, max_fields, before, once);
                    before.field = field.unwrap_or(before.field);
                }
            }
            begin = end;
        }
    }

    /// Reads a header field; gives which it was. `on`: the line and all that follows.
    #[inline]
    fn read_field(
        &mut self,
        line: &[u8],
        on: &[u8],
        begin: u32,
        max_fields: usize,
        before: Before,
        once: &mut Once,
    ) -> Option<HeaderName> {
        let (id, name, colon) = match guess::next(before, line, on) {
            Some((id, colon)) => (id, colon, colon),
            None => {
                let Some(read) = self.read_name(line, begin) else {
                    self.note_at(DefectKind::HeaderWithoutColon, begin);
                    return None;
                };
                guess::learn(before, read.0);
                read
            }
        };
        // Framing needs the length, wherever it is.
        let needed = id == HeaderName::ContentLength && !once.has(HeaderName::ContentLength);
        if self.fields.len() >= max_fields && !needed {
            self.note_at(DefectKind::TooManyHeaderFields, begin);
            return None;
        }
        let value = lex::trim(line.get(colon.saturating_add(1)..).unwrap_or(&[]));
        let value_at = begin.saturating_add(distance(line, value));
        once.note(id, self.fields.len());
        self.present.add(id);
        self.fields.push(Field {
            name: Span {
                start: begin,
                end: begin.saturating_add(offset(name)),
            },
            value: Span {
                start: value_at,
                end: value_at.saturating_add(offset(value.len())),
            },
            id,
        });
        Some(id)
    }

    /// Which field a line is, how long its name is, and where its colon is, if there is one.
    #[inline(never)]
    fn read_name(&mut self, line: &[u8], begin: u32) -> Option<(HeaderName, usize, usize)> {
        // Names are short: looking at them byte by byte is quicker than what is quick for long stretches.
        let near = line.get(..NAME_NEAR).unwrap_or(line);
        let near = near.iter().position(|b| *b == b':');
        let colon = near.or_else(|| memchr(b':', line))?;
        let (name, _) = lex::split_around(line, colon);
        let name = lex::trim_end(name);
        let id = HeaderName::new(name);
        let odd_name =
            id == HeaderName::Other && (name.is_empty() || !name.iter().all(|b| lex::is_token(*b)));
        if odd_name {
            self.note_at(DefectKind::BadHeaderName, begin);
        }
        Some((id, name.len(), colon))
    }

    /// A continuation line (RFC 3261 §7.3.1).
    fn fold(&mut self, line: &[u8], begin: u32) {
        let content = lex::trim(line);
        match self.fields.last_mut() {
            Some(_) if content.is_empty() => {}
            Some(field) => {
                let start = begin.saturating_add(distance(line, content));
                if field.value.start == field.value.end {
                    field.value.start = start;
                }
                field.value.end = start.saturating_add(offset(content.len()));
            }
            None => self.note_at(DefectKind::HeaderWithoutColon, begin),
        }
    }

    /// The first lengths that were said, in bytes, the first one first; what is no length is left out.
    pub(super) fn lengths(&self, bytes: &[u8]) -> Vec<usize> {
        let fields = self.fields.iter();
        fields
            .filter(|f| f.id == HeaderName::ContentLength)
            .take(LENGTHS_MAX)
            .filter_map(|f| usize::try_from(Text::new(f.value.of(bytes)).number()?).ok())
            .collect()
    }

    /// The value of the first field of this name.
    pub(super) fn value<'b>(&self, id: HeaderName, bytes: &'b [u8]) -> Option<Text<'b>> {
        let field = self.fields.iter().find(|f| f.id == id)?;
        Some(Text::new(field.value.of(bytes)))
    }
}
