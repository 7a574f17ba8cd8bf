//! Where results go.

use super::args::Format;
use serde_json::json;
use sipdiag::Error;
use sipdiag::render::explain;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Refuses to write over a capture.
pub(super) fn check_target(output: Option<&Path>, captures: &[PathBuf]) -> anyhow::Result<()> {
    let Some(output) = output else {
        return Ok(());
    };
    let Ok(target) = fs::canonicalize(output) else {
        return Ok(());
    };
    for capture in captures {
        if fs::canonicalize(capture).is_ok_and(|c| c == target) {
            anyhow::bail!(
                "{}: is one of the captures; choose another file for --output",
                output.display()
            );
        }
    }
    Ok(())
}

/// Writes the result to a file or to standard output. A file appears whole or not at all.
pub(super) fn write(output: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    let Some(path) = output else {
        return to_stdout(bytes);
    };
    let fail = |source: io::Error| Error::Unwritable {
        path: path.to_owned(),
        source,
    };
    // Special files (a terminal, a pipe) are written to directly.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(fail)?;
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".sipdiag-part");
    let part = path.with_file_name(name);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if let Err(source) = written {
        let _ = fs::remove_file(&part);
        return Err(fail(source).into());
    }
    Ok(())
}

/// Writes to standard output, whole.
pub(super) fn to_stdout(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// The catalogue.
pub(super) fn rules(format: Format) -> anyhow::Result<Vec<u8>> {
    Ok(match format {
        Format::Text => explain::catalogue().into_bytes(),
        Format::Json => {
            let rules: Vec<_> = sipdiag::rules::ALL
                .iter()
                .map(|rule| {
                    json!({
                        "rule": rule.name,
                        "class": rule.class.name(),
                        "severity": rule.severity.name(),
                        "summary": rule.summary,
                        "knowledge": rule.knowledge.words(),
                        "since": rule.since,
                    })
                })
                .collect();
            let mut bytes = serde_json::to_vec_pretty(&rules)?;
            bytes.push(b'\n');
            bytes
        }
    })
}
