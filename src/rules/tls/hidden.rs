//! Alerts of TLS 1.3 that cannot be read: what length, place and the end of the connection tell of them.
//!
//! Measured with OpenSSL 3.0.22 on both sides: a server that rejects the client sends one record of 19 bytes (16 of tag, 1 of
//! content type, 2 of alert; 11 bytes with CCM_8) right after the client's Finished, within 3 ms on one machine, and closes. It
//! sends no NewSessionTicket before it (two records of 1146 bytes otherwise). A client without a certificate sends a record of
//! 25 bytes, one with a certificate sends records of 916 and more, and the Finished is 53 or 69 bytes. GnuTLS 3.7.9 has the same
//! lengths, sends a close_notify of 19 bytes behind the alert, and as a client encrypts its alert too; OpenSSL's client sends
//! it in clear.

use super::common::{lost_bytes, refusal};
use super::outcome::{recovered, works};
use crate::base::{Direction, FrameRef, Span};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::flow::Closing;
use crate::rules::Context;
use crate::tls::{HandshakeEnd, RecordStats, TlsSummary};

/// A handshake that a hidden alert has most likely ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct HiddenAlert {
    /// Who sent it.
    pub(super) by: Direction,
    /// The record.
    pub(super) at: FrameRef,
    /// Bytes of its body.
    pub(super) len: u16,
    /// The last record of the other side before it.
    pub(super) after: FrameRef,
    /// Who then ended the connection, where and how.
    pub(super) end: (Direction, FrameRef, Closing),
}

/// What the length of the client's first hidden record says of its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// An empty Certificate message.
    Nothing,
    /// The Finished at once: the server did not ask.
    NotAsked,
    /// Something longer.
    Something,
}

/// A rejection comes at once, and the end follows it.
const AT_ONCE: Span = Span::from_secs(5);

fn records(tls: &TlsSummary, of: Direction) -> Option<&RecordStats> {
    tls.records.get(of.index())
}

/// The hidden alert that ended a TLS 1.3 handshake. Nothing where the peer says goodbye too.
pub(super) fn hidden_alert(connection: &Connection) -> Option<HiddenAlert> {
    let tls = connection.tls.as_deref()?;
    let early = tls.client_hello.as_ref()?.extensions.early_data;
    let judgeable = tls.is_tls13()
        && !early
        && tls.undecrypted_reason().is_some()
        && !connection.flow.evicted
        && !lost_bytes(connection, tls);
    if !judgeable {
        return None;
    }
    let by = match tls.handshake_end() {
        // The client has finished, and the server has not gone on.
        HandshakeEnd::Unknown => tls.server(),
        // The client has not finished.
        HandshakeEnd::Incomplete => tls.client(),
        HandshakeEnd::Complete | HandshakeEnd::Inferred(_) => return None,
    };
    // The last record of a side, when it is as long as an alert.
    let alert = tls
        .alerts
        .iter()
        .find(|a| a.direction == by && a.description.is_none() && a.inferred_from_length)?;
    let (mine, theirs) = (records(tls, by)?, records(tls, by.reverse())?);
    let others = &theirs.application_lengths;
    let begun = others.first().map(|(at, _)| *at)?;
    // All that this side says after the other's part are alerts: GnuTLS sends a close_notify behind the fatal one.
    let mut words = mine
        .application_lengths
        .iter()
        .filter(|(at, _)| *at > begun);
    let (at, _) = *words.clone().next()?;
    if words.clone().count() > 2 || !words.all(|(_, len)| *len == alert.record_len) {
        return None;
    }
    // Nobody says goodbye to a fatal alert. Before it, this is the answer; after it, this was a word of two bytes, such as the
    // CRLF that answers a keep-alive (RFC 5626 section 4.4.1).
    let goodbye = tls.alerts.iter().any(|a| a.direction != by);
    let end = connection.flow.closed_by()?;
    let (_, closed, _) = end;
    if goodbye || closed < at || closed.time.since(at.time) > AT_ONCE {
        return None;
    }
    let (after, _) = *others.iter().rev().find(|(sent, _)| *sent < at)?;
    (at.time.since(after.time) <= AT_ONCE).then_some(HiddenAlert {
        by,
        at,
        len: alert.record_len,
        after,
        end,
    })
}

/// What the client showed, by the length of its first hidden record. The empty Certificate message has 8 bytes (RFC 8446
/// section 4.4.2), the Finished 36 with SHA-256 and 52 with SHA-384 (section 4.4.4).
pub(super) fn shown(tls: &TlsSummary) -> Option<(Shown, FrameRef, u16)> {
    let (at, len) = *records(tls, tls.client())?.application_lengths.first()?;
    let is = |plain| tls.sealed_len(plain) == Some(usize::from(len));
    let shown = if is(8) {
        Shown::Nothing
    } else if is(36) || is(52) {
        Shown::NotAsked
    } else {
        Shown::Something
    };
    Some((shown, at, len))
}

/// How bad it is: an error only where the same two never succeed.
pub(super) fn gravity(connection: &Connection, context: &Context<'_>) -> Severity {
    let server = connection.server();
    let ever = || {
        context
            .between(connection.client().addr, server.addr)
            .any(|c| c.server() == server && works(c))
    };
    match recovered(connection, context) {
        Some(_) => super::outcome::gravity(connection, context),
        None if ever() => Severity::Warning,
        None => Severity::Error,
    }
}

/// Whether an encrypted alert of TLS 1.2 or before says nothing of interest: it is the last word of its side, as a close_notify
/// is, or named by another rule as the end of the connection. Its length would not tell one alert from another.
pub(super) fn is_goodbye(
    connection: &Connection,
    tls: &TlsSummary,
    alert: &crate::tls::Alert,
) -> bool {
    let last = tls
        .alerts
        .iter()
        .all(|a| a.direction != alert.direction || a.at <= alert.at)
        && records(tls, alert.direction)
            .and_then(|r| r.last_application)
            .is_none_or(|at| at <= alert.at);
    alert.probable_close_notify
        || last
        || refusal(connection).is_some_and(|r| r.by == alert.direction && r.at == alert.at)
}
