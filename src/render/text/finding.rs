//! One finding as text.

use super::layout::Sheet;
use crate::base::FrameRef;
use crate::diagnosis::{Part, Placed};
use crate::finding::{EvidenceKind, Severity};
use crate::render::time::Clock;
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of evidence shown; the rest is in JSON.
const EVIDENCE_ROWS: usize = 8;

/// A root cause in full, with what follows from it.
pub(super) fn root(
    number: usize,
    of: usize,
    placed: &Placed,
    report: &Report,
    clock: &Clock,
    sheet: &mut Sheet,
) {
    let finding = &placed.finding;
    let heading = if of == 1 {
        "CAUSE".to_owned()
    } else {
        format!("CAUSE {number} OF {of}")
    };
    sheet.section(&format!("{heading}  {}", finding.rule));
    // The headline has said the first title already.
    if number > 1 {
        sheet.indented(
            "  ",
            "  ",
            &format!("{}.", finding.title.trim_end_matches('.')),
        );
    }
    if !finding.summary.is_empty() {
        sheet.indented("  ", "  ", &finding.summary);
    }
    sheet.indented("  ", "  ", &qualities(placed, clock));
    for detail in &finding.details {
        sheet.label(&detail.label);
        for value in &detail.values {
            sheet.indented("    ", "      ", value);
        }
    }
    evidence(placed, report, clock, sheet);
    remedies(placed, sheet);
    sheet.label("Look at it in Wireshark");
    for filter in filters(placed, report) {
        sheet.verbatim("    ", &filter);
    }
    consequences(placed, report, sheet);
    sheet.indented(
        "  ",
        "  ",
        &format!("More: sipdiag --explain {}", finding.rule),
    );
}

fn qualities(placed: &Placed, clock: &Clock) -> String {
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

fn evidence(placed: &Placed, report: &Report, clock: &Clock, sheet: &mut Sheet) {
    sheet.label("Why we know");
    let mut evidence: Vec<_> = placed.finding.evidence.iter().collect();
    evidence.sort_by_key(|e| (e.at, e.kind));
    let rows: Vec<Vec<String>> = evidence
        .iter()
        .take(EVIDENCE_ROWS)
        .map(|e| {
            let frame = frame_name(e.at, report);
            let text = match e.kind {
                EvidenceKind::Seen => e.text.clone(),
                EvidenceKind::Absent => format!("missing after it: {}", e.text),
            };
            vec![frame, clock.short(e.at), text]
        })
        .collect();
    sheet.table(4, &["frame", "time", "what"], &rows);
    if evidence.len() > EVIDENCE_ROWS {
        sheet.indented(
            "    ",
            "    ",
            &format!(
                "... and {} more in --format json",
                evidence.len() - EVIDENCE_ROWS
            ),
        );
    }
}

/// The number of a frame, and with several captures which one it is in.
pub(super) fn frame_name(at: FrameRef, report: &Report) -> String {
    if report.captures.len() > 1 {
        format!("{}:{}", report.file_name(at.file), at.number)
    } else {
        at.number.to_string()
    }
}

fn remedies(placed: &Placed, sheet: &mut Sheet) {
    let finding = &placed.finding;
    let fix = &placed.rule.fix;
    for (title, own, general) in [
        ("Fix on the Cisco side", &finding.remedy.cisco, fix.cisco),
        (
            "Fix on the Microsoft side",
            &finding.remedy.microsoft,
            fix.microsoft,
        ),
        ("Fix in the network", &finding.remedy.network, fix.network),
    ] {
        let steps: Vec<&str> = own
            .iter()
            .map(String::as_str)
            .chain(general.iter().copied())
            .collect();
        if steps.is_empty() {
            continue;
        }
        sheet.label(title);
        for (n, step) in steps.iter().enumerate() {
            sheet.indented(&format!("    {}. ", n + 1), "       ", step);
        }
    }
}

/// Wireshark display filters for the cited frames, one for each file.
pub(in crate::render) fn filters(placed: &Placed, report: &Report) -> Vec<String> {
    let mut by_file: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for evidence in &placed.finding.evidence {
        by_file
            .entry(evidence.at.file)
            .or_default()
            .push(evidence.at.number.0);
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

fn consequences(placed: &Placed, report: &Report, sheet: &mut Sheet) {
    let Some(me) = report
        .findings
        .iter()
        .position(|other| std::ptr::eq(other, placed))
    else {
        return;
    };
    let mut shown = false;
    for n in explained_by(me, report) {
        let Some(other) = report.findings.get(n) else {
            continue;
        };
        if !shown {
            sheet.label("What follows from it");
            shown = true;
        }
        let times = if other.finding.count > 1 {
            format!(" ({} times)", other.finding.count)
        } else {
            String::new()
        };
        sheet.indented(
            "    - ",
            "      ",
            &format!("{}: {}{times}", other.finding.rule, other.finding.title),
        );
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

/// Notes, and consequences whose causes are not shown, one line each.
pub(super) fn notes(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    let told: BTreeSet<usize> = report
        .findings
        .iter()
        .enumerate()
        .filter(|(_, p)| p.part == Part::Root && p.finding.severity > Severity::Note)
        .flat_map(|(n, _)| explained_by(n, report).into_iter().chain([n]))
        .collect();
    let notes: Vec<&Placed> = report
        .findings
        .iter()
        .enumerate()
        .filter(|(n, _)| !told.contains(n))
        .map(|(_, p)| p)
        .collect();
    if notes.is_empty() {
        return;
    }
    sheet.section("ALSO NOTED");
    for placed in notes {
        let finding = &placed.finding;
        let times = if finding.count > 1 {
            format!(", {} times", finding.count)
        } else {
            String::new()
        };
        sheet.indented(
            "  - ",
            "    ",
            &format!(
                "{}: {} (frame {} at {}{times})",
                finding.rule,
                finding.title,
                frame_name(finding.first, report),
                clock.short(finding.first)
            ),
        );
    }
}
