//! The maddr in Cisco's Record-Route names a host that Lync does not trust.

use super::common::{is_policy, of_servers, opening};
use crate::base::Span;
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::Confidence;
use crate::rules::sides::{
    answered_by_microsoft, asked_by_peer_server, brief, certificate_of, connection_of,
    diagnostics_lines, is_first_towards, names_in,
};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::{Message, without_passwords};

pub(super) static RULE: Rule = Rule {
    name: "route-maddr-not-trusted",
    class: Class::Trust,
    severity: crate::finding::Severity::Error,
    summary: "Cisco's Record-Route names a host (maddr) for which Lync has no trusted application pool",
    explanation: "The Cisco SIP proxy writes its Federation Routing FQDN into the maddr parameter of its Record-Route. Lync \
        sends everything that belongs to the dialog to that host, over TLS, and checks its name. When Lync has no trusted \
        application pool of that name, or the certificate found there does not contain it, the request is refused. That \
        maddr differs from the name of the node is no fault in itself: with several nodes it must differ. This finding needs \
        a refusal to go with it.",
    causes: &[
        "Lync has no trusted application pool or computer whose FQDN is the maddr",
        "the Cisco certificate does not contain the FQDN in maddr",
        "Federation Routing IM and Presence FQDN still has the value that the installation gave it",
        "Lync cannot resolve the FQDN in maddr",
    ],
    confirm: &[
        "Get-CsTrustedApplicationPool | Select-Object Identity: is the maddr among them?",
        "Resolve-DnsName <maddr> on the front end: does it lead to the Cisco node?",
        "Cisco: System > Service Parameters > Cisco SIP Proxy > Federation Routing IM and Presence FQDN: what is its value?",
    ],
    fix: Fix {
        cisco: &["Then restart Cisco SIP Proxy and Cisco XCP Router."],
        microsoft: &["Enable-CsTopology"],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Lync SIP interdomain federation with Cisco Unified Presence, part 1 (maddr and trusted application pool), https://onprem.wtf/",
        "Cisco, Interdomain Federation guide 15, IM and Presence configuration for SIP federation (Federation Routing FQDN)",
        "Microsoft, New-CsTrustedApplicationPool (SkypeForBusiness PowerShell reference)",
        "RFC 3261 section 19.1.1 (maddr), section 16.6 (Record-Route)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(request), Some(answer)) = (transaction.request, transaction.final_response()) else {
        return;
    };
    let status = transaction.final_status().unwrap_or_default();
    if !matches!(status, 403 | 404 | 480 | 500 | 504)
        || !is_first_towards(transaction, call, |host| !context.hosts.is_microsoft(host))
        || !answered_by_microsoft(answer, context)
        || !asked_by_peer_server(transaction, context)
    {
        return;
    }
    let Some(maddr) = maddr_of(&request.message) else {
        return;
    };
    let diagnostics = of_servers(&answer.message);
    if diagnostics.iter().any(|d| is_policy(d.id)) {
        return;
    }
    // Lync names the host it could not trust, in one of these parameters.
    let named = diagnostics.iter().any(|d| {
        ["tls-target", "PeerServer", "fqdn", "target"]
            .iter()
            .any(|p| d.param(p).is_some_and(|v| v.eq_ignore_ascii_case(&maddr)))
    });
    // Any other reason that Lync gives is the reason; without one, only a refusal at once is a decision and no time-out.
    let at_once = transaction.latency().is_some_and(|l| l < AT_ONCE);
    if !named && (!diagnostics.is_empty() || !at_once) {
        return;
    }
    let trusted = context.profile.trusts(&maddr);
    // 404 and 480 are mostly about the user; only Lync's own word makes them a matter of trust.
    if !named && (trusted == Some(true) || matches!(status, 404 | 480)) {
        return;
    }
    report(transaction, call, (request, answer), &maddr, named, to);
}

/// Slower answers are time-outs of something further away.
const AT_ONCE: Span = Span::from_secs(1);

/// The maddr of the topmost Record-Route that has one: the one the sender itself wrote.
fn maddr_of(request: &Message) -> Option<String> {
    request
        .record_routes()
        .filter_map(|route| route.uri())
        .find_map(|uri| uri.maddr())
        .map(|maddr| maddr.to_str().into_owned())
        .filter(|maddr| !maddr.is_empty())
}

