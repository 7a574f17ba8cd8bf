//! A whole capture to every form of the report. With small limits, with pseudonyms, twice: the same, and nothing that a terminal obeys.

use super::input::Input;
use super::small_limits;
use sipdiag::analyzer::Scope;
use sipdiag::redact::Redaction;
use sipdiag::render::{self, Detail, Dialect, Style, TimeStyle};
use sipdiag::{Config, Report};
use std::io::Write;

/// The last byte: with the usual limits.
pub const LARGE: u8 = 1;
/// The last byte: with pseudonyms.
pub const REDACTED: u8 = 2;
/// The last byte: with charts and all that an extract needs.
pub const EVERYTHING: u8 = 4;
/// The last byte: twice, and the same.
pub const TWICE: u8 = 8;

/// The capture, then the choices.
pub fn run(data: &[u8]) {
    let (choices, file) = Input::with_choice(data);
    let Some(text) = analyzed(choices, file) else {
        return;
    };
    assert!(!text.is_empty());
    for c in text.chars() {
        assert!(!c.is_control() || c == '\n', "{c:?} in a report");
    }
    if choices & TWICE != 0 {
        assert_eq!(analyzed(choices, file), Some(text), "the same every time");
    }
}

fn analyzed(choices: u8, file: &[u8]) -> Option<String> {
    let mut config = Config::default();
    config.scope = Scope::Any;
    if choices & LARGE == 0 {
        config.limits = small_limits();
    }
    if choices & REDACTED != 0 {
        config.redact = Some(Redaction::new(b"a key of the fuzzer"));
    }
    config.charts = choices & EVERYTHING != 0;
    config.extract = choices & EVERYTHING != 0;
    config.hash_streams = choices & EVERYTHING != 0;
    let file = std::io::Cursor::new(file.to_vec());
    let report = sipdiag::analyze(file, "fuzzed.pcap", config).ok()?;
    Some(rendered(&report))
}

/// All forms, one behind the other; those for people without colours.
fn rendered(report: &Report) -> String {
    let full = Style::new(TimeStyle::Utc, false).with(Detail::Full);
    let short = Style::new(TimeStyle::Utc, false);
    let mut out = Vec::new();
    let write = |out: &mut Vec<u8>| -> std::io::Result<()> {
        render::text(report, full, out)?;
        render::text(report, short, out)?;
        render::json::json(report, out)?;
        render::html(report, full, out)?;
        render::markdown(report, full, Dialect::Plain, out)?;
        render::markdown(report, short, Dialect::Github, out)?;
        out.flush()
    };
    if let Err(error) = write(&mut out) {
        panic!("writing to memory cannot fail: {error}");
    }
    match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => panic!("a report is text: {error}"),
    }
}
