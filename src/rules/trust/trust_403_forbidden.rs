//! One side forbids a request of the other.

use super::common::{meaning, of_servers, opening, refusal};
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::sides::{brief, diagnostics_lines, is_first_towards};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "trust-403-forbidden",
    class: Class::Trust,
    severity: Severity::Error,
    summary: "one side answers a request of the other with 403 Forbidden",
    explanation: "The server understood the request and does not allow it: federation is off for the user, the domain or the \
        site, or the domain of the other side is entered where it must not be, or not where it must. It is a matter of policy, not of \
        connections or certificates.",
    causes: &[
        "federation is not enabled for this user, site or globally (external access policy)",
        "the Cisco domain is not an IM or public provider on the Edge, or stands in the list of allowed domains as well, where it \
         must not be",
        "the domain is blocked, or its verification level is too high",
    ],
    confirm: &[
        "Get-CsExternalAccessPolicy and Get-CsUser <user> | Format-List ExternalAccessPolicy",
        "Get-CsAccessEdgeConfiguration; Get-CsPublicProvider; Get-CsAllowedDomain; Get-CsBlockedDomain",
    ],
    fix: Fix {
        cisco: &[],
        microsoft: &[
            "Set-CsAccessEdgeConfiguration -AllowFederatedUsers $true",
            "Set-CsExternalAccessPolicy -Identity <policy> -EnableFederationAccess $true, and grant it to the user",
            "New-CsPublicProvider -Identity cisco -ProxyFqdn <Cisco FQDN> -VerificationLevel AlwaysVerifiable -Enabled $true, and \
             remove the Cisco domain from the allowed domains (Remove-CsAllowedDomain)",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Troubleshooting (IM provider list, Allow list)",
        "Microsoft, Set-CsAccessEdgeConfiguration, New-CsPublicProvider (SkypeForBusiness PowerShell reference)",
        "[MS-OCER] ids 1001, 1002, 1012",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["route-maddr-not-trusted"],
        link: Link::Call,
    }],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let Some(answer) = refusal(transaction, 403, call, to.context()) else {
        by_cisco(transaction, call, to);
        return;
    };
    let to_microsoft = to.context().hosts.is_microsoft(transaction.asked);
    let diagnostics = of_servers(&answer.message);
    let reason = diagnostics.first();
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let why = reason.map_or_else(String::new, |d| {
        let text = meaning(d.id)
            .map(str::to_owned)
            .or_else(|| d.reason.clone())
            .unwrap_or_default();
        format!(": {text} ({})", d.id)
    });
    let from = transaction
        .request_message()
        .and_then(|m| m.from()?.aor())
        .map_or_else(String::new, |aor| format!(" from {aor}"));
    let building = to
        .report(
            transaction.asked,
            transaction.asker,
            format!("{who} forbids {} of {whom} (403){why}", transaction.method()),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} answers {}{from} with 403 Forbidden. Connection and certificate were good enough to be heard; a policy says no.",
            transaction.method()
        ))
        .key(reason.map_or_else(String::new, |d| d.id.to_string()))
        .seen(answer.at(), brief(answer))
        .detail("Forbidden requests", vec![transaction.method().to_string()])
        .detail("What Lync says", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    // A box that shows nothing else of Microsoft may pass on what the one behind it said.
    if reason.is_none() || !to_microsoft {
        let _ = building.confidence(Confidence::Medium);
    }
}

/// The other direction: what the Cisco side means by it is not documented as well, so it is no more than likely.
fn by_cisco(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let hosts = to.context().hosts;
    let (asked, asker) = (transaction.asked, transaction.asker);
    let Some(answer) = transaction.final_response().filter(|answer| {
        transaction.final_status() == Some(403)
            && hosts.is_cisco(asked)
            && hosts.is_microsoft(asker)
            && is_first_towards(transaction, call, |host| !hosts.is_cisco(host))
            // What a Microsoft server behind it said is not its own.
            && answer.message.server().is_none_or(|s| !s.starts_with("RTC/"))
            // Refused credentials are another matter.
            && !transaction
                .request_message()
                .is_some_and(|m| m.has_credentials("Digest"))
    }) else {
        return;
    };
    let (who, whom, method) = (to.label(asked), to.label(asker), transaction.method());
    let _ = to
        .report(
            asked,
            asker,
            format!("{who} forbids {method} of {whom} (403): its policy has no place for this sender or domain"),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} answers {method} with 403 Forbidden and no challenge. Connection and certificate were good enough to be \
             heard. Likely: the domain of the sender is not a federated domain there, or a policy of the user blocks it. A \
             box behind it may have said so, and this one passed it on: its log tells."
        ))
        .seen(answer.at(), brief(answer))
        .detail("Forbidden requests", vec![method.to_string()])
        .cisco("Presence > Inter-Domain Federation > SIP Federation: the Microsoft domain must be listed, with the integration type of the peer".to_owned())
        .cisco("Presence > Settings > Standard Configuration and the user's privacy policy: federated contacts must not be blocked".to_owned())
        .without_steps_of_the_rule()
        .on_call(&call.id())
        .on_stream(answer.hop.stream)
        .confidence(Confidence::Medium);
}
