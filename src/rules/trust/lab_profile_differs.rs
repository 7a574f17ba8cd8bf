//! The lab profile says one thing, the wire another.

use crate::base::FrameRef;
use crate::connection::{Connection, is_federation_port};
use crate::finding::{Evidence, Severity};
use crate::rules::sides::certificate_of;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use std::collections::BTreeSet;
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "lab-profile-differs",
    class: Class::Trust,
    severity: Severity::Note,
    summary: "the lab profile (--lab, --trust) says one thing and the wire shows another",
    explanation: "A profile says what is configured. Where the capture shows other ports, names or domains, either the profile is \
        out of date or the configuration is not what it was meant to be. By itself that is no fault; together with a failure \
        it is the first place to look.",
    causes: &[
        "the configuration was changed and the profile was not, or the other way round",
        "a setting was never applied: the service was not restarted, the topology not published",
        "the request took another way than the one that was planned",
    ],
    confirm: &["Compare the setting on the server itself with both values."],
    fix: Fix {
        cisco: &["Set the server to what the profile says, or correct the profile."],
        microsoft: &[
            "Set the server to what the profile says, or correct the profile; then Enable-CsTopology.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        "Cisco, Interdomain Federation guide 12.5(1)SU3, Interdomain Federation to Microsoft Lync (listeners, peer subjects, routing FQDN)",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1) (incoming ACL, TLS peer subjects)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

/// Something configured and what was seen instead.
struct Difference {
    from: IpAddr,
    to: IpAddr,
    setting: &'static str,
    configured: String,
    seen: String,
    at: FrameRef,
    what: &'static str,
}

fn check(to: &mut Reporter<'_, '_>) {
    if !to.context().profile.given {
        return;
    }
    let mut all = Vec::new();
    let mut told = BTreeSet::new();
    for connection in to.context().some_connections() {
        port(connection, to, &mut all);
        certificates(connection, to, &mut all);
    }
    senders(to, &mut all);
    for difference in all {
        let key = format!("{} {}", difference.setting, difference.seen);
        if told.insert((difference.from, key.clone())) {
            report(difference, key, to);
        }
    }
}

fn report(difference: Difference, key: String, to: &mut Reporter<'_, '_>) {
    let Difference {
        from,
        to: other,
        setting,
        configured,
        seen,
        at,
        what,
    } = difference;
    let _ = to
        .report(
            from,
            other,
            format!("configured {setting} {configured}, the wire shows {seen}"),
            Evidence::seen(at, format!("{what}: {seen}")),
        )
        .key(key)
        .summary(format!(
            "The profile says {setting} = {configured}; {what} here is {seen}."
        ));
}

/// Lync connects to another port than that of the peer-authentication listener.
fn port(connection: &Connection, to: &Reporter<'_, '_>, all: &mut Vec<Difference>) {
    let context = to.context();
    let (client, server) = (connection.client().addr, connection.server());
    let Some(configured) = context.profile.cisco.peer_auth_port else {
        return;
    };
    if server.port != configured
        && is_federation_port(server.port)
        && context.hosts.is_cisco(server.addr)
        && context.hosts.is_microsoft(client)
    {
        all.push(Difference {
            from: client,
            to: server.addr,
            setting: "cisco.peer_auth_port",
            configured: configured.to_string(),
            seen: server.port.to_string(),
            at: connection.flow.first,
            what: "the port that Lync connects to",
        });
    }
}

/// Common names that are not the configured ones.
fn certificates(connection: &Connection, to: &Reporter<'_, '_>, all: &mut Vec<Difference>) {
    let context = to.context();
    let Some(tls) = connection.tls.as_deref() else {
        return;
    };
    let ends = [connection.client().addr, connection.server().addr];
    for (host, other) in [(ends[0], ends[1]), (ends[1], ends[0])] {
        let flights = [&tls.client_certificates, &tls.server_certificates];
        let Some(certificate) = certificate_of(connection, host) else {
            continue;
        };
        let at = flights
            .into_iter()
            .flatten()
            .find(|f| {
                f.leaf()
                    .is_some_and(|leaf| leaf.sha256 == certificate.sha256)
            })
            .map_or(connection.flow.first, |f| f.at);
        let Some(name) = certificate.subject_cn.clone() else {
            continue;
        };
        let mut differs = |setting, configured: String, what| {
            all.push(Difference {
                from: host,
                to: other,
                setting,
                configured,
                seen: name.clone(),
                at,
                what,
            });
        };
        let (lync, cisco) = (&context.profile.lync, &context.profile.cisco);
        let microsoft = context.hosts.is_microsoft(host);
        let fqdn = if microsoft && !lync.edge.contains(&host) {
            Some(("lync.fqdn", &lync.fqdn))
        } else if context.hosts.is_cisco(host) && cisco.hosts.len() <= 1 {
            Some(("cisco.fqdn", &cisco.fqdn))
        } else {
            None
        };
        if let Some((setting, Some(configured))) = fqdn
            && !configured.eq_ignore_ascii_case(&name)
        {
            differs(
                setting,
                configured.clone(),
                "the common name of the certificate",
            );
        }
        if microsoft
            && context.hosts.is_cisco(other)
            && context.profile.is_peer_subject(&name) == Some(false)
        {
            let list = cisco.tls_peer_subjects.clone().unwrap_or_default();
            differs(
                "cisco.tls_peer_subjects",
                format!("[{}]", list.join(", ")),
                "the common name that the Microsoft side presents to Cisco",
            );
        }
    }
}

/// Domains, Record-Route and addresses of those who send SIP.
fn senders(to: &Reporter<'_, '_>, all: &mut Vec<Difference>) {
    let context = to.context();
    let profile = context.profile;
    for (address, host) in context.hosts.iter() {
        let (setting, domains) = if context.hosts.is_microsoft(address) {
            ("lync.domains", &profile.lync.domains)
        } else if context.hosts.is_cisco(address) {
            ("cisco.domains", &profile.cisco.domains)
        } else {
            continue;
        };
        let other = |at: &crate::host::Sent| at.to;
        for (domain, sent) in host.domains() {
            if !domains.is_empty() && !domains.iter().any(|d| d.eq_ignore_ascii_case(domain)) {
                all.push(Difference {
                    from: address,
                    to: other(sent),
                    setting,
                    configured: format!("[{}]", domains.join(", ")),
                    seen: domain.to_owned(),
                    at: sent.at,
                    what: "the domain of a sender behind this server",
                });
            }
        }
        if let (Some((maddr, sent)), Some(configured)) =
            (host.maddr(), &profile.cisco.federation_routing_fqdn)
            && context.hosts.is_cisco(address)
            && !maddr.eq_ignore_ascii_case(configured)
        {
            all.push(Difference {
                from: address,
                to: other(sent),
                setting: "cisco.federation_routing_fqdn",
                configured: configured.clone(),
                seen: maddr.to_owned(),
                at: sent.at,
                what: "the maddr of its Record-Route",
            });
        }
        if let Some((_, sent)) = host.domains().next()
            && context.hosts.is_microsoft(address)
            && context.hosts.is_cisco(sent.to)
            && profile.cisco.admits(address, context.hosts.names(address)) == Some(false)
        {
            let list = profile.cisco.incoming_acl.clone().unwrap_or_default();
            all.push(Difference {
                from: address,
                to: sent.to,
                setting: "cisco.incoming_acl",
                configured: format!("[{}]", list.join(", ")),
                seen: address.to_string(),
                at: sent.at,
                what: "the address of a Microsoft server that sends requests",
            });
        }
    }
}
