//! What the rules on lost data share: which side's data the peer never acknowledged, and since when.

use crate::base::{Direction, Endpoint, FrameRef, Span};
use crate::connection::Connection;
use crate::flow::{FlowSummary, Handshake, IcmpReport, Unacknowledged};
use crate::rules::Context;
use crate::rules::tls::outcome::concerns;

/// So many repetitions are no accident.
const REPEATED: u32 = 3;
/// So long without progress is more than a short disturbance: a sender has repeated three or four times by then (RFC 6298 §5).
const PATIENCE: Span = Span::from_secs(6);
/// Room for the options of a segment (time stamps, selective acknowledgments), in bytes.
const OPTIONS: u32 = 40;
/// Full segments on Ethernet, where no SYN says how large they are.
const USUAL_MSS: u32 = 1460;

/// Data of one side that did not get through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    /// Who sent it.
    pub(super) by: Direction,
    /// What is known of it.
    pub(super) data: Unacknowledged,
    /// It was repeated often and long enough. Otherwise the capture ends too early.
    pub(super) sure: bool,
}

/// The data that did not get through on a connection that concerns SIP, without a RST of the peer.
pub(super) fn loss(connection: &Connection, context: &Context<'_>) -> Option<Loss> {
    let flow = &connection.flow;
    let established = matches!(
        flow.handshake,
        Handshake::Established | Handshake::NotCaptured
    );
    if !established || flow.evicted || !concerns(connection, context) {
        return None;
    }
    [Direction::Originator, Direction::Responder]
        .into_iter()
        .filter_map(|by| of_side(flow, by, context.last))
        .max_by_key(|loss| (loss.sure, loss.data.retransmissions))
}

fn of_side(flow: &FlowSummary, by: Direction, last: FrameRef) -> Option<Loss> {
    let (own, peer) = (flow.side(by), flow.side(by.reverse()));
    let data = *own.unacknowledged.as_deref()?;
    // A peer that resets at once has spoken; one that does so after long silence has given up, as the sender would. One whose
    // window is closed got the data and does not read.
    let answered = peer
        .rst
        .is_some_and(|rst| rst.time.since(data.first.time) < PATIENCE);
    if answered || data.window_closed || data.retransmissions < 2 {
        return None;
    }
    let given_up = own.fin.is_some() || own.rst.is_some() || peer.rst.is_some();
    let enough = data.retransmissions >= REPEATED;
    let long = last.time.since(data.first.time) >= PATIENCE;
    let sure = enough && (long || given_up);
    (sure || !given_up).then_some(Loss { by, data, sure })
}

/// Payload of a full segment of this connection, options deducted, in bytes.
fn full(flow: &FlowSummary) -> u32 {
    flow.sides
        .iter()
        .filter_map(|side| side.mss)
        .min()
        .map_or(USUAL_MSS, u32::from)
        .saturating_sub(OPTIONS)
}

/// The router that says that packets of this side are too large (RFC 1191 §4, RFC 4443 §3.2).
pub(super) fn too_big(flow: &FlowSummary, by: Direction) -> Option<&IcmpReport> {
    flow.icmp.iter().find(|icmp| {
        icmp.quoted == by
            && matches!(
                (icmp.v6, icmp.kind, icmp.code),
                (false, 3, 4) | (true, 2, _)
            )
    })
}

/// Whether the lost data was of full size.
pub(super) fn is_full(flow: &FlowSummary, loss: &Loss) -> bool {
    loss.data.size >= full(flow)
}

/// What shows that only large segments are lost.
#[derive(Debug, Clone, Copy)]
pub(super) enum OnlyLarge {
    /// A router says so.
    Icmp(IcmpReport),
    /// Segments behind the lost one arrived.
    LaterOnesArrive,
    /// The same happened on another connection, which had been opened.
    Elsewhere(u32),
}

/// Why the loss is one of large segments alone; `None` where all may have been lost.
pub(super) fn only_large(
    connection: &Connection,
    loss: &Loss,
    context: &Context<'_>,
) -> Option<OnlyLarge> {
    let flow = &connection.flow;
    if let Some(icmp) = too_big(flow, loss.by) {
        return Some(OnlyLarge::Icmp(*icmp));
    }
    if !is_full(flow, loss) || flow.side(loss.by).largest_acknowledged >= full(flow) {
        return None;
    }
    if loss.data.duplicate_acks > 0 {
        return Some(OnlyLarge::LaterOnesArrive);
    }
    let (from, to) = ends(flow, loss.by);
    context
        .between(from.addr, to.addr)
        .find(|other| {
            (other.file, other.flow.stream) != (connection.file, flow.stream)
                && other.flow.handshake == Handshake::Established
                && flow.handshake == Handshake::Established
                && [Direction::Originator, Direction::Responder]
                    .into_iter()
                    .filter(|by| other.flow.sender(*by).addr == from.addr)
                    .filter_map(|by| of_side(&other.flow, by, context.last))
                    .any(|l| {
                        l.sure
                            && is_full(&other.flow, &l)
                            && other.flow.side(l.by).largest_acknowledged < full(&other.flow)
                    })
        })
        .map(|other| OnlyLarge::Elsewhere(other.flow.stream))
}

