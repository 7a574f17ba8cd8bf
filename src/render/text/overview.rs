//! Everything around the findings: hosts, connections, SIP, and what was not seen.

use super::clocks;
use super::finding::frame_name;
use super::layout::{BREAK, Sheet};
use crate::base::{CaveatKind, Direction, FrameRef};
use crate::connection::Connection;
use crate::flow::Handshake;
use crate::host::Role;
use crate::render::time::Clock;
use crate::report::{Report, Undecrypted};

/// Rows of a table shown; the rest is in the lists.
const ROWS: usize = 15;

/// Why there is no verdict, in a few words for the headline.
pub(super) fn why_open(report: &Report) -> String {
    let coverage = &report.coverage;
    let unread = coverage.tls_unread;
    if unread > 0 {
        return format!(
            "the SIP inside {unread} of {} TLS session{} could not be read",
            coverage.tls_sessions,
            if coverage.tls_sessions == 1 { "" } else { "s" }
        );
    }
    let open = all_undecided(report);
    if open > 0 {
        return format!(
            "{open} matter{} could not be decided from this capture",
            if open == 1 { "" } else { "s" }
        );
    }
    if coverage.failures > 0 {
        return format!(
            "{} SIP request{} failed or got no answer, for reasons that no rule names",
            coverage.failures,
            if coverage.failures == 1 { "" } else { "s" }
        );
    }
    if coverage.sip_messages == 0 {
        return "there is no SIP in what was analysed".to_owned();
    }
    if coverage.successes == 0 {
        return "no SIP request was seen to succeed".to_owned();
    }
    "part of the traffic is not in the capture (see what was not seen)".to_owned()
}

fn all_undecided(report: &Report) -> u64 {
    u64::try_from(report.undecided.len())
        .unwrap_or(u64::MAX)
        .saturating_add(report.undecided_more)
}

/// Matters left open.
pub(super) fn undecided(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    if report.undecided.is_empty() {
        return;
    }
    sheet.section("UNDECIDED");
    for (rule, at, sentence) in report.undecided.iter().take(ROWS) {
        sheet.indented(
            "  - ",
            "    ",
            &format!(
                "{sentence} (frame {} at {}; {rule})",
                frame_name(*at, report),
                clock.short(*at)
            ),
        );
    }
    let open = usize::try_from(all_undecided(report)).unwrap_or(usize::MAX);
    more(open, "the first hundred are in --format json", sheet);
}

fn more(all: usize, place: &str, sheet: &mut Sheet) {
    if all > ROWS {
        sheet.indented("  ", "  ", &format!("... and {} more: {place}", all - ROWS));
    }
}

