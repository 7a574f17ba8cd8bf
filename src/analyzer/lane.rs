//! One direction of a byte stream: what it speaks is decided by its content, never by its port.

use crate::base::{Chunk, FrameRef, Limits};
use crate::connection::Speaks;
use crate::sip::{self, Framer};
use crate::tls;
use crate::websocket::{self, Reader};

/// Bytes held until it is clear what they are. A SIP request line longer than this is no request line.
const UNDECIDED_BYTES: usize = 8 << 10;

/// Where the bytes of a direction go.
#[derive(Debug, Default)]
enum State {
    /// Not enough bytes yet.
    #[default]
    Undecided,
    /// To the SIP framer.
    Sip(Box<Framer>),
    /// To the TLS session.
    Tls,
    /// To the reader of WebSocket frames.
    WebSocket(Box<Reader>),
    /// Nowhere; each chunk is looked at, because SIP or TLS may begin later.
    Other,
}

/// What a lane does with what it is given.
#[derive(Debug)]
pub(super) enum Forward<'a> {
    /// A SIP message, keep-alive or skipped bytes.
    Sip(sip::Item),
    /// The same, out of WebSocket.
    WebSocket(sip::Item),
    /// A chunk for the TLS session.
    Tls(Chunk<'a>),
    /// Bytes of another protocol, or before the first byte that could be placed.
    Other {
        /// Where they were.
        at: FrameRef,
        /// How many.
        bytes: usize,
    },
}

/// The state of one direction.
#[derive(Debug, Default)]
pub(super) struct Lane {
    state: State,
    held: Vec<(u64, FrameRef, Box<[u8]>)>,
    held_bytes: usize,
    /// It sent bytes.
    heard: bool,
    /// Its beginning is missing: SIP is looked for at every line, not only at the first.
    hunts: bool,
}

impl Lane {
    /// What this direction turned out to speak.
    pub(super) fn speaks(&self) -> Speaks {
        match &self.state {
            State::Undecided | State::Other if !self.heard => Speaks::Nothing,
            State::Undecided | State::Other => Speaks::Other,
            State::Sip(_) => Speaks::Sip,
            State::Tls => Speaks::Tls,
            State::WebSocket(reader) if reader.facts().sip => Speaks::WebSocket,
            State::WebSocket(_) => Speaks::Other,
        }
    }

    /// What a WebSocket direction told of itself.
    pub(super) fn websocket(&self) -> Option<&websocket::Facts> {
        match &self.state {
            State::WebSocket(reader) => Some(reader.facts()),
            _ => None,
        }
    }

