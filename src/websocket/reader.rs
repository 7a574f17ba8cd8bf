//! One direction of a connection: from bytes to frames to messages.

use super::frame::{self, Header, Look, Opcode};
use super::inflate::Inflate;
use super::marks::Marks;
use super::search::{LONGEST, believable, may_begin};
use super::upgrade;
use super::{Close, Facts, Item};
use crate::base::{Chunk, FrameRef, Limits};
use crate::sip::{self, Probe};

/// Places of a direction where a compressed message is looked for in vain; then only others are.
const TRIES: u32 = 4096;

const GAP: &str = "of WebSocket frames that the capture lacks bytes of";
pub(super) const END: &str = "of a WebSocket message that does not end";
const NO_START: &str = "of a WebSocket message whose first fragment was not captured";
const INTERRUPTED: &str = "of a WebSocket message that another one interrupts";
const TOO_LONG: &str = "of a WebSocket message over the limit";
const NOT_SIP: &str = "a WebSocket message that does not begin with a SIP start line";

/// Reads one direction.
///
/// The same messages come out however the stream is cut into chunks. Memory is bounded by [`Limits::sip_head_bytes`] and
/// [`Limits::sip_body_bytes`] together, and 32 KiB where messages are compressed.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    state: State,
    /// Bytes that wait for the rest of their frame.
    buffer: Vec<u8>,
    /// Stream position of the first byte that is not consumed, and behind the last byte that came.
    pos: u64,
    end: u64,
    marks: Marks,
    /// A frame was read: no opening handshake follows.
    framed: bool,
    masked: Option<bool>,
    message: Option<Fragments>,
    inflate: Inflate,
    skip: Option<Skip>,
    /// Places where a compressed message was looked for in vain: each look costs.
    tries: u32,
    /// What the opening handshake says of the subprotocol.
    named: Option<bool>,
    facts: Facts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the first byte of a frame.
    Frames,
    /// In a frame that bytes are missing of: this many are left.
    Drop(u64),
    /// Looking for a frame.
    Search,
}

