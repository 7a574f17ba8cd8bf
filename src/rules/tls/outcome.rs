//! Whether a connection matters, and what became of it: did it work, did a later one.

use super::common::{Refusal, refusal, sent_data};
use crate::base::{Direction, Span};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::rules::Context;
use crate::tls::TlsSummary;

/// TLS of other services between and around these servers: web pages, directory, mail, XMPP, remote desktop, and the inner
/// ports of Lync pools.
const OTHER_SERVICES: [u16; 24] = [
    25, 389, 443, 444, 465, 587, 636, 989, 990, 993, 995, 1433, 3268, 3269, 3389, 4443, 5222, 5223,
    5269, 5986, 7443, 8443, 8444, 9443,
];

/// Whether a connection is of SIP as far as can be told: not to a port of another service, unless that port carries SIP.
pub(in crate::rules) fn concerns(connection: &Connection, context: &Context<'_>) -> bool {
    let server = connection.server();
    connection.concerns_sip()
        && (!OTHER_SERVICES.contains(&server.port)
            || context
                .some_connections()
                .any(|c| c.server() == server && c.sip_messages != [0, 0]))
}

/// The refusal of a connection that concerns SIP.
pub(in crate::rules) fn sip_refusal(
    connection: &Connection,
    context: &Context<'_>,
) -> Option<Refusal> {
    refusal(connection).filter(|_| concerns(connection, context))
}

/// Whether it served its purpose: both sides sent application data, or SIP in clear.
pub(in crate::rules) fn works(connection: &Connection) -> bool {
    // In TLS 1.3 the handshake itself goes in records of application data: a client that is rejected has seen some too.
    let hidden = |tls: &TlsSummary| tls.is_tls13() && !tls.handshake_complete();
    let hidden = connection.tls.as_deref().is_some_and(hidden) && connection.sip_messages == [0, 0];
    !hidden
        && sent_data(connection, Direction::Originator)
        && sent_data(connection, Direction::Responder)
}

/// A later connection of the same client to the same server and port that works.
pub(in crate::rules) fn recovered<'a>(
    connection: &Connection,
    context: &Context<'a>,
) -> Option<&'a Connection> {
    let server = connection.server();
    context
        .between(connection.client().addr, server.addr)
        .find(|other| {
            other.server() == server
                && other.client().addr == connection.client().addr
                && other.flow.first > connection.flow.first
                && works(other)
        })
}

/// A retry within this time is part of the same attempt, such as a fallback to another version.
const FALLBACK: Span = Span::from_secs(5);

/// How bad a failure on this connection is: less where a later attempt of the same kind worked.
pub(in crate::rules) fn gravity(connection: &Connection, context: &Context<'_>) -> Severity {
    match recovered(connection, context) {
        Some(later) if later.flow.first.time.since(connection.flow.last.time) <= FALLBACK => {
            Severity::Note
        }
        Some(_) => Severity::Warning,
        None => Severity::Error,
    }
}

/// A sentence on the later connection that worked, or nothing.
pub(in crate::rules) fn recovered_text(connection: &Connection, context: &Context<'_>) -> String {
    recovered(connection, context).map_or_else(String::new, |later| {
        format!(
            " A later attempt on tcp.stream {} succeeded.",
            later.flow.stream
        )
    })
}
