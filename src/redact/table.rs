//! What stands for what: injective, bounded.

use super::byte_set::ByteSet;
use super::kind::Kind;

/// Values that are remembered. Those that come later are replaced all the same, by a keyed hash without the promise that two of them
/// never get the same one. A table of 262 144 places holds as many without growing.
const VALUES: usize = 229_376;
/// Bytes of them.
const BYTES: usize = 8 << 20;
/// Longer values are opaque and are not remembered; their hash is as good as unique.
pub(super) const LONGEST: usize = 256;

/// Originals with their pseudonyms, all in lower case.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Tag of the kind and original.
    originals: ByteSet,
    /// Tag of the kind and pseudonym.
    taken: ByteSet,
    /// Of each original, by number: the number of its pseudonym.
    pseudonyms: Vec<u32>,
}

impl Table {
    /// `key`: the tag of the kind and the original.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let number = usize::try_from(self.originals.find(key)?).ok()?;
        let pseudonym = self.taken.get(*self.pseudonyms.get(number)?);
        pseudonym.get(1..)
    }

    pub(super) fn is_taken(&self, kind: Kind, pseudonym: &[u8]) -> bool {
        self.taken.contains(&keyed(kind, pseudonym))
    }

    /// Whether this was an original.
    pub(super) fn is_original(&self, kind: Kind, value: &[u8]) -> bool {
        self.originals.contains(&keyed(kind, value))
    }

    /// Whether there is room.
    pub(super) fn has_room(&self) -> bool {
        self.originals.len() < VALUES && self.originals.bytes() < BYTES
    }

    pub(super) fn insert(&mut self, kind: Kind, key: &[u8], pseudonym: &[u8]) {
        if let Some(pseudonym) = self.taken.insert(&keyed(kind, pseudonym))
            && self.originals.insert(key).is_some()
        {
            self.pseudonyms.push(pseudonym);
        }
    }

    /// Kind, original, pseudonym: in order, so that nothing depends on what came first.
    pub(super) fn entries(&self) -> Vec<(Kind, &[u8], &[u8])> {
        let mut all: Vec<_> = self.unsorted().collect();
        all.sort_unstable();
        all
    }

    /// The same in the order in which they came.
    pub(super) fn unsorted(&self) -> impl Iterator<Item = (Kind, &[u8], &[u8])> {
        let originals = self.originals.iter().zip(&self.pseudonyms);
        originals.filter_map(|(key, pseudonym)| {
            let (tag, original) = key.split_first()?;
            let pseudonym = self.taken.get(*pseudonym).get(1..)?;
            Some((Kind::of(*tag)?, original, pseudonym))
        })
    }
}

fn keyed(kind: Kind, value: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(value.len().saturating_add(1));
    key.push(kind.tag());
    key.extend_from_slice(value);
    key
}
