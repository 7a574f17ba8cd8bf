//! The stages in several threads.
//!
//! Three things are to be done with a batch of frames: to read it and put its streams in order, to read the content of each shard, and
//! to judge what came out. Each is done for one batch after the other, and different ones at the same time: a thread that is free
//! does the latest of them that is ready, so that none waits for another while there is anything to do. Only one
//! thread reads and only one judges, and beside that they help with the content: what is kept from batch to batch is in the memory and the
//! cache of one. What came out of a batch is judged in the order of its frames: the report is that of one thread. A few batches are under way at
//! most: memory grows with nothing.

mod open;

use super::batch::{Batch, Done, Piece};
use super::rooms::Rooms;
use super::shard::{Means, SHARDS, Shard};
use super::upper::Upper;
use super::{Analyzer, take};
use crate::base::Caveats;
use crate::capture::Merge;
use crate::packet::Decoder;
use open::{Open, Spent};
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
    let helpers = usize::from(rooms.config.jobs)
        .clamp(2, SHARDS + 2)
        .saturating_sub(2);
    let mut all = std::mem::take(shards).into_iter();
    let stages = Stages {
        reader: Some(Reader {
            captures,
            decoder,
            caveats,
            rooms,
        }),
        shards: std::array::from_fn(|_| all.next().map(Box::new)),
        upper: Some(upper),
        judge: Who::Judge,
        batches: VecDeque::new(),
        spent: Vec::new(),
        first: 0,
        ended: false,
        failed: false,
        waiting: Each::default(),
    };
    let floor = Floor {
        stages: Mutex::new(stages),
        bells: Each::default(),
        means,
    };
    thread::scope(|scope| {
        let floor = &floor;
        // Nobody is to wait for this thread either, if it panics.
        let _alarm = Alarm(floor);
        let start = |who| {
            let thread = thread::Builder::new();
            thread.spawn_scoped(scope, move || floor.help(who)).ok()
        };
        let mut others: Vec<_> = start(Who::Judge).into_iter().collect();
        if others.is_empty() {
            // The system has no thread left: this one does everything.
            floor.stages().judge = Who::Reader;
        }
        others.extend((0..helpers).map(Who::Helper).map_while(start));
        floor.help(Who::Reader);
        for other in others {
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let stages = floor.stages.into_inner();
    let stages = stages.unwrap_or_else(PoisonError::into_inner);
    shards.extend(stages.shards.into_iter().flatten().map(|shard| *shard));
}

/// Reads frames and puts streams in order.
struct Reader<'r, 'c> {
    captures: &'r mut Merge<'c>,
    decoder: &'r mut Decoder,
    caveats: &'r mut Caveats,
    rooms: &'r mut Rooms,
}

impl Reader<'_, '_> {
    /// The next batch.
    fn read(&mut self) -> Fresh {
        let mut fresh = Fresh {
            undealt: None,
            batch: Batch::new(self.rooms.is_dealt()),
            more: true,
        };
        while !fresh.batch.is_full() {
            let Some(item) = self.captures.next(self.caveats) else {
                fresh.more = false;
                break;
            };
            if self.rooms.note(&item) {
                let undealt = std::mem::replace(&mut fresh.batch, Batch::new(true));
                fresh.undealt = Some(undealt);
            }
            let batch = &mut fresh.batch;
            take(item, self.decoder, self.caveats, self.rooms, batch);
        }
        fresh
    }
}

/// What was read.
struct Fresh {
    /// What came before it, when from here on connections are dealt to several shards.
    undealt: Option<Batch>,
    batch: Batch,
    /// Whether the captures go on.
    more: bool,
}

/// A thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// It alone reads.
    Reader,
    /// It alone judges.
    Judge,
    /// One of the others, by number.
    Helper(usize),
}

/// Something of each kind of thread.
#[derive(Debug, Default)]
struct Each<T> {
    reader: T,
    judge: T,
    helpers: T,
}

impl<T> Each<T> {
    const fn of(&self, who: Who) -> &T {
        match who {
            Who::Reader => &self.reader,
            Who::Judge => &self.judge,
            Who::Helper(_) => &self.helpers,
        }
    }

    const fn of_mut(&mut self, who: Who) -> &mut T {
        match who {
            Who::Reader => &mut self.reader,
            Who::Judge => &mut self.judge,
            Who::Helper(_) => &mut self.helpers,
        }
    }
}

/// What there is to do, and what it is done with. What is `None` is with a thread.
struct Stages<'r, 'c> {
    reader: Option<Reader<'r, 'c>>,
    shards: [Option<Box<Shard>>; SHARDS],
    upper: Option<&'r mut Upper>,
    /// Who judges.
    judge: Who,
    batches: VecDeque<Open>,
    /// The number of the first of them.
    first: u64,
    /// The captures were read to their end.
    ended: bool,
    /// What is to go back to those that made it.
    spent: Vec<Spent>,
    /// A thread has panicked.
    failed: bool,
    /// Threads that have nothing to do.
    waiting: Each<usize>,
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
    Judge(&'r mut Upper, Open, Who),
    Shard {
        shard: Box<Shard>,
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
        shard: Box<Shard>,
        place: usize,
        number: u64,
        outputs: Vec<Done>,
    },
    Read(Reader<'r, 'c>, Box<Fresh>),
}

impl<'r, 'c> Stages<'r, 'c> {
    /// The latest stage that is ready: so batches go through before others begin.
    fn turn(&self, who: Who) -> Option<Turn> {
        if self.failed {
            return None;
        }
        let whole = self.batches.front().is_some_and(|open| open.left == 0);
        if whole && who == self.judge {
            return Some(Turn::Judge);
        }
        let dealt = self.batches.iter().take_while(|open| !open.splits);
        for (batch, open) in dealt.enumerate() {
            // A shard that is here has done its part of all batches before.
            let ready =
                |(pieces, shard): (&Option<_>, &Option<_>)| pieces.is_some() && shard.is_some();
            if let Some(place) = open.pieces.iter().zip(&self.shards).position(ready) {
                return Some(Turn::Shard(batch, place));
            }
        }
        let read = self.reader.is_some() && !self.ended && self.batches.len() < UNDER_WAY;
        (read && who == Who::Reader).then_some(Turn::Read)
    }

    fn begin(&mut self, turn: Turn) -> Option<Task<'r, 'c>> {
        match turn {
            Turn::Judge => {
                let upper = self.upper.take()?;
                let task = Task::Judge(upper, self.batches.pop_front()?, self.judge);
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
            Outcome::Read(reader, fresh) => {
                self.reader = Some(reader);
                let splits = fresh.undealt.is_some();
                let undealt = fresh.undealt.map(|batch| Open::new(batch, false));
                self.batches.extend(undealt);
                self.batches.push_back(Open::new(fresh.batch, splits));
                self.ended |= !fresh.more;
            }
        }
        self.split();
    }

    /// Splits the shard that has all connections, when all before the batch that wants it is done.
    fn split(&mut self) {
        let mut before = self.batches.iter().take_while(|open| !open.splits);
        if before.any(|open| open.left > 0) {
            return;
        }
        let Some(open) = self.batches.iter_mut().find(|open| open.splits) else {
            return;
        };
        let [only, ..] = &mut self.shards;
        if let Some(only) = only.take() {
            open.splits = false;
            let mut all = only.split().into_iter();
            self.shards = std::array::from_fn(|_| all.next().map(Box::new));
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
            Self::Judge(upper, open, who) => {
                let spent = open.judge(upper, who);
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
                let fresh = reader.read();
                Outcome::Read(reader, Box::new(fresh))
            }
        }
    }
}

/// Where the threads meet.
struct Floor<'r, 'c> {
    stages: Mutex<Stages<'r, 'c>>,
    /// What threads wait for.
    bells: Each<Condvar>,
    means: &'r Means,
}

impl<'r, 'c> Floor<'r, 'c> {
    /// Does what is to be done until all is.
    fn help(&self, who: Who) {
        let _alarm = Alarm(self);
        let mut stages = self.stages();
        loop {
            let task = stages.turn(who).and_then(|turn| stages.begin(turn));
            for other in [Who::Reader, Who::Judge, Who::Helper(0)] {
                if *stages.waiting.of(other) > 0 && stages.turn(other).is_some() {
                    self.bells.of(other).notify_one();
                }
            }
            let spent = stages.take_spent(who);
            if let Some(task) = task {
                drop(stages);
                drop(spent);
                let result = task.perform(self.means);
                stages = self.stages();
                stages.put(result, who);
            } else if !spent.is_empty() {
                // To free memory takes a while: the others are not to wait for it.
                drop(stages);
                drop(spent);
                stages = self.stages();
            } else if stages.is_over() {
                break;
            } else {
                *stages.waiting.of_mut(who) += 1;
                let woken = self.bells.of(who).wait(stages);
                stages = woken.unwrap_or_else(PoisonError::into_inner);
                *stages.waiting.of_mut(who) -= 1;
            }
        }
        drop(stages);
        self.wake_all();
    }

    fn wake_all(&self) {
        for who in [Who::Reader, Who::Judge, Who::Helper(0)] {
            self.bells.of(who).notify_all();
        }
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
