//! The client is asked for a certificate and has none to show.

use super::common::{refusal, sent_data};
use super::outcome::{concerns, gravity, recovered_text};
use super::sources::{CISCO_LYNC, MEASURED, MS_POWERSHELL};
use super::words::{certificate_of, purposes, server, short_name};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-client-cert-empty",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the server asks the client for a certificate and gets none",
    explanation: "In mutual TLS the server sends a CertificateRequest, and the client answers with its certificate. Here the \
        client's Certificate message is empty. A server that insists ends the handshake (OpenSSL with alert 40); one that \
        does not lets the client in as unknown, and rejects its requests later.",
    causes: &[
        "no certificate is assigned to the client's SIP service",
        "its certificate does not have Client Authentication, so that Windows does not select it",
        "the server's list of accepted authorities does not have the issuer of the client's certificate",
    ],
    confirm: &[
        "Look up which certificate is assigned: Get-CsCertificate on Lync, OS Administration > Security > Certificate \
         Management (cup) on Cisco.",
        "Compare its issuer with the authorities that the server asked for, shown here.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco is the client: install a signed cup certificate with both purposes and restart the Cisco SIP Proxy.",
            "Where Cisco is the server: upload the root of Lync's certificate as cup-trust, so that it is in the list.",
        ],
        microsoft: &[
            "Where Lync is the client: request a certificate with Client Authentication (Request-CsCertificate -ClientEku $true), \
             assign it with Set-CsCertificate, and create the route with -UseDefaultCertificate $true.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        MEASURED,
        CISCO_LYNC,
        MS_POWERSHELL,
        "RFC 5246 section 7.4.6",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &[
            "tls-certreq-ca-list-oversize",
            "tls-certreq-lacks-client-ca",
        ],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    let Some(request) = &tls.certificate_request else {
        return;
    };
    // SSL 3.0 says it with warning alert 41 instead of an empty message (RFC 6101 section 5.6.6).
    let no_certificate = tls
        .alerts
        .iter()
        .find(|a| a.direction == tls.client() && a.description.is_some_and(|d| d.0 == 41));
    let empty_at = match (&tls.client_certificates, no_certificate) {
        (Some(flight), _) if flight.is_empty() => flight.at,
        (None, Some(alert)) => alert.at,
        _ => return,
    };
    let context = to.context();
    if !concerns(connection, context) {
        return;
    }
    let address = |direction| connection.flow.sender(direction).addr;
    let (client, verifier) = (address(tls.client()), address(tls.server()));
    let refused = refusal(connection).filter(|r| r.by == tls.server() && r.at >= empty_at);
    let served = sent_data(connection, tls.server());
    if served && context.role(client) == Role::Client {
        return;
    }
    let (who, whom) = (to.label(client), server(connection, to));
    let (severity, outcome) = match &refused {
        Some(r) => (
            gravity(connection, context),
            format!("{whom} then {}.", r.how.verb()),
        ),
        None => (Severity::Note, format!("{whom} went on without it.")),
    };
    let elsewhere = context.some_connections().find_map(|c| {
        let t = c.tls.as_ref()?;
        [tls.client(), tls.server()].into_iter().find_map(|d| {
            (c.flow.sender(d).addr == client)
                .then(|| certificate_of(t, d))
                .flatten()
                .map(|cert| {
                    format!(
                        "{}, issued by {}; {} (tcp.stream {})",
                        short_name(cert),
                        cert.issuer,
                        purposes(cert),
                        c.flow.stream
                    )
                })
        })
    });
    let mut authorities: Vec<String> = request.ca_names.iter().take(10).cloned().collect();
    if request.ca_names.len() > authorities.len() {
        authorities.push(format!(
            "and {} more",
            request.ca_names.len() - authorities.len()
        ));
    }
    if authorities.is_empty() {
        let words = if request.complete {
            "any (the list is empty)"
        } else {
            "not known: the list could not be read"
        };
        authorities.push(words.to_owned());
    }
    let title = if refused.is_some() {
        format!("{who} has no client certificate for {whom}: its Certificate message is empty")
    } else {
        format!("{who} shows no client certificate to {whom}, which goes on without it")
    };
    let mut built = to
        .report(
            client,
            verifier,
            title,
            Evidence::seen(empty_at, "empty Certificate message of the client"),
        )
        .severity(severity)
        .key(connection.server().port.to_string())
        .summary(format!(
            "{whom} asked for a client certificate and {who} sent none{}. {outcome}{}",
            if request.ca_names.is_empty() {
                ""
            } else {
                ": it has none, or none that an authority in the server's list has issued"
            },
            recovered_text(connection, context)
        ))
        .seen(request.at, "CertificateRequest of the server")
        .detail("Authorities that the server accepts", authorities)
        .detail(
            format!("Certificate of {who} elsewhere in the capture"),
            elsewhere.into_iter().collect(),
        )
        .on_stream(Some(connection.flow.stream));
    if let Some(r) = refused {
        built = built.seen(r.at, format!("{whom} {}", r.how.verb()));
        if r.how.alert().is_none() {
            built = built.confidence(Confidence::Medium);
        }
    }
    let _ = match context.role(client) {
        Role::Cisco => built.cisco("This is the side to change: the cup certificate."),
        Role::Lync | Role::Edge => built
            .microsoft("This is the side to change: the default certificate of the Lync server."),
        _ => built,
    };
}
