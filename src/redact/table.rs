//! What stands for what: injective, bounded.

use super::kind::Kind;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

/// Values that are remembered. Those that come later are replaced all the same, by a keyed hash without the promise that two of them
/// never get the same one.
const VALUES: usize = 250_000;
/// Bytes of them.
const BYTES: usize = 32 << 20;
/// Longer values are opaque and are not remembered; their hash is as good as unique.
pub(super) const LONGEST: usize = 256;

/// Originals with their pseudonyms, all in lower case.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Tag of the kind and original, to pseudonym.
    forward: HashMap<Box<[u8]>, Box<[u8]>, RandomState>,
    /// Tag of the kind and pseudonym.
    taken: HashSet<Box<[u8]>, RandomState>,
    bytes: usize,
}

impl Table {
    /// `key`: the tag of the kind and the original.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.forward.get(key).map(|p| &**p)
    }

    pub(super) fn is_taken(&self, kind: Kind, pseudonym: &[u8]) -> bool {
        self.taken.contains(&keyed(kind, pseudonym)[..])
    }

    /// Whether this was an original.
    pub(super) fn is_original(&self, kind: Kind, value: &[u8]) -> bool {
        self.forward.contains_key(&keyed(kind, value)[..])
    }

    /// Whether there is room.
    pub(super) fn has_room(&self) -> bool {
        self.forward.len() < VALUES && self.bytes < BYTES
    }

    pub(super) fn insert(&mut self, kind: Kind, key: &[u8], pseudonym: &[u8]) {
        self.bytes = self.bytes.saturating_add(key.len().saturating_mul(4));
        self.taken.insert(keyed(kind, pseudonym).into());
        self.forward.insert(key.into(), pseudonym.into());
    }

    /// Kind, original, pseudonym: in order, so that nothing depends on hashes.
    pub(super) fn entries(&self) -> Vec<(Kind, &[u8], &[u8])> {
        let mut all: Vec<_> = self
            .forward
            .iter()
            .filter_map(|(key, pseudonym)| {
                let (tag, original) = key.split_first()?;
                Some((Kind::of(*tag)?, original, &**pseudonym))
            })
            .collect();
        all.sort_unstable();
        all
    }
}

fn keyed(kind: Kind, value: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(value.len().saturating_add(1));
    key.push(kind.tag());
    key.extend_from_slice(value);
    key
}
