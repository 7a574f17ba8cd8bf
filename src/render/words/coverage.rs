//! What was read of the captures, and what was not seen.

use super::{clocks, frame_name, suppressed};
use crate::base::{CaveatKind, FrameRef};
use crate::capture::CaptureSummary;
use crate::render::time::Clock;
use crate::report::{Coverage, Fate, Report};

/// Places where SIP or TLS was found that are shown; all are in JSON.
const PLACES: usize = 6;

/// The captures, a sentence each.
pub(in crate::render) fn files(report: &Report, clock: &Clock) -> Vec<String> {
    let captures = report.captures.iter();
    captures.map(|capture| file(capture, clock)).collect()
}

/// What was read, a sentence each.
pub(in crate::render) fn read(report: &Report, clock: &Clock) -> Vec<String> {
    let coverage = &report.coverage;
    let mut lines = files(report, clock);
    lines.extend(clocks::lines(report));
    lines.push(scope(coverage));
    lines.push(frames(coverage));
    lines.push(messages(coverage));
    if coverage.connections > 0 {
        lines.push(streams(coverage));
    }
    if coverage.tls_sessions > 0 {
        lines.push(sessions(coverage));
    }
    if !coverage.found.is_empty() {
        lines.push(found(coverage));
    }
    lines.extend(suppressed::lines(report));
    lines
}

/// The same in a line or two: for a report that has to be short.
pub(in crate::render) fn read_in_short(report: &Report, clock: &Clock) -> Vec<String> {
    let coverage = &report.coverage;
    let mut lines = files(report, clock);
    lines.extend(clocks::lines(report));
    let mut parts = vec![format!(
        "{} of {} frames read",
        coverage.frames.read(),
        coverage.frames.total()
    )];
    parts.push(match coverage.sip_messages {
        0 => "no SIP message".to_owned(),
        n => count(n, "SIP message"),
    });
    if coverage.sip_malformed > 0 {
        parts.push(format!("{} with defects", coverage.sip_malformed));
    }
    if coverage.connections > 0 {
        parts.push(format!(
            "{} of SIP or TLS",
            count(coverage.sip_connections, "connection")
        ));
    }
    if coverage.tls_sessions > 0 {
        parts.push(format!(
            "{} of {} read",
            coverage.tls_decrypted,
            count(coverage.tls_sessions, "TLS session")
        ));
    }
    if coverage.missing_bytes > 0 {
        parts.push(format!("{} missing", count(coverage.missing_bytes, "byte")));
    }
    lines.push(format!("{}.", parts.join(", ")));
    if coverage.packets_out_of_scope > 0 {
        let networks: Vec<String> = coverage.networks.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "In scope: {}; {} left aside.",
            networks.join(", "),
            count(coverage.packets_out_of_scope, "other packet")
        ));
    }
    lines.extend(suppressed::lines(report));
    lines
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

/// What was not seen, a sentence each: sessions that stayed closed, then caveats; `most` of each, and how many more there are.
pub(in crate::render) fn not_seen(
    report: &Report,
    clock: &Clock,
    most: usize,
) -> (Vec<String>, usize) {
    let unread = &report.coverage.undecrypted;
    let mut lines: Vec<String> = unread
        .iter()
        .take(most)
        .map(|session| format!("{}: not decrypted: {}", session.connection, session.reason))
        .collect();
    let (caveats, more) = caveats(report, clock, most.saturating_mul(2));
    lines.extend(caveats);
    (
        lines,
        more.saturating_add(unread.len().saturating_sub(most)),
    )
}

/// The same with the sessions that stayed closed for one reason in one line.
pub(in crate::render) fn not_seen_in_short(
    report: &Report,
    clock: &Clock,
    most: usize,
) -> (Vec<String>, usize) {
    let coverage = &report.coverage;
    let mut lines: Vec<String> = coverage
        .tls_reasons
        .iter()
        .map(|(reason, n)| {
            let streams: Vec<&str> = coverage
                .undecrypted
                .iter()
                .filter(|session| session.reason_name == *reason)
                .filter_map(|session| session.connection.split(',').next())
                .take(4)
                .collect();
            let others = if u64::try_from(streams.len()).is_ok_and(|shown| shown < *n) {
                " ..."
            } else {
                ""
            };
            let sessions = count(*n, "TLS session");
            format!(
                "{sessions} not decrypted ({reason}): {}{others}",
                streams.join(", ")
            )
        })
        .collect();
    let (caveats, more) = caveats(report, clock, most);
    lines.extend(caveats);
    (lines, more)
}

fn caveats(report: &Report, clock: &Clock, most: usize) -> (Vec<String>, usize) {
    let others: Vec<_> = report
        .caveats
        .iter()
        .filter(|c| c.kind != CaveatKind::NotDecrypted)
        .collect();
    let more = others.len().saturating_sub(most);
    let lines = others
        .into_iter()
        .take(most)
        .map(|caveat| {
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
            format!("{count}{}{place}", caveat.text)
        })
        .collect();
    (lines, more)
}
