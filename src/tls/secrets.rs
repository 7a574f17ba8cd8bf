//! What the user and the capture gave to open sessions with.

use super::layer::{Added, Entry, Layer, Traffic};
use super::rsa_key::RsaKey;
use std::mem;
use std::sync::Arc;

pub use super::secret::Secret;

/// Master secrets kept that name no session: each costs a trial for each session without a secret.
pub(super) const NAMELESS: usize = 64;

/// Layers up to this weight together become one.
const MERGED: usize = 16_384;

/// The part of the room that may be taken by names that are in an earlier layer, too.
const REPEATS: usize = 2;

/// What the user and the capture gave to open sessions with. A clone shares what the original knows, and what either of them takes in later is
/// its own: there may be hundreds of thousands, and while a capture brings more, each part of the analysis has those of the place where it is.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    keys: Arc<Vec<RsaKey>>,
    /// What is not added to any more, the oldest first: a later one counts more.
    layers: Vec<Arc<Layer>>,
    own: Arc<Layer>,
}

impl Secrets {
    /// The oldest first.
    pub(super) fn layers(&self) -> impl DoubleEndedIterator<Item = &Layer> {
        let own = std::iter::once(&self.own);
        self.layers.iter().chain(own).map(Arc::as_ref)
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

    /// All master secrets by client random, in the order in which they came; one that was replaced comes before the one that counts.
    pub(super) fn masters(&self) -> impl DoubleEndedIterator<Item = (&[u8; 32], Secret)> {
        self.layers().flat_map(|layer| layer.masters.iter())
    }

    /// The traffic secrets of all TLS 1.3 connections, the last layer first.
    pub(super) fn all_traffic(&self) -> impl Iterator<Item = (&[u8; 32], &Traffic)> {
        self.layers().rev().enumerate().flat_map(move |(n, layer)| {
            let later = move || self.layers().rev().take(n);
            let is_last = move |random| !later().any(|l| l.traffic.contains_key(random));
            layer
                .traffic
                .iter()
                .filter(move |(random, _)| is_last(*random))
        })
    }

    /// What is added to.
    fn own(&mut self) -> &mut Layer {
        if Arc::get_mut(&mut self.own).is_none() {
            self.keep();
        }
        Arc::make_mut(&mut self.own)
    }

    /// What it has is shared, and not added to any more.
    fn keep(&mut self) {
        let own = mem::take(&mut self.own);
        if own.is_empty() {
            return;
        }
        self.layers.push(own);
        // Each is looked into when a secret is sought. What is twice as large as what came later waits until that has grown, so that
        // few are copied often; large ones are not copied.
        while let [.., before, last] = self.layers.as_slice() {
            let (old, new) = (before.size(), last.size());
            if old / 2 > new || old.saturating_add(new) > MERGED {
                break;
            }
            let both = Arc::new(before.with(last));
            self.layers.pop();
            self.layers.pop();
            self.layers.push(both);
        }
    }

    pub(super) fn add_master(&mut self, client_random: [u8; 32], secret: Secret) {
        self.own().masters.put(&client_random, &secret, false);
    }

    pub(super) fn add_traffic(&mut self, client_random: [u8; 32], traffic: Traffic) {
        self.own().traffic.insert(client_random, traffic);
    }

    /// Bytes, about, that a clone keeps in memory which the one before did not.
    pub(crate) fn fresh_bytes(&self) -> usize {
        // The layer itself, and what it is put together with later.
        self.own.size().saturating_mul(200)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.layers().all(Layer::is_empty) && self.keys.is_empty()
    }

    /// Sessions or handshakes that the key logs name. One of TLS 1.3 counts once.
    pub fn len(&self) -> usize {
        self.layers().map(Layer::len).sum()
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
    /// quarter of it.
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
        // A name that is known needs no room, but for a while where others still have what was known before.
        let full = match self.layers().any(|layer| layer.names(&entry)) {
            false => self.layers().map(Layer::weight).sum::<usize>() >= room,
            true => self.layers().map(Layer::repeats).sum::<usize>() >= room.div_ceil(REPEATS),
        };
        // Of a connection of TLS 1.3 several secrets come one by one: the last layer that has any has all.
        let before = match &entry {
            Entry::Traffic { client_random, .. } => self.traffic(client_random).cloned(),
            _ => None,
        };
        // What is shared is a layer from here on.
        self.own();
        let repeated = self.layers.iter().any(|layer| layer.names(&entry));
        let of_tls13 = before.is_some();
        let own = self.own();
        let is_new = !own.names(&entry);
        if is_new
            && !full
            && let (Entry::Traffic { client_random, .. }, Some(before)) = (&entry, before)
        {
            own.traffic.insert(*client_random, before);
        }
        let added = own.add(entry, full);
        if repeated && is_new && added != Added::NoRoom {
            own.repeats_one(of_tls13);
        }
        match known {
            Some(_) if added == Added::New => Added::Replaced,
            _ => added,
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
        assert_eq!(clone.add_within(master(5, 6), 1_000), Added::Replaced);
        assert_eq!((given.len(), clone.len()), (100, 101));
        assert!(Arc::ptr_eq(&given.own, &clone.layers[0]));
        assert_eq!(clone.own.size(), 2);
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
            Added::Replaced,
            "needs no room"
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
    fn a_name_that_is_known_needs_no_room_and_not_much_of_it_is_kept_twice() {
        let mut secrets = Secrets::default();
        for n in 0..100 {
            secrets.add_within(master(n, n), 100);
        }
        secrets.add_within(traffic(200, Stage::ClientHandshake, 1), 110);
        let shared = secrets.clone();
        let stage = traffic(200, Stage::ClientApplication, 2);
        assert_eq!(secrets.add_within(stage, 80), Added::New, "not known yet");
        for n in 0..36 {
            assert_eq!(secrets.add_within(master(n, n + 1), 80), Added::Replaced);
        }
        assert_eq!(secrets.add_within(master(50, 1), 80), Added::NoRoom);
        assert_eq!(secrets.add_within(master(3, 9), 80), Added::Replaced);
        assert_eq!(secrets.add_within(master(3, 9), 80), Added::Known);
        assert_eq!((secrets.len(), shared.len()), (101, 101));
        assert_eq!(secrets.master(&random(3)), Some(secret(9, 48)));
        assert_eq!(secrets.master(&random(50)), Some(secret(50, 48)));
        assert_eq!(shared.master(&random(3)), Some(secret(3, 48)));
    }

    /// A capture may bring one secret for each connection, and each has been handed on when the next one comes.
    #[test]
    fn very_many_that_come_one_by_one_are_in_few_layers() {
        let mut secrets = Secrets::default();
        let mut handed_on = secrets.clone();
        let most = 40_000;
        for n in 0..most + 100 {
            let added = secrets.add_within(master(n, n), 40_000);
            assert_eq!(added == Added::NoRoom, n >= most, "{n}");
            // One of ten is said again, and one replaced.
            secrets.add_within(master(n / 2, n / 2), 40_000);
            if n.is_multiple_of(10) {
                secrets.add_within(master(n / 3, n / 3), 40_000);
                secrets.add_within(master(7, n), 40_000);
            }
            assert!(secrets.layers.len() < 24, "{n}: {}", secrets.layers.len());
            handed_on = secrets.clone();
        }
        assert_eq!((secrets.len(), handed_on.len()), (40_000, 40_000));
        for n in 0..most {
            let wanted = if n == 7 { most + 90 } else { n };
            assert_eq!(secrets.master(&random(n)), Some(secret(wanted, 48)), "{n}");
        }
        assert!(secrets.layers.iter().all(|layer| layer.repeats() < 16));
    }

    #[test]
    fn what_is_replaced_again_and_again_is_there_once() {
        let mut secrets = Secrets::default();
        for n in 0..10_000 {
            let _shares = secrets.clone();
            secrets.add_within(master(1, n), 80);
            secrets.add_within(traffic(2, Stage::ClientHandshake, n), 80);
            assert_eq!(secrets.len(), 2, "{n}");
            assert!(secrets.layers.len() < 3);
            assert_eq!(secrets.master(&random(1)), Some(secret(n, 48)));
        }
        assert_eq!(secrets.all_traffic().count(), 1);
    }

    /// What a layer counts is what is there, however layers were put together.
    #[test]
    fn names_are_counted_once() {
        let mut secrets = Secrets::default();
        let mut shares = Vec::new();
        for n in 0..400 {
            secrets.add_within(master(n % 40, n), 1_000);
            secrets.add_within(traffic(n % 30, Stage::ClientHandshake, n % 60), 1_000);
            let id = vec![u8::try_from(n % 20).unwrap()];
            let of_session = Entry::Session {
                id,
                secret: secret(n, 48),
            };
            secrets.add_within(of_session, 1_000);
            if n % 7 < 3 {
                shares.push(secrets.clone());
            }
            let n = usize::try_from(n).unwrap() + 1;
            assert_eq!(secrets.len(), n.min(40) + n.min(30) + n.min(20), "{n}");
        }
    }
}
