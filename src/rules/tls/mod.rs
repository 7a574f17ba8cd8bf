//! Rules on the TLS handshake.

mod alert_complaint;
mod alert_plain;
mod asked;
pub(in crate::rules) mod authorities;
mod cipher_advice;
pub(in crate::rules) mod common;
mod hidden;
mod middlebox_tls_proxy;
pub(in crate::rules) mod outcome;
mod progress;
pub(in crate::rules) mod sources;
mod suites;
mod tls_alert_access_denied;
mod tls_alert_bad_certificate;
mod tls_alert_certificate_expired;
mod tls_alert_certificate_revoked;
mod tls_alert_certificate_unknown;
mod tls_alert_decrypt_error;
mod tls_alert_handshake_failure;
mod tls_alert_insufficient_security;
mod tls_alert_internal_error;
mod tls_alert_no_renegotiation;
mod tls_alert_protocol_version;
mod tls_alert_unknown_ca;
mod tls_alert_unrecognized_name;
mod tls_alert_unsupported_certificate;
mod tls_certreq_ca_list_oversize;
mod tls_certreq_lacks_client_ca;
mod tls_client_cert_empty;
mod tls_close_after_handshake;
mod tls_ec_only_offer;
mod tls_empty_fragments;
mod tls_encrypted_alert;
mod tls_handshake_stall;
mod tls_no_common_cipher;
mod tls_reset_during_handshake;
pub(in crate::rules) mod words;
mod wrong_cup_listener;

use super::Rule;

/// The rules of this class.
pub(super) const RULES: &[&Rule] = &[
    &middlebox_tls_proxy::RULE,
    &tls_alert_access_denied::RULE,
    &tls_alert_bad_certificate::RULE,
    &tls_alert_certificate_expired::RULE,
    &tls_alert_certificate_revoked::RULE,
    &tls_alert_certificate_unknown::RULE,
    &tls_alert_decrypt_error::RULE,
    &tls_alert_handshake_failure::RULE,
    &tls_alert_insufficient_security::RULE,
    &tls_alert_internal_error::RULE,
    &tls_alert_no_renegotiation::RULE,
    &tls_alert_protocol_version::RULE,
    &tls_alert_unknown_ca::RULE,
    &tls_alert_unrecognized_name::RULE,
    &tls_alert_unsupported_certificate::RULE,
    &tls_certreq_ca_list_oversize::RULE,
    &tls_certreq_lacks_client_ca::RULE,
    &tls_client_cert_empty::RULE,
    &tls_close_after_handshake::RULE,
    &tls_ec_only_offer::RULE,
    &tls_empty_fragments::RULE,
    &tls_encrypted_alert::RULE,
    &tls_handshake_stall::RULE,
    &tls_no_common_cipher::RULE,
    &tls_reset_during_handshake::RULE,
    &wrong_cup_listener::RULE,
];
