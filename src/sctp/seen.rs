//! Which TSNs went by (RFC 9260 §6): copies are known by them, and what is missing.

use std::collections::BTreeMap;

/// Holes kept singly; older ones are closed and counted.
const HOLES: usize = 1024;
/// A TSN further from the others than this belongs to another association.
const FAR: u32 = 1 << 20;

/// The TSNs of one direction, without the wrap-around at 2^32.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// First and last of each row of TSNs.
    rows: BTreeMap<u64, u64>,
    /// The first TSN that is expected, where an INIT or a SACK said so.
    from: Option<u64>,
    /// The highest known to have been received by the peer.
    acked: Option<u64>,
    /// In holes that were closed.
    closed: u64,
}

impl Seen {
    /// With the first TSN that is expected.
    pub(super) fn from(first: u32) -> Self {
        Self {
            from: Some((1 << 32) | u64::from(first)),
            ..Self::default()
        }
    }

    fn highest(&self) -> Option<u64> {
        let rows = self.rows.last_key_value().map(|(_, end)| *end);
        rows.or_else(|| self.from.map(|from| from.saturating_sub(1)))
    }

    /// The TSN without wrap-around; `None` when it is far from all others.
    pub(super) fn extend(&self, tsn: u32) -> Option<u64> {
        let Some(highest) = self.highest() else {
            return Some((1 << 32) | u64::from(tsn));
        };
        let low = u32::try_from(highest & u64::from(u32::MAX)).unwrap_or(0);
        let (ahead, behind) = (tsn.wrapping_sub(low), low.wrapping_sub(tsn));
        if ahead <= FAR {
            highest.checked_add(u64::from(ahead))
        } else if behind <= FAR {
            highest.checked_sub(u64::from(behind))
        } else {
            None
        }
    }

    /// Whether this is the first TSN that is expected.
    pub(super) fn begins_with(&self, tsn: u32) -> bool {
        self.from
            .is_some_and(|from| from & u64::from(u32::MAX) == u64::from(tsn))
    }

    /// Notes a TSN; whether it is new.
    pub(super) fn note(&mut self, tsn: u64) -> bool {
        let before = self.rows.range(..=tsn).next_back();
        let before = before.map(|(start, end)| (*start, *end));
        if before.is_some_and(|(_, end)| end >= tsn) {
            return false;
        }
        let start = match before {
            Some((start, end)) if end.saturating_add(1) == tsn => start,
            _ => tsn,
        };
        let end = self.rows.remove(&tsn.saturating_add(1)).unwrap_or(tsn);
        self.rows.insert(start, end);
        if self.rows.len() > HOLES
            && let Some((first, until)) = self.rows.pop_first()
            && let Some((second, end)) = self.rows.pop_first()
        {
            let hole = second.saturating_sub(until).saturating_sub(1);
            self.closed = self.closed.saturating_add(hole);
            self.rows.insert(first, end);
        }
        true
    }

    /// The peer says that it has all up to this one.
    pub(super) fn ack(&mut self, tsn: u32) {
        if let Some(tsn) = self.extend(tsn) {
            self.acked = self.acked.max(Some(tsn));
        }
    }

    /// How many went by that are not in the capture.
    pub(super) fn missing(&self) -> u64 {
        let mut missing = self.closed;
        let mut next = self.from;
        for (start, end) in &self.rows {
            let hole = next.map_or(0, |next| start.saturating_sub(next));
            missing = missing.saturating_add(hole);
            next = Some(end.saturating_add(1));
        }
        let tail = self.acked.zip(next).map_or(0, |(acked, next)| {
            acked.saturating_add(1).saturating_sub(next)
        });
        missing.saturating_add(tail)
    }
}
