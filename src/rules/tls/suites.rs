//! What a server is known to accept, from its other connections.

use crate::connection::Connection;
use crate::rules::Context;
use crate::tls::{CipherSuiteId, ClientHello, Version};

/// A suite that a server chose on another connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// The suite.
    pub(super) suite: CipherSuiteId,
    /// The version.
    pub(super) version: Version,
    /// Where: `tcp.stream`.
    pub(super) stream: u32,
}

impl Taken {
    /// As a line of details.
    pub(super) fn row(&self) -> String {
        format!(
            "{} ({}, tcp.stream {})",
            self.suite.name(),
            self.version.name(),
            self.stream
        )
    }
}

/// What the same address and port chose on other connections, each suite once.
pub(super) fn taken_elsewhere(connection: &Connection, context: &Context<'_>) -> Vec<Taken> {
    let mut all: Vec<Taken> = Vec::new();
    for other in context.connections {
        if other.server() != connection.server() {
            continue;
        }
        let Some(hello) = other.tls.as_ref().and_then(|t| t.server_hello.as_ref()) else {
            continue;
        };
        if all
            .iter()
            .all(|t| (t.suite, t.version) != (hello.suite, hello.version))
        {
            all.push(Taken {
                suite: hello.suite,
                version: hello.version,
                stream: other.flow.stream,
            });
        }
    }
    all
}

/// The lowest version that the same address and port chose on other connections.
pub(super) fn lowest_version_elsewhere(
    connection: &Connection,
    context: &Context<'_>,
) -> Option<Version> {
    taken_elsewhere(connection, context)
        .iter()
        .map(|t| t.version)
        .min_by_key(|v| v.rank())
}

/// What the server's host offers itself where it is the client.
pub(super) fn offered_by_host<'a>(
    connection: &Connection,
    context: &Context<'a>,
) -> Option<(&'a ClientHello, u32)> {
    let host = connection.server().addr;
    context.connections.iter().find_map(|c| {
        let tls = c.tls.as_ref()?;
        let hello = tls.client_hello.as_ref()?;
        (c.flow.sender(tls.client()).addr == host).then_some((hello, c.flow.stream))
    })
}

/// What is special about a list of suites.
pub(super) fn speciality(suites: &[CipherSuiteId]) -> Option<&'static str> {
    let all = |test: fn(CipherSuiteId) -> bool| suites.iter().all(|s| test(*s));
    if suites.is_empty() {
        None
    } else if all(CipherSuiteId::is_3des) {
        Some("3DES")
    } else if all(CipherSuiteId::is_rc4) {
        Some("RC4")
    } else if all(CipherSuiteId::is_null) {
        Some("unencrypted (NULL) suites")
    } else if all(CipherSuiteId::is_export) {
        Some("export suites")
    } else if all(|s| s.is_3des() || s.is_rc4() || s.is_export() || s.is_null()) {
        Some("suites that are disabled today (3DES, RC4, export)")
    } else if all(CipherSuiteId::is_tls13) {
        Some("TLS 1.3 suites")
    } else if all(|s| s.is_ec() || s.is_tls13()) {
        Some("elliptic-curve suites")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[u16]) -> Option<&'static str> {
        let suites: Vec<CipherSuiteId> = ids.iter().copied().map(CipherSuiteId).collect();
        speciality(&suites)
    }

    #[test]
    fn special_offers_are_named() {
        assert_eq!(of(&[0x000a]), Some("3DES"));
        assert_eq!(of(&[0x000a, 0x0016]), Some("3DES"));
        assert_eq!(of(&[0x0005, 0x0004]), Some("RC4"));
        assert_eq!(of(&[0xc02f, 0xc030]), Some("elliptic-curve suites"));
        assert_eq!(of(&[0x1301, 0xc02f]), Some("elliptic-curve suites"));
        assert_eq!(of(&[0x002f, 0x000a]), None);
        assert_eq!(of(&[]), None);
    }
}
