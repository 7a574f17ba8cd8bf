//! Everything around the findings: hosts, connections, SIP.

use super::finding::frame_name;
use super::layout::{BREAK, Sheet};
use crate::base::Direction;
use crate::connection::Connection;
use crate::flow::Handshake;
use crate::host::Role;
use crate::render::time::Clock;
use crate::report::Report;

/// Rows of a table shown; the rest is in the lists.
pub(super) const ROWS: usize = 15;

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

pub(super) fn more(all: usize, place: &str, sheet: &mut Sheet) {
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
    if connection.tls.is_some() && connection.is_websocket() {
        text.push_str(", WebSocket");
    }
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
