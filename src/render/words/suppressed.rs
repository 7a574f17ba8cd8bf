//! What was taken out of the report, and why.

use super::coverage::count;
use crate::render::escape;
use crate::report::{Report, SuppressedBy};
use std::collections::BTreeMap;

/// The configuration file, what was suppressed, and entries of the file that met nothing.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(file) = &report.configuration {
        lines.push(format!("Configuration: {}.", escape::line(file)));
    }
    let mut parts = Vec::new();
    let mut idle = Vec::new();
    let mut options: BTreeMap<&str, u64> = BTreeMap::new();
    for suppression in &report.suppressions {
        match &suppression.by {
            SuppressedBy::Configuration { .. } if suppression.count == 0 => {
                idle.push(suppression.rule.as_str());
            }
            SuppressedBy::Configuration { reason } => parts.push(format!(
                "rule {} ({}) {}",
                suppression.rule,
                escape::line(reason),
                suppression.count
            )),
            by => {
                let of_option = options.entry(by.option().unwrap_or_default()).or_default();
                *of_option = of_option.saturating_add(suppression.count);
            }
        }
    }
    parts.extend(options.iter().map(|(option, n)| format!("by {option} {n}")));
    if report.suppressed > 0 {
        lines.push(format!(
            "{} suppressed: {}.",
            count(report.suppressed, "finding"),
            parts.join(", ")
        ));
    }
    if !idle.is_empty() {
        lines.push(format!(
            "Ignored in the configuration, but not found: {}.",
            idle.join(", ")
        ));
    }
    lines
}

/// Whether all that is not shown is in the baseline.
pub(super) fn is_known(report: &Report) -> bool {
    let mut taken = report
        .suppressions
        .iter()
        .filter(|s| s.count > 0)
        .peekable();
    taken.peek().is_some() && taken.all(|s| s.by == SuppressedBy::Baseline)
}

/// Whose doing it is that causes are not shown.
pub(super) fn by(report: &Report) -> &'static str {
    let of_file = |in_file: bool| {
        report
            .suppressions
            .iter()
            .any(|s| s.count > 0 && matches!(s.by, SuppressedBy::Configuration { .. }) == in_file)
    };
    match (of_file(true), of_file(false)) {
        (true, false) => "the configuration file (see WHAT WAS READ)",
        (true, true) => "the configuration file and the options given (see WHAT WAS READ)",
        _ => "the options given",
    }
}
