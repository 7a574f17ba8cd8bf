//! A side ends the connection in the middle of the handshake, without a word.

use super::common::{How, Stage};
use super::hidden::hidden_alert;
use super::outcome::{concerns, gravity, recovered_text, sip_refusal};
use super::sources::{MEASURED, RISUAL_1047};
use super::words::{certificate_of, certificate_rows, side, suite_rows, versions_offered};
use crate::base::Span;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::tls::HandshakeEnd;

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
            "Where Cisco ended it right after the ClientHello: compare versions and ciphers with System > Security > TLS Context \
             Configuration.",
        ],
        microsoft: &[
            "Where Lync ended it: import root and intermediates of the Cisco certificate into the store of the local computer \
             (Trusted Root, Intermediate) and restart the Front End service.",
            "Where Lync ended it right after the ClientHello: compare versions and ciphers with what SCHANNEL has enabled.",
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
            "tls-alert-no-renegotiation",
            "tls-alert-unrecognized-name",
            "pmtu-blackhole",
            "tcp-established-silent-drop",
            "cert-missing-client-auth-eku",
            "cert-missing-server-auth-eku",
            "cert-expired",
            "cert-not-yet-valid",
            "cert-name-mismatch",
            "cert-chain-incomplete",
            "cert-self-signed-peer",
            "cert-weak-key-or-signature",
            "cert-wildcard",
            "cert-subject-cn-unusable",
            "tls-client-cert-empty",
            "tls-certreq-ca-list-oversize",
            "tls-certreq-lacks-client-ca",
            "tls-ec-only-offer",
            "tls-encrypted-alert",
            "tls-handshake-stall",
            "tls-no-common-cipher",
            "tls-on-plaintext-port",
        ],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// A certificate is judged within this time; later ends have other reasons.
const AT_ONCE: Span = Span::from_secs(5);

/// Says of a handshake whose outcome TLS 1.3 hides that it is open: no verdict is no silence.
fn leave_open(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    let Some(last) = tls.last.filter(|_| concerns(connection, to.context())) else {
        return;
    };
    let end = tls.handshake_end();
    let hidden = end == HandshakeEnd::Unknown
        && tls.is_tls13()
        && connection.flow.closed_by().is_some()
        // What looks like an alert is a finding of its own.
        && hidden_alert(connection).is_none();
    let name = format!(
        "the TLS handshake of tcp.stream {} ({} > {})",
        connection.flow.stream,
        connection.client(),
        connection.server()
    );
    if hidden {
        to.undecided(
            last,
            format!("{name}: TLS 1.3 hides whether the server accepted the client before the end"),
        );
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, sip_refusal(connection, to.context()))
    else {
        leave_open(connection, to);
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
    let presented = certificate_of(tls, refusal.by.reverse());
    let last = tls
        .last_handshake
        .get(refusal.by.reverse().index())
        .copied()
        .flatten();
    let waited = last.map(|(_, at)| refusal.at.time.since(at.time));
    // Only a certificate that was there and was looked at just before the end can be the reason.
    let judged = presented.is_some() && waited.is_some_and(|w| w <= AT_ONCE);
    let waiting = waited.map_or_else(String::new, |w| format!(" It had waited {w}."));
    let (title, meaning) = match refusal.stage {
        Stage::Complete | Stage::Unclear => return,
        Stage::Hello if server_ended => (
            format!("{by} ends the connection of {other} right after the ClientHello, without an alert"),
            "It accepts nothing of what the client offers (version, cipher suites), does not let this address in, or a \
             firewall cut the connection.".to_owned(),
        ),
        Stage::Hello => (
            format!("{by} gives up the TLS handshake with {other} before any ServerHello"),
            format!("There was no answer to the ClientHello when the client ended the connection.{waiting}"),
        ),
        Stage::ServerFlight if !server_ended && judged => (
            format!("{by} ends the connection right after it got the certificate of {other}, without an alert"),
            "It most likely does not accept that certificate: its authority, its name or its purpose.".to_owned(),
        ),
        Stage::ClientFlight if server_ended && judged => (
            format!("{by} ends the connection right after it got the certificate of {other}, without an alert"),
            "It most likely does not accept that certificate. A Windows server does so when it does not trust the authority \
             that issued it.".to_owned(),
        ),
        Stage::ServerFlight | Stage::ClientFlight => (
            format!("{by} ends the TLS handshake with {other} before it is complete, without an alert"),
            format!("The handshake did not go on; a stalled check (revocation list) or lost packets are possible.{waiting}"),
        ),
    };
    let subject = presented.map_or_else(String::new, |c| c.subject.clone());
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
            format!(
                "The certificate of {}",
                context.label(connection.flow.sender(refusal.by.reverse()).addr)
            ),
            certificate_rows(certificate),
        );
    }
    if let Some(hello) = tls
        .client_hello
        .as_ref()
        .filter(|_| refusal.stage == Stage::Hello)
    {
        built = built
            .detail("Versions offered", vec![versions_offered(hello)])
            .detail("Cipher suites offered", suite_rows(hello.real_suites()));
    }
    if refusal.bytes_lost {
        let _ = built.confidence(Confidence::Low);
    }
}
