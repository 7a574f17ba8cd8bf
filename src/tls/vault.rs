//! Very many master secrets in little memory: their bytes in large blocks, and an index of small numbers.
//!
//! A key log of a busy server names hundreds of thousands of sessions; a map with a piece of memory for each takes half as much again.

use super::layer::Added;
use super::secret::Secret;
use hashbrown::HashTable;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use zeroize::Zeroizing;

/// A client random (RFC 5246 §7.4.1.2).
const NAME: usize = 32;
/// A master secret (RFC 5246 §8.1).
const SECRET: usize = 48;
const ENTRY: usize = NAME + SECRET;
/// Entries in a block, and its bytes: about 64 KiB.
const IN_BLOCK: usize = 819;
const BLOCK: usize = IN_BLOCK * ENTRY;
/// Entries that a block has room for at first: a capture may bring one secret after the other, each of which is a vault for a while.
const FIRST: usize = 16;

/// Master secrets by client random, in the order in which they came.
#[derive(Default)]
pub(super) struct Vault {
    /// None grows where it lies: bytes that move would leave a copy behind that nobody wipes.
    blocks: Vec<Zeroizing<Vec<u8>>>,
    /// The numbers of the entries. Names come from captures, too: nobody may choose them so that all have one hash.
    places: HashTable<u32>,
    hashes: RandomState,
}

impl Vault {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The secret of this name.
    pub(super) fn get(&self, name: &[u8; NAME]) -> Option<Secret> {
        let (_, secret) = entry(&self.blocks, self.place(name)?)?;
        Some(Secret::new(secret))
    }

    /// Whether the name is known, and if so, whether it names this very secret.
    pub(super) fn knows(&self, name: &[u8; NAME], secret: &Secret) -> Option<bool> {
        let (_, known) = entry(&self.blocks, self.place(name)?)?;
        Some(known.as_slice() == secret.bytes())
    }

    /// Takes in a secret, in the place of an earlier one of the same name; a new name only if there is room. What has not the length of a
    /// master secret is none, and is not taken.
    pub(super) fn put(&mut self, name: &[u8; NAME], secret: &Secret, full: bool) -> Added {
        let Ok(secret) = <&[u8; SECRET]>::try_from(secret.bytes()) else {
            return Added::NoRoom;
        };
        if let Some(place) = self.place(name) {
            return match entry_mut(&mut self.blocks, place) {
                Some(known) if known == secret => Added::Known,
                Some(known) => {
                    known.copy_from_slice(secret);
                    Added::Replaced
                }
                None => Added::NoRoom,
            };
        }
        let Ok(place) = u32::try_from(self.len()) else {
            return Added::NoRoom;
        };
        if full {
            return Added::NoRoom;
        }
        let Self {
            blocks,
            places,
            hashes,
        } = self;
        if blocks.last().is_none_or(|last| last.len() >= BLOCK) {
            blocks.push(block(FIRST * ENTRY));
        }
        if let Some(last) = blocks.last_mut() {
            if last.capacity().saturating_sub(last.len()) < ENTRY {
                // The smaller one is wiped when it goes.
                let mut larger = block(last.len().saturating_mul(4).min(BLOCK));
                larger.extend_from_slice(last);
                *last = larger;
            }
            last.extend_from_slice(name);
            last.extend_from_slice(secret);
        }
        let hash_of = |p: &u32| entry(blocks, *p).map_or(0, |(name, _)| hashes.hash_one(name));
        places.insert_unique(hashes.hash_one(name), place, hash_of);
        Added::New
    }

    /// All of them, the first one first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8; NAME], Secret)> {
        let all = 0..u32::try_from(self.len()).unwrap_or(u32::MAX);
        all.filter_map(|place| {
            let (name, secret) = entry(&self.blocks, place)?;
            Some((name, Secret::new(secret)))
        })
    }

    fn place(&self, name: &[u8; NAME]) -> Option<u32> {
        let is = |p: &u32| entry(&self.blocks, *p).is_some_and(|(other, _)| other == name);
        self.places.find(self.hashes.hash_one(name), is).copied()
    }
}

impl Clone for Vault {
    fn clone(&self) -> Self {
        let copy = |original: &Zeroizing<Vec<u8>>| {
            let mut copy = block(original.len());
            copy.extend_from_slice(original);
            copy
        };
        Self {
            blocks: self.blocks.iter().map(copy).collect(),
            places: self.places.clone(),
            hashes: self.hashes.clone(),
        }
    }
}

