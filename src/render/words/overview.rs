//! Everything around the findings: hosts, connections, SIP.

use super::{BREAK, frame_name};
use crate::base::Direction;
use crate::connection::Connection;
use crate::flow::Handshake;
use crate::host::{Host, Role};
use crate::render::time::Clock;
use crate::report::Report;
use std::net::IpAddr;

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
    let listed = report.undecided.iter().map(|matter| matter.count);
    listed.fold(report.undecided_more, u64::saturating_add)
}

/// Matters left open.
pub(in crate::render) fn undecided(report: &Report, clock: &Clock) -> Vec<String> {
    let open = report.undecided.iter();
    open.map(|matter| {
        let more = match matter.count {
            0 | 1 => String::new(),
            count => format!("; {} more like it", count.saturating_sub(1)),
        };
        format!(
            "{} (frame {} at {}; {}{more})",
            matter.why,
            frame_name(matter.at, report),
            clock.short(matter.at),
            matter.rule
        )
    })
    .collect()
}

/// The columns of [`hosts`].
pub(in crate::render) const HOSTS: [&str; 4] = ["address", "role", "names", "because"];

/// Who is who.
pub(in crate::render) fn hosts(report: &Report) -> Vec<Vec<String>> {
    of_interest(report)
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
        .collect()
}

fn of_interest(report: &Report) -> impl Iterator<Item = (IpAddr, &Host)> {
    let all = report.hosts.iter();
    all.filter(|(_, host)| host.concerns_sip || host.role() != Role::Unknown)
}

/// The same without the reasons: `Lync 10.1.1.10 (lync01.tomt.it, sip.tomt.it)`.
pub(in crate::render) fn hosts_in_short(report: &Report) -> Vec<String> {
    of_interest(report)
        .map(|(address, host)| {
            let names: Vec<&str> = host.names().into_iter().take(2).collect();
            let label = report.hosts.label(address);
            if names.is_empty() {
                label
            } else {
                format!("{label} ({})", names.join(", "))
            }
        })
        .collect()
}

/// The columns of [`connections`].
pub(in crate::render) const CONNECTIONS: [&str; 4] = ["stream", "from > to", "carries", "state"];

/// The connections of SIP and TLS.
pub(in crate::render) fn connections(report: &Report, clock: &Clock) -> Vec<Vec<String>> {
    let all = report.connections.iter();
    all.map(|c| {
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
    .collect()
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

/// The columns of [`methods`].
pub(in crate::render) const METHODS: [&str; 3] = ["method", "requests", "final responses"];

/// Requests by method and what became of them.
pub(in crate::render) fn methods(report: &Report) -> Vec<Vec<String>> {
    report
        .methods
        .iter()
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
        .collect()
}
