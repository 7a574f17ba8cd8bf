//! Rules on certificates.

mod cert_expired;
mod cert_missing_client_auth_eku;
mod cert_missing_server_auth_eku;
mod cert_name_mismatch;
mod cert_not_yet_valid;
mod cert_self_signed_peer;
mod common;

use super::Rule;

/// The rules of this class.
pub(super) const RULES: &[&Rule] = &[
    &cert_expired::RULE,
    &cert_missing_client_auth_eku::RULE,
    &cert_missing_server_auth_eku::RULE,
    &cert_name_mismatch::RULE,
    &cert_not_yet_valid::RULE,
    &cert_self_signed_peer::RULE,
];
