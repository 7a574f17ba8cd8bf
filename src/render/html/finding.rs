//! Findings as the template wants them.

use super::view::{Facts, Links, anchor, safe};
use crate::diagnosis::{Part, Placed};
use crate::render::time::Clock;
use crate::render::words;
use crate::report::Report;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, Serialize)]
pub(super) struct FindingView {
    anchor: String,
    rule: &'static str,
    severity: &'static str,
    part: &'static str,
    qualities: String,
    title: String,
    summary: String,
    details: Vec<Facts>,
    remedies: Vec<Side>,
    evidence: Vec<Row>,
    filters: Vec<String>,
    explanation: &'static str,
    causes: &'static [&'static str],
    references: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct Side {
    title: &'static str,
    steps: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    frame: String,
    time: String,
    text: String,
    /// The arrow of that frame, where a chart has it.
    href: Option<String>,
}

pub(super) fn finding(
    n: usize,
    placed: &Placed,
    report: &Report,
    clock: &Clock,
    links: &Links,
) -> FindingView {
    let f = &placed.finding;
    FindingView {
        anchor: anchor(n),
        rule: f.rule,
        severity: f.severity.name(),
        part: match placed.part {
            Part::Root => "cause",
            Part::Consequence => "follows",
        },
        qualities: words::qualities(placed, clock),
        title: safe(&f.title),
        summary: safe(&f.summary),
        details: f
            .details
            .iter()
            .map(|d| Facts {
                label: safe(&d.label),
                values: d.values.iter().map(|v| safe(v)).collect(),
            })
            .collect(),
        remedies: words::remedies(placed)
            .into_iter()
            .map(|(title, steps)| Side {
                title,
                steps: steps.into_iter().map(safe).collect(),
            })
            .collect(),
        evidence: words::evidence(placed, report, clock)
            .into_iter()
            .map(|e| Row {
                href: links.arrow(e.at),
                frame: safe(&e.frame),
                time: e.time,
                text: safe(&e.text),
            })
            .collect(),
        filters: words::filters(placed, report)
            .iter()
            .map(|f| safe(f))
            .collect(),
        explanation: placed.rule.explanation,
        causes: placed.rule.causes,
        references: placed.rule.references,
    }
}

/// A finding in the tree of causes.
#[derive(Debug, Serialize)]
pub(super) struct Node {
    anchor: String,
    rule: &'static str,
    severity: &'static str,
    title: String,
    times: String,
    children: Vec<Self>,
}

/// Causes with what follows from each; nothing where nothing follows and there is one cause only.
pub(super) fn tree(report: &Report) -> Vec<Node> {
    let roots: Vec<usize> = words::causes(report).map(|(n, _)| n).collect();
    let mut told: BTreeSet<usize> = roots.iter().copied().collect();
    let nodes: Vec<Node> = roots
        .iter()
        .filter_map(|n| node(*n, report, &mut told, DEPTH))
        .collect();
    if nodes.len() < 2 && nodes.iter().all(|n| n.children.is_empty()) {
        return Vec::new();
    }
    nodes
}

/// Levels of the tree: chains of causes are short, and a page must not nest without end.
const DEPTH: usize = 8;

fn node(n: usize, report: &Report, told: &mut BTreeSet<usize>, depth: usize) -> Option<Node> {
    let placed = report.findings.get(n)?;
    let mut children = Vec::new();
    if depth > 0 {
        for (m, other) in report.findings.iter().enumerate() {
            if other.caused_by.contains(&n) && told.insert(m) {
                children.extend(node(m, report, told, depth.saturating_sub(1)));
            }
        }
    }
    Some(Node {
        anchor: anchor(n),
        rule: placed.finding.rule,
        severity: placed.finding.severity.name(),
        title: safe(&placed.finding.title),
        times: words::times(placed),
        children,
    })
}
