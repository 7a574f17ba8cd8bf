//! The offset of two captures that show the same packets.

use super::look::Look;
use crate::base::{FileIndex, Span, Timestamp};
use crate::capture::{ClockOffset, ClockSource};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Two copies of a packet are no further apart than this, beside the offset: the longest delay of a network.
const SPREAD: i64 = 250_000_000;
/// What clocks drift apart, in parts of a million: ten times what a usual quartz does.
const DRIFT_PPM: i64 = 200;
/// A drift that is worth being said.
const NOTABLE: i64 = 50_000_000;
/// Packets at either end of a capture from which a drift can be told.
const ENDS: usize = 4;

/// A packet in both captures: when the first capture saw it, and how much later by its clock the second.
#[derive(Debug, Clone, Copy)]
struct Match {
    at: Timestamp,
    later: i64,
    hosts: (IpAddr, IpAddr),
    up: bool,
    tcp: bool,
}

/// How far the clock of `other` is ahead of that of `base`; `None` when too little agrees.
pub(super) fn offset(base: &Look, other: &Look) -> Option<ClockOffset> {
    let mut matches: Vec<Match> = base
        .packets
        .common(&other.packets)
        .filter(|(_, a, b)| !a.again && !b.again)
        .map(|(_, a, b)| Match {
            at: a.time,
            later: b.time.since(a.time).nanos(),
            hosts: a.hosts,
            up: a.up,
            tcp: a.tcp,
        })
        .collect();
    let all = matches.len();
    agreeing(&mut matches);
    let tcp = matches.iter().any(|m| m.tcp);
    // One datagram may be like another by chance; and where most disagree, what agrees does so by chance.
    if matches.is_empty() || (!tcp && matches.len() < 2) || matches.len() <= all / 2 {
        return None;
    }
    let (offset, uncertainty, source) = middle(&matches);
    Some(ClockOffset {
        offset: Span::from_nanos(offset),
        source,
        matches: u64::try_from(matches.len()).unwrap_or(u64::MAX),
        uncertainty: uncertainty.map(Span::from_nanos),
        against: FileIndex(0),
        drift: drift(&mut matches),
    })
}

/// Keeps the largest group of matches that are near each other.
fn agreeing(matches: &mut Vec<Match>) {
    let first = matches.iter().map(|m| m.at).min().unwrap_or_default();
    let last = matches.iter().map(|m| m.at).max().unwrap_or_default();
    let drift = (last.since(first).nanos() / 1_000_000).saturating_mul(DRIFT_PPM);
    let width = SPREAD.saturating_add(drift);
    matches.sort_by_key(|m| m.later);
    let mut best = 0..0;
    let mut end = 0;
    for (start, lowest) in matches.iter().enumerate() {
        while matches
            .get(end)
            .is_some_and(|m| m.later.saturating_sub(lowest.later) <= width)
        {
            end = end.saturating_add(1);
        }
        if end.saturating_sub(start) > best.len() {
            best = start..end;
        }
    }
    *matches = matches.get(best).unwrap_or_default().to_vec();
}

/// The middle between the two directions of the hosts that have most matches in both; else of all matches.
fn middle(matches: &[Match]) -> (i64, Option<i64>, ClockSource) {
    let mut hosts: BTreeMap<(IpAddr, IpAddr), [Vec<i64>; 2]> = BTreeMap::new();
    for m in matches {
        let [up, down] = hosts.entry(m.hosts).or_default();
        if m.up { up } else { down }.push(m.later);
    }
    let both = hosts
        .values()
        .max_by_key(|[up, down]| up.len().min(down.len()))
        .filter(|[up, down]| !up.is_empty() && !down.is_empty());
    if let Some([up, down]) = both {
        let (up, down) = (median(up.clone()), median(down.clone()));
        let half = up.saturating_sub(down) / 2;
        return (
            down.saturating_add(half),
            Some(half.saturating_abs()),
            ClockSource::Packets,
        );
    }
    let all: Vec<i64> = matches.iter().map(|m| m.later).collect();
    (median(all), None, ClockSource::PacketsOneWay)
}

/// How much the offset grew from the first quarter of the matches to the last, of the direction that has more.
fn drift(matches: &mut [Match]) -> Option<Span> {
    matches.sort_by_key(|m| m.at);
    let ups = matches.iter().filter(|m| m.up).count();
    let up = ups >= matches.len().saturating_sub(ups);
    let later: Vec<i64> = matches
        .iter()
        .filter(|m| m.up == up)
        .map(|m| m.later)
        .collect();
    let quarter = later.len() / 4;
    if quarter < ENDS {
        return None;
    }
    let early = median(later.get(..quarter)?.to_vec());
    let late = median(later.get(later.len().saturating_sub(quarter)..)?.to_vec());
    let drift = late.saturating_sub(early);
    (drift.saturating_abs() > NOTABLE).then_some(Span::from_nanos(drift))
}

fn median(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
