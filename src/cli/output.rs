//! Where results go.

use super::choices::Format;
use serde_json::json;
use sipdiag::Error;
use sipdiag::render::explain;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Refuses to write over anything that is read.
pub(super) fn check_target(output: Option<&Path>, inputs: &[PathBuf]) -> anyhow::Result<()> {
    let Some(output) = output else {
        return Ok(());
    };
    let Ok(target) = fs::canonicalize(output) else {
        return Ok(());
    };
    for input in inputs {
        if fs::canonicalize(input).is_ok_and(|c| c == target) {
            anyhow::bail!(
                "{}: is read as input; choose another file for --output",
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
    // Special files (a terminal, a pipe) are written to directly; a link stays a link.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(fail)?;
        return Ok(());
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (mut file, part) = create_beside(&target).map_err(fail)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&part, &target));
    if let Err(source) = written {
        let _ = fs::remove_file(&part);
        return Err(fail(source).into());
    }
    Ok(())
}

/// Names tried for the temporary file before giving up.
const TRIES: u32 = 100;

/// A new file beside the target: never one that exists, so nothing can be overwritten or followed.
fn create_beside(target: &Path) -> io::Result<(fs::File, PathBuf)> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    for n in 0..TRIES {
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(format!(".{}-{n}.part", std::process::id()));
        let part = target.with_file_name(part);
        match fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)
        {
            Ok(file) => return Ok((file, part)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
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
        Format::Text | Format::Markdown | Format::Html => explain::catalogue().into_bytes(),
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
