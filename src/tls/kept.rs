//! The records that a session opened, and under which keys: for those who put other content in their place.

use super::cipher::Parameters;
use super::keying::Keying;
use super::keys::TrafficPlace;
use super::record::Head;
use super::session::{Session, at_index};
use crate::base::Direction;

/// A record that was opened.
#[derive(Debug)]
pub struct OpenedRecord {
    pub(super) direction: Direction,
    pub(super) end: u64,
    /// Its header on the wire.
    pub(super) head: Head,
    pub(super) content: u8,
    pub(super) plain: Vec<u8>,
    pub(super) under: Under,
    /// Its number under these keys.
    pub(super) seq: u64,
}

impl OpenedRecord {
    /// Who sent it.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Bytes of the stream of its direction up to its end, counted from the first one that the session was given, gaps included.
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Its content type (RFC 8446 §5.1); in TLS 1.3 the inner one.
    pub const fn content_type(&self) -> u8 {
        self.content
    }

    /// Its content.
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }
}

/// Which keys a record is under, without any secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Under {
    /// Up to TLS 1.2: those that the client or the server writes with.
    Master { p: Parameters, by_client: bool },
    /// TLS 1.3.
    Traffic {
        client_random: [u8; 32],
        by_client: bool,
        place: TrafficPlace,
    },
}

/// What a session keeps of its records.
#[derive(Debug, Default)]
pub(super) struct Kept {
    inside: Option<Box<Inside>>,
    /// The end of a record that has waited.
    pub(super) replaying: Option<u64>,
}

#[derive(Debug, Default)]
struct Inside {
    records: Vec<OpenedRecord>,
    under: [Option<Under>; 2],
}

impl Kept {
    /// A direction begins to encrypt, up to TLS 1.2.
    pub(super) fn begins(&mut self, direction: Direction, by_client: bool, keying: &Keying) {
        if let Some(inside) = &mut self.inside {
            *at_index(&mut inside.under, direction) =
                keying.parameters().map(|p| Under::Master { p, by_client });
        }
    }
}

impl Session {
    /// From here on the records that are opened are kept, with their content.
    pub fn keep_opened(&mut self) {
        self.opened.inside = Some(Box::default());
    }

    /// The records opened since [`Self::keep_opened`], in the order of their opening.
    pub fn take_opened(&mut self) -> Vec<OpenedRecord> {
        let inside = self.opened.inside.as_mut();
        inside.map_or_else(Vec::new, |inside| std::mem::take(&mut inside.records))
    }

    /// A record was opened. `place`: its number, and in TLS 1.3 its keys.
    pub(super) fn keep(
        &mut self,
        direction: Direction,
        (head, content): (Head, u8),
        (seq, place): (u64, Option<TrafficPlace>),
        plain: &[u8],
    ) {
        if self.opened.inside.is_none() {
            return;
        }
        let by_client = direction == self.summary.client();
        let client_random = self.keying.client_random;
        let end = self
            .opened
            .replaying
            .unwrap_or_else(|| self.side(direction).passed);
        let Some(inside) = &mut self.opened.inside else {
            return;
        };
        let under = match (place, client_random) {
            (Some(place), Some(client_random)) => Some(Under::Traffic {
                client_random,
                by_client,
                place,
            }),
            (Some(_), None) => None,
            (None, _) => *at_index(&mut inside.under, direction),
        };
        if let Some(under) = under {
            inside.records.push(OpenedRecord {
                direction,
                end,
                head,
                content,
                plain: plain.to_vec(),
                under,
                seq,
            });
        }
    }
}
