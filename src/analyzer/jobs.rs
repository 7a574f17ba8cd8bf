//! The stages in several threads.
//!
//! One thread reads frames and puts streams in order, as many as asked for read the content of their shards, one judges. Between them go
//! batches; the judge takes what came out of a batch in the order of its frames, so that the report is that of one thread. At
//! most as many threads work at a time as were asked for, and at most a few batches wait: memory does not grow with either.

use super::rooms::{Next, Rooms};
use super::shard::{Means, SHARDS, Shard};
use super::upper::Upper;
use super::work::{Brings, Datagram, Line, Output, Work};
use super::{Analyzer, take};
use crate::base::{Caveats, Chunk, Direction, FrameRef};
use crate::capture::Merge;
use crate::connection::Connection;
use crate::dialog::Hop;
use crate::flow::FlowSummary;
use crate::packet::{Decoder, Packet};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// Bytes of content in a batch: some two hundred messages, so that handing it on costs little, and all that wait stay in the cache.
const BATCH_BYTES: usize = 128 << 10;
/// Pieces of work in a batch, for traffic with little content.
const BATCH_PIECES: usize = 1_024;
/// Batches that may wait for a thread.
const WAITING: usize = 1;

/// What came out, by the number of the piece it came out of.
type Done = (u32, FrameRef, Output);

/// What one thread is given of a batch: its content, and for each shard what is to be done.
type Hand = (Arc<Vec<u8>>, Vec<Vec<Piece>>);

