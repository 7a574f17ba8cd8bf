//! Byte strings, each once, in few large pieces: as a quarter of a million boxes they would take four times as much.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Bits of the place in a piece, and so its bytes.
const PIECE_BITS: u32 = 16;
const PIECE: usize = 1 << PIECE_BITS;

/// Byte strings by number, in the order in which they came, and found by their content.
#[derive(Debug, Default)]
pub(super) struct ByteSet {
    pieces: Vec<Vec<u8>>,
    places: Vec<Place>,
    index: HashTable<u32>,
    state: RandomState,
    bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    piece: u16,
    start: u16,
    len: u16,
}

impl ByteSet {
    /// The number of this one; `None`: it is not there.
    pub(super) fn find(&self, value: &[u8]) -> Option<u32> {
        let hash = self.state.hash_one(value);
        let same = |number: &u32| self.get(*number) == value;
        self.index.find(hash, same).copied()
    }

    pub(super) fn contains(&self, value: &[u8]) -> bool {
        self.find(value).is_some()
    }

    /// The one with this number; empty where there is none.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        let place = usize::try_from(number).ok();
        place
            .and_then(|number| self.places.get(number))
            .map_or(&[], |place| bytes_at(&self.pieces, *place))
    }

    /// Adds it if it is not there; its number. `None`: it is too long, or there are too many.
    pub(super) fn insert(&mut self, value: &[u8]) -> Option<u32> {
        if let Some(known) = self.find(value) {
            return Some(known);
        }
        let number = u32::try_from(self.places.len()).ok()?;
        let len = u16::try_from(value.len()).ok()?;
        let room = |piece: &Vec<u8>| PIECE.saturating_sub(piece.len()) > value.len();
        let is_full = !self.pieces.last().is_some_and(room);
        let others = self.pieces.len().saturating_sub(usize::from(!is_full));
        let piece = u16::try_from(others).ok()?;
        if is_full {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        let last = self.pieces.last_mut()?;
        let start = u16::try_from(last.len()).ok()?;
        last.extend_from_slice(value);
        self.places.push(Place { piece, start, len });
        self.bytes = self.bytes.saturating_add(value.len());
        let Self {
            pieces,
            places,
            index,
            state,
            ..
        } = self;
        let hash_of = |number: &u32| {
            let place = usize::try_from(*number).ok().and_then(|n| places.get(n));
            state.hash_one(place.map_or(&[][..], |place| bytes_at(pieces, *place)))
        };
        index.insert_unique(state.hash_one(value), number, hash_of);
        Some(number)
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }

    /// Bytes of all.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// All in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let places = self.places.iter();
        places.map(|place| bytes_at(&self.pieces, *place))
    }
}

fn bytes_at(pieces: &[Vec<u8>], place: Place) -> &[u8] {
    let start = usize::from(place.start);
    let end = start.saturating_add(usize::from(place.len));
    pieces
        .get(usize::from(place.piece))
        .and_then(|piece| piece.get(start..end))
        .unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_and_found_by_content_and_number() {
        let mut set = ByteSet::default();
        let value = |n: u32| vec![n.to_be_bytes()[3]; usize::try_from(n % 300).unwrap()];
        let mut distinct = std::collections::BTreeSet::new();
        for n in 0..20_000 {
            let value = [&n.to_string().into_bytes()[..], &value(n)].concat();
            let number = set.insert(&value).unwrap();
            assert_eq!(set.insert(&value), Some(number));
            assert_eq!(
                (set.get(number), set.find(&value)),
                (&value[..], Some(number))
            );
            distinct.insert(value);
        }
        assert_eq!(set.len(), distinct.len());
        assert_eq!(set.bytes(), distinct.iter().map(Vec::len).sum::<usize>());
        assert!(distinct.iter().all(|value| set.contains(value)));
        assert!(set.iter().all(|value| distinct.contains(value)));
        assert!(!set.contains(b"none") && set.get(u32::MAX).is_empty());
    }

    #[test]
    fn what_is_longer_than_a_piece_is_refused_and_the_empty_one_is_one() {
        let mut set = ByteSet::default();
        assert_eq!(set.insert(&vec![1; PIECE]), None);
        let longest = vec![1; PIECE - 1];
        let number = set.insert(&longest).unwrap();
        assert_eq!(set.get(number), longest);
        assert!(!set.contains(b""));
        let empty = set.insert(b"").unwrap();
        assert_eq!(set.find(b""), Some(empty));
        // A second piece begins where the first has no room.
        let next = set.insert(&[2; 100]).unwrap();
        assert_eq!(set.get(next), [2; 100]);
    }
}
