//! A side refuses the other's protocol version.

use super::common::{How, Stage};
use super::outcome::{gravity, recovered_text, sip_refusal};
use super::sources::{MEASURED, RFC_5246_ALERTS};
use super::suites::lowest_version_elsewhere;
use super::words::{server, versions_offered};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::Version;

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-protocol-version",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the two sides have no TLS version in common (alert 70)",
    explanation: "The client offers versions up to a highest one, the server chooses one of them. protocol_version from the \
        server means that all of them are too old for it (or, rarely, too new); from the client, that the server chose one \
        that is too old for the client. Products of the Lync 2010 and CUP 9 time know TLS 1.0 only, hardened ones demand 1.2.",
    causes: &[
        "one side knows TLS 1.0 only, the other was hardened to TLS 1.2",
        "TLS 1.0 is disabled in SCHANNEL, or TLS 1.2 was never enabled there (Windows Server 2008 R2)",
    ],
    confirm: &[
        "Windows: the Enabled and DisabledByDefault values below \
         HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols.",
        "Cisco: show tls min-version.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco demands the higher version: set tls min-version 1.0, or better raise the other side. Where Cisco has \
             only TLS 1.0: upgrade IM and Presence.",
        ],
        microsoft: &[
            "Enable the missing version for Client and Server below SCHANNEL\\Protocols (TLS 1.2: Enabled=1, \
             DisabledByDefault=0) and restart Windows; enable TLS 1.0 again only until the other side is upgraded.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[MEASURED, RFC_5246_ALERTS, "RFC 5246 appendix E.1"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, sip_refusal(connection, to.context()))
    else {
        return;
    };
    let (Some(hello), How::Alert(what)) = (&tls.client_hello, refusal.how) else {
        return;
    };
    if what.0 != 70 || !matches!(refusal.stage, Stage::Hello | Stage::ServerFlight) {
        return;
    }
    let context = to.context();
    let (client, at) = (connection.client().addr, connection.server());
    let (who, whom) = (to.label(client), server(connection, to));
    let by_server = refusal.by == tls.server();
    let offered = versions_offered(hello);
    let highest = hello.highest_version().name();
    let chosen = tls.version().map(|v| v.name());
    let floor = lowest_version_elsewhere(connection, context);
    // A server that refuses TLS 1.2 may as well be the older one, which knows nothing later than what the client demands.
    let client_is_older = hello.highest_version().rank() < Version::TLS12.rank()
        || floor.is_some_and(|f| f.rank() > hello.highest_version().rank());
    let (title, summary, too_old) = match (&chosen, by_server) {
        (Some(chosen), false) => (
            format!(
                "{who} and {whom} have no TLS version in common: the server chooses {chosen}, too old for the client"
            ),
            format!(
                "{who} offers {offered}; {whom} chooses {chosen}, and {who} refuses it with alert 70 (protocol_version)."
            ),
            at.addr,
        ),
        _ if !by_server => (
            format!("{who} refuses the TLS version of {whom}"),
            format!(
                "{who} sends alert 70 (protocol_version); what {whom} chose is not in the capture."
            ),
            at.addr,
        ),
        _ => (
            if client_is_older {
                format!(
                    "{who} and {whom} have no TLS version in common: {who} offers {highest} at most"
                )
            } else {
                format!("{who} and {whom} have no TLS version in common: {who} offers {offered}")
            },
            format!(
                "{who} offers {offered}; {whom} refuses that with alert 70 (protocol_version).{}",
                if client_is_older {
                    ""
                } else {
                    " Which of the two is too old is not to be seen here: the server may know only older versions than the \
                     client demands."
                }
            ),
            client,
        ),
    };
    let sure = chosen.is_some() || client_is_older;
    let demanded = match (&chosen, by_server) {
        (Some(chosen), false) => vec![
            format!("{whom} chooses {chosen}"),
            format!("{who} wants a later one, {highest} at most"),
        ],
        _ => vec![match floor {
            Some(floor) => format!("{whom} accepted {} on another connection", floor.name()),
            None if client_is_older => {
                format!("{whom} wants another version, most likely a later one than {highest}")
            }
            None => format!("{whom} wants another version"),
        }],
    };
    let built = to
        .report(
            client,
            at.addr,
            title,
            Evidence::seen(hello.at, format!("ClientHello: {offered}")),
        )
        .severity(gravity(connection, context))
        .key(format!("{} {offered} {chosen:?}", at.port))
        .summary(format!("{summary}{}", recovered_text(connection, context)))
        .seen_if(
            tls.server_hello.as_ref().map(|h| h.at),
            format!("ServerHello: {}", chosen.as_deref().unwrap_or("no version")),
        )
        .seen(refusal.at, "fatal alert 70 protocol_version")
        .detail(format!("{who} offers"), vec![offered.clone()])
        .detail("The other side", demanded)
        .on_stream(Some(connection.flow.stream));
    let built = if sure {
        built
    } else {
        let _ = built.confidence(Confidence::Medium);
        return;
    };
    let words =
        "This side has the older versions only: raise it, or lower the demand of the other side.";
    let _ = match context.role(too_old) {
        Role::Cisco => built.cisco(words),
        Role::Lync | Role::Edge => built.microsoft(words),
        _ => built,
    };
}
