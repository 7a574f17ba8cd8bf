//! What was in scope, and what of it could be seen.

use super::Frames;
use crate::base::{Endpoint, FrameRef, Network};
use std::collections::BTreeMap;

/// What was in scope and what of it could be seen.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Coverage {
    /// The networks in scope; empty means everything.
    pub networks: Vec<Network>,
    /// Why these: chosen by the user, or because the capture has traffic of the lab, or for want of it.
    pub networks_reason: &'static str,
    /// Packets with an address in scope.
    pub packets_in_scope: u64,
    /// Other packets.
    pub packets_out_of_scope: u64,
    /// Every frame of the captures, by what became of it.
    pub frames: Frames,
    /// TCP connections in scope.
    pub connections: u64,
    /// Those that carry SIP or TLS, or were meant to.
    pub sip_connections: u64,
    /// Those of them of which only one direction was captured.
    pub one_directional: u64,
    /// TLS sessions.
    pub tls_sessions: u64,
    /// TLS sessions whose application data was read.
    pub tls_decrypted: u64,
    /// TLS sessions whose application data was not read.
    pub tls_unread: u64,
    /// Why not: sessions by the stable name of the reason, [`crate::tls::Reason::name`].
    pub tls_reasons: BTreeMap<&'static str, u64>,
    /// The first of them, and why.
    pub undecrypted: Vec<Undecrypted>,
    /// TCP bytes the capture does not have.
    pub missing_bytes: u64,
    /// The connections they are missing of, in order of appearance; the first thousand.
    pub gaps: Vec<Gap>,
    /// Where SIP and TLS were found, by address, port and transport; the first thousand.
    pub found: BTreeMap<(Endpoint, &'static str), Found>,
    /// SIP messages.
    pub sip_messages: u64,
    /// SIP messages with defects.
    pub sip_malformed: u64,
    /// Messages by defect, by its stable name ([`crate::sip::DefectKind::name`]), and the first message.
    pub sip_defects: BTreeMap<&'static str, (u64, FrameRef)>,
    /// Bytes of SIP streams that belong to no message.
    pub sip_skipped_bytes: u64,
    /// SIP transactions that ended with 2xx.
    pub successes: u64,
    /// SIP requests that failed or were never answered; users' own states (busy, offline) do not count.
    pub failures: u64,
}

/// A TLS session that was not read.
#[derive(Debug, Clone)]
pub struct Undecrypted {
    /// Which one: `tcp.stream 3, 10.1.1.10:49301 > 10.1.1.20:5061`.
    pub connection: String,
    /// Why.
    pub reason: String,
    /// The stable name of the reason: [`crate::tls::Reason::name`].
    pub reason_name: &'static str,
    /// What would make it readable.
    pub advice: String,
}

/// A connection of which the capture lacks bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Wireshark's `tcp.stream`.
    pub stream: u32,
    /// Who opened it.
    pub client: Endpoint,
    /// The other side.
    pub server: Endpoint,
    /// Bytes missing of what the client sent, and of what the server sent.
    pub missing: [u64; 2],
}

/// What was found at one address and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Connections to it.
    pub connections: u64,
    /// SIP messages to and from it.
    pub messages: u64,
}

/// Requests by method and what became of them.
#[derive(Debug, Clone, Default)]
pub struct MethodCount {
    /// Requests, retransmissions not counted.
    pub requests: u64,
    /// Final responses by status code.
    pub finals: BTreeMap<u16, u64>,
    /// Requests without final response.
    pub unanswered: u64,
}
