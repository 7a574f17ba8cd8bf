//! A server looks for a revocation list during a handshake and cannot get it.

use crate::base::{Direction, Endpoint, FrameRef, Span};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::tls::outcome::{concerns, recovered_text};
use crate::rules::tls::words::side;
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use crate::tls::{CertificateFlight, TlsSummary};
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "cert-revocation-check-blocked",
    class: Class::Cert,
    severity: Severity::Warning,
    summary: "a server cannot reach the revocation list or OCSP responder named in the other's certificate, and the handshake waits",
    explanation: "A certificate names where its revocation list (CDP) and OCSP responder (AIA) are. The side that judges it asks there during the \
        handshake. Where a firewall drops these connections, or the name does not resolve, it waits until it gives up: each handshake takes \
        many seconds, or the peer loses patience and closes.",
    causes: &[
        "the firewall drops HTTP or LDAP from this server to the CRL or OCSP host",
        "the name in the CDP does not resolve on this server, or the server there does not run",
        "the CRL is published where only the inside can reach it",
    ],
    confirm: &[
        "On the server that waits: certutil -verify -urlfetch FILE.cer with the certificate of the peer.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco waits: Cisco Unified OS Administration > Security > Certificate Revocation.",
        ],
        microsoft: &[
            "Where Lync waits: let the Local System account reach the address (netsh winhttp set proxy), or publish the list where it is \
             reachable and issue the certificates anew.",
        ],
        network: &["Allow the connections shown below, or reject them instead of dropping them."],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        "RFC 5280 section 4.2.1.13 (CRL distribution points) and section 4.2.2.1 (authority information access)",
        "Microsoft, Set-CsAccessEdgeConfiguration (KeepCrlsUpToDateForPeers)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// A pause in a handshake that a person notices.
const PAUSE: Span = Span::from_secs(2);
/// Addresses in a chain that are looked at.
const URLS: usize = 16;

/// An address in a certificate: the host and port that it leads to.
struct Place {
    url: String,
    host: String,
    port: u16,
}

fn place(url: &str) -> Option<Place> {
    let (scheme, rest) = url.split_once("://")?;
    let default = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        "ldap" => 389,
        _ => return None,
    };
    let authority = rest.split(['/', '?']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, default),
    };
    (!host.is_empty()).then(|| Place {
        url: url.to_owned(),
        host: host.to_ascii_lowercase(),
        port,
    })
}

fn places(flight: &CertificateFlight) -> Vec<Place> {
    flight
        .chain
        .iter()
        .flat_map(|c| c.crl_urls.iter().chain(&c.aia_urls))
        .take(URLS)
        .filter_map(|url| place(url))
        .collect()
}

/// What became of an attempt to reach it.
struct Blocked {
    at: FrameRef,
    what: String,
    url: String,
}

/// An attempt of `host` to reach one of the places that failed between two frames.
fn blocked(
    host: IpAddr,
    places: &[Place],
    (from, until): (FrameRef, FrameRef),
    context: &Context<'_>,
) -> Option<Blocked> {
    let during = |at: FrameRef| at >= from && at <= until;
    for place in places {
        let lookup = context
            .names
            .failed_address(host, &place.host)
            .and_then(|lookup| lookup.first())
            .filter(|at| during(*at));
        if let Some(at) = lookup {
            return Some(Blocked {
                at,
                what: format!("asks for the address of {} and gets none", place.host),
                url: place.url.clone(),
            });
        }
        let mut addresses = context.names.addresses(&place.host);
        addresses.extend(place.host.parse::<IpAddr>().ok());
        for address in addresses {
            let server = Endpoint::new(address, place.port);
            let Some(attempt) = context.set.attempts(host, server).find(|a| during(a.at)) else {
                continue;
            };
            let what = if attempt.refused {
                "is refused by"
            } else {
                "gets no answer from"
            };
            return Some(Blocked {
                at: attempt.at,
                what: format!("{what} {} ({address}:{})", place.host, place.port),
                url: place.url.clone(),
            });
        }
    }
    None
}

/// From the certificate to what the judge did next: until the end of the connection where it did nothing.
fn wait(
    connection: &Connection,
    tls: &TlsSummary,
    judge: Direction,
    from: FrameRef,
    last: FrameRef,
) -> FrameRef {
    tls.events
        .iter()
        .filter(|event| event.direction == judge && event.at > from)
        .map(|event| event.at)
        .min()
        .or_else(|| connection.flow.closed_by().map(|(_, at, _)| at))
        .unwrap_or(last)
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(tls) = connection
        .tls
        .as_ref()
        .filter(|_| concerns(connection, context))
    else {
        return;
    };
    let flights = [
        (tls.client(), tls.server_certificates.as_ref()),
        (tls.server(), tls.client_certificates.as_ref()),
    ];
    for (judge, flight) in flights {
        let Some(flight) = flight else { continue };
        let until = wait(connection, tls, judge, flight.at, context.last);
        let waited = until.time.since(flight.at.time);
        if waited < PAUSE {
            continue;
        }
        let host = connection.flow.sender(judge).addr;
        let Some(blocked) = blocked(host, &places(flight), (flight.at, until), context) else {
            continue;
        };
        let (who, whom) = (
            side(connection, judge, to),
            side(connection, judge.reverse(), to),
        );
        let goes_on = tls.handshake_complete();
        let _ = to
            .report(
                host,
                connection.flow.sender(judge.reverse()).addr,
                format!("{who} cannot check whether the certificate of {whom} was revoked, and waits {waited} in the handshake"),
                Evidence::seen(flight.at, format!("Certificate message of {whom}")),
            )
            .severity(if goes_on { Severity::Warning } else { Severity::Error })
            .confidence(Confidence::Medium)
            .key(blocked.url.clone())
            .summary(format!(
                "{who} has the certificate of {whom} before it and {} while the handshake stands still for {waited}. {}{}",
                blocked.what,
                if goes_on { "Then it went on without the list." } else { "The handshake did not come to its end." },
                recovered_text(connection, context)
            ))
            .seen(blocked.at, format!("{who} {}", blocked.what))
            .detail("Address in the certificate", vec![blocked.url])
            .on_stream(Some(connection.flow.stream));
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn addresses_in_certificates_are_read() {
        let read = |url| place(url).map(|p| (p.host, p.port));
        assert_eq!(
            read("http://crl.tomt.it/ca.crl"),
            Some(("crl.tomt.it".to_owned(), 80))
        );
        assert_eq!(
            read("http://crl.tomt.it:8080/ca.crl"),
            Some(("crl.tomt.it".to_owned(), 8080))
        );
        assert_eq!(
            read("ldap://dc01.tomt.it/cn=ca?x"),
            Some(("dc01.tomt.it".to_owned(), 389))
        );
        // Without a host the directory of the domain is meant.
        assert_eq!(read("ldap:///cn=ca"), None);
        assert_eq!(read("file://x"), None);
    }
}
