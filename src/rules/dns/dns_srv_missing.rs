//! The SRV record of the other domain was asked for, and there is none.

use super::common::{connects_after, failure, federation_domain, known_anyway, places};
use crate::base::Span;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "dns-srv-missing",
    class: Class::Dns,
    severity: Severity::Error,
    summary: "the SRV record _sipfederationtls._tcp of the other domain was not found, and no connection followed",
    explanation: "Without a static route a server finds the other side by the SRV record _sipfederationtls._tcp.<domain>. The \
        lookup failed, and the server that asked did not connect anywhere: it does not know where to send the request. \
        Between Lync and Cisco that talk directly, with static routes, nobody needs this record: then the lookup itself is \
        the sign that the static route is missing or does not match.",
    causes: &[
        "the zone of the other domain has no such record, or only _sipinternaltls",
        "the name server that this host asks does not know the zone: split DNS, a missing conditional forwarder",
        "a static route exists and does not match the domain, so that DNS is tried instead",
    ],
    confirm: &[
        "nslookup -type=srv _sipfederationtls._tcp.<domain> on the host that asked, with the same name server.",
    ],
    fix: Fix {
        cisco: &[
            "Direct federation: Presence > Routing > Static Routes: pattern is the domain reversed (.it.tomt.*), Route Type domain, \
             next hop, port and TLS.",
        ],
        microsoft: &[
            "Direct federation: New-CsStaticRoute -TLSRoute -Destination <FQDN of the node> -Port 5062 -MatchUri <Cisco domain> \
             -UseDefaultCertificate $true; Set-CsStaticRoutingConfiguration -Route @{Add=$route}",
        ],
        network: &[
            "Publish _sipfederationtls._tcp.<domain> SRV 0 0 5061 <host directly in that domain>, in the zone that the other side asks.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 15, IM and Presence configuration for SIP federation",
        "Cisco, Interdomain Federation guide 14, Troubleshooting",
        "RFC 2782; RFC 3263 section 4.1",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

/// A server that found nobody connects no more after this time.
const DECIDED: Span = Span::from_secs(5);

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    for lookup in context.names.all() {
        let Some(domain) = federation_domain(lookup) else {
            continue;
        };
        let (Some(how), Some((asked, last))) = (failure(lookup, context), places(lookup)) else {
            continue;
        };
        // By a static route it goes without.
        if known_anyway(lookup, context) || connects_after(lookup.client, asked, context).is_some()
        {
            continue;
        }
        let who = to.label(lookup.client);
        let rest = context.remaining(last);
        let confidence = if rest >= DECIDED {
            Confidence::High
        } else {
            Confidence::Medium
        };
        let _ = to
            .report(
                lookup.client,
                lookup.server,
                format!("{who} finds no SRV record for the domain {domain}: {how}"),
                Evidence::seen(asked, format!("question SRV {}", lookup.name)),
            )
            .confidence(confidence)
            .key(lookup.name.clone())
            .summary(format!(
                "{who} looks for the federation server of {domain} in DNS and is told: {how}. In the {rest} that the capture goes on \
                 it opens no connection for SIP to anybody."
            ))
            .seen(last, how.clone())
            .absent(last, format!("any connection for SIP opened by {who}"));
    }
}
