//! Takes out what the user does not want to see, after the verdict: hiding a fault heals nothing.

use super::config::{Config, Ignored};
use crate::diagnosis::Placed;
use crate::finding::Finding;
use crate::report::{SuppressedBy, Suppression};
use std::collections::BTreeMap;

/// The findings to show, and what became of the others.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) findings: Vec<Placed>,
    pub(super) suppressed: u64,
    pub(super) suppressions: Vec<Suppression>,
}

/// Takes out what is not wanted; the rest is renumbered.
pub(super) fn shown(placed: Vec<Placed>, config: &Config) -> Shown {
    let mut counts: BTreeMap<(String, SuppressedBy), u64> = config
        .suppress
        .iter()
        .map(|entry| ((entry.rule.clone(), entry.by()), 0))
        .collect();
    let mut new_places = BTreeMap::new();
    let mut kept: Vec<Placed> = Vec::new();
    let mut suppressed = 0;
    for (old, item) in placed.into_iter().enumerate() {
        match taken_out(&item.finding, config) {
            None => {
                new_places.insert(old, kept.len());
                kept.push(item);
            }
            Some(by) => {
                suppressed += 1;
                *counts
                    .entry((item.finding.rule.to_owned(), by))
                    .or_default() += 1;
            }
        }
    }
    for item in &mut kept {
        item.caused_by = item
            .caused_by
            .iter()
            .filter_map(|old| new_places.get(old).copied())
            .collect();
    }
    Shown {
        findings: kept,
        suppressed,
        suppressions: counts
            .into_iter()
            .map(|((rule, by), count)| Suppression::new(rule, by, count))
            .collect(),
    }
}

/// What takes a finding out. The configuration file comes first, because it says why; but who selects a rule wants to see it.
fn taken_out(finding: &Finding, config: &Config) -> Option<SuppressedBy> {
    let named = |rules: &[String]| rules.iter().any(|rule| rule == finding.rule);
    let selected = named(&config.select);
    let entry = config.suppress.iter().find(|entry| entry.fits(finding));
    if let Some(entry) = entry.filter(|_| !selected) {
        return Some(entry.by());
    }
    if named(&config.ignore) {
        return Some(SuppressedBy::Ignore);
    }
    if !config.select.is_empty() && !selected {
        return Some(SuppressedBy::Select);
    }
    let known = config.baseline.as_ref();
    if known.is_some_and(|known| known.contains(&finding.fingerprint())) {
        return Some(SuppressedBy::Baseline);
    }
    config
        .min_severity
        .filter(|least| finding.severity < *least)
        .map(|_| SuppressedBy::MinSeverity)
}

impl Ignored {
    fn by(&self) -> SuppressedBy {
        SuppressedBy::Configuration {
            reason: self.reason.clone(),
        }
    }

    fn fits(&self, finding: &Finding) -> bool {
        let within = |wanted: Option<crate::base::Network>, address: Option<std::net::IpAddr>| {
            wanted.is_none_or(|network| address.is_some_and(|address| network.contains(address)))
        };
        self.rule == finding.rule && within(self.from, finding.from) && within(self.to, finding.to)
    }
}
