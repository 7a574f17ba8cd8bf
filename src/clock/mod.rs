//! How far the clocks of several captures are apart.
//!
//! Two captures of the same traffic are made by two machines, and their clocks differ: by milliseconds, by seconds, by a time zone.
//! Before the captures are merged each is read once for itself ([`Look`]); what they have in common tells the offset ([`compare`]):
//!
//! - The same packet in both: the difference of its times is the offset and the delay of the network between the two places. Packets
//!   of the other direction have the delay with the other sign, so the middle of both directions is the offset, if the delays
//!   are alike (the assumption of NTP, RFC 5905 §8).
//! - No packet in both, as where each capture has one direction: a SYN/ACK cannot precede its SYN, an acknowledgment not what it
//!   acknowledges, a response not its request. Each such pair bounds the offset on one side.

mod interval;
mod look;
mod pair;
mod sample;

pub use look::Look;

use crate::base::{FileIndex, Span};
use crate::capture::{Clock, ClockOffset};

/// Nothing was found that two captures have in common.
const NOTHING: &str = "no packet is in both, and neither has an answer to what is in the other";

/// The clock of each capture against that of the first. `None` stands for a capture that could not be read beforehand.
///
/// A capture that has nothing in common with the first is compared by way of those that have. The surest comparisons count first.
pub fn compare(looks: &[Option<Look>]) -> Vec<Clock> {
    let mut clocks: Vec<Clock> = looks
        .iter()
        .map(|look| {
            Clock::Unknown(match (look, looks.first()) {
                (None, _) => "it can be read only once",
                (_, Some(None)) => "that one can be read only once",
                _ => NOTHING,
            })
        })
        .collect();
    let Some(first) = clocks.first_mut() else {
        return clocks;
    };
    *first = Clock::Reference;
    let mut best: Vec<Option<ClockOffset>> = vec![None; looks.len()];
    let mut joined = Some((0, Span::ZERO));
    while let Some((known, offset)) = joined {
        for (n, look) in looks.iter().enumerate() {
            if !matches!(clocks.get(n), Some(Clock::Unknown(_))) {
                continue;
            }
            let (Some(Some(base)), Some(look)) = (looks.get(known), look) else {
                continue;
            };
            let Some(mut found) = pair::offset(base, look).or_else(|| interval::offset(base, look))
            else {
                continue;
            };
            found.offset = Span::from_nanos(found.offset.nanos().saturating_add(offset.nanos()));
            found.against = FileIndex(u16::try_from(known).unwrap_or(u16::MAX));
            if let Some(slot) = best.get_mut(n)
                && slot.is_none_or(|old| surer(&found, &old))
            {
                *slot = Some(found);
            }
        }
        joined = None;
        let next = best
            .iter()
            .enumerate()
            .filter_map(|(n, found)| found.map(|f| (n, f)))
            .reduce(|a, b| if surer(&b.1, &a.1) { b } else { a });
        if let Some((n, found)) = next {
            if let (Some(clock), Some(slot)) = (clocks.get_mut(n), best.get_mut(n)) {
                *clock = Clock::Compared(found);
                *slot = None;
            }
            joined = Some((n, found.offset));
        }
    }
    clocks
}

fn surer(new: &ClockOffset, old: &ClockOffset) -> bool {
    (new.source, std::cmp::Reverse(new.matches)) < (old.source, std::cmp::Reverse(old.matches))
}

#[cfg(test)]
mod tests;
