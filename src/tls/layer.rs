//! Secrets that came one after the other, by what they are found by.

use super::secret::Secret;
use super::vault::Vault;
use std::collections::BTreeMap;

/// The traffic secrets of one TLS 1.3 connection (RFC 8446 §7.1), as far as they are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    pub(super) client_early: Option<Secret>,
    pub(super) client_handshake: Option<Secret>,
    pub(super) server_handshake: Option<Secret>,
    pub(super) client_application: Option<Secret>,
    pub(super) server_application: Option<Secret>,
}

/// One secret of a key log, and what it is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// `CLIENT_RANDOM`: the master secret of a session up to TLS 1.2.
    Master {
        client_random: [u8; 32],
        secret: Secret,
    },
    /// `PMS_CLIENT_RANDOM`: its premaster secret.
    Premaster {
        client_random: [u8; 32],
        secret: Secret,
    },
    /// `RSA`: a premaster secret by the first 8 bytes of its encrypted form.
    EncryptedPremaster { first: [u8; 8], secret: Secret },
    /// `RSA Session-ID:… Master-Key:…`.
    Session { id: Vec<u8>, secret: Secret },
    /// `RSA Session-ID: Master-Key:…`: a master secret that names no session; it is tried on each that has none.
    Nameless {
        /// The master secret.
        secret: Secret,
    },
    /// A traffic secret of TLS 1.3.
    Traffic {
        client_random: [u8; 32],
        stage: Stage,
        secret: Secret,
    },
}

/// Which records of TLS 1.3 a traffic secret protects (RFC 8446 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    ClientEarly,
    ClientHandshake,
    ServerHandshake,
    ClientApplication,
    ServerApplication,
}

/// What a connection of TLS 1.3 counts for where the room is limited: it has up to five secrets.
const TRAFFIC_WEIGHT: usize = 4;

/// What became of a secret that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It was not known.
    New,
    /// It stands in the place of another one of the same name.
    Replaced,
    /// It was there already.
    Known,
    /// There are too many.
    NoRoom,
}

/// Some of the secrets that are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) masters: Vault,
    pub(super) premasters: BTreeMap<[u8; 32], Secret>,
    pub(super) encrypted: BTreeMap<[u8; 8], Secret>,
    pub(super) sessions: BTreeMap<Vec<u8>, Secret>,
    pub(super) nameless: Vec<Secret>,
    pub(super) traffic: BTreeMap<[u8; 32], Traffic>,
    /// Names in it that are in an earlier layer, too, and those among them that are connections of TLS 1.3.
    repeated: (usize, usize),
}

impl Traffic {
    const fn stage(&self, stage: Stage) -> &Option<Secret> {
        match stage {
            Stage::ClientEarly => &self.client_early,
            Stage::ClientHandshake => &self.client_handshake,
            Stage::ServerHandshake => &self.server_handshake,
            Stage::ClientApplication => &self.client_application,
            Stage::ServerApplication => &self.server_application,
        }
    }

    const fn stage_mut(&mut self, stage: Stage) -> &mut Option<Secret> {
        match stage {
            Stage::ClientEarly => &mut self.client_early,
            Stage::ClientHandshake => &mut self.client_handshake,
            Stage::ServerHandshake => &mut self.server_handshake,
            Stage::ClientApplication => &mut self.client_application,
            Stage::ServerApplication => &mut self.server_application,
        }
    }
}

impl Layer {
    /// Names in it, repeated ones too. One of TLS 1.3 counts once.
    fn all(&self) -> usize {
        self.masters.len()
            + self.premasters.len()
            + self.encrypted.len()
            + self.sessions.len()
            + self.nameless.len()
            + self.traffic.len()
    }

    /// Sessions and handshakes that it names and no earlier layer does.
    pub(super) fn len(&self) -> usize {
        self.all().saturating_sub(self.repeated.0)
    }

    /// The same by the memory that it takes.
    pub(super) fn weight(&self) -> usize {
        self.size().saturating_sub(self.repeats())
    }

    /// All that is in it, by the memory that it takes.
    pub(super) fn size(&self) -> usize {
        weight((self.all(), self.traffic.len()))
    }

    /// What it names again, by the memory that it takes.
    pub(super) fn repeats(&self) -> usize {
        weight(self.repeated)
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.all() == 0
    }