fn report(
    transaction: &Transaction<'_>,
    call: &Call,
    (request, answer): (&Seen, &Seen),
    maddr: &str,
    named: bool,
    to: &mut Reporter<'_, '_>,
) {
    let context = to.context();
    let (cisco, lync) = (transaction.asker, transaction.asked);
    let (who, whom) = (to.label(lync), to.label(cisco));
    let status = transaction.final_status().unwrap_or_default();
    let connection = connection_of(request, context);
    let certificate = connection.and_then(|c| certificate_of(c, cisco));
    let names = certificate.map_or_else(|| context.hosts.names(cisco).to_vec(), names_in);
    let in_certificate = names.iter().any(|n| n.eq_ignore_ascii_case(maddr));
    let trusted = context.profile.trusts(maddr);
    let route = request
        .message
        .record_routes()
        .next()
        .map(|r| without_passwords(&r.raw.to_str()).into_owned())
        .unwrap_or_default();
    let mut summary = format!(
        "{whom} puts maddr={maddr} into its Record-Route, and {who} refuses the request with {status}{}.",
        if named {
            ", naming that host as the one it does not trust"
        } else {
            " without saying why"
        }
    );
    if !names.is_empty() {
        summary.push_str(&if in_certificate {
            format!(" The Cisco certificate does contain {maddr}, so the trusted application pool is what is missing.")
        } else {
            format!(" The Cisco certificate is for {} and does not contain {maddr}.", names.join(", "))
        });
    }
    let pools = context.profile.trusted_pools();
    if !pools.is_empty() && trusted != Some(true) {
        summary.push_str(&format!(
            " Configured as trusted: {}; the wire shows {maddr}.",
            pools.join(", ")
        ));
    }
    if let Some(fqdn) = &context.profile.cisco.federation_routing_fqdn
        && !fqdn.eq_ignore_ascii_case(maddr)
    {
        summary.push_str(&format!(
            " Configured Federation Routing FQDN: {fqdn}; the wire shows {maddr}: a restart may be missing."
        ));
    }
    let confidence = if named || trusted == Some(false) {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let mut building = to
        .report(
            cisco,
            lync,
            format!("{who} does not trust {maddr}, the maddr in the Record-Route of {whom} (refused with {status})"),
            opening(transaction, answer),
        )
        .summary(summary)
        .key(maddr.to_ascii_lowercase())
        .confidence(confidence)
        .seen(answer.at(), brief(answer))
        .detail("Record-Route of the Cisco side", vec![route])
        .detail("Names in the certificate of the Cisco side", names.clone())
        .detail("What Lync says", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream)
        .microsoft(format!(
            "New-CsTrustedApplicationPool -Identity {maddr} -ComputerFqdn {maddr} -Registrar <Lync pool> -Site 1 \
             -TreatAsAuthenticated $true -ThrottleAsServer $true -OutboundOnly $false -RequiresReplication $false"
        ))
        .microsoft(format!("Make sure that {maddr} resolves to {cisco} on the front end (DNS A record)."))
        .cisco(
            "Either keep the FQDN and make Lync trust it, or set it to a name that Lync trusts: System > Service Parameters > \
             Cisco SIP Proxy > Federation Routing Parameters > Federation Routing IM and Presence FQDN.",
        );
    if let Some((connection, tls)) = connection.and_then(|c| Some((c, c.tls.as_ref()?))) {
        let flight = if connection.flow.sender(tls.client()).addr == cisco {
            &tls.client_certificates
        } else {
            &tls.server_certificates
        };
        building = building.seen_if(
            flight.as_ref().map(|f| f.at),
            format!("certificate of {cisco} for {}", names.join(", ")),
        );
    }
    if !in_certificate {
        let _ = building.cisco(format!(
            "The certificate (OS Administration > Security > Certificate Management, purpose cup) must contain {maddr}: \
             generate a new CSR with it as subject alternative name, sign, upload, restart Cisco SIP Proxy."
        ));
    }
}
