//! Lync refuses with 504 and hides the reason.

use super::common::{of_servers, opening, refusal};
use crate::base::Span;
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::sides::brief;
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "trust-naked-504",
    class: Class::Trust,
    severity: Severity::Error,
    summary: "Lync answers with 504 at once and gives no reason",
    explanation: "A Microsoft server that answers 504 within a second has not waited for anything: it decided not to pass the \
        request on. Towards other networks it leaves out the ms-diagnostics header by default, so that a fault in DNS and a \
        fault in a certificate look the same from outside.",
    causes: &[
        "the SRV record of the Cisco domain is missing, or its target is not directly in that domain",
        "the certificate of the Cisco side does not contain the SRV target or the name in Lync's configuration",
        "the Cisco server is no trusted application server of Lync",
    ],
    confirm: &[
        "Trace on the Lync side (CLSLogger, scenario SIPStack) for the same Call-ID: there the reason is written.",
        "Or let it be sent: Set-CsDiagnosticHeaderConfiguration -SendToExternalNetworks $true, for the time of the test.",
    ],
    fix: Fix {
        cisco: &[
            "Compare the names in the certificate (purpose cup) with the name that Lync uses for this server.",
        ],
        microsoft: &[
            "Get-CsTrustedApplicationPool: is there one with the name in the Cisco certificate?",
            "Resolve-DnsName -Type SRV _sipfederationtls._tcp.<Cisco SIP domain>: is the target a host directly in that domain?",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco TAC document 212383, DNS and certificates on Microsoft federation (both faults give the same 504)",
        "Microsoft, Set-CsDiagnosticHeaderConfiguration (SendToExternalNetworks, default False)",
    ],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: &["route-maddr-not-trusted"],
            link: Link::Call,
        },
        ExplainedBy {
            rules: &["cert-name-mismatch"],
            link: Link::Hosts,
        },
    ],
    check: Check::Refusal(check),
};

/// Slower answers are time-outs of something further away.
const AT_ONCE: Span = Span::from_secs(1);

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let Some(answer) = refusal(transaction, 504, call, to.context()) else {
        return;
    };
    let Some(latency) = transaction.latency().filter(|l| *l < AT_ONCE) else {
        return;
    };
    if !of_servers(&answer.message).is_empty() {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let _ = to
        .report(
            transaction.asked,
            transaction.asker,
            format!("{who} refuses {} of {whom} with 504 after {latency} and hides the reason", transaction.method()),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} answers 504 Server time-out within {latency}, without ms-diagnostics: it refused to pass the request on. \
             The reason is in its own logs only; a name in DNS or in a certificate is the usual one."
        ))
        .confidence(Confidence::Medium)
        .seen(answer.at(), format!("{}, no ms-diagnostics", brief(answer)))
        .detail("Refused requests", vec![transaction.method().to_string()])
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
}
