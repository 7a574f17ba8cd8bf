//! The Cisco side looks for the Microsoft domain in DNS, although it should have a static route for it.

use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::dns::common::{connects_after, failure, federation_domain, known_anyway, places};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "cup-static-route-not-used",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "Cisco looks up the Microsoft domain in DNS and connects to nobody: its static route is missing or does not match",
    explanation: "With direct federation the Cisco SIP proxy knows the way to the Microsoft domain from a static route and asks no DNS for \
        it. It asks for the SRV record only where no route matches. The record is not there either, so the request goes nowhere.",
    causes: &[
        "the static route is of Route Type \"user\", which is the default: it must be \"domain\"",
        "the pattern does not match: it is the domain reversed, .it.tomt.* for tomt.it",
        "there is no static route for the domain, or it is disabled, or for another port and protocol",
    ],
    confirm: &[
        "Presence > Routing > Static Routes: is there a row with the reversed domain, type domain, TLS, and the right next hop?",
    ],
    fix: Fix {
        cisco: &[
            "Presence > Routing > Static Routes > Add New: Destination Pattern = the domain reversed (.it.tomt.*), Route Type = domain, Next \
             Hop = the front end, port 5061, Protocol Type = TLS.",
            "Add a second one for the host names of the front ends (.it.tomt.lync01), which stand in Route and Contact.",
            "Then restart Cisco SIP Proxy.",
        ],
        microsoft: &[],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 15, IM and Presence configuration for SIP federation (route type)",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), node configuration (static routes)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["dns-srv-missing"],
        link: Link::Hosts,
    }],
    check: Check::Capture(check),
};

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    for lookup in context.names.all() {
        let Some(domain) = federation_domain(lookup) else {
            continue;
        };
        let (Some(how), Some((asked, last))) = (failure(lookup, context), places(lookup)) else {
            continue;
        };
        if !context.hosts.is_cisco(lookup.client)
            || known_anyway(lookup, context)
            || connects_after(lookup.client, asked, context).is_some()
        {
            continue;
        }
        let who = to.label(lookup.client);
        let pattern: Vec<&str> = domain.rsplit('.').collect();
        let _ = to
            .report(
                lookup.client,
                lookup.server,
                format!("{who} uses no static route for {domain}: it asks DNS, and connects to nobody"),
                Evidence::seen(asked, format!("question SRV {}", lookup.name)),
            )
            .confidence(Confidence::Medium)
            .key(domain.to_owned())
            .summary(format!(
                "{who} asks for the SRV record of {domain}, is told {how}, and opens no connection for SIP. A static route that matches \
                 would have made the question needless."
            ))
            .seen(last, how.clone())
            .cisco(format!(
                "The pattern for {domain} is .{}.* with Route Type domain.",
                pattern.join(".")
            ));
    }
}
