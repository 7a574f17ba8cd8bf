//! The secrets that open sessions: what was given, and what earlier sessions of the capture taught.

use super::known::Known;
use super::layer::Traffic;
use super::rsa_key::RsaKey;
use super::secrets::{NAMELESS, Secret, Secrets};
use crate::base::Limits;
use ring::digest::{SHA256, digest};
use std::collections::{BTreeMap, VecDeque};

/// The secrets, and what sessions of this capture taught while they were read.
#[derive(Debug, Default)]
pub struct Keyring {
    /// Shared by the keyrings of all shards.
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
    /// Bytes of what else handshakes told that open sessions keep beyond what each may keep anyway, and how many there may be.
    pub(super) facts: usize,
    facts_room: usize,
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
            certificates: Known::new(limits.tls_certificate_bytes),
            facts_room: limits.tls_facts_bytes,
            ..Self::default()
        }
    }

    /// The secrets in it.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Knows these secrets from now on: the same, and what the capture brought since.
    pub fn know(&mut self, secrets: Secrets) {
        self.secrets = secrets;
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
            certificates: self.certificates.share(parts),
            facts: 0,
            facts_room: self.facts_room / parts.max(1),
        }
    }

    /// No session is open any longer, and none of them gave back what it kept.
    pub(crate) fn forget_sessions(&mut self) {
        self.certificates = self.certificates.share(1);
        self.facts = 0;
    }

    /// A session keeps so many bytes more beyond its own; whether there is room for them.
    pub(super) fn borrow(&mut self, bytes: usize) -> bool {
        let all = self.facts.saturating_add(bytes);
        let fits = bytes == 0 || all <= self.facts_room;
        if fits {
            self.facts = all;
        }
        fits
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
        let mut layers = self.secrets.layers();
        !self.keys().is_empty()
            || layers.any(|layer| !(layer.premasters.is_empty() && layer.encrypted.is_empty()))
    }

    pub(super) fn master(&self, client_random: &[u8; 32]) -> Option<Secret> {
        self.secrets.master(client_random)
    }

    /// All master secrets by client random, those that came last first: a capture is mostly of the end of the time that a key log covers.
    pub(super) fn latest_masters(&self) -> impl Iterator<Item = (&[u8; 32], Secret)> {
        self.secrets.masters().rev()
    }

    /// Master secrets that may be of a session although nothing on the wire says so, at most [`NAMELESS`] of a kind: those
    /// without a name, and for a session `without_id` those named by a session id, because OpenSSL's client names a session that
    /// it resumes by ticket with a digest of the ticket, which may come later or never.
    pub(super) fn unnamed(&self, without_id: bool) -> impl Iterator<Item = &Secret> {
        let layers = || self.secrets.layers().rev();
        let named = layers().flat_map(|layer| layer.sessions.values());
        let named = named.filter(move |_| without_id).take(NAMELESS);
        layers().flat_map(|layer| &layer.nameless).chain(named)
    }

    pub(super) fn premaster(&self, client_random: &[u8; 32]) -> Option<&Secret> {
        self.secrets.premaster(client_random)
    }

    pub(super) fn encrypted_premaster(&self, encrypted: &[u8]) -> Option<&Secret> {
        let first = encrypted.first_chunk::<8>()?;
        self.secrets.find(|layer| layer.encrypted.get(first))
    }

    pub(super) fn session(&self, id: &[u8]) -> Option<&Secret> {
        self.secrets.find(|layer| layer.sessions.get(id))
    }

    pub(super) fn traffic(&self, client_random: &[u8; 32]) -> Option<&Traffic> {
        self.secrets.traffic(client_random)
    }

    /// Whether there is a secret of any TLS 1.3 connection.
    pub(super) fn has_traffic(&self) -> bool {
        self.secrets.layers().any(|layer| !layer.traffic.is_empty())
    }

    /// The traffic secrets of all TLS 1.3 connections.
    pub(super) fn all_traffic(&self) -> impl Iterator<Item = (&[u8; 32], &Traffic)> {
        self.secrets.all_traffic()
    }

    pub(super) fn keys(&self) -> &[RsaKey] {
        self.secrets.keys()
    }

    pub(super) fn key_was_used(&mut self, place: usize) {
        self.keys_used.resize(self.secrets.keys().len(), false);
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
        if !name.is_empty() {
            self.learn_digest(name_digest(name), master);
        }
    }

    /// The same by the digest of that.
    pub(super) fn learn_digest(&mut self, name: [u8; 32], master: Option<&Secret>) {
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
