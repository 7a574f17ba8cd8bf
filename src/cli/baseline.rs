//! `--baseline`: what an earlier report has told already.

use super::input;
use anyhow::Context;
use std::collections::BTreeSet;
use std::path::Path;

/// Bytes of a report, at most.
const MOST: u64 = 256 << 20;

/// The fingerprints of the findings of a JSON report.
pub(super) fn read(path: &Path) -> anyhow::Result<BTreeSet<String>> {
    let name = path.display();
    let bytes = input::read_bytes(path, MOST)
        .with_context(|| format!("{name}: cannot be read"))?
        .with_context(|| format!("{name}: larger than 256 MiB, which no report is"))?;
    let report: serde_json::Value = serde_json::from_slice(&bytes)
        .ok()
        .with_context(|| format!("{name}: is no JSON; make it with --format json"))?;
    let is_report = report
        .get("schema")
        .and_then(|schema| schema.as_str())
        .is_some_and(|schema| schema.starts_with("sipdiag-report/"));
    let findings = report.get("findings").and_then(|f| f.as_array());
    let Some(findings) = findings.filter(|_| is_report) else {
        anyhow::bail!("{name}: is no report of sipdiag; make it with --format json");
    };
    Ok(findings
        .iter()
        .filter_map(|finding| finding.get("fingerprint")?.as_str())
        .map(str::to_owned)
        .collect())
}
