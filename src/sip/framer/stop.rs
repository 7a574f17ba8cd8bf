//! What to do with bytes that wait when no more follow directly: the stream ends, or the capture has a hole.

use super::super::head::{BodyLength, HeadEnd};
use super::super::{DefectKind, Item, Probe};
use super::doubt::Start;
use super::look::{leading_line_ends, line_end};
use super::{
    AFTER_GAP, CUT_START, Framer, HOLED_BODY, NOT_SIP, State, Stop, WRONG_LENGTH, classify,
    embedded_start, is_multipart, len64,
};

impl Framer {
    /// No byte follows directly: gives what waits, and goes to the state behind.
    pub(super) fn stop(&mut self, stop: Stop, sink: &mut dyn FnMut(Item)) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut view = buffer.get(self.from..).unwrap_or(&[]);
        self.from = 0;
        // Each round gives or skips at least one byte, but for the last.
        loop {
            let used = self.stop_once(view, stop, sink);
            view = view.get(used..).unwrap_or(&[]);
            self.pos = self.pos.saturating_add(len64(used));
            self.marks.consumed(self.pos);
            if view.is_empty() {
                return;
            }
            let used = self.run(view, sink);
            view = view.get(used..).unwrap_or(&[]);
        }
    }

    fn stop_once(&mut self, view: &[u8], stop: Stop, sink: &mut dyn FnMut(Item)) -> usize {
        let mut after = match stop {
            Stop::End => Some(State::between(NOT_SIP)),
            Stop::Gap(_) => None,
        };
        let mut used = view.len();
        match std::mem::replace(&mut self.state, State::Head) {
            State::Between { .. } => {
                let mut skip = self.skip(CUT_START);
                skip.bytes = len64(view.len());
                self.skipped(skip, sink);
            }
            State::Head => {
                let mut head = self.read_head(view, view.len(), HeadEnd::Incomplete);
                if self.start_line(&head, view) == Start::Nowhere {
                    let mut skip = self.skip(AFTER_GAP);
                    skip.bytes = len64(view.len());
                    self.skipped(skip, sink);
                    return self.stopped(after, used);
                }
                self.doubt(&mut head);
                if stop != Stop::End {
                    head.note(DefectKind::BytesMissing, view.len());
                }
                self.give(view, *head, view.len(), sink);
            }
            // It waited for a look at what follows; a start line that never ends is none.
            State::Body { mut head, end, .. } if end <= view.len() => {
                used = end;
                // Of several lengths, the one with which all of it is a message.
                if let Some(last) = self.ends(&head, view).pop().filter(|e| *e == view.len()) {
                    used = last;
                }
                let behind = view.get(used..).unwrap_or(&[]);
                let behind = behind.get(leading_line_ends(behind)..).unwrap_or(&[]);
                // What was cut by a hole may have become a start line.
                let cut = stop != Stop::End && classify(behind, 0) == Probe::NeedMore;
                if behind.is_empty() || cut {
                    after = Some(State::between(AFTER_GAP));
                } else if self.uncertain {
                    after = Some(State::between(AFTER_GAP));
                    head.note(DefectKind::BytesMissing, end);
                } else {
                    after = Some(State::between(WRONG_LENGTH));
                    let through_line = line_end(view, end).unwrap_or(view.len());
                    if let Some(start) = embedded_start(view, &head, through_line) {
                        head.note(DefectKind::ContentLengthMismatch, start);
                        used = start;
                    } else if matches!(head.length, BodyLength::Stated(_))
                        && classify(behind, 0) == Probe::No
                    {
                        head.note(DefectKind::ContentLengthMismatch, used);
                    }
                }
                self.give(view, *head, used, sink);
                if used == view.len() && stop != Stop::End {
                    after = None;
                }
            }
            State::Body { mut head, end, .. } => {
                let left = len64(end.saturating_sub(view.len()));
                match stop {
                    Stop::Gap(len) => {
                        head.note(DefectKind::BytesMissing, view.len());
                        if let Some(left) = left.checked_sub(len) {
                            after = Some(State::Drop(self.skip(HOLED_BODY), left));
                        }
                    }
                    // A cut multipart body may have held a message legally.
                    Stop::End => match embedded_start(view, &head, view.len())
                        .filter(|_| !is_multipart(&head, view))
                    {
                        Some(start) => {
                            head.note(DefectKind::ContentLengthMismatch, start);
                            used = start;
                        }
                        None => head.note(DefectKind::BodyShorter, view.len()),
                    },
                }
                self.give(view, *head, used, sink);
            }
            State::OpenBody { mut head, .. } => {
                if stop != Stop::End {
                    head.note(DefectKind::BytesMissing, view.len());
                } else if matches!(head.length, BodyLength::Stated(_)) {
                    head.note(DefectKind::BodyShorter, view.len());
                }
                self.give(view, *head, view.len(), sink);
            }
            State::Resync(mut skip, _) => {
                skip.bytes = skip.bytes.saturating_add(len64(view.len()));
                self.skipped(skip, sink);
            }
            State::Drop(skip, left) => match stop {
                Stop::Gap(len) if len <= left => {
                    after = Some(State::Drop(skip, left.saturating_sub(len)));
                }
                _ => self.skipped(skip, sink),
            },
        }
        self.stopped(after, used)
    }

    fn stopped(&mut self, after: Option<State>, used: usize) -> usize {
        match after {
            Some(state) => self.state = state,
            None => self.lose_the_boundary(),
        }
        used
    }
}
