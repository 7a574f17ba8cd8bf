//! Capture times as text.

use crate::base::{FrameRef, Timestamp};
use crate::report::Report;
use jiff::tz::TimeZone;

/// How times are shown to people (`--time`). JSON always has UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeStyle {
    /// Coordinated universal time.
    #[default]
    Utc,
    /// The time zone of this machine.
    Local,
    /// Seconds since the first frame.
    Relative,
}

/// RFC 3339 in UTC with `digits` places of the second, the capture's own precision.
pub fn rfc3339(time: Timestamp, digits: u8) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time.nanos())) {
        Ok(time) => format!("{time:.*}", usize::from(digits.min(9))),
        // Outside the years that calendars know: the number itself, rather than a wrong date.
        Err(_) => format!("{} ns since 1970-01-01T00:00:00Z", time.nanos()),
    }
}

/// Shows times of one report.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    style: TimeStyle,
    start: Timestamp,
    zone: TimeZone,
}

impl Clock {
    pub(super) fn new(report: &Report, style: TimeStyle) -> Self {
        let start = report
            .captures
            .iter()
            .filter_map(|c| Some(c.clock.corrected(c.first?)))
            .min()
            .unwrap_or_default();
        let zone = match style {
            TimeStyle::Local => TimeZone::system(),
            TimeStyle::Utc | TimeStyle::Relative => TimeZone::UTC,
        };
        Self { style, start, zone }
    }

    /// Time of day with milliseconds, or seconds since the start.
    pub(super) fn short(&self, at: FrameRef) -> String {
        if self.style == TimeStyle::Relative {
            return format!("{:.3}", at.time.since(self.start).as_secs_f64());
        }
        match jiff::Timestamp::from_nanosecond(i128::from(at.time.nanos())) {
            Ok(time) => time
                .to_zoned(self.zone.clone())
                .strftime("%H:%M:%S%.3f")
                .to_string(),
            Err(_) => at.time.nanos().to_string(),
        }
    }

    /// Date and time with the zone.
    pub(super) fn long(&self, time: Timestamp) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(time.nanos())) {
            Ok(stamp) => stamp
                .to_zoned(self.zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S %Z")
                .to_string(),
            Err(_) => rfc3339(time, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_the_precision_of_the_capture() {
        let time = Timestamp::from_nanos(1_393_872_974_123_456_789);
        assert_eq!(rfc3339(time, 6), "2014-03-03T18:56:14.123456Z");
        assert_eq!(rfc3339(time, 9), "2014-03-03T18:56:14.123456789Z");
        assert_eq!(rfc3339(time, 0), "2014-03-03T18:56:14Z");
    }
}