/// Who is who.
pub(super) fn hosts(report: &Report, sheet: &mut Sheet) {
    let rows: Vec<Vec<String>> = report
        .hosts
        .iter()
        .filter(|(_, host)| host.concerns_sip || host.role() != Role::Unknown)
        .map(|(address, host)| {
            let clues = host.evidence();
            let why = clues.first().map_or_else(
                || "nothing tells what it is".to_owned(),
                |clue| match clue.at {
                    Some(at) => format!("{} (frame {})", clue.text, frame_name(at, report)),
                    None => clue.text.clone(),
                },
            );
            let names: Vec<&str> = host.names().into_iter().take(2).collect();
            vec![
                address.to_string(),
                host.role().word().to_owned(),
                names.join(", "),
                why,
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    sheet.section("HOSTS");
    let all = rows.len();
    sheet.table(
        2,
        &["address", "role", "names", "because"],
        rows.get(..ROWS.min(all)).unwrap_or_default(),
    );
    more(all, "--format json", sheet);
}

/// The connections of SIP and TLS.
pub(super) fn connections(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    if report.connections.is_empty() {
        return;
    }
    sheet.section("CONNECTIONS");
    let rows: Vec<Vec<String>> = report
        .connections
        .iter()
        .take(ROWS)
        .map(|c| {
            vec![
                c.flow.stream.to_string(),
                format!("{}{BREAK}> {}", c.client(), c.server()),
                carried(c),
                format!(
                    "{}, {}{BREAK}at {}",
                    how_opened(c),
                    c.flow.state().name(),
                    clock.short(c.flow.first)
                ),
            ]
        })
        .collect();
    sheet.table(2, &["stream", "from > to", "carries", "state"], &rows);
    more(report.connections.len(), "--list connections", sheet);
}

fn how_opened(connection: &Connection) -> &'static str {
    match connection.flow.handshake {
        Handshake::Established => "opened",
        Handshake::HalfOpen => "not completed",
        Handshake::Unanswered => "no answer",
        Handshake::Refused(_) => "RST",
        Handshake::NotCaptured => "begun before the capture",
    }
}

/// What a connection carries, in a few words.
fn carried(connection: &Connection) -> String {
    let messages: u64 = connection.sip_messages.iter().sum();
    let mut text = match &connection.tls {
        Some(tls) => tls.short(),
        None => {
            let [a, b] = connection.speaks;
            match (a.name(), b.name()) {
                ("-", "-") => "no data".to_owned(),
                (a, "-") => a.to_owned(),
                ("-", b) => b.to_owned(),
                (a, b) if a == b => a.to_owned(),
                (a, b) => format!("{a} answered by {b}"),
            }
        }
    };
    if messages > 0 {
        text.push_str(&format!(
            ", {messages} SIP message{}",
            if messages == 1 { "" } else { "s" }
        ));
    }
    let missing = connection.flow.side(Direction::Originator).missing
        + connection.flow.side(Direction::Responder).missing;
    if missing > 0 {
        text.push_str(&format!(", {missing} bytes missing"));
    }
    text
}

/// Requests by method and what became of them.
pub(super) fn methods(report: &Report, sheet: &mut Sheet) {
    if report.methods.is_empty() {
        return;
    }
    sheet.section("SIP");
    let rows: Vec<Vec<String>> = report
        .methods
        .iter()
        .take(ROWS)
        .map(|(method, count)| {
            let mut outcome: Vec<String> = count
                .finals
                .iter()
                .map(|(status, n)| format!("{n} x {status}"))
                .collect();
            if count.unanswered > 0 {
                outcome.push(format!("{} unanswered", count.unanswered));
            }
            vec![
                method.clone(),
                count.requests.to_string(),
                outcome.join(", "),
            ]
        })
        .collect();
    sheet.table(2, &["method", "requests", "final responses"], &rows);
    more(report.methods.len(), "--list messages", sheet);
}

/// What was read, and what was not.
pub(super) fn coverage(report: &Report, clock: &Clock, sheet: &mut Sheet) {
    let coverage = &report.coverage;
    sheet.section("WHAT WAS READ");
    for capture in &report.captures {
        let span = match (capture.first, capture.last) {
            (Some(first), Some(last)) => {
                format!(", {} for {}", clock.long(first), last.since(first))
            }
            _ => String::new(),
        };
        sheet.indented(
            "  ",
            "    ",
            &format!(
                "{}: {}, {} packet{}, {} bytes{span}{}",
                capture.name,
                capture.format,
                capture.packets,
                if capture.packets == 1 { "" } else { "s" },
                capture.bytes,
                if capture.complete {
                    ""
                } else {
                    "; NOT COMPLETE"
                }
            ),
        );
    }
    clocks::lines(report, sheet);
    let networks: Vec<String> = coverage.networks.iter().map(ToString::to_string).collect();
    let scope = if networks.is_empty() {
        "everything".to_owned()
    } else {
        networks.join(", ")
    };
    sheet.indented(
        "  ",
        "    ",
        &format!(
            "In scope: {scope} ({}): {} packets, {} others left aside.",
            coverage.networks_reason, coverage.packets_in_scope, coverage.packets_out_of_scope
        ),
    );
    sheet.indented(
        "  ",
        "    ",
        &format!(
            "{} SIP messages ({} with defects), {} TCP connections, {} TLS sessions ({} read, {} closed).",
            coverage.sip_messages,
            coverage.sip_malformed,
            coverage.connections,
            coverage.tls_sessions,
            coverage.tls_decrypted,
            coverage.tls_unread,
        ),
    );
    if report.suppressed > 0 {
        sheet.indented(
            "  ",
            "    ",
            &format!(
                "{} finding(s) not shown because of --select, --ignore or --min-severity.",
                report.suppressed
            ),
        );
    }
    not_seen(report, clock, sheet);
}

/// Each advice once, in order of the first session that it is about, with those sessions.
fn advice(unread: &[Undecrypted]) -> Vec<(&str, Vec<&str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for session in unread.iter().filter(|u| !u.advice.is_empty()) {
        let (stream, _) = session
            .connection
            .split_once(',')
            .unwrap_or((&session.connection, ""));
        match all.iter_mut().find(|(text, _)| *text == session.advice) {
            Some((_, sessions)) => sessions.push(stream),
            None => all.push((&session.advice, vec![stream])),
        }
    }
    all
}

/// `tcp.stream 0, tcp.stream 4 and 12 more`
fn named(sessions: &[&str]) -> String {
    const NAMED: usize = 3;
    let first: Vec<&str> = sessions.iter().take(NAMED).copied().collect();
    match sessions.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
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
    let advice = advice(unread);
    for (line, sessions) in &advice {
        // What is right for one session is wrong for another: with several, each says which it is about.
        let about = if advice.len() > 1 {
            format!(" ({})", named(sessions))
        } else {
            String::new()
        };
        sheet.indented(
            &format!("    What to capture next{about}: "),
            "      ",
            line,
        );
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
