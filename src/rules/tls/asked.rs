//! What became of a CertificateRequest: what the rules on its list of authorities share.

use super::common::{Refusal, refusal, sent_data};
use super::outcome::concerns;
use crate::base::FrameRef;
use crate::connection::Connection;
use crate::host::Role;
use crate::rules::Context;
use crate::tls::{Certificate, CertificateFlight, CertificateRequest, TlsSummary};
use std::net::IpAddr;

/// What the client answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer<'a> {
    /// An empty Certificate message, or in SSL 3.0 the warning alert 41 (RFC 6101 section 5.6.6).
    Nothing(FrameRef),
    /// A certificate.
    Chain(&'a CertificateFlight),
    /// No Certificate message that was seen.
    NotSeen,
}

/// A server asked for a client certificate, and how that went on.
pub(super) struct Asked<'a> {
    /// What it asked.
    pub(super) request: &'a CertificateRequest,
    /// What the client answered.
    pub(super) answer: Answer<'a>,
    /// Who ended the handshake after that, if somebody did.
    pub(super) refused: Option<Refusal>,
    /// The TLS client.
    pub(super) client: IpAddr,
    /// The TLS server.
    pub(super) server: IpAddr,
}

/// What the client answered to a CertificateRequest.
pub(super) fn answer(tls: &TlsSummary) -> Answer<'_> {
    let no_certificate = tls
        .alerts
        .iter()
        .find(|a| a.direction == tls.client() && a.description.is_some_and(|d| d.0 == 41));
    match (&tls.client_certificates, no_certificate) {
        (Some(flight), _) if flight.is_empty() => Answer::Nothing(flight.at),
        (Some(flight), _) => Answer::Chain(flight),
        (None, Some(alert)) => Answer::Nothing(alert.at),
        (None, None) => Answer::NotSeen,
    }
}

/// The CertificateRequest of a connection of SIP servers. End users' clients have no certificate, and servers let them in.
pub(super) fn asked<'a>(
    connection: &'a Connection,
    tls: &'a TlsSummary,
    context: &Context<'_>,
) -> Option<Asked<'a>> {
    let request = tls.certificate_request.as_ref()?;
    let address = |direction| connection.flow.sender(direction).addr;
    let (client, server) = (address(tls.client()), address(tls.server()));
    let user = context.role(client) == Role::Client && sent_data(connection, tls.server());
    if user || !concerns(connection, context) {
        return None;
    }
    Some(Asked {
        request,
        answer: answer(tls),
        refused: refusal(connection).filter(|r| r.at >= request.at),
        client,
        server,
    })
}

/// The first authorities of the list, for showing.
pub(super) fn authority_rows(request: &CertificateRequest) -> Vec<String> {
    const SHOWN: usize = 10;
    let mut rows: Vec<String> = request.ca_names.iter().take(SHOWN).cloned().collect();
    let more = request.ca_names.len().saturating_sub(rows.len());
    if more > 0 {
        rows.push(format!("and {more} more"));
    }
    rows
}

/// Chains that a host showed, as client or as server, each with the connection it was on.
pub(super) fn chains_of<'a>(
    host: IpAddr,
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a CertificateFlight, u32)> + use<'a> {
    context.some_connections().filter_map(move |c| {
        let tls = c.tls.as_deref()?;
        let by = [
            (tls.client(), &tls.client_certificates),
            (tls.server(), &tls.server_certificates),
        ];
        by.into_iter().find_map(|(direction, flight)| {
            let flight = flight.as_ref().filter(|f| !f.is_empty())?;
            (c.flow.sender(direction).addr == host).then_some((flight, c.flow.stream))
        })
    })
}

/// Whether a list of authorities has one that stands above a certificate: issuer of any certificate of the chain, or one of
/// the authorities in it. Names are compared as text without regard to case (RFC 5280 section 7.1).
pub(super) fn lists_issuer(names: &[String], chain: &[std::sync::Arc<Certificate>]) -> bool {
    chain.iter().enumerate().any(|(place, certificate)| {
        names.iter().any(|name| {
            name.eq_ignore_ascii_case(&certificate.issuer)
                || (place > 0 && name.eq_ignore_ascii_case(&certificate.subject))
        })
    })
}
