//! The secrets that open sessions: what the user and the capture gave, and what earlier sessions of the capture taught.

use super::certificate::Known;
use super::rsa_key::RsaKey;
use super::vault::Vault;
use crate::base::Limits;
use ring::digest::{SHA256, digest};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use super::secret::Secret;

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

/// Master secrets kept that name no session: each costs a trial for each session without a secret.
const NAMELESS: usize = 64;

/// What a connection of TLS 1.3 counts for where the room is limited.
const TRAFFIC_WEIGHT: usize = 4;

/// What the user and the capture gave to open sessions with. A clone shares it with the original until one of them is added to: there may be
/// hundreds of thousands, and they are handed from the command line to each part of the analysis.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Kept>);

#[derive(Debug, Clone, Default)]
struct Kept {
    masters: Vault,
    premasters: BTreeMap<[u8; 32], Secret>,
    encrypted: BTreeMap<[u8; 8], Secret>,
    sessions: BTreeMap<Vec<u8>, Secret>,
    nameless: Vec<Secret>,
    traffic: BTreeMap<[u8; 32], Traffic>,
    keys: Vec<RsaKey>,
}

impl Secrets {
    pub(super) fn masters(&self) -> &Vault {
        &self.0.masters
    }

    pub(super) fn premasters(&self) -> &BTreeMap<[u8; 32], Secret> {
        &self.0.premasters
    }

    pub(super) fn all_traffic(&self) -> &BTreeMap<[u8; 32], Traffic> {
        &self.0.traffic
    }

    fn kept(&mut self) -> &mut Kept {
        Arc::make_mut(&mut self.0)
    }

    pub(super) fn add_master(&mut self, client_random: [u8; 32], secret: Secret) {
        self.kept().masters.put(&client_random, &secret, false);
    }

    pub(super) fn add_traffic(&mut self, client_random: [u8; 32], traffic: Traffic) {
        self.kept().traffic.insert(client_random, traffic);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.0.keys.is_empty()
    }

    /// Sessions or handshakes that the key logs name. One of TLS 1.3 counts once.
    pub fn len(&self) -> usize {
        self.0.masters.len()
            + self.0.premasters.len()
            + self.0.encrypted.len()
            + self.0.sessions.len()
            + self.0.nameless.len()
            + self.0.traffic.len()
    }

    /// The same by the memory that they take: a connection of TLS 1.3 has up to five secrets.
    fn weight(&self) -> usize {
        let more = self.0.traffic.len().saturating_mul(TRAFFIC_WEIGHT - 1);
        self.len().saturating_add(more)
    }

    /// Adds an RSA private key; the same key from another file is not added again.
    pub fn add_key(&mut self, key: RsaKey) {
        if !self.0.keys.iter().any(|known| known.is_same(&key)) {
            self.kept().keys.push(key);
        }
    }

    /// The RSA private keys.
    pub fn keys(&self) -> &[RsaKey] {
        &self.0.keys
    }

    /// Adds one secret; a later one replaces an earlier one of the same name. At most `room` names are kept, of connections of TLS 1.3 a
    /// quarter of it.
    pub(super) fn add_within(&mut self, entry: Entry, room: usize) -> Added {
        let full = self.weight() >= room;
        let kept = self.kept();
        match entry {
            Entry::Master {
                client_random,
                secret,
            } => kept.masters.put(&client_random, &secret, full),
            Entry::Premaster {
                client_random,
                secret,
            } => put(&mut kept.premasters, client_random, secret, full),
            Entry::EncryptedPremaster { first, secret } => {
                put(&mut kept.encrypted, first, secret, full)
            }
            Entry::Session { id, secret } => put(&mut kept.sessions, id, secret, full),
            Entry::Nameless { secret } if kept.nameless.contains(&secret) => Added::Known,
            Entry::Nameless { secret } => {
                if full || kept.nameless.len() >= NAMELESS {
                    return Added::NoRoom;
                }
                kept.nameless.push(secret);
                Added::New
            }
            Entry::Traffic {
                client_random,
                stage,
                secret,
            } => {
                if full && !kept.traffic.contains_key(&client_random) {
                    return Added::NoRoom;
                }
                let traffic = kept.traffic.entry(client_random).or_default();
                let slot = match stage {
                    Stage::ClientEarly => &mut traffic.client_early,
                    Stage::ClientHandshake => &mut traffic.client_handshake,
                    Stage::ServerHandshake => &mut traffic.server_handshake,
                    Stage::ClientApplication => &mut traffic.client_application,
                    Stage::ServerApplication => &mut traffic.server_application,
                };
                if slot.as_ref() == Some(&secret) {
                    return Added::Known;
                }
                *slot = Some(secret);
                Added::New
            }
        }
    }
}

/// What became of a secret that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It was not known.
    New,
    /// It was there already.
    Known,
    /// There are too many.
    NoRoom,
}

