//! Encrypted records that wait for the other direction: captured out of order, its part of the handshake comes later.

use super::record::Head;
use crate::base::FrameRef;

/// One thing that went by meanwhile.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A whole record, or what is there of a damaged one.
    Record {
        at: FrameRef,
        head: Head,
        body: Vec<u8>,
        damaged: bool,
    },
    /// Bytes of the stream are missing.
    Lost(u64),
}

/// The records of one direction that wait.
#[derive(Debug)]
pub(super) struct Held {
    all: Vec<Waiting>,
    room: usize,
    /// Whether something had to be left out.
    full: bool,
}

impl Held {
    pub(super) const fn new(room: usize) -> Self {
        Self {
            all: Vec::new(),
            room,
            full: false,
        }
    }

    /// Whether nothing more is taken.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// Whether no record waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn lost(&mut self, bytes: u64) {
        if !self.full {
            self.all.push(Waiting::Lost(bytes));
        }
    }

    pub(super) fn record(&mut self, at: FrameRef, head: Head, body: &[u8], damaged: bool) {
        // A record costs its place, however short it is.
        let cost = body.len().saturating_add(size_of::<Waiting>());
        match self.room.checked_sub(cost) {
            Some(room) => {
                self.room = room;
                self.all.push(Waiting::Record {
                    at,
                    head,
                    body: body.to_vec(),
                    damaged,
                });
            }
            None => self.full = true,
        }
    }

    /// The first record, unless something is missing before it.
    pub(super) fn first_record(&self) -> Option<(Head, &[u8])> {
        match self.all.first()? {
            Waiting::Record {
                head,
                body,
                damaged: false,
                ..
            } => Some((*head, body)),
            _ => None,
        }
    }

    /// What waits, in order.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.all)
    }
}
