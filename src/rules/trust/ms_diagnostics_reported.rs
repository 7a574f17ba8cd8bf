//! A Microsoft server says in words what went wrong.

use super::common::of_servers;
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::reference::{Sure, ms_diagnostics};
use crate::rules::sides::{brief, diagnostics_lines};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::{Method, MsDiagnostics};

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

/// Ids that report progress, or what concerns nobody but a client and its own server.
const HARMLESS: [u32; 9] = [
    2165, 5009, 5010, 5011, 13_004, 13_005, 13_006, 13_007, 51_007,
];

/// Earlier messages of a call that are looked at for the same diagnostic.
const EARLIER: usize = 64;

/// Whether an earlier hop of the same request has the same diagnostic: a server passes it on.
fn is_passed_on(seen: &Seen, id: u32, call: &Call) -> bool {
    let same = |other: &Seen| {
        let (a, b) = (&other.message, &seen.message);
        a.status().map(|s| s.0) == b.status().map(|s| s.0)
            && a.cseq().map(|c| (c.number, c.method)) == b.cseq().map(|c| (c.number, c.method))
            && of_servers(a).iter().any(|d| d.id == id)
    };
    call.messages
        .iter()
        .filter(|other| {
            other.at() < seen.at() && other.message.is_request() == seen.message.is_request()
        })
        .take(EARLIER)
        .any(same)
}

/// A result code in the parameters of a diagnostic: `HRESULT="0x80090322(SEC_E_WRONG_PRINCIPAL)"`, or in its text.
fn result_codes(diagnostic: &MsDiagnostics) -> Vec<String> {
    let values = diagnostic.params.iter().map(|(_, value)| value);
    values
        .chain(&diagnostic.reason)
        .flat_map(|text| text.match_indices("0x").map(move |(at, _)| (text, at)))
        .filter_map(|(text, at)| {
            let digits = text.get(at.checked_add(2)?..)?;
            let end = digits
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(digits.len());
            let code = u32::from_str_radix(digits.get(..end)?, 16).ok()?;
            let known = ms_diagnostics::result_code(code)?;
            Some(format!("0x{code:08X} {}: {}", known.name, known.meaning))
        })
        .take(4)
        .collect()
}

fn report(seen: &Seen, call: &Call, to: &mut Reporter<'_, '_>) {
    let status = seen.message.status().map(|s| s.0);
    let mut told = Vec::new();
    for diagnostic in of_servers(&seen.message) {
        // ms-diagnostics and ms-diagnostics-public say the same twice.
        if told.contains(&diagnostic.id) || is_passed_on(seen, diagnostic.id, call) {
            continue;
        }
        told.push(diagnostic.id);
        // A challenge is no failure before it goes unanswered; the rules on authentication judge that.
        if matches!(status, Some(401 | 407)) && !matches!(diagnostic.id, 1000 | 1013) {
            continue;
        }
        say(seen, &diagnostic, status, call, to);
    }
}

fn say(
    seen: &Seen,
    diagnostic: &MsDiagnostics,
    status: Option<u16>,
    call: &Call,
    to: &mut Reporter<'_, '_>,
) {
    let who = to.label(seen.hop.src.addr);
    let id = diagnostic.id;
    let reason = diagnostic.reason.as_deref().unwrap_or("no reason given");
    let with = status.map_or_else(|| "in a request".to_owned(), |s| format!("with {s}"));
    let mut summary = match (ms_diagnostics::find(id), ms_diagnostics::component(id)) {
        (Some(known), _) => format!("It means: {}. {}", known.meaning, known.look),
        (None, Some(component)) => format!(
            "Its meaning is not in the catalogue; ids of this range come from: {component}."
        ),
        (None, None) => "Its meaning is not in the catalogue.".to_owned(),
    };
    if let Some(source) = diagnostic.source() {
        summary.push_str(&format!(" {source} wrote it."));
    }
    // What a user decides is no fault of the federation.
    let users_choice = matches!(status, Some(480 | 486 | 487 | 600 | 603));
    // In a request it says why something ends; an id that is not known to be a failure may be a user who closes a window.
    let known = ms_diagnostics::find(id);
    let ends_well = status.is_none() && known.is_none();
    let severity = if users_choice || ends_well || HARMLESS.contains(&id) {
        Severity::Note
    } else {
        Severity::Warning
    };
    let sure = known.is_some_and(|known| known.sure == Sure::Sourced);
    let building = to
        .report(
            seen.hop.src.addr,
            seen.hop.dst.addr,
            format!("{who} reports diagnostic {id} {with}: {reason}"),
            Evidence::seen(seen.at(), brief(seen)),
        )
        .severity(severity)
        .summary(summary)
        .key(id.to_string())
        .detail("On the wire", diagnostics_lines(&seen.message))
        .detail("Result codes in it", result_codes(diagnostic))
        .on_call(&call.id())
        .on_stream(seen.hop.stream);
    if !sure {
        let _ = building.confidence(Confidence::Medium);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::DiagnosticsHeader;

    #[test]
    fn result_codes_are_found_in_parameters_and_texts() {
        let diagnostic = MsDiagnostics {
            id: 1010,
            sub: None,
            reason: Some("failed (0xC3E93D67) and 0x1, 0x, 0xzz".to_owned()),
            params: vec![(
                "HRESULT".to_owned(),
                "0x80090322(SEC_E_WRONG_PRINCIPAL)".to_owned(),
            )],
            header: DiagnosticsHeader::Server,
        };
        let found = result_codes(&diagnostic);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("0x80090322 SEC_E_WRONG_PRINCIPAL"));
        assert!(found[1].starts_with("0xC3E93D67 SIPPROXY"));
    }
}