fn put<K: Ord>(map: &mut BTreeMap<K, Secret>, name: K, secret: Secret, full: bool) -> Added {
    match map.get_mut(&name) {
        Some(known) if *known == secret => Added::Known,
        Some(known) => {
            *known = secret;
            Added::New
        }
        None if full => Added::NoRoom,
        None => {
            map.insert(name, secret);
            Added::New
        }
    }
}

/// The secrets, and what sessions of this capture taught while they were read.
#[derive(Debug, Default)]
pub struct Keyring {
    /// Shared by the keyrings of all shards until the capture brings more.
    secrets: Secrets,
    /// Master secrets of captured sessions by the digest of their session id or ticket; `None`: seen, and not opened.
    learned: BTreeMap<[u8; 32], Option<Secret>>,
    order: VecDeque<[u8; 32]>,
    room: usize,
    /// Master secrets of sessions by client random, where they are to be kept ([`Keyring::keep_masters`]).
    found: Option<BTreeMap<[u8; 32], Secret>>,
    /// Which of the private keys has opened a premaster secret, or was found in a certificate.
    keys_used: Vec<bool>,
    /// Sessions that a key log opened.
    opened_by_log: u64,
    /// Bytes that may still be authenticated to find the numbers of records behind holes.
    pub(super) search: u64,
    /// The same for secrets that may be those of another connection: what they cost must not be missing for a connection that is
    /// known.
    pub(super) search_strangers: u64,
    /// Secrets that may still be tried on connections that they may not belong to.
    trials: u64,
    /// Sessions that may still be decompressed.
    decompress: usize,
    /// The content of the record at hand: one place for all sessions.
    pub(super) scratch: Vec<u8>,
    /// Certificates of sessions.
    pub(super) certificates: Known,
}

impl Keyring {
    /// A keyring with these secrets.
    pub fn new(secrets: Secrets, limits: &Limits) -> Self {
        Self {
            keys_used: vec![false; secrets.keys().len()],
            secrets,
            room: limits.tls_sessions_learned,
            search: limits.tls_search_bytes,
            search_strangers: limits.tls_search_bytes,
            trials: limits.tls_trials,
            decompress: limits.tls_compressed_sessions,
            scratch: Vec::new(),
            certificates: Known::default(),
            ..Self::default()
        }
    }

    /// The secrets in it.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Takes in secrets that the capture itself brought.
    pub fn secrets_mut(&mut self) -> &mut Secrets {
        &mut self.secrets
    }

    /// A keyring for a part of the connections: it knows the same, and may spend the `parts`th part of what may still be spent on
    /// searches and trials.
    pub(crate) fn share(&self, parts: usize) -> Self {
        let part = u64::try_from(parts).unwrap_or(1).max(1);
        Self {
            secrets: self.secrets.clone(),
            learned: self.learned.clone(),
            order: self.order.clone(),
            room: self.room / parts.max(1),
            found: self.found.clone(),
            keys_used: self.keys_used.clone(),
            opened_by_log: 0,
            search: self.search / part,
            search_strangers: self.search_strangers / part,
            trials: self.trials / part,
            decompress: self.decompress / parts.max(1),
            scratch: Vec::new(),
            certificates: Known::default(),
        }
    }

    /// Leaves the other parts to keyrings that were made with [`Self::share`].
    pub(crate) fn narrow(&mut self, parts: usize) {
        let opened = self.opened_by_log;
        *self = self.share(parts);
        self.opened_by_log = opened;
    }

    /// Takes in what another one, which began as a [`Self::share`] of this one, has found out since.
    pub(crate) fn join(&mut self, other: Self) {
        self.opened_by_log = self.opened_by_log.saturating_add(other.opened_by_log);
        for (place, used) in other.keys_used.into_iter().enumerate() {
            if used {
                self.key_was_used(place);
            }
        }
        if let (Some(mine), Some(theirs)) = (&mut self.found, other.found) {
            mine.extend(theirs);
        }
    }

    /// What was given and what the capture brought, without what sessions taught.
    pub fn into_secrets(self) -> Secrets {
        self.secrets
    }

    /// Keeps the master secrets of the sessions that are opened, as many as are remembered for resumption.
    pub fn keep_masters(&mut self) {
        self.found = Some(BTreeMap::new());
    }

    /// A session was opened with this master secret.
    pub(super) fn note_master(&mut self, client_random: [u8; 32], master: &Secret) {
        let room = self.room;
        if let Some(found) = self.found.as_mut().filter(|found| found.len() < room) {
            found.insert(client_random, master.clone());
        }
    }

    pub(super) fn into_parts(self) -> (Secrets, BTreeMap<[u8; 32], Secret>) {
        (self.secrets, self.found.unwrap_or_default())
    }

    /// Whether it can open anything at all.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// How many sessions the key logs opened.
    pub const fn opened_by_log(&self) -> u64 {
        self.opened_by_log
    }

