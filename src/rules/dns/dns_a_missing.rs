//! The address of a server that is needed was asked for, and there is none.

use super::common::{connects_after, failure, places};
use crate::dns::{Answer, Kind};
use crate::finding::{Evidence, Severity};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    name: "dns-a-missing",
    class: Class::Dns,
    severity: Severity::Error,
    summary: "the address of a federation server was asked for and not found",
    explanation: "The host knows the name of the server it needs, from an SRV record or from its configuration, and the name has no \
        address in the DNS that it asks. It cannot connect. Lync says this with diagnostic 1014.",
    causes: &[
        "no A record for the name, or a typing error in the SRV record or route",
        "the name server that this host asks does not know the zone",
        "the name server cannot be reached",
    ],
    confirm: &["nslookup <name> on the host that asked, with the same name server."],
    fix: Fix {
        cisco: &[
            "Presence > Routing > Static Routes: is the next hop written as in DNS? An address works as well.",
        ],
        microsoft: &[
            "Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route: the destination must resolve on the front end.",
        ],
        network: &[
            "Publish an A record for the name in the zone that the host asks, or correct the name where it is from.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "[MS-OCER] (1014: unable to resolve DNS A record)",
        "Cisco, Interdomain Federation guide 14, Microsoft OCS (FQDNs must be resolvable)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

/// Names of servers that somebody needs, and where they are from.
fn needed(context: &Context<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for lookup in context.names.all() {
        if let Some((at, Answer::Services(services))) = &lookup.answer
            && lookup.name.starts_with("_sip")
        {
            for service in services {
                all.entry(service.target.clone()).or_insert_with(|| {
                    format!("the SRV record {} (frame {})", lookup.name, at.number)
                });
            }
        }
    }
    let (lync, cisco) = (&context.profile.lync, &context.profile.cisco);
    for name in [&lync.fqdn, &cisco.fqdn, &cisco.federation_routing_fqdn]
        .into_iter()
        .flatten()
    {
        all.entry(name.to_ascii_lowercase())
            .or_insert_with(|| "the lab profile".to_owned());
    }
    all
}

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let needed = needed(context);
    for lookup in context.names.all() {
        let Some(source) = needed.get(&lookup.name) else {
            continue;
        };
        if lookup.kind != Kind::A {
            continue;
        }
        let (Some(how), Some((asked, last))) = (failure(lookup, context), places(lookup)) else {
            continue;
        };
        // With an IPv6 address, or from another name server, it is known all the same.
        let known = context.names.all().iter().any(|other| {
            other.client == lookup.client
                && other.name == lookup.name
                && matches!(other.answer, Some((_, Answer::Addresses(_))))
        });
        if known || connects_after(lookup.client, asked, context).is_some() {
            continue;
        }
        let who = to.label(lookup.client);
        let _ = to
            .report(
                lookup.client,
                lookup.server,
                format!("{who} finds no address for {}: {how}", lookup.name),
                Evidence::seen(asked, format!("question A {}", lookup.name)),
            )
            .key(lookup.name.clone())
            .summary(format!(
                "{who} needs the address of {}, a name from {source}, and is told: {how}. It opens no connection for SIP.",
                lookup.name
            ))
            .seen(last, how.clone())
            .absent(last, format!("any connection for SIP opened by {who}"));
    }
}
