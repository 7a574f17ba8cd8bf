//! Rules on TCP, ICMP and what is carried on which port.

mod common;
mod icmp_unreachable;
mod sip_plaintext_on_tls_port;
mod tcp_connect_refused;
mod tcp_syn_unanswered;
mod tls_on_plaintext_port;

use super::Rule;

/// The rules of this class.
pub(super) const RULES: &[&Rule] = &[
    &icmp_unreachable::RULE,
    &sip_plaintext_on_tls_port::RULE,
    &tcp_connect_refused::RULE,
    &tcp_syn_unanswered::RULE,
    &tls_on_plaintext_port::RULE,
];
