//! What is said of the clocks of several captures.

use crate::base::Span;
use crate::capture::{CaptureSummary, Clock, ClockOffset, ClockSource};
use crate::report::Report;

/// A line for each capture whose clock is not that of the first.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let Some(reference) = report.captures.first() else {
        return Vec::new();
    };
    let others = report.captures.iter().skip(1);
    others
        .flat_map(|capture| about(capture, report, &reference.name))
        .collect()
}

fn about(capture: &CaptureSummary, report: &Report, reference: &str) -> Vec<String> {
    let name = &capture.name;
    let offset = match &capture.clock {
        Clock::Compared(offset) => offset,
        Clock::Reference => return Vec::new(),
        Clock::Unknown(why) => {
            return vec![format!(
                "{name}: its clock cannot be compared with that of {reference} ({why}); its times are shown as they are."
            )];
        }
    };
    let mut lines = Vec::new();
    if capture.clock.correction() != Span::ZERO {
        let direction = if offset.offset.nanos() < 0 {
            "behind"
        } else {
            "ahead of"
        };
        lines.push(format!(
            "{name}: its clock is {} {direction} that of {reference} ({}); its times are shown corrected.",
            amount(offset.offset),
            basis(offset, report),
        ));
    }
    if let Some(drift) = offset.drift {
        let verb = if drift.nanos() < 0 { "lost" } else { "gained" };
        lines.push(format!(
            "{name}: its clock {verb} {} against that of {} during the capture; this is not corrected.",
            amount(drift),
            report.file_name(offset.against),
        ));
    }
    lines
}

fn basis(offset: &ClockOffset, report: &Report) -> String {
    let n = offset.matches;
    let s = if n == 1 { "" } else { "s" };
    let other = report.file_name(offset.against);
    match (offset.source, offset.uncertainty) {
        (ClockSource::Causality, Some(around)) => {
            let edge = |nanos: i64| {
                let at = Span::from_nanos(offset.offset.nanos().saturating_add(nanos));
                let sign = if at.nanos() < 0 { "-" } else { "" };
                format!("{sign}{}", amount(at))
            };
            format!(
                "between {} and {}: else requests and answers in it and in {other} would be in the wrong order",
                edge(around.nanos().saturating_neg()),
                edge(around.nanos())
            )
        }
        (ClockSource::Causality, None) => format!(
            "at least: else requests and answers in it and in {other} would be in the wrong order"
        ),
        (_, Some(around)) => format!("{n} packet{s} also in {other}, +- {}", amount(around)),
        (_, None) => format!(
            "{n} packet{s} also in {other}, of one direction only: the delay of the network is part of it"
        ),
    }
}

/// A stretch of time without its sign, to the millisecond: `3.214 s`, `2 h 0 min 0.012 s`.
fn amount(span: Span) -> String {
    let nanos = span.nanos().unsigned_abs();
    if nanos < 1_000_000 {
        return format!("{} us", nanos / 1_000);
    }
    let millis = nanos / 1_000_000;
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let seconds = format!("{}.{:03} s", millis / 1_000 % 60, millis % 1_000);
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes} min {seconds}"),
        _ => format!("{hours} h {minutes} min {seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_said_to_the_millisecond_at_any_size() {
        let said = |nanos| amount(Span::from_nanos(nanos));
        assert_eq!(said(-3_214_000_000), "3.214 s");
        assert_eq!(said(20_400_000), "0.020 s");
        assert_eq!(said(-7_200_012_000_000), "2 h 0 min 0.012 s");
        assert_eq!(said(150_000), "150 us");
        assert_eq!(said(61_000_000_000), "1 min 1.000 s");
    }
}
