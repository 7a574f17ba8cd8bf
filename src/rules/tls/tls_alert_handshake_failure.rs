//! A fatal alert that ends the handshake and is not about a certificate or a version.

use super::alert_complaint::CERTIFICATE_FAULTS;
use super::common::{How, Stage};
use super::outcome::{gravity, recovered_text, sip_refusal};
use super::sources::{MEASURED, RFC_5246_ALERTS};
use super::suites::{lowest_version_elsewhere, taken_elsewhere};
use super::words::{after, side, versions_offered};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::tls::Version;

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-handshake-failure",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "one side ends the handshake with a general alert (40, or another that says little)",
    explanation: "handshake_failure says that no acceptable set of parameters could be agreed; its place tells more. Right \
        after the ClientHello the server found nothing it accepts: suites, version, curves. After the client's certificate \
        it misses that certificate, or its program rejected it. Alerts such as 10, 47 and 50 are found here too: \
        the sender could not go on, for a reason of its own.",
    causes: &[
        "right after the ClientHello: no common cipher suite, a version that is too old, or no common curve",
        "after the client's certificate: the client sent none, or the server's own check rejected it",
        "other numbers: see the log of the side that sent the alert",
    ],
    confirm: &[
        "Look in the log of the side that sent the alert: Cisco SIP proxy traces, or Windows System log, source Schannel.",
    ],
    fix: Fix {
        cisco: &[
            "Compare System > Security > TLS Context Configuration (ciphers, selected peer subjects) with what Lync sends.",
        ],
        microsoft: &[
            "Compare the protocols and ciphers that SCHANNEL has enabled with what Cisco sends; FIPS policy included.",
        ],
        network: &[
            "A firewall that inspects TLS may be the sender: compare captures of both sides.",
        ],
    },
    knowledge: Knowledge::Measured,
    references: &[MEASURED, RFC_5246_ALERTS],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: &[
                "tls-ec-only-offer",
                "tls-no-common-cipher",
                "tls-on-plaintext-port",
            ],
            link: Link::Connection,
        },
        first_of(CERTIFICATE_FAULTS),
    ],
    check: Check::Connection(check),
};

const fn first_of(all: &[ExplainedBy]) -> ExplainedBy {
    match all {
        [first, ..] => *first,
        [] => ExplainedBy {
            rules: &[],
            link: Link::Connection,
        },
    }
}

/// Alerts that have a rule of their own behind the hellos.
const OWN_RULES: [u8; 9] = [42, 43, 44, 45, 46, 48, 49, 70, 71];
/// Alerts that have a rule of their own wherever they come.
const ALWAYS_OWN: [u8; 3] = [51, 80, 112];

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let (Some(tls), Some(refusal)) = (&connection.tls, sip_refusal(connection, to.context()))
    else {
        return;
    };
    let How::Alert(what) = refusal.how else {
        return;
    };
    let stage = refusal.stage;
    let of_versions = what.0 == 70 && matches!(stage, Stage::Hello | Stage::ServerFlight);
    let of_another_rule = OWN_RULES.contains(&what.0) && what.0 != 70 && stage != Stage::Hello
        || ALWAYS_OWN.contains(&what.0);
    if of_another_rule || of_versions {
        return;
    }
    let Some(hello) = &tls.client_hello else {
        return;
    };
    let context = to.context();
    let (by, other) = (
        side(connection, refusal.by, to),
        side(connection, refusal.by.reverse(), to),
    );
    let alert = format!("alert {} {}", what.0, what.name());
    let highest = hello.highest_version();
    let floor = lowest_version_elsewhere(connection, context);
    let too_old = stage == Stage::Hello
        && (highest <= Version::SSL3 || floor.is_some_and(|f| highest.rank() < f.rank()));
    let (title, meaning) = if too_old {
        (
            format!(
                "{by} refuses {other}, which offers only {} ({alert})",
                highest.name()
            ),
            match floor {
                Some(floor) => format!(
                    "It accepted {} and later on other connections: {} is likely too old for it.",
                    floor.name(),
                    highest.name()
                ),
                None => format!("Most servers no longer accept {}.", highest.name()),
            },
        )
    } else {
        (
            format!(
                "{by} breaks off the {} with {other} {} ({alert})",
                // In TLS 1.3 the client is done before the server judges its certificate.
                if stage == Stage::Complete {
                    "connection"
                } else {
                    "handshake"
                },
                after(stage)
            ),
            reading(stage).to_owned(),
        )
    };
    let taken = taken_elsewhere(connection, context)
        .iter()
        .map(|t| t.row())
        .collect();
    let mut built = to
        .report(
            connection.client().addr,
            connection.server().addr,
            title,
            Evidence::seen(refusal.at, format!("fatal {alert} from {by}")),
        )
        .severity(gravity(connection, context))
        .confidence(Confidence::Medium)
        .key(format!("{} {} {stage:?}", connection.server().port, what.0))
        .summary(format!("{meaning}{}", recovered_text(connection, context)))
        .on_stream(Some(connection.flow.stream));
    if stage == Stage::Hello {
        built = built
            .seen(hello.at, "ClientHello")
            .detail("Versions offered", vec![versions_offered(hello)])
            .detail("Accepted by this server on other connections", taken);
    } else if let Some((kind, at)) = tls
        .last_handshake
        .get(refusal.by.reverse().index())
        .copied()
        .flatten()
    {
        built = built.seen(
            at,
            format!("last readable message of {other}: {}", kind.name()),
        );
    }
    drop(built);
}

fn reading(stage: Stage) -> &'static str {
    match stage {
        Stage::Hello => {
            "The server found nothing acceptable in the ClientHello: cipher suites, curves, signature algorithms or extensions."
        }
        Stage::ServerFlight => {
            "The client did not accept what the server sent: its certificate, its key exchange, or its request."
        }
        Stage::ClientFlight => {
            "The server did not accept what the client sent: its certificate, its proof, or that it has none."
        }
        Stage::Complete => {
            "The handshake was complete; the side that sent the alert then gave up without having sent data."
        }
        Stage::Unclear => "How far the handshake had come is not visible.",
    }
}
