//! The report as text: the first line is the answer.

mod clocks;
mod course;
mod coverage;
mod finding;
pub(in crate::render) use finding::filters;
mod layout;
mod overview;
mod suppressed;

use super::Style;
use super::time::Clock;
use crate::diagnosis::{Part, Placed, Verdict};
use crate::finding::Severity;
use crate::report::Report;
use layout::{Paint, Sheet};
use std::io::{self, Write};

/// Writes the report for people.
///
/// # Errors
///
/// What the writer says.
pub fn text(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(style.color);
    let clock = Clock::new(report, style.time);
    headline(report, &mut sheet);
    let roots: Vec<&Placed> = report
        .findings
        .iter()
        .filter(|p| p.part == Part::Root && p.finding.severity > Severity::Note)
        .collect();
    for (n, placed) in roots.iter().enumerate() {
        finding::root(n + 1, roots.len(), placed, report, &clock, &mut sheet);
    }
    course::timeline(report, &clock, &mut sheet);
    finding::notes(report, &clock, &mut sheet);
    overview::undecided(report, &clock, &mut sheet);
    course::directions(report, &clock, &mut sheet);
    course::wanted(report, &mut sheet);
    overview::hosts(report, &mut sheet);
    overview::connections(report, &clock, &mut sheet);
    overview::methods(report, &mut sheet);
    coverage::coverage(report, &clock, &mut sheet);
    out.write_all(sheet.finish().as_bytes())
}

/// The verdict and the root cause in one sentence.
fn headline(report: &Report, sheet: &mut Sheet) {
    let (word, paint) = match report.verdict {
        Verdict::Failing => ("FAILING", Paint::Bad),
        Verdict::Degraded => ("DEGRADED", Paint::Warn),
        Verdict::Healthy => ("HEALTHY", Paint::Good),
        Verdict::Inconclusive => ("INCONCLUSIVE", Paint::Warn),
    };
    sheet.headline(word, paint, &sentence(report));
    let roots = report
        .findings
        .iter()
        .filter(|p| p.part == Part::Root && p.finding.severity > Severity::Note)
        .count();
    if roots > 1 {
        sheet.plain(&format!(
            "{} more independent cause{} below.",
            roots - 1,
            if roots == 2 { "" } else { "s" }
        ));
    }
}

/// What the headline says after the verdict.
pub(in crate::render) fn sentence(report: &Report) -> String {
    let root = report
        .findings
        .iter()
        .find(|p| p.part == Part::Root && p.finding.severity > Severity::Note);
    match (report.verdict, root) {
        (Verdict::Failing | Verdict::Degraded, Some(root)) => root.finding.title.clone(),
        (Verdict::Failing | Verdict::Degraded, None) => {
            format!("the causes found are hidden by {}", suppressed::by(report))
        }
        (Verdict::Healthy, _) => format!(
            "{} SIP transaction{} succeeded, none failed, and nothing was hidden",
            report.coverage.successes,
            if report.coverage.successes == 1 {
                ""
            } else {
                "s"
            }
        ),
        (Verdict::Inconclusive, _) => format!("no fault found, but {}", overview::why_open(report)),
    }
}
