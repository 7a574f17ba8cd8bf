//! A lab profile filled from what a capture shows, for the user to check.

use super::escape;
use crate::host::{Host, Role};
use crate::report::Report;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

/// The profile in TOML. What is only a guess is a comment; each line says where it is from.
pub fn lab_template(report: &Report) -> String {
    let mut text = String::from(
        "# Lab profile, filled from what the capture shows. Check every line: what is seen is not what is configured.\n\
         # Use it with: sipdiag --lab FILE CAPTURE\n\n",
    );
    let networks: Vec<String> = report
        .coverage
        .networks
        .iter()
        .map(ToString::to_string)
        .collect();
    if networks.is_empty() {
        text.push_str("# network = [\"10.1.1.0/24\"]\n");
    } else {
        line(&mut text, "network", &list(&networks), "in scope here");
    }
    text.push_str("# ca = [\"internal-ca.pem\"]  # PEM files with the authorities that both sides should trust\n");
    microsoft(report, &mut text);
    cisco(report, &mut text);
    text
}

/// The hosts of a role.
fn of(report: &Report, role: Role) -> Vec<(IpAddr, &Host)> {
    report
        .hosts
        .iter()
        .filter(|(_, host)| host.role() == role)
        .collect()
}

fn microsoft(report: &Report, text: &mut String) {
    let lync = of(report, Role::Lync);
    let edge = of(report, Role::Edge);
    text.push_str("\n[lync]\n");
    hosts(text, "hosts", &lync, "10.1.1.10");
    if !edge.is_empty() {
        hosts(text, "edge", &edge, "10.1.1.11");
    }
    domains(text, &lync);
    fqdn(text, &lync, "lync01.example");
    let pools: BTreeSet<String> = of(report, Role::Cisco)
        .iter()
        .filter_map(|(_, host)| Some(host.maddr()?.0.to_owned()))
        .collect();
    let pools: Vec<String> = pools.into_iter().collect();
    let _ = writeln!(
        text,
        "# trusted_application_pools = {}  # Cisco's maddr on the wire; what is configured says Get-CsTrustedApplicationPool",
        list(&pools)
    );
}

fn cisco(report: &Report, text: &mut String) {
    let nodes = of(report, Role::Cisco);
    text.push_str("\n[cisco]\n");
    hosts(text, "hosts", &nodes, "10.1.1.20");
    domains(text, &nodes);
    fqdn(text, &nodes, "cups01.example");
    let maddrs: BTreeSet<&str> = nodes
        .iter()
        .filter_map(|(_, host)| Some(host.maddr()?.0))
        .collect();
    let first = nodes.iter().find_map(|(_, host)| host.maddr());
    match first {
        Some((maddr, sent)) if maddrs.len() == 1 => line(
            text,
            "federation_routing_fqdn",
            &quoted(maddr),
            &format!("maddr of the Record-Route in frame {}", sent.at.number),
        ),
        Some(_) => {
            let all: Vec<String> = maddrs.iter().map(|m| (*m).to_owned()).collect();
            let _ = writeln!(
                text,
                "# federation_routing_fqdn = \"\"  # one name for the cluster; the wire has {}",
                list(&all)
            );
        }
        None => text
            .push_str("# federation_routing_fqdn = \"\"  # no Record-Route with maddr was seen\n"),
    }
    let (names, addresses): (Vec<String>, Vec<String>) = {
        let lync = of(report, Role::Lync);
        (
            lync.iter()
                .filter_map(|(_, host)| host.names().first().map(|name| (*name).to_owned()))
                .collect(),
            lync.iter()
                .map(|(address, _)| address.to_string())
                .collect(),
        )
    };
    let _ = writeln!(
        text,
        "# tls_peer_subjects = {}  # names the Microsoft side presents; configured: System > Security > TLS Peer Subjects",
        list(&names)
    );
    let acl: Vec<String> = addresses.into_iter().chain(names).collect();
    let _ = writeln!(
        text,
        "# incoming_acl = {}  # what it would need; configured: System > Security > Incoming ACL",
        list(&acl)
    );
    let listener = report.connections.iter().find(|c| {
        report.hosts.is_cisco(c.server().addr)
            && c.tls
                .as_deref()
                .is_some_and(|tls| tls.certificate_request.is_some())
    });
    match listener {
        Some(connection) => line(
            text,
            "peer_auth_port",
            &connection.server().port.to_string(),
            &format!(
                "asks for a client certificate on tcp.stream {}",
                connection.flow.stream
            ),
        ),
        None => text.push_str(
            "# peer_auth_port = 5062  # no listener was seen to ask for a client certificate\n",
        ),
    }
}

fn hosts(text: &mut String, key: &str, found: &[(IpAddr, &Host)], example: &str) {
    if found.is_empty() {
        let _ = writeln!(text, "# {key} = [\"{example}\"]  # none was recognised");
        return;
    }
    let addresses: Vec<String> = found.iter().map(|(a, _)| a.to_string()).collect();
    let why: Vec<String> = found
        .iter()
        .filter_map(|(_, host)| host.evidence().first().map(|clue| clue.text.clone()))
        .collect();
    line(text, key, &list(&addresses), &why.join("; "));
}

fn domains(text: &mut String, found: &[(IpAddr, &Host)]) {
    let all: BTreeSet<String> = found
        .iter()
        .flat_map(|(_, host)| host.domains().map(|(domain, _)| domain.to_owned()))
        .collect();
    let all: Vec<String> = all.into_iter().collect();
    if all.is_empty() {
        text.push_str("# domains = []  # no request of this side was read\n");
    } else {
        line(text, "domains", &list(&all), "From of its requests");
    }
}

fn fqdn(text: &mut String, found: &[(IpAddr, &Host)], example: &str) {
    let name = found
        .iter()
        .find_map(|(_, host)| host.names().first().copied());
    match name {
        Some(name) => line(text, "fqdn", &quoted(name), "first name in its certificate"),
        None => {
            let _ = writeln!(
                text,
                "# fqdn = \"{example}\"  # no certificate of it was seen"
            );
        }
    }
}

fn line(text: &mut String, key: &str, value: &str, why: &str) {
    // A comment ends with its line, and control characters are escaped: what is from the wire cannot leave it.
    let _ = writeln!(text, "{key} = {value}  # {}", escape::line(why));
}

fn quoted(name: &str) -> String {
    toml::Value::String(escape::line(name).into_owned()).to_string()
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}
