//! A server certificate for another name than the one that was called.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::tls::sources::{BLOG_2, CISCO_DNS_CERT, CISCO_PARTITIONED_NODE, MEASURED};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::{Certificate, NameMatch};

pub(super) static RULE: Rule = Rule {
    name: "cert-name-mismatch",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "the server's certificate is not for the name that the client called",
    explanation: "The client said in the ClientHello (server_name) which host it wants. The certificate that the server \
        presented has another name. Lync compares the certificate with the destination of its static route, letter by \
        letter; Cisco compares the subject CN with its TLS peer subjects.",
    causes: &[
        "the static route names another FQDN than the certificate of the server, such as the node instead of the routing name",
        "the certificate was made for an earlier name, or for the short host name",
        "DNS leads the name to another server",
    ],
    confirm: &[
        "Compare the destination of the route with common name and DNS names of the certificate shown here.",
    ],
    fix: Fix {
        cisco: &[
            "Where the certificate is Cisco's: make a new cup certificate whose CN is the name that Lync calls, or set Federation \
             Routing IM and Presence FQDN to the name in the certificate; restart the Cisco SIP Proxy.",
            "Where Cisco calls: the TLS peer subject must be the CN of Lync's certificate.",
        ],
        microsoft: &[
            "Where Lync calls: create the static route with the name in the certificate as -Destination, and have a trusted \
             application pool of that name (New-CsTrustedApplicationPool, Enable-CsTopology).",
            "Where the certificate is Lync's: Request-CsCertificate with the name that Cisco calls (-DomainName).",
        ],
        network: &["Check that DNS resolves the name to the right server."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        BLOG_2,
        CISCO_DNS_CERT,
        CISCO_PARTITIONED_NODE,
        MEASURED,
        "RFC 6125 section 6.4",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// How the certificate names the host; the common name counts only where there is no DNS name (RFC 6125 section 6.4.4).
fn names(certificate: &Certificate, wanted: &str) -> bool {
    match certificate.matches_name(wanted) {
        NameMatch::San | NameMatch::Wildcard => true,
        // CUP and Lync look at the subject CN whatever the other names are: no mismatch for them.
        NameMatch::CnOnly => true,
        NameMatch::No => false,
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(hello) = connection
        .tls
        .as_ref()
        .and_then(|tls| tls.client_hello.as_ref())
    else {
        return;
    };
    // With ECH the visible name is a cover.
    let Some(wanted) = hello
        .extensions
        .sni
        .as_deref()
        .filter(|_| !hello.extensions.encrypted_client_hello)
    else {
        return;
    };
    let Some(p) = presented(connection, false, to) else {
        return;
    };
    if names(p.leaf, wanted) {
        return;
    }
    let name = short_name(p.leaf);
    let fault = Fault {
        title: if p.was_refused() {
            format!(
                "{} presents a certificate for \"{name}\", not for \"{wanted}\", and {} rejects it",
                p.presenter_name, p.verifier_name
            )
        } else {
            format!(
                "The certificate of {} is for \"{name}\", not for \"{wanted}\"",
                p.presenter_name
            )
        },
        defect: format!(
            "{} calls \"{wanted}\" (server_name in its ClientHello); the certificate of {} does not have that name.",
            p.verifier_name, p.presenter_name
        ),
        alerts: &[42],
        key: format!("{} {wanted}", connection.server().port),
        harmless: Severity::Note,
    };
    let mut found = p.leaf.sans.dns.clone();
    found.truncate(8);
    if let Some(cn) = &p.leaf.subject_cn {
        found.insert(0, format!("{cn} (common name)"));
    }
    let built = p
        .report(connection, to, fault)
        .seen(hello.at, format!("ClientHello asks for \"{wanted}\""))
        .detail("Name that the client called", vec![wanted.to_owned()])
        .detail("Names in the certificate", found);
    let words = format!(
        "Either the route is to call \"{name}\", or the certificate is to be made for \"{wanted}\"."
    );
    let _ = match p.presenter_role {
        Role::Cisco => built.cisco(words),
        Role::Lync | Role::Edge => built.microsoft(words),
        _ => built,
    };
}
