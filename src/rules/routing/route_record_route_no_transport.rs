//! A Record-Route that names no transport leads to UDP.

use super::common::{Place, in_dialog, recorded, shown};
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{LOWER_LAYERS, brief};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "route-record-route-no-transport",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "the Cisco Record-Route has no transport=tcp, and requests within the dialog get no answer",
    explanation: "With federation over plain TCP the Record-Route of the Cisco SIP proxy must say transport=tcp. Where it does not, the other \
        side takes the default of SIP, which is UDP, for what belongs to the dialog: NOTIFY, INFO, BYE. On UDP nobody listens, or a firewall \
        drops it: the guide calls it \"Time Out on NOTIFY Message\".",
    causes: &[
        "the service parameter \"Use Transport in Record-Route Header\" of Cisco SIP Proxy is Off",
    ],
    confirm: &[
        "Does the same host send UDP to port 5060 when the request within the dialog is due?",
    ],
    fix: Fix {
        cisco: &[
            "System > Service Parameters > (server) > Cisco SIP Proxy > SIP Parameters (Clusterwide) > Use Transport in Record-Route Header = On; \
             restart Cisco SIP Proxy.",
        ],
        microsoft: &[],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Troubleshooting (Time Out on NOTIFY Message)",
        "RFC 3261 section 19.1.1 and RFC 3263 section 4.1 (default transport)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: LOWER_LAYERS,
        link: Link::Hosts,
    }],
    check: Check::Call(check),
};

fn check(call: &Call, transactions: &[Transaction<'_>], to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let unanswered = |t: &&Transaction<'_>| t.final_response().is_none();
    if in_dialog(transactions.iter().filter(unanswered))
        .next()
        .is_none()
    {
        return;
    }
    // Its own entry stands on top when it sends: over TCP, with an address that says nothing of it.
    let written = recorded(call).find_map(|(seen, route)| {
        let uri = route.uri()?;
        let own = seen.message.record_routes().next().map(|r| r.raw) == Some(route.raw);
        let plain = uri.scheme.is("sip") && uri.transport().is_none();
        let fits = own
            && plain
            && seen.hop.carriage == "tcp"
            && seen.message.is_request()
            && !context.hosts.is_microsoft(seen.hop.src.addr);
        if fits {
            Some((seen, route, Place::of(uri)?))
        } else {
            None
        }
    });
    let Some((written, route, place)) = written else {
        return;
    };
    let owner = written.hop.src.addr;
    for (transaction, request) in in_dialog(transactions) {
        let by_udp = request.hop.carriage == "udp" && request.hop.dst.addr == owner;
        let follows = request
            .message
            .routes()
            .next()
            .and_then(|r| r.uri())
            .and_then(Place::of)
            .is_some_and(|first| first.leads_to(&place));
        // Towards the owner, without any final response, for as long as a transaction lasts.
        if transaction.asked != owner
            || !(follows || by_udp)
            || transaction.final_response().is_some()
            || !transaction.failed(call, context.last)
        {
            continue;
        }
        let (who, whom) = (to.label(owner), to.label(transaction.asker));
        let times = transaction.retransmissions.len();
        let building = to
            .report(
                owner,
                transaction.asker,
                format!(
                    "The Record-Route of {who} names no transport: {} of {whom} {} and gets no answer",
                    transaction.method(),
                    if by_udp { "goes to UDP" } else { "follows it" }
                ),
                Evidence::seen(written.at(), brief(written)),
            )
            .summary(format!(
                "{who} speaks TCP, and its Record-Route {} does not say so. {whom} {}; nothing came back.",
                shown(route),
                if by_udp {
                    "takes UDP, the default, for what follows"
                } else {
                    "has to guess how to reach it"
                }
            ))
            .seen(request.at(), format!("{} over {}", brief(request), request.hop.carriage))
            .seen_if(
                transaction.retransmissions.last().map(|seen| seen.at()),
                format!("repeated, {times} times in all"),
            )
            .absent(request.at(), "a final response")
            .detail("Record-Route without transport", vec![shown(route)])
            .on_call(&call.id())
            .on_stream(request.hop.stream);
        if !by_udp {
            let _ = building.confidence(Confidence::Medium);
        }
        return;
    }
}
