//! Doubles one thing after another and shows how the time of the whole analysis grows with it: `slopes [NAME…]`.
//!
//! For each dimension captures of n, 2n, 4n and 8n are made in memory and analysed, report in text, JSON and HTML included. The slope
//! is the exponent of the growth from 2n to 8n: 1 is linear, 2 is what an attacker looks for. Exit status 1 if one is above 1.3.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for those who measure: what cannot be is a panic"
)]

#[path = "dimensions.rs"]
mod dimensions;
#[expect(dead_code, reason = "the tests use what is not used here")]
#[path = "../support/pcap.rs"]
mod pcap;
#[expect(dead_code, reason = "the tests use what is not used here")]
#[path = "../support/wire.rs"]
mod wire;

use sipdiag::Config;
use sipdiag::render::{self, Detail, Style, TimeStyle};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is more than linear: a logarithm and caches that no longer hold all stay below it.
const STEEP: f64 = 1.3;

/// Seconds that are enough to be measured.
const ENOUGH: f64 = 0.4;

/// Seconds that this thread was busy, where the system tells (Linux); else those that have passed.
fn busy(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    nanos.map_or_else(
        || since.elapsed().as_secs_f64(),
        |nanos| Duration::from_nanos(nanos).as_secs_f64(),
    )
}

/// Seconds for one capture, from as many runs as it takes to measure it: the system counts in steps of milliseconds.
fn seconds(capture: &Arc<[u8]>) -> f64 {
    let begin = Instant::now();
    let start = busy(begin);
    let mut runs = 0.0;
    loop {
        let capture = std::io::Cursor::new(Arc::clone(capture));
        let mut config = Config::default();
        config.charts = true;
        let report = sipdiag::analyze(capture, "slope.pcap", config).unwrap();
        let style = Style::new(TimeStyle::Utc, false).with(Detail::Full);
        let mut out = Vec::new();
        render::text(&report, style, &mut out).unwrap();
        render::json::json(&report, &mut out).unwrap();
        render::html(&report, style, &mut out).unwrap();
        runs += 1.0;
        let taken = busy(begin) - start;
        if taken > ENOUGH {
            return taken / runs;
        }
    }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut steep = 0;
    println!(
        "{:<34} {:>8} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "dimension", "n", "n, ms", "2n, ms", "4n, ms", "8n, ms", "slope"
    );
    for dimension in dimensions::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|name| dimension.name.contains(name)) {
            continue;
        }
        let times: Vec<f64> = [1, 2, 4, 8]
            .map(|times| seconds(&(dimension.capture)(dimension.start * times).into()))
            .into();
        let [first, second, third, fourth] = times.as_slice() else {
            continue;
        };
        // What a program takes to begin is not what grows.
        let slope = (fourth / second).log2() / 2.0;
        let mark = if slope > STEEP { "  STEEP" } else { "" };
        steep += u32::from(slope > STEEP);
        println!(
            "{:<34} {:>8} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {slope:>6.2}{mark}",
            dimension.name,
            dimension.start,
            first * 1e3,
            second * 1e3,
            third * 1e3,
            fourth * 1e3
        );
    }
    println!("{steep} above {STEEP}");
    if steep == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