/// Who sent, and to whom.
pub(super) fn ends(flow: &FlowSummary, by: Direction) -> (Endpoint, Endpoint) {
    (flow.sender(by), flow.sender(by.reverse()))
}

/// A silence that devices on the way may have taken for the end.
const IDLE: Span = Span::from_secs(60);
/// The way is free when another connection is opened so soon after.
const SOON: Span = Span::from_secs(120);
/// A RST that answers data comes within a round trip, or as the answer to a repetition.
const ANSWER: Span = Span::from_secs(5);

/// How the first data after a long silence failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Killed {
    /// Nobody answered.
    Silence,
    /// It was answered with RST.
    Reset(FrameRef),
}

/// The first data after a long silence that failed although the way is free.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdleKill {
    /// Who sent it.
    pub(super) by: Direction,
    /// What is known of it.
    pub(super) data: Unacknowledged,
    /// How it failed.
    pub(super) how: Killed,
    /// The new connection that was opened soon after.
    pub(super) next: FrameRef,
    /// Its number.
    pub(super) next_stream: u32,
}

/// A connection that did not survive its silence.
pub(super) fn idle_kill(connection: &Connection, context: &Context<'_>) -> Option<IdleKill> {
    let flow = &connection.flow;
    if flow.evicted || !concerns(connection, context) {
        return None;
    }
    let (by, data, how) = match loss(connection, context) {
        Some(found) => {
            if !found.sure || only_large(connection, &found, context).is_some() {
                return None;
            }
            (found.by, found.data, Killed::Silence)
        }
        None => [Direction::Originator, Direction::Responder]
            .into_iter()
            .find_map(|by| {
                let data = *flow.side(by).unacknowledged.as_deref()?;
                let rst = flow.side(by.reverse()).rst?;
                let late = rst.time.since(data.last.time);
                let answers = rst > data.first && late <= ANSWER;
                answers.then_some((by, data, Killed::Reset(rst)))
            })?,
    };
    if data.idle_before < IDLE || ended_before(connection, by, &data) {
        return None;
    }
    let next = next_connection(connection, &data, context)?;
    Some(IdleKill {
        by,
        data,
        how,
        next: next.flow.first,
        next_stream: next.flow.stream,
    })
}

/// Whether one side had said good-bye before, or the data itself is the good-bye: then nobody wanted the connection any more.
fn ended_before(connection: &Connection, by: Direction, data: &Unacknowledged) -> bool {
    let flow = &connection.flow;
    let (own, peer) = (flow.side(by), flow.side(by.reverse()));
    let closed = |fin: Option<FrameRef>| fin.is_some_and(|fin| fin <= data.first);
    let farewell = own
        .fin
        .is_some_and(|fin| fin.time.since(data.first.time) <= Span::from_secs(1));
    let alerted = connection
        .tls
        .as_ref()
        .is_some_and(|tls| tls.alerts.iter().any(|alert| alert.at <= data.first));
    closed(own.fin) || closed(peer.fin) || farewell || alerted
}

/// The first connection between the same hosts to the same server that was opened soon after the data was lost.
fn next_connection<'a>(
    connection: &Connection,
    data: &Unacknowledged,
    context: &Context<'a>,
) -> Option<&'a Connection> {
    let (client, server) = (connection.client(), connection.server());
    context
        .between(client.addr, server.addr)
        .filter(|c| {
            c.flow.handshake == Handshake::Established
                && c.server() == server
                && c.flow.first > data.first
                && c.flow.first.time.since(data.last.time) <= SOON
        })
        .min_by_key(|c| c.flow.first)
}

/// Other connections between the same hosts that ended so after a similar silence, at other times: those that one restart of the
/// server ended do not count.
pub(super) fn similar(
    connection: &Connection,
    kill: &IdleKill,
    context: &Context<'_>,
) -> Vec<(u32, Span)> {
    let (client, server) = (connection.client().addr, connection.server().addr);
    let idle = kill.data.idle_before;
    context
        .between(client, server)
        .filter(|c| (c.file, c.flow.stream) != (connection.file, connection.flow.stream))
        .filter_map(|c| Some((c.flow.stream, idle_kill(c, context)?)))
        .filter(|(_, other)| {
            let (a, b) = (idle.nanos(), other.data.idle_before.nanos());
            let apart = other.data.first.time.since(kill.data.first.time).nanos();
            a.abs_diff(b) <= a.unsigned_abs() / 5 && apart.abs() >= IDLE.nanos()
        })
        .map(|(stream, other)| (stream, other.data.idle_before))
        .take(8)
        .collect()
}

/// A length of time as people set it: in minutes where it is long.
pub(super) fn minutes(span: Span) -> String {
    let seconds = span.nanos() / 1_000_000_000;
    if seconds < 120 {
        format!("{seconds} s")
    } else {
        format!("{} min ({seconds} s)", seconds / 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_told_in_minutes() {
        assert_eq!(minutes(Span::from_secs(90)), "90 s");
        assert_eq!(minutes(Span::from_secs(3_600)), "60 min (3600 s)");
    }
}
