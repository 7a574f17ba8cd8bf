//! A request within a dialog takes another way than the dialog's route set.

use super::common::{Place, in_dialog, recorded, sets_routes, shown};
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::sides::{brief, is_origin};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "route-set-not-followed",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "a request within a dialog carries Route or a target that the dialog never agreed on, and is refused",
    explanation: "The Record-Route of the first request and its answer is the way that everything else in the dialog has to take, and the \
        Contact is its target. Here a later request has a Route entry that nobody recorded, or a request line that no Contact named, and \
        the other side refuses it: it cannot find the dialog, or will not pass the request on.",
    causes: &[
        "a proxy or firewall on the way changed Route, Record-Route or Contact (SIP inspection)",
        "a failover: the dialog was set up with another node",
        "a box takes the route set in the wrong order",
    ],
    confirm: &[
        "Compare the entries below; capture on both sides of each box in between to see which one changes them.",
    ],
    fix: Fix {
        cisco: &[
            "With several nodes: all must use the same Federation Routing FQDN, and it must lead to the routing node.",
        ],
        microsoft: &[
            "With a pool: Record-Route must name the pool or the front end that has the dialog; look for a hardware load balancer that \
             spreads connections of one dialog.",
        ],
        network: &["Switch SIP inspection off on the firewall between both sides."],
    },
    knowledge: Knowledge::Deduced,
    references: &[
        "RFC 3261 section 12.2.1.1 and section 16.12",
        "RFC 5658 (Record-Route fix)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Call(check),
};

/// Refused requests of one dialog that are looked at.
const LOOKED_AT: usize = 8;

/// What is not as agreed.
enum Deviation {
    /// A Route entry that nobody recorded.
    Unknown(String),
    /// The entries are in the order of the other direction.
    Reversed,
    /// A target that no Contact named.
    Target(String),
}

/// Whether both ends are servers: a server that passes a request to its own client writes the client's address into it.
fn between_servers(transaction: &Transaction<'_>, context: &Context<'_>) -> bool {
    let roles = [
        context.role(transaction.asker),
        context.role(transaction.asked),
    ];
    roles.contains(&Role::Cisco) && roles.iter().any(|r| matches!(r, Role::Lync | Role::Edge))
}

/// Where the dialog may go: the entries recorded before a request, and the targets named.
fn targets(call: &Call, before: &Seen) -> Vec<Place> {
    call.messages
        .iter()
        .take(512)
        .filter(|seen| seen.at() < before.at() && sets_routes(&seen.message))
        .flat_map(|seen| seen.message.contacts())
        .filter_map(|contact| Place::of(contact.uri()?))
        .collect()
}

fn deviation(call: &Call, request: &Seen) -> Option<Deviation> {
    let known: Vec<Place> = recorded(call)
        .filter(|(seen, _)| seen.at() < request.at())
        .filter_map(|(_, route)| Place::of(route.uri()?))
        .collect();
    let targets = targets(call, request);
    // What began before the capture cannot be judged.
    if targets.is_empty() {
        return None;
    }
    let mut places = Vec::new();
    for route in request.message.routes() {
        let place = Place::of(route.uri()?)?;
        let at = known.iter().position(|k| place.leads_to(k));
        if at.is_none() && !targets.iter().any(|t| t.leads_to(&place)) {
            return Some(Deviation::Unknown(shown(route)));
        }
        places.push(at);
    }
    if is_reversed(call, request) {
        return Some(Deviation::Reversed);
    }
    let uri = request.message.request_uri()?;
    let target = Place::of(uri)?;
    // A box that keeps the user's address as the target is sloppy, and mostly understood.
    let users = [request.message.from(), request.message.to()];
    let users = users
        .into_iter()
        .flatten()
        .filter_map(|a| Place::of(a.uri()?));
    let agreed = targets
        .iter()
        .chain(&known)
        .cloned()
        .chain(users)
        .any(|t| t.leads_to(&target));
    (!agreed).then(|| {
        let text = request
            .message
            .request_uri_text()
            .map(|t| t.to_str().into_owned());
        Deviation::Target(crate::sip::without_passwords(&text.unwrap_or_default()).into_owned())
    })
}