/// Reads what is left in the captures.
pub(super) fn read(analyzer: &mut Analyzer<'_>, captures: &mut Merge<'_>) {
    let Analyzer {
        decoder,
        caveats,
        rooms,
        shards,
        means,
        upper,
        ..
    } = analyzer;
    let jobs = usize::from(rooms.config.jobs);
    let threads = jobs.clamp(1, SHARDS);
    let permits = Permits::new(jobs);
    let (permits, means) = (&permits, &*means);
    thread::scope(|scope| {
        let mut dealt: Vec<Vec<Shard>> = (0..threads).map(|_| Vec::new()).collect();
        for (place, shard) in std::mem::take(shards).into_iter().enumerate() {
            if let Some(hand) = dealt.get_mut(place % threads) {
                hand.push(shard);
            }
        }
        let (mut to_workers, mut from_workers, mut workers) = (Vec::new(), Vec::new(), Vec::new());
        for hand in dealt {
            let (to, pieces) = sync_channel(WAITING);
            let (done, from) = sync_channel(WAITING);
            to_workers.push(to);
            from_workers.push(from);
            workers.push(scope.spawn(move || work(hand, &pieces, &done, means, permits)));
        }
        let (tell, told) = sync_channel(WAITING);
        let judge = scope.spawn(move || judge(upper, &told, &from_workers, permits));
        loop {
            let mut batch = Batch::default();
            let more = permits.with(|| fill(&mut batch, captures, decoder, caveats, rooms));
            // Nobody listens any more only when a thread has panicked, which the end of the scope tells.
            if tell.send(batch.told).is_err() {
                break;
            }
            let content = Arc::new(batch.content);
            let mut hands: Vec<Vec<Vec<Piece>>> = (0..threads).map(|_| Vec::new()).collect();
            for (place, pieces) in batch.pieces.into_iter().enumerate() {
                if let Some(hand) = hands.get_mut(place % threads) {
                    hand.push(pieces);
                }
            }
            for (to, hand) in to_workers.iter().zip(hands) {
                let _ = to.send((Arc::clone(&content), hand));
            }
            if !more {
                break;
            }
        }
        drop((tell, to_workers));
        let mut hands: Vec<_> = workers
            .into_iter()
            .map(|worker| match worker.join() {
                Ok(hand) => hand.into_iter(),
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect();
        // Back in their places.
        for place in 0..SHARDS {
            shards.extend(hands.get_mut(place % threads).and_then(Iterator::next));
        }
        if let Err(panic) = judge.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Fills a batch; `false` at the end of the captures.
fn fill(
    batch: &mut Batch,
    captures: &mut Merge<'_>,
    decoder: &mut Decoder,
    caveats: &mut Caveats,
    rooms: &mut Rooms,
) -> bool {
    while !batch.is_full() {
        let Some(item) = captures.next(caveats) else {
            return false;
        };
        rooms.note(&item);
        take(item, decoder, caveats, rooms, batch);
    }
    true
}

/// Does the pieces of some shards, batch by batch.
fn work(
    mut shards: Vec<Shard>,
    batches: &Receiver<Hand>,
    done: &SyncSender<Vec<Vec<Done>>>,
    means: &Means,
    permits: &Permits,
) -> Vec<Shard> {
    while let Ok((content, hand)) = batches.recv() {
        let outputs = permits.with(|| {
            let each = shards.iter_mut().zip(hand);
            each.map(|(shard, pieces)| {
                let mut outputs = Vec::with_capacity(pieces.len());
                for piece in pieces {
                    piece.perform(&content, shard, means, &mut outputs);
                }
                outputs
            })
            .collect()
        });
        if done.send(outputs).is_err() {
            break;
        }
    }
    shards
}

/// Takes what came out of each batch in the order of its frames.
fn judge(
    upper: &mut Upper,
    told: &Receiver<Vec<Done>>,
    workers: &[Receiver<Vec<Vec<Done>>>],
    permits: &Permits,
) {
    while let Ok(told) = told.recv() {
        let mut lists = vec![told.into_iter().peekable()];
        for worker in workers {
            let Ok(outputs) = worker.recv() else { return };
            lists.extend(outputs.into_iter().map(|list| list.into_iter().peekable()));
        }
        permits.with(|| {
            // Few lists: looking at all of them is as quick as a heap.
            while let Some(list) = lists
                .iter_mut()
                .filter_map(|list| Some((list.peek()?.0, list)))
                .min_by_key(|(number, _)| *number)
                .map(|(_, list)| list)
            {
                if let Some((_, last, mut output)) = list.next() {
                    // What is kept is allocated where it is dropped: else the memory of the other threads is full of holes.
                    match output {
                        Output::Message(ref mut seen) => seen.message = seen.message.clone(),
                        Output::Connection(one) => output = Output::Connection(moved(*one)),
                        _ => {}
                    }
                    upper.take(output, last, &mut |_| {});
                }
            }
        });
    }
}

/// A connection and what TLS told of it, in memory of this thread.
fn moved(mut connection: Connection) -> Box<Connection> {
    connection.tls = connection.tls.map(|tls| Box::new(*tls));
    Box::new(connection)
}

/// Frames taken apart, to be done by others.
#[derive(Default)]
struct Batch {
    content: Vec<u8>,
    pieces: [Vec<Piece>; SHARDS],
    told: Vec<Done>,
    number: u32,
    /// Bytes of the connections that ended.
    ended: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.content.len().saturating_add(self.ended) >= BATCH_BYTES
            || usize::try_from(self.number).unwrap_or(usize::MAX) >= BATCH_PIECES
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
struct Piece {
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
    fn perform(self, content: &[u8], shard: &mut Shard, means: &Means, outputs: &mut Vec<Done>) {
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

/// How many threads may work at a time.
struct Permits {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Permits {
    const fn new(number: usize) -> Self {
        Self {
            free: Mutex::new(number),
            freed: Condvar::new(),
        }
    }

    /// Does something as soon as fewer than all are busy.
    fn with<T>(&self, act: impl FnOnce() -> T) -> T {
        // A poisoned lock does no harm: a number is always whole.
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_sub(1);
        drop(free);
        let back = Back(self);
        let done = act();
        drop(back);
        done
    }
}

/// Gives a permit back, also when the thread unwinds.
struct Back<'p>(&'p Permits);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(1);
        self.0.freed.notify_one();
    }
}
