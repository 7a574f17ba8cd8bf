//! The certificates of open sessions: each is read once and kept once, however many sessions show it, and all of them share one room.

use super::certificate::{Certificate, sha256};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

/// Bytes of certificates kept although no open session shows them: servers show the same ones again and again, and reading one takes
/// longer than all else in a handshake.
const IDLE: usize = 1 << 20;

/// Certificates by SHA-256.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those that open sessions show. How often is counted here, because others hold them for a time that depends on threads.
    shown: HashMap<[u8; 32], (Entry, usize), FixedState>,
    /// Those that none shows.
    idle: HashMap<[u8; 32], Entry, FixedState>,
    /// Bytes of each, and how many there may be of both.
    shown_bytes: usize,
    idle_bytes: usize,
    room: usize,
}

#[derive(Debug)]
struct Entry {
    certificate: Arc<Certificate>,
    bytes: usize,
}

impl Known {
    /// None, and room for so many bytes.
    pub(super) fn new(room: usize) -> Self {
        Self {
            room,
            ..Self::default()
        }
    }

    /// None, for one of so many parts of the connections.
    pub(super) fn share(&self, parts: usize) -> Self {
        Self::new(self.room / parts.max(1))
    }

    /// Reads a certificate, or remembers it.
    pub(super) fn read(&mut self, der: &[u8]) -> Arc<Certificate> {
        let sha256 = sha256(der);
        let shown = self.shown.get(&sha256).map(|(entry, _)| entry);
        if let Some(known) = shown.or_else(|| self.idle.get(&sha256)) {
            return Arc::clone(&known.certificate);
        }
        let certificate = Arc::new(Certificate::from_der(der));
        let bytes = certificate.memory();
        if self.make_room(bytes) {
            self.rest(Entry {
                certificate: Arc::clone(&certificate),
                bytes,
            });
        }
        certificate
    }

    /// A session keeps these certificates; those for which there is no room, and all behind them, are taken from it. Whether there was
    /// room for all.
    pub(super) fn claim(&mut self, chain: &mut Vec<Arc<Certificate>>) -> bool {
        let all = chain.len();
        let kept = chain.iter_mut().map(|one| self.claim_one(one));
        let kept = kept.take_while(|kept| *kept).count();
        chain.truncate(kept);
        kept == all
    }

    fn claim_one(&mut self, certificate: &mut Arc<Certificate>) -> bool {
        let sha256 = certificate.sha256;
        if let Some((entry, times)) = self.shown.get_mut(&sha256) {
            *times = times.saturating_add(1);
            *certificate = Arc::clone(&entry.certificate);
            return true;
        }
        let entry = match self.idle.remove(&sha256) {
            Some(entry) => {
                self.idle_bytes = self.idle_bytes.saturating_sub(entry.bytes);
                *certificate = Arc::clone(&entry.certificate);
                entry
            }
            None => {
                let bytes = certificate.memory();
                if !self.make_room(bytes) {
                    return false;
                }
                Entry {
                    certificate: Arc::clone(certificate),
                    bytes,
                }
            }
        };
        self.shown_bytes = self.shown_bytes.saturating_add(entry.bytes);
        self.shown.insert(sha256, (entry, 1));
        true
    }

    /// A session that has these certificates comes from elsewhere: it keeps them, whatever room there is.
    pub(super) fn adopt(&mut self, chain: &mut Vec<Arc<Certificate>>) {
        let room = std::mem::replace(&mut self.room, usize::MAX);
        self.claim(chain);
        self.room = room;
    }

    /// A session that kept these certificates is over.
    pub(super) fn release(&mut self, chain: &[Arc<Certificate>]) {
        for certificate in chain {
            let Some((_, times)) = self.shown.get_mut(&certificate.sha256) else {
                continue;
            };
            *times = times.saturating_sub(1);
            if *times == 0
                && let Some((entry, _)) = self.shown.remove(&certificate.sha256)
            {
                self.shown_bytes = self.shown_bytes.saturating_sub(entry.bytes);
                self.rest(entry);
            }
        }
    }

    /// Whether so many bytes more may be kept; those that are idle make room.
    fn make_room(&mut self, bytes: usize) -> bool {
        let with = |known: &Self| known.shown_bytes.saturating_add(known.idle_bytes);
        if with(self).saturating_add(bytes) > self.room {
            self.forget_idle();
        }
        with(self).saturating_add(bytes) <= self.room
    }

    /// Keeps one that no session shows.
    fn rest(&mut self, entry: Entry) {
        if self.idle_bytes.saturating_add(entry.bytes) > IDLE {
            self.forget_idle();
        }
        self.idle_bytes = self.idle_bytes.saturating_add(entry.bytes);
        self.idle.insert(entry.certificate.sha256, entry);
    }

    fn forget_idle(&mut self) {
        self.idle.clear();
        self.idle_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(n: u32, len: usize) -> Vec<u8> {
        let mut der = n.to_be_bytes().to_vec();
        der.resize(len, 7);
        der
    }

    fn check(known: &Known) {
        let shown: usize = known.shown.values().map(|(entry, _)| entry.bytes).sum();
        let idle: usize = known.idle.values().map(|entry| entry.bytes).sum();
        assert_eq!((known.shown_bytes, known.idle_bytes), (shown, idle));
        assert!(shown + idle <= known.room && idle <= IDLE);
    }

    #[test]
    fn a_certificate_is_kept_once_for_all_who_show_it() {
        let mut known = Known::new(100_000);
        let mut chains = Vec::new();
        for _ in 0..1_000 {
            let mut chain = vec![known.read(&der(1, 9_000)), known.read(&der(2, 9_000))];
            assert!(known.claim(&mut chain));
            chains.push(chain);
            check(&known);
        }
        assert_eq!((known.shown.len(), known.idle.len()), (2, 0));
        for chain in &chains {
            assert!(Arc::ptr_eq(&chain[0], &chains[0][0]));
            known.release(chain);
            check(&known);
        }
        assert_eq!((known.shown.len(), known.idle.len()), (0, 2));
    }

    #[test]
    fn ever_new_certificates_are_kept_while_there_is_room() {
        let mut known = Known::new(100_000);
        let mut chains = Vec::new();
        for n in 0..100 {
            let mut chain = vec![known.read(&der(n, 9_000)), known.read(&der(n, 9_000))];
            let all = known.claim(&mut chain);
            assert_eq!(all, chain.len() == 2);
            check(&known);
            chains.push(chain);
        }
        let kept = chains.iter().filter(|chain| chain.len() == 2).count();
        assert!((9..=11).contains(&kept), "{kept}");
        // The first that end make room for others.
        known.release(&chains[0]);
        let mut chain = vec![known.read(&der(200, 9_000))];
        assert!(known.claim(&mut chain));
        check(&known);
    }

    #[test]
    fn those_that_nobody_shows_any_longer_take_little() {
        let mut known = Known::new(64 << 20);
        for n in 0..10_000 {
            let mut chain = vec![known.read(&der(n, 1_000))];
            assert!(known.claim(&mut chain));
            known.release(&chain);
            check(&known);
        }
        assert!(known.idle_bytes > IDLE / 1_000);
    }
}
