//! Files of secrets: key logs, private keys, their password.

use super::input;
use super::redact::Names;
use anyhow::Context;
use sipdiag::base::Limits;
use sipdiag::tls::{KeylogReport, RsaKey, Secrets};
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest key log in bytes: more lines than are kept, even with long comments.
const KEYLOG_BYTES: u64 = 256 << 20;
/// Largest file of private keys, and of a password, in bytes.
const KEY_BYTES: u64 = 1 << 20;

/// Reads everything that opens sessions, and tells what was found in each key log.
pub(super) fn read(
    keylogs: &[PathBuf],
    keys: &[PathBuf],
    password: Option<&Path>,
    names: Names,
    limits: &Limits,
) -> anyhow::Result<(Secrets, Vec<(String, KeylogReport)>)> {
    let mut secrets = Secrets::default();
    let mut reports = Vec::with_capacity(keylogs.len());
    for (n, path) in keylogs.iter().enumerate() {
        let report = read_keylog(path, &mut secrets, limits)?;
        reports.push((names.other("key-log", n, path), report));
    }
    let password = password.map(read_password).transpose()?;
    for (n, path) in keys.iter().enumerate() {
        let file = bytes(path, KEY_BYTES)?;
        let password = password.as_ref().map(|p| p.as_str());
        for key in RsaKey::read(&file, &names.other("private-key", n, path), password)? {
            secrets.add_key(key);
        }
    }
    Ok((secrets, reports))
}

fn read_keylog(
    path: &Path,
    secrets: &mut Secrets,
    limits: &Limits,
) -> anyhow::Result<KeylogReport> {
    let unreadable = |source| sipdiag::Error::Unreadable {
        file: path.to_string_lossy().into_owned(),
        source,
    };
    let mut file = input::open_file(path)
        .map_err(unreadable)?
        .take(KEYLOG_BYTES.saturating_add(1));
    let report = secrets.read_keylog(&mut file, limits).map_err(unreadable)?;
    match file.limit() {
        0 => Err(too_large(path, KEYLOG_BYTES)),
        _ => Ok(report),
    }
}

/// The first line of a file.
fn read_password(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let file = bytes(path, KEY_BYTES)?;
    let line = file.split(|b| matches!(b, b'\n' | b'\r')).next();
    let line = line.unwrap_or_default();
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let text = std::str::from_utf8(line).with_context(|| {
        format!(
            "{}: the password is not UTF-8; save the file as UTF-8",
            path.display()
        )
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn bytes(path: &Path, most: u64) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let read = input::read_bytes(path, most).map_err(|source| sipdiag::Error::Unreadable {
        file: path.to_string_lossy().into_owned(),
        source,
    })?;
    read.ok_or_else(|| too_large(path, most))
}

fn too_large(path: &Path, most: u64) -> anyhow::Error {
    let mebibytes = most >> 20;
    anyhow::anyhow!(
        "{}: larger than {mebibytes} MiB, which no file of this kind is; is it the right one?",
        path.display()
    )
}
