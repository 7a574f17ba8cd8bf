//! What people probably meant when a file cannot be read.

use super::{help, input};
use sipdiag::Error;
use std::io;
use std::path::Path;

/// Bytes looked at to recognise a file.
const HEAD: u64 = 64 << 10;

/// Words that people take for sub-commands, although no option has that name.
const VERBS: [&str; 6] = ["analyse", "analyze", "check", "diagnose", "read", "run"];

/// The text of an error where there is more to say than the error itself does; `text` is what it says.
pub(super) fn told(error: &anyhow::Error, text: &str) -> Option<String> {
    match error.downcast_ref::<Error>()? {
        Error::Unreadable { file, source } if source.kind() == io::ErrorKind::NotFound => {
            let hint = sub_command(file).or_else(|| similar(Path::new(file)))?;
            Some(format!("{text}; {hint}"))
        }
        Error::NotACapture { file, .. } if file != "-" => {
            let kind = other_kind(Path::new(file))?;
            Some(format!("{file}: not a packet capture; {kind}"))
        }
        _ => None,
    }
}

/// `sipdiag explain X`, as with programs that have sub-commands.
fn sub_command(word: &str) -> Option<String> {
    if VERBS.contains(&word) {
        return Some("there are no sub-commands: `sipdiag CAPTURE` diagnoses".to_owned());
    }
    let mut command = help::command();
    command.build();
    let option = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(word))?;
    let value = option
        .get_value_names()
        .and_then(|names| names.first())
        .filter(|_| option.get_action().takes_values())
        .map_or_else(String::new, |name| format!(" {name}"));
    Some(format!(
        "there are no sub-commands; did you mean `sipdiag --{word}{value}`?"
    ))
}

/// A file with nearly this name in the same folder.
fn similar(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().to_lowercase();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let names = std::fs::read_dir(folder.unwrap_or_else(|| Path::new("."))).ok()?;
    let mut best: Option<(usize, std::ffi::OsString)> = None;
    for entry in names.flatten() {
        let name = entry.file_name();
        let lower = name.to_string_lossy().to_lowercase();
        let capture = ["cap", "snoop"].iter().any(|end| lower.contains(end));
        let distance = if capture && stem(&lower) == stem(&wanted) {
            // Only the ending differs: trace.pcap, trace.pcapng.gz.
            1
        } else {
            strsim::damerau_levenshtein(&lower, &wanted)
        };
        let near = distance <= (wanted.chars().count() / 4).max(1) && entry.path().is_file();
        let found = (distance, name);
        if near && best.as_ref().is_none_or(|best| found < *best) {
            best = Some(found);
        }
    }
    let (_, name) = best?;
    let path = folder.map_or_else(|| name.clone().into(), |folder| folder.join(&name));
    Some(format!("did you mean `{}`?", path.display()))
}

/// The name without its endings.
fn stem(name: &str) -> &str {
    match name.split_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// A file that belongs to another option.
fn other_kind(path: &Path) -> Option<String> {
    let bytes = input::head(path, HEAD).ok()?;
    let kind = if bytes.starts_with(&[0x30, 0x82]) || bytes.starts_with(&[0x30, 0x83]) {
        "this may be a key or certificate in DER or PKCS #12: give a private key with --rsa-key"
    } else {
        of_text(std::str::from_utf8(&bytes).ok()?)?
    };
    Some(kind.to_owned())
}

fn of_text(text: &str) -> Option<&'static str> {
    let lines = || text.lines().map(str::trim);
    let is_secret = |line: &str| {
        let mut words = line.split(' ');
        let label = words.next().unwrap_or_default();
        let named = label == "RSA"
            || ["CLIENT_", "SERVER_", "EXPORTER_", "EARLY_", "PMS_"]
                .iter()
                .any(|start| label.starts_with(start));
        let hex = |word: &str| word.len() >= 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
        named && words.next().is_some_and(hex) && words.next().is_some_and(hex)
    };
    if lines().any(is_secret) {
        return Some("this is a TLS key log: give it with --keylog");
    }
    if let Some(line) = lines().find(|line| line.starts_with("-----BEGIN ")) {
        return Some(if line.contains("PRIVATE KEY") {
            "this is a private key: give it with --rsa-key"
        } else {
            "this is PEM and no private key: an authority belongs into `ca` of a lab profile (--lab)"
        });
    }
    if text.trim_start().starts_with('{') && text.contains("\"sipdiag-report/") {
        return Some("this is a report of sipdiag: give the capture that it is about");
    }
    match sipdiag::lab::Profile::parse(text) {
        Ok(profile) if profile != sipdiag::lab::Profile::parse("").ok()? => {
            Some("this is a lab profile: give it with --lab")
        }
        // Text without a single key is no TOML that anybody wrote.
        Ok(_) => None,
        Err(_) if super::configuration::looks_like_one(text) => {
            Some("this is TOML: give a lab profile with --lab, a configuration file with --config")
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_text_are_told_apart() {
        let secret = format!(
            "# x\nCLIENT_RANDOM {} {}\n",
            "0a".repeat(32),
            "0b".repeat(48)
        );
        for (text, part) in [
            (secret.as_str(), Some("--keylog")),
            ("-----BEGIN RSA PRIVATE KEY-----\nAA", Some("--rsa-key")),
            ("x\n-----BEGIN CERTIFICATE-----\nAA", Some("`ca`")),
            ("[lync]\nhosts = [\"10.1.1.10\"]\n", Some("--lab")),
            ("[[ignore]]\nrule = \"x\"\n", Some("--config")),
            ("{\n  \"schema\": \"sipdiag-report/1\"}", Some("a report")),
            ("CLIENT_RANDOM is a word.\n", None),
            ("This is no capture.\n", None),
            ("# only a comment\n", None),
            ("", None),
        ] {
            let said = of_text(text);
            match part {
                Some(part) => assert!(said.is_some_and(|s| s.contains(part)), "{text}: {said:?}"),
                None => assert_eq!(said, None, "{text}"),
            }
        }
    }
}
