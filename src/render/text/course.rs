//! Direction by direction, and what went wrong first.

use super::finding::frame_name;
use super::layout::Sheet;
use super::overview::{ROWS, more};
use crate::diagnosis::{Course, Fares, Part, Placed};
use crate::finding::Severity;
use crate::render::time::Clock;
use crate::report::Report;

/// What works and what fails, by direction.
pub(super) fn directions(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    // Two directions of which nothing is known say nothing.
    let told: Vec<&Course> = report
        .courses
        .chunks(2)
        .filter(|pair| pair.iter().any(|c| c.fares != Fares::Unseen))
        .flatten()
        .collect();
    if told.is_empty() {
        return;
    }
    sheet.section("DIRECTIONS");
    for course in told.iter().take(ROWS) {
        let (from, to) = (
            report.hosts.label(course.from),
            report.hosts.label(course.to),
        );
        sheet.indented(
            "  ",
            "    ",
            &format!("{from} > {to}: {}", sentence(course, report, clock)),
        );
    }
    more(told.len(), "--format json has all", sheet);
}

pub(in crate::render) fn sentence(course: &Course, report: &Report, clock: &Clock) -> String {
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

/// What went wrong, in the order of time: shown where there is more than one cause.
pub(super) fn timeline(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    let mut faults: Vec<&Placed> = report
        .findings
        .iter()
        .filter(|p| p.finding.severity > Severity::Note)
        .collect();
    if faults.iter().filter(|p| p.part == Part::Root).count() < 2 {
        return;
    }
    faults.sort_by_key(|p| (p.finding.first, p.part, p.rule.class));
    sheet.section("WHAT WENT WRONG FIRST");
    for placed in faults.iter().take(ROWS) {
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
        sheet.indented(
            "  ",
            "    ",
            &format!(
                "{}  frame {}: {} ({mark}{often})",
                clock.short(finding.first),
                frame_name(finding.first, report),
                finding.rule
            ),
        );
    }
    more(faults.len(), "--format json has all", sheet);
}

/// What to capture next.
pub(super) fn wanted(report: &Report, sheet: &mut Sheet) {
    if report.wanted.is_empty() {
        return;
    }
    sheet.section("CAPTURE NEXT");
    for wanted in report.wanted.iter().take(ROWS) {
        sheet.indented("  - ", "    ", &wanted.lacking);
        for step in &wanted.steps {
            sheet.indented("      ", "        ", step);
        }
    }
}
