//! Rules.
use super::Rule;
/// The rules of this class.
pub(super) const RULES: &[&Rule] = &[];
