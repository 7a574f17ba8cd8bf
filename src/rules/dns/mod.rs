//! Name resolution: what the two sides ask for, and what they are told.

pub(in crate::rules) mod common;
mod dns_a_missing;
mod dns_edge_two_addresses;
mod dns_ptr_missing_acl_delay;
mod dns_srv_missing;
mod dns_srv_target_wrong_domain;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &dns_a_missing::RULE,
    &dns_edge_two_addresses::RULE,
    &dns_ptr_missing_acl_delay::RULE,
    &dns_srv_missing::RULE,
    &dns_srv_target_wrong_domain::RULE,
];
