//! The stages in several threads.
//!
//! Three things are to be done with a batch of frames: to read it and put its streams in order, to read the content of each shard, and
//! to judge what came out. Each is done for one batch after the other, and different ones at the same time: a thread that is free
//! does the latest of them that is ready, so that none waits for another while there is anything to do. What came out of a batch is judged in the
//! order of its frames: the report is that of one thread. A few batches are under way at most: memory grows with nothing.

use super::batch::{Batch, Done, Piece};
use super::rooms::Rooms;
use super::shard::{Means, SHARDS, Shard};
use super::upper::Upper;
use super::work::Output;
use super::{Analyzer, take};
use crate::base::Caveats;
use crate::capture::Merge;
use crate::connection::Connection;
use crate::packet::Decoder;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Batches that were read and are not judged.
const UNDER_WAY: usize = 6;

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
    // As many as can be busy: one reads, one judges, the others have a shard each.
    let jobs = usize::from(rooms.config.jobs).clamp(1, SHARDS + 2);
    let mut all = std::mem::take(shards).into_iter();
    let stages = Stages {
        reader: Some(Reader {
            captures,
            decoder,
            caveats,
            rooms,
        }),
        shards: std::array::from_fn(|_| all.next()),
        upper: Some(upper),
        batches: VecDeque::new(),
        first: 0,
        ended: false,
        failed: false,
        waiting: 0,
    };
    let floor = Floor {
        stages: Mutex::new(stages),
        changed: Condvar::new(),
        means,
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..jobs).map(|_| scope.spawn(|| floor.help())).collect();
        floor.help();
        for other in others {
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let stages = floor.stages.into_inner();
    let stages = stages.unwrap_or_else(PoisonError::into_inner);
    shards.extend(stages.shards.into_iter().flatten());
}

/// Reads frames and puts streams in order.
struct Reader<'r, 'c> {
    captures: &'r mut Merge<'c>,
    decoder: &'r mut Decoder,
    caveats: &'r mut Caveats,
    rooms: &'r mut Rooms,
}

impl Reader<'_, '_> {
    /// The next batch, and whether the captures go on.
    fn read(&mut self) -> (Batch, bool) {
        let mut batch = Batch::default();
        while !batch.is_full() {
            let Some(item) = self.captures.next(self.caveats) else {
                return (batch, false);
            };
            self.rooms.note(&item);
            take(item, self.decoder, self.caveats, self.rooms, &mut batch);
        }
        (batch, true)
    }
}

/// A batch that was read.
struct Open {
    content: Arc<Vec<u8>>,
    /// What is to be done, by shard, until a thread takes it.
    pieces: [Option<Vec<Piece>>; SHARDS],
    /// Shards that have something to do or are at it.
    left: usize,
    outputs: Vec<Vec<Done>>,
}

impl Open {
    fn new(batch: Batch) -> Self {
        let pieces = batch.pieces;
        let pieces = pieces.map(|list| Some(list).filter(|list| !list.is_empty()));
        Self {
            content: Arc::new(batch.content),
            left: pieces.iter().flatten().count(),
            pieces,
            outputs: vec![batch.told],
        }
    }

    /// Hands on what came out, in the order of the frames.
    fn judge(self, upper: &mut Upper) {
        let lists = self.outputs.into_iter();
        let mut lists: Vec<_> = lists.map(|list| list.into_iter().peekable()).collect();
        // Few lists: looking at all of them is as quick as a heap.
        while let Some(list) = lists
            .iter_mut()
            .filter_map(|list| Some((list.peek()?.0, list)))
            .min_by_key(|(number, _)| *number)
            .map(|(_, list)| list)
        {
            if let Some((_, last, output)) = list.next() {
                upper.take(moved(output), last, &mut |_| {});
            }
        }
    }
}

/// What is kept, in memory of the thread that keeps it: else that of the others is full of holes.
fn moved(output: Output) -> Output {
    match output {
        Output::Message(mut seen) => {
            seen.message = seen.message.clone();
            Output::Message(seen)
        }
        Output::Connection(connection) => {
            let mut connection: Connection = *connection;
            connection.tls = connection.tls.map(|tls| Box::new(*tls));
            Output::Connection(Box::new(connection))
        }
        other => other,
    }
}

/// What there is to do, and what it is done with. What is `None` is with a thread.
struct Stages<'r, 'c> {
    reader: Option<Reader<'r, 'c>>,
    shards: [Option<Shard>; SHARDS],
    upper: Option<&'r mut Upper>,
    batches: VecDeque<Open>,
    /// The number of the first of them.
    first: u64,
    /// The captures were read to their end.
    ended: bool,
    /// A thread has panicked.
    failed: bool,
    /// Threads that have nothing to do.
    waiting: usize,
}

/// One thing to do.
#[derive(Clone, Copy)]
enum Turn {
    Judge,
    /// A shard's part of the batch in this place.
    Shard(usize, usize),
    Read,
}

