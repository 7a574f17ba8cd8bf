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
        /// Bytes of the stream up to its end.
        end: u64,
    },
    /// Bytes of the stream are missing.
    Lost(u64),
}

/// The records of one direction that wait.
#[derive(Debug)]
pub(super) struct Held {
    all: Vec<Waiting>,
    /// Room in all, and what is left of it.
    most: usize,
    room: usize,
    /// Whether something had to be left out.
    full: bool,
}

impl Held {
    pub(super) const fn new(room: usize) -> Self {
        Self {
            all: Vec::new(),
            most: room,
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

    /// Bytes of memory that wait.
    pub(super) const fn waiting(&self) -> usize {
        self.most.saturating_sub(self.room)
    }

    /// Bytes of the records that wait, as on the wire.
    pub(super) fn record_bytes(&self) -> usize {
        let bodies = self.all.iter().map(|waiting| match waiting {
            Waiting::Record { body, .. } => body.len(),
            Waiting::Lost(_) => 0,
        });
        bodies.sum()
    }

    pub(super) fn lost(&mut self, bytes: u64) {
        match (
            self.all.last_mut(),
            self.room.checked_sub(size_of::<Waiting>()),
        ) {
            _ if self.full => {}
            (Some(Waiting::Lost(before)), _) => *before = before.saturating_add(bytes),
            (_, Some(room)) => {
                self.room = room;
                self.all.push(Waiting::Lost(bytes));
            }
            (_, None) => self.full = true,
        }
    }

    /// A record that ends at the byte `end` of the stream.
    pub(super) fn record(
        &mut self,
        at: FrameRef,
        head: Head,
        body: &[u8],
        damaged: bool,
        end: u64,
    ) {
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
                    end,
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
        let taken = std::mem::take(&mut self.all);
        // A later handshake may have to wait, too.
        *self = Self::new(self.most);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_out_makes_room_again_and_holes_cost_some() {
        let head = Head {
            content: 23,
            version: 0x0303,
            len: 100,
            sslv2: false,
        };
        let mut held = Held::new(1000);
        for _ in 0..3 {
            held.record(FrameRef::default(), head, &[0; 600], false, 0);
            assert!(!held.is_full() && held.first_record().is_some());
            held.record(FrameRef::default(), head, &[0; 600], false, 0);
            assert!(held.is_full());
            assert_eq!(held.take().len(), 1);
        }
        for _ in 0..1000 {
            held.lost(1);
        }
        assert!(matches!(*held.take(), [Waiting::Lost(1000)]));
    }
}
