//! Rules on TCP, ICMP and what is carried on which port.

mod common;
mod icmp_unreachable;
mod loss;
mod one_way_traffic;
mod pmtu_blackhole;
mod sip_5xx_overload;
mod sip_cleartext_to_lync;
mod sip_plaintext_on_tls_port;
mod sip_stream_framing_error;
mod sip_udp_fragmented;
mod tcp_connect_refused;
mod tcp_established_silent_drop;
mod tcp_idle_timeout_kill;
mod tcp_syn_unanswered;
mod tls_on_plaintext_port;

use super::Rule;

/// The rules of this class.
pub(super) const RULES: &[&Rule] = &[
    &icmp_unreachable::RULE,
    &one_way_traffic::RULE,
    &pmtu_blackhole::RULE,
    &sip_5xx_overload::RULE,
    &sip_cleartext_to_lync::RULE,
    &sip_plaintext_on_tls_port::RULE,
    &sip_stream_framing_error::RULE,
    &sip_udp_fragmented::RULE,
    &tcp_connect_refused::RULE,
    &tcp_established_silent_drop::RULE,
    &tcp_idle_timeout_kill::RULE,
    &tcp_syn_unanswered::RULE,
    &tls_on_plaintext_port::RULE,
];
