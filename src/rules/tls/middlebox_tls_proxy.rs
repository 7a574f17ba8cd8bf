//! Something between the two ends its TLS and begins it anew.

use super::outcome::concerns;
use super::words::{certificate_rows, server, short_name};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use crate::tls::{Certificate, CertificateFlight};

pub(super) static RULE: Rule = Rule {
    name: "middlebox-tls-proxy",
    class: Class::Tls,
    severity: Severity::Note,
    summary: "a firewall or proxy on the way answers TLS in the name of the other server",
    explanation: "An ASA with a TLS proxy, or another device that inspects TLS, presents a certificate of its own. Then it is the device that each \
        side must trust, and not the server behind it; each side of it may use other versions and suites. This is how federation through an \
        ASA works, so it is no fault: it says which certificates to compare.",
    causes: &[
        "an ASA with a TLS proxy between the Cisco server and the Edge, as Cisco's guide describes",
        "TLS inspection on a firewall or load balancer",
    ],
    confirm: &["Compare the certificate here with the one on the server itself."],
    fix: Fix {
        cisco: &[
            "Where an ASA is meant to be there: its certificate must be in cup-trust, and the node's in the ASA; after a change of domain or certificate import both anew.",
        ],
        microsoft: &["The Edge must trust the authority of the ASA's outside trustpoint."],
        network: &[
            "Where no device is meant to do this: take the connection out of its TLS inspection.",
        ],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        "Cisco, Interdomain Federation guide 14, ASA configuration and Troubleshooting (TLS proxy, re-import of certificates)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn flight(connection: &Connection) -> Option<&CertificateFlight> {
    connection.tls.as_ref()?.server_certificates.as_ref()
}

fn leaf(connection: &Connection) -> Option<&Certificate> {
    flight(connection)?.leaf().filter(|c| c.error.is_none())
}

/// An ASA signs the certificate of its own trustpoint itself, with its host name as unstructuredName (PKCS #9).
fn is_of_asa(certificate: &Certificate) -> bool {
    certificate.self_issued
        && ["1.2.840.113549.1.9.2", "unstructuredName"]
            .iter()
            .any(|name| certificate.subject.contains(name))
}

/// Another connection to the same address and port that was shown another certificate while this one's was in use: before and after
/// it, so that a renewal is not taken for it.
fn another<'a>(
    connection: &Connection,
    mine: &Certificate,
    context: &Context<'a>,
) -> Option<&'a Connection> {
    let at = connection.server();
    let differs = |c: &&Connection| leaf(c).is_some_and(|l| l.sha256 != mine.sha256);
    let same = |c: &&Connection| leaf(c).is_some_and(|l| l.sha256 == mine.sha256);
    let first = connection.flow.first;
    context.to_server(at).filter(differs).find(|other| {
        other.flow.first > first
            && context
                .to_server(at)
                .filter(same)
                .any(|again| again.flow.first > other.flow.first)
    })
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some((flight, mine)) = flight(connection).zip(leaf(connection)) else {
        return;
    };
    if !concerns(connection, context) {
        return;
    }
    let who = server(connection, to);
    let (client, host) = (connection.client().addr, connection.server().addr);
    if is_of_asa(mine) {
        let _ = to
            .report(
                client,
                host,
                format!("{who} presents a certificate that a Cisco ASA made for itself: a TLS proxy is in between"),
                Evidence::seen(flight.at, format!("Certificate message ({})", short_name(mine))),
            )
            .summary("The subject has a host name in the way that an ASA writes it, and signs itself. The two servers see the device's certificates and not each other's.")
            .confidence(Confidence::Medium)
            .key("asa")
            .detail("The certificate", certificate_rows(mine))
            .on_stream(Some(connection.flow.stream));
        return;
    }
    let Some((other, theirs, at)) = another(connection, mine, context)
        .and_then(|other| Some((other, leaf(other)?, self::flight(other)?.at)))
    else {
        return;
    };
    let _ = to
        .report(
            client,
            host,
            format!("{who} presents two different certificates in turn: something in between may answer for it"),
            Evidence::seen(flight.at, format!("Certificate message ({})", short_name(mine))),
        )
        .summary(format!(
            "On tcp.stream {} the certificate is \"{}\", on tcp.stream {} \"{}\", for the same address and port. Several nodes behind one \
             address look the same.",
            connection.flow.stream,
            short_name(mine),
            other.flow.stream,
            short_name(theirs),
        ))
        .confidence(Confidence::Low)
        .key("two")
        .seen(at, format!("Certificate message ({})", short_name(theirs)))
        .detail("The one certificate", certificate_rows(mine))
        .detail("The other certificate", certificate_rows(theirs))
        .on_stream(Some(connection.flow.stream))
        .on_stream(Some(other.flow.stream));
}