    /// Takes a chunk. `tls` says whether TLS may begin here, `late` whether the start of the stream was missed.
    pub(super) fn push(
        &mut self,
        chunk: Chunk<'_>,
        tls: bool,
        late: bool,
        limits: &Limits,
        out: &mut dyn FnMut(Forward<'_>),
    ) {
        match &mut self.state {
            State::Sip(framer) => {
                framer.push(chunk, &mut |item| out(Forward::Sip(item)));
                return;
            }
            State::Tls => {
                out(Forward::Tls(chunk));
                return;
            }
            State::WebSocket(reader) => {
                reader.push(chunk, &mut |item| out(framed(item)));
                return;
            }
            State::Undecided | State::Other => {}
        }
        let Chunk::Data { offset, at, bytes } = chunk else {
            self.hunts |= matches!(self.state, State::Undecided);
            self.give_up(out);
            return;
        };
        self.heard = true;
        let after_gap = matches!(self.state, State::Other);
        if self.hunts || (late && after_gap) {
            self.hunts = true;
            self.hunt((offset, at, bytes), tls, limits, out);
            return;
        }
        // Nothing but a first piece is believed here: later ones may be the rest of anything.
        let junk = |speaks, all: &[u8]| match speaks {
            Some(Speaks::Other) if !late && !after_gap && sip::begins_behind_junk(all) => {
                Some(Speaks::Sip)
            }
            other => other,
        };
        if self.held.is_empty() {
            match junk(classify(bytes, tls, late, after_gap), bytes) {
                Some(Speaks::Other) if late => {
                    (self.hunts, self.state) = (true, State::Other);
                    self.hunt((offset, at, bytes), tls, limits, out);
                }
                Some(Speaks::Sip) if late && tls => {
                    self.hunts = true;
                    self.decide(Speaks::Sip, Some((offset, at, bytes)), limits, out);
                }
                Some(state) => self.decide(state, Some((offset, at, bytes)), limits, out),
                None if after_gap => out(Forward::Other {
                    at,
                    bytes: bytes.len(),
                }),
                None => self.hold(offset, at, bytes),
            }
            return;
        }
        self.hold(offset, at, bytes);
        let all = self.all_held();
        let decided = classify(&all, tls, late, after_gap)
            .or_else(|| (all.len() >= UNDECIDED_BYTES).then_some(Speaks::Other));
        match junk(decided, &all) {
            Some(Speaks::Other) if late => {
                (self.hunts, self.state) = (true, State::Other);
                self.search(&all, limits, out);
            }
            Some(state) => {
                self.hunts = late && tls;
                self.decide(state, None, limits, out);
            }
            None => {}
        }
    }

    /// Looks for a beginning of SIP or TLS in a stream whose own beginning is missing.
    fn hunt(
        &mut self,
        fresh: (u64, FrameRef, &[u8]),
        tls: bool,
        limits: &Limits,
        out: &mut dyn FnMut(Forward<'_>),
    ) {
        let (offset, at, bytes) = fresh;
        if tls && (tls::probe(bytes) == tls::Probe::Yes || tls::probe_midstream(bytes)) {
            self.forget(self.held_bytes, out);
            self.decide(Speaks::Tls, Some(fresh), limits, out);
            return;
        }
        self.hold(offset, at, bytes);
        let all = self.all_held();
        self.search(&all, limits, out);
    }

    /// Looks for a SIP message in what is held; keeps what may become one.
    fn search(&mut self, all: &[u8], limits: &Limits, out: &mut dyn FnMut(Forward<'_>)) {
        // Frames that are not masked hold their start lines as they are: WebSocket is to be asked first.
        let open = match websocket::find(all) {
            Ok(before) => {
                self.forget(before, out);
                self.decide(Speaks::WebSocket, None, limits, out);
                return;
            }
            Err(open) => open,
        };
        match sip::find_in_stream(all) {
            // The framer is given what is before, too: it may be the end of a head that says how long its body is.
            Ok(()) => self.decide(Speaks::Sip, None, limits, out),
            Err(before) => self.forget(open.min(before), out),
        }
    }

    /// The first `count` bytes that are held belong to no protocol we read.
    fn forget(&mut self, count: usize, out: &mut dyn FnMut(Forward<'_>)) {
        let mut left = count;
        self.held_bytes = self.held_bytes.saturating_sub(count);
        self.held.retain_mut(|(offset, at, bytes)| {
            let gone = left.min(bytes.len());
            if gone == 0 {
                return true;
            }
            left -= gone;
            out(Forward::Other {
                at: *at,
                bytes: gone,
            });
            *offset = offset.saturating_add(u64::try_from(gone).unwrap_or(0));
            *bytes = bytes.get(gone..).unwrap_or(&[]).into();
            !bytes.is_empty()
        });
    }

    /// Bytes held until more come.
    pub(super) fn waiting(&self) -> usize {
        match &self.state {
            State::Sip(framer) => framer.waiting(),
            State::Undecided | State::Other => {
                let each = size_of::<(u64, FrameRef, Box<[u8]>)>();
                self.held_bytes
                    .saturating_add(self.held.len().saturating_mul(each))
            }
            State::WebSocket(reader) => reader.waiting(),
            State::Tls => 0,
        }
    }

    /// What is given up with what waits here, in words.
    pub(super) fn given_up(&self) -> &'static str {
        match &self.state {
            State::WebSocket(_) => {
                "very many WebSocket messages that are unfinished or refer to earlier ones: some connections gave up what they held"
            }
            State::Undecided | State::Other => {
                "very many connections whose first bytes do not tell yet what they speak: some were given as they were"
            }
            State::Sip(_) | State::Tls => {
                "very many unfinished SIP messages: some were given before they were complete"
            }
        }
    }

    /// The stream has ended.
    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Forward<'_>)) {
        match &mut self.state {
            State::Sip(framer) => framer.finish(&mut |item| out(Forward::Sip(item))),
            State::WebSocket(reader) => reader.finish(&mut |item| out(framed(item))),
            _ if !self.held.is_empty() => self.give_up(out),
            _ => {}
        }
    }

    /// The bytes held, in one piece.
    fn all_held(&self) -> Vec<u8> {
        let held = self.held.iter();
        held.flat_map(|(_, _, b)| b.iter().copied()).collect()
    }

    fn hold(&mut self, offset: u64, at: FrameRef, bytes: &[u8]) {
        self.held_bytes += bytes.len();
        self.held.push((offset, at, bytes.into()));
    }

    /// What is held belongs to no protocol we read.
    fn give_up(&mut self, out: &mut dyn FnMut(Forward<'_>)) {
        if let Some((_, at, _)) = self.held.first() {
            out(Forward::Other {
                at: *at,
                bytes: self.held_bytes,
            });
        }
        self.heard |= self.held_bytes > 0;
        self.held.clear();
        self.held_bytes = 0;
        self.state = State::Other;
    }

    fn decide(
        &mut self,
        speaks: Speaks,
        fresh: Option<(u64, FrameRef, &[u8])>,
        limits: &Limits,
        out: &mut dyn FnMut(Forward<'_>),
    ) {
        self.state = match speaks {
            Speaks::Sip if self.hunts => State::Sip(Box::new(Framer::in_the_middle(limits))),
            Speaks::Sip => State::Sip(Box::new(Framer::new(limits))),
            Speaks::Tls => State::Tls,
            Speaks::WebSocket => State::WebSocket(Box::new(Reader::new(limits))),
            Speaks::Other | Speaks::Nothing => State::Other,
        };
        self.held_bytes = 0;
        let held = std::mem::take(&mut self.held);
        let held = held.iter().map(|(o, at, b)| (*o, *at, &b[..]));
        for (offset, at, bytes) in held.chain(fresh) {
            match &mut self.state {
                State::Sip(framer) => framer.push(Chunk::Data { offset, at, bytes }, &mut |item| {
                    out(Forward::Sip(item));
                }),
                State::Tls => out(Forward::Tls(Chunk::Data { offset, at, bytes })),
                State::WebSocket(reader) => {
                    reader.push(Chunk::Data { offset, at, bytes }, &mut |item| {
                        out(framed(item));
                    });
                }
                State::Undecided | State::Other => out(Forward::Other {
                    at,
                    bytes: bytes.len(),
                }),
            }
        }
    }
}

fn framed(item: websocket::Item) -> Forward<'static> {
    match item {
        websocket::Item::Sip(item) => Forward::WebSocket(item),
        websocket::Item::Other { at, bytes } => Forward::Other { at, bytes },
    }
}

/// What the first bytes are; `None` when more are needed.
fn classify(bytes: &[u8], tls: bool, late: bool, after_gap: bool) -> Option<Speaks> {
    let late = late || after_gap;
    // A stream whose beginning is missing may begin inside a line as well.
    let sip = if late {
        sip::probe_after_gap(bytes)
    } else {
        sip::probe(bytes)
    };
    if sip == sip::Probe::Yes {
        return Some(Speaks::Sip);
    }
    let tls_probe = if tls {
        tls::probe(bytes)
    } else {
        tls::Probe::No
    };
    if tls_probe == tls::Probe::Yes || (tls && late && tls::probe_midstream(bytes)) {
        return Some(Speaks::Tls);
    }
    let websocket = websocket::probe(bytes, late);
    if websocket == sip::Probe::Yes {
        return Some(Speaks::WebSocket);
    }
    let open =
        [sip, websocket].contains(&sip::Probe::NeedMore) || tls_probe == tls::Probe::NeedMore;
    (!open).then_some(Speaks::Other)
}
