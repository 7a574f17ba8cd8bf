//! The server asks for certificates of other authorities than the client's.

use super::asked::{Answer, Asked, asked, authority_rows, chains_of, lists_issuer};
use super::outcome::{gravity, recovered_text};
use super::sources::{CISCO_PARTITIONED_NODE, MEASURED};
use super::words::{points_elsewhere, server, short_name};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Context, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::tls::{CertificateFlight, TlsSummary};

pub(super) static RULE: Rule = Rule {
    name: "tls-certreq-lacks-client-ca",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the authority of the client's certificate is not among those that the server asks for",
    explanation: "With its CertificateRequest the server can name the authorities whose certificates it accepts. Windows and \
        GnuTLS then look for a certificate below one of them and send an empty message when there is none; OpenSSL sends \
        what it has. Here the list has no authority above the certificate that this client is known to have. An empty list \
        means any authority and is normal: Windows Server 2012 and later send it.",
    causes: &[
        "the root of the client's certificate was not imported on the server",
        "it was imported, but the server's service was not restarted, or the list was cut at 16 KB",
        "the client has a new certificate from another authority",
        "the list names the root only, and the client does not have the intermediate certificate between",
    ],
    confirm: &[
        "Compare the issuer shown here with the list, letter by letter.",
        "Cisco: OS Administration > Security > Certificate Management (cup-trust). Windows: certlm.msc, Trusted Root and \
         Intermediate Certification Authorities.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco is the server: Cisco Unified OS Administration > Security > Certificate Management > Upload \
             Certificate, purpose cup-trust: root and intermediates of Lync's certificate; then restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where Lync is the server: import root and intermediates of the Cisco certificate into the store of the local \
             computer (Import-Certificate -CertStoreLocation Cert:\\LocalMachine\\Root) and restart the Front End service.",
            "Where Lync is the client: install the intermediate certificates of its own authority, or assign a certificate of \
             an authority that is in the list (Set-CsCertificate).",
        ],
        network: &[],
    },
    knowledge: Knowledge::Measured,
    references: &[
        MEASURED,
        CISCO_PARTITIONED_NODE,
        "RFC 5246 sections 7.4.4 and 7.4.6",
    ],
    since: "0.1.0",
    // Where the list was cut, its length is the reason.
    explained_by: &[ExplainedBy {
        rules: &["tls-certreq-ca-list-oversize"],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// The chain the client has: shown here, or else on another connection, with its `tcp.stream`.
fn known_chain<'a>(
    asked: &Asked<'a>,
    context: &Context<'a>,
) -> Option<(&'a CertificateFlight, Option<u32>)> {
    match asked.answer {
        Answer::Chain(flight) => Some((flight, None)),
        Answer::Nothing(_) => chains_of(asked.client, context)
            .next()
            .map(|(flight, stream)| (flight, Some(stream))),
        Answer::NotSeen => None,
    }
}

/// Whether what happened can follow from the list: nothing was sent, or the server ended the handshake for no other reason.
fn follows(asked: &Asked<'_>, tls: &TlsSummary) -> bool {
    match asked.answer {
        Answer::Nothing(_) => true,
        // Alert 48 says the same in other words, and is its own finding.
        Answer::Chain(flight) => asked.refused.is_some_and(|r| {
            r.by == tls.server() && r.at >= flight.at && !points_elsewhere(&r, &[])
        }),
        Answer::NotSeen => false,
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    let context = to.context();
    let Some(asked) = asked(connection, tls, context) else {
        return;
    };
    let names = &asked.request.ca_names;
    if names.is_empty() || !asked.request.complete || !follows(&asked, tls) {
        return;
    }
    let Some((flight, elsewhere)) = known_chain(&asked, context) else {
        return;
    };
    let Some(leaf) = flight.leaf().filter(|leaf| leaf.error.is_none()) else {
        return;
    };
    // One of several certificates that would fit is enough.
    // So is one of which a part could not be read: its issuer may be in that.
    let fits = !flight.complete
        || lists_issuer(names, &flight.chain)
        || chains_of(asked.client, context)
            .any(|(other, _)| !other.complete || lists_issuer(names, &other.chain));
    if fits {
        return;
    }
    let (who, whom) = (to.label(asked.client), server(connection, to));
    let shown = match elsewhere {
        Some(stream) => format!("It showed this certificate on tcp.stream {stream}."),
        None => "It sent this certificate all the same.".to_owned(),
    };
    let (severity, outcome) = match &asked.refused {
        Some(r) => (
            gravity(connection, context),
            format!(
                "The connection ended: {} {}.",
                if r.by == tls.server() { &whom } else { &who },
                r.how.verb()
            ),
        ),
        None => (
            Severity::Note,
            format!("{whom} went on without a certificate."),
        ),
    };
    let mut built = to
        .report(
            asked.client,
            asked.server,
            match names.len() {
                1 => format!("{whom} asks for certificates of one authority, and that of {who} is from another"),
                n => format!("{whom} asks for certificates of {n} authorities, and that of {who} is from none of them"),
            },
            Evidence::seen(
                asked.request.at,
                format!("CertificateRequest of {whom} without \"{}\"", leaf.issuer),
            ),
        )
        .severity(severity)
        .confidence(Confidence::Medium)
        .key(format!("{} {}", connection.server().port, leaf.issuer))
        .summary(format!(
            "The certificate \"{}\" of {who} was issued by \"{}\", which the list of {whom} does not have. {shown} {outcome}{}",
            short_name(leaf),
            leaf.issuer,
            recovered_text(connection, context)
        ))
        .detail(
            format!("The chain of {who}"),
            flight
                .chain
                .iter()
                .map(|c| format!("{} (issued by {})", c.subject, c.issuer))
                .collect(),
        )
        .detail("Authorities that the server accepts", authority_rows(asked.request))
        .on_stream(Some(connection.flow.stream));
    if let Answer::Nothing(at) = asked.answer {
        built = built.seen(at, format!("{who} sends no certificate"));
    }
    if let Some(refused) = asked.refused {
        built = built.seen(refused.at, format!("the end: {}", refused.how.verb()));
    }
    let _ = match context.role(asked.server) {
        Role::Cisco => built.cisco(format!(
            "This is the side to change: upload \"{}\" and what is above it as cup-trust.",
            leaf.issuer
        )),
        Role::Lync | Role::Edge => built.microsoft(format!(
            "This is the side to change: import \"{}\" and what is above it.",
            leaf.issuer
        )),
        _ => built,
    };
}
