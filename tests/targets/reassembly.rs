//! TCP reassembly beside a naive model: a known stream in segments of any order, overlapping, repeated, cut by the snap length, with
//! acknowledgments and time going by, across the wrap of sequence numbers.
//!
//! What is handed on is the stream and nothing else, without a step, and a hole only where no byte was captured. Where nothing
//! presses (no acknowledgment of what is missing, no time, room enough) every captured byte comes out.

use super::input::{Input, at};
use sipdiag::base::{CaveatKind, Chunk, Direction, Endpoint, FrameNumber, FrameRef, Limits, Span};
use sipdiag::flow::{Event, FlowSummary, FlowTable};
use sipdiag::packet::{Segment, TcpFlags};

/// Longest stream.
const LONGEST: u16 = 4096;
const SYN: u8 = 2;
const ACK: u8 = 16;
/// The first byte: the capture begins in the middle of the connection.
pub const JOINED: u8 = 1;
/// The first byte: there is little room for early segments.
pub const LITTLE_ROOM: u8 = 2;

/// What one step of the input is.
pub const SEGMENT: u8 = 0;
pub const CUT: u8 = 1;
pub const ACKNOWLEDGE: u8 = 2;
pub const WAIT: u8 = 3;
pub const FIN: u8 = 4;
const STEPS: u8 = 5;

/// The byte at a place of the stream: no two neighbourhoods are the same. Never NUL, which may be a keep-alive's.
fn byte(place: usize) -> u8 {
    let x = u32::try_from(place).unwrap_or(0).wrapping_add(1);
    let [a, ..] = (x.wrapping_mul(0x9e37_79b9) ^ (x << 7)).to_be_bytes();
    a.max(1)
}

/// What came out: where, and the bytes or how many are missing.
enum Out {
    Data(u64, Vec<u8>),
    Gap(u64, u64),
}

struct Run {
    table: FlowTable<()>,
    now: FrameRef,
    isn: u32,
    stream: Vec<u8>,
    /// Which bytes were captured.
    captured: Vec<bool>,
    out: Vec<Out>,
    /// Where the next chunk must begin.
    next: u64,
    /// Places where the stream may have begun for us.
    starts: Vec<u64>,
    joined: bool,
    /// Time went by: what is overdue is given up before the next segment is looked at.
    waited: bool,
    /// The highest place that was on the wire.
    highest: u64,
    flow: Option<FlowSummary>,
}

/// Choices (one byte), sequence number (4), length of the stream (2), steps: kind, place (2), length (2).
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let choices = input.u8();
    let isn = input.u32();
    let len = input.u16() % LONGEST;
    let mut limits = Limits::default();
    if choices & LITTLE_ROOM != 0 {
        limits.early_bytes = 4_096;
        limits.early_bytes_per_direction = 2_048;
    }
    let mut run = Run {
        table: FlowTable::new(&limits),
        now: at(1),
        isn,
        stream: (0..usize::from(len)).map(byte).collect(),
        captured: vec![false; usize::from(len)],
        out: Vec::new(),
        next: 0,
        starts: vec![0],
        joined: choices & JOINED != 0,
        waited: false,
        highest: 0,
        flow: None,
    };
    if !run.joined {
        let isn = run.isn.wrapping_sub(1);
        run.send(Direction::Originator, SYN, isn, 0, 0..0, 0);
    }
    let mut pressed = choices & (JOINED | LITTLE_ROOM) != 0;
    let mut steps = 0;
    while !input.is_empty() && steps < 400 {
        steps += 1;
        let kind = input.u8() % STEPS;
        let from = usize::from(input.u16()).min(run.stream.len());
        let to = (from + usize::from(input.u16())).min(run.stream.len());
        pressed |= run.step(kind, from, to);
    }
    run.finish(pressed);
}

impl Run {
    /// Does a step; says whether something may be given up by it.
    fn step(&mut self, kind: u8, from: usize, to: usize) -> bool {
        self.now.number = FrameNumber::new(self.now.number.get() + 1);
        self.now.time = self.now.time + Span::from_nanos(1000);
        let here = self.place(from);
        match kind {
            ACKNOWLEDGE => {
                self.starts.push(u64::try_from(from).unwrap_or(0));
                if !self.joined {
                    self.highest = self.highest.max(u64::try_from(from).unwrap_or(0));
                }
                self.send(Direction::Responder, ACK, 77, here, 0..0, 0);
            }
            WAIT => {
                self.waited = true;
                let millis = i64::try_from(from).unwrap_or(0);
                self.now.time = self.now.time + Span::from_millis(millis);
            }
            FIN => {
                let end = self.place(self.stream.len());
                self.send(Direction::Originator, ACK | 1, end, 78, 0..0, 0);
            }
            CUT => {
                let stored = from + (to - from) / 2;
                self.send(
                    Direction::Originator,
                    ACK,
                    here,
                    78,
                    from..stored,
                    to - stored,
                );
            }
            _ => self.send(Direction::Originator, ACK, here, 78, from..to, 0),
        }
        kind != SEGMENT && kind != FIN
    }

    /// The sequence number of a place.
    fn place(&self, place: usize) -> u32 {
        self.isn.wrapping_add(u32::try_from(place).unwrap_or(0))
    }

