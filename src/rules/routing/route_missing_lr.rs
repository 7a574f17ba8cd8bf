//! A Record-Route without lr makes the other side route as in RFC 2543.

use super::common::{Place, in_dialog, recorded, shown};
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{brief, is_federation, is_origin};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "route-missing-lr",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "a Record-Route has no lr parameter, and a request within the dialog is refused",
    explanation: "Without lr a proxy says that it routes strictly, as before RFC 3261: then the request line of what follows must be the \
        proxy's own address, and the real target the last Route. A box that does not know that finds nobody of that address and refuses \
        with 404, 481 or 483.",
    causes: &[
        "a proxy or firewall on the way wrote or rewrote the Record-Route without lr",
        "a very old proxy that knows only strict routing",
    ],
    confirm: &[
        "Which box wrote the Record-Route shown here? Its own capture tells whether lr was there when it left.",
    ],
    fix: Fix {
        cisco: &[
            "Upgrade or reconfigure the proxy of that address; Cisco SIP Proxy itself writes lr.",
        ],
        microsoft: &["Lync servers write lr; look at what stands between."],
        network: &[
            "Switch SIP inspection off on the firewall between both sides, where one is named in that Record-Route.",
        ],
    },
    knowledge: Knowledge::Deduced,
    references: &["RFC 3261 section 16.12 and section 19.1.1 (lr)"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Call(check),
};

fn check(call: &Call, transactions: &[Transaction<'_>], to: &mut Reporter<'_, '_>) {
    let refused = |t: &&Transaction<'_>| matches!(t.final_status(), Some(404 | 481 | 483));
    if in_dialog(transactions.iter().filter(refused))
        .next()
        .is_none()
    {
        return;
    }
    let Some((written, route, place)) = recorded(call).find_map(|(seen, route)| {
        let uri = route.uri().filter(|uri| uri.is_sip() && !uri.lr())?;
        Some((seen, route, Place::of(uri)?))
    }) else {
        return;
    };
    for (transaction, request) in in_dialog(transactions) {
        let (Some(answer), Some(404 | 481 | 483)) =
            (transaction.final_response(), transaction.final_status())
        else {
            continue;
        };
        if !is_origin(transaction, call) || !is_federation(transaction, to.context()) {
            continue;
        }
        let strict = request
            .message
            .request_uri()
            .and_then(Place::of)
            .is_some_and(|target| target.leads_to(&place));
        let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
        let building = to
            .report(
                transaction.asker,
                transaction.asked,
                format!("A Record-Route lacks lr, and {who} refuses {} of {whom} within the dialog", transaction.method()),
                Evidence::seen(written.at(), brief(written)),
            )
            .summary(format!(
                "The Record-Route {} asks for strict routing. {}{who} refuses with {}.",
                shown(route),
                if strict {
                    "The request within the dialog therefore has the proxy's address in its request line, and "
                } else {
                    ""
                },
                brief(answer)
            ))
            .seen(request.at(), brief(request))
            .seen(answer.at(), brief(answer))
            .detail("Record-Route without lr", vec![shown(route)])
            .on_call(&call.id())
            .on_stream(answer.hop.stream);
        if !strict {
            let _ = building.confidence(Confidence::Medium);
        }
        return;
    }
}
