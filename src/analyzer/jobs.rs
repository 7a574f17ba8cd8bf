//! The stages in several threads.
//!
//! Three things are to be done with a batch of frames: to read it and put its streams in order, to read the content of each shard, and
//! to judge what came out. Each is done for one batch after the other, and different ones at the same time: a thread that is free
//! does the latest of them that is ready, so that none waits for another while there is anything to do. Only the first thread
//! judges: what is kept is in its memory and in its cache. What came out of a batch is judged in the order of its frames: the report is that of
//! one thread. A few batches are under way at most: memory grows with nothing.

use super::batch::{Batch, Done, Piece};
use super::rooms::Rooms;
use super::shard::{Means, SHARDS, Shard};
use super::upper::Upper;
use super::work::Output;
use super::{Analyzer, take};
use crate::base::Caveats;
use crate::capture::Merge;
use crate::connection::Connection;
use crate::dialog::Seen;
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
        spent: Vec::new(),
        first: 0,
        ended: false,
        failed: false,
        first_waits: false,
        others_waiting: 0,
    };
    let floor = Floor {
        stages: Mutex::new(stages),
        for_first: Condvar::new(),
        for_others: Condvar::new(),
        means,
    };
    thread::scope(|scope| {
        let floor = &floor;
        let other = |number| scope.spawn(move || floor.help(Who(number)));
        let others: Vec<_> = (1..jobs).map(other).collect();
        floor.help(Who::FIRST);
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
    /// What came out, and whose memory it is in.
    outputs: Vec<(Who, Vec<Done>)>,
}

/// A thread, by number: the first one judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Who(usize);

impl Who {
    const FIRST: Self = Self(0);
}

/// What was copied into the memory of the first thread. It goes back to the thread that made it: to free the memory of another one costs
/// both of them more than to make it.
type Spent = (Who, Vec<Output>);

impl Open {
    fn new(batch: Batch, reader: Who) -> Self {
        let pieces = batch.pieces;
        let pieces = pieces.map(|list| Some(list).filter(|list| !list.is_empty()));
        Self {
            content: Arc::new(batch.content),
            left: pieces.iter().flatten().count(),
            pieces,
            outputs: vec![(reader, batch.told)],
        }
    }

    /// Hands on what came out, in the order of the frames; gives what others made and is done with.
    fn judge(self, upper: &mut Upper) -> Vec<Spent> {
        let lists = self.outputs.into_iter();
        let mut lists: Vec<_> = lists
            .map(|(maker, list)| {
                let most = if maker == Who::FIRST { 0 } else { list.len() };
                (
                    (maker, Vec::with_capacity(most)),
                    list.into_iter().peekable(),
                )
            })
            .collect();
        // Few lists: looking at all of them is as quick as a heap.
        while let Some((spent, list)) = lists
            .iter_mut()
            .filter_map(|(spent, list)| Some((list.peek()?.0, spent, list)))
            .min_by_key(|(number, _, _)| *number)
            .map(|(_, spent, list)| (spent, list))
        {
            if let Some((_, last, output)) = list.next() {
                let (maker, spent) = spent;
                let output = if *maker == Who::FIRST {
                    output
                } else {
                    moved(output, spent)
                };
                upper.take(output, last, &mut |_| {});
            }
        }
        let spent = lists.into_iter().map(|(spent, _)| spent);
        spent.filter(|(_, list)| !list.is_empty()).collect()
    }
}

/// What is kept, in memory of the thread that keeps it: else that of the others is full of holes.
fn moved(output: Output, spent: &mut Vec<Output>) -> Output {
    match output {
        Output::Message(seen) => {
            let copy = Seen {
                message: seen.message.clone(),
                hop: seen.hop,
            };
            spent.push(Output::Message(seen));
            Output::Message(copy)
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
    spent: Vec<Spent>,
    /// The number of the first of them.
    first: u64,
    /// The captures were read to their end.
    ended: bool,
    /// A thread has panicked.
    failed: bool,
    /// Threads that have nothing to do.
    first_waits: bool,
    others_waiting: usize,
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
    Judged(&'r mut Upper, Vec<Spent>),
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
    fn turn(&self, who: Who) -> Option<Turn> {
        if self.failed {
            return None;
        }
        let whole = self.batches.front().is_some_and(|open| open.left == 0);
        if whole && who == Who::FIRST {
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

    fn put(&mut self, result: Outcome<'r, 'c>, who: Who) {
        match result {
            Outcome::Judged(upper, spent) => {
                self.upper = Some(upper);
                self.spent.extend(spent);
            }
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
                    open.outputs.push((who, outputs));
                    open.left = open.left.saturating_sub(1);
                }
            }
            Outcome::Read(reader, batch, more) => {
                self.reader = Some(reader);
                self.batches.push_back(Open::new(batch, who));
                self.ended |= !more;
            }
        }
    }

    const fn begins_to_wait(&mut self, who: Who) {
        match who {
            Who::FIRST => self.first_waits = true,
            _ => self.others_waiting = self.others_waiting.saturating_add(1),
        }
    }

    const fn waits_no_more(&mut self, who: Who) {
        match who {
            Who::FIRST => self.first_waits = false,
            _ => self.others_waiting = self.others_waiting.saturating_sub(1),
        }
    }

    /// What is to go back to a thread.
    fn take_spent(&mut self, who: Who) -> Vec<Spent> {
        self.spent
            .extract_if(.., |(maker, _)| *maker == who)
            .collect()
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
                let spent = open.judge(upper);
                Outcome::Judged(upper, spent)
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
    for_first: Condvar,
    for_others: Condvar,
    means: &'r Means,
}

impl<'r, 'c> Floor<'r, 'c> {
    /// Does what is to be done until all is.
    fn help(&self, who: Who) {
        let _alarm = Alarm(self);
        let mut stages = self.stages();
        loop {
            let task = stages.turn(who).and_then(|turn| stages.begin(turn));
            if stages.first_waits && stages.turn(Who::FIRST).is_some() {
                self.for_first.notify_one();
            }
            if stages.others_waiting > 0 && stages.turn(Who(1)).is_some() {
                self.for_others.notify_one();
            }
            let spent = stages.take_spent(who);
            if let Some(task) = task {
                drop(stages);
                drop(spent);
                let result = task.perform(self.means);
                stages = self.stages();
                stages.put(result, who);
            } else if stages.is_over() {
                break;
            } else {
                stages.begins_to_wait(who);
                let woken = self.bell(who).wait(stages);
                stages = woken.unwrap_or_else(PoisonError::into_inner);
                stages.waits_no_more(who);
            }
        }
        drop(stages);
        self.wake_all();
    }

    /// What a thread waits for.
    const fn bell(&self, who: Who) -> &Condvar {
        match who {
            Who::FIRST => &self.for_first,
            _ => &self.for_others,
        }
    }

    fn wake_all(&self) {
        self.for_first.notify_all();
        self.for_others.notify_all();
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
            self.0.wake_all();
        }
    }
}
