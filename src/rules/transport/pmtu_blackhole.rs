//! Only large segments get lost.

use super::loss::{OnlyLarge, ends, loss, only_large};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::tls::outcome::{gravity, recovered_text};
use crate::rules::tls::words::side;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pmtu-blackhole",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "large segments are lost and small ones arrive (path MTU black hole)",
    explanation: "A segment of full size was repeated and never acknowledged, while small segments of the same sender get through. A \
        link on the way (VPN, tunnel) takes smaller packets only, and the ICMP message that would tell the sender is not sent, \
        filtered, or ignored. Connections open well and stop at the first large piece: the certificates of the TLS handshake, \
        or a Lync INVITE of 3000 bytes.",
    causes: &[
        "a tunnel or VPN between the servers has a smaller MTU, and ICMP type 3 code 4 (IPv6: packet too big) is filtered",
        "one interface on the way has another MTU than its neighbours (jumbo frames)",
    ],
    confirm: &[
        "From the sender: ping -f -l 1472 <address> on Windows; lower the size until an answer comes. On Cisco: utils network ping \
         <address> count 4 size 1472.",
    ],
    fix: Fix {
        cisco: &[
            "Ask for the smaller MTU where the network cannot be changed: set network mtu on the command line of the node.",
        ],
        microsoft: &[
            "netsh interface ipv4 set subinterface \"<interface>\" mtu=1400 store=persistent",
        ],
        network: &[
            "Let ICMP type 3 code 4 (IPv6: type 2) through, or limit the MSS on the firewall or tunnel (ASA: sysopt connection \
             tcpmss 1300).",
        ],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        "RFC 2923 section 2.1 (black hole detection), RFC 1191 section 4, RFC 4443 section 3.2",
        "RFC 5681 section 2 (duplicate acknowledgment)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(found) = loss(connection, context).filter(|found| found.sure) else {
        return;
    };
    let Some(proof) = only_large(connection, &found, context) else {
        return;
    };
    let flow = &connection.flow;
    let (by, data) = (found.by, found.data);
    let (who, whom) = (side(connection, by, to), side(connection, by.reverse(), to));
    let (from, target) = ends(flow, by);
    let largest = flow.side(by).largest_acknowledged;
    let small = if largest > 0 {
        format!("the largest of its segments that arrived has {largest} bytes")
    } else {
        "the segments of the TCP handshake arrived".to_owned()
    };
    let why = match proof {
        OnlyLarge::Icmp(icmp) => {
            format!("{} reports by ICMP that packets are too large", icmp.from)
        }
        OnlyLarge::LaterOnesArrive => {
            "duplicate acknowledgments show that what was sent behind it did arrive".to_owned()
        }
        OnlyLarge::Elsewhere(stream) => {
            format!("tcp.stream {stream} was opened and stopped at a segment of full size as well")
        }
    };
    let mut built = to
        .report(
            connection.client().addr,
            connection.server().addr,
            format!("Large segments of {who} do not reach {whom}: the MTU on the way is smaller (path MTU black hole)"),
            Evidence::seen(data.first, format!("segment of {} bytes of {who}, sent first", data.size)),
        )
        .severity(gravity(connection, context))
        .key(format!("{} {by:?}", connection.server().port))
        .summary(format!(
            "{who} repeated a segment of {} bytes {} times and got no acknowledgment; {small}; {why}.{}",
            data.size,
            data.retransmissions,
            recovered_text(connection, context)
        ))
        .seen(
            data.last,
            format!("the same segment, repetition {}", data.retransmissions),
        )
        .absent(
            data.first,
            format!("an acknowledgment of {whom} for this segment"),
        )
        .network(format!(
            "Look for the link with the small MTU on the way from {} to {}.",
            from.addr, target.addr
        ))
        .on_stream(Some(flow.stream));
    built = match proof {
        OnlyLarge::Icmp(icmp) => built
            .seen(
                icmp.at,
                format!(
                    "ICMP type {} code {}: packet too large, from {}",
                    icmp.kind, icmp.code, icmp.from
                ),
            )
            .network(format!(
                "Start at {}: its next link is the small one.",
                icmp.from
            )),
        OnlyLarge::LaterOnesArrive => built,
        OnlyLarge::Elsewhere(_) => built.confidence(Confidence::Medium),
    };
    drop(built);
}