/// Whether the Route entries are those of the dialog in the other direction's order. The side that began the dialog has them reversed
/// from how they stand in the answer, the other side as they stand in the request (RFC 3261 §12.1.1, §12.1.2).
fn is_reversed(call: &Call, request: &Seen) -> bool {
    let routes: Vec<Place> = request
        .message
        .routes()
        .filter_map(|r| Place::of(r.uri()?))
        .collect();
    if routes.len() < 2 {
        return false;
    }
    let Some(opening) = call
        .messages
        .iter()
        .find(|seen| seen.message.is_request() && sets_routes(&seen.message))
    else {
        return false;
    };
    let from = |seen: &Seen| {
        let tag = seen.message.from().and_then(|f| f.tag())?;
        Some(tag.to_str().into_owned())
    };
    let Some(answer) = call.messages.iter().find(|seen| {
        seen.message
            .status()
            .is_some_and(|s| (200..300).contains(&s.0))
            && sets_routes(&seen.message)
    }) else {
        return false;
    };
    let as_recorded: Vec<Place> = answer
        .message
        .record_routes()
        .filter_map(|r| Place::of(r.uri()?))
        .collect();
    let mut expected = as_recorded;
    if from(opening) == from(request) {
        expected.reverse();
    }
    // What is left of the route set at this hop is its end.
    let is_tail_of = |whole: &[Place]| {
        whole.len() >= routes.len()
            && whole
                .iter()
                .rev()
                .zip(routes.iter().rev())
                .all(|(a, b)| a.leads_to(b))
    };
    let wrong: Vec<Place> = expected.iter().rev().cloned().collect();
    !is_tail_of(&expected) && is_tail_of(&wrong)
}

fn check(call: &Call, transactions: &[Transaction<'_>], to: &mut Reporter<'_, '_>) {
    let refused = transactions
        .iter()
        .filter(|t| matches!(t.final_status(), Some(403 | 404 | 481 | 482 | 483 | 500)));
    let refused = in_dialog(refused).filter_map(|(transaction, request)| {
        let answer = transaction.final_response()?;
        between_servers(transaction, to.context()).then_some((transaction, request, answer))
    });
    let refused: Vec<_> = refused.take(LOOKED_AT).collect();
    for (transaction, request, answer) in refused {
        if !is_origin(transaction, call) {
            continue;
        }
        let Some(deviation) = deviation(call, request) else {
            continue;
        };
        let (who, whom) = (to.label(transaction.asker), to.label(transaction.asked));
        let what = match &deviation {
            Deviation::Unknown(route) => {
                format!("has the Route {route}, which no Record-Route of the dialog names")
            }
            Deviation::Reversed => "has the route set of the dialog in the wrong order".to_owned(),
            Deviation::Target(uri) => format!("is for {uri}, which no Contact of the dialog names"),
        };
        let recorded: Vec<String> = recorded(call).take(4).map(|(_, r)| shown(r)).collect();
        let routes: Vec<String> = request.message.routes().take(4).map(shown).collect();
        let first = recorded_at(call).unwrap_or(request);
        let _ = to
            .report(
                transaction.asker,
                transaction.asked,
                format!("{} of {who} does not follow the route set of its dialog, and {whom} refuses it", transaction.method()),
                Evidence::seen(first.at(), brief(first)),
            )
            .summary(format!("{} of {who} {what}. {whom} answers {}.", transaction.method(), brief(answer)))
            .confidence(Confidence::Medium)
            .seen(request.at(), brief(request))
            .seen(answer.at(), brief(answer))
            .detail("Record-Route of the dialog", recorded)
            .detail("Route of the request", routes)
            .on_call(&call.id())
            .on_stream(answer.hop.stream);
        return;
    }
}

/// The message that set the routes.
fn recorded_at(call: &Call) -> Option<&Seen> {
    call.messages.iter().find(|seen| sets_routes(&seen.message))
}
