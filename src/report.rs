//! The result of an analysis: what every renderer reads and none changes.

use crate::base::{Caveat, FileIndex, FrameRef, Network};
use crate::capture::CaptureSummary;
use crate::connection::Connection;
use crate::diagnosis::{Placed, Verdict};
use crate::finding::Severity;
use crate::host::Hosts;
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
    /// TCP connections in scope.
    pub connections: u64,
    /// TLS sessions.
    pub tls_sessions: u64,
    /// TLS sessions whose application data was read.
    pub tls_decrypted: u64,
    /// TLS sessions whose application data was not read.
    pub tls_unread: u64,
    /// The first of them, and why.
    pub undecrypted: Vec<Undecrypted>,
    /// TCP bytes the capture does not have.
    pub missing_bytes: u64,
    /// SIP messages.
    pub sip_messages: u64,
    /// SIP messages with defects.
    pub sip_malformed: u64,
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

/// Everything that is known at the end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// The captures in the order they were named.
    pub captures: Vec<CaptureSummary>,
    /// What could be seen.
    pub coverage: Coverage,
    /// Who is who.
    pub hosts: Hosts,
    /// Findings in the order of the contract.
    pub findings: Vec<Placed>,
    /// What could not be decided, and why: rule, frame, sentence.
    pub undecided: Vec<(&'static str, FrameRef, String)>,
    /// How many more there were than are listed.
    pub undecided_more: u64,
    /// What could not be seen.
    pub caveats: Vec<Caveat>,
    /// The connections of SIP and TLS, in order of appearance.
    pub connections: Vec<Connection>,
    /// Requests by method.
    pub methods: BTreeMap<String, MethodCount>,
    /// Findings that `--select`, `--ignore` and `--min-severity` took out.
    pub suppressed: u64,
}

impl Report {
    /// The worst severity of the findings shown.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|p| p.finding.severity).max()
    }

    /// The name of a capture file.
    pub fn file_name(&self, file: FileIndex) -> &str {
        self.captures
            .get(usize::from(file.0))
            .map_or("", |c| c.name.as_str())
    }
}
