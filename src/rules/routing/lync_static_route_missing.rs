//! Lync knows no way to the Cisco domain.

use crate::dialog::{Call, Transaction};
use crate::dns::Kind;
use crate::finding::{Confidence, Severity};
use crate::rules::sides::{
    brief, diagnostics_lines, domain_of, is_initial, is_origin, of_servers, opening,
};
use crate::rules::{Check, Class, Context, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Method;
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "lync-static-route-missing",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "Lync refuses a request for the Cisco domain because it has no route to it, and never connects to the Cisco side",
    explanation: "With direct federation Lync finds the Cisco domain by a static route. Here a user or server asks Lync for somebody of the \
        Cisco domain; Lync refuses with a diagnostic that speaks of routing, and no connection to the Cisco side is opened in the whole \
        capture.",
    causes: &[
        "there is no static route for the domain, or its MatchUri is another domain (sub-domains need *.domain)",
        "the route is not in the configuration that the pool uses: global and pool level exclude each other",
        "the destination of a TLS route is an address: it must be a FQDN",
    ],
    confirm: &[
        "Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route",
        "Get-CsStaticRoutingConfiguration | Select-Object Identity: is there one for this pool that hides the global one?",
    ],
    fix: Fix {
        cisco: &[],
        microsoft: &[
            "Enable-CsTopology after a change of trusted applications; a new route is used at once.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Microsoft, New-CsStaticRoute, Set-CsStaticRoutingConfiguration (SkypeForBusiness PowerShell reference)",
        "Cisco, Interdomain Federation guide 12.5(1)SU3, Interdomain Federation to Microsoft Lync (static route, public provider)",
        "[MS-OCER] section 2.2.1 (1003, 1005, 1008, 1014)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["dns-srv-missing", "dns-a-missing"],
        link: Link::Hosts,
    }],
    check: Check::Refusal(check),
};

/// Diagnostics of Lync that speak of a missing route ([MS-OCER]).
const OF_ROUTES: [u32; 4] = [1003, 1005, 1008, 1014];

/// Whether a domain is the Cisco side's: by the lab profile, or because users of it write from there.
fn is_cisco_domain(domain: &str, context: &Context<'_>) -> bool {
    let is = |d: &String| d.eq_ignore_ascii_case(domain);
    context.profile.cisco.domains.iter().any(is)
        || context
            .hosts
            .of_domain(domain)
            .iter()
            .any(|address| context.hosts.is_cisco(*address))
}

/// Whether the Microsoft server ever tried to reach a Cisco server.
fn connects(server: IpAddr, context: &Context<'_>) -> bool {
    context.some_connections().any(|c| {
        c.client().addr == server
            && c.concerns_sip()
            && !context.hosts.is_microsoft(c.server().addr)
    })
}

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(answer), Some(status @ (404 | 504))) =
        (transaction.final_response(), transaction.final_status())
    else {
        return;
    };
    let server = transaction.asked;
    if !context.hosts.is_microsoft(server)
        || context.hosts.is_cisco(transaction.asker)
        || transaction.method() == Method::Register
        || !transaction.request_message().is_none_or(is_initial)
        || !is_origin(transaction, call)
    {
        return;
    }
    let Some(domain) = answer
        .message
        .to()
        .and_then(|to| to.uri())
        .and_then(domain_of)
    else {
        return;
    };
    let id = of_servers(&answer.message)
        .iter()
        .map(|d| d.id)
        .find(|id| OF_ROUTES.contains(id));
    let Some(id) = id else {
        return;
    };
    let shared = context
        .profile
        .lync
        .domains
        .iter()
        .any(|d| d.eq_ignore_ascii_case(&domain));
    if !is_cisco_domain(&domain, context) || shared || connects(server, context) {
        return;
    }
    let lookup = context.names.all().iter().find(|lookup| {
        lookup.client == server && lookup.kind == Kind::Srv && lookup.name.ends_with(&domain)
    });
    let who = to.label(server);
    let _ = to
        .report(
            server,
            transaction.asker,
            format!("{who} has no route to {domain}: it answers {status} (diagnostic {id}) and never connects to the Cisco side"),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} answers {} for a user of {domain} with {status} and diagnostic {id}. In the whole capture it opens no connection to a box \
             of the other side{}.",
            transaction.method(),
            if lookup.is_some() { "; it asks DNS for the domain instead, as it does where no static route matches" } else { "" }
        ))
        .key(domain.clone())
        .confidence(Confidence::Medium)
        .seen(answer.at(), brief(answer))
        .seen_if(lookup.and_then(|l| l.first()), lookup.map_or_else(String::new, |l| format!("question SRV {}", l.name)))
        .detail("What Lync says", diagnostics_lines(&answer.message))
        .microsoft(format!(
            "$r = New-CsStaticRoute -TLSRoute -Destination <FQDN of the Cisco node> -Port 5062 -MatchUri {domain} -UseDefaultCertificate $true; \
             Set-CsStaticRoutingConfiguration -Identity Global -Route @{{Add=$r}}"
        ))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
}
