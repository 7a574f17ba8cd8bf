//! What cargo-fuzz runs (`tests/fuzz`), and `cargo test` replays: one file each. A target takes any bytes; it panics where a law
//! does not hold.

#![allow(
    unreachable_pub,
    reason = "this is the library of tests/fuzz and a module of tests/main.rs"
)]

pub mod analyze;
pub mod capture;
pub mod compressed;
pub mod dns;
pub mod input;
pub mod keylog;
pub mod lab_profile;
pub mod packet;
pub mod pidf;
pub mod reassembly;
pub mod redact;
pub mod sctp;
pub mod sdp;
pub mod sip;
pub mod sip_datagram;
pub mod tls;
pub mod tls_decrypt;
pub mod websocket;

use sipdiag::base::Limits;

/// The body of a target.
pub type Body = fn(&[u8]);

/// All targets by name.
pub const ALL: &[(&str, Body)] = &[
    ("analyze", analyze::run),
    ("capture", capture::run),
    ("compressed", compressed::run),
    ("dns", dns::run),
    ("keylog", keylog::run),
    ("lab_profile", lab_profile::run),
    ("packet", packet::run),
    ("pidf", pidf::run),
    ("reassembly", reassembly::run),
    ("redact", redact::run),
    ("sctp", sctp::run),
    ("sdp", sdp::run),
    ("sip", sip::run),
    ("sip_datagram", sip_datagram::run),
    ("tls", tls::run),
    ("tls_decrypt", tls_decrypt::run),
    ("websocket", websocket::run),
];

/// Limits that small inputs reach.
pub fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.frame_bytes = 1 << 16;
    limits.encapsulation_depth = 6;
    limits.fragment_datagrams = 4;
    limits.fragment_bytes = 1 << 12;
    limits.flows = 4;
    limits.early_bytes_per_direction = 1 << 12;
    limits.early_bytes = 1 << 13;
    limits.tls_handshake_bytes = 1 << 13;
    limits.tls_sequence_search = 16;
    limits.tls_search_bytes = 1 << 18;
    limits.tls_trials = 1 << 8;
    limits.tls_compressed_sessions = 2;
    limits.tls_held_bytes = 1 << 10;
    limits.tls_sessions_learned = 4;
    limits.tls_secrets = 32;
    limits.sip_head_bytes = 1 << 11;
    limits.sip_body_bytes = 1 << 11;
    limits.waiting_bytes = 1 << 12;
    limits.sip_header_fields = 64;
    limits.sctp_directions = 4;
    limits.sctp_waiting_bytes = 1 << 10;
    limits.dialogs = 4;
    limits.messages_per_dialog = 8;
    limits.message_bytes = 1 << 13;
    limits.connection_summaries = 4;
    limits.findings_per_rule = 2;
    limits.evidence_per_finding = 2;
    limits.places_per_caveat = 2;
    limits.charts = 2;
    limits.chart_bytes = 1 << 12;
    limits.stream_numbers = 8;
    limits
}
