//! A host named in Record-Route or Contact cannot be resolved by the side that must go there.

use crate::dns::Answer;
use crate::finding::{Evidence, Severity};
use crate::rules::dns::common::{failure, places};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "route-host-unresolvable",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "one side cannot resolve a host that the other names in Record-Route or Contact",
    explanation: "Requests within a dialog go to the hosts in Record-Route, or in Contact. The side that has to send them asked for the \
        address of such a host and got none: NOTIFY, ACK, MESSAGE and BYE go nowhere, although the first request was accepted.",
    causes: &[
        "no A record for that name in the DNS of the side that asks",
        "the Federation Routing FQDN of Cisco is a name of its own that nobody put into DNS",
        "the two sides have separate name servers that do not know each other's zones",
    ],
    confirm: &["nslookup <name> on the host that asked, with the same name server."],
    fix: Fix {
        cisco: &[
            "Presence > Routing > Static Routes: a second route for the host names of the front ends needs no DNS.",
        ],
        microsoft: &[
            "Add an A record for the Cisco names, Federation Routing FQDN included, to the DNS that the front ends ask.",
        ],
        network: &[
            "Create the A record, or a conditional forwarder to the zone of the other side.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Microsoft OCS (the FQDN must be resolvable by the front end)",
        "RFC 3261 section 12.2.1.1; RFC 3263",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    for (address, host) in context.hosts.iter() {
        for (name, sent) in host.route_hosts() {
            for lookup in context.names.all() {
                if lookup.name != name || lookup.client == address {
                    continue;
                }
                let Some(lookup) = context.names.failed_address(lookup.client, name) else {
                    continue;
                };
                let (Some(how), Some((asked, last))) = (failure(lookup, context), places(lookup))
                else {
                    continue;
                };
                // Requests that go through after the lookup show that the name was not needed.
                let works_after =
                    context
                        .tally
                        .all()
                        .iter()
                        .any(|(asker, asked_one, _, exchange)| {
                            (*asker, *asked_one) == (lookup.client, address)
                                && exchange
                                    .methods
                                    .values()
                                    .filter_map(|o| o.success)
                                    .any(|(_, success)| success > last)
                        });
                if works_after {
                    break;
                }
                // A name server that is away says nothing of the name.
                let severity = match lookup.answer {
                    Some((_, Answer::NoSuchName | Answer::Empty)) => Severity::Error,
                    _ => Severity::Note,
                };
                let (who, whom) = (to.label(lookup.client), to.label(address));
                let _ = to
                    .report(
                        lookup.client,
                        address,
                        format!("{who} cannot resolve {name}, which {whom} names for its route: {how}"),
                        Evidence::seen(sent.at, format!("{whom} names {name} in Record-Route or Contact")),
                    )
                    .severity(severity)
                    .key(name.to_owned())
                    .summary(format!(
                        "Requests of a dialog with {whom} must go to {name}. {who} asked for its address and was told: {how}."
                    ))
                    .seen(asked, format!("question {} {}", lookup.kind, lookup.name))
                    .seen(last, how)
                    .network(format!("Add an A record for {name} ({address}) to the name server that {who} asks."));
                break;
            }
        }
    }
}
