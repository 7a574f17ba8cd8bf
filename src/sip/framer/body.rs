//! Where a body ends: where its Content-Length says, or where the next start line is.

use super::look::{embedded_start, holds_messages, line_end};
use super::{AFTER_GAP, Framer, NOT_SIP, OVER_LIMIT, START_LINE_MAX, State, Step, WRONG_LENGTH};
use crate::sip::head::{BodyLength, Head};
use crate::sip::lex::is_token;
use crate::sip::probe::find_start;
use crate::sip::{DefectKind, Item, Method, Probe};
use memchr::{memchr, memchr_iter, memrchr};

/// Longest unfinished line that is waited for, in bytes: bounds the work when bytes come singly. Start lines of real messages are shorter.
const UNFINISHED_MAX: usize = 512;

/// Where the line begins that a body ends in, at `end`.
fn line_begin(view: &[u8], head: &Head, end: usize) -> usize {
    let body = view.get(head.len..end).unwrap_or(&[]);
    let before = memrchr(b'\n', body).map_or(0, |line_end| line_end.saturating_add(1));
    head.len.saturating_add(before)
}

/// Whether there may be a start line: a cheap look before the costly one.
fn has_version(body: &[u8]) -> bool {
    memchr_iter(b'/', body).any(|slash| {
        let name = body.get(slash.saturating_sub(3)..slash);
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"SIP"))
    })
}

impl Framer {
    pub(super) fn body(
        &mut self,
        view: &[u8],
        mut head: Box<Head>,
        end: usize,
        mut holds: Option<bool>,
        sink: &mut dyn FnMut(Item),
    ) -> Step {
        let Some(behind) = view.get(end..) else {
            self.state = State::Body { head, end, holds };
            return Step::Wait;
        };
        let ends = self.ends(&head, view);
        let verdict = if ends.is_empty() {
            self.what_follows(behind)
        } else {
            self.what_begins(behind)
        };
        // The length is too long, and took the first letters of the next method.
        let verdict = if verdict == Probe::Yes && !self.uncertain {
            let token = behind.iter().take_while(|b| is_token(**b)).count();
            let before = view.get(head.len..end).unwrap_or(&[]);
            match Method::is_rest(before, behind.get(..token).unwrap_or(&[])) {
                true => Probe::No,
                false => Probe::Yes,
            }
        } else {
            verdict
        };
        let (several, looked_at) = (!ends.is_empty(), end);
        let mut end = end;
        if verdict == Probe::No && !self.uncertain {
            if let Some(larger) = ends.into_iter().find(|e| *e > end) {
                self.state = State::Body {
                    head,
                    end: larger,
                    holds: Some(true),
                };
                return Step::Used(0);
            }
            // None of several fits.
            if let BodyLength::Stated(n) = head.length {
                let first = usize::try_from(n).ok();
                let first = first.and_then(|n| head.len.checked_add(n));
                end = first.filter(|first| *first < end).unwrap_or(end);
            }
        }
        // How long the body is was not said, and what follows is one, or the beginning of a start line.
        if (verdict == Probe::No || (verdict == Probe::NeedMore && !several))
            && !behind.is_empty()
            && !self.uncertain
            && !matches!(head.length, BodyLength::Stated(_))
        {
            self.state = State::OpenBody {
                line: head.len,
                searched: head.len,
                head,
            };
            return Step::Used(0);
        }
        // Behind a wrong length a start line stands in the line so far; it is judged when it is whole.
        if verdict == Probe::No && Self::is_unfinished(view, &head, looked_at) {
            self.state = State::Body {
                head,
                end: looked_at,
                holds,
            };
            return Step::Wait;
        }
        let mut doubt = NOT_SIP;
        if self.uncertain {
            match verdict {
                Probe::NeedMore => {
                    self.state = State::Body { head, end, holds };
                    return Step::Wait;
                }
                Probe::Yes => {}
                // It was a part of a body, or its own end is not where it says: the peer may have sent it well.
                Probe::No => {
                    head.note(DefectKind::BytesMissing, end);
                    doubt = AFTER_GAP;
                }
            }
        }
        // A body that holds a start line is legal (message/sipfrag), or its length is wrong: the bytes behind tell.
        if verdict == Probe::NeedMore
            && *holds.get_or_insert_with(|| {
                let body = view.get(head.len..end).unwrap_or(&[]);
                has_version(body) && embedded_start(view, &head, end).is_some()
            })
        {
            self.state = State::Body { head, end, holds };
            return Step::Wait;
        }
        if verdict == Probe::No && matches!(head.length, BodyLength::Stated(_)) {
            let line = behind.get(..START_LINE_MAX).unwrap_or(behind);
            // Of a line that goes on nothing is known yet.
            let until = memchr(b'\n', line).map_or_else(
                || line_begin(view, &head, looked_at),
                |line_end| looked_at.saturating_add(line_end),
            );
            if let Some(start) = embedded_start(view, &head, until) {
                end = start;
            }
            if !self.uncertain {
                head.note(DefectKind::ContentLengthMismatch, end);
                doubt = WRONG_LENGTH;
            }
        }
        self.give(view, *head, end, sink);
        self.state = State::between(doubt);
        Step::Used(end)
    }

    /// Whether the line that a body ends in, at `end`, has not ended yet and has a start line so far: it may go on as none.
    fn is_unfinished(view: &[u8], head: &Head, end: usize) -> bool {
        let begin = line_begin(view, head, end);
        let line = view.get(begin..).unwrap_or(&[]);
        matches!(head.length, BodyLength::Stated(_))
            && line.len() <= UNFINISHED_MAX
            && view
                .get(end..)
                .is_some_and(|behind| memchr(b'\n', behind).is_none())
            && !holds_messages(head, view)
            && find_start(line).is_some()
    }

    pub(super) fn open_body(
        &mut self,
        view: &[u8],
        mut head: Box<Head>,
        line: usize,
        searched: usize,
        sink: &mut dyn FnMut(Item),
    ) -> Step {
        let (mut line, mut searched) = (line, searched);
        let most = head.len.saturating_add(self.caps.body);
        // What stands behind the limit does not count, also when it is there already: the same must come out however the stream is cut.
        let window = view.get(..most).unwrap_or(view);
        while let Some(end) = line_end(window, searched) {
            if let Some(start) = window.get(line..end).and_then(find_start) {
                let end = line.saturating_add(start);
                if matches!(head.length, BodyLength::Stated(_)) {
                    head.note(DefectKind::ContentLengthMismatch, end);
                }
                self.give(view, *head, end, sink);
                self.state = State::between(NOT_SIP);
                return Step::Used(end);
            }
            line = end.saturating_add(1);
            searched = line;
        }
        if view.len() > most {
            head.note(DefectKind::BodyTooLong, head.len);
            self.give(view, *head, most, sink);
            self.state = State::Resync(self.skip(OVER_LIMIT), 0);
            return Step::Used(most);
        }
        self.state = State::OpenBody {
            head,
            line,
            searched: view.len(),
        };
        Step::Wait
    }
}
