//! The SRV record points out of its domain, which Microsoft servers do not accept.

use super::common::federation_domain;
use crate::dns::Answer;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "dns-srv-target-wrong-domain",
    class: Class::Dns,
    severity: Severity::Error,
    summary: "the SRV record of the other domain names a host that is not directly in that domain",
    explanation: "A Microsoft server that discovers a partner by DNS takes the SRV record only when its target is one label below the \
        very domain it asked for: sip.tomt.local for tomt.local, not sip.edge.tomt.local and not a host of another domain. Else \
        it refuses with 504, diagnostic 1009 (No match for domain in DNS SRV results), which it hides from other networks. \
        This is about discovered federation only; static routes and trusted applications do without.",
    causes: &[
        "the record points to the real name of the host, in a sub-domain or another domain",
        "several SIP domains share one record target",
    ],
    confirm: &["nslookup -type=srv _sipfederationtls._tcp.<domain> from the Edge or front end."],
    fix: Fix {
        cisco: &[
            "The certificate (purpose cup, or that of the ASA) must contain the name in the SRV record.",
        ],
        microsoft: &[
            "Or allow the domain with an explicit proxy: New-CsAllowedDomain -Identity <domain> -ProxyFqdn <host>.",
        ],
        network: &[
            "Point the SRV record to a host directly in the SIP domain, with an A record and the name in the certificate.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &["Cisco TAC document 212383, DNS and certificates on Microsoft federation"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    for lookup in context.names.all() {
        let Some(domain) = federation_domain(lookup) else {
            continue;
        };
        let (Some(asked), Some((at, Answer::Services(services)))) =
            (lookup.first(), &lookup.answer)
        else {
            continue;
        };
        let direct = |target: &str| {
            target
                .split_once('.')
                .is_some_and(|(label, parent)| !label.is_empty() && parent == domain)
        };
        let wrong: Vec<String> = services
            .iter()
            .filter(|service| !direct(&service.target))
            .map(|service| service.target.clone())
            .collect();
        // The one that fits may be among those that were not kept.
        if wrong.len() < services.len() || wrong.is_empty() || lookup.shortened {
            continue;
        }
        // Only Microsoft servers mind; and where requests succeed, this one does not.
        let role = context.role(lookup.client);
        let works = context
            .tally
            .all()
            .iter()
            .any(|(asker, asked, _, exchange)| {
                *asker == lookup.client
                    && wrong
                        .iter()
                        .any(|target| context.names.addresses(target).contains(asked))
                    && exchange.methods.values().any(|o| o.succeeded > 0)
            });
        // Where addresses of answers were not kept, it may work.
        let unknown = context.names.shortened() > 0 || context.names.dropped() > 0;
        if !matches!(role, Role::Lync | Role::Edge) || works || unknown {
            continue;
        }
        let who = to.label(lookup.client);
        let _ = to
            .report(
                lookup.client,
                lookup.server,
                format!(
                    "the SRV record of {domain} points to {}, which is not directly in that domain: {who} refuses it",
                    wrong.join(", ")
                ),
                Evidence::seen(asked, format!("question SRV {}", lookup.name)),
            )
            .confidence(Confidence::High)
            .key(lookup.name.clone())
            .summary(format!(
                "{who} asks for the federation server of {domain} and gets {}. Microsoft servers accept only a host directly in {domain}.",
                wrong.join(", ")
            ))
            .seen(*at, format!("answer {}", wrong.join(", ")));
    }
}
