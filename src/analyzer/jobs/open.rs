//! A batch on its way: what is to be done with it, and what came out.

use super::super::batch::{Batch, Done, Piece};
use super::super::shard::SHARDS;
use super::super::upper::Upper;
use super::super::work::Output;
use super::Who;
use crate::connection::Connection;
use crate::dialog::Seen;
use std::sync::Arc;

/// A batch that was read.
pub(super) struct Open {
    pub(super) content: Arc<Vec<u8>>,
    /// What is to be done, by shard, until a thread takes it.
    pub(super) pieces: [Option<Vec<Piece>>; SHARDS],
    /// Shards that have something to do or are at it.
    pub(super) left: usize,
    /// What came out, and whose memory it is in.
    pub(super) outputs: Vec<(Who, Vec<Done>)>,
    /// Before it the shard that has all connections is to be split.
    pub(super) splits: bool,
}

/// Messages that were copied into the memory of the thread that judges. They go back to the one that made them: to free the memory of another
/// one costs both more than to make it, and there is one message or more in every frame.
pub(super) type Spent = (Who, Vec<Output>);

impl Open {
    pub(super) fn new(batch: Batch, splits: bool) -> Self {
        let pieces = batch.pieces;
        let pieces = pieces.map(|list| Some(list).filter(|list| !list.is_empty()));
        Self {
            content: Arc::new(batch.content),
            left: pieces.iter().flatten().count(),
            pieces,
            outputs: vec![(Who::Reader, batch.told)],
            splits,
        }
    }

    /// Hands on what came out, in the order of the frames; gives what others than `who`, which does it, made and is done with.
    pub(super) fn judge(self, upper: &mut Upper, who: Who) -> Vec<Spent> {
        let lists = self.outputs.into_iter();
        let mut lists: Vec<_> = lists
            .map(|(maker, list)| {
                let most = if maker == who { 0 } else { list.len() };
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
                let output = if *maker == who {
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