/// The same with what it takes.
enum Task<'r, 'c> {
    Judge(&'r mut Upper, Open),
    Shard {
        shard: Shard,
        place: usize,
        /// The number of the batch.
        number: u64,
        content: Arc<Vec<u8>>,
        pieces: Vec<Piece>,
    },
    Read(Reader<'r, 'c>),
}

/// What came of it.
enum Outcome<'r, 'c> {
    Judged(&'r mut Upper),
    Shard {
        shard: Shard,
        place: usize,
        number: u64,
        outputs: Vec<Done>,
    },
    Read(Reader<'r, 'c>, Batch, bool),
}

impl<'r, 'c> Stages<'r, 'c> {
    /// The latest stage that is ready: so batches go through before others begin.
    fn turn(&self) -> Option<Turn> {
        if self.failed {
            return None;
        }
        if self.upper.is_some() && self.batches.front().is_some_and(|open| open.left == 0) {
            return Some(Turn::Judge);
        }
        for (batch, open) in self.batches.iter().enumerate() {
            // A shard that is here has done its part of all batches before.
            let ready =
                |(pieces, shard): (&Option<_>, &Option<_>)| pieces.is_some() && shard.is_some();
            if let Some(place) = open.pieces.iter().zip(&self.shards).position(ready) {
                return Some(Turn::Shard(batch, place));
            }
        }
        let read = self.reader.is_some() && !self.ended && self.batches.len() < UNDER_WAY;
        read.then_some(Turn::Read)
    }

    fn begin(&mut self, turn: Turn) -> Option<Task<'r, 'c>> {
        match turn {
            Turn::Judge => {
                let task = Task::Judge(self.upper.take()?, self.batches.pop_front()?);
                self.first = self.first.saturating_add(1);
                Some(task)
            }
            Turn::Shard(batch, place) => {
                let open = self.batches.get_mut(batch)?;
                Some(Task::Shard {
                    shard: self.shards.get_mut(place)?.take()?,
                    place,
                    number: self.first.saturating_add(u64::try_from(batch).ok()?),
                    content: Arc::clone(&open.content),
                    pieces: open.pieces.get_mut(place)?.take()?,
                })
            }
            Turn::Read => Some(Task::Read(self.reader.take()?)),
        }
    }

    fn put(&mut self, result: Outcome<'r, 'c>) {
        match result {
            Outcome::Judged(upper) => self.upper = Some(upper),
            Outcome::Shard {
                shard,
                place,
                number,
                outputs,
            } => {
                if let Some(back) = self.shards.get_mut(place) {
                    *back = Some(shard);
                }
                let batch = usize::try_from(number.saturating_sub(self.first)).ok();
                if let Some(open) = batch.and_then(|batch| self.batches.get_mut(batch)) {
                    open.outputs.push(outputs);
                    open.left = open.left.saturating_sub(1);
                }
            }
            Outcome::Read(reader, batch, more) => {
                self.reader = Some(reader);
                self.batches.push_back(Open::new(batch));
                self.ended |= !more;
            }
        }
    }

    /// Whether nothing will be to do any more.
    fn is_over(&self) -> bool {
        self.failed || (self.ended && self.batches.is_empty() && self.upper.is_some())
    }
}

impl<'r, 'c> Task<'r, 'c> {
    fn perform(self, means: &Means) -> Outcome<'r, 'c> {
        match self {
            Self::Judge(upper, open) => {
                open.judge(upper);
                Outcome::Judged(upper)
            }
            Self::Shard {
                mut shard,
                place,
                number,
                content,
                pieces,
            } => {
                let mut outputs = Vec::with_capacity(pieces.len());
                for piece in pieces {
                    piece.perform(&content, &mut shard, means, &mut outputs);
                }
                Outcome::Shard {
                    shard,
                    place,
                    number,
                    outputs,
                }
            }
            Self::Read(mut reader) => {
                let (batch, more) = reader.read();
                Outcome::Read(reader, batch, more)
            }
        }
    }
}

/// Where the threads meet.
struct Floor<'r, 'c> {
    stages: Mutex<Stages<'r, 'c>>,
    changed: Condvar,
    means: &'r Means,
}

impl<'r, 'c> Floor<'r, 'c> {
    /// Does what is to be done until all is.
    fn help(&self) {
        let _alarm = Alarm(self);
        let mut stages = self.stages();
        loop {
            let task = stages.turn().and_then(|turn| stages.begin(turn));
            if let Some(task) = task {
                if stages.waiting > 0 && stages.turn().is_some() {
                    self.changed.notify_one();
                }
                drop(stages);
                let result = task.perform(self.means);
                stages = self.stages();
                stages.put(result);
            } else if stages.is_over() {
                break;
            } else {
                stages.waiting = stages.waiting.saturating_add(1);
                let woken = self.changed.wait(stages);
                stages = woken.unwrap_or_else(PoisonError::into_inner);
                stages.waiting = stages.waiting.saturating_sub(1);
            }
        }
        drop(stages);
        self.changed.notify_all();
    }

    fn stages(&self) -> MutexGuard<'_, Stages<'r, 'c>> {
        // Nothing panics while it holds the lock.
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets nobody wait for a thread that has panicked.
struct Alarm<'f, 'r, 'c>(&'f Floor<'r, 'c>);

impl Drop for Alarm<'_, '_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stages().failed = true;
            self.0.changed.notify_all();
        }
    }
}