    /// Notes that an earlier layer has this name, too.
    pub(super) const fn repeats_one(&mut self, traffic: bool) {
        let (names, of_tls13) = &mut self.repeated;
        *names = names.saturating_add(1);
        *of_tls13 = of_tls13.saturating_add(traffic as usize);
    }

    /// Both together, where `later` counts more.
    pub(super) fn with(&self, later: &Self) -> Self {
        let mut both = self.clone();
        for (name, secret) in later.masters.iter() {
            both.masters.put(name, &secret, false);
        }
        both.premasters.extend(later.premasters.clone());
        both.encrypted.extend(later.encrypted.clone());
        both.sessions.extend(later.sessions.clone());
        both.nameless.extend(later.nameless.iter().cloned());
        both.traffic.extend(later.traffic.clone());
        // What is in both was noted in the later one.
        let twice = |a: usize, b: usize, both: usize| a.saturating_add(b).saturating_sub(both);
        let (names, of_tls13) = later.repeated;
        let in_both = twice(self.all(), later.all(), both.all());
        let in_both13 = twice(self.traffic.len(), later.traffic.len(), both.traffic.len());
        both.repeated.0 = twice(self.repeated.0, names, in_both);
        both.repeated.1 = twice(self.repeated.1, of_tls13, in_both13);
        both
    }

    /// Whether the name of a secret is in it.
    pub(super) fn names(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Traffic { client_random, .. } => self.traffic.contains_key(client_random),
            entry => self.knows(entry).is_some(),
        }
    }

    /// Whether there is a secret of this name, and if so, whether it is this one.
    pub(super) fn knows(&self, entry: &Entry) -> Option<bool> {
        match entry {
            Entry::Master {
                client_random,
                secret,
            } => self.masters.knows(client_random, secret),
            Entry::Premaster {
                client_random,
                secret,
            } => is(self.premasters.get(client_random), secret),
            Entry::EncryptedPremaster { first, secret } => is(self.encrypted.get(first), secret),
            Entry::Session { id, secret } => is(self.sessions.get(id), secret),
            Entry::Nameless { secret } => self.nameless.contains(secret).then_some(true),
            Entry::Traffic {
                client_random,
                stage,
                secret,
            } => {
                let traffic = self.traffic.get(client_random)?;
                is(traffic.stage(*stage).as_ref(), secret)
            }
        }
    }

    /// Adds a secret, in the place of an earlier one of the same name; a new name only if there is room.
    pub(super) fn add(&mut self, entry: Entry, full: bool) -> Added {
        match entry {
            Entry::Master {
                client_random,
                secret,
            } => self.masters.put(&client_random, &secret, full),
            Entry::Premaster {
                client_random,
                secret,
            } => put(&mut self.premasters, client_random, secret, full),
            Entry::EncryptedPremaster { first, secret } => {
                put(&mut self.encrypted, first, secret, full)
            }
            Entry::Session { id, secret } => put(&mut self.sessions, id, secret, full),
            Entry::Nameless { .. } if full => Added::NoRoom,
            Entry::Nameless { secret } => {
                self.nameless.push(secret);
                Added::New
            }
            Entry::Traffic {
                client_random,
                stage,
                secret,
            } => {
                if full && !self.traffic.contains_key(&client_random) {
                    return Added::NoRoom;
                }
                let traffic = self.traffic.entry(client_random).or_default();
                match traffic.stage_mut(stage).replace(secret) {
                    None => Added::New,
                    Some(_) => Added::Replaced,
                }
            }
        }
    }
}

/// By the number of names, and of those that are connections of TLS 1.3.
const fn weight((names, of_tls13): (usize, usize)) -> usize {
    names.saturating_add(of_tls13.saturating_mul(TRAFFIC_WEIGHT - 1))
}

fn is(known: Option<&Secret>, secret: &Secret) -> Option<bool> {
    known.map(|known| known == secret)
}

fn put<K: Ord>(map: &mut BTreeMap<K, Secret>, name: K, secret: Secret, full: bool) -> Added {
    if full && !map.contains_key(&name) {
        return Added::NoRoom;
    }
    match map.insert(name, secret) {
        None => Added::New,
        Some(_) => Added::Replaced,
    }
}
