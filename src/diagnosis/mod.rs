//! Findings to causes: roots first, consequences folded under them, and one verdict.

mod course;
mod next_capture;
mod verdict;
mod wanted;

pub use course::{Course, Fares, courses};
pub use next_capture::Unread;
pub use verdict::{Seen, Verdict, verdict};
pub use wanted::{Known, Wanted, wanted};

use crate::base::Span;
use crate::finding::{Confidence, Finding};
use crate::rules::{self, Class, Link, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Whether a finding is a cause or follows from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Nothing else that was found explains it.
    Root,
    /// Other findings explain it.
    Consequence,
}

impl Part {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Consequence => "consequence",
        }
    }
}

/// A finding in its place in the diagnosis.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The finding.
    pub finding: Finding,
    /// Its rule.
    pub rule: &'static Rule,
    /// Cause or consequence.
    pub part: Part,
    /// Places (in the list of all) of the findings that explain it.
    pub caused_by: Vec<usize>,
}

/// Puts findings in order: roots first, then by severity, confidence, time, rule and addresses; consequences know their causes.
pub fn place(findings: Vec<Finding>) -> Vec<Placed> {
    let mut placed: Vec<Placed> = findings
        .into_iter()
        .filter_map(|finding| {
            let rule = rules::find(finding.rule)?;
            Some(Placed {
                finding,
                rule,
                part: Part::Root,
                caused_by: Vec::new(),
            })
        })
        .collect();
    let index = Index::new(&placed);
    let causes: Vec<BTreeSet<usize>> = placed
        .iter()
        .enumerate()
        .map(|(me, item)| index.causes_of(me, item, &placed))
        .collect();
    for (item, set) in placed.iter_mut().zip(&causes) {
        if !set.is_empty() {
            item.part = Part::Consequence;
        }
    }
    sort(placed, &causes)
}

fn sort(placed: Vec<Placed>, causes: &[BTreeSet<usize>]) -> Vec<Placed> {
    let mut order: Vec<(usize, Placed)> = placed.into_iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| rank(a).cmp(&rank(b)));
    let new_place: BTreeMap<usize, usize> = order
        .iter()
        .enumerate()
        .map(|(new, (old, _))| (*old, new))
        .collect();
    order
        .into_iter()
        .map(|(old, mut item)| {
            item.caused_by = causes
                .get(old)
                .into_iter()
                .flatten()
                .filter_map(|cause| new_place.get(cause).copied())
                .collect();
            item.caused_by.sort_unstable();
            item
        })
        .collect()
}

/// The order of the contract. Between findings that are level so far, the lower layer comes first (order of blame).
fn rank(item: &Placed) -> impl Ord + use<'_> {
    let f = &item.finding;
    (
        item.part,
        std::cmp::Reverse(f.severity),
        std::cmp::Reverse(f.confidence),
        f.first,
        item.rule.class,
        f.rule,
        (f.from, f.to, f.key.as_str()),
    )
}

/// Findings by what hangs them together, so that a flood of findings stays linear.
struct Index {
    by_rule: BTreeMap<&'static str, Vec<usize>>,
}

/// Candidates of one rule looked at for one finding: as many as are kept of a rule.
const CANDIDATES: usize = 1_000;

/// A fault on another connection explains only what happens within this time of it.
const NEAR: Span = Span::from_secs(60);

impl Index {
    fn new(placed: &[Placed]) -> Self {
        let mut by_rule: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for (n, item) in placed.iter().enumerate() {
            by_rule.entry(item.finding.rule).or_default().push(n);
        }
        Self { by_rule }
    }

    fn causes_of(&self, me: usize, item: &Placed, placed: &[Placed]) -> BTreeSet<usize> {
        let mut causes = BTreeSet::new();
        for explained in item.rule.explained_by {
            for name in explained.rules {
                let candidates = self.by_rule.get(name).map_or(&[][..], Vec::as_slice);
                for &n in candidates.iter().take(CANDIDATES) {
                    let fits = n != me
                        && placed.get(n).is_some_and(|cause| {
                            linked(explained.link, &cause.finding, &item.finding)
                                && cause.finding.severity >= item.finding.severity
                                && cause.finding.confidence
                                    >= item.finding.confidence.min(Confidence::Medium)
                        });
                    if fits {
                        causes.insert(n);
                    }
                }
            }
        }
        causes
    }
}

fn linked(link: Link, cause: &Finding, effect: &Finding) -> bool {
    match link {
        Link::Connection => !cause.streams.is_disjoint(&effect.streams),
        // Only the first calls of a folded finding are kept; then the hosts must do.
        Link::Call => {
            !cause.call_ids.is_disjoint(&effect.call_ids)
                || ((cause.more_subjects || effect.more_subjects) && hosts(cause) == hosts(effect))
        }
        Link::Hosts => near(cause, effect) && hosts(cause) == hosts(effect),
        Link::Neighbour => {
            let (a, b) = (hosts(cause), hosts(effect));
            near(cause, effect) && !a.is_disjoint(&b)
        }
    }
}

/// Whether the spans of two findings touch, or nearly.
fn near(cause: &Finding, effect: &Finding) -> bool {
    effect.first.time.since(cause.last.time) <= NEAR
        && cause.first.time.since(effect.last.time) <= NEAR
}

fn hosts(finding: &Finding) -> BTreeSet<IpAddr> {
    finding.from.into_iter().chain(finding.to).collect()
}

/// Classes in the order of blame, for documents.
pub const ORDER_OF_BLAME: [Class; 9] = [
    Class::Dns,
    Class::Transport,
    Class::Tls,
    Class::Cert,
    Class::Auth,
    Class::Trust,
    Class::Routing,
    Class::Presence,
    Class::Im,
];
