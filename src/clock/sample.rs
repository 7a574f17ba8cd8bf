//! A bounded choice of keyed facts, the same in every capture.

use std::collections::BTreeMap;

/// Keeps facts by the hash that names them. When there are too many, the hashes of which fewer and fewer last bits are zero stay: two
/// captures choose the same ones, however much else is in them, and the choice is spread over the whole capture.
#[derive(Debug)]
pub(super) struct Sample<V> {
    facts: BTreeMap<u64, V>,
    mask: u64,
    most: usize,
}

impl<V> Sample<V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            facts: BTreeMap::new(),
            mask: 0,
            most: most.max(1),
        }
    }

    /// The fact of this name, made when there is none; `None` when it is not among those kept.
    pub(super) fn note(&mut self, name: u64, new: V) -> Option<&mut V> {
        if name & self.mask != 0 {
            return None;
        }
        if self.facts.len() >= self.most && !self.facts.contains_key(&name) {
            self.mask = self.mask << 1 | 1;
            let mask = self.mask;
            self.facts.retain(|name, _| name & mask == 0);
            if name & mask != 0 {
                return None;
            }
        }
        Some(self.facts.entry(name).or_insert(new))
    }

    /// What both have, in a fixed order.
    pub(super) fn common<'a, W>(
        &'a self,
        other: &'a Sample<W>,
    ) -> impl Iterator<Item = (u64, &'a V, &'a W)> {
        self.facts
            .iter()
            .filter_map(|(name, mine)| Some((*name, mine, other.facts.get(name)?)))
    }

    /// Whether it can be told that this fact is not there: it is not, and would have been kept.
    pub(super) fn lacks(&self, name: u64) -> bool {
        name & self.mask == 0 && !self.facts.contains_key(&name)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }
}
