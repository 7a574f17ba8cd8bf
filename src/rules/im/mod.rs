//! Instant messaging: sessions, messages in them, and how they are refused.

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[];
