//! What the user and the capture gave to open sessions with.

use super::layer::{Added, Entry, Layer, Traffic};
use super::rsa_key::RsaKey;
use std::mem;
use std::sync::Arc;

pub use super::secret::Secret;

/// Master secrets kept that name no session: each costs a trial for each session without a secret.
pub(super) const NAMELESS: usize = 64;

/// What the user and the capture gave to open sessions with. A clone shares what the original knows, and what either of them takes in later is
/// its own: there may be hundreds of thousands, and they are handed from the command line to each part of the analysis.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    keys: Arc<Vec<RsaKey>>,
    /// What is shared, the oldest first: a later one counts more.
    layers: Vec<Arc<Layer>>,
    /// What a part of the analysis took in before `own`; forgotten when that is full.
    older: Option<Arc<Layer>>,
    own: Arc<Layer>,
    part: Option<Part>,
}

/// One of several parts of the analysis, each of which takes in the same.
#[derive(Debug, Clone, Copy)]
struct Part {
    of: usize,
    /// What all of them share.
    shared: usize,
}

impl Part {
    /// What a part may take in before it forgets what it took in before that: two of these for each part, and all together have the room.
    fn half(self, room: usize) -> usize {
        room.saturating_sub(self.shared) / self.of.saturating_mul(2).max(1)
    }
}

impl Secrets {
    /// The oldest first.
    pub(super) fn layers(&self) -> impl DoubleEndedIterator<Item = &Layer> {
        let own = std::iter::once(&self.own);
        let all = self.layers.iter().chain(&self.older).chain(own);
        all.map(Arc::as_ref)
    }

    /// What the last layer says of it that says anything.
    pub(super) fn find<'s, T>(&'s self, look: impl Fn(&'s Layer) -> Option<T>) -> Option<T> {
        self.layers().rev().find_map(look)
    }

    pub(super) fn master(&self, client_random: &[u8; 32]) -> Option<Secret> {
        self.find(|layer| layer.masters.get(client_random))
    }

    pub(super) fn premaster(&self, client_random: &[u8; 32]) -> Option<&Secret> {
        self.find(|layer| layer.premasters.get(client_random))
    }

    pub(super) fn traffic(&self, client_random: &[u8; 32]) -> Option<&Traffic> {
        self.find(|layer| layer.traffic.get(client_random))
    }

    /// All master secrets by client random, in the order in which they came.
    pub(super) fn masters(&self) -> impl DoubleEndedIterator<Item = (&[u8; 32], Secret)> {
        self.layers().flat_map(|layer| layer.masters.iter())
    }

    /// The traffic secrets of all TLS 1.3 connections; those that came last count.
    pub(super) fn all_traffic(&self) -> impl Iterator<Item = (&[u8; 32], &Traffic)> {
        self.layers().flat_map(|layer| &layer.traffic)
    }

    /// What is added to.
    fn own(&mut self) -> &mut Layer {
        if Arc::get_mut(&mut self.own).is_none() {
            self.keep();
        }
        Arc::make_mut(&mut self.own)
    }

    /// What it has is not added to any more.
    fn keep(&mut self) {
        let own = mem::take(&mut self.own);
        if own.len() > 0 {
            self.layers.push(own);
        }
    }

    /// The same for one of several parts of the analysis, each of which takes in the same.
    pub(super) fn part(&self, of: usize) -> Self {
        let mut part = self.clone();
        part.settle();
        part.keep();
        let shared = part.weight();
        part.part = Some(Part { of, shared });
        part
    }

    /// A part of the analysis has ended, and nothing of what it has is to be forgotten any more.
    pub(super) fn settle(&mut self) {
        self.part = None;
        self.layers.extend(self.older.take());
    }

    pub(super) fn add_master(&mut self, client_random: [u8; 32], secret: Secret) {
        self.own().masters.put(&client_random, &secret, false);
    }

    pub(super) fn add_traffic(&mut self, client_random: [u8; 32], traffic: Traffic) {
        self.own().traffic.insert(client_random, traffic);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.weight() == 0 && self.keys.is_empty()
    }