    /// The private keys that fitted no session, by their place.
    pub fn unused_keys(&self) -> impl Iterator<Item = &RsaKey> {
        let used = self.keys_used.iter().chain(std::iter::repeat(&false));
        self.secrets
            .keys()
            .iter()
            .zip(used)
            .filter_map(|(key, used)| (!used).then_some(key))
    }

    /// Whether a premaster secret may be found: only then the handshake has to be hashed (RFC 7627).
    pub(super) fn has_premasters(&self) -> bool {
        !(self.secrets.0.keys.is_empty()
            && self.secrets.0.premasters.is_empty()
            && self.secrets.0.encrypted.is_empty())
    }

    pub(super) fn master(&self, client_random: &[u8; 32]) -> Option<Secret> {
        self.secrets.0.masters.get(client_random)
    }

    /// All master secrets by client random, those that came last first: a capture is mostly of the end of the time that a key log covers.
    pub(super) fn latest_masters(&self) -> impl Iterator<Item = (&[u8; 32], Secret)> {
        self.secrets.0.masters.iter().rev()
    }

    /// Master secrets that may be of a session although nothing on the wire says so, at most [`NAMELESS`] of a kind: those
    /// without a name, and for a session `without_id` those named by a session id, because OpenSSL's client names a session that
    /// it resumes by ticket with a digest of the ticket, which may come later or never.
    pub(super) fn unnamed(&self, without_id: bool) -> impl Iterator<Item = &Secret> {
        let named = self.secrets.0.sessions.values().filter(move |_| without_id);
        self.secrets.0.nameless.iter().chain(named.take(NAMELESS))
    }

    pub(super) fn premaster(&self, client_random: &[u8; 32]) -> Option<&Secret> {
        self.secrets.0.premasters.get(client_random)
    }

    pub(super) fn encrypted_premaster(&self, encrypted: &[u8]) -> Option<&Secret> {
        self.secrets.0.encrypted.get(encrypted.first_chunk::<8>()?)
    }

    pub(super) fn session(&self, id: &[u8]) -> Option<&Secret> {
        self.secrets.0.sessions.get(id)
    }

    pub(super) fn traffic(&self, client_random: &[u8; 32]) -> Option<&Traffic> {
        self.secrets.0.traffic.get(client_random)
    }

    /// Whether there is a secret of any TLS 1.3 connection.
    pub(super) fn has_traffic(&self) -> bool {
        !self.secrets.0.traffic.is_empty()
    }

    /// The traffic secrets of all TLS 1.3 connections.
    pub(super) fn all_traffic(&self) -> impl Iterator<Item = (&[u8; 32], &Traffic)> {
        self.secrets.0.traffic.iter()
    }

    pub(super) fn keys(&self) -> &[RsaKey] {
        &self.secrets.0.keys
    }

    pub(super) fn key_was_used(&mut self, place: usize) {
        self.keys_used.resize(self.secrets.0.keys.len(), false);
        if let Some(used) = self.keys_used.get_mut(place) {
            *used = true;
        }
    }

    /// Whether one more session with compressed records may be opened; counts it.
    pub(super) const fn may_decompress(&mut self) -> bool {
        match self.decompress.checked_sub(1) {
            Some(left) => {
                self.decompress = left;
                true
            }
            None => false,
        }
    }

    /// How many of `wanted` secrets may still be tried on one connection.
    pub(super) fn may_try(&self, wanted: usize) -> usize {
        wanted.min(usize::try_from(self.trials).unwrap_or(usize::MAX))
    }

    /// So many secrets were tried.
    pub(super) fn were_tried(&mut self, number: usize) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.trials = self.trials.saturating_sub(number);
    }

    pub(super) fn log_was_used(&mut self) {
        self.opened_by_log = self.opened_by_log.saturating_add(1);
    }

    /// Remembers a session that may be resumed, by its session id or ticket.
    pub(super) fn learn(&mut self, name: &[u8], master: Option<&Secret>) {
        if name.is_empty() {
            return;
        }
        let name = name_digest(name);
        if let Some(known) = self.learned.get_mut(&name) {
            if master.is_some() {
                *known = master.cloned();
            }
            return;
        }
        if self.order.len() >= self.room
            && let Some(oldest) = self.order.pop_front()
        {
            self.learned.remove(&oldest);
        }
        self.order.push_back(name);
        self.learned.insert(name, master.cloned());
    }

    /// What is known of the session with this id or ticket: nothing, that it was seen, or its master secret.
    pub(super) fn learned(&self, name: &[u8; 32]) -> Option<Option<&Secret>> {
        self.learned.get(name).map(Option::as_ref)
    }
}

/// What a session id or ticket is remembered by.
pub(super) fn name_digest(name: &[u8]) -> [u8; 32] {
    digest(&SHA256, name).as_ref().try_into().unwrap_or([0; 32])
}
