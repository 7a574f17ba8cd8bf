//! What a rule says: a statement about two boxes, with the frames that show it.

mod evidence;
mod undecided;

pub use evidence::{Evidence, EvidenceKind};
pub use undecided::{Matters, Undecided};

use crate::base::{FrameRef, hex};
use ring::digest::{SHA256, digest};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// How bad a finding is (the words of SARIF 2.1.0 §3.27.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing fails because of it.
    Note,
    /// Federation works, but worse than it should, or may fail elsewhere.
    Warning,
    /// Something fails.
    Error,
}

impl Severity {
    /// The name in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure the diagnosis is. It follows from the evidence and from what could be seen; a rule never types it as decoration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A candidate: other causes look the same on the wire.
    Low,
    /// Likely; one other explanation remains.
    Medium,
    /// The evidence leaves no other explanation.
    High,
}

impl Confidence {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// One step less sure.
    #[must_use]
    pub const fn lowered(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
}

/// What to do, by side. Each line is one step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedy {
    /// On Cisco Unified Presence / IM and Presence: menu paths.
    pub cisco: Vec<String>,
    /// On Lync / Skype for Business or Windows: cmdlets and consoles.
    pub microsoft: Vec<String>,
    /// In the network between: firewalls, DNS, certificates authorities.
    pub network: Vec<String>,
    /// These are all: the steps of the rule are for another case of it.
    pub alone: bool,
}

/// One labelled fact of a finding, such as the ciphers that each side offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// What it is.
    pub label: String,
    /// Its values, one a line.
    pub values: Vec<String>,
}

/// A statement with its evidence. Built by the reporter of the rules only, which demands the first piece of evidence.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's name, stable for ever.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence: what is wrong, on which box.
    pub title: String,
    /// What was seen, in one to three sentences.
    pub summary: String,
    /// The host whose request, connection or certificate it is about.
    pub from: Option<IpAddr>,
    /// The other host.
    pub to: Option<IpAddr>,
    /// What tells this finding from others of the same rule between the same hosts.
    pub key: String,
    /// How often it happened.
    pub count: u64,
    /// First and last place.
    pub first: FrameRef,
    /// Last place.
    pub last: FrameRef,
    /// The frames that show it, and what is missing.
    pub evidence: Vec<Evidence>,
    /// Facts to compare.
    pub details: Vec<Detail>,
    /// The steps that follow from this very finding; the rule's general ones come after them.
    pub remedy: Remedy,
    /// Connections (`tcp.stream`, by file) it happened on.
    pub streams: BTreeSet<u32>,
    /// Call-IDs it happened on.
    pub call_ids: BTreeSet<String>,
}

impl Finding {
    /// The same for the same fault in another capture: the rule, the hosts and what the rule says tells faults apart; no times,
    /// frames, ports or Call-IDs. 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let address = |a: Option<IpAddr>| a.map(|a| a.to_string()).unwrap_or_default();
        let text = [self.rule, &address(self.from), &address(self.to), &self.key].join("\n");
        let hash = digest(&SHA256, text.as_bytes());
        hex(hash.as_ref().get(..8).unwrap_or_default())
    }
}

/// The name under which repetitions fold.
type FoldKey = (&'static str, Option<IpAddr>, Option<IpAddr>, String);

/// All findings of an analysis: repetitions folded, bounded.
#[derive(Debug, Default)]
pub struct Findings {
    folded: BTreeMap<FoldKey, Finding>,
    per_rule: BTreeMap<&'static str, usize>,
    limit: usize,
    evidence: usize,
    dropped: u64,
    faults: u64,
}

/// Connections and Call-IDs kept of one folded finding.
pub const SUBJECTS: usize = 64;

impl Findings {
    /// Keeps at most `limit` findings of one rule and `evidence` pieces of evidence of one finding.
    pub fn new(limit: usize, evidence: usize) -> Self {
        Self {
            limit,
            evidence,
            ..Self::default()
        }
    }

    /// Adds a finding, or counts it where the same was found before.
    pub fn add(&mut self, finding: Finding) {
        if finding.severity > Severity::Note {
            self.faults = self.faults.saturating_add(1);
        }
        let key = (finding.rule, finding.from, finding.to, finding.key.clone());
        if let Some(known) = self.folded.get_mut(&key) {
            known.count = known.count.saturating_add(finding.count);
            if finding.first < known.first {
                known.first = finding.first;
            }
            if finding.last > known.last {
                known.last = finding.last;
            }
            // The worse one speaks for all: its words belong to its severity and confidence.
            if (finding.severity, finding.confidence) > (known.severity, known.confidence) {
                known.severity = finding.severity;
                known.confidence = finding.confidence;
                known.title = finding.title;
                known.summary = finding.summary;
            }
            merge_evidence(&mut known.evidence, finding.evidence, self.evidence);
            merge_details(&mut known.details, finding.details);
            extend_bounded(&mut known.streams, finding.streams);
            extend_bounded(&mut known.call_ids, finding.call_ids);
            return;
        }
        let of_rule = self.per_rule.entry(finding.rule).or_default();
        if *of_rule >= self.limit {
            self.dropped += 1;
            return;
        }
        *of_rule += 1;
        self.folded.insert(key, finding);
    }

    /// Findings that were left out because of the limit.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many were added so far that are worse than a note, repetitions included: it grows when a rule finds a fault.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// Takes all out, in a fixed order.
    pub fn take(&mut self) -> Vec<Finding> {
        self.per_rule.clear();
        std::mem::take(&mut self.folded).into_values().collect()
    }
}

fn extend_bounded<T: Ord>(set: &mut BTreeSet<T>, more: BTreeSet<T>) {
    for item in more {
        if set.len() >= SUBJECTS {
            break;
        }
        set.insert(item);
    }
}

/// Evidence of a repetition: the same frame and words once, and one absence, because the others say the same again.
fn merge_evidence(known: &mut Vec<Evidence>, more: Vec<Evidence>, limit: usize) {
    for evidence in more {
        let said = known.contains(&evidence)
            || (evidence.kind == EvidenceKind::Absent
                && known.iter().any(|e| e.kind == EvidenceKind::Absent));
        if !said && known.len() < limit {
            known.push(evidence);
        }
    }
}

/// Values kept of one detail of a folded finding.
const VALUES: usize = 24;

/// Values that repetitions add to the same facts, each once.
fn merge_details(known: &mut Vec<Detail>, more: Vec<Detail>) {
    for detail in more {
        let room = known.len() < VALUES;
        match known.iter_mut().find(|d| d.label == detail.label) {
            Some(same) => {
                for value in detail.values {
                    if same.values.len() < VALUES && !same.values.contains(&value) {
                        same.values.push(value);
                    }
                }
            }
            None if room => known.push(detail),
            None => {}
        }
    }
}
