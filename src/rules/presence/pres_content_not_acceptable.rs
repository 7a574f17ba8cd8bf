//! The two sides do not agree on the form of presence.

use super::common::{EXPLAINED, Refusal, event, told};
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::presence::{Notice, Subscription};
use crate::rules::sides::brief;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::{HeaderName, Message, Method};

pub(super) static RULE: Rule = Rule {
    name: "pres-content-not-acceptable",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a form of presence document is not accepted by the other side",
    explanation: "A watcher names in Accept which presence documents it reads. Cisco reads application/pidf+xml, Lync that and \
        several of its own: PIDF is what both share. 406 refuses the list of the watcher, 415 the document of a notification; and \
        a document outside of Accept is often taken and then thrown away, so that presence stays unknown without any error.",
    causes: &[
        "Accept of the watcher lacks application/pidf+xml",
        "the notifier sends a format of its own vendor, because it takes the watcher for one of its own users",
    ],
    confirm: &["Compare Accept of the SUBSCRIBE with Content-Type of the NOTIFY."],
    fix: Fix {
        cisco: &[
            "Presence > Inter-Domain Federation > SIP Federation: integration type \"Inter-domain to OCS/Lync\" for the domain of Lync.",
        ],
        microsoft: &[
            "The Cisco domain must not be among the SIP domains of the topology (Get-CsSipDomain), so that Lync takes its users \
             for federated ones.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 6665 section 4.1.2.1 (Accept), RFC 3856 section 6.7",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting (Accept of a SUBSCRIBE)",
        "tieto/sipe, sipe-subscriptions.c (Accept of Microsoft clients)",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
    check: Check::Presence(check),
};

fn check(
    subscriptions: &[Subscription<'_>],
    call: &Call,
    transactions: &[Transaction<'_>],
    to: &mut Reporter<'_, '_>,
) {
    for transaction in transactions {
        match transaction.method() {
            Method::Subscribe => refused(transaction, call, 406, HeaderName::Accept, to),
            Method::Notify => refused(transaction, call, 415, HeaderName::ContentType, to),
            _ => {}
        }
    }
    for subscription in subscriptions {
        // One is enough: a notifier sends the same form every time.
        let odd = subscription
            .notices
            .iter()
            .find(|notice| notice.status() != Some(415) && is_unwanted(subscription, notice));
        if let Some(notice) = odd {
            unwanted(subscription, notice, call, to);
        }
    }
}

fn refused(
    transaction: &Transaction<'_>,
    call: &Call,
    status: u16,
    header: HeaderName,
    to: &mut Reporter<'_, '_>,
) {
    let Some(refusal) = Refusal::of(transaction, status, to) else {
        return;
    };
    if event(&refusal.request.message) != "presence" {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let method = transaction.method();
    let values = |m: &Message, name: HeaderName| -> Vec<String> {
        m.list(name)
            .take(16)
            .map(|v| v.to_str().into_owned())
            .collect()
    };
    let offered = values(&refusal.request.message, header);
    let accepted = values(&refusal.answer.message, HeaderName::Accept);
    let _ = refusal
        .report(
            call,
            format!("{who} refuses {method} of {whom} with {status}: the form of presence is not accepted"),
            format!(
                "{method} of {whom} has {} {}, and {who} does not go along.",
                header.as_str(),
                if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") }
            ),
            to,
        )
        .key(status.to_string())
        .detail("Offered", offered)
        .detail("Accepted instead", accepted);
}

/// Whether a notification has a document of a type that the watcher did not list.
fn is_unwanted(subscription: &Subscription<'_>, notice: &Notice<'_>) -> bool {
    let message = &notice.seen.message;
    let Some(content_type) = message
        .content_type()
        .filter(|_| !message.body().is_empty())
    else {
        return false;
    };
    let Some(accepts) = subscription.accepts(notice.seen.at()) else {
        return false;
    };
    let family = |range: &str| {
        range
            .strip_suffix('*')
            .is_some_and(|prefix| prefix == "*/" || content_type.starts_with(prefix))
    };
    let listed = accepts
        .iter()
        .any(|range| content_type.is(range) || family(range));
    // Without Accept the default of the package is meant; what a broken body says of itself is no statement.
    let default = accepts.is_empty() && content_type.is("application/pidf+xml");
    !listed && !default && !message.is_damaged_by_capture()
}

fn unwanted(
    subscription: &Subscription<'_>,
    notice: &Notice<'_>,
    call: &Call,
    to: &mut Reporter<'_, '_>,
) {
    let seen = notice.seen;
    let (src, dst) = (seen.hop.src.addr, seen.hop.dst.addr);
    let (who, whom) = (to.label(src), to.label(dst));
    let content_type = seen
        .message
        .content_type()
        .map_or_else(String::new, |t| t.to_str().into_owned());
    let accepts = subscription.accepts(seen.at()).unwrap_or_default();
    let asked = subscription
        .rounds
        .iter()
        .rfind(|round| round.request.at() <= seen.at())
        .map(|round| round.request);
    let first = asked.unwrap_or(seen);
    let _ = to
        .report(
            src,
            dst,
            format!("{who} notifies {whom} of presence as {content_type}, which {whom} did not say it reads"),
            Evidence::seen(first.at(), brief(first)),
        )
        .severity(Severity::Warning)
        .confidence(Confidence::Medium)
        .summary(format!(
            "The watcher's Accept does not list {content_type}. A watcher may throw such a document away without a word."
        ))
        .seen(seen.at(), told(seen))
        .key(content_type.clone())
        .detail("Sent", vec![content_type])
        .detail("Accepted by the watcher", accepts)
        .on_call(&call.id())
        .on_stream(seen.hop.stream);
}
