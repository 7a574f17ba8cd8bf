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

impl Detail {
    fn memory(&self) -> usize {
        let values = self.values.iter().map(|value| text(value));
        values.fold(size_of::<Self>() + text(&self.label), usize::saturating_add)
    }
}

/// Bytes that a string takes in a list.
fn text(text: &str) -> usize {
    size_of::<String>().saturating_add(text.len())
}

/// Bytes that the number of a connection takes in a set.
const STREAM: usize = 16;

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
    /// It happened on further connections or calls, for which there was no room.
    pub more_subjects: bool,
}

impl Finding {
    /// Bytes that it takes, nearly.
    fn memory(&self) -> usize {
        let texts = [&self.title, &self.summary, &self.key, &self.key].map(|text| text.len());
        let steps = [
            &self.remedy.cisco,
            &self.remedy.microsoft,
            &self.remedy.network,
        ];
        let steps = steps.into_iter().flatten().map(|step| text(step));
        let sizes = texts
            .into_iter()
            .chain(steps)
            .chain(self.evidence.iter().map(Evidence::memory))
            .chain(self.details.iter().map(Detail::memory))
            .chain(self.call_ids.iter().map(|id| text(id)))
            .chain(self.streams.iter().map(|_| STREAM));
        // Itself, its name in the table, and what the tables keep free.
        let own = 2 * (size_of::<Self>() + size_of::<FoldKey>());
        sizes.fold(own, usize::saturating_add)
    }

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

/// How many findings are kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct FindingLimits {
    /// Of one rule.
    pub of_rule: usize,
    /// Pieces of evidence of one finding.
    pub evidence: usize,
    /// Bytes of all. Of each rule the first few are kept all the same: no flood of one hides another.
    pub bytes: usize,
}

/// Findings of each rule for which there is always room.
const ALWAYS: usize = 10;

/// All findings of an analysis: repetitions folded, bounded.
#[derive(Debug, Default)]
pub struct Findings {
    folded: BTreeMap<FoldKey, Finding>,
    per_rule: BTreeMap<&'static str, usize>,
    limits: FindingLimits,
    /// Bytes of all.
    bytes: usize,
    dropped: u64,
    faults: u64,
}

/// Connections and Call-IDs kept of one folded finding.
const SUBJECTS: usize = 64;

impl Findings {
    /// Keeps at most so many.
    pub fn new(limits: FindingLimits) -> Self {
        Self {
            limits,
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
            let mut room = self.limits.bytes.saturating_sub(self.bytes);
            let before = room;
            let most = self.limits.evidence;
            merge_evidence(&mut known.evidence, finding.evidence, most, &mut room);
            merge_details(&mut known.details, finding.details, &mut room);
            known.more_subjects |= finding.more_subjects
                | !extend_bounded(&mut known.streams, finding.streams, |_| STREAM, &mut room)
                | !extend_bounded(
                    &mut known.call_ids,
                    finding.call_ids,
                    |id| text(id),
                    &mut room,
                );
            self.bytes = self.bytes.saturating_add(before.saturating_sub(room));
            return;
        }
        let size = finding.memory();
        let of_rule = self.per_rule.entry(finding.rule).or_default();
        let fits = self.bytes.saturating_add(size) <= self.limits.bytes || *of_rule < ALWAYS;
        if *of_rule >= self.limits.of_rule || !fits {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        *of_rule += 1;
        self.bytes = self.bytes.saturating_add(size);
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

/// Takes bytes from the room; `false` where there are too few.
fn take(room: &mut usize, bytes: usize) -> bool {
    match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            true
        }
        None => false,
    }
}

/// Adds what there is room for; `false` where something was left out.
fn extend_bounded<T: Ord>(
    set: &mut BTreeSet<T>,
    more: BTreeSet<T>,
    size: fn(&T) -> usize,
    room: &mut usize,
) -> bool {
    let mut all = true;
    for item in more {
        if set.contains(&item) {
            continue;
        }
        if set.len() < SUBJECTS && take(room, size(&item)) {
            set.insert(item);
        } else {
            all = false;
        }
    }
    all
}

/// Evidence of a repetition: the same frame and words once, and one absence, because the others say the same again.
fn merge_evidence(known: &mut Vec<Evidence>, more: Vec<Evidence>, limit: usize, room: &mut usize) {
    for evidence in more {
        let said = known.contains(&evidence)
            || (evidence.kind == EvidenceKind::Absent
                && known.iter().any(|e| e.kind == EvidenceKind::Absent));
        if !said && known.len() < limit && take(room, evidence.memory()) {
            known.push(evidence);
        }
    }
}

/// Values kept of one detail of a folded finding.
const VALUES: usize = 24;

/// Values that repetitions add to the same facts, each once.
fn merge_details(known: &mut Vec<Detail>, more: Vec<Detail>, room: &mut usize) {
    for detail in more {
        let fits = known.len() < VALUES;
        match known.iter_mut().find(|d| d.label == detail.label) {
            Some(same) => {
                for value in detail.values {
                    if same.values.len() < VALUES
                        && !same.values.contains(&value)
                        && take(room, text(&value))
                    {
                        same.values.push(value);
                    }
                }
            }
            None if fits && take(room, detail.memory()) => known.push(detail),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &'static str, key: &str, call: &str) -> Finding {
        Finding {
            rule,
            severity: Severity::Error,
            confidence: Confidence::High,
            title: String::from("title"),
            summary: String::new(),
            from: None,
            to: None,
            key: key.to_owned(),
            count: 1,
            first: FrameRef::default(),
            last: FrameRef::default(),
            evidence: vec![Evidence::seen(FrameRef::default(), call)],
            details: vec![Detail {
                label: String::from("label"),
                values: vec![call.to_owned()],
            }],
            remedy: Remedy::default(),
            streams: BTreeSet::new(),
            call_ids: BTreeSet::from([call.to_owned()]),
            more_subjects: false,
        }
    }

    /// What is counted is what there is, whatever was added in which way; and it stays below the limit, the first few of each rule aside.
    #[test]
    fn all_findings_together_have_so_much_room() {
        let limits = FindingLimits {
            of_rule: 100,
            evidence: 12,
            bytes: 100_000,
        };
        let mut findings = Findings::new(limits);
        for n in 0..2_000 {
            let rule = ["a", "b", "c"][n % 3];
            // Of "c" there is a single finding, which grows.
            let key = if rule == "c" { 0 } else { n };
            findings.add(finding(rule, &key.to_string(), &"x".repeat(n % 700)));
            let all: usize = findings.folded.values().map(Finding::memory).sum();
            assert_eq!(findings.bytes, all, "{n}");
            assert!(all <= limits.bytes, "{n}: {all}");
        }
        // The late rule has its first few, however full it is.
        for n in 0..50 {
            findings.add(finding("late", &n.to_string(), &"x".repeat(700)));
        }
        assert_eq!(findings.per_rule["late"], ALWAYS);
        let dropped = findings.dropped();
        let all = findings.take();
        let counted: u64 = all.iter().map(|f| f.count).sum();
        assert_eq!(counted + dropped, 2_050);
        let grown = all.iter().find(|f| f.rule == "c").unwrap();
        assert!(grown.more_subjects && grown.count > 600, "{}", grown.count);
        assert!(
            all.iter()
                .filter(|f| f.rule == "a")
                .all(|f| !f.more_subjects)
        );
    }
}
