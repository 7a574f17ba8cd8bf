//! Where results go.

use super::choices::Format;
use serde_json::json;
use sipdiag::Error;
use sipdiag::render::explain;
use std::fs;
use std::io::{self, Read as _, Seek as _, Write};
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
    write_with(output, &mut |out| Ok(out.write_all(bytes)?))
}

/// As [`write`], for what is made while it is written.
pub(super) fn write_with(
    output: Option<&Path>,
    make: &mut dyn FnMut(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    // What the target says is told with its name; what made the result tells its own.
    let fail = |error: anyhow::Error| match error.downcast::<io::Error>() {
        Ok(source) => match output.map(Path::to_owned) {
            Some(path) => Error::Unwritable { path, source }.into(),
            None => Error::Output(source).into(),
        },
        Err(error) => error,
    };
    let Some(path) = output else {
        let mut out = io::stdout().lock();
        return make(&mut out).and_then(|()| Ok(out.flush()?)).map_err(fail);
    };
    // Special files (a terminal, a pipe) are written to directly; a link stays a link.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(anyhow::Error::from)
            .and_then(|mut file| make(&mut file))
            .map_err(fail);
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (mut file, part) = create_beside(&target).map_err(|e| fail(e.into()))?;
    let written = make(&mut file)
        .and_then(|()| Ok(file.sync_all()?))
        .and_then(|()| Ok(fs::rename(&part, &target)?));
    if let Err(error) = written {
        let _ = fs::remove_file(&part);
        return Err(fail(error));
    }
    Ok(())
}

/// What the system says of a temporary file.
pub(super) fn temporary(source: io::Error) -> Error {
    let path = std::env::temp_dir();
    Error::Unwritable { path, source }
}

/// A temporary file from its beginning.
pub(super) fn again(file: &fs::File) -> io::Result<fs::File> {
    let mut again = file.try_clone()?;
    again.rewind()?;
    Ok(again)
}

/// Copies a temporary file. What it says itself is told as that, what the target says as it is.
pub(super) fn copy(from: &fs::File, to: &mut dyn Write) -> anyhow::Result<()> {
    let mut from = again(from).map_err(temporary)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(piece.get(..read).unwrap_or(&piece))?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(temporary(e).into()),
        }
    }
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
