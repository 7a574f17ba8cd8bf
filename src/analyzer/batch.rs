//! Frames taken apart, to be done by whichever thread is free.

use super::rooms::Next;
use super::shard::{Means, SHARDS, Shard};
use super::work::{Brings, Datagram, Line, Output, Work};
use crate::base::{Chunk, Direction, FrameRef};
use crate::dialog::Hop;
use crate::flow::FlowSummary;
use crate::packet::Packet;
use std::ops::Range;

/// Bytes of content in a batch: some two hundred messages, so that handing it on costs little, and all that wait stay in the cache.
const BYTES: usize = 128 << 10;
/// Pieces of work in a batch, for traffic with little content.
const PIECES: usize = 1_024;

/// What came out, by the number of the piece it came out of.
pub(super) type Done = (u32, FrameRef, Output);

/// Some frames.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) content: Vec<u8>,
    /// What is to be done, by shard.
    pub(super) pieces: [Vec<Piece>; SHARDS],
    /// What is known already.
    pub(super) told: Vec<Done>,
    number: u32,
    /// Bytes of the connections that ended.
    ended: usize,
}

impl Batch {
    pub(super) fn is_full(&self) -> bool {
        self.content.len().saturating_add(self.ended) >= BYTES
            || usize::try_from(self.number).unwrap_or(usize::MAX) >= PIECES
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.content.len();
        self.content.extend_from_slice(bytes);
        start..self.content.len()
    }

    fn next(&mut self) -> u32 {
        self.number = self.number.saturating_add(1);
        self.number
    }
}

impl Next for Batch {
    fn work(&mut self, shard: Option<usize>, work: Work<'_>, last: FrameRef) {
        let number = self.next();
        let task = match work {
            Work::Chunk {
                line,
                direction,
                chunk: Chunk::Data { offset, at, bytes },
            } => Task::Data {
                line,
                direction,
                offset,
                at,
                bytes: self.keep(bytes),
            },
            Work::Chunk {
                line,
                direction,
                chunk: Chunk::Gap { offset, at, len },
            } => Task::Gap {
                line,
                direction,
                offset,
                at,
                len,
            },
            Work::Ended(flow) => {
                // It takes memory, too, and gives a connection.
                self.ended = self.ended.saturating_add(2 * size_of::<FlowSummary>());
                Task::Ended(flow)
            }
            Work::Datagram(datagram) => Task::Datagram {
                at: datagram.at,
                hop: datagram.hop,
                payload: self.keep(datagram.payload),
                wire_len: datagram.wire_len,
                duplicate: datagram.duplicate,
                frames: datagram.frames.into(),
            },
            Work::Secrets(_) | Work::Forget => return self.for_all(number, work, last),
        };
        if let Some(pieces) = shard.and_then(|place| self.pieces.get_mut(place)) {
            pieces.push(Piece { number, last, task });
        }
    }

    fn tell(&mut self, output: Output, last: FrameRef) {
        let number = self.next();
        self.told.push((number, last, output));
    }

    /// Who watches packets is shown them in one thread.
    fn show(&mut self, _: &Packet<'_>) {}
}

impl Batch {
    /// The first shard tells what came of it; what the others have to say is the same.
    fn for_all(&mut self, number: u32, work: Work<'_>, last: FrameRef) {
        let text = match work {
            Work::Secrets(brings) => Some((self.keep(brings.text), brings)),
            _ => None,
        };
        for (place, pieces) in self.pieces.iter_mut().enumerate() {
            let task = match &text {
                Some((text, brings)) => Task::Secrets {
                    text: text.clone(),
                    at: brings.at,
                    comment: brings.comment,
                    late: brings.late,
                    told: place == 0,
                },
                None => Task::Forget,
            };
            pieces.push(Piece { number, last, task });
        }
    }
}

/// A piece of work that waits; its bytes are in the content of its batch.
pub(super) struct Piece {
    number: u32,
    last: FrameRef,
    task: Task,
}

enum Task {
    Data {
        line: Line,
        direction: Direction,
        offset: u64,
        at: FrameRef,
        bytes: Range<usize>,
    },
    Gap {
        line: Line,
        direction: Direction,
        offset: u64,
        at: FrameRef,
        len: u64,
    },
    Ended(Box<FlowSummary>),
    Datagram {
        at: FrameRef,
        hop: Hop,
        payload: Range<usize>,
        wire_len: u32,
        duplicate: bool,
        frames: Box<[FrameRef]>,
    },
    Secrets {
        text: Range<usize>,
        at: FrameRef,
        comment: bool,
        late: bool,
        told: bool,
    },
    Forget,
}

impl Piece {
    pub(super) fn perform(
        self,
        content: &[u8],
        shard: &mut Shard,
        means: &Means,
        outputs: &mut Vec<Done>,
    ) {
        let Self { number, last, task } = self;
        let part = |range: Range<usize>| content.get(range).unwrap_or_default();
        let mut out = |output| outputs.push((number, last, output));
        match task {
            Task::Data {
                line,
                direction,
                offset,
                at,
                bytes,
            } => {
                let bytes = part(bytes);
                let chunk = Chunk::Data { offset, at, bytes };
                let work = Work::Chunk {
                    line,
                    direction,
                    chunk,
                };
                shard.work(work, means, last, &mut out);
            }
            Task::Gap {
                line,
                direction,
                offset,
                at,
                len,
            } => {
                let chunk = Chunk::Gap { offset, at, len };
                let work = Work::Chunk {
                    line,
                    direction,
                    chunk,
                };
                shard.work(work, means, last, &mut out);
            }
            Task::Ended(flow) => shard.work(Work::Ended(flow), means, last, &mut out),
            Task::Datagram {
                at,
                hop,
                payload,
                wire_len,
                duplicate,
                frames,
            } => {
                let datagram = Datagram {
                    at,
                    hop,
                    payload: part(payload),
                    wire_len,
                    duplicate,
                    frames: &frames,
                };
                shard.work(Work::Datagram(datagram), means, last, &mut out);
            }
            Task::Secrets {
                text,
                at,
                comment,
                late,
                told,
            } => {
                let brings = Brings {
                    text: part(text),
                    at,
                    comment,
                    late,
                };
                let mut out = |output| {
                    if told {
                        out(output);
                    }
                };
                shard.work(Work::Secrets(brings), means, last, &mut out);
            }
            Task::Forget => shard.work(Work::Forget, means, last, &mut out),
        }
    }
}
