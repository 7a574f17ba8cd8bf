//! The report as one JSON object, versioned apart from the model (`docs/report-json.md`).

mod clock;
mod v1;

use super::escape;
use crate::report::Report;
use std::io::{self, Write};

/// Writes the report as JSON, schema `sipdiag-report/1`.
///
/// # Errors
///
/// What the writer says.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&v1::view(report))?;
    out.write_all(escape::json(&text).as_bytes())?;
    out.write_all(b"\n")
}
