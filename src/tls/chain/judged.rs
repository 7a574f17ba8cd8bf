//! Verdicts that were found already: a server shows the same chain on each of its connections.

use super::{Purpose, Verdict};
use crate::base::Timestamp;
use crate::tls::Certificate;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Verdicts kept; a capture of one lab has a handful of chains.
pub(super) const KEPT: usize = 256;

/// What a verdict depends on: certificates, which of them are in their dates, and the purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    certificates: Vec<([u8; 32], bool, bool)>,
    purpose: Purpose,
}

impl Key {
    pub(super) fn new<'a>(
        certificates: impl Iterator<Item = &'a Arc<Certificate>>,
        at: Timestamp,
        purpose: Purpose,
    ) -> Self {
        Self {
            certificates: certificates
                .map(|c| {
                    let now = at.seconds();
                    (
                        c.sha256,
                        c.not_before.seconds() <= now,
                        now <= c.not_after.seconds(),
                    )
                })
                .collect(),
            purpose,
        }
    }
}

/// The verdicts. Two sets of authorities are the same whatever they were asked: this takes no part in comparisons.
#[derive(Debug, Default)]
pub(super) struct Judged(Mutex<BTreeMap<Key, Verdict>>);

impl Judged {
    pub(super) fn or_insert(&self, key: Key, judge: impl FnOnce() -> Verdict) -> Verdict {
        let known = |this: &Self| this.lock().get(&key).cloned();
        if let Some(verdict) = known(self) {
            return verdict;
        }
        let verdict = judge();
        let mut kept = self.lock();
        if kept.len() < KEPT {
            kept.insert(key, verdict.clone());
        }
        verdict
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Verdict>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl Clone for Judged {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Judged {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Judged {}
