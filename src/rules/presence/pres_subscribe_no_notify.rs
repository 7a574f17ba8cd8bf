//! A subscription was accepted, and nothing was ever notified.

use crate::dialog::{Call, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::{Evidence, Severity};
use crate::presence::{Round, Subscription};
use crate::rules::sides::{LOWER_LAYERS, brief};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "pres-subscribe-no-notify",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a presence subscription was accepted and no NOTIFY came",
    explanation: "Every accepted SUBSCRIBE must be followed by a NOTIFY at once. Here the 2xx came and then nothing, on no \
        connection between the two sides. The NOTIFY goes the other way, often on a connection of its own: presence stays \
        unknown when that direction is broken, although the subscription looks good.",
    causes: &[
        "the reverse direction does not work: static route, ACL, certificate or DNS for the connection that the NOTIFY needs",
        "the notifier cannot resolve the host in Contact or Record-Route of the subscriber",
        "the presence engine or its SIP gateway is not running behind a proxy that accepts subscriptions",
    ],
    confirm: &[
        "Look whether the notifier tries to open a connection to the subscriber at the time of the 2xx.",
        "Capture on the notifier itself: a NOTIFY that never leaves it is in its logs.",
    ],
    fix: Fix {
        cisco: &[
            "If the notifier is Cisco: Presence > Routing > Static Routes must have a route for the SIP domain of Lync \
             (pattern reversed, e.g. .it.tomt.*, type domain, TLS) and one for the host names of the front ends.",
            "Check that Cisco XCP SIP Federation Connection Manager and Cisco Presence Engine run.",
        ],
        microsoft: &[
            "If the notifier is Lync: the route to the Cisco domain must exist: \
             Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route",
        ],
        network: &[
            "Test the way from the notifier to the subscriber's host and port, DNS included.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.2.1.2 (NOTIFY after every accepted SUBSCRIBE)",
        "Cisco, Interdomain Federation guide 14, Troubleshooting",
        "[MS-PRES] (piggybacked first notification, BENOTIFY)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: LOWER_LAYERS,
        link: Link::Hosts,
    }],
    check: Check::Presence(check),
};

fn check(
    subscriptions: &[Subscription<'_>],
    call: &Call,
    _: &[Transaction<'_>],
    to: &mut Reporter<'_, '_>,
) {
    for subscription in subscriptions {
        for round in &subscription.rounds {
            // After an unsubscription or a fetch (Expires: 0) a NOTIFY is often left out.
            if round.accepted()
                && !round.ends()
                && round.request.message.expires() != Some(0)
                && !subscription.notified_since(round.request.at())
            {
                silent(round, call, to);
            }
        }
    }
}

fn silent(round: &Round<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let (request, Some(answer)) = (round.request, round.answer) else {
        return;
    };
    let (notifier, watcher) = (round.asked, round.asker);
    let (who, whom) = (to.label(notifier), to.label(watcher));
    let awaited = format!("whether {who} notifies {whom}");
    // Another node of the notifier's side may notify in its place.
    if to.context().has_unread(watcher) {
        to.undecided(
                answer.at(),
                format!("{awaited}: cannot be decided, part of the traffic of {whom} is encrypted and was not read"),
            );
        return;
    }
    if !to.awaited_in_vain(
        &awaited,
        answer.at(),
        TRANSACTION_TIMEOUT,
        (notifier, watcher),
    ) {
        return;
    }
    let waited = to.context().remaining(answer.at());
    let _ = to
            .report(
                notifier,
                watcher,
                format!("{who} accepted the presence subscription of {whom} but never sent a NOTIFY"),
                Evidence::seen(request.at(), brief(request)),
            )
            .summary(format!(
                "{who} accepted the subscription, and in the {waited} that the capture goes on there is no NOTIFY or \
                 BENOTIFY with this Call-ID on any connection. The direction {who} to {whom} is the one to look at."
            ))
            .seen(answer.at(), brief(answer))
            .absent(answer.at(), format!("NOTIFY or BENOTIFY, awaited for {waited}"))
            .on_call(&call.id())
            .on_stream(answer.hop.stream);
}
