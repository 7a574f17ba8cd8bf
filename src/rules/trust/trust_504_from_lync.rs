//! Lync could not reach or trust the next hop, and says why.

use super::common::{meaning, of_servers, opening, refusal};
use crate::dialog::{Call, Transaction};
use crate::finding::Severity;
use crate::rules::sides::{brief, diagnostics_lines};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "trust-504-from-lync",
    class: Class::Trust,
    severity: Severity::Error,
    summary: "Lync answers a request of the Cisco side with 504 and gives a reason",
    explanation: "504 Server time-out from a Microsoft server is rarely about time. It says that the server could not pass \
        the request on, or would not: a name did not resolve, a certificate did not match, a TLS handshake or connection \
        failed. The ms-diagnostics header tells which.",
    causes: &[
        "1008, 1009, 1014: DNS records of the other domain are missing or point outside of it",
        "1010: the certificate of the next server is not trusted or is for another name",
        "1038, 1046, 1047: the connection or the TLS handshake with the next server failed",
    ],
    confirm: &[
        "The ms-diagnostics line below is Lync's own word; take the names in it and test them from the front end: \
         Resolve-DnsName, Test-NetConnection -Port 5061.",
        "Trace with CLSLogger, scenario SIPStack, on the front end for the same Call-ID.",
    ],
    fix: Fix {
        cisco: &[
            "Make the name in the certificate (purpose cup) the one that Lync's route or trusted application uses.",
        ],
        microsoft: &[
            "Get-CsTrustedApplicationPool and Get-CsStaticRoutingConfiguration: the FQDN there must be in the certificate of the \
             server it resolves to.",
        ],
        network: &["DNS: the names in the ms-diagnostics line must resolve from the front end."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco TAC document 212383, DNS and certificates on Microsoft federation",
        "[MS-OCER] section 2.2.1 (SIP stack ids)",
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

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let Some(answer) = refusal(transaction, 504, call, to.context()) else {
        return;
    };
    let diagnostics = of_servers(&answer.message);
    let Some(first) = diagnostics.first() else {
        return;
    };
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let why = meaning(first.id).map_or_else(
        || {
            first
                .reason
                .clone()
                .unwrap_or_else(|| format!("diagnostic {}", first.id))
        },
        str::to_owned,
    );
    let _ = to
        .report(
            transaction.asked,
            transaction.asker,
            format!(
                "{who} answers {} of {whom} with 504: {why} ({})",
                transaction.method(),
                first.id
            ),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} refuses with 504 Server time-out and diagnostic {}: {why}.",
            first.id
        ))
        .key(first.id.to_string())
        .seen(answer.at(), brief(answer))
        .detail("What Lync says", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
}
