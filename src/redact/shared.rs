//! One set of pseudonyms for everything that a run does.

use super::Pseudonyms;
use std::sync::{Arc, Mutex, PoisonError};

/// Pseudonyms that all analyses and outputs of a run share. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Redaction(Arc<Mutex<Pseudonyms>>);

impl Redaction {
    /// Pseudonyms under this key ([`Pseudonyms::new`]).
    pub fn new(key: &[u8]) -> Self {
        Self(Arc::new(Mutex::new(Pseudonyms::new(key))))
    }

    /// Does something with them.
    pub fn with<R>(&self, work: impl FnOnce(&mut Pseudonyms) -> R) -> R {
        // Pseudonyms are whole after every step: those of a thread that died are as good.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
