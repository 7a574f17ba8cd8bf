//! The host in the request URI was replaced by that of the next hop.

use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::sides::{brief, domain_of, is_initial, is_origin, opening};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use crate::sip::Method;
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "route-host-rewritten-in-ruri",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "the request URI names a host instead of the SIP domain, and the other side finds nobody there",
    explanation: "To says user@domain, and the request line says user@host or user@address: the Microsoft side replaced the host by that of the \
        next hop. The Cisco side looks up the user by the request line, and no user has that address.",
    causes: &[
        "OCS: \"Replace host in request URI\" is checked in the static route",
        "Lync: the static route was made with -ReplaceHostInRequestUri $true",
    ],
    confirm: &[
        "Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route: ReplaceHostInRequestUri",
    ],
    fix: Fix {
        cisco: &[],
        microsoft: &[
            "Remove the static route and make it again without -ReplaceHostInRequestUri (default $false): New-CsStaticRoute -TLSRoute, \
             Set-CsStaticRoutingConfiguration.",
            "OCS: Front End Properties > Routing > the route: clear \"Replace host in request URI\".",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Microsoft OCS (Replace host in request URI)",
        "Microsoft, New-CsStaticRoute (ReplaceHostInRequestUri)",
        "RFC 3261 section 16.5",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Refusal(check),
};

/// Whether the sender can be a Microsoft server, and the receiver none of its clients.
fn between_servers(transaction: &Transaction<'_>, context: &Context<'_>) -> bool {
    let microsoft = context.hosts.is_microsoft(transaction.asker)
        || context.role(transaction.asker) == Role::Unknown
            && transaction.request_message().is_some_and(|m| {
                m.user_agent()
                    .is_some_and(|a| a.starts_with("RTCC/") || a.starts_with("UCCAPI/"))
            });
    microsoft
        && !matches!(
            context.role(transaction.asked),
            Role::Client | Role::Lync | Role::Edge
        )
}

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(request), Some(answer), Some(status @ (403 | 404))) = (
        transaction.request,
        transaction.final_response(),
        transaction.final_status(),
    ) else {
        return;
    };
    let message = &request.message;
    if transaction.method() == Method::Register
        || !is_initial(message)
        || !between_servers(transaction, context)
        || !is_origin(transaction, call)
    {
        return;
    }
    let Some(domain) = message.to().and_then(|to| to.uri()).and_then(domain_of) else {
        return;
    };
    let Some(host) = message
        .request_uri()
        .filter(|uri| uri.user_name().is_some())
        .and_then(|uri| uri.host_name())
        .map(|host| host.to_ascii_lowercase())
        .filter(|host| *host != domain)
    else {
        return;
    };
    // Another domain of the same user is an alias; a host is an address, or a name of the box that is asked.
    let address = host.parse::<IpAddr>().ok();
    let names = context.hosts.names(transaction.asked);
    let below = host
        .strip_suffix(&domain)
        .is_some_and(|rest| rest.ends_with('.'));
    if address.is_none() && !below && !names.iter().any(|n| n.eq_ignore_ascii_case(&host)) {
        return;
    }
    let (who, whom) = (to.label(transaction.asker), to.label(transaction.asked));
    let uri = message
        .request_uri_text()
        .map(|t| t.to_str().into_owned())
        .unwrap_or_default();
    let building = to
        .report(
            transaction.asker,
            transaction.asked,
            format!("{who} writes the host {host} into the request line instead of {domain}, and {whom} answers {status}"),
            opening(transaction, answer),
        )
        .summary(format!(
            "The request of {who} is for a user of {domain} (To), but its request line asks for one of {host}. {whom} has no such user and \
             answers {status}."
        ))
        .key(host.clone())
        .seen(answer.at(), brief(answer))
        .detail("Request line and To", vec![
            crate::sip::without_passwords(&uri).into_owned(),
            message.to().and_then(|to| to.aor()).unwrap_or_default(),
        ])
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    let certain =
        address == Some(transaction.asked) || names.iter().any(|n| n.eq_ignore_ascii_case(&host));
    if !certain || status == 403 {
        let _ = building.confidence(Confidence::Medium);
    }
}
