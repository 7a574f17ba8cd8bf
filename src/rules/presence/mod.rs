//! Presence subscriptions and notifications.

mod pres_subscribe_no_notify;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[&pres_subscribe_no_notify::RULE];
