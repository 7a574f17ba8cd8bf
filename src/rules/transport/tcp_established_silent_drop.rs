//! Data on an open connection that is repeated and never acknowledged.

use super::loss::{ends, idle_kill, is_full, loss, minutes, only_large};
use crate::base::Span;
use crate::connection::Connection;
use crate::finding::Severity;
use crate::finding::{Confidence, Evidence};
use crate::rules::tls::outcome::{gravity, recovered_text};
use crate::rules::tls::sources::CISCO_ASA;
use crate::rules::tls::words::side;
use crate::rules::{CAPTURE_ENDS, Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tcp-established-silent-drop",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "data on an open connection is repeated and never acknowledged",
    explanation: "The connection was opened, so address and port are right. Then data of one side was sent again and again, and \
        the other side acknowledged none of it and did not reset the connection either: the data is dropped on the way, or the \
        acknowledgments are dropped on the way back, or the other host stopped without a word. SIP above it waits until its \
        timers end (408, 504).",
    causes: &[
        "a firewall between the two servers lost its state of the connection (failover, policy change) and drops what follows",
        "an inspection on the way (SIP, TLS) drops the content that it does not like",
        "routing is asymmetric: a firewall sees one direction only and drops it",
        "the other host or its link went down",
    ],
    confirm: &[
        "Capture on both servers at the same time: does the segment named here arrive at the receiver, and does its \
         acknowledgment arrive at the sender?",
        "Look for drops of this connection in the log of the firewall at the time named here (ASA: show asp drop).",
    ],
    fix: Fix {
        cisco: &[
            "Check that the node whose acknowledgments are missing runs and has its route back to the peer.",
        ],
        microsoft: &[
            "On the Lync side test the path: Test-NetConnection <address> -Port <port> -TraceRoute",
        ],
        network: &[
            "Permit the connection in both directions on every firewall on the way and let both directions take the same path; take \
             SIP inspection off the ports of this federation (ASA: no inspect sip).",
        ],
    },
    knowledge: Knowledge::Deduced,
    references: &["RFC 9293 section 3.8.1, RFC 6298 section 5", CISCO_ASA],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["icmp-unreachable"],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// A silence worth a sentence.
const IDLE: Span = Span::from_secs(60);

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(found) = loss(connection, context) else {
        return;
    };
    let flow = &connection.flow;
    let (by, data) = (found.by, found.data);
    let (who, whom) = (side(connection, by, to), side(connection, by.reverse(), to));
    let stream = flow.stream;
    if !found.sure {
        to.undecided(
            data.first,
            format!(
                "whether data of {who} reaches {whom} on tcp.stream {stream}: it was repeated {} times without \
                 acknowledgment, and {CAPTURE_ENDS} {} after it was sent",
                data.retransmissions,
                context.remaining(data.first)
            ),
        );
        return;
    }
    if only_large(connection, &found, context).is_some() || idle_kill(connection, context).is_some()
    {
        return;
    }
    let (from, target) = ends(flow, by);
    let lasted = data.last.time.since(data.first.time);
    let mut summary = format!(
        "{who} sent {} bytes and repeated them {} times within {lasted}; {whom} acknowledged none of it and did not reset the \
         connection in that time. The data is lost on the way from {} to {}, or the acknowledgments on the way back.",
        data.size, data.retransmissions, from.addr, target.addr
    );
    if data.peer_segments > 0 {
        summary.push_str(&format!(
            " {} segments from {} came in that time: the way back works, at least in part.",
            data.peer_segments, target.addr
        ));
    }
    if data.idle_before >= IDLE {
        summary.push_str(&format!(
            " The connection had been silent for {} before: a firewall may have forgotten it.",
            minutes(data.idle_before)
        ));
    } else if is_full(flow, &found) {
        summary.push_str(
            " The segment is of full size, so too small an MTU on the way is a candidate as well (see pmtu-blackhole).",
        );
    }
    summary.push_str(&recovered_text(connection, context));
    let _ = to
        .report(
            connection.client().addr,
            connection.server().addr,
            format!("Data of {who} to {whom} is lost on an open connection: repeated, never acknowledged"),
            Evidence::seen(data.first, format!("{} bytes of {who}, sent first", data.size)),
        )
        .severity(gravity(connection, context))
        .key(format!("{} {by:?}", connection.server().port))
        .summary(summary)
        .seen(
            data.last,
            format!("the same bytes, repetition {}", data.retransmissions),
        )
        .absent(
            data.first,
            format!("an acknowledgment of {whom} for these bytes"),
        )
        .network(format!(
            "Follow the packets from {from} to {target} at the time named here, firewall by firewall."
        ))
        .confidence(if data.peer_segments == 0 {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .on_stream(Some(stream));
}
