//! What the rules of this class share: whether a server's port answers elsewhere in the capture.

use crate::base::{Direction, Endpoint};
use crate::connection::{Connection, Speaks};
use crate::finding::Severity;
use crate::flow::Handshake;
use crate::rules::Context;
use crate::sip::without_passwords;

/// Connections to the same address and port, without this one.
fn siblings<'a>(
    connection: &'a Connection,
    context: &Context<'a>,
) -> impl Iterator<Item = &'a Connection> + use<'a> {
    let (stream, file) = (connection.flow.stream, connection.file);
    context
        .to_server(connection.server())
        .filter(move |c| (c.file, c.flow.stream) != (file, stream))
}

/// Whether a connection was opened.
fn opened(connection: &Connection) -> bool {
    matches!(
        connection.flow.handshake,
        Handshake::Established | Handshake::HalfOpen
    )
}

/// A later connection of the same client to the same port that was opened.
pub(super) fn later_success<'a>(
    connection: &'a Connection,
    context: &Context<'a>,
) -> Option<&'a Connection> {
    let server = connection.server();
    context
        .between(connection.client().addr, server.addr)
        .find(|c| {
            opened(c)
                && c.server() == server
                && c.client().addr == connection.client().addr
                && c.flow.first > connection.flow.first
        })
}

/// How bad it is that a connection was not opened: less where a later attempt was.
pub(super) fn gravity(connection: &Connection, context: &Context<'_>) -> Severity {
    match later_success(connection, context) {
        Some(later)
            if later.flow.first.time.since(connection.flow.first.time)
                <= crate::base::Span::from_secs(30) =>
        {
            Severity::Note
        }
        Some(_) => Severity::Warning,
        None => Severity::Error,
    }
}

/// Any connection to that port that was opened, by whom ever.
pub(super) fn opened_elsewhere<'a>(
    connection: &'a Connection,
    context: &Context<'a>,
) -> Option<&'a Connection> {
    siblings(connection, context).find(|c| opened(c))
}

/// Other ports of the same host that accepted connections, each once.
pub(super) fn open_ports(connection: &Connection, context: &Context<'_>) -> Vec<Endpoint> {
    let host = connection.server().addr;
    let mut ports: Vec<Endpoint> = context
        .some_connections()
        .filter(|c| opened(c) && c.server().addr == host && c.server() != connection.server())
        .map(Connection::server)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// A connection on which the server of that port spoke what is asked.
pub(super) fn speaks_elsewhere<'a>(
    connection: &'a Connection,
    context: &Context<'a>,
    what: Speaks,
) -> Option<&'a Connection> {
    siblings(connection, context)
        .find(|c| c.speaks(Direction::Responder) == what && c.speaks(Direction::Originator) == what)
}

/// The first line of what was sent.
pub(super) fn first_line(bytes: &[u8]) -> String {
    let line = bytes
        .split(|b| matches!(b, b'\r' | b'\n'))
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    without_passwords(&String::from_utf8_lossy(line)).into_owned()
}
