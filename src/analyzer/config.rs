//! What an analysis is told before it begins.

use crate::base::{Limits, Network};
use crate::finding::Severity;
use crate::lab::Profile;
use crate::redact::Redaction;
use crate::tls::Secrets;
use std::collections::BTreeSet;

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

/// Findings that are known and not to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The rule.
    pub rule: String,
    /// Why: it stands in the report.
    pub reason: String,
    /// Only findings about a host in there; `None`: any.
    pub from: Option<Network>,
    /// Only findings with the other host in there; `None`: any.
    pub to: Option<Network>,
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
    /// Threads that work at the same time; 0 and 1: one. The report is the same for every number.
    pub jobs: u16,
    /// Whether to compute SHA-256 of the streams (for `--list connections`).
    pub hash_streams: bool,
    /// Whether to keep what message sequence charts need ([`crate::report::Report::charts`]).
    pub charts: bool,
    /// Whether to keep what an extract needs ([`crate::report::Report::cited_frames`]).
    pub extract: bool,
    /// Fingerprints of findings that are known already and not reported ([`crate::finding::Finding::fingerprint`]).
    pub baseline: Option<BTreeSet<String>>,
    /// Pseudonyms for everything that identifies people and places; `None`: as it is.
    pub redact: Option<Redaction>,
    /// What opens TLS sessions, besides what the captures bring themselves.
    pub secrets: Secrets,
    /// Only these rules are reported; empty means all.
    pub select: Vec<String>,
    /// These rules are not reported.
    pub ignore: Vec<String>,
    /// Findings that a configuration file suppresses, each with its reason.
    pub suppress: Vec<Ignored>,
    /// The configuration file that was used, by the name that the report says.
    pub file: Option<String>,
    /// Findings below are not reported.
    pub min_severity: Option<Severity>,
}
