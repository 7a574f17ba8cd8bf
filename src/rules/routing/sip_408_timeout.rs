//! A proxy gave up on its next hop.

use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::sides::{LOWER_LAYERS, brief, opening};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "sip-408-timeout",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "a request was answered 408 Request Timeout: the next hop did not answer the proxy",
    explanation: "The box that says 408 is not the one that fails: it passed the request on, or tried to, and heard nothing. \
        The Cisco SIP proxy answers 408 when the TCP connection or the TLS handshake to the host of the static route does not \
        come about, or when the other server does not answer in time.",
    causes: &[
        "the next hop cannot be reached: wrong address or port in the static route, firewall, service down",
        "the TLS handshake with the next hop fails",
        "the next hop took the request and never answered",
    ],
    confirm: &[
        "Capture on the box that says 408 and look at its connections to the next hop in the seconds before.",
        "Cisco: set the SIP proxy log to debug and look for the connection attempt of the same Call-ID.",
    ],
    fix: Fix {
        cisco: &[
            "Presence > Routing > Static Routes: next hop, port 5061 and protocol type TLS towards Lync.",
            "Then restart the Cisco SIP Proxy (Cisco Unified Serviceability > Tools > Control Center - Feature Services).",
        ],
        microsoft: &[
            "Check that the front end listens: Get-CsWindowsService; netstat -an | findstr 5061",
        ],
        network: &["Test the way from the box that says 408 to the next hop and port."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting (SIP Proxy returns 408)",
        "RFC 3261 section 21.4.9 and section 16.8",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: LOWER_LAYERS,
        link: Link::Neighbour,
    }],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let (Some(408), Some(answer)) = (transaction.final_status(), transaction.final_response())
    else {
        return;
    };
    // A call that rang and was not taken ends with 408 as well.
    let rang = transaction
        .provisional
        .iter()
        .any(|p| p.message.status().is_some_and(|s| s.0 > 100));
    if rang {
        return;
    }
    let sure = to.context().hosts.is_cisco(transaction.asked);
    let who = to.label(transaction.asked);
    let whom = to.label(transaction.asker);
    let method = transaction.method();
    let latency = transaction
        .latency()
        .map_or_else(String::new, |latency| format!(" after {latency}"));
    let building = to
        .report(
            transaction.asked,
            transaction.asker,
            format!("{who} answers {method} of {whom} with 408 Request Timeout: its next hop does not answer"),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} said 408{latency}. It speaks for a hop behind it that could not be reached or did not answer; why is \
             not to be seen on this leg."
        ))
        .seen(answer.at(), brief(answer))
        .detail("Requests that timed out", vec![method.to_string()])
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    if !sure {
        let _ = building.confidence(Confidence::Medium);
    }
}
