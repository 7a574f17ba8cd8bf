//! Very many secrets by client random in little memory: their bytes in large blocks, and an index of small numbers.
//!
//! A key log of a busy server names hundreds of thousands of sessions; a map with a piece of memory for each takes half as much again.

use super::secrets::{Added, Secret};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use zeroize::Zeroizing;

/// Bytes of a block. What does not fit into the rest of one begins the next; the longest entry fits.
const BLOCK: usize = 1 << BITS;
/// Bits of a place within a block; the bits above are the block's number.
const BITS: u32 = 16;
/// A client random (RFC 5246 §7.4.1.2).
const NAME: usize = 32;
/// Name and length before each secret.
const HEAD: usize = NAME + 2;
/// In a length: another secret has taken its place.
const GONE: u16 = 1 << 15;

/// Secrets by client random, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Vault {
    /// Never longer than they were made for: bytes that move would leave a copy behind that nobody wipes.
    blocks: Vec<Zeroizing<Vec<u8>>>,
    /// Where each entry lies. Names come from captures, too: nobody may choose them so that all have one hash.
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

    /// Takes in a secret, in the place of an earlier one of the same name; a new name only if there is room.
    pub(super) fn put(&mut self, name: &[u8; NAME], secret: &Secret, full: bool) -> Added {
        let bytes = secret.bytes();
        let known = self.place(name);
        match known.and_then(|place| entry(&self.blocks, place)) {
            Some((_, same)) if same == bytes => return Added::Known,
            None if full => return Added::NoRoom,
            _ => {}
        }
        let Some(len) = u16::try_from(bytes.len()).ok().filter(|len| *len < GONE) else {
            return Added::NoRoom;
        };
        let Some(place) = self.append(name, len, bytes) else {
            return Added::NoRoom;
        };
        let hash = self.hashes.hash_one(name);
        let Self {
            blocks,
            places,
            hashes,
        } = self;
        if let Some(old) = known {
            wipe(blocks, old);
            if let Some(known) = places.find_mut(hash, |p| *p == old) {
                *known = place;
            }
        } else {
            let hash_of = |p: &u32| entry(blocks, *p).map_or(0, |(name, _)| hashes.hash_one(name));
            places.insert_unique(hash, place, hash_of);
        }
        Added::New
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8; NAME], Secret)> {
        self.blocks.iter().flat_map(|block| {
            let mut rest = block.as_slice();
            std::iter::from_fn(move || {
                loop {
                    let (name, len, behind) = head(rest)?;
                    let (secret, next) = behind.split_at_checked(usize::from(len & !GONE))?;
                    rest = next;
                    if len & GONE == 0 {
                        return Some((name, Secret::new(secret)));
                    }
                }
            })
        })
    }

    fn place(&self, name: &[u8; NAME]) -> Option<u32> {
        let is = |p: &u32| entry(&self.blocks, *p).is_some_and(|(other, _)| other == name);
        self.places.find(self.hashes.hash_one(name), is).copied()
    }

    /// Writes an entry behind the others; where it lies. `None` when there are too many blocks.
    fn append(&mut self, name: &[u8; NAME], len: u16, secret: &[u8]) -> Option<u32> {
        let needed = HEAD.checked_add(secret.len())?;
        let fits = |block: &Zeroizing<Vec<u8>>| block.capacity() - block.len() >= needed;
        if !self.blocks.last().is_some_and(fits) {
            self.blocks.push(Zeroizing::new(Vec::with_capacity(BLOCK)));
        }
        let number = u32::try_from(self.blocks.len().checked_sub(1)?).ok()?;
        let number = number.checked_mul(1 << BITS)?;
        let block = self.blocks.last_mut()?;
        let place = number.checked_add(u32::try_from(block.len()).ok()?)?;
        block.extend_from_slice(name);
        block.extend_from_slice(&len.to_be_bytes());
        block.extend_from_slice(secret);
        Some(place)
    }
}

/// The name and length at the front, and what is behind them.
fn head(bytes: &[u8]) -> Option<(&[u8; NAME], u16, &[u8])> {
    let (name, rest) = bytes.split_first_chunk::<NAME>()?;
    let (len, rest) = rest.split_first_chunk::<2>()?;
    Some((name, u16::from_be_bytes(*len), rest))
}