    /// Sessions or handshakes that the key logs name. One of TLS 1.3 counts once.
    pub fn len(&self) -> usize {
        let names = |layer: &Layer| layer.len().saturating_sub(layer.repeated);
        self.layers().map(names).sum()
    }

    fn weight(&self) -> usize {
        self.layers().map(Layer::weight).sum()
    }

    /// Adds an RSA private key; the same key from another file is not added again.
    pub fn add_key(&mut self, key: RsaKey) {
        if !self.keys.iter().any(|known| known.is_same(&key)) {
            Arc::make_mut(&mut self.keys).push(key);
        }
    }

    /// The RSA private keys.
    pub fn keys(&self) -> &[RsaKey] {
        &self.keys
    }

    /// Adds one secret; a later one replaces an earlier one of the same name. At most `room` names are kept, of connections of TLS 1.3 a
    /// quarter of it. A part of the analysis has a part of what room was left: it forgets what it took in first.
    pub(super) fn add_within(&mut self, entry: Entry, room: usize) -> Added {
        let known = self.find(|layer| layer.knows(&entry));
        if known == Some(true) {
            return Added::Known;
        }
        if let Entry::Nameless { .. } = entry
            && self
                .layers()
                .map(|layer| layer.nameless.len())
                .sum::<usize>()
                >= NAMELESS
        {
            return Added::NoRoom;
        }
        let mut forgotten = 0;
        let full = match self.part.map(|part| part.half(room)) {
            None => self.weight() >= room,
            Some(0) => true,
            Some(half) => {
                if self.own.weight() >= half {
                    let older = self.older.replace(mem::take(&mut self.own));
                    forgotten = older.map_or(0, |older| older.len());
                }
                false
            }
        };
        // Of a connection of TLS 1.3 several secrets come one by one: the last layer that has any has all.
        let before = match &entry {
            Entry::Traffic { client_random, .. } => self.traffic(client_random).cloned(),
            _ => None,
        };
        // What is shared is a layer from here on.
        self.own();
        let mut layers = self.layers.iter().rev();
        let repeated = layers.any(|layer| layer.knows(&entry).is_some());
        let own = self.own();
        let named = own.knows(&entry).is_some();
        if !named
            && !full
            && let (Entry::Traffic { client_random, .. }, Some(before)) = (&entry, before)
        {
            own.traffic.insert(*client_random, before);
        }
        let added = own.add(entry, full);
        if repeated && !named && added == Added::New {
            own.repeated = own.repeated.saturating_add(1);
        }
        match added {
            Added::New if forgotten > 0 => Added::Instead(forgotten),
            added => added,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::Stage;
    use super::*;

    fn random(n: u32) -> [u8; 32] {
        let mut random = [7; 32];
        random[..4].copy_from_slice(&n.to_be_bytes());
        random
    }

    fn secret(n: u32, len: usize) -> Secret {
        Secret::new(vec![u8::try_from(n % 251).unwrap(); len])
    }

    fn master(name: u32, n: u32) -> Entry {
        Entry::Master {
            client_random: random(name),
            secret: secret(n, 48),
        }
    }

    fn traffic(name: u32, stage: Stage, n: u32) -> Entry {
        Entry::Traffic {
            client_random: random(name),
            stage,
            secret: secret(n, 32),
        }
    }

    #[test]
    fn what_a_clone_takes_in_is_its_own_and_the_rest_is_shared() {
        let mut given = Secrets::default();
        for n in 0..100 {
            given.add_within(master(n, n), 1_000);
        }
        let mut clone = given.clone();
        assert_eq!(clone.add_within(master(5, 5), 1_000), Added::Known);
        assert!(
            Arc::ptr_eq(&given.own, &clone.own),
            "nothing new, nothing copied"
        );
        assert_eq!(clone.add_within(master(100, 1), 1_000), Added::New);
        assert_eq!(clone.add_within(master(5, 6), 1_000), Added::New);
        assert_eq!((given.len(), clone.len()), (100, 101));
        assert!(Arc::ptr_eq(&given.own, &clone.layers[0]));
        assert_eq!(clone.own.len(), 2);
        assert_eq!(given.master(&random(5)), Some(secret(5, 48)));
        assert_eq!(clone.master(&random(5)), Some(secret(6, 48)));
        assert_eq!(clone.master(&random(7)), Some(secret(7, 48)));
        assert_eq!(given.master(&random(100)), None);
        // The original goes on, too.
        given.add_within(master(100, 2), 1_000);
        assert_eq!(given.master(&random(100)), Some(secret(2, 48)));
        assert_eq!(clone.master(&random(100)), Some(secret(1, 48)));
    }

    #[test]
    fn the_room_is_that_of_all_layers() {
        let mut secrets = Secrets::default();
        secrets.add_within(master(1, 1), 3);
        let _shares = secrets.clone();
        secrets.add_within(master(2, 2), 3);
        secrets.add_within(master(3, 3), 3);
        assert_eq!(secrets.add_within(master(4, 4), 3), Added::NoRoom);
        assert_eq!(secrets.add_within(master(1, 1), 3), Added::Known);
        assert_eq!(
            secrets.add_within(master(3, 4), 3),
            Added::New,
            "instead of its first"
        );
        assert_eq!(secrets.len(), 3);
    }

    #[test]
    fn secrets_of_one_connection_are_together_in_the_last_layer() {
        let mut secrets = Secrets::default();
        secrets.add_within(traffic(1, Stage::ClientHandshake, 1), 100);
        let _shares = secrets.clone();
        secrets.add_within(traffic(1, Stage::ClientApplication, 2), 100);
        let known = secrets.traffic(&random(1)).unwrap();
        assert_eq!(known.client_handshake, Some(secret(1, 32)));
        assert_eq!(known.client_application, Some(secret(2, 32)));
        assert_eq!(secrets.len(), 1, "one handshake");
        for (stage, n) in [(Stage::ClientHandshake, 1), (Stage::ClientApplication, 2)] {
            assert_eq!(secrets.add_within(traffic(1, stage, n), 100), Added::Known);
        }
    }

    #[test]
    fn a_part_of_an_analysis_forgets_what_it_took_in_first() {
        let mut given = Secrets::default();
        for n in 0..20 {
            given.add_within(master(n, n), 100);
        }
        // Of the room for 80 more each of four has 20, in two halves.
        let mut parts: Vec<_> = (0..4).map(|_| given.part(4)).collect();
        for part in &mut parts {
            let mut forgotten = 0;
            for n in 20..220 {
                match part.add_within(master(n, n), 100) {
                    Added::New => {}
                    Added::Instead(older) => forgotten += older,
                    other => panic!("{other:?}"),
                }
                assert!(part.weight() <= 40);
                // Those that came directly before are there, and those that were given always.
                assert!((n.saturating_sub(9)..=n).all(|n| part.master(&random(n)).is_some()));
            }
            assert!((0..20).all(|n| part.master(&random(n)).is_some()));
            assert_eq!(part.master(&random(21)), None);
            assert_eq!(forgotten + part.len(), 220, "each is known or was counted");
        }
        let mut after = parts.remove(0);
        let known = after.len();
        after.settle();
        after.add_within(master(500, 1), 100);
        assert_eq!(
            after.len(),
            known + 1,
            "nothing is forgotten behind the end"
        );
    }

    #[test]
    fn a_part_without_room_takes_in_nothing() {
        let mut given = Secrets::default();
        for n in 0..97 {
            given.add_within(master(n, n), 100);
        }
        let mut part = given.part(4);
        assert_eq!(part.add_within(master(97, 1), 100), Added::NoRoom);
        assert_eq!(part.add_within(master(3, 4), 100), Added::NoRoom);
        assert_eq!(part.master(&random(3)), Some(secret(3, 48)));
        assert_eq!(part.add_within(master(3, 3), 100), Added::Known);
    }

    #[test]
    fn what_is_replaced_again_and_again_is_there() {
        let mut part = Secrets::default().part(4);
        for n in 0..100 {
            part.add_within(master(1, n), 8);
            assert!(!part.is_empty());
            assert_ne!(part.len(), 0);
            assert_eq!(part.master(&random(1)), Some(secret(n, 48)));
        }
    }
}
