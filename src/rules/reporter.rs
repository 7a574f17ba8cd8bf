//! How a check speaks: a finding cannot be made without its first piece of evidence.

use super::context::{Context, Unread};
use super::rule::{Knowledge, Rule};
use crate::base::{Endpoint, FrameRef, Span, hex};
use crate::finding::{Confidence, Detail, Evidence, Finding, Findings, Matters, Remedy, Severity};
use ring::digest::{SHA256, digest};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What the checks said.
#[derive(Debug)]
pub struct Outcome {
    /// The findings.
    pub findings: Findings,
    /// What could not be decided, and why.
    pub undecided: Matters,
}

/// How a sentence on an undecided matter says that a longer capture would decide it.
pub const CAPTURE_ENDS: &str = "the capture ends";

/// Characters of one title, step, fact or piece of evidence. Names on the wire may be of any length.
const LINE: usize = 500;
/// Characters of a summary.
const SUMMARY: usize = 2_000;
/// Bytes of a key.
const KEY: usize = 1_000;
/// Bytes of a Call-ID that is kept with a finding; real ones stay far below.
const CALL_ID: usize = 1_000;

/// Cuts what is too long for a person, visibly.
fn clip(text: impl Into<String>) -> String {
    let text = text.into();
    match text.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// What a rule speaks through while it looks at one subject.
#[derive(Debug)]
pub struct Reporter<'c, 'o> {
    rule: &'static Rule,
    context: &'c Context<'c>,
    out: &'o mut Outcome,
}

impl<'c, 'o> Reporter<'c, 'o> {
    pub(super) fn new(rule: &'static Rule, context: &'c Context<'c>, out: &'o mut Outcome) -> Self {
        Self { rule, context, out }
    }

    /// What is known beside the subject.
    pub fn context(&self) -> &'c Context<'c> {
        self.context
    }

    /// What to call a host.
    pub fn label(&self, address: IpAddr) -> String {
        self.context.label(address)
    }

    /// Starts a finding about `from` (whose request, connection or certificate it is) and `to`; it is added when the
    /// returned builder goes out of scope.
    pub fn report(
        &mut self,
        from: IpAddr,
        to: IpAddr,
        title: impl Into<String>,
        evidence: Evidence,
    ) -> Building<'_, 'c> {
        let ceiling = if self.rule.knowledge == Knowledge::Unsourced {
            Confidence::Medium
        } else {
            Confidence::High
        };
        Building {
            ceiling,
            context: self.context,
            findings: &mut self.out.findings,
            finding: Some(Finding {
                rule: self.rule.name,
                severity: self.rule.severity,
                confidence: ceiling,
                title: clip(title),
                summary: String::new(),
                from: Some(from),
                to: Some(to),
                key: String::new(),
                count: 1,
                first: evidence.at,
                last: evidence.at,
                evidence: vec![Evidence {
                    text: clip(evidence.text),
                    ..evidence
                }],
                details: Vec::new(),
                remedy: Remedy::default(),
                streams: BTreeSet::new(),
                call_ids: BTreeSet::new(),
                more_subjects: false,
            }),
        }
    }

    /// Says that the capture does not allow a verdict on something that began at `at`.
    pub fn undecided(&mut self, at: FrameRef, sentence: impl Into<String>) {
        self.out.undecided.add(self.rule.name, at, sentence.into());
    }

    /// The same of an attempt of a client to reach a server, which may come in floods.
    pub fn undecided_attempt(
        &mut self,
        at: FrameRef,
        ends: (IpAddr, Endpoint),
        sentence: impl FnOnce(&Self) -> String,
    ) {
        let mut matters = std::mem::take(&mut self.out.undecided);
        matters.add_attempt(self.rule.name, ends, at, || sentence(self));
        self.out.undecided = matters;
    }

    /// Whether something that should have come within `wait` after `at` between two hosts is truly absent. Where the
    /// capture ends too early or the traffic was not readable, that is said as undecided, and the answer is no.
    pub fn awaited_in_vain(
        &mut self,
        what: &str,
        at: FrameRef,
        wait: Span,
        (a, b): (IpAddr, IpAddr),
    ) -> bool {
        let remaining = self.context.remaining(at);
        if remaining < wait {
            self.undecided(
                at,
                format!(
                    "{what}: {CAPTURE_ENDS} {remaining} after the request, {wait} would decide"
                ),
            );
            return false;
        }
        if self.context.unread_between(a, b) == Some(Unread::Encrypted) {
            self.undecided(
                at,
                format!(
                    "{what}: cannot be decided, part of the traffic between {a} and {b} is encrypted and was not read"
                ),
            );
            return false;
        }
        true
    }
}

/// A finding under construction; it is added when this value goes out of scope.
#[must_use = "the finding is added when the builder is dropped"]
#[derive(Debug)]
pub struct Building<'f, 'c> {
    ceiling: Confidence,
    context: &'c Context<'c>,
    findings: &'f mut Findings,
    finding: Option<Finding>,
}

impl Building<'_, '_> {
    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = &mut self.finding {
            change(finding);
        }
        self
    }

    /// What was seen, in one to three sentences.
    pub fn summary(self, text: impl Into<String>) -> Self {
        self.with(|f| f.summary = text.into().chars().take(SUMMARY).collect())
    }

    /// Another frame that shows it.
    pub fn seen(self, at: FrameRef, text: impl Into<String>) -> Self {
        self.with(|f| {
            f.first = f.first.min(at);
            f.last = f.last.max(at);
            f.evidence.push(Evidence::seen(at, clip(text)));
        })
    }

    /// Another frame that shows it, where there is one.
    pub fn seen_if(self, at: Option<FrameRef>, text: impl Into<String>) -> Self {
        match at {
            Some(at) => self.seen(at, text),
            None => self,
        }
    }

    /// Something that should have followed `at` and did not. Bytes lost between the two hosts make it less sure.
    pub fn absent(self, at: FrameRef, text: impl Into<String>) -> Self {
        let unread = self
            .finding
            .as_ref()
            .and_then(|f| self.context.unread_between(f.from?, f.to?));
        let text = clip(text);
        let built = self.with(|f| f.evidence.push(Evidence::absent(at, text)));
        match unread {
            Some(_) => built.lower(),
            None => built,
        }
    }

    /// A rule that is less bad here than usual, or worse.
    pub fn severity(self, severity: Severity) -> Self {
        self.with(|f| f.severity = severity)
    }

    /// At most this sure.
    pub fn confidence(self, confidence: Confidence) -> Self {
        let ceiling = self.ceiling;
        self.with(|f| f.confidence = f.confidence.min(confidence).min(ceiling))
    }

    /// One step less sure.
    pub fn lower(self) -> Self {
        self.with(|f| f.confidence = f.confidence.lowered())
    }

    /// What tells it from others of the same rule between the same hosts.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with(|f| {
            let key = key.into();
            f.key = match key.len() <= KEY {
                true => key,
                // As long as it tells others apart.
                false => hex(digest(&SHA256, key.as_bytes()).as_ref()),
            };
        })
    }

    /// Facts to compare.
    pub fn detail(self, label: impl Into<String>, values: Vec<String>) -> Self {
        self.with(|f| {
            if !values.is_empty() {
                f.details.push(Detail {
                    label: label.into(),
                    values: values.into_iter().map(clip).collect(),
                });
            }
        })
    }

    /// A step on the Cisco side that follows from this very finding.
    pub fn cisco(self, step: impl Into<String>) -> Self {
        self.with(|f| f.remedy.cisco.push(clip(step)))
    }

    /// A step on the Microsoft side that follows from this very finding.
    pub fn microsoft(self, step: impl Into<String>) -> Self {
        self.with(|f| f.remedy.microsoft.push(clip(step)))
    }

    /// A step in the network that follows from this very finding.
    pub fn network(self, step: impl Into<String>) -> Self {
        self.with(|f| f.remedy.network.push(clip(step)))
    }

    /// The steps given here are all: those of the rule are for another case of it.
    pub fn without_steps_of_the_rule(self) -> Self {
        self.with(|f| f.remedy.alone = true)
    }

    /// The connection it happened on.
    pub fn on_stream(self, stream: Option<u32>) -> Self {
        self.with(|f| f.streams.extend(stream))
    }

    /// The call it happened on.
    pub fn on_call(self, call_id: &str) -> Self {
        self.with(|f| {
            if call_id.len() <= CALL_ID {
                f.call_ids.insert(call_id.to_owned());
            } else {
                f.more_subjects = true;
            }
        })
    }
}

impl Drop for Building<'_, '_> {
    fn drop(&mut self) {
        if let Some(finding) = self.finding.take() {
            self.findings.add(finding);
        }
    }
}
