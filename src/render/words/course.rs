//! Direction by direction, and what went wrong first.

use super::frame_name;
use crate::diagnosis::{Course, Fares, Part, Placed};
use crate::finding::Severity;
use crate::render::time::Clock;
use crate::report::Report;

/// What works and what fails, by direction; nothing of pairs of which nothing is known.
pub(in crate::render) fn directions(report: &Report, clock: &Clock) -> Vec<(String, Fares)> {
    report
        .courses
        .chunks(2)
        .filter(|pair| pair.iter().any(|c| c.fares != Fares::Unseen))
        .flatten()
        .map(|course| {
            let (from, to) = (
                report.hosts.label(course.from),
                report.hosts.label(course.to),
            );
            let text = format!("{from} > {to}: {}", sentence(course, report, clock));
            (text, course.fares)
        })
        .collect()
}

fn sentence(course: &Course, report: &Report, clock: &Clock) -> String {
    let requests = plural(course.requests, "request");
    let connections = if course.broken > 0 {
        format!(
            "{} of {} failed",
            course.broken,
            plural(course.connections, "connection")
        )
    } else {
        String::new()
    };
    let sip = if course.requests > 0 {
        format!(
            "{} of {requests} succeeded, {} failed",
            course.succeeded, course.failed
        )
    } else {
        String::new()
    };
    let numbers = [sip, connections]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    match course.fares {
        Fares::Works => format!("works ({} of {requests} succeeded)", course.succeeded),
        Fares::Fails => format!("FAILS ({numbers})"),
        Fares::Partly => format!("works in part ({numbers})"),
        Fares::Recovered => {
            let since = course.since.map_or_else(String::new, |at| {
                format!(
                    " since frame {} at {}",
                    frame_name(at, report),
                    clock.short(at)
                )
            });
            format!("works{since}, failed before ({numbers})")
        }
        Fares::Open => format!("undecided ({requests}, none succeeded, none failed)"),
        Fares::Unread => format!(
            "not read ({}, encrypted)",
            plural(course.connections, "connection")
        ),
        Fares::Unseen => "nothing seen".to_owned(),
    }
}

fn plural(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// What went wrong, in the order of time.
pub(in crate::render) struct Fault<'a> {
    pub(in crate::render) placed: &'a Placed,
    pub(in crate::render) time: String,
    pub(in crate::render) frame: String,
    /// `cause`, `follows`, and how often.
    pub(in crate::render) mark: String,
}

/// The faults in the order of time.
pub(in crate::render) fn timeline<'a>(report: &'a Report, clock: &Clock) -> Vec<Fault<'a>> {
    let mut faults: Vec<&Placed> = report
        .findings
        .iter()
        .filter(|p| p.finding.severity > Severity::Note)
        .collect();
    faults.sort_by_key(|p| (p.finding.first, p.part, p.rule.class));
    faults
        .into_iter()
        .map(|placed| {
            let finding = &placed.finding;
            let mark = if placed.part == Part::Root {
                "cause"
            } else {
                "follows"
            };
            let often = if finding.count > 1 {
                format!(
                    ", {} times until {}",
                    finding.count,
                    clock.short(finding.last)
                )
            } else {
                String::new()
            };
            Fault {
                placed,
                time: clock.short(finding.first),
                frame: frame_name(finding.first, report),
                mark: format!("{mark}{often}"),
            }
        })
        .collect()
}
