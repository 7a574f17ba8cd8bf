//! Two servers whose certificates are from different authorities.

use crate::connection::Connection;
use crate::finding::{Evidence, Severity};
use crate::rules::tls::common::{Stage, refusal};
use crate::rules::tls::outcome::{concerns, works};
use crate::rules::tls::sources::{CISCO_PARTITIONED_LYNC, CISCO_PARTITIONED_TROUBLE};
use crate::rules::tls::words::{certificate_rows, points_elsewhere, side};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use crate::tls::CertificateFlight;
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "cert-different-issuers",
    class: Class::Cert,
    severity: Severity::Note,
    summary: "the two servers have certificates of different authorities: each must trust the other's root",
    explanation: "Cisco recommends one authority for both servers. With two, each side needs the root of the other's, and every \
        intermediate that is not sent. This is no fault by itself; it is mentioned where a connection between the two did not \
        work and nothing names another reason, because then this is the first thing to compare.",
    causes: &[
        "one server has a certificate of the internal authority, the other one of a public authority",
        "an authority was replaced, and only one of the servers got a new certificate",
    ],
    confirm: &[
        "Cisco: OS Administration > Security > Certificate Management, find cup-trust. Windows: certlm.msc, Trusted Root \
         Certification Authorities. Each must have the root of the other side.",
    ],
    fix: Fix {
        cisco: &[
            "Upload root and intermediates of Lync's authority as cup-trust; restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Import the root of Cisco's authority: Import-Certificate -FilePath <root.cer> -CertStoreLocation \
             Cert:\\LocalMachine\\Root; restart the Front End service.",
        ],
        network: &["Or have both certificates made by the same authority."],
    },
    knowledge: Knowledge::Verified,
    references: &[CISCO_PARTITIONED_TROUBLE, CISCO_PARTITIONED_LYNC],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// Connections between two hosts that are looked at for the certificate of one.
const LOOKED_AT: usize = 256;

/// What a host presented on this connection, else on another one between the two.
fn presented_by<'a>(
    host: IpAddr,
    peer: IpAddr,
    connection: &'a Connection,
    context: &Context<'a>,
) -> Option<&'a CertificateFlight> {
    let on = |c: &'a Connection| {
        let tls = c.tls.as_ref()?;
        [
            (tls.client(), &tls.client_certificates),
            (tls.server(), &tls.server_certificates),
        ]
        .into_iter()
        .find(|(d, _)| c.flow.sender(*d).addr == host)
        .and_then(|(_, flight)| flight.as_ref())
        .filter(|f| f.leaf().is_some_and(|c| c.error.is_none()))
    };
    on(connection).or_else(|| context.between(host, peer).take(LOOKED_AT).find_map(on))
}

/// The highest authority that a chain names.
fn authority(flight: &CertificateFlight) -> Option<&str> {
    flight.top().map(|top| top.issuer.as_str())
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    // Where both accepted, both have what they need; a failure for another reason has nothing to do with it.
    let about_trust = refusal(connection)
        .is_some_and(|r| r.stage != Stage::Hello && !points_elsewhere(&r, &[48]));
    if !about_trust || !concerns(connection, context) || works(connection) {
        return;
    }
    let (client, server) = (connection.client().addr, connection.server().addr);
    let [Some(one), Some(other)] = [(client, server), (server, client)]
        .map(|(host, peer)| presented_by(host, peer, connection, context))
    else {
        return;
    };
    let (Some(a), Some(b)) = (one.leaf(), other.leaf()) else {
        return;
    };
    // Self-signed ones have no authority; a common authority above two of them is enough.
    if a.self_issued
        || b.self_issued
        || a.issuer == b.issuer
        || authority(one) == authority(other)
        || authority(one) == Some(b.issuer.as_str())
        || authority(other) == Some(a.issuer.as_str())
    {
        return;
    }
    let (client_name, server_name) = (
        to.label(client),
        side(connection, crate::base::Direction::Responder, to),
    );
    let (first, second) = if client <= server {
        (client, server)
    } else {
        (server, client)
    };
    let mut issuers = [a.issuer.as_str(), b.issuer.as_str()];
    issuers.sort_unstable();
    let key = issuers.join(" ");
    let title = format!(
        "The certificates of {} and {} are from different authorities",
        to.label(first),
        to.label(second)
    );
    let _ = to
        .report(
            first,
            second,
            title,
            Evidence::seen(one.at, format!("Certificate of {client_name} by \"{}\"", a.issuer)),
        )
        .key(key)
        .summary(format!(
            "The certificate of {client_name} is from \"{}\", that of {server_name} from \"{}\". Each side must trust the root \
             of the other's authority.",
            a.issuer, b.issuer
        ))
        .seen(other.at, format!("Certificate of {server_name} by \"{}\"", b.issuer))
        .detail(format!("The certificate of {client_name}"), certificate_rows(a))
        .detail(format!("The certificate of {server_name}"), certificate_rows(b))
        .on_stream(Some(connection.flow.stream));
}
