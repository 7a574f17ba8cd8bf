//! What is kept of calls that have ended, for charts and for extracts.

use super::config::Config;
use crate::base::{FileIndex, FrameNumber};
use crate::connection::Connections;
use crate::diagnosis::Placed;
use crate::dialog::Call;
use crate::finding::Severity;
use crate::ladder::{self, Arrow, Calls, Charts};
use std::collections::{BTreeMap, BTreeSet};

/// The charts of connections that findings cite come first, then others.
pub(super) fn assemble(
    calls: Calls,
    connections: &Connections,
    placed: &[Placed],
    config: &Config,
) -> Charts {
    if !config.charts {
        return Charts::default();
    }
    let (of_calls, calls_left_out) = calls.finish();
    let cited: BTreeSet<u32> = placed
        .iter()
        .filter(|p| p.finding.severity > Severity::Note)
        .flat_map(|p| p.finding.streams.iter().copied())
        .collect();
    let mut by_stream: BTreeMap<u32, Vec<&Arrow>> = BTreeMap::new();
    for arrow in of_calls.iter().flat_map(|chart| &chart.arrows) {
        if let Some(stream) = arrow.stream {
            by_stream.entry(stream).or_default().push(arrow);
        }
    }
    let (first, then): (Vec<_>, Vec<_>) = connections
        .all()
        .partition(|c| cited.contains(&c.flow.stream));
    let left_out = connections.all().len().saturating_sub(config.limits.charts);
    let mut charts: Vec<_> = first
        .into_iter()
        .chain(then)
        .take(config.limits.charts)
        .filter_map(|c| {
            let messages = by_stream.get(&c.flow.stream);
            ladder::connection(c, messages.map_or(&[][..], Vec::as_slice))
        })
        .collect();
    charts.sort_by_key(|chart| chart.span());
    charts.extend(of_calls);
    Charts {
        charts,
        calls_left_out,
        connections_left_out: u64::try_from(left_out).unwrap_or(u64::MAX),
    }
}

/// Frames kept; a flood of failing calls must not fill the memory.
const FRAMES: usize = 262_144;

/// The frames of the calls in which faults were found.
#[derive(Debug)]
pub(super) struct CitedFrames {
    wanted: bool,
    frames: BTreeSet<(FileIndex, FrameNumber)>,
}

impl CitedFrames {
    pub(super) const fn new(wanted: bool) -> Self {
        Self {
            wanted,
            frames: BTreeSet::new(),
        }
    }

    pub(super) fn push(&mut self, call: &Call) {
        if !self.wanted {
            return;
        }
        for at in call.messages.iter().flat_map(|seen| seen.message.frames()) {
            if self.frames.len() >= FRAMES {
                return;
            }
            self.frames.insert((at.file, at.number));
        }
    }

    pub(super) fn finish(self) -> BTreeSet<(FileIndex, FrameNumber)> {
        self.frames
    }
}
