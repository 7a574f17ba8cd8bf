//! Reading the captures: once, or twice when they bring their secrets late.

use super::input;
use sipdiag::Report;
use sipdiag::analyzer::{Analyzer, Config, Observed};
use sipdiag::capture::CaptureSummary;
use sipdiag::tls::KeylogReport;
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
    mut watch: Option<&mut dyn Watch>,
) -> anyhow::Result<Report> {
    let mut config = reading.config.clone();
    let clocks = input::clocks(&reading.captures, &config.limits)?;
    // Secrets that are all known from the beginning cannot be late again: this ends with the second round.
    loop {
        let mut captures = input::open(&reading.captures, hash, &config.limits, &clocks)?;
        let mut analyzer = Analyzer::new(config.clone());
        for (name, report) in &reading.keylogs {
            report.note(name, analyzer.caveats());
        }
        if let Some(watch) = watch.as_deref_mut() {
            watch.begin(captures.summaries());
            analyzer.observe(|observed| watch.see(observed));
        }
        analyzer.read(&mut captures);
        let (report, again) = analyzer.finish_or_again(captures.summaries());
        match again.filter(|_| input::can_be_read_again(&reading.captures)) {
            Some(secrets) => config.secrets = secrets,
            None => return Ok(report),
        }
    }
}
