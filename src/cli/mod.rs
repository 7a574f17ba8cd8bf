//! The command line: reads files, runs the analysis, writes the report.

mod analysis;
mod args;
mod attach;
mod baseline;
mod bundle;
mod choices;
mod comfort;
mod completions;
mod configuration;
mod extract;
mod help;
mod input;
mod interrupt;
mod listing;
mod manual;
mod mistakes;
mod output;
mod progress;
mod redact;
mod secrets;
mod spool;

use args::{Diagnose, Job};
use choices::Format;
use clap::error::ErrorKind;
use sipdiag::Report;
use sipdiag::finding::Severity;
use sipdiag::render::{self, Style};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// Nothing at or above `--fail-on`.
const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
const FINDINGS: u8 = 1;
/// A usage error, or an input that could not be read at all.
const FAILED: u8 = 2;
/// Interrupted before there was anything to report; what a shell says of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Runs the program with the arguments of the process.
pub(crate) fn run() -> ExitCode {
    let args = match help::parse() {
        Ok(args) => args,
        Err(error) => {
            let code = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => CLEAN,
                _ => FAILED,
            };
            // A closed pipe is success; there is nobody left to tell about any other failure.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    interrupt::listen();
    match Job::try_from(args).and_then(|job| perform(&job)) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_closed_pipe(&error) => ExitCode::from(CLEAN),
        Err(error) => {
            let text = error_text(&error);
            let text = mistakes::told(&error, &text).unwrap_or(text);
            let _ = writeln!(io::stderr(), "sipdiag: {}", render::escape::line(&text));
            ExitCode::from(if interrupt::is_asked() {
                INTERRUPTED
            } else {
                FAILED
            })
        }
    }
}

/// An error with its causes. What a file name or the system put into it is escaped when it is shown: errors are one line.
fn error_text(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}

fn perform(job: &Job) -> anyhow::Result<u8> {
    match job {
        Job::Rules { format, output } => {
            output::write(output.as_deref(), &output::rules(*format)?)?;
            Ok(CLEAN)
        }
        Job::Explain { topic, output } => {
            let topic = render::explain::Topic::parse(topic).map_err(anyhow::Error::msg)?;
            output::write(output.as_deref(), topic.page().as_bytes())?;
            Ok(CLEAN)
        }
        Job::Completions { shell, output } => {
            output::write(output.as_deref(), &completions::script(*shell))?;
            Ok(CLEAN)
        }
        Job::Man { output } => {
            output::write(output.as_deref(), &manual::page()?)?;
            Ok(CLEAN)
        }
        Job::List(list) => {
            listing::run(list)?;
            Ok(CLEAN)
        }
        Job::LabTemplate { reading, output } => {
            output::check_target(output.as_deref(), &reading.inputs)?;
            let read = analysis::run(reading, false, None)?;
            let profile = render::lab_template(&read.report);
            let redaction = reading.config.redact.as_ref();
            redact::check(redaction, "the profile", profile.as_bytes())?;
            output::write(output.as_deref(), profile.as_bytes())?;
            Ok(CLEAN)
        }
        Job::Diagnose(job) => diagnose(job),
    }
}

fn diagnose(job: &Diagnose) -> anyhow::Result<u8> {
    let attach = &job.attach;
    let targets = [
        &job.output,
        &attach.extract,
        &attach.redact_map,
        &attach.bundle,
    ];
    for target in targets.into_iter().flatten() {
        output::check_target(Some(target), &job.reading.inputs)?;
    }
    if attach.wants_packets() {
        extract::check(&job.reading)?;
    }
    if let Some(path) = &attach.bundle {
        bundle::check(path, attach.force)?;
    }
    let hash = job.format == Format::Json || attach.bundle.is_some();
    let mut read = analysis::run(&job.reading, hash, None)?;
    let mut bytes = rendered(job, &read.report)?;
    let redaction = job.reading.config.redact.as_ref();
    if let Err(survivor) = redact::check(redaction, "the report", &bytes) {
        if !input::can_be_read_again(&job.reading.captures) {
            return Err(survivor);
        }
        // What was not known to be a name when it was met first is known now.
        read = analysis::run(&job.reading, hash, None)?;
        bytes = rendered(job, &read.report)?;
        redact::check(redaction, "the report", &bytes)?;
    }
    if let Some(path) = &job.attach.extract {
        let extract = extract::make(&job.reading, &read, job.attach.with_secrets)?;
        output::write_with(Some(path), &mut |out| extract.copy(out))?;
        tell_difference(job, path, &extract);
    }
    if let Some(path) = &attach.bundle {
        let extract = bundle::write(path, job, &read)?;
        tell_difference(job, path, &extract);
    }
    if let (Some(path), Some(redaction)) = (&job.attach.redact_map, redaction) {
        let map = redaction.with(|names| names.map_csv());
        output::write(Some(path), map.as_bytes())?;
    }
    output::write(job.output.as_deref(), &bytes)?;
    let fails = |limit: Severity| read.report.worst().is_some_and(|worst| worst >= limit);
    Ok(if job.fail_on.is_some_and(fails) {
        FINDINGS
    } else {
        CLEAN
    })
}

/// Says that an extract alone does not tell everything.
fn tell_difference(job: &Diagnose, path: &std::path::Path, extract: &extract::Extract) {
    if let Some(difference) = extract.difference(job.attach.with_secrets) {
        let text = format!("{}: {difference}", path.display());
        let _ = writeln!(io::stderr(), "sipdiag: {}", render::escape::line(&text));
    }
}

/// The report in the form that was asked for.
fn rendered(job: &Diagnose, report: &Report) -> anyhow::Result<Vec<u8>> {
    let to_terminal = job.output.is_none() && io::stdout().is_terminal();
    let style = Style::new(job.time, job.color.wanted(to_terminal)).with(job.detail);
    let mut bytes = Vec::new();
    match (job.format, job.ladder) {
        (Format::Text | Format::Json, Some(lines)) => {
            render::ladder(report, style, lines, &mut bytes)?;
        }
        (Format::Markdown, Some(_)) => render::ladder_markdown(report, style, &mut bytes)?,
        (Format::Html, Some(_)) => render::ladder_html(report, style, &mut bytes)?,
        (Format::Text, None) => render::text(report, style, &mut bytes)?,
        (Format::Markdown, None) => render::markdown(report, style, job.dialect, &mut bytes)?,
        (Format::Html, None) => render::html(report, style, &mut bytes)?,
        (Format::Json, None) => render::json::json(report, &mut bytes)?,
    }
    Ok(bytes)
}
