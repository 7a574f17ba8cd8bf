//! A stream to messages: by Content-Length, and by the next start line where that fails (RFC 3261 §18.3).

mod body;
mod doubt;
mod look;
mod resync;
mod stop;

use super::frames::Marks;
use super::head::{BodyLength, Head, HeadEnd};
use super::lines::{HeadScan, Lines};
use super::probe::{START_LINE_MAX, classify};
use super::{Caps, DefectKind, HeaderName, Item, Message, Probe};
use crate::base::{Chunk, FrameRef, Limits};
use doubt::{Start, Tail};
pub(super) use look::{embedded_start, is_multipart};
use look::{leading_line_ends, len64};

const AFTER_GAP: &str = "behind bytes that the capture lacks, before the next start line";
const WRONG_LENGTH: &str = "behind the announced end of a message, before the next start line";
const NOT_SIP: &str = "no SIP start line";
const STREAM_START: &str = "before the first start line of a stream";
const OVER_LIMIT: &str = "the rest of a message over the limit";
const HOLED_BODY: &str = "the rest of a body that the capture lacks bytes of";
const CUT_START: &str = "a start line that never ended";

/// Frames one direction of a stream.
///
/// A message is given as soon as its last byte is there; when it lies in one chunk, its bytes are copied once. Work is
/// linear in the bytes and in the number of chunks; memory is bounded by [`Limits`].
///
/// The same messages come out however the stream is cut into chunks. One defect depends on it:
/// `content-length-mismatch` needs a look at the byte behind the message, and is left out when that was not there
/// yet. What then follows is skipped, and the next message has `junk-before` in any case. And one body: where neither a
/// Content-Length that can be read nor a Content-Type announces any, what follows the head is the body when it came with its last byte,
/// and skipped when it came later. Waiting for it would give a request behind its response. For the same reason a Content-Length that
/// ends inside the next start line, or before it in the same line, is believed when a chunk ends before that line can be told to be one.
#[derive(Debug)]
pub struct Framer {
    caps: Caps,
    state: State,
    /// Bytes that wait for more, from `from` on; empty while chunks end where messages end.
    buffer: Vec<u8>,
    from: usize,
    marks: Marks,
    /// Stream position of the first byte that is not consumed.
    pos: u64,
    /// Stream position behind the last byte that came.
    end: u64,
    lines: Lines,
    /// The peer sent bytes that belong to no message directly before.
    junk: bool,
    /// Bytes are missing since the last boundary of messages that is certain.
    uncertain: bool,
    /// The start line at hand began with the first byte behind a hole: it may be the rest of one.
    inside_line: bool,
    /// The lines since the hole.
    tail: Tail,
}

#[derive(Debug)]
enum State {
    /// At a message boundary. `searched`: bytes without line end; `doubt`: why there may be no start line here.
    Between {
        searched: usize,
        doubt: &'static str,
    },
    /// In a head; what was looked at is in `lines`.
    Head,
    /// The head is read and the length of all is known.
    /// `holds`: whether the body holds a start line; looked at once, when the byte behind it is not there yet.
    Body {
        head: Box<Head>,
        end: usize,
        holds: Option<bool>,
    },
    /// The head is read and the body goes to the next start line: `line` begins a line, no line end before `searched`.
    OpenBody {
        head: Box<Head>,
        line: usize,
        searched: usize,
    },
    /// Between messages without a boundary.
    Resync(Skip, usize),
    /// Known bytes that belong to no message.
    Drop(Skip, u64),
}

/// Bytes that are being skipped.
#[derive(Debug, Clone, Copy)]
struct Skip {
    at: FrameRef,
    bytes: u64,
    reason: &'static str,
}

/// What a step did.
enum Step {
    Used(usize),
    Wait,
}

/// Why no more bytes follow directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The stream ended.
    End,
    /// The capture lacks this many bytes.
    Gap(u64),
}

impl State {
    const fn between(doubt: &'static str) -> Self {
        Self::Between { searched: 0, doubt }
    }
}

impl Framer {
    /// For one direction of a stream, from its first byte or from the middle.
    pub fn new(limits: &Limits) -> Self {
        Self {
            caps: Caps::new(limits),
            state: State::between(STREAM_START),
            buffer: Vec::new(),
            from: 0,
            marks: Marks::default(),
            pos: 0,
            end: 0,
            lines: Lines::default(),
            junk: false,
            uncertain: false,
            inside_line: false,
            tail: Tail::default(),
        }
    }

