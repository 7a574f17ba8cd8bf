//! A Microsoft server says in words what went wrong.

use super::common::{meaning, of_servers};
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Evidence, Severity};
use crate::rules::sides::{brief, diagnostics_lines};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Method;

pub(super) static RULE: Rule = Rule {
    name: "ms-diagnostics-reported",
    class: Class::Trust,
    severity: Severity::Warning,
    summary: "a Microsoft server reports a diagnostic with a failure",
    explanation: "Lync and Skype for Business write into ms-diagnostics why they refuse a request. The id and the text are \
        shown as they were on the wire; documentation and wire differ in the texts, so the id counts. Ids that are not known \
        here are shown all the same.",
    causes: &[
        "see the id: each server component has its own range (1000 SIP stack, 2000 presence, 4000 user services, 13000 routing)",
    ],
    confirm: &["Look up the id in [MS-OCER]; the parameter source names the server that wrote it."],
    fix: Fix {
        cisco: &[],
        microsoft: &[
            "Follow the reason in the ms-diagnostics line; 1011 and 1033 to 1037 mean: look one hop further.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "[MS-OCER] Client Error Reporting Protocol: ms-diagnostics, ms-diagnostics-public",
        "Microsoft, Ms-Diagnostics header ranges (Office Communications Server)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &[
            "auth-digest-challenge-unanswered",
            "auth-lync-challenges-cisco",
            "auth-credentials-rejected",
            "im-audio-video-rejected",
            "im-invite-rejected",
            "im-message-rejected",
            "im-multiparty-rejected",
            "lync-static-route-missing",
            "pres-bad-extension",
            "pres-content-not-acceptable",
            "pres-event-not-supported",
            "pres-interval-too-brief",
            "pres-notify-481",
            "route-host-rewritten-in-ruri",
            "route-loop",
            "route-maddr-not-trusted",
            "route-set-not-followed",
            "sip-404-user-unknown",
            "sip-408-timeout",
            "sip-5xx-overload",
            "trust-403-forbidden",
            "trust-504-from-lync",
        ],
        link: Link::Call,
    }],
    check: Check::Call(check),
};

fn check(call: &Call, transactions: &[Transaction<'_>], to: &mut Reporter<'_, '_>) {
    let answers = transactions.iter().filter_map(|t| {
        t.final_response()
            .filter(|f| f.message.status().is_some_and(|s| s.is_failure()))
    });
    let requests = transactions.iter().filter_map(|t| {
        t.request
            .filter(|_| matches!(t.method(), Method::Bye | Method::Cancel | Method::Notify))
    });
    for seen in answers.chain(requests) {
        report(seen, call, to);
    }
}

fn report(seen: &Seen, call: &Call, to: &mut Reporter<'_, '_>) {
    let status = seen.message.status().map(|s| s.0);
    let mut told = Vec::new();
    for diagnostic in of_servers(&seen.message) {
        // ms-diagnostics and ms-diagnostics-public say the same twice.
        if told.contains(&diagnostic.id) {
            continue;
        }
        told.push(diagnostic.id);
        // A challenge is no failure before it goes unanswered; the rules on authentication judge that.
        if matches!(status, Some(401 | 407)) && !matches!(diagnostic.id, 1000 | 1013) {
            continue;
        }
        let who = to.label(seen.hop.src.addr);
        let reason = diagnostic.reason.as_deref().unwrap_or("no reason given");
        let with = status.map_or_else(|| "in a request".to_owned(), |s| format!("with {s}"));
        let known = meaning(diagnostic.id).map_or_else(
            || "Its meaning is not in the catalogue.".to_owned(),
            |m| format!("It means: {m}."),
        );
        // What a user decides is no fault of the federation.
        let severity = match status {
            Some(480 | 486 | 487 | 600 | 603) => Severity::Note,
            _ => Severity::Warning,
        };
        let _ = to
            .report(
                seen.hop.src.addr,
                seen.hop.dst.addr,
                format!(
                    "{who} reports diagnostic {} {with}: {reason}",
                    diagnostic.id
                ),
                Evidence::seen(seen.at(), brief(seen)),
            )
            .severity(severity)
            .summary(known)
            .key(diagnostic.id.to_string())
            .detail("On the wire", diagnostics_lines(&seen.message))
            .on_call(&call.id())
            .on_stream(seen.hop.stream);
    }
}
