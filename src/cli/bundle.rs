//! `--bundle`: everything about one diagnosis in one file, for a ticket.

use super::analysis::Read;
use super::args::Diagnose;
use super::{extract, output, redact};
use sipdiag::base::hex;
use sipdiag::render::{self, Detail, Style};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Refuses early what cannot be written.
pub(super) fn check(path: &Path, force: bool) -> anyhow::Result<()> {
    if path.exists() && !force {
        anyhow::bail!("{}: exists; --force overwrites it", path.display());
    }
    Ok(())
}

/// Writes the bundle: the report in each format, the extract, and what they were made of and how.
pub(super) fn write(path: &Path, job: &Diagnose, read: &Read) -> anyhow::Result<extract::Extract> {
    let extract = extract::make(&job.reading, read, job.attach.with_secrets)?;
    let style = Style::new(job.time, false).with(Detail::Full);
    let report = &read.report;
    let mut parts: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut part = |name, make: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut bytes = Vec::new();
        make(&mut bytes).map(|()| parts.push((name, bytes)))
    };
    part("README.txt", &|out| {
        about(job, read, &extract).map(|text| out.extend(text.bytes()))
    })?;
    part("report.txt", &|out| render::text(report, style, out))?;
    part("report.md", &|out| {
        render::markdown(report, style, job.dialect, out)
    })?;
    part("report.html", &|out| render::html(report, style, out))?;
    part("report.json", &|out| render::json::json(report, out))?;
    let look = redact::Look::new(job.reading.config.redact.as_ref());
    for (name, bytes) in &parts {
        look.at(name, bytes)?;
    }
    let archive = zipped(&parts, &extract)?;
    output::write_with(Some(path), &mut |out| output::copy(&archive, out))?;
    Ok(extract)
}

/// The parts as a ZIP archive, in a temporary file: the same parts give the same bytes, whenever it is made.
fn zipped(parts: &[(&str, Vec<u8>)], extract: &extract::Extract) -> anyhow::Result<File> {
    let mut file = Patient {
        file: tempfile::tempfile().map_err(output::temporary)?,
        failed: None,
    };
    let packed = pack(&mut file, parts, extract);
    match file.failed {
        Some(error) => Err(output::temporary(error).into()),
        None => packed.map(|()| file.file),
    }
}

fn pack(
    file: &mut Patient,
    parts: &[(&str, Vec<u8>)],
    extract: &extract::Extract,
) -> anyhow::Result<()> {
    let mut archive = ZipWriter::new(file);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in parts {
        archive.start_file(format!("sipdiag/{name}"), options)?;
        archive.write_all(bytes)?;
    }
    archive.start_file("sipdiag/extract.pcapng", options)?;
    extract.copy(&mut archive)?;
    archive.finish()?;
    Ok(())
}

/// A file that keeps its first error to itself until it is asked: the archive would speak of it on standard error.
struct Patient {
    file: File,
    failed: Option<std::io::Error>,
}

impl std::io::Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.failed.is_none() {
            match self.file.write(bytes) {
                Err(e) if e.kind() != std::io::ErrorKind::Interrupted => self.failed = Some(e),
                other => return other,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Patient {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// What is in the bundle, and how it was made.
fn about(job: &Diagnose, read: &Read, extract: &extract::Extract) -> std::io::Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "Made by sipdiag {version} with\n\n    {}\n\n",
        command_line(job)
    );
    text.push_str("Inputs (SHA-256 as stored, name):\n\n");
    for capture in &read.report.captures {
        let hash = capture.sha256.map_or_else(
            || "(not all of it could be read)".to_owned(),
            |hash| hex(&hash),
        );
        let name = render::escape::line(&capture.name).into_owned();
        text.push_str(&format!("    {hash}  {name}\n"));
    }
    if job.reading.config.redact.is_some() {
        text.push_str(
            "\nRedacted: users, names, domains and public addresses are pseudonyms, the same ones in all parts. In the extract, ",
        );
        text.push_str(if job.attach.with_secrets {
            "what\nwas decrypted is encrypted again under made-up secrets, and what was not is zero.\n"
        } else {
            "what a\ncipher protects is zero.\n"
        });
    }
    text.push_str(
        "\nreport.txt, report.md, report.html, report.json: the same report for people and programs.\n\
         extract.pcapng: the packets that the findings cite, with comments; opens in Wireshark and in sipdiag.\n",
    );
    if let Some(difference) = extract.difference(job.attach.with_secrets) {
        text.push_str(&format!("extract.pcapng: {difference}.\n"));
    }
    Ok(text)
}

/// The command line; in a redacted bundle only the names of its options.
fn command_line(job: &Diagnose) -> String {
    let redacted = job.reading.config.redact.is_some();
    let mut words = vec!["sipdiag".to_owned()];
    for argument in std::env::args_os().skip(1) {
        let word = argument.to_string_lossy();
        let is_option = word.starts_with('-') && word.len() > 1;
        words.push(match (redacted, is_option) {
            (false, _) => render::escape::line(&word).into_owned(),
            (true, true) => word.split('=').next().unwrap_or_default().to_owned(),
            (true, false) => "...".to_owned(),
        });
    }
    words.join(" ")
}
