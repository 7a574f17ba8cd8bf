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
    serde_json::to_writer_pretty(Safe(out), &v1::view(report))?;
    out.write_all(b"\n")
}

/// JSON on its way out: what could change how a terminal shows it is written as `\uXXXX`.
struct Safe<'o>(&'o mut dyn Write);

impl Write for Safe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Pieces may end inside a character; the rest comes again with what follows.
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => match bytes.get(..e.valid_up_to()).map(str::from_utf8) {
                Some(Ok(text)) if !text.is_empty() => text,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            },
        };
        self.0.write_all(escape::json(text).as_bytes())?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
