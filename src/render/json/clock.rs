//! The clocks of several captures.

use crate::base::Span;
use crate::capture::Clock;
use crate::report::Report;
use serde::Serialize;

/// What is known of a capture's clock; with one capture there is nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct ClockV1 {
    clock_offset_ns: Option<i64>,
    clock_offset_from: Option<&'static str>,
    clock_offset_against: Option<String>,
    clock_matches: u64,
    clock_uncertainty_ns: Option<i64>,
    clock_drift_ns: Option<i64>,
    clock_correction_ns: i64,
}

pub(super) fn view(clock: &Clock, report: &Report) -> ClockV1 {
    let compared = match clock {
        Clock::Compared(offset) => Some(offset),
        _ => None,
    };
    ClockV1 {
        clock_offset_ns: match clock {
            Clock::Reference => Some(0),
            _ => compared.map(|c| c.offset.nanos()),
        },
        clock_offset_from: compared.map(|c| c.source.name()),
        clock_offset_against: compared.map(|c| report.file_name(c.against).to_owned()),
        clock_matches: compared.map_or(0, |c| c.matches),
        clock_uncertainty_ns: compared.and_then(|c| c.uncertainty).map(Span::nanos),
        clock_drift_ns: compared.and_then(|c| c.drift).map(Span::nanos),
        clock_correction_ns: clock.correction().nanos().saturating_neg(),
    }
}
