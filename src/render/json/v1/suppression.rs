//! What was taken out of the report, and why.

use crate::render::escape;
use crate::report::{Report, SuppressedBy};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct SuppressionV1 {
    rule: String,
    count: u64,
    reason: Option<String>,
    by: &'static str,
    option: Option<&'static str>,
}

pub(super) fn suppressions(report: &Report) -> Vec<SuppressionV1> {
    let shown = report.suppressions.iter().map(|s| SuppressionV1 {
        rule: s.rule.clone(),
        count: s.count,
        reason: s.by.reason().map(|why| escape::line(why).into_owned()),
        by: match s.by {
            SuppressedBy::Configuration { .. } => "config",
            _ => "command line",
        },
        option: s.by.option(),
    });
    shown.collect()
}

/// The name of the configuration file.
pub(super) fn configuration(report: &Report) -> Option<String> {
    let name = report.configuration.as_deref()?;
    Some(escape::line(name).into_owned())
}
