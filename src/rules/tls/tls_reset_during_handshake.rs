//! A side ends the connection in the middle of the handshake, without a word.

use super::common::{How, Stage, gravity, recovered_text, refusal};
use super::sources::{MEASURED, RISUAL_1047};
use super::words::{certificate_of, certificate_rows, side};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-reset-during-handshake",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side ends the connection during the TLS handshake without an alert",
    explanation: "The connection ends with FIN or RST before the handshake is complete, and the side that ends it sends no \
        alert that could be read. The last message before it tells what it did not like: after the ClientHello the offer, \
        after the server's certificate that certificate, after the client's certificate that one. Windows servers often \
        answer a certificate whose authority they do not trust in this way.",
    causes: &[
        "after the client's certificate: the server does not trust its authority, or does not accept its purpose or name",
        "after the server's certificate: the client does not trust it, or expects another name",
        "after the ClientHello: version, cipher suites or an access rule; or a firewall that resets the connection",
    ],
    confirm: &[
        "Windows System log of the side that ended it, source Schannel; Lync event log, source LS Protocol Stack.",
        "Cisco SIP proxy traces: TLS errors of that minute.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco ended it: root and intermediates of Lync as cup-trust, Lync's subject CN among the TLS peer subjects; \
             restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Where Lync ended it: import root and intermediates of the Cisco certificate into the store of the local computer \
             (Trusted Root, Intermediate) and restart the Front End service.",
        ],
        network: &[
            "If neither server's log knows of it, a firewall on the way sent the RST: compare the TTL, or capture on both sides.",
        ],
    },
    knowledge: Knowledge::Measured,
    references: &[MEASURED, RISUAL_1047, "RFC 5246 section 7.2.2"],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &[
            "cert-missing-client-auth-eku",
            "cert-missing-server-auth-eku",
            "cert-expired",
            "cert-not-yet-valid",
            "cert-name-mismatch",
            "cert-self-signed-peer",
            "tls-client-cert-empty",
            "tls-no-common-cipher",
            "tls-on-plaintext-port",
        ],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, refusal(connection)) else {
        return;
    };
    let how = match refusal.how {
        How::Alert(_) => return,
        how => how.verb(),
    };
    let context = to.context();
    let (by, other) = (
        side(connection, refusal.by, to),
        side(connection, refusal.by.reverse(), to),
    );
    let server_ended = refusal.by == tls.server();
    let (title, meaning) = match refusal.stage {
        Stage::Complete | Stage::Unclear => return,
        Stage::Hello if server_ended => (
            format!("{by} ends the connection of {other} right after the ClientHello, without an alert"),
            "It accepts nothing of what the client offers (version, cipher suites), does not let this address in, or a \
             firewall cut the connection.".to_owned(),
        ),
        Stage::Hello => (
            format!("{by} gives up the TLS handshake with {other} before any ServerHello"),
            "The server did not answer the ClientHello and the client stopped waiting.".to_owned(),
        ),
        Stage::ServerFlight if !server_ended => (
            format!("{by} ends the connection right after it got the certificate of {other}, without an alert"),
            "It most likely does not accept that certificate: its authority, its name or its purpose.".to_owned(),
        ),
        Stage::ClientFlight if server_ended => (
            format!("{by} ends the connection right after it got the certificate of {other}, without an alert"),
            "It most likely does not accept that certificate. A Windows server does so when it does not trust the authority \
             that issued it.".to_owned(),
        ),
        Stage::ServerFlight | Stage::ClientFlight => (
            format!("{by} ends the TLS handshake with {other} while it waits for the answer"),
            "The other side did not go on; a stalled check (revocation list) or lost packets are possible.".to_owned(),
        ),
    };
    let presented = certificate_of(tls, refusal.by.reverse());
    let subject = presented.map_or_else(String::new, |c| c.subject.clone());
    let last = tls
        .last_handshake
        .get(refusal.by.reverse().index())
        .copied()
        .flatten();
    let mut built = to
        .report(
            connection.client().addr,
            connection.server().addr,
            title,
            Evidence::seen(refusal.at, format!("{by} {how}")),
        )
        .severity(gravity(connection, context))
        .confidence(Confidence::Medium)
        .key(format!(
            "{} {:?} {:?} {subject}",
            connection.server().port,
            refusal.by,
            refusal.stage
        ))
        .summary(format!("{meaning}{}", recovered_text(connection, context)))
        .on_stream(Some(connection.flow.stream));
    if let Some((kind, at)) = last {
        built = built.seen(
            at,
            format!(
                "{} of {other}, the last message that could be read",
                kind.name()
            ),
        );
    }
    if let Some(certificate) = presented {
        built = built.detail(
            format!("The certificate of {other}"),
            certificate_rows(certificate),
        );
    }
    if refusal.bytes_lost {
        let _ = built.confidence(Confidence::Low);
    }
}
