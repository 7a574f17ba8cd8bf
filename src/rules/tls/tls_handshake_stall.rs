//! The handshake stands still for seconds.

use super::outcome::{concerns, gravity, recovered_text};
use super::progress::{Place, Silence, longest_silence, place, steps};
use super::words::{certificate_of, side};
use crate::base::{Direction, FrameRef, Span};
use crate::connection::{Connection, Speaks};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, Context, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::tls::TlsSummary;

pub(super) static RULE: Rule = Rule {
    name: "tls-handshake-stall",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the TLS handshake stands still for more than five seconds",
    explanation: "A handshake takes a few round trips. Here one side got a message, and what had to follow came many seconds \
        later or never. Whose turn it was tells what to look at. After the server's part the client judges the server's \
        certificate, after the client's part the server judges the client's: Windows asks for revocation lists (CRL) and \
        OCSP then, and waits when a firewall drops these requests. A part that begins and does not end points to large \
        segments that do not get through. A handshake that ends well after such a wait is a warning: the peer may lose \
        patience the next time.",
    causes: &[
        "the side whose turn it is cannot reach the CRL or OCSP address in the certificate (proxy, firewall, name resolution)",
        "full-size segments are dropped and the ICMP message about it is filtered (path MTU black hole)",
        "the server is overloaded, or the port is not one of TLS",
    ],
    confirm: &[
        "On the Windows server whose turn it was: certutil -url FILE.cer, or certutil -verify -urlfetch FILE.cer, with the \
         certificate of the peer; the CAPI2 operational log.",
        "Capture there as well: unanswered connections to port 80 during the wait; repeated segments of full size.",
        "ping -f -l 1472 between the servers: is an answer missing?",
    ],
    fix: Fix {
        cisco: &[
            "Where it was Cisco's turn: look at the load of the node and at its OCSP setting (Cisco Unified OS Administration > \
             Security > Certificate Revocation).",
        ],
        microsoft: &[
            "Where it was Lync's turn: let the server reach the CRL addresses, with netsh winhttp set proxy where there is a \
             proxy, or publish the list at an address that it can reach.",
        ],
        network: &[
            "Allow the servers to reach the CRL and OCSP addresses shown here (TCP 80), or reject these connections instead of \
             dropping them.",
            "Let ICMP type 3 code 4 (IPv6: packet too big) through, or limit the MSS on the firewall or tunnel.",
        ],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        "RFC 5246 section 7.3, RFC 5280 section 4.2.1.13",
        "RFC 2923 section 2.1 (path MTU black holes)",
        "Microsoft, certutil, https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/certutil",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &[
            "cert-revocation-check-blocked",
            "pmtu-blackhole",
            "tcp-established-silent-drop",
        ],
        link: Link::Connection,
    }],
    check: Check::Connection(check),
};

/// No healthy peer takes longer for one step.
const STALL: Span = Span::from_secs(5);
/// A handshake that nobody goes on with for so long has failed for the user, whether or not it was closed.
const HOPELESS: Span = Span::from_secs(30);

/// How a silence ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The handshake went on.
    WentOn,
    /// An alert says more than the silence.
    Alert,
    /// The connection was closed.
    Closed(FrameRef, Direction),
    /// The capture ends first.
    Open,
}

/// Whether the connection speaks TLS from its beginning, as far as it was seen.
fn is_tls(connection: &Connection, tls: &TlsSummary) -> bool {
    let in_clear = tls.plaintext_answer.iter().any(Option::is_some)
        || connection.speaks.contains(&Speaks::Sip)
        || connection.speaks.contains(&Speaks::WebSocket);
    !in_clear && !tls.midstream()
}

/// Whether all of it was captured: what is missing may have been there.
fn is_whole(connection: &Connection, tls: &TlsSummary) -> bool {
    let flow = &connection.flow;
    !flow.evicted
        && tls.missing_bytes == [0, 0]
        && flow.sides.iter().all(|s| s.segments > 0 && s.missing == 0)
}

fn find(
    connection: &Connection,
    tls: &TlsSummary,
    context: &Context<'_>,
) -> Option<(Silence, End)> {
    let all = steps(tls)?;
    let alert = tls.alerts.first().filter(|a| {
        // The alert of a finished session ends no handshake.
        place(&all, tls) != Place::Over || all.last().is_some_and(|last| a.at < last.at)
    });
    let closed = connection.flow.closed_by();
    let (end, at) = match (alert, closed) {
        (Some(alert), _) => (End::Alert, alert.at),
        (None, Some((by, at, _))) => (End::Closed(at, by), at),
        (None, None) => (End::Open, context.last),
    };
    let silence = longest_silence(&all, tls, at).filter(|s| s.length > STALL)?;
    let end = if silence.then.is_some() {
        End::WentOn
    } else {
        end
    };
    Some((silence, end))
}