    /// For one direction of a stream from somewhere in its middle: what comes first may be the rest of a message.
    pub fn in_the_middle(limits: &Limits) -> Self {
        let mut framer = Self::new(limits);
        framer.lose_the_boundary();
        framer
    }

    /// Bytes are missing, and where the next message begins is not known.
    fn lose_the_boundary(&mut self) {
        self.state = State::Resync(self.skip(AFTER_GAP), 0);
        self.uncertain = true;
        self.tail = Tail::default();
    }

    /// Takes the next bytes, or the hole where bytes are missing.
    pub fn push(&mut self, chunk: Chunk<'_>, sink: &mut dyn FnMut(Item)) {
        match chunk {
            Chunk::Data { at, bytes, .. } => self.data(bytes, at, sink),
            Chunk::Gap { at, len, .. } => {
                self.stop(Stop::Gap(len), sink);
                self.end = self.end.saturating_add(len);
                self.pos = self.end;
                self.marks.note(self.pos, at);
                self.marks.consumed(self.pos);
            }
        }
    }

    /// No more bytes: what waits is given with its defects.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Item)) {
        self.stop(Stop::End, sink);
        self.state = State::between(NOT_SIP);
        self.junk = false;
        self.uncertain = false;
    }

    /// Bytes in memory that wait for more, and what is kept of where they came from.
    pub fn waiting(&self) -> usize {
        match self.buffer.capacity() {
            0 => 0,
            bytes => bytes.saturating_add(self.marks.memory()),
        }
    }

    fn data(&mut self, bytes: &[u8], at: FrameRef, sink: &mut dyn FnMut(Item)) {
        self.marks.note(self.end, at);
        self.marks.consumed(self.pos);
        self.end = self.end.saturating_add(len64(bytes.len()));
        if self.buffer.is_empty() {
            let used = self.run(bytes, sink);
            self.buffer
                .extend_from_slice(bytes.get(used..).unwrap_or(&[]));
        } else {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(bytes);
            let used = self.run(buffer.get(self.from..).unwrap_or(&[]), sink);
            self.buffer = buffer;
            self.used(used);
        }
    }

    /// Bytes of the buffer are done with. Moves the rest only when it is the smaller part: linear in all.
    fn used(&mut self, used: usize) {
        self.from = self.from.saturating_add(used).min(self.buffer.len());
        if self.from == self.buffer.len() {
            // Thousands of connections keep no buffer between their messages.
            self.buffer = Vec::new();
            self.from = 0;
        } else if self.from > self.buffer.len() / 2 {
            self.buffer.drain(..self.from);
            self.from = 0;
        }
    }

    /// Does what can be done with `view`; gives how many bytes of it are done with.
    fn run(&mut self, view: &[u8], sink: &mut dyn FnMut(Item)) -> usize {
        let mut used = 0_usize;
        loop {
            let rest = view.get(used..).unwrap_or(&[]);
            match self.step(rest, sink) {
                Step::Used(n) => {
                    used = used.saturating_add(n);
                    self.pos = self.pos.saturating_add(len64(n));
                    self.marks.consumed(self.pos);
                }
                Step::Wait => {
                    if let State::Body { head, .. } | State::OpenBody { head, .. } = &mut self.state
                    {
                        head.wait();
                    }
                    return used;
                }
            }
        }
    }

    /// One step: uses bytes, or goes to another state, or waits.
    fn step(&mut self, view: &[u8], sink: &mut dyn FnMut(Item)) -> Step {
        match std::mem::replace(&mut self.state, State::Head) {
            State::Between { searched, doubt } => self.between(view, searched, doubt, sink),
            State::Head => self.head(view, sink),
            State::Body { head, end, holds } => self.body(view, head, end, holds, sink),
            State::OpenBody {
                head,
                line,
                searched,
            } => self.open_body(view, head, line, searched, sink),
            State::Resync(skip, searched) => self.resync(view, skip, searched, sink),
            State::Drop(skip, left) => self.drop(view, skip, left, sink),
        }
    }

    fn between(
        &mut self,
        view: &[u8],
        searched: usize,
        doubt: &'static str,
        sink: &mut dyn FnMut(Item),
    ) -> Step {
        let line_ends = leading_line_ends(view);
        if line_ends > 0 {
            sink(Item::KeepAlive {
                at: self.marks.first(),
            });
            self.state = State::between(doubt);
            return Step::Used(line_ends);
        }
        let verdict = if view.is_empty() {
            Probe::NeedMore
        } else {
            classify(view, searched)
        };
        match verdict {
            Probe::Yes => {
                self.lines.clear();
                self.inside_line = false;
                self.state = State::Head;
                Step::Used(0)
            }
            Probe::No => {
                if doubt == AFTER_GAP {
                    self.uncertain = true;
                    self.tail = Tail::default();
                }
                self.state = State::Resync(self.skip(doubt), 0);
                Step::Used(0)
            }
            Probe::NeedMore => {
                self.state = State::Between {
                    searched: view.len(),
                    doubt,
                };
                Step::Wait
            }
        }
    }

    fn head(&mut self, view: &[u8], sink: &mut dyn FnMut(Item)) -> Step {
        let window = view.get(..self.caps.head).unwrap_or(view);
        match self.lines.scan(window) {
            HeadScan::Complete(len) => {
                let mut head = self.read_head(view, len, HeadEnd::Empty);
                match self.start_line(&head, view) {
                    Start::Here => {}
                    Start::Later(at) => return self.begins_later(at, sink),
                    Start::Nowhere => return self.take_back(view),
                }
                self.doubt(&mut head);
                let has_type = head.fields.iter().any(|f| f.id == HeaderName::ContentType);
                let stated = match head.length {
                    BodyLength::Stated(n) => {
                        usize::try_from(n).ok().filter(|n| *n <= self.caps.body)
                    }
                    BodyLength::Absent => {
                        head.note(DefectKind::ContentLengthMissing, 0);
                        None
                    }
                    BodyLength::Unusable => None,
                };
                let bogus = matches!(head.length, BodyLength::Stated(_)) && stated.is_none();
                self.state = match (self.ends(&head, view).first(), stated) {
                    // Which one is right, the bytes behind tell.
                    (Some(end), _) => State::Body {
                        end: *end,
                        head,
                        holds: Some(true),
                    },
                    (None, Some(n)) => State::Body {
                        end: len.saturating_add(n),
                        head,
                        holds: None,
                    },
                    // A body was announced, but not how long it is.
                    (None, None) if has_type || bogus => State::OpenBody {
                        head,
                        line: len,
                        searched: len,
                    },
                    (None, None) => State::Body {
                        head,
                        end: len,
                        holds: Some(false),
                    },
                };
                Step::Used(0)
            }
            HeadScan::NextStart(len) => {
                let mut head = self.read_head(view, len, HeadEnd::Incomplete);
                match self.start_line(&head, view) {
                    Start::Here => {}
                    Start::Later(at) => return self.begins_later(at, sink),
                    Start::Nowhere => return self.take_back(view),
                }
                self.doubt(&mut head);
                self.give(view, *head, len, sink);
                self.state = State::between(NOT_SIP);
                Step::Used(len)
            }
            HeadScan::More if view.len() >= self.caps.head => {
                let head = self.read_head(view, window.len(), HeadEnd::TooLong);
                self.give(view, *head, window.len(), sink);
                self.state = State::Resync(self.skip(OVER_LIMIT), 0);
                Step::Used(window.len())
            }
            HeadScan::More => {
                self.state = State::Head;
                Step::Wait
            }
        }
    }

    fn read_head(&self, view: &[u8], len: usize, end: HeadEnd) -> Box<Head> {
        let bytes = view.get(..len).unwrap_or(view);
        Box::new(Head::read(bytes, &self.lines.ends, end, self.caps.fields))
    }

    /// Gives the message that is the first `end` bytes of `view`.
    fn give(&mut self, view: &[u8], mut head: Head, end: usize, sink: &mut dyn FnMut(Item)) {
        if std::mem::take(&mut self.junk) {
            head.note(DefectKind::JunkBefore, 0);
        }
        // Found behind a hole, whole, and the next one follows or the stream ends: from here on all is as without it.
        self.uncertain &= head
            .defects
            .iter()
            .any(|d| d.kind == DefectKind::BytesMissing);
        self.inside_line = false;
        self.tail = Tail::default();
        // Thousands of connections are silent after a message: they need no room for the lines of the next.
        self.lines = Lines::default();
        let raw = view.get(..end).unwrap_or(view);
        let frames = self.marks.until(self.pos.saturating_add(len64(raw.len())));
        sink(Item::Message(Message::new(raw, head, frames)));
    }
}
