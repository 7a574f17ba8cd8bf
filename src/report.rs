//! The result of an analysis: what every renderer reads and none changes.

mod coverage;
mod frames;
mod suppression;

pub use coverage::{Coverage, Found, Gap, MethodCount, Undecrypted};
pub use frames::{Fate, Frames};
pub use suppression::{SuppressedBy, Suppression};

use crate::base::{Caveat, FileIndex, FrameNumber};
use crate::capture::CaptureSummary;
use crate::connection::Boxes;
use crate::diagnosis::{Course, Placed, Verdict, Wanted};
use crate::finding::{Severity, Undecided};
use crate::host::Hosts;
use crate::ladder::Charts;
use std::collections::{BTreeMap, BTreeSet};

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
    /// What could not be decided, and why.
    pub undecided: Vec<Undecided>,
    /// How many more there were than are listed.
    pub undecided_more: u64,
    /// Direction by direction between the servers: what works and what fails; both of a pair one after the other.
    pub courses: Vec<Course>,
    /// What to capture next.
    pub wanted: Vec<Wanted>,
    /// What could not be seen.
    pub caveats: Vec<Caveat>,
    /// The connections of SIP and TLS, in order of appearance.
    pub connections: Boxes,
    /// The frames of the calls in which faults were found, where an extract is wanted; the first 262 144.
    pub cited_frames: BTreeSet<(FileIndex, FrameNumber)>,
    /// Message sequence charts, where they were asked for.
    pub charts: Charts,
    /// Requests by method.
    pub methods: BTreeMap<String, MethodCount>,
    /// Names and public addresses in it are pseudonyms.
    pub redacted: bool,
    /// Findings that the configuration file, `--select`, `--ignore` and `--min-severity` took out.
    pub suppressed: u64,
    /// Which findings those were, by rule and by what took them out.
    pub suppressions: Vec<Suppression>,
    /// The configuration file that was used.
    pub configuration: Option<String>,
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
