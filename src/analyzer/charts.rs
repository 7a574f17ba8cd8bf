//! The charts of the calls and of the connections, put together.

use super::config::Config;
use crate::connection::Connections;
use crate::diagnosis::Placed;
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
        .iter()
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
