//! Name resolution: what the two sides ask for, and what they are told.

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[];
