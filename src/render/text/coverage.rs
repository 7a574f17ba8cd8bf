//! What was read of the captures, and what was not seen.

use super::clocks;
use super::finding::frame_name;
use super::layout::Sheet;
use super::overview::{ROWS, more};
use super::suppressed;
use crate::base::{CaveatKind, FrameRef};
use crate::capture::CaptureSummary;
use crate::render::time::Clock;
use crate::report::{Coverage, Fate, Report};

/// Places where SIP or TLS was found that are shown; all are in JSON.
const PLACES: usize = 6;

/// What was read, and what was not.
pub(super) fn coverage(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    let coverage = &report.coverage;
    sheet.section("WHAT WAS READ");
    for capture in &report.captures {
        sheet.indented("  ", "    ", &file(capture, clock));
    }
    clocks::lines(report, sheet);
    let mut line = |text: &str| sheet.indented("  ", "    ", text);
    line(&scope(coverage));
    line(&frames(coverage));
    line(&messages(coverage));
    if coverage.connections > 0 {
        line(&streams(coverage));
    }
    if coverage.tls_sessions > 0 {
        line(&sessions(coverage));
    }
    if !coverage.found.is_empty() {
        line(&found(coverage));
    }
    for text in suppressed::lines(report) {
        line(&text);
    }
    not_seen(report, clock, sheet);
}

fn file(capture: &CaptureSummary, clock: &Clock) -> String {
    let mut text = format!(
        "{}: {}, {}, {} bytes",
        capture.name,
        capture.format,
        count(capture.packets, "packet"),
        capture.bytes
    );
    if let (Some(first), Some(last)) = (capture.first, capture.last) {
        text.push_str(&format!(
            ", {} for {}",
            clock.long(first),
            last.since(first)
        ));
    }
    if let Some(drops) = capture.drops.filter(|n| *n > 0) {
        text.push_str(&format!(
            "; {} lost while capturing",
            count(drops, "packet")
        ));
    }
    let (steps, largest) = capture.steps_back;
    if steps > 0 {
        text.push_str(&format!(
            "; {} back in time, at most {largest}",
            count(steps, "step")
        ));
    }
    if !capture.complete {
        text.push_str("; NOT COMPLETE");
    }
    text
}

fn scope(coverage: &Coverage) -> String {
    let networks: Vec<String> = coverage.networks.iter().map(ToString::to_string).collect();
    let scope = if networks.is_empty() {
        "everything".to_owned()
    } else {
        networks.join(", ")
    };
    format!(
        "In scope: {scope} ({}): {}, {} others left aside.",
        coverage.networks_reason,
        count(coverage.packets_in_scope, "packet"),
        coverage.packets_out_of_scope
    )
}

/// How many frames were read, and what the others are.
fn frames(coverage: &Coverage) -> String {
    let frames = &coverage.frames;
    let others: Vec<String> = Fate::ALL
        .iter()
        .filter(|fate| !fate.is_read() && frames.count(**fate) > 0)
        .map(|fate| {
            let rows: Vec<_> = frames.rows(*fate).collect();
            let names = match rows.as_slice() {
                [("", _)] => String::new(),
                [(name, _)] => format!(" ({name})"),
                several => {
                    let each: Vec<String> = several
                        .iter()
                        .map(|(name, n)| format!("{name} {n}"))
                        .collect();
                    format!(" ({})", each.join(", "))
                }
            };
            format!("{}: {}{names}", fate.text(), frames.count(*fate))
        })
        .collect();
    if others.is_empty() {
        return format!("Frames: all {} read.", frames.total());
    }
    format!(
        "Frames: {} of {} read. Not read: {}.",
        frames.read(),
        frames.total(),
        others.join("; ")
    )
}

