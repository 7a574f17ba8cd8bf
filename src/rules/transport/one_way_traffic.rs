//! A connection on which one side speaks and the other never answers.

use super::loss::loss;
use crate::base::{Direction, Span};
use crate::connection::{Connection, Speaks};
use crate::finding::{Confidence, Evidence, Severity};
use crate::flow::Handshake;
use crate::rules::tls::outcome::{concerns, gravity, recovered_text};
use crate::rules::tls::words::side;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "one-way-traffic",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "one side of a connection speaks SIP and the other never says anything",
    explanation: "SIP went out on the connection, and in the 32 seconds that a transaction lasts, and longer, not one byte of SIP came \
        back on it. Where the segments are acknowledged, the data reached the other host, and the program there does not answer. \
        Where the capture has no packet of the other direction, it was made at a place that sees one direction only, and \
        nothing can be said about the answers.",
    causes: &[
        "the program behind the port hangs, or does not take the sender for one it has to answer",
        "a device on the way (proxy, inspection) acknowledges the data itself and passes nothing on",
        "the capture was made where only one direction passes",
    ],
    confirm: &[
        "Capture on the receiving server: does the request arrive there, and does its program answer?",
        "Look at the trace of the receiving server at the time of the request.",
    ],
    fix: Fix {
        cisco: &[
            "Cisco Unified Serviceability > Tools > Control Center - Feature Services: Cisco SIP Proxy runs; look at its trace.",
        ],
        microsoft: &[
            "Get-CsWindowsService; trace SIPStack on the server while the request comes in.",
        ],
        network: &[
            "Look for devices on the way that end the connection themselves; capture on one of the servers, or mirror both directions.",
        ],
    },
    knowledge: Knowledge::Deduced,
    references: &["RFC 3261 section 17.1.2.2 (Timer F) and section 18.2.2"],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &[
            "icmp-unreachable",
            "pmtu-blackhole",
            "sip-cleartext-to-lync",
            "sip-plaintext-on-tls-port",
            "tcp-established-silent-drop",
            "tls-on-plaintext-port",
            "pres-notify-unanswered",
        ],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// Twice the longest timer of a transaction that is not an INVITE (RFC 3261 §17.1.2.2), rounded up.
const TRANSACTION: Span = Span::from_secs(33);

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let flow = &connection.flow;
    if flow.evicted || !concerns(connection, context) || loss(connection, context).is_some() {
        return;
    }
    for by in [Direction::Originator, Direction::Responder] {
        let (own, peer) = (flow.side(by), flow.side(by.reverse()));
        let Some(first) = own.first_data else {
            continue;
        };
        let sip = connection.speaks(by) == Speaks::Sip;
        if !sip || peer.first_data.is_some() {
            continue;
        }
        if peer.segments == 0 {
            if flow.one_directional() {
                half_captured(connection, by, to);
            }
            return;
        }
        // Only what was seen from its beginning: an answer on a connection that was open before may have gone by. And only what
        // nobody closed in the time: who closes has answered in its way.
        let whole = own.missing == 0 && peer.missing == 0;
        let open = flow
            .closed_by()
            .is_none_or(|(_, at, _)| at.time.since(first.time) >= TRANSACTION);
        if flow.handshake != Handshake::Established || !whole || !open {
            return;
        }
        let (who, whom) = (side(connection, by, to), side(connection, by.reverse(), to));
        let remaining = context.remaining(first);
        if remaining < TRANSACTION {
            return;
        }
        let _ = to
            .report(
                connection.client().addr,
                connection.server().addr,
                format!("{whom} takes the SIP of {who} and never says a word on this connection"),
                Evidence::seen(first, format!("the first data of {who}")),
            )
            .severity(gravity(connection, context))
            .key(format!("{} {by:?}", connection.server().port))
            .summary(format!(
                "{who} sent {} bytes, {whom} acknowledged them and sent none in {remaining}. The network delivers; the program behind \
                 the port, or a device that acknowledges in its place, does not answer.{}",
                own.bytes,
                recovered_text(connection, context)
            ))
            .absent(first, format!("any data of {whom}"))
            .confidence(Confidence::Low)
            .on_stream(Some(flow.stream));
        return;
    }
}

/// Only one direction is in the capture: a hint about the place of the capture.
fn half_captured(connection: &Connection, by: Direction, to: &mut Reporter<'_, '_>) {
    let flow = &connection.flow;
    let (who, whom) = (side(connection, by, to), side(connection, by.reverse(), to));
    let _ = to
        .report(
            connection.client().addr,
            connection.server().addr,
            format!("The capture has no packet of {whom} to {who}: one direction only"),
            Evidence::seen(flow.first, format!("the first segment of {who}")),
        )
        .severity(Severity::Note)
        .key(format!("capture {} {by:?}", connection.server().port))
        .summary(format!(
            "{} segments of {who} are in the capture and none of {whom}. Whether {whom} answers cannot be said.",
            flow.side(by).segments
        ))
        .confidence(Confidence::Low)
        .on_stream(Some(flow.stream));
}
