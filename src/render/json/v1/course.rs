//! The views of directions, of what to capture next, and of the order in which things went wrong.

use super::{PlaceV1, place};
use crate::finding::Severity;
use crate::render::escape;
use crate::report::Report;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct DirectionV1 {
    from: String,
    to: String,
    fares: &'static str,
    requests: u64,
    succeeded: u64,
    failed: u64,
    connections: u64,
    connections_failed: u64,
    works_since: Option<PlaceV1>,
}

#[derive(Debug, Serialize)]
pub(super) struct NextCaptureV1 {
    lacking: String,
    steps: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct EventV1 {
    rule: &'static str,
    role: &'static str,
    count: u64,
    first: PlaceV1,
    last: PlaceV1,
}

pub(super) fn directions(report: &Report) -> Vec<DirectionV1> {
    report
        .courses
        .iter()
        .map(|course| DirectionV1 {
            from: course.from.to_string(),
            to: course.to.to_string(),
            fares: course.fares.name(),
            requests: course.requests,
            succeeded: course.succeeded,
            failed: course.failed,
            connections: course.connections,
            connections_failed: course.broken,
            works_since: course.since.map(|at| place(at, report)),
        })
        .collect()
}

pub(super) fn next_capture(report: &Report) -> Vec<NextCaptureV1> {
    report
        .wanted
        .iter()
        .map(|wanted| NextCaptureV1 {
            lacking: escape::line(&wanted.lacking).into_owned(),
            steps: wanted
                .steps
                .iter()
                .map(|step| escape::line(step).into_owned())
                .collect(),
        })
        .collect()
}

/// Findings above a note by the time they were first seen.
pub(super) fn timeline(report: &Report) -> Vec<EventV1> {
    let mut events: Vec<_> = report
        .findings
        .iter()
        .filter(|p| p.finding.severity > Severity::Note)
        .collect();
    events.sort_by_key(|p| (p.finding.first, p.part, p.rule.class));
    events
        .into_iter()
        .map(|p| EventV1 {
            rule: p.finding.rule,
            role: p.part.name(),
            count: p.finding.count,
            first: place(p.finding.first, report),
            last: place(p.finding.last, report),
        })
        .collect()
}
