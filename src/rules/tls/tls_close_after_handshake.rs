//! A side ends the connection right after a complete handshake.

use super::common::{How, Stage, refusal, sent_data};
use super::outcome::{gravity, recovered_text, sip_refusal, works};
use super::sources::{CISCO_PARTITIONED_NODE, CISCO_PARTITIONED_TROUBLE, MS_POWERSHELL};
use super::words::{certificate_of, certificate_rows, short_name, side};
use crate::base::Direction;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::tls::TlsSummary;

pub(super) static RULE: Rule = Rule {
    name: "tls-close-after-handshake",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side ends the connection right after a complete TLS handshake, before it has sent anything",
    explanation: "The handshake succeeded, so versions, ciphers and the certificate chain were accepted. Then one side ends \
        the connection without a byte of its own. Checks of the application come at that moment: is the name in the \
        certificate one of those that may connect? The Cisco SIP proxy compares the subject CN with its TLS peer subjects, \
        Lync compares the name with its topology and with the route.",
    causes: &[
        "Cisco closes: the subject CN of Lync's certificate is not a TLS peer subject, or is not selected in the TLS context",
        "Lync closes: the name in Cisco's certificate is no trusted application or server, or is not the route's destination",
        "some programs check the whole certificate only now: authority, validity and name count as well",
    ],
    confirm: &[
        "Cisco SIP proxy traces of that second; Lync event log, source LS Protocol Stack (14428, 14501, 14502, 14603).",
        "Compare the name in the certificate shown here with the configured peers, letter by letter.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco closes: System > Security > TLS Peer Subjects: the subject CN of the front end and of the pool; then \
             System > Security > TLS Context Configuration > the peer-authentication context > Selected TLS Peer Subjects; \
             restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where Lync closes: Get-CsTrustedApplicationPool must list the name in Cisco's certificate; \
             New-CsTrustedApplicationPool, New-CsTrustedApplication, Enable-CsTopology.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        CISCO_PARTITIONED_NODE,
        CISCO_PARTITIONED_TROUBLE,
        MS_POWERSHELL,
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &[
            "pmtu-blackhole",
            "tcp-established-silent-drop",
            "cert-missing-client-auth-eku",
            "cert-missing-server-auth-eku",
            "cert-expired",
            "cert-not-yet-valid",
            "cert-name-mismatch",
            "cert-self-signed-peer",
            "cert-wildcard",
            "cert-subject-cn-unusable",
            "tls-client-cert-empty",
            "tls-certreq-ca-list-oversize",
            "tls-certreq-lacks-client-ca",
        ],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// Whether this is the same end by the same side as on another connection.
fn same_end(other: &Connection, by: Direction) -> bool {
    refusal(other).is_some_and(|r| r.by == by && r.stage == Stage::Complete)
}

/// Whether a connection had the same server certificate.
fn same_server(other: &Connection, tls: &TlsSummary) -> bool {
    let leaf = |tls: &TlsSummary| certificate_of(tls, tls.server()).map(|c| c.sha256);
    other.tls.as_ref().and_then(|t| leaf(t)) == leaf(tls)
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, sip_refusal(connection, to.context()))
    else {
        return;
    };
    if refusal.stage != Stage::Complete {
        return;
    }
    if let How::Alert(_) = refusal.how {
        return;
    }
    let context = to.context();
    let (client, at) = (connection.client().addr, connection.server());
    let (by, other) = (
        side(connection, refusal.by, to),
        side(connection, refusal.by.reverse(), to),
    );
    let alike: Vec<&Connection> = context
        .between(client, at.addr)
        .filter(|c| c.server() == at && c.client().addr == client)
        .collect();
    let times = alike.iter().filter(|c| same_end(c, refusal.by)).count();
    // A client that opens, says nothing and goes is a probe unless it has shown a certificate; and where its other
    // connections work, it was a spare one.
    let unused = !sent_data(connection, refusal.by.reverse());
    let by_client = refusal.by == tls.client();
    // Nobody takes up again a session with a server whose certificate was not good enough.
    let resumes = by_client
        && alike.iter().any(|c| {
            c.tls
                .as_ref()
                .is_some_and(|t| t.resumed == Some(true) && t.handshake_complete())
        });
    let probe = unused
        && (resumes
            || alike.iter().any(|c| works(c) && same_server(c, tls))
            || (by_client && certificate_of(tls, tls.client()).is_none()));
    let severity = if probe {
        Severity::Note
    } else {
        gravity(connection, context)
    };
    let request = if unused {
        String::new()
    } else {
        format!(" {other} had sent data already and got no answer.")
    };
    let presented = certificate_of(tls, refusal.by.reverse());
    let subject = presented.map_or_else(String::new, |c| c.subject.clone());
    // The profile may say that the name is not let in.
    let configured = presented
        .and_then(|c| c.subject_cn.as_deref())
        .filter(|name| {
            context.role(connection.flow.sender(refusal.by).addr) == Role::Cisco
                && context.profile.is_peer_subject(name) == Some(false)
        })
        .map_or_else(String::new, |name| {
            format!(" The lab profile says so: {name} is not among the TLS peer subjects.")
        });
    let certain = times >= 2 || !configured.is_empty();
    let mut built = to
        .report(
            client,
            at.addr,
            format!("{by} ends the connection with {other} right after the TLS handshake, without sending anything"),
            Evidence::seen(refusal.at, format!("{by} {}", refusal.how.verb())),
        )
        .severity(severity)
        .confidence(if certain && !probe {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .key(format!("{} {:?} {subject}", at.port, refusal.by))
        .summary(format!(
            "The TLS handshake was complete; then {by} {} before it sent anything.{request} It most likely does not accept the \
             certificate of {other}: the name in it is not one that it lets in, or it checks the authority only now.{configured}{}",
            refusal.how.verb(),
            recovered_text(connection, context)
        ))
        .seen_if(
            tls.finished.iter().flatten().max().copied(),
            "handshake complete (last Finished)",
        )
        .on_stream(Some(connection.flow.stream));
    if let Some(certificate) = presented {
        built = built.detail(
            format!(
                "The certificate of {}",
                context.label(connection.flow.sender(refusal.by.reverse()).addr)
            ),
            certificate_rows(certificate),
        );
        let name = short_name(certificate).to_owned();
        built = match context.role(connection.flow.sender(refusal.by).addr) {
            Role::Cisco => built.cisco(format!(
                "This side closes: add \"{name}\" under System > Security > TLS Peer Subjects and select it in the TLS context."
            )),
            Role::Lync | Role::Edge => built.microsoft(format!(
                "This side closes: make \"{name}\" a trusted application pool and use it as the route's destination."
            )),
            _ => built,
        };
    }
    if refusal.how == How::SealedAlert {
        built = built.detail(
            "The encrypted alert",
            vec!["its number is hidden and may name the reason: it can be read with the keys of the session (--keylog)".to_owned()],
        );
    }
    if refusal.bytes_lost {
        let _ = built.confidence(Confidence::Low);
    }
}
