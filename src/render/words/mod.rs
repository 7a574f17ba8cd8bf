//! A report in words: the sentences and rows that text, Markdown and HTML lay out, each in its way. Nothing here is escaped yet.

mod clocks;
mod course;
mod coverage;
mod finding;
mod overview;
mod suppressed;

pub(super) use course::{directions, timeline};
pub(super) use coverage::{files, not_seen, not_seen_in_short, read, read_in_short};
pub(super) use finding::{
    Shown, causes, consequences, evidence, filters, frame_name, general_steps, more_causes, note,
    notes, qualities, remedies, roots, times,
};
pub(super) use overview::{
    CONNECTIONS, HOSTS, METHODS, connections, hosts, hosts_in_short, methods, undecided,
};

use crate::diagnosis::Verdict;
use crate::report::Report;

/// Rows of a list that a report shows; the rest is in JSON and in the lists.
pub(super) const ROWS: usize = 15;

/// What a redacted report says of itself.
pub(super) const REDACTED: &str =
    "Redacted: users, names, domains and public addresses are pseudonyms.";

/// A line break that a cell of a table wants; the unit separator is never shown from the wire, it is escaped.
pub(super) const BREAK: char = '\u{1f}';

/// What the headline says after the verdict.
pub(super) fn sentence(report: &Report) -> String {
    let roots = roots(report);
    match (report.verdict, roots.first()) {
        (Verdict::Failing | Verdict::Degraded, Some(root)) => root.finding.title.clone(),
        (Verdict::Failing | Verdict::Degraded, None) => {
            if suppressed::is_known(report) {
                "nothing that the baseline does not have".to_owned()
            } else {
                format!("the causes found are hidden by {}", suppressed::by(report))
            }
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