fn messages(coverage: &Coverage) -> String {
    if coverage.sip_messages == 0 {
        return "SIP: no message was read.".to_owned();
    }
    let defects: Vec<String> = coverage
        .sip_defects
        .iter()
        .map(|(name, (n, _))| format!("{name} {n}"))
        .collect();
    let defects = if defects.is_empty() {
        "none with defects".to_owned()
    } else {
        format!(
            "{} with defects: {}",
            coverage.sip_malformed,
            defects.join(", ")
        )
    };
    format!(
        "SIP: {}, {defects}.",
        count(coverage.sip_messages, "message")
    )
}

fn streams(coverage: &Coverage) -> String {
    let mut text = format!(
        "TCP: {}, {} of SIP or TLS",
        count(coverage.connections, "connection"),
        coverage.sip_connections
    );
    match coverage.one_directional {
        0 => {}
        n if n == coverage.sip_connections => {
            text.push_str(", captured in ONE DIRECTION ONLY: mirror both directions");
        }
        n => text.push_str(&format!(", {n} of them captured in one direction only")),
    }
    if coverage.missing_bytes > 0 {
        text.push_str(&format!(
            "; {} missing in {}{}",
            count(coverage.missing_bytes, "byte"),
            coverage.gaps.len(),
            if coverage.gaps.len() == 1 {
                " of them"
            } else {
                ""
            }
        ));
    }
    text.push('.');
    text
}

fn sessions(coverage: &Coverage) -> String {
    let reasons: Vec<String> = coverage
        .tls_reasons
        .iter()
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    let reasons = if reasons.is_empty() {
        String::new()
    } else {
        format!(" ({})", reasons.join(", "))
    };
    let empty = coverage
        .tls_sessions
        .saturating_sub(coverage.tls_decrypted)
        .saturating_sub(coverage.tls_unread);
    let empty = if empty == 0 {
        String::new()
    } else {
        format!(", {empty} without content")
    };
    format!(
        "TLS: {}, {} read, {} closed{reasons}{empty}.",
        count(coverage.tls_sessions, "session"),
        coverage.tls_decrypted,
        coverage.tls_unread
    )
}

/// Where SIP and TLS were found.
fn found(coverage: &Coverage) -> String {
    let places: Vec<String> = coverage
        .found
        .iter()
        .take(PLACES)
        .map(|((at, carriage), found)| {
            let protocol = if found.messages == 0 { "" } else { "SIP, " };
            let mut text = format!("{at} ({protocol}{carriage}");
            if found.connections > 0 {
                text.push_str(&format!(", {}", count(found.connections, "connection")));
            }
            if found.messages > 0 {
                text.push_str(&format!(", {}", count(found.messages, "message")));
            }
            text.push(')');
            text
        })
        .collect();
    let more = match coverage.found.len().saturating_sub(PLACES) {
        0 => String::new(),
        n => format!(" and {n} more (--format json)"),
    };
    format!("Found on: {}{more}.", places.join("; "))
}

/// `1 packet`, `2 packets`
pub(super) fn count(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn not_seen(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    let unread = &report.coverage.undecrypted;
    if report.caveats.is_empty() && unread.is_empty() {
        return;
    }
    sheet.section("WHAT WAS NOT SEEN");
    for session in unread.iter().take(ROWS) {
        sheet.indented(
            "  - ",
            "    ",
            &format!("{}: not decrypted: {}", session.connection, session.reason),
        );
    }
    if unread.len() > ROWS {
        more(unread.len(), "--list connections", sheet);
    }
    let others: Vec<_> = report
        .caveats
        .iter()
        .filter(|c| c.kind != CaveatKind::NotDecrypted)
        .collect();
    for caveat in others.iter().take(2 * ROWS) {
        let place = caveat
            .places
            .first()
            .map_or_else(String::new, |at: &FrameRef| {
                format!(
                    " (first: frame {} at {})",
                    frame_name(*at, report),
                    clock.short(*at)
                )
            });
        let count = if caveat.count > 1 {
            format!("{} times: ", caveat.count)
        } else {
            String::new()
        };
        sheet.indented("  - ", "    ", &format!("{count}{}{place}", caveat.text));
    }
    if others.len() > 2 * ROWS {
        more(others.len() - ROWS, "--format json", sheet);
    }
}