    fn send(
        &mut self,
        direction: Direction,
        flags: u8,
        seq: u32,
        ack: u32,
        range: std::ops::Range<usize>,
        cut: usize,
    ) {
        let client = Endpoint::new([10, 1, 1, 10].into(), 49301);
        let server = Endpoint::new([10, 1, 1, 20].into(), 5060);
        let (src, dst) = match direction {
            Direction::Originator => (client, server),
            Direction::Responder => (server, client),
        };
        let wire = range.len() + cut;
        if wire > 0 {
            if !self.waited {
                self.captured[range.clone()].fill(true);
            }
            self.starts.push(u64::try_from(range.start).unwrap_or(0));
            let end = u64::try_from(range.start + wire).unwrap_or(0);
            self.highest = self.highest.max(end);
        }
        let payload = self.stream[range.clone()].to_vec();
        let segment = Segment {
            src_port: src.port,
            dst_port: dst.port,
            seq,
            ack,
            flags: TcpFlags(flags),
            window: 65_000,
            window_scale: None,
            mss: None,
            joins: false,
            checksum: 0,
            payload: &payload,
            wire_len: u32::try_from(wire).unwrap_or(0),
        };
        let mut events = Vec::new();
        self.table
            .push(0, self.now, src, dst, &segment, false, &mut |e| {
                events.extend(keep(e))
            });
        self.check(events);
        self.captured[range].fill(true);
    }

    /// What is handed on follows what was handed on before, and is the stream.
    fn check(&mut self, events: Vec<Result<Out, FlowSummary>>) {
        for event in events {
            let out = match event {
                Ok(out) => out,
                Err(flow) => {
                    assert!(self.flow.replace(flow).is_none(), "ended twice");
                    continue;
                }
            };
            let (offset, len) = match &out {
                Out::Data(offset, bytes) => (*offset, u64::try_from(bytes.len()).unwrap_or(0)),
                Out::Gap(offset, len) => (*offset, *len),
            };
            assert_eq!(offset, self.next, "a step in the stream");
            assert!(len > 0, "an empty chunk");
            self.next += len;
            if !self.joined {
                let range = usize::try_from(offset).unwrap_or(0)
                    ..usize::try_from(offset + len).unwrap_or(0);
                match &out {
                    Out::Data(_, bytes) => {
                        assert_eq!(&self.stream[range], &bytes[..], "other bytes")
                    }
                    Out::Gap(..) => assert!(
                        !self.captured[range].iter().any(|there| *there),
                        "a hole where there are bytes"
                    ),
                }
            }
            self.out.push(out);
        }
    }

    fn finish(mut self, pressed: bool) {
        let mut events = Vec::new();
        self.table.finish(&mut |e| events.extend(keep(e)));
        self.check(events);
        let caveats = self.table.take_caveats();
        assert_eq!(
            caveats.count(CaveatKind::OverlapConflict),
            0,
            "all copies agree"
        );
        assert_eq!(self.table.waiting_bytes(), 0);
        let gaps: u64 = self
            .out
            .iter()
            .map(|o| if let Out::Gap(_, n) = o { *n } else { 0 })
            .sum();
        if let Some(flow) = &self.flow {
            let [side, _] = &flow.sides;
            // What is missing at the very end makes the stream no longer.
            let last = match self.out.last() {
                Some(Out::Gap(_, len)) if side.bytes < self.next => *len,
                _ => 0,
            };
            assert_eq!(
                (side.bytes + last, side.missing),
                (self.next, gaps),
                "the summary"
            );
        }
        if self.joined {
            let fits = self.starts.iter().any(|start| self.is_stream_from(*start));
            assert!(fits || self.out.is_empty(), "no part of the stream");
            return;
        }
        // One number more that was acknowledged is taken for a FIN that was not captured.
        let fin = u64::from(self.highest == self.next + 1 && pressed);
        assert_eq!(
            self.next + fin,
            self.highest,
            "up to the last byte that was on the wire"
        );
        if !pressed {
            let missing = self.captured[..usize::try_from(self.next).unwrap_or(0)]
                .iter()
                .filter(|there| !**there)
                .count();
            assert_eq!(
                gaps,
                u64::try_from(missing).unwrap_or(0),
                "every captured byte"
            );
        }
    }

    /// Whether all that was handed on is the stream from this place on.
    fn is_stream_from(&self, start: u64) -> bool {
        self.out.iter().all(|out| match out {
            Out::Gap(..) => true,
            Out::Data(offset, bytes) => {
                let from = usize::try_from(start + offset).unwrap_or(usize::MAX);
                self.stream
                    .get(from..)
                    .is_some_and(|s| s.starts_with(bytes))
            }
        })
    }
}

fn keep(event: Event<'_, ()>) -> Option<Result<Out, FlowSummary>> {
    match event {
        Event::Chunk {
            direction: Direction::Responder,
            ..
        } => None,
        Event::Chunk {
            chunk: Chunk::Data { offset, bytes, .. },
            ..
        } => Some(Ok(Out::Data(offset, bytes.to_vec()))),
        Event::Chunk {
            chunk: Chunk::Gap { offset, len, .. },
            ..
        } => Some(Ok(Out::Gap(offset, len))),
        Event::Ended { flow, .. } => Some(Err(flow)),
    }
}
