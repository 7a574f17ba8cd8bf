//! Capture time: the only clock sipdiag knows.

use std::fmt;
use std::ops::{Add, Sub};

/// A moment of the capture: nanoseconds since 1970-01-01T00:00:00Z, as stored in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch (rounded down).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Time from `earlier` to `self`; negative when `self` is the earlier one. Saturates.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        self.since(earlier)
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// A stretch of capture time in nanoseconds; may be negative, because captures step backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds. Saturates.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From seconds. Saturates.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds with fraction, for showing only.
    #[expect(
        clippy::cast_precision_loss,
        reason = "shown with three digits at most"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for Span {
    /// `31.998 s`, `12 ms`, `340 us`: three significant places are enough for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if nanos >= 10_000_000_000 {
            write!(f, "{sign}{:.1} s", self.as_secs_f64().abs())
        } else if nanos >= 1_000_000_000 {
            write!(f, "{sign}{:.2} s", self.as_secs_f64().abs())
        } else if nanos >= 1_000_000 {
            write!(f, "{sign}{} ms", nanos / 1_000_000)
        } else {
            write!(f, "{sign}{} us", nanos / 1_000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_like_a_person_writes_them() {
        let shown = |n| Span::from_nanos(n).to_string();
        assert_eq!(shown(31_998_000_000), "32.0 s");
        assert_eq!(shown(1_234_000_000), "1.23 s");
        assert_eq!(shown(12_900_000), "12 ms");
        assert_eq!(shown(-340_000), "-340 us");
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let end = Timestamp::from_nanos(i64::MAX);
        assert_eq!((end + Span::from_secs(1)).nanos(), i64::MAX);
        assert_eq!(end.since(Timestamp::from_nanos(i64::MIN)).nanos(), i64::MAX);
    }
}
