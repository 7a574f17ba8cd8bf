//! What gives a vendor or a role away (failure catalogue, section 4).

use super::{Clue, Role};
use crate::base::{Direction, FrameRef};
use crate::connection::Connection;
use crate::dialog::Seen;
use crate::sip::{Message, Text};
use std::net::{IpAddr, Ipv4Addr};

/// What a message tells about its sender.
pub(super) fn of_message(seen: &Seen, out: &mut dyn FnMut(Clue)) {
    let message = &seen.message;
    let at = seen.at();
    let mut clue = |role, weight, text: String| {
        out(Clue {
            role,
            weight,
            text,
            at: Some(at),
        });
    };
    if message.is_request() {
        of_request(seen, &mut clue);
    } else {
        of_response(message, &mut clue);
    }
}

type Say<'a> = dyn FnMut(Role, u8, String) + 'a;

fn of_request(seen: &Seen, clue: &mut Say<'_>) {
    let message = &seen.message;
    let via = message.top_via();
    let microsoft_proxy = via
        .as_ref()
        .is_some_and(|v| v.params.has("branched") || v.params.has("ms-internal-info"));
    if microsoft_proxy {
        clue(
            Role::Lync,
            3,
            "Via with parameters of a Lync proxy".to_owned(),
        );
    }
    if let Some(agent) = message.user_agent().map(Text::to_str) {
        // A server passes on the User-Agent of the client behind it: that client's Via is below its own.
        let own = message.via_count() <= 1;
        if own && (agent.starts_with("Cisco-Systems-") || agent.starts_with("Cisco-CUP")) {
            clue(Role::Cisco, 3, format!("User-Agent: {agent}"));
        } else if own && agent.starts_with("RTCC/") {
            clue(Role::Lync, 3, format!("User-Agent: {agent}"));
        } else if agent.contains("UCCAPI/") && own && !microsoft_proxy {
            clue(Role::Client, 2, format!("User-Agent: {agent}"));
        } else if agent.contains("UCCAPI/") {
            clue(
                Role::Lync,
                1,
                "passes on requests of Lync clients".to_owned(),
            );
        }
    }
    for (name, role, weight) in [
        ("ms-edge-proxy-message-trust", Role::Edge, 1),
        ("ms-split-domain-info", Role::Lync, 1),
    ] {
        if message.header_named(name).next().is_some() {
            clue(role, weight, format!("sends {name}"));
        }
    }
    if message
        .record_routes()
        .next()
        .and_then(|route| route.uri())
        .is_some_and(|uri| uri.params.has("ms-fe") || uri.params.has("ms-route-sig"))
    {
        clue(
            Role::Lync,
            2,
            "Record-Route with parameters of a Lync proxy".to_owned(),
        );
    }
    if let IpAddr::V4(sender) = seen.hop.src.addr
        && let Some(id) = message.call_id()
        && let Some((address, port, _)) = cisco_identifier(id.bytes())
        && address == sender
    {
        clue(
            Role::Cisco,
            3,
            format!("Call-ID of the Cisco SIP gateway, with its own address and port {port}"),
        );
    }
    if let Some(contact) = message.contact()
        && contact.uri().and_then(|u| u.port) == Some(5080)
    {
        clue(
            Role::Cisco,
            1,
            "Contact on port 5080, the Cisco federation connection manager".to_owned(),
        );
    }
}

fn of_response(message: &Message, clue: &mut Say<'_>) {
    // A response with several Vias may have been passed on; its headers then speak of somebody behind.
    let own = message.via_count() <= 1;
    let weight = if own { 3 } else { 1 };
    if let Some(server) = message.server().map(Text::to_str) {
        if server.starts_with("RTC/") || server.starts_with("RTCC/") {
            clue(
                Role::Lync,
                weight,
                format!("Server: {server} ({})", microsoft_product(&server)),
            );
        } else if server.starts_with("Cisco-CUP") || server.starts_with("Cisco-Systems-") {
            clue(Role::Cisco, weight, format!("Server: {server}"));
        }
    }
    if message
        .top_via()
        .is_some_and(|v| v.params.has("ms-received-cid") || v.params.has("ms-received-port"))
    {
        clue(
            Role::Lync,
            3,
            "writes ms-received-* into the Via of peers".to_owned(),
        );
    }
    for challenge in message.challenges() {
        if challenge
            .realm()
            .is_some_and(|r| r.is("SIP Communications Service"))
        {
            clue(
                Role::Lync,
                weight,
                format!(
                    "challenges with {} as Microsoft servers do",
                    challenge.scheme.to_str()
                ),
            );
        }
    }
}

