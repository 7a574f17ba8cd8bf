//! A server says that it cannot serve for the moment.

use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::healing::Healing;
use crate::rules::sides::{
    brief, diagnostics_lines, is_federation, is_origin, of_servers, opening,
};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "sip-5xx-overload",
    class: Class::Transport,
    severity: Severity::Warning,
    summary: "a server answers 503 or 500: overloaded, throttling, or not started yet",
    explanation: "503 Service Unavailable, with or without Retry-After, and a bare 500 say that the server took the request and cannot work on \
        it: services that start, a limit that is reached, an internal error. Lync throttles a partner like a single client where the \
        trusted application pool was made with ThrottleAsServer false.",
    causes: &[
        "a service is starting, stopped or failed over",
        "Lync throttles the connection: ThrottleAsServer is false",
        "the server has more to do than it can",
    ],
    confirm: &[
        "Get-CsWindowsService on the front end; on Cisco: Cisco Unified Serviceability > Tools > Control Center - Feature Services.",
        "Get-CsTrustedApplicationPool | Format-List Identity, ThrottleAsServer",
    ],
    fix: Fix {
        cisco: &[
            "Start the XCP services: Cisco XCP Router, XCP SIP Federation Connection Manager, Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Set-CsTrustedApplicationPool -Identity <FQDN> -ThrottleAsServer $true; Enable-CsTopology; start the services.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 3261 section 21.5.1 and section 21.5.4 (Retry-After)",
        "Microsoft, New-CsTrustedApplicationPool (ThrottleAsServer)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["route-maddr-not-trusted"],
        link: Link::Call,
    }],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(answer), Some(status @ (500 | 503))) =
        (transaction.final_response(), transaction.final_status())
    else {
        return;
    };
    let retry = answer.message.retry_after();
    // A server that gives a reason of its own in its diagnostics is understood by that.
    let reason = of_servers(&answer.message).iter().any(|d| d.id > 1);
    if reason
        || !is_origin(transaction, call)
        || !(retry.is_some() || is_federation(transaction, context))
    {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let healing = Healing::of_refusal(transaction, answer, context);
    let wait = retry.map_or_else(String::new, |seconds| {
        format!(", and asks to come again after {seconds} s")
    });
    let title = format!(
        "{who} cannot serve {} of {whom} for the moment: {status} {}",
        transaction.method(),
        answer
            .message
            .reason()
            .map_or_else(String::new, |r| r.to_str().into_owned())
    );
    let summary = format!(
        "{who} answers {status}{wait}. The request arrived; the trouble is inside that server."
    );
    let building = to
        .report(
            transaction.asked,
            transaction.asker,
            healing.title(title),
            opening(transaction, answer),
        )
        .summary(healing.summary(summary))
        .key(status.to_string())
        .seen(answer.at(), brief(answer))
        .detail("The server's own words", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    let building = healing.mark(building);
    if retry.is_none() {
        let _ = building.confidence(Confidence::Medium);
    }
}
