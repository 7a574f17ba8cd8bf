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
    all: HashMap<[u8; 32], Entry, FixedState>,
    /// Bytes of all, of those that no open session shows, and how many there may be.
    memory: usize,
    idle: usize,
    room: usize,
}

#[derive(Debug)]
struct Entry {
    certificate: Arc<Certificate>,
    bytes: usize,
    /// Open sessions that show it, each as often as it does. Counted here, because others hold it for a time that depends on threads.
    claims: usize,
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
        if let Some(known) = self.all.get(&sha256) {
            return Arc::clone(&known.certificate);
        }
        let certificate = Arc::new(Certificate::from_der(der));
        self.insert(&certificate);
        certificate
    }

    /// A session keeps these certificates; those for which there is no room, and all behind them, are taken from it. Whether there was
    /// room for all.
    pub(super) fn claim(&mut self, chain: &mut Vec<Arc<Certificate>>) -> bool {
        let all = chain.len();
        for (place, certificate) in chain.iter_mut().enumerate() {
            if !self.all.contains_key(&certificate.sha256) && !self.insert(certificate) {
                chain.truncate(place);
                break;
            }
            if let Some(entry) = self.all.get_mut(&certificate.sha256) {
                if entry.claims == 0 {
                    self.idle = self.idle.saturating_sub(entry.bytes);
                }
                entry.claims = entry.claims.saturating_add(1);
                *certificate = Arc::clone(&entry.certificate);
            }
        }
        chain.len() == all
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
            if let Some(entry) = self.all.get_mut(&certificate.sha256) {
                if entry.claims == 1 {
                    self.idle = self.idle.saturating_add(entry.bytes);
                }
                entry.claims = entry.claims.saturating_sub(1);
            }
        }
        if self.idle > IDLE {
            self.drop_idle();
        }
    }

    /// Takes in one that is not known, as idle; whether there was room.
    fn insert(&mut self, certificate: &Arc<Certificate>) -> bool {
        let bytes = certificate.memory();
        let full = |known: &Self| known.memory.saturating_add(bytes) > known.room;
        if full(self) || self.idle.saturating_add(bytes) > IDLE {
            self.drop_idle();
        }
        if full(self) {
            return false;
        }
        self.memory = self.memory.saturating_add(bytes);
        self.idle = self.idle.saturating_add(bytes);
        self.all.insert(
            certificate.sha256,
            Entry {
                certificate: Arc::clone(certificate),
                bytes,
                claims: 0,
            },
        );
        true
    }

    fn drop_idle(&mut self) {
        if self.idle > 0 {
            self.all.retain(|_, entry| entry.claims > 0);
            self.memory = self.memory.saturating_sub(self.idle);
            self.idle = 0;
        }
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
        let bytes = |all: &mut dyn Iterator<Item = &Entry>| all.map(|e| e.bytes).sum::<usize>();
        assert_eq!(known.memory, bytes(&mut known.all.values()));
        let mut idle = known.all.values().filter(|e| e.claims == 0);
        assert_eq!(known.idle, bytes(&mut idle));
        assert!(known.memory <= known.room && known.idle <= IDLE);
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
        assert_eq!(known.all.len(), 2);
        for chain in &chains {
            assert!(Arc::ptr_eq(&chain[0], &chains[0][0]));
            known.release(chain);
            check(&known);
        }
        assert_eq!(known.idle, known.memory);
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
        assert!(known.memory > IDLE / 4);
    }
}