/// Shows no secret.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.len())
    }
}

fn block(bytes: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(bytes))
}

/// The block of an entry, and where it begins in it.
fn split(place: u32) -> Option<(usize, usize)> {
    let place = usize::try_from(place).ok()?;
    Some((place / IN_BLOCK, (place % IN_BLOCK) * ENTRY))
}

/// The name and the secret in this place.
fn entry(blocks: &[Zeroizing<Vec<u8>>], place: u32) -> Option<(&[u8; NAME], &[u8; SECRET])> {
    let (block, from) = split(place)?;
    let (name, rest) = blocks.get(block)?.get(from..)?.split_first_chunk()?;
    Some((name, rest.first_chunk()?))
}

/// The secret in this place, to be replaced.
fn entry_mut(blocks: &mut [Zeroizing<Vec<u8>>], place: u32) -> Option<&mut [u8; SECRET]> {
    let (block, from) = split(place)?;
    let entry = blocks.get_mut(block)?.get_mut(from..)?;
    entry.get_mut(NAME..)?.first_chunk_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32) -> [u8; NAME] {
        let mut name = [7; NAME];
        name[..4].copy_from_slice(&n.to_be_bytes());
        name
    }

    fn secret(n: u32) -> Secret {
        Secret::new(vec![u8::try_from(n % 251).unwrap(); SECRET])
    }

    #[test]
    fn all_are_found_and_come_in_their_order() {
        let mut vault = Vault::default();
        for n in 0..5_000 {
            assert_eq!(vault.put(&name(n), &secret(n), false), Added::New);
            assert_eq!(vault.put(&name(n), &secret(n), true), Added::Known);
        }
        assert_eq!((vault.len(), vault.blocks.len()), (5_000, 7));
        for n in 0..5_000 {
            assert_eq!(vault.get(&name(n)), Some(secret(n)));
        }
        assert_eq!(vault.get(&name(5_000)), None);
        assert_eq!(vault.put(&name(5_000), &secret(1), true), Added::NoRoom);
        let names: Vec<_> = vault.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, (0..5_000).map(name).collect::<Vec<_>>());
        let (last, _) = vault.iter().next_back().unwrap();
        assert_eq!(*last, name(4_999));
    }

    #[test]
    fn a_later_one_replaces_an_earlier_one_and_takes_no_room() {
        let mut vault = Vault::default();
        vault.put(&name(1), &secret(0xa1), false);
        vault.put(&name(2), &secret(0xb2), false);
        for n in 0..100_000 {
            assert_eq!(vault.put(&name(1), &secret(n % 7), true), Added::Replaced);
        }
        assert_eq!((vault.len(), vault.blocks.len()), (2, 1));
        assert_eq!(vault.get(&name(1)), Some(secret(99_999 % 7)));
        assert_eq!(vault.get(&name(2)), Some(secret(0xb2)));
        assert!(!vault.blocks[0].contains(&0xa1));
    }

    #[test]
    fn a_clone_goes_on_by_itself() {
        let mut vault = Vault::default();
        for n in 0..1_000 {
            vault.put(&name(n), &secret(n), false);
        }
        let mut clone = vault.clone();
        for n in 1_000..2_000 {
            clone.put(&name(n), &secret(n), false);
        }
        clone.put(&name(5), &secret(6), false);
        assert_eq!((vault.len(), clone.len()), (1_000, 2_000));
        assert_eq!(vault.get(&name(5)), Some(secret(5)));
        assert_eq!(clone.get(&name(5)), Some(secret(6)));
        assert!((0..1_000).all(|n| n == 5 || clone.get(&name(n)) == vault.get(&name(n))));
        assert!(clone.blocks.iter().all(|block| block.len() <= BLOCK));
    }

    #[test]
    fn what_is_no_master_secret_is_not_taken_and_none_is_shown() {
        let mut vault = Vault::default();
        for len in [0, 47, 49, 1024] {
            let odd = Secret::new(vec![0xa1; len]);
            assert_eq!(vault.put(&name(1), &odd, false), Added::NoRoom);
        }
        assert_eq!(vault.len(), 0);
        vault.put(&name(1), &secret(0xa1), false);
        assert_eq!(format!("{vault:?}"), "Secrets(1)");
    }
}
