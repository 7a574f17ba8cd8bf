//! What a host says of its own clock, held against the capture's (failure catalogue, section 3).

use super::clues::cisco_identifier;
use crate::base::{FrameRef, Span, Timestamp};
use crate::dialog::Seen;
use std::net::IpAddr;

/// Readings kept of one source.
const KEPT: usize = 8;
/// Readings of one source that are further apart do not show one clock.
const AGREE: Span = Span::from_secs(30);
/// Stacks that write random bytes where the time should be are this far off nearly always.
const BELIEVED: Span = Span::from_secs(365 * 86_400);

/// A time that a host wrote into what it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The frame.
    pub at: FrameRef,
    /// How far the host's clock is ahead of the capture's; negative when it is behind.
    pub ahead: Span,
    /// Where it was written.
    pub source: &'static str,
}

/// All that a host says of its clock.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnClock {
    /// Date header fields and identifiers with a time in them.
    written: Vec<Reading>,
    /// The first four bytes of the Random in hellos (RFC 5246 §7.4.1.2).
    hellos: Vec<Reading>,
    /// A hello had something else there: then all of them may.
    random: bool,
}

impl OwnClock {
    /// Learns from a message that the host made itself.
    pub(super) fn message(&mut self, seen: &Seen) {
        let message = &seen.message;
        // A proxy passes on what others wrote: only what has one Via was made by its sender, or by the server that answers it.
        let own = if message.is_request() {
            message.via_count() <= 1
        } else {
            message.server().is_some_and(|s| s.starts_with("RTC/"))
                && message.challenges().next().is_some()
        };
        if own && let Some(date) = message.date() {
            self.write(seen.at(), date, "Date header field");
        }
        let begins = message.is_request() && message.to().is_some_and(|to| to.tag().is_none());
        if begins
            && let Some(id) = message.call_id()
            && let Some((address, _, seconds)) = cisco_identifier(id.bytes())
            && IpAddr::V4(address) == seen.hop.src.addr
        {
            let time = Timestamp::from_nanos(i64::from(seconds).saturating_mul(1_000_000_000));
            self.write(seen.at(), time, "time in the Call-ID of the Cisco gateway");
        }
    }

    fn write(&mut self, at: FrameRef, time: Timestamp, source: &'static str) {
        let ahead = time.since(at.time);
        if self.written.len() < KEPT && within(ahead, BELIEVED) {
            self.written.push(Reading { at, ahead, source });
        }
    }

    /// Learns from the Random of a hello: seconds since 1970, if it is a time.
    pub(super) fn hello(&mut self, at: FrameRef, seconds: u32) {
        let time = Timestamp::from_nanos(i64::from(seconds).saturating_mul(1_000_000_000));
        let ahead = time.since(at.time);
        if !within(ahead, BELIEVED) {
            self.random = true;
        } else if self.hellos.len() < KEPT {
            self.hellos.push(Reading {
                at,
                ahead,
                source: "time in the Random of its hello",
            });
        }
    }

    /// The reading to believe: all of its source agree.
    pub(super) fn reading(&self) -> Option<Reading> {
        // Two hellos that agree are no chance: random bytes do once in 140 million.
        let hellos = (!self.random && self.hellos.len() >= 2)
            .then(|| agreed(&self.hellos))
            .flatten();
        agreed(&self.written).or(hellos)
    }
}

fn within(span: Span, limit: Span) -> bool {
    span <= limit && span >= Span::from_nanos(limit.nanos().saturating_neg())
}

fn agreed(readings: &[Reading]) -> Option<Reading> {
    let first = readings.first()?;
    readings
        .iter()
        .all(|r| {
            within(
                Span::from_nanos(r.ahead.nanos().saturating_sub(first.ahead.nanos())),
                AGREE,
            )
        })
        .then_some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> FrameRef {
        FrameRef {
            time: Timestamp::from_nanos(seconds * 1_000_000_000),
            ..FrameRef::default()
        }
    }

    #[test]
    fn hellos_that_agree_show_a_clock_and_random_ones_do_not() {
        let mut clock = OwnClock::default();
        clock.hello(at(1_400_000_000), 1_400_000_600);
        assert_eq!(clock.reading(), None, "one may be chance");
        clock.hello(at(1_400_000_100), 1_400_000_701);
        assert_eq!(clock.reading().unwrap().ahead, Span::from_secs(600));
        clock.hello(at(1_400_000_200), 7);
        assert_eq!(
            clock.reading(),
            None,
            "a random one makes all of them doubtful"
        );
    }

    #[test]
    fn readings_that_contradict_each_other_show_nothing() {
        let mut clock = OwnClock::default();
        clock.hello(at(1_400_000_000), 1_400_000_600);
        clock.hello(at(1_400_000_100), 1_400_009_000);
        assert_eq!(clock.reading(), None);
    }
}
