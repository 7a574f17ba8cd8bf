//! One finding in words.

use crate::base::FrameRef;
use crate::diagnosis::{Part, Placed};
use crate::finding::{EvidenceKind, Severity};
use crate::render::time::Clock;
use crate::report::Report;
use crate::rules::Fix;
use std::collections::{BTreeMap, BTreeSet};

/// How bad, how sure, how often.
pub(in crate::render) fn qualities(placed: &Placed, clock: &Clock) -> String {
    let finding = &placed.finding;
    let mut text = format!(
        "{}, {} confidence",
        capitalised(finding.severity.name()),
        finding.confidence.name()
    );
    if finding.count > 1 {
        text.push_str(&format!(
            ", {} times from {} to {}",
            finding.count,
            clock.short(finding.first),
            clock.short(finding.last)
        ));
    }
    text.push('.');
    text
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|c| c.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

/// A piece of evidence in words.
pub(in crate::render) struct Shown {
    pub(in crate::render) at: FrameRef,
    pub(in crate::render) frame: String,
    pub(in crate::render) time: String,
    pub(in crate::render) text: String,
}

/// What shows a finding, in the order of time.
pub(in crate::render) fn evidence(placed: &Placed, report: &Report, clock: &Clock) -> Vec<Shown> {
    let mut evidence: Vec<_> = placed.finding.evidence.iter().collect();
    evidence.sort_by_key(|e| (e.at, e.kind));
    let evidence = evidence.into_iter();
    evidence
        .map(|e| Shown {
            at: e.at,
            frame: frame_name(e.at, report),
            time: clock.short(e.at),
            text: match e.kind {
                EvidenceKind::Seen => e.text.clone(),
                EvidenceKind::Absent => format!("missing after it: {}", e.text),
            },
        })
        .collect()
}

/// The number of a frame, and with several captures which one it is in.
pub(in crate::render) fn frame_name(at: FrameRef, report: &Report) -> String {
    if report.captures.len() > 1 {
        format!("{}:{}", report.file_name(at.file), at.number)
    } else {
        at.number.to_string()
    }
}

/// The steps of the rule, where they are for this case of it.
pub(in crate::render) fn general_steps(placed: &Placed) -> &'static Fix {
    const NONE: Fix = Fix {
        cisco: &[],
        microsoft: &[],
        network: &[],
    };
    if placed.finding.remedy.alone {
        &NONE
    } else {
        &placed.rule.fix
    }
}

/// What to do, by side; sides without a step are left out.
pub(in crate::render) fn remedies(placed: &Placed) -> Vec<(&'static str, Vec<&str>)> {
    let finding = &placed.finding;
    let fix = general_steps(placed);
    [
        ("Fix on the Cisco side", &finding.remedy.cisco, fix.cisco),
        (
            "Fix on the Microsoft side",
            &finding.remedy.microsoft,
            fix.microsoft,
        ),
        ("Fix in the network", &finding.remedy.network, fix.network),
    ]
    .into_iter()
    .map(|(title, own, general)| {
        let own = own.iter().map(String::as_str);
        let steps: Vec<&str> = own.chain(general.iter().copied()).collect();
        (title, steps)
    })
    .filter(|(_, steps)| !steps.is_empty())
    .collect()
}

/// Wireshark display filters for the cited frames, one for each file.
pub(in crate::render) fn filters(placed: &Placed, report: &Report) -> Vec<String> {
    let mut by_file: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for evidence in &placed.finding.evidence {
        by_file
            .entry(evidence.at.file)
            .or_default()
            .push(evidence.at.number.get());
    }
    let several = report.captures.len() > 1;
    by_file
        .into_iter()
        .map(|(file, mut numbers)| {
            numbers.sort_unstable();
            numbers.dedup();
            let list: Vec<String> = numbers.iter().map(u64::to_string).collect();
            let filter = format!("frame.number in {{{}}}", list.join(","));
            if several {
                format!("{}: {filter}", report.file_name(file))
            } else {
                filter
            }
        })
        .collect()
}

/// ` (3 times)`, and nothing for once.
pub(in crate::render) fn times(placed: &Placed) -> String {
    match placed.finding.count {
        0 | 1 => String::new(),
        n => format!(" ({n} times)"),
    }
}

/// Places of the findings that follow from one.
pub(in crate::render) fn consequences(placed: &Placed, report: &Report) -> Vec<usize> {
    let me = report
        .findings
        .iter()
        .position(|other| std::ptr::eq(other, placed));
    me.map_or_else(Vec::new, |me| {
        explained_by(me, report).into_iter().collect()
    })
}

/// The causes and their places: what a report tells in full.
pub(in crate::render) fn causes(report: &Report) -> impl Iterator<Item = (usize, &Placed)> {
    let all = report.findings.iter().enumerate();
    all.filter(|(_, p)| p.part == Part::Root && p.finding.severity > Severity::Note)
}

/// The causes.
pub(in crate::render) fn roots(report: &Report) -> Vec<&Placed> {
    causes(report).map(|(_, placed)| placed).collect()
}

/// That there are more causes than the headline names.
pub(in crate::render) fn more_causes(report: &Report) -> Option<String> {
    match causes(report).count() {
        0 | 1 => None,
        2 => Some("1 more independent cause below.".to_owned()),
        n => Some(format!("{} more independent causes below.", n - 1)),
    }
}

/// Places of all findings that follow from one, also by way of others.
fn explained_by(root: usize, report: &Report) -> BTreeSet<usize> {
    let mut explained = BTreeSet::new();
    let mut open = vec![root];
    while let Some(cause) = open.pop() {
        for (n, other) in report.findings.iter().enumerate() {
            if other.part == Part::Consequence
                && other.caused_by.contains(&cause)
                && explained.insert(n)
            {
                open.push(n);
            }
        }
    }
    explained
}

/// Notes, and consequences whose causes are not shown.
pub(in crate::render) fn notes(report: &Report) -> Vec<&Placed> {
    let told: BTreeSet<usize> = causes(report)
        .flat_map(|(n, _)| explained_by(n, report).into_iter().chain([n]))
        .collect();
    let all = report.findings.iter().enumerate();
    all.filter(|(n, _)| !told.contains(n))
        .map(|(_, p)| p)
        .collect()
}

/// A note in one line.
pub(in crate::render) fn note(placed: &Placed, report: &Report, clock: &Clock) -> String {
    let finding = &placed.finding;
    let times = if finding.count > 1 {
        format!(", {} times", finding.count)
    } else {
        String::new()
    };
    format!(
        "{}: {} (frame {} at {}{times})",
        finding.rule,
        finding.title,
        frame_name(finding.first, report),
        clock.short(finding.first)
    )
}
