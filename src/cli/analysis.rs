//! Reading the captures: once, or twice when they bring their secrets late.

use super::input;
use super::interrupt;
use super::progress::Progress;
use super::redact::Names;
use sipdiag::Report;
use sipdiag::analyzer::{Analyzer, Config, Observed};
use sipdiag::capture::{CaptureSummary, Clock};
use sipdiag::tls::{KeylogReport, Secrets};
use std::path::PathBuf;

/// What is read, and how.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) captures: Vec<PathBuf>,
    /// All files that are read.
    pub(super) inputs: Vec<PathBuf>,
    pub(super) config: Config,
    /// What was found in the key logs, by their names.
    pub(super) keylogs: Vec<(String, KeylogReport)>,
    /// What the files are called.
    pub(super) names: Names,
    /// What people see meanwhile.
    pub(super) progress: Progress,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) report: Report,
    /// All secrets that are known in the end.
    pub(super) secrets: Secrets,
    /// How far the clocks of several captures are apart.
    pub(super) clocks: Vec<Clock>,
}

/// Whoever watches the analysis.
pub(super) trait Watch {
    /// The captures are read from their beginning; whatever was seen before is void.
    fn begin(&mut self, captures: Vec<CaptureSummary>);

    /// Something was read.
    fn see(&mut self, observed: Observed<'_>);
}

/// Reads the captures and judges them. `hash`: whether the report needs the SHA-256 of the files.
pub(super) fn run(
    reading: &Reading,
    hash: bool,
    watch: Option<&mut dyn Watch>,
) -> anyhow::Result<Read> {
    let report = read(reading, hash, watch);
    reading.progress.clear();
    report
}

fn read(reading: &Reading, hash: bool, mut watch: Option<&mut dyn Watch>) -> anyhow::Result<Read> {
    let progress = &reading.progress;
    let mut config = reading.config.clone();
    let clocks = input::clocks(&reading.captures, &config.limits, progress)?;
    // Secrets that are all known from the beginning cannot be late again: the second round is the last.
    let mut second = false;
    let mut what = "reading";
    loop {
        progress.pass(what, &reading.captures);
        let mut captures = input::open(
            &reading.captures,
            hash,
            &config.limits,
            &clocks,
            reading.names,
            progress,
        )?;
        let mut analyzer = Analyzer::new(config.clone());
        for (name, report) in &reading.keylogs {
            report.note(name, analyzer.caveats());
        }
        if let Some(watch) = watch.as_deref_mut() {
            watch.begin(captures.summaries());
            analyzer.observe(|observed| watch.see(observed));
        }
        analyzer.read(&mut captures);
        progress.wait("judging");
        let finished = analyzer.finish_or_again(captures.summaries());
        let interrupted = interrupt::forget();
        if !finished.again || second || interrupted || !input::can_be_read_again(&reading.captures)
        {
            return Ok(Read {
                report: finished.report,
                secrets: finished.secrets,
                clocks,
            });
        }
        config.secrets = finished.secrets;
        second = true;
        what = "reading again, with the secrets found";
    }
}
