//! What an analysis is told before it begins.

use crate::base::{Limits, Network};
use crate::finding::Severity;
use crate::lab::Profile;
use crate::tls::Secrets;

/// Which traffic is analysed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// The networks of the lab when the capture has traffic of them, else everything.
    #[default]
    Auto,
    /// Everything.
    Any,
    /// Packets with an address in one of these.
    Only(Vec<Network>),
}

/// How to analyse. `Config::default()` is what `sipdiag trace.pcap` does.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// Which traffic.
    pub scope: Scope,
    /// What is configured on the two sides.
    pub profile: Profile,
    /// Bounds on memory and work.
    pub limits: Limits,
    /// Whether to compute SHA-256 of the streams (for `--list connections`).
    pub hash_streams: bool,
    /// Whether to keep what message sequence charts need ([`crate::report::Report::charts`]).
    pub charts: bool,
    /// Whether to keep what an extract needs ([`crate::report::Report::cited_frames`]).
    pub extract: bool,
    /// What opens TLS sessions, besides what the captures bring themselves.
    pub secrets: Secrets,
    /// Only these rules are reported; empty means all.
    pub select: Vec<String>,
    /// These rules are not reported.
    pub ignore: Vec<String>,
    /// Findings below are not reported.
    pub min_severity: Option<Severity>,
}
