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

/// What a connection of TLS 1.3 counts for where the room is limited.
const TRAFFIC_WEIGHT: usize = 4;

/// What became of a secret that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It was not known.
    New,
    /// It was not known, and so many older ones were forgotten for it.
    Instead(usize),
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
    /// Names in it that are in an earlier layer, too, which is not forgotten.
    pub(super) repeated: usize,
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
    /// Sessions and handshakes that it names. One of TLS 1.3 counts once.
    pub(super) fn len(&self) -> usize {
        self.masters.len()
            + self.premasters.len()
            + self.encrypted.len()
            + self.sessions.len()
            + self.nameless.len()
            + self.traffic.len()
    }

    /// The same by the memory that they take: a connection of TLS 1.3 has up to five secrets.
    pub(super) fn weight(&self) -> usize {
        let more = self.traffic.len().saturating_mul(TRAFFIC_WEIGHT - 1);
        self.len().saturating_add(more)
    }

    /// Whether the name of a secret is known, and if so, whether it names this very secret.
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
                Some(traffic.stage(*stage).as_ref() == Some(secret))
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
                *traffic.stage_mut(stage) = Some(secret);
                Added::New
            }
        }
    }
}

fn is(known: Option<&Secret>, secret: &Secret) -> Option<bool> {
    known.map(|known| known == secret)
}

fn put<K: Ord>(map: &mut BTreeMap<K, Secret>, name: K, secret: Secret, full: bool) -> Added {
    if full && !map.contains_key(&name) {
        return Added::NoRoom;
    }
    map.insert(name, secret);
    Added::New
}