fn split(place: u32) -> Option<(usize, usize)> {
    let block = usize::try_from(place >> BITS).ok()?;
    let from = usize::try_from(place & ((1 << BITS) - 1)).ok()?;
    Some((block, from))
}

/// The name and the secret in this place.
fn entry(blocks: &[Zeroizing<Vec<u8>>], place: u32) -> Option<(&[u8; NAME], &[u8])> {
    let (block, from) = split(place)?;
    let (name, len, rest) = head(blocks.get(block)?.get(from..)?)?;
    Some((name, rest.get(..usize::from(len & !GONE))?))
}

/// Overwrites the secret in this place, and says that it is none.
fn wipe(blocks: &mut [Zeroizing<Vec<u8>>], place: u32) {
    let Some(len) = entry(blocks, place).map(|(_, secret)| secret.len()) else {
        return;
    };
    let Some(bytes) = split(place).and_then(|(block, from)| blocks.get_mut(block)?.get_mut(from..))
    else {
        return;
    };
    for byte in bytes.iter_mut().skip(HEAD).take(len) {
        *byte = 0;
    }
    if let Some(high) = bytes.get_mut(NAME) {
        *high |= 0x80;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32) -> [u8; NAME] {
        let mut name = [7; NAME];
        name[..4].copy_from_slice(&n.to_be_bytes());
        name
    }

    fn byte(n: u32) -> u8 {
        u8::try_from(n % 251).unwrap()
    }

    fn secret(byte: u8, len: usize) -> Secret {
        Secret::new(vec![byte; len])
    }

    #[test]
    fn all_are_found_and_come_in_their_order() {
        let mut vault = Vault::default();
        for n in 0..5_000 {
            let one = secret(byte(n), if n % 7 == 0 { 1024 } else { 48 });
            assert_eq!(vault.put(&name(n), &one, false), Added::New);
            assert_eq!(vault.put(&name(n), &one, true), Added::Known);
        }
        assert_eq!(vault.len(), 5_000);
        assert!(vault.blocks.len() > 10);
        assert!(vault.blocks.iter().all(|block| block.len() <= BLOCK));
        for n in 0..5_000 {
            let found = vault.get(&name(n)).unwrap();
            assert_eq!(found.bytes()[0], byte(n));
            assert_eq!(found.bytes().len(), if n % 7 == 0 { 1024 } else { 48 });
        }
        assert!(vault.get(&name(5_000)).is_none());
        assert_eq!(vault.put(&name(5_000), &secret(1, 48), true), Added::NoRoom);
        let names: Vec<_> = vault.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, (0..5_000).map(name).collect::<Vec<_>>());
    }

    #[test]
    fn a_later_one_replaces_an_earlier_one_and_nothing_of_it_is_left() {
        let mut vault = Vault::default();
        vault.put(&name(1), &secret(0xa1, 48), false);
        vault.put(&name(2), &secret(0xb2, 48), false);
        assert_eq!(vault.put(&name(1), &secret(0xc3, 20), true), Added::New);
        assert_eq!(vault.len(), 2);
        assert_eq!(vault.get(&name(1)).unwrap().bytes(), [0xc3; 20]);
        let all: Vec<_> = vault.iter().map(|(_, s)| s.bytes().to_vec()).collect();
        assert_eq!(all, [vec![0xb2; 48], vec![0xc3; 20]]);
        assert!(!vault.blocks.iter().any(|block| block.contains(&0xa1)));
    }

    #[test]
    fn long_ones_are_kept_and_longer_ones_refused() {
        let mut vault = Vault::default();
        assert_eq!(
            vault.put(&name(1), &secret(1, 40_000), false),
            Added::NoRoom
        );
        for n in 0..9 {
            vault.put(&name(n), &secret(1, 32_000), false);
        }
        assert_eq!(vault.get(&name(8)).unwrap().bytes().len(), 32_000);
        assert_eq!(vault.iter().count(), 9);
    }
}
