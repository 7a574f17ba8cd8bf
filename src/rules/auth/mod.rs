//! SIP authentication: who asks whom for credentials.

mod auth_digest_challenge_unanswered;
mod auth_lync_challenges_cisco;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &auth_digest_challenge_unanswered::RULE,
    &auth_lync_challenges_cisco::RULE,
];
