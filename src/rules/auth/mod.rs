//! SIP authentication: who asks whom for credentials.

mod auth_credentials_rejected;
mod auth_digest_challenge_unanswered;
mod auth_lync_challenges_cisco;
mod lync_client_signout_after_digest;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &auth_credentials_rejected::RULE,
    &auth_digest_challenge_unanswered::RULE,
    &auth_lync_challenges_cisco::RULE,
    &lync_client_signout_after_digest::RULE,
];