/// What the place says: a clause that goes on after "it was the turn of …".
const fn meaning(place: Place) -> &'static str {
    match place {
        Place::Hello => {
            "It answers no ClientHello: it is overloaded, looks something up first, or does not speak TLS on this port."
        }
        Place::WithinServerFlight => {
            "Its part began and did not end: large segments may get lost on the way, or the server stopped in the middle."
        }
        Place::ServerFlight => {
            "It has the server's certificate before it: most likely it waits for a revocation list (CRL) or OCSP answer that it \
             cannot get. If the server's segments were repeated, they may be too large for the path."
        }
        Place::WithinClientFlight => {
            "Its part began and did not end: large segments may get lost on the way, or it looks for its certificate or key."
        }
        Place::ClientFlight => {
            "It has the client's certificate before it: most likely it waits for a revocation list (CRL) or OCSP answer that it \
             cannot get, or it is overloaded."
        }
        Place::Over => "",
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(tls) = &connection.tls else {
        return;
    };
    if !is_tls(connection, tls) || !concerns(connection, context) {
        return;
    }
    let Some((silence, end)) = find(connection, tls, context) else {
        return;
    };
    let whole = is_whole(connection, tls);
    if end == End::Open && (silence.length < HOPELESS || !whole) {
        to.undecided(
            silence.after.at,
            format!(
                "the TLS handshake of tcp.stream {} ({} > {}) did not go on after {}, and nobody ended it for {}",
                connection.flow.stream,
                connection.client(),
                connection.server(),
                silence.after.kind.name(),
                silence.length
            ),
        );
    } else if whole {
        report(connection, tls, &silence, end, to);
    }
}

fn report(
    connection: &Connection,
    tls: &TlsSummary,
    silence: &Silence,
    end: End,
    to: &mut Reporter<'_, '_>,
) {
    let context = to.context();
    let turn = match silence.then {
        Some(step) => step.by,
        None if silence.place.waits_for_server() => tls.server(),
        None => tls.client(),
    };
    let (who, whom) = (
        side(connection, turn, to),
        side(connection, turn.reverse(), to),
    );
    let last = silence.after.kind.name();
    let length = silence.length;
    let (title, severity, outcome) = match end {
        End::WentOn => (
            format!("{who} goes on with the TLS handshake with {whom} only after {length}"),
            Severity::Warning,
            "Then the handshake went on.",
        ),
        End::Alert => (
            format!("{who} takes {length} for its next step of the TLS handshake with {whom}"),
            Severity::Warning,
            "Then an alert ended it.",
        ),
        End::Closed(..) => (
            format!(
                "{who} does not go on with the TLS handshake with {whom} for {length}, until it is given up"
            ),
            gravity(connection, context),
            "Then the connection was closed.",
        ),
        End::Open => (
            format!("{who} does not go on with the TLS handshake with {whom} for {length}"),
            gravity(connection, context),
            "Nobody has closed the connection when the capture ends.",
        ),
    };
    let presented = certificate_of(tls, turn.reverse());
    let urls: Vec<String> = presented
        .into_iter()
        .flat_map(|c| c.crl_urls.iter().chain(&c.aia_urls))
        .take(6)
        .cloned()
        .collect();
    let repeated = connection
        .flow
        .side(silence.after.by)
        .longest_retransmission_run;
    let mut built = to
        .report(
            connection.client().addr,
            connection.server().addr,
            title,
            Evidence::seen(
                silence.after.at,
                format!("{last}, the last step before the silence"),
            ),
        )
        .severity(severity)
        .confidence(Confidence::Medium)
        .key(format!(
            "{} {:?} {:?}",
            connection.server().port,
            turn,
            silence.place
        ))
        .summary(format!(
            "After {last} nothing moved for {length}; it was the turn of {who}. {} {outcome}{}",
            meaning(silence.place),
            recovered_text(connection, context)
        ))
        .detail("Addresses in the certificate that it has to judge", urls)
        .on_stream(Some(connection.flow.stream));
    if let Some(step) = silence.then {
        built = built.seen(step.at, format!("{} of {who}", step.kind.name()));
    }
    if let End::Closed(at, by) = end {
        let closer = if by == turn { &who } else { &whom };
        built = built.seen(at, format!("{closer} closes the connection"));
    }
    // A peer that acknowledges is there and busy; one to which all has to be repeated may not have got it.
    if let Some((run, at)) = repeated.filter(|(run, at)| *run >= 2 && *at >= silence.after.at) {
        built = built.seen(
            at,
            format!("the segments before it were repeated {run} times: they may not have arrived"),
        );
    }
    drop(built);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_meaning_and_a_side_to_look_at() {
        for place in [
            Place::Hello,
            Place::WithinServerFlight,
            Place::ServerFlight,
            Place::WithinClientFlight,
            Place::ClientFlight,
        ] {
            assert!(!meaning(place).is_empty());
        }
        assert!(Place::ClientFlight.waits_for_server() && !Place::ServerFlight.waits_for_server());
    }
}
