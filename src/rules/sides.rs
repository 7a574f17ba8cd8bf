//! What rules on SIP ask again and again: who is on which side, and how to name a message.

use super::Context;
use crate::connection::Connection;
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::Evidence;
use crate::host::Role;
use crate::sip::{DiagnosticsHeader, Message, MsDiagnostics, Uri, without_passwords};
use crate::tls::Certificate;
use std::net::IpAddr;

/// Rules on what carries SIP: where one of them fires nearby, what SIP lacks follows from it.
pub(super) const LOWER_LAYERS: &[&str] = &[
    "tcp-syn-unanswered",
    "tcp-connect-refused",
    "icmp-unreachable",
    "pmtu-blackhole",
    "tcp-established-silent-drop",
    "tcp-idle-timeout-kill",
    "sip-plaintext-on-tls-port",
    "tls-on-plaintext-port",
    "tls-no-common-cipher",
    "tls-alert-handshake-failure",
    "tls-alert-protocol-version",
    "tls-alert-unknown-ca",
    "tls-alert-unsupported-certificate",
    "tls-alert-certificate-expired",
    "tls-alert-bad-certificate",
    "tls-alert-certificate-unknown",
    "tls-alert-access-denied",
    "tls-alert-certificate-revoked",
    "tls-alert-decrypt-error",
    "tls-alert-insufficient-security",
    "tls-alert-internal-error",
    "tls-alert-no-renegotiation",
    "tls-alert-unrecognized-name",
    "tls-reset-during-handshake",
    "tls-close-after-handshake",
    "tls-client-cert-empty",
    "tls-certreq-ca-list-oversize",
    "tls-certreq-lacks-client-ca",
    "tls-ec-only-offer",
    "tls-encrypted-alert",
    "tls-handshake-stall",
    "cert-missing-client-auth-eku",
    "cert-missing-server-auth-eku",
    "cert-name-mismatch",
    "cert-expired",
    "cert-not-yet-valid",
    "cert-self-signed-peer",
    "cert-chain-incomplete",
    "cert-weak-key-or-signature",
    "cert-wildcard",
    "cert-subject-cn-unusable",
];

/// The rule on users whom nobody knows. It stands apart from [`REFUSALS`]: where presence finds a user and messages do not, it is no cause.
pub(super) const UNKNOWN_USER: &[&str] = &["sip-404-user-unknown"];

/// Rules on a single refusal or silence of SIP below presence and messages: where one fired on the same call, it has said why.
pub(super) const REFUSALS: &[&str] = &[
    "auth-credentials-rejected",
    "auth-digest-challenge-unanswered",
    "auth-lync-challenges-cisco",
    "lync-client-signout-after-digest",
    "route-host-rewritten-in-ruri",
    "route-loop",
    "route-maddr-not-trusted",
    "route-missing-lr",
    "route-record-route-no-transport",
    "route-set-not-followed",
    "sip-408-timeout",
    "sip-5xx-overload",
    "sip-stream-framing-error",
    "lync-static-route-missing",
    "trust-403-forbidden",
    "trust-504-from-lync",
    "trust-naked-504",
];

/// Whether a response was made by a Microsoft server: it says so itself, or its sender is known to be one.
pub(super) fn answered_by_microsoft(answer: &Seen, context: &Context<'_>) -> bool {
    // A relay passes on the Server header of the box behind it.
    let says = answer
        .message
        .server()
        .is_some_and(|s| s.starts_with("RTC/") || s.starts_with("RTCC/"));
    let sender = answer.hop.src.addr;
    (says && !context.hosts.is_cisco(sender)) || context.hosts.is_microsoft(sender)
}

/// Whether the asker can be a server of the other side: it is known as the Cisco side, or nothing speaks against it. End
/// users' clients sign in and are challenged all day, which is no fault.
pub(super) fn asked_by_peer_server(transaction: &Transaction<'_>, context: &Context<'_>) -> bool {
    match context.role(transaction.asker) {
        Role::Cisco => true,
        Role::Unknown => transaction
            .request_message()
            .is_none_or(|m| !from_microsoft_client(m)),
        Role::Lync | Role::Edge | Role::Client | Role::Dns => false,
    }
}

/// Whether the request came from a Lync or Communicator client.
fn from_microsoft_client(request: &Message) -> bool {
    request
        .user_agent()
        .is_some_and(|agent| agent.starts_with("UCCAPI/") || agent.starts_with("CPE/"))
}