/// A message in fragments (RFC 6455 §5.4).
#[derive(Debug)]
struct Fragments {
    at: FrameRef,
    bytes: Vec<u8>,
    frames: Vec<FrameRef>,
    compressed: bool,
    /// Why it cannot be read, and how many bytes of it were there.
    lost: Option<(&'static str, u64)>,
}

/// Bytes that are being skipped.
#[derive(Debug, Clone, Copy)]
struct Skip {
    at: FrameRef,
    bytes: u64,
    reason: &'static str,
}

/// Where results go.
type Sink<'s> = &'s mut dyn FnMut(Item);

impl Reader {
    /// For one direction, from its opening handshake or from the middle.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            state: State::Frames,
            buffer: Vec::new(),
            pos: 0,
            end: 0,
            marks: Marks::default(),
            framed: false,
            masked: None,
            message: None,
            inflate: Inflate::default(),
            skip: None,
            tries: 0,
            named: None,
            facts: Facts::default(),
        }
    }

    /// What it has told so far.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Bytes in memory that wait for more, or that later messages may refer to.
    pub fn waiting(&self) -> usize {
        let message = self.message.as_ref().map_or(0, |m| {
            let frames = m.frames.capacity().saturating_mul(size_of::<FrameRef>());
            m.bytes.capacity().saturating_add(frames)
        });
        self.buffer
            .capacity()
            .saturating_add(message)
            .saturating_add(self.marks.memory())
            .saturating_add(self.inflate.kept())
    }

    /// Takes the next bytes, or the hole where bytes are missing.
    pub fn push(&mut self, chunk: Chunk<'_>, sink: Sink<'_>) {
        match chunk {
            Chunk::Data { at, bytes, .. } => self.data(bytes, at, sink),
            Chunk::Gap { at, len, .. } => {
                self.hole(Some(len), GAP, sink);
                self.end = self.end.saturating_add(len);
                self.pos = self.end;
                self.marks.note(self.pos, at);
                self.marks.consumed(self.pos);
            }
        }
    }

    /// No more bytes, or no more room: what waits is counted.
    pub fn finish(&mut self, sink: Sink<'_>) {
        self.hole(None, END, sink);
        self.flush(sink);
        self.pos = self.end;
        self.marks.consumed(self.pos);
    }

    fn data(&mut self, bytes: &[u8], at: FrameRef, sink: Sink<'_>) {
        self.marks.note(self.end, at);
        self.marks.consumed(self.pos);
        self.end = self.end.saturating_add(len64(bytes.len()));
        if self.buffer.is_empty() {
            let used = self.run(bytes, false, sink);
            self.buffer
                .extend_from_slice(bytes.get(used..).unwrap_or(&[]));
        } else {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(bytes);
            let used = self.run(&buffer, false, sink);
            buffer.drain(..used.min(buffer.len()));
            // Thousands of connections keep no buffer between their frames.
            self.buffer = if buffer.is_empty() {
                Vec::new()
            } else {
                buffer
            };
        }
        self.marks.consumed(self.pos);
    }

    /// Takes what can be taken from the start of `view`; `last`: nothing follows directly.
    fn run(&mut self, view: &[u8], last: bool, sink: Sink<'_>) -> usize {
        let mut done = 0_usize;
        loop {
            let rest = view.get(done..).unwrap_or(&[]);
            let used = match self.state {
                _ if rest.is_empty() => None,
                State::Frames => self.frame(rest, sink),
                State::Drop(left) => {
                    let used = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    self.skipping(used, GAP);
                    let left = left.saturating_sub(len64(used));
                    self.state = State::Drop(left);
                    if left == 0 {
                        self.flush(sink);
                        self.state = State::Frames;
                    }
                    Some(used)
                }
                State::Search => self.search(rest, last, sink),
            };
            let Some(used) = used else {
                return done;
            };
            self.pos = self.pos.saturating_add(len64(used));
            done = done.saturating_add(used);
        }
    }

    /// Skips up to the next believable frame.
    fn search(&mut self, view: &[u8], last: bool, sink: Sink<'_>) -> Option<usize> {
        let most = self.most();
        let found = view.iter().enumerate().find_map(|(at, first)| {
            if !may_begin(*first) {
                return None;
            }
            let rest = view.get(at..).unwrap_or(&[]);
            match believable(rest, self.masked, most, self.tries < TRIES) {
                Probe::Yes => Some((at, true)),
                Probe::NeedMore if !last => Some((at, false)),
                Probe::NeedMore | Probe::No => {
                    self.tries = self.tries.saturating_add(u32::from(first & 0x40 != 0));
                    None
                }
            }
        });
        let (used, frames) = found.unwrap_or((view.len(), false));
        self.skipping(used, GAP);
        if frames {
            self.flush(sink);
            self.state = State::Frames;
            return Some(used);
        }
        (used > 0).then_some(used)
    }

    /// One frame, or the opening handshake. `None`: more bytes are needed.
    fn frame(&mut self, view: &[u8], sink: Sink<'_>) -> Option<usize> {
        if !self.framed && upgrade::begins(view) {
            match upgrade::look(view) {
                upgrade::Look::Upgrade(upgrade) => {
                    self.named = upgrade.sip;
                    self.facts.sip |= upgrade.sip == Some(true);
                    return Some(upgrade.len);
                }
                upgrade::Look::More => return None,
                upgrade::Look::No => {}
            }
        }
        let reason = match frame::look(view) {
            Look::More => return None,
            Look::Bad(reason) => reason,
            Look::Header(header) if header.len > self.most() => TOO_LONG,
            Look::Header(header) => {
                let total = usize::try_from(header.total()).unwrap_or(usize::MAX);
                if view.len() < total {
                    return None;
                }
                self.framed = true;
                self.masked = Some(header.mask.is_some());
                self.whole(&header, view, sink);
                return Some(total);
            }
        };
        self.abandon(reason, sink);
        self.skipping(0, reason);
        self.state = State::Search;
        Some(0)
    }

    /// Most bytes of a message.
    fn most(&self) -> u64 {
        len64(self.limits.sip_head_bytes)
            .saturating_add(len64(self.limits.sip_body_bytes))
            .min(LONGEST)
    }

    fn whole(&mut self, header: &Header, view: &[u8], sink: Sink<'_>) {
        let to = self.pos.saturating_add(header.total());
        let mut payload = Vec::new();
        header.unmasked(view, usize::MAX, &mut payload);
        match header.opcode {
            Opcode::Ping | Opcode::Pong => return,
            Opcode::Close => {
                let code = payload.first_chunk().map(|c| u16::from_be_bytes(*c));
                let reason = payload.get(2..).unwrap_or(&[]);
                self.facts.close.get_or_insert_with(|| Close {
                    at: self.marks.at(self.pos),
                    code,
                    reason: String::from_utf8_lossy(reason).into_owned(),
                });
                return;
            }
            Opcode::Text | Opcode::Binary => {
                self.abandon(INTERRUPTED, sink);
                self.message = Some(Fragments {
                    at: self.marks.at(self.pos),
                    bytes: payload,
                    frames: Vec::new(),
                    compressed: header.compressed,
                    lost: None,
                });
            }
            Opcode::Continuation => {
                let most = self.most();
                let Some(message) = &mut self.message else {
                    let at = self.marks.at(self.pos);
                    self.unread(at, header.total(), NO_START, false, sink);
                    return;
                };
                let new = len64(payload.len());
                let sum = len64(message.bytes.len()).saturating_add(new);
                match &mut message.lost {
                    Some((_, bytes)) => *bytes = bytes.saturating_add(new),
                    None if sum > most => {
                        message.bytes = Vec::new();
                        message.lost = Some((TOO_LONG, sum));
                    }
                    None => message.bytes.append(&mut payload),
                }
            }
        }
        let Some(message) = &mut self.message else {
            return;
        };
        self.marks.between(self.pos, to, &mut message.frames);
        if header.fin
            && let Some(message) = self.message.take()
        {
            self.complete(message, sink);
        }
    }

    /// A message has ended.
    fn complete(&mut self, message: Fragments, sink: Sink<'_>) {
        let Fragments {
            at,
            bytes,
            frames,
            compressed,
            lost,
        } = message;
        if let Some((reason, count)) = lost {
            if compressed {
                self.inflate.lose();
            }
            self.unread(at, count, reason, compressed, sink);
            return;
        }
        if !compressed {
            self.content(&bytes, &frames, at, sink);
            return;
        }
        let most = usize::try_from(self.most()).unwrap_or(usize::MAX);
        match self.inflate.run(&bytes, most) {
            Ok(plain) => self.content(&plain, &frames, at, sink),
            Err(reason) => self.unread(at, len64(bytes.len()), reason, true, sink),
        }
    }

    /// One message of WebSocket is one SIP message (RFC 7118 §5).
    fn content(&mut self, bytes: &[u8], frames: &[FrameRef], at: FrameRef, sink: Sink<'_>) {
        let padding = |b: &u8| matches!(b, b'\r' | b'\n' | 0);
        if sip::probe(bytes) == Probe::Yes {
            self.facts.sip = true;
            let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            sip::datagram(bytes, at, len, &self.limits, &mut |item| {
                sink(Item::Sip(match item {
                    sip::Item::Message(mut message) => {
                        message.carried_by(frames);
                        sip::Item::Message(message)
                    }
                    other => other,
                }));
            });
        } else if bytes.iter().all(padding) {
            sink(Item::Sip(sip::Item::KeepAlive { at }));
        } else {
            self.unread(at, len64(bytes.len()), NOT_SIP, false, sink);
        }
    }

    /// Bytes that are not read. Whether they may be SIP, the subprotocol says, or the messages before; of a compressed message
    /// nobody knows, unless the subprotocol is another.
    fn unread(&self, at: FrameRef, bytes: u64, reason: &'static str, closed: bool, sink: Sink<'_>) {
        if self.facts.sip || (closed && self.named != Some(false)) {
            sink(Item::Sip(sip::Item::Skipped { at, bytes, reason }));
        } else if bytes > 0 {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            sink(Item::Other { at, bytes });
        }
    }

    /// The message at hand, if any, does not come to its end.
    fn abandon(&mut self, reason: &'static str, sink: Sink<'_>) {
        if let Some(mut message) = self.message.take() {
            let there = len64(message.bytes.len());
            message.lost.get_or_insert((reason, there));
            self.complete(message, sink);
        }
    }

    fn skipping(&mut self, bytes: usize, reason: &'static str) {
        let at = self.marks.at(self.pos);
        let skip = self.skip.get_or_insert(Skip {
            at,
            bytes: 0,
            reason,
        });
        if skip.bytes == 0 {
            skip.at = at;
        }
        skip.bytes = skip.bytes.saturating_add(len64(bytes));
    }

    fn flush(&mut self, sink: Sink<'_>) {
        if let Some(skip) = self.skip.take()
            && skip.bytes > 0
        {
            self.unread(skip.at, skip.bytes, skip.reason, false, sink);
        }
    }

    /// No byte follows directly: `missing` bytes are not there, or all.
    fn hole(&mut self, missing: Option<u64>, reason: &'static str, sink: Sink<'_>) {
        let mut buffer = std::mem::take(&mut self.buffer);
        if self.state == State::Search {
            let used = self.run(&buffer, true, sink);
            buffer.drain(..used.min(buffer.len()));
        }
        let waits = buffer.len();
        let left = match self.state {
            State::Drop(left) => Some(left),
            State::Frames => match frame::look(&buffer) {
                Look::Header(header) if waits > 0 && header.len <= self.most() => {
                    self.lose_frame(&header, reason, sink);
                    Some(header.total().saturating_sub(len64(waits)))
                }
                _ => None,
            },
            State::Search => None,
        };
        if waits > 0 {
            self.skipping(waits, reason);
        }
        let behind = left
            .zip(missing)
            .and_then(|(left, gone)| left.checked_sub(gone));
        match (behind, missing) {
            (Some(0), _) => {
                self.flush(sink);
                self.state = State::Frames;
            }
            (Some(left), _) => self.state = State::Drop(left),
            // More may follow where only room was wanting: at a boundary then, or within a frame whose end is known.
            (None, None) => {
                self.abandon(reason, sink);
                self.state = match left {
                    Some(left) if left > 0 => State::Drop(left),
                    _ if waits == 0 && self.state == State::Frames => State::Frames,
                    _ => State::Search,
                };
                if self.inflate.kept() > 0 {
                    self.inflate.lose();
                }
            }
            (None, Some(_)) => {
                self.abandon(reason, sink);
                self.inflate.lose();
                self.skipping(0, reason);
                self.state = State::Search;
            }
        }
    }

    /// A frame of which bytes are missing: so is its message.
    fn lose_frame(&mut self, header: &Header, reason: &'static str, sink: Sink<'_>) {
        match header.opcode {
            Opcode::Text | Opcode::Binary => {
                self.abandon(INTERRUPTED, sink);
                if header.compressed {
                    self.inflate.lose();
                }
                if !header.fin {
                    self.message = Some(Fragments {
                        at: self.marks.at(self.pos),
                        bytes: Vec::new(),
                        frames: Vec::new(),
                        compressed: header.compressed,
                        lost: Some((reason, 0)),
                    });
                }
            }
            Opcode::Continuation => {
                if header.fin {
                    self.abandon(reason, sink);
                } else if let Some(message) = &mut self.message {
                    let there = len64(std::mem::take(&mut message.bytes).len());
                    message.lost.get_or_insert((reason, there));
                }
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => {}
        }
    }
}

fn len64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
