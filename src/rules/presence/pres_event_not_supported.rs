//! A subscription or notification of an event that the other side does not know.

use super::common::{EXPLAINED, Refusal, concerns_presence, event};
use crate::dialog::{Call, Transaction};
use crate::finding::Severity;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::{HeaderName, Method};

pub(super) static RULE: Rule = Rule {
    name: "pres-event-not-supported",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a presence request was refused with 489 Bad Event",
    explanation: "The two sides share one event package, presence. 489 to it says that the box asked has no presence service \
        behind it, or that the request reached a box that is none of the presence servers. For packages of Microsoft \
        (vnd-microsoft-...) and for presence.winfo or presence.wpending it is the expected answer of the other vendor and only a \
        note.",
    causes: &[
        "the request went to a box without presence: a voice server (CUCM, a gateway), or a wrong static route",
        "the presence service behind the proxy is not running",
        "a client asks the other side for a package of its own vendor (harmless)",
    ],
    confirm: &[
        "Allow-Events of the answer names what the box knows.",
        "Compare the address with that of the IM and Presence node or the front end.",
    ],
    fix: Fix {
        cisco: &[
            "Cisco Unified Serviceability > Tools > Control Center - Feature Services: Cisco SIP Proxy, Cisco Presence Engine and \
             Cisco XCP SIP Federation Connection Manager must run.",
        ],
        microsoft: &[
            "The static route must lead to the IM and Presence node, not to a voice server: \
             Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 7.2.2 (489 Bad Event, Allow-Events)",
        "RFC 3856 (the presence event package)",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    if !matches!(
        transaction.method(),
        Method::Subscribe | Method::Notify | Method::Publish
    ) {
        return;
    }
    let Some(refusal) = Refusal::of(transaction, 489, to) else {
        return;
    };
    let event = event(&refusal.request.message);
    if !concerns_presence(&event) {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let method = transaction.method();
    let known: Vec<String> = refusal
        .answer
        .message
        .list(HeaderName::AllowEvents)
        .map(|e| e.to_str().into_owned())
        .collect();
    let expected = event != "presence";
    let summary = if expected {
        format!(
            "{who} does not know the event {event} of {method}. No package but presence is shared by both vendors: this is expected."
        )
    } else {
        format!(
            "{who} answers {method} for the event presence with 489: it has no presence service, or is not the box that was meant."
        )
    };
    let building = refusal
        .report(
            call,
            format!("{who} refuses {method} of {whom} for the event {event} with 489 Bad Event"),
            summary,
            to,
        )
        .key(event)
        .detail("Events it knows (Allow-Events)", known);
    if expected {
        let _ = building.severity(Severity::Note);
    }
}
