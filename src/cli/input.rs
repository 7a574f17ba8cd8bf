//! Opening and feeding captures.

use super::interrupt;
use super::progress::Progress;
use super::redact::Names;
use sipdiag::Error;
use sipdiag::base::{FileIndex, Limits};
use sipdiag::capture::{Capture, Clock, Merge};
use sipdiag::clock::{self, Look};
use sipdiag::lab::Profile;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that opens files"
)]
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Bytes of a file with certificates that are read at most: a whole store of a system has a quarter of it.
const CERTIFICATES: u64 = 1 << 20;

/// The text of a small file, such as a lab profile.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_file(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// A lab profile with the authorities it names, and the files those were in.
pub(super) fn profile(path: &Path) -> anyhow::Result<(Profile, Vec<PathBuf>)> {
    let text =
        read_text(path).map_err(|e| anyhow::anyhow!("{}: cannot be read: {e}", path.display()))?;
    let profile = Profile::parse(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    authorities(profile, path)
}

/// A profile with the authorities it names, which are relative to the file that it stands in, and the files those were in.
pub(super) fn authorities(
    mut profile: Profile,
    path: &Path,
) -> anyhow::Result<(Profile, Vec<PathBuf>)> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let files: Vec<PathBuf> = profile.ca.iter().map(|name| folder.join(name)).collect();
    for file in &files {
        let says =
            |what: String| anyhow::anyhow!("{}: ca: {}: {what}", path.display(), file.display());
        let mut pem = Vec::new();
        open_file(file)
            .and_then(|opened| opened.take(CERTIFICATES + 1).read_to_end(&mut pem))
            .map_err(|e| says(format!("cannot be read: {e}")))?;
        if u64::try_from(pem.len()).is_ok_and(|read| read > CERTIFICATES) {
            return Err(says(
                "has more than 1 MiB: that is no file of authorities".to_owned(),
            ));
        }
        profile.authorities.add_pem(&pem).map_err(says)?;
    }
    Ok((profile, files))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Standard input can be read only once.
pub(super) fn stdin_once(captures: &[PathBuf]) -> anyhow::Result<()> {
    if captures.iter().filter(|p| is_stdin(p)).count() > 1 {
        anyhow::bail!("standard input (-) can be given only once");
    }
    Ok(())
}

/// Opens all captures; a capture that cannot be read at all stops the run.
pub(super) fn open(
    captures: &[PathBuf],
    hash: bool,
    limits: &Limits,
    clocks: &[Clock],
    names: Names,
    progress: &Progress,
) -> Result<Merge<'static>, Error> {
    let mut opened = Vec::with_capacity(captures.len());
    for (n, path) in captures.iter().enumerate() {
        let mut capture = open_one(n, path, (hash, names), limits, progress)?;
        if let Some(clock) = clocks.get(n) {
            capture.set_clock(*clock);
        }
        opened.push(capture);
    }
    Ok(Merge::new(opened))
}

/// How far the clocks of several captures are apart; a single one is not read for it, nor is what can be read only once.
pub(super) fn clocks(
    captures: &[PathBuf],
    limits: &Limits,
    progress: &Progress,
) -> Result<Vec<Clock>, Error> {
    if captures.len() < 2 {
        return Ok(Vec::new());
    }
    progress.pass("comparing the clocks", captures);
    let mut looks = Vec::with_capacity(captures.len());
    for (n, path) in captures.iter().enumerate() {
        looks.push(if can_be_read_again(std::slice::from_ref(path)) {
            let mut capture = open_one(n, path, (false, Names::default()), limits, progress)?;
            Some(Look::read(&mut capture, captures.len(), limits))
        } else {
            None
        });
    }
    Ok(clock::compare(&looks))
}

/// The capture named as number `n`.
fn open_one(
    n: usize,
    path: &Path,
    (hash, names): (bool, Names),
    limits: &Limits,
    progress: &Progress,
) -> Result<Capture<'static>, Error> {
    let name = path.to_string_lossy().into_owned();
    let unreadable = |source: io::Error| Error::Unreadable {
        file: name.clone(),
        source,
    };
    let reader = if is_stdin(path) {
        interrupt::standard_input().map_err(unreadable)?
    } else {
        let file = open_file(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        interrupt::file(file, metadata.is_file().then_some(metadata.len()))
    };
    let index = FileIndex(u16::try_from(n).unwrap_or(u16::MAX));
    let opened = Capture::open(
        progress.counted(reader),
        &names.capture(n, path),
        index,
        hash,
        limits,
    );
    // An error is for whoever runs this, not for whoever gets the report.
    if opened.is_err() && names.redacted && !is_stdin(path) {
        return open_one(n, path, (hash, Names::default()), limits, progress);
    }
    opened
}

/// Whether all captures give the same bytes when they are opened again: files do, standard input and pipes do not.
pub(super) fn can_be_read_again(captures: &[PathBuf]) -> bool {
    captures
        .iter()
        .all(|path| !is_stdin(path) && path.metadata().is_ok_and(|m| m.is_file()))
}

/// Reads at most `most` bytes of a file, part by part.
pub(super) fn each_part(path: &Path, most: u64, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut reader = open_file(path)?.take(most);
    let mut part = vec![0; 1 << 16];
    loop {
        let n = reader.read(&mut part)?;
        match part.get(..n) {
            Some(read) if n > 0 => take(read),
            _ => return Ok(()),
        }
    }
}

/// The first bytes of a regular file.
pub(super) fn head(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    open_file(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A whole file; `None` when it has more than `most` bytes.
pub(super) fn read_bytes(path: &Path, most: u64) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    open_file(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Ok((len <= most).then_some(bytes))
}
