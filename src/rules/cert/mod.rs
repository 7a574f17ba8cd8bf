//! Rules on certificates.

mod cert_chain_incomplete;
mod cert_different_issuers;
mod cert_expired;
mod cert_missing_client_auth_eku;
mod cert_missing_server_auth_eku;
mod cert_name_mismatch;
mod cert_not_yet_valid;
mod cert_revocation_check_blocked;
mod cert_self_signed_peer;
mod cert_sha512_tls12_windows;
mod cert_subject_cn_unusable;
mod cert_weak_key_or_signature;
mod cert_wildcard;
mod clock_skew_between_peers;
mod common;

use super::Rule;

/// The rules of this class.
pub(super) const RULES: &[&Rule] = &[
    &cert_chain_incomplete::RULE,
    &cert_different_issuers::RULE,
    &cert_expired::RULE,
    &cert_missing_client_auth_eku::RULE,
    &cert_missing_server_auth_eku::RULE,
    &cert_name_mismatch::RULE,
    &cert_not_yet_valid::RULE,
    &cert_revocation_check_blocked::RULE,
    &cert_self_signed_peer::RULE,
    &cert_sha512_tls12_windows::RULE,
    &cert_subject_cn_unusable::RULE,
    &cert_weak_key_or_signature::RULE,
    &cert_wildcard::RULE,
    &clock_skew_between_peers::RULE,
];