/// The product behind `Server: RTC/x` (catalogue, section 4).
fn microsoft_product(server: &str) -> &'static str {
    let version = server.split_once('/').map_or("", |(_, v)| v);
    match version.get(..3).unwrap_or(version) {
        "2.0" => "LCS 2005",
        "3.0" => "OCS 2007",
        "3.5" => "OCS 2007 R2",
        "4.0" => "Lync 2010",
        "5.0" => "Lync 2013",
        "6.0" => "Skype for Business 2015",
        "7.0" => "Skype for Business 2019",
        _ => "Microsoft",
    }
}

/// Address, port and seconds since 1970 inside an identifier of the Cisco SIP gateway:
/// `<ptr>-<IPv4, little-endian hex>-<port hex>-<n>-<time hex>-…` (catalogue, section 3).
pub(super) fn cisco_identifier(id: &[u8]) -> Option<(Ipv4Addr, u16, u32)> {
    let text = std::str::from_utf8(id).ok()?;
    let mut groups = text.split('-');
    let _pointer = u64::from_str_radix(groups.next()?, 16).ok()?;
    let address = u32::from_str_radix(groups.next()?, 16).ok()?;
    let port = u16::from_str_radix(groups.next()?, 16).ok()?;
    let _counter = groups.next()?;
    let time = u32::from_str_radix(groups.next()?, 16).ok()?;
    groups.next()?;
    Some((Ipv4Addr::from(address.swap_bytes()), port, time))
}

/// What a connection tells about its two ends.
pub(super) fn of_connection(
    connection: &Connection,
    out: &mut dyn FnMut(IpAddr, Option<Clue>, Vec<String>),
) {
    let Some(tls) = &connection.tls else {
        return;
    };
    for (endpoint, flight) in [
        (
            connection.flow.sender(tls.client()),
            &tls.client_certificates,
        ),
        (
            connection.flow.sender(tls.server()),
            &tls.server_certificates,
        ),
    ] {
        let Some(flight) = flight else { continue };
        let Some(leaf) = flight.chain.first() else {
            continue;
        };
        let mut names: Vec<String> = leaf.subject_cn.iter().cloned().collect();
        names.extend(leaf.sans.dns.iter().cloned());
        let hint = names.first().and_then(|name| by_name(name, flight.at));
        out(endpoint.addr, hint, names);
    }
    let server = connection.flow.sender(tls.server());
    if server.port == 5062 && tls.client() == Direction::Originator && tls.server_hello.is_some() {
        out(
            server.addr,
            Some(Clue {
                role: Role::Cisco,
                weight: 1,
                text: "TLS on 5062, the peer-authentication port of the Cisco SIP proxy".to_owned(),
                at: Some(connection.flow.first),
            }),
            Vec::new(),
        );
    }
}

/// Administrators name machines after what they are; a hint and no more.
fn by_name(name: &str, at: FrameRef) -> Option<Clue> {
    let label = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let starts = |words: &[&str]| words.iter().any(|w| label.starts_with(w));
    let role = if starts(&["edge", "accessedge", "sip-edge"]) {
        Role::Edge
    } else if starts(&["lync", "sfb", "skype", "ocs", "lcs"]) {
        Role::Lync
    } else if starts(&["cup", "imp", "imandp", "cucmim"]) {
        Role::Cisco
    } else {
        return None;
    };
    Some(Clue {
        role,
        weight: 1,
        text: format!("its certificate is for {name}"),
        at: Some(at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_cisco_identifier_gives_address_and_port() {
        // Call-ID of a SUBSCRIBE in Cisco's Partitioned Intradomain Federation guide 12.5(1).
        let id = b"a30386f0-1138350a-13d8-45026-4d755b8a-2c25871c-4d755b8a";
        assert_eq!(
            cisco_identifier(id),
            Some((Ipv4Addr::new(10, 53, 56, 17), 5080, 1_299_536_778))
        );
        assert_eq!(cisco_identifier(b"ce878a8bc0ca4c769ca729bc2f56a998"), None);
        assert_eq!(cisco_identifier(b"1-2-3"), None);
    }

    #[test]
    fn a_name_is_a_hint_only_by_its_first_label() {
        let at = FrameRef::default();
        let role = |name| by_name(name, at).map(|c| c.role);
        assert_eq!(role("lync01.tomt.it"), Some(Role::Lync));
        assert_eq!(role("cups01.tomt.local"), Some(Role::Cisco));
        assert_eq!(role("www.lync.example"), None);
    }
}