/// A request or response in a few words for a line of evidence: method and target, or status and reason.
pub(super) fn brief(seen: &Seen) -> String {
    let m = &seen.message;
    let line = m.start_line().to_str();
    let line = without_passwords(&line).into_owned();
    let line = line
        .strip_suffix(" SIP/2.0")
        .or_else(|| line.strip_prefix("SIP/2.0 "))
        .unwrap_or(&line)
        .to_owned();
    match m.cseq() {
        Some(cseq) if !m.is_request() => format!("{line} to {} {}", cseq.method, cseq.number),
        _ => line,
    }
}

/// The connection a message came on, when it is known already.
pub(super) fn connection_of<'a>(seen: &Seen, context: &Context<'a>) -> Option<&'a Connection> {
    let stream = seen.hop.stream?;
    context.connection(stream)
}

/// The certificate a host presented on a connection, as client or as server.
pub(super) fn certificate_of(connection: &Connection, host: IpAddr) -> Option<&Certificate> {
    let tls = connection.tls.as_ref()?;
    [
        (tls.client(), &tls.client_certificates),
        (tls.server(), &tls.server_certificates),
    ]
    .into_iter()
    .find(|(direction, _)| connection.flow.sender(*direction).addr == host)
    .and_then(|(_, flight)| flight.as_ref()?.leaf())
}

/// The names in a certificate: common name and DNS names, each once.
pub(super) fn names_in(certificate: &Certificate) -> Vec<String> {
    let mut names: Vec<String> = certificate.subject_cn.iter().cloned().collect();
    for name in &certificate.sans.dns {
        if !names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
    names
}

/// The diagnostics of servers in a message; what clients report of themselves is no reason of a server.
pub(super) fn of_servers(message: &Message) -> Vec<MsDiagnostics> {
    message
        .ms_diagnostics()
        .filter(|d| d.header != DiagnosticsHeader::Client)
        .collect()
}

/// The diagnostics of a message as lines `1010 "reason" (name=value; ...)`, without those of clients.
pub(super) fn diagnostics_lines(message: &Message) -> Vec<String> {
    of_servers(message)
        .iter()
        .map(|d| {
            let others: Vec<String> = d
                .params
                .iter()
                .filter(|(name, _)| !name.eq_ignore_ascii_case("reason"))
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let reason = d.reason.as_deref().unwrap_or("no reason given");
            let mut line = format!("{}: {} \"{reason}\"", d.header.name(), d.id);
            if !others.is_empty() {
                line.push_str(&format!(" ({})", others.join("; ")));
            }
            line
        })
        .collect()
}

/// Whether the box that answers here made the answer: no hop of the same request has it earlier. A proxy passes on what the box behind
/// it said.
pub(super) fn is_origin(transaction: &Transaction<'_>, call: &Call) -> bool {
    is_first_towards(transaction, call, |_| true)
}

/// Whether this answer is the first of its kind that goes to such a receiver: within a side it may have been passed on before.
pub(super) fn is_first_towards(
    transaction: &Transaction<'_>,
    call: &Call,
    receiver: impl Fn(IpAddr) -> bool,
) -> bool {
    let (Some(answer), Some(status)) = (transaction.final_response(), transaction.final_status())
    else {
        return false;
    };
    let same = |seen: &&Seen| {
        let m = &seen.message;
        m.status().is_some_and(|s| s.0 == status)
            && m.cseq()
                .is_some_and(|c| c.number == transaction.cseq() && c.method == transaction.method())
            && receiver(seen.hop.dst.addr)
    };
    call.messages
        .iter()
        .filter(same)
        .all(|seen| seen.at() >= answer.at())
}

/// Whether a request begins something: it belongs to no dialog yet.
pub(super) fn is_initial(request: &Message) -> bool {
    request.to().is_some_and(|to| to.tag().is_none())
}

/// Whether one of the two is known to be of this federation: other telephony is none of ours.
pub(super) fn are_federation(a: IpAddr, b: IpAddr, context: &Context<'_>) -> bool {
    [a, b]
        .into_iter()
        .any(|host| matches!(context.role(host), Role::Lync | Role::Edge | Role::Cisco))
}

/// [`are_federation`] for the two ends of a transaction.
pub(super) fn is_federation(transaction: &Transaction<'_>, context: &Context<'_>) -> bool {
    are_federation(transaction.asker, transaction.asked, context)
}

/// The domain of a URI in lower case, unless it is an address.
pub(super) fn domain_of(uri: Uri<'_>) -> Option<String> {
    let host = uri.host_name()?.to_ascii_lowercase();
    host.parse::<IpAddr>().is_err().then_some(host)
}

/// The request as evidence, or the answer where the request was not captured.
pub(super) fn opening(transaction: &Transaction<'_>, answer: &Seen) -> Evidence {
    let seen = transaction.request.unwrap_or(answer);
    Evidence::seen(seen.at(), brief(seen))
}
