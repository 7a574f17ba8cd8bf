//! Header fields that occur once, and those that the way of a message is told by: Call-ID, CSeq, From, To, Via, Content-Length, Max-Forwards.

use super::{BodyLength, Field, Head, Span, StartLine, Verb};
use crate::sip::header::{CSeq, HeaderName, Via};
use crate::sip::lex::{self, offset};
use crate::sip::{DefectKind, Text, plain};

/// Fields that occur once, in the order in which they are checked, and the defect when one is missing.
const ONCE: [(HeaderName, Option<DefectKind>); 7] = [
    (HeaderName::CallId, Some(DefectKind::CallIdMissing)),
    (HeaderName::CSeq, Some(DefectKind::CSeqMissing)),
    (HeaderName::From, Some(DefectKind::FromMissing)),
    (HeaderName::To, Some(DefectKind::ToMissing)),
    (HeaderName::Via, Some(DefectKind::ViaMissing)),
    (HeaderName::ContentLength, None),
    (HeaderName::MaxForwards, None),
];

/// How often each field of [`ONCE`] was there, and the place of the first among the fields.
#[derive(Debug, Default)]
pub(super) struct Once([(u32, u32); 7]);

/// For each name the row of it in [`ONCE`]; of those that are not there, one that does not exist.
static ROWS: [u8; 256] = rows();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(clippy::cast_possible_truncation, reason = "few rows")]
const fn rows() -> [u8; 256] {
    let mut rows = [u8::MAX; 256];
    let mut row = 0;
    while row < ONCE.len() {
        rows[ONCE[row].0 as usize] = row as u8;
        row += 1;
    }
    rows
}

impl Once {
    #[inline]
    fn row(name: HeaderName) -> usize {
        ROWS.get(usize::from(name as u8))
            .map_or(usize::MAX, |row| usize::from(*row))
    }

    #[inline]
    pub(super) fn note(&mut self, name: HeaderName, place: usize) {
        if let Some((count, first)) = self.0.get_mut(Self::row(name)) {
            if *count == 0 {
                *first = offset(place);
            }
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn has(&self, name: HeaderName) -> bool {
        let entry = self.0.get(Self::row(name));
        entry.is_some_and(|(count, _)| *count > 0)
    }
}

impl Head {
    /// Checks them; whether the topmost Via is known to be well.
    pub(super) fn check_fields(&mut self, bytes: &[u8], complete: bool, once: &Once) -> bool {
        use HeaderName as H;
        let mut top_is_plain = false;
        for ((name, missing), (count, place)) in ONCE.iter().zip(once.0) {
            let first = usize::try_from(place).ok();
            let first = first.and_then(|place| self.fields.get(place).copied());
            let Some(first) = first.filter(|_| count > 0) else {
                // What an incomplete head does not have may have been behind.
                if let Some(kind) = missing.filter(|_| complete) {
                    self.note(kind, 0);
                }
                continue;
            };
            let at = usize::try_from(first.name.start).unwrap_or_default();
            match (*name, count) {
                (H::ContentLength, n) => {
                    self.check_length(first, bytes);
                    if n > 1 {
                        self.note(DefectKind::ContentLengthDuplicated, at);
                    }
                }
                (H::Via, _) => {
                    let value = first.value.of(bytes);
                    if let Some(branch) = plain::via(first.value.on(bytes), value.len()) {
                        self.key.branch = Some(branch.and_then(|b| Span::within(bytes, b)));
                        top_is_plain = true;
                        continue;
                    }
                    let top = lex::find_outside(value, b',', true)
                        .and_then(|end| value.get(..end))
                        .unwrap_or(value);
                    match Via::new(top) {
                        None => self.note(DefectKind::BadVia, at),
                        Some(via) => {
                            let branch = via.branch();
                            self.key.branch =
                                Some(branch.and_then(|b| Span::within(bytes, b.bytes())));
                        }
                    }
                }
                (H::CSeq, n) => {
                    self.check_cseq(first, bytes);
                    if n > 1 {
                        self.note(DefectKind::HeaderDuplicated, at);
                    }
                }
                (_, 1) => {}
                _ => self.note(DefectKind::HeaderDuplicated, at),
            }
        }
        top_is_plain
    }

    fn check_cseq(&mut self, field: Field, bytes: &[u8]) {
        let at = usize::try_from(field.name.start).unwrap_or_default();
        let value = field.value.of(bytes);
        let Some((number, method)) = plain::cseq(value).or_else(|| CSeq::parts(value)) else {
            return self.note(DefectKind::BadCSeq, at);
        };
        let verb = Span::within(bytes, method).map(|span| Verb::new(bytes, span));
        self.key.cseq = verb.map(|verb| (number, verb));
        if let StartLine::Request { method: asked, .. } = self.start
            && asked.bytes(bytes) != method
        {
            self.note(DefectKind::CSeqMethodMismatch, at);
        }
    }

    /// RFC 3261 §20.14.
    fn check_length(&mut self, field: Field, bytes: &[u8]) {
        let at = usize::try_from(field.name.start).unwrap_or_default();
        let value = field.value.of(bytes);
        self.length = match Text::new(value).number() {
            Some(n) => BodyLength::Stated(n),
            None if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                BodyLength::Stated(u64::MAX) // more than 64 bits: longer than any limit
            }
            None => {
                let negative = value.first() == Some(&b'-');
                self.note(
                    if negative {
                        DefectKind::ContentLengthNegative
                    } else {
                        DefectKind::ContentLengthInvalid
                    },
                    at,
                );
                BodyLength::Unusable
            }
        };
    }
}
