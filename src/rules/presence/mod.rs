//! Presence subscriptions and notifications.

mod common;
mod pres_bad_extension;
mod pres_content_not_acceptable;
mod pres_event_not_supported;
mod pres_interval_too_brief;
mod pres_notify_481;
mod pres_notify_unanswered;
mod pres_refresh_missing;
mod pres_subscribe_no_notify;
mod pres_subscription_pending;
mod pres_subscription_terminated;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &pres_bad_extension::RULE,
    &pres_content_not_acceptable::RULE,
    &pres_event_not_supported::RULE,
    &pres_interval_too_brief::RULE,
    &pres_notify_481::RULE,
    &pres_notify_unanswered::RULE,
    &pres_refresh_missing::RULE,
    &pres_subscribe_no_notify::RULE,
    &pres_subscription_pending::RULE,
    &pres_subscription_terminated::RULE,
];
