//! The offset of two captures of which one has the answers to what the other has.

use super::look::Look;
use crate::base::{FileIndex, Span};
use crate::capture::{ClockOffset, ClockSource};

/// A single pair proves nothing.
const FEWEST: usize = 2;
/// One pair in so many may contradict the others: a request that one capture lost and has as a retransmission only.
const STRAY: usize = 64;

/// How far the clock of `other` is ahead of that of `base`; `None` when nothing ties them, or what does contradicts itself.
pub(super) fn offset(base: &Look, other: &Look) -> Option<ClockOffset> {
    // An answer in `other` is later by the offset and by the time it took: the offset is at most that.
    let mut most: Vec<i64> = later(base, other);
    // An answer in `base` is later by the time it took, less the offset: the offset is at least the negative of that.
    let mut least: Vec<i64> = later(other, base)
        .iter()
        .map(|nanos| nanos.saturating_neg())
        .collect();
    let matches = most.len().saturating_add(least.len());
    if matches < FEWEST {
        return None;
    }
    most.sort_unstable();
    least.sort_unstable_by(|a, b| b.cmp(a));
    let highest = most.get(most.len() / STRAY).copied();
    let lowest = least.get(least.len() / STRAY).copied();
    let (offset, uncertainty) = match (lowest, highest) {
        (Some(low), Some(high)) if low <= high => {
            let half = high.saturating_sub(low) / 2;
            // Where equal clocks are possible they are what is likely.
            let middle = if low <= 0 && high >= 0 {
                0
            } else {
                low.saturating_add(half)
            };
            (middle, Some(half))
        }
        (Some(_), Some(_)) | (None, None) => return None,
        // Known on one side only: as little as need be.
        (Some(low), None) => (low.max(0), None),
        (None, Some(high)) => (high.min(0), None),
    };
    Some(ClockOffset {
        offset: Span::from_nanos(offset),
        source: ClockSource::Causality,
        matches: u64::try_from(matches).unwrap_or(u64::MAX),
        uncertainty: uncertainty.map(Span::from_nanos),
        against: FileIndex(0),
        drift: None,
    })
}

/// By how much each answer in one capture is later than its cause in the other, by the two clocks. Where the capture with the answer
/// has the cause as well, the one in the other capture may be a repetition.
fn later(causes: &Look, effects: &Look) -> Vec<i64> {
    causes
        .causes
        .common(&effects.effects)
        .filter(|(name, ..)| effects.causes.lacks(*name))
        .map(|(_, cause, effect)| effect.since(*cause).nanos())
        .collect()
}
