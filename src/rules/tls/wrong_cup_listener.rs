//! Lync reaches the server-authentication listener of the Cisco SIP proxy.

use super::common::sent_data;
use super::sources::{BLOG_2, CISCO_OCS, CISCO_PARTITIONED_NODE};
use super::words::server;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::Version;

pub(super) static RULE: Rule = Rule {
    name: "wrong-cup-listener",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "Lync's connection ends at a Cisco listener that does not ask for a client certificate",
    explanation: "The Cisco SIP proxy has two TLS listeners. The peer-authentication listener (5062 by default) asks the other \
        server for its certificate and trusts it by that. The server-authentication listener (5061 by default) does not ask, \
        takes everybody for a client and demands a Digest login, which no Lync server can give. A full handshake without \
        CertificateRequest shows which of the two it is.",
    causes: &[
        "the static route of Lync has the port of the server-authentication listener",
        "the two listeners were not swapped although Lync uses 5061",
    ],
    confirm: &[
        "System > Application Listeners on Cisco: which listener has the port shown here?",
        "After the handshake, look for a 401 or 407 with Digest from Cisco.",
    ],
    fix: Fix {
        cisco: &[
            "System > Application Listeners: either leave Default Cisco SIP Proxy TLS Listener - Peer Auth on 5062 and send Lync \
             there, or give it 5061 and the Server Auth listener 5062 or 5063; restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Remove the route and create it with the port of the peer-authentication listener: \
             New-CsStaticRoute -TLSRoute -Destination <FQDN> -Port 5062 -MatchUri <domain> -UseDefaultCertificate $true; \
             the same port in New-CsTrustedApplication; then Enable-CsTopology.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[BLOG_2, CISCO_OCS, CISCO_PARTITIONED_NODE],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    let context = to.context();
    let (client, at) = (connection.client().addr, connection.server());
    let cisco = match context.role(at.addr) {
        Role::Cisco => true,
        Role::Unknown => matches!(at.port, 5061..=5063),
        _ => false,
    };
    let old_enough = tls.version().is_some_and(|v| v <= Version::TLS12);
    let (Some(hello), Some(done), Some(certificate)) = (
        &tls.server_hello,
        tls.server_hello_done,
        &tls.server_certificates,
    ) else {
        return;
    };
    if !cisco
        || !context.hosts.is_microsoft(client)
        || !old_enough
        || tls.resumed != Some(false)
        || tls.certificate_request.is_some()
        || tls.missing_bytes != [0, 0]
        || !tls.handshake_complete()
    {
        return;
    }
    let (who, whom) = (to.label(client), server(connection, to));
    let digest = digest_seen(connection);
    let other = context
        .some_connections()
        .find(|c| {
            c.server().addr == at.addr
                && c.tls
                    .as_ref()
                    .is_some_and(|t| t.certificate_request.is_some())
        })
        .map(|c| {
            format!(
                "port {} asks for a client certificate (tcp.stream {})",
                c.server().port,
                c.flow.stream
            )
        });
    let summary = format!(
        "{whom} completes a full handshake with {who} and never asks for a client certificate: this is its listener for \
         server authentication. It cannot know Lync by its certificate there{}",
        match digest {
            Some(true) => ", and demands a Digest login instead.",
            _ => " and will demand a Digest login.",
        }
    );
    let built = to
        .report(
            client,
            at.addr,
            format!(
                "{who} reaches the wrong listener: {whom} does not ask for a client certificate"
            ),
            Evidence::seen(hello.at, "ServerHello of a full handshake"),
        )
        .key(at.port.to_string())
        .summary(summary)
        .seen(certificate.at, "Certificate of the server")
        .absent(done, "a CertificateRequest before the ServerHelloDone")
        .detail(
            "Where the right listener is",
            other
                .into_iter()
                .chain(
                    context
                        .profile
                        .cisco
                        .peer_auth_port
                        .map(|port| format!("the lab profile says port {port}")),
                )
                .collect(),
        )
        .on_stream(Some(connection.flow.stream));
    let elsewhere = context
        .profile
        .cisco
        .peer_auth_port
        .is_some_and(|port| port != at.port);
    let _ = match digest {
        Some(true) => built,
        // The profile says which listener would be the right one.
        None if elsewhere => built,
        // SIP was read, and it was not rejected: the listener does its work.
        Some(false) => built
            .severity(Severity::Note)
            .confidence(Confidence::Medium),
        None if sent_data(connection, tls.server()) => built
            .severity(Severity::Warning)
            .confidence(Confidence::Medium),
        None => built
            .severity(Severity::Warning)
            .confidence(Confidence::Medium),
    };
}

/// Whether the server answered with a Digest challenge; `None` when its SIP was not read.
fn digest_seen(connection: &Connection) -> Option<bool> {
    let [_, answers] = connection.sip_messages;
    (answers > 0).then_some(connection.digest_challenged)
}
