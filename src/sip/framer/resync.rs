//! Bytes that belong to no message, up to the next start line.

use super::doubt::loose_start;
use super::look::{leading_line_ends, len64, line_end};
use super::{
    AFTER_GAP, Framer, NOT_SIP, START_LINE_MAX, STREAM_START, Skip, State, Step, WRONG_LENGTH,
};
use crate::sip::Item;
use crate::sip::probe::find_start;

impl Framer {
    pub(super) fn resync(
        &mut self,
        view: &[u8],
        mut skip: Skip,
        searched: usize,
        sink: &mut dyn FnMut(Item),
    ) -> Step {
        if skip.bytes == 0 {
            skip.at = self.marks.first();
            let line_ends = leading_line_ends(view);
            if line_ends > 0 {
                sink(Item::KeepAlive { at: skip.at });
                self.state = State::Resync(skip, 0);
                return Step::Used(line_ends);
            }
        }
        let Some(end) = line_end(view, searched) else {
            // A line this long is no start line; its tail may still hold one.
            let over = if view.len() > START_LINE_MAX {
                view.len() / 2
            } else {
                0
            };
            skip.bytes = skip.bytes.saturating_add(len64(over));
            self.state = State::Resync(skip, view.len().saturating_sub(over));
            return if over > 0 {
                Step::Used(over)
            } else {
                Step::Wait
            };
        };
        // The first bytes behind a gap may be the end of a line.
        let inside_line = skip.bytes == 0 && skip.reason == AFTER_GAP;
        let line = view.get(..end).unwrap_or(view);
        let loose = || loose_start(line).filter(|_| self.uncertain);
        match find_start(line).or_else(loose) {
            Some(start) => {
                skip.bytes = skip.bytes.saturating_add(len64(start));
                self.skipped(skip, sink);
                self.lines.clear();
                self.inside_line = inside_line && start == 0;
                self.state = State::Head;
                Step::Used(start)
            }
            None => {
                let body = self.tail.line(line).filter(|_| skip.reason == AFTER_GAP);
                let line = end.saturating_add(1);
                skip.bytes = skip.bytes.saturating_add(len64(line));
                self.state = match body {
                    // A head ended whose beginning is missing: how long its body is was said.
                    Some(body) => State::Drop(skip, body),
                    None => State::Resync(skip, 0),
                };
                Step::Used(line)
            }
        }
    }

    /// The message begins further on in the line: what is before it is the end of a body.
    pub(super) fn begins_later(&mut self, at: usize, sink: &mut dyn FnMut(Item)) -> Step {
        let mut skip = self.skip(if self.uncertain { AFTER_GAP } else { NOT_SIP });
        skip.bytes = len64(at);
        self.skipped(skip, sink);
        self.lines.clear();
        self.inside_line = false;
        self.state = State::Head;
        Step::Used(at)
    }

    /// What was taken for a start line is none.
    pub(super) fn take_back(&mut self, view: &[u8]) -> Step {
        let line = line_end(view, 0).map_or(view.len(), |end| end.saturating_add(1));
        let mut skip = self.skip(AFTER_GAP);
        skip.bytes = len64(line);
        self.inside_line = false;
        self.tail
            .line(view.get(..line.saturating_sub(1)).unwrap_or(&[]));
        self.state = State::Resync(skip, 0);
        Step::Used(line)
    }

    pub(super) fn drop(
        &mut self,
        view: &[u8],
        mut skip: Skip,
        left: u64,
        sink: &mut dyn FnMut(Item),
    ) -> Step {
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(view.len());
        if skip.bytes == 0 {
            skip.at = self.marks.first();
        }
        skip.bytes = skip.bytes.saturating_add(len64(take));
        let left = left.saturating_sub(len64(take));
        if left == 0 {
            self.skipped(skip, sink);
            self.uncertain = false;
            self.state = State::between(AFTER_GAP);
            return Step::Used(take);
        }
        self.state = State::Drop(skip, left);
        if take > 0 {
            Step::Used(take)
        } else {
            Step::Wait
        }
    }

    pub(super) fn skip(&self, reason: &'static str) -> Skip {
        Skip {
            at: self.marks.first(),
            bytes: 0,
            reason,
        }
    }

    pub(super) fn skipped(&mut self, skip: Skip, sink: &mut dyn FnMut(Item)) {
        if skip.bytes > 0 {
            self.junk = match skip.reason {
                WRONG_LENGTH | NOT_SIP => true,
                STREAM_START => !self.uncertain,
                _ => false,
            };
            sink(Item::Skipped {
                at: skip.at,
                bytes: skip.bytes,
                reason: skip.reason,
            });
        }
    }
}
