//! A text session that one side believes in and the other does not.

use crate::dialog::{Call, Seen, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{LOWER_LAYERS, brief};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Method;

pub(super) static RULE: Rule = Rule {
    name: "im-session-half-open",
    class: Class::Im,
    severity: Severity::Error,
    summary: "a text session was accepted and never confirmed, or its first message may be lost",
    explanation: "After the 200 to an INVITE the caller must send ACK. Without it the side that accepted repeats its 200 and gives \
        the session up after 32 seconds: the window opens, and the first message disappears. Apart from that, Lync puts the first \
        message into the INVITE; a side that does not say it reads it there (ms-embedded-first-message) and gets no MESSAGE \
        afterwards may never show it (a candidate, no more).",
    causes: &[
        "the ACK goes another way than the INVITE: Record-Route or Contact of the 200 leads to a host that is not reached",
        "the ACK is sent and dropped by a firewall or a server that does not trust its sender",
        "the first message is only in the INVITE, and the other side does not read it there",
    ],
    confirm: &[
        "Compare Record-Route and Contact of the 200 with where the caller connects to afterwards.",
    ],
    fix: Fix {
        cisco: &[
            "Check the Federation Routing IM and Presence FQDN and the static route for the host names of the front ends.",
        ],
        microsoft: &[
            "Check that the names in Record-Route and Contact of the Cisco side resolve on the front end.",
        ],
        network: &[
            "Test the way from the caller to the host in Record-Route or Contact of the 200.",
        ],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 3261 section 13.2.2.4 and 13.3.1.4 (ACK and repeated 2xx)",
        "[MS-SIP] (first message in the INVITE)",
    ],
    since: "0.1.0",
    explained_by: &[
        ExplainedBy {
            rules: LOWER_LAYERS,
            link: Link::Hosts,
        },
        ExplainedBy {
            rules: &[
                "route-maddr-not-trusted",
                "route-missing-lr",
                "route-record-route-no-transport",
                "route-set-not-followed",
            ],
            link: Link::Call,
        },
    ],
    check: Check::Call(check),
};

fn check(call: &Call, transactions: &[Transaction<'_>], to: &mut Reporter<'_, '_>) {
    for transaction in transactions {
        let Some(invitation) = transaction.invitation().filter(|i| i.is_plain_text()) else {
            continue;
        };
        let (Some(request), Some(answer)) = (transaction.request, transaction.final_response())
        else {
            continue;
        };
        if !transaction.succeeded() || call.evicted {
            continue;
        }
        let acknowledged = call.messages.iter().any(|seen| {
            seen.message.method() == Some(Method::Ack)
                && seen.message.cseq().map(|c| c.number) == Some(transaction.cseq())
        });
        if !acknowledged {
            unconfirmed(transaction, call, request, answer, to);
        } else if invitation.embedded_text {
            first_message(transaction, call, request, answer, to);
        }
    }
}

/// No ACK on any connection.
fn unconfirmed(
    transaction: &Transaction<'_>,
    call: &Call,
    request: &Seen,
    answer: &Seen,
    to: &mut Reporter<'_, '_>,
) {
    let (asker, asked) = (transaction.asker, transaction.asked);
    let (who, whom) = (to.label(asker), to.label(asked));
    let repeated = transaction.finals.get(1..).unwrap_or_default();
    let repeated: Vec<&&Seen> = repeated
        .iter()
        .filter(|f| {
            f.message
                .status()
                .is_some_and(|s| (200..300).contains(&s.0))
        })
        .collect();
    // Without Record-Route the ACK goes straight to the Contact, perhaps past this capture. What was ended properly or went on
    // was confirmed somewhere.
    let must_pass = answer.message.record_routes().next().is_some()
        || answer
            .message
            .contact()
            .and_then(|c| c.uri())
            .and_then(|uri| uri.host_name().map(|h| h.into_owned()))
            .is_some_and(|host| host.parse() == Ok(asked));
    let went_on = call.messages.iter().any(|seen| {
        seen.at() > answer.at()
            && seen.hop.src.addr == asker
            && seen
                .message
                .method()
                .is_some_and(|m| matches!(m, Method::Message | Method::Bye | Method::Info))
    });
    if repeated.is_empty() && (!must_pass || went_on) {
        return;
    }
    let awaited = format!("whether {who} confirms its text session with {whom}");
    if to.context().has_unread(asker) {
        to.undecided(
            answer.at(),
            format!("{awaited}: cannot be decided, part of the traffic of {who} is encrypted and was not read"),
        );
        return;
    }
    if !to.awaited_in_vain(&awaited, answer.at(), TRANSACTION_TIMEOUT, (asker, asked)) {
        return;
    }
    let waited = to.context().remaining(answer.at());
    let building = to
        .report(
            asker,
            asked,
            format!("{who} never confirms the text session that {whom} accepted: no ACK"),
            Evidence::seen(request.at(), brief(request)),
        )
        .summary(format!(
            "{whom} answered the INVITE with 200, and no ACK is on any connection{}. {whom} gives the session up after 32 s.",
            if repeated.is_empty() {
                String::new()
            } else {
                format!(", though the 200 was repeated {} times", repeated.len())
            }
        ))
        .seen(answer.at(), brief(answer))
        .seen_if(repeated.last().map(|seen| seen.at()), "the 200 again")
        .absent(answer.at(), format!("ACK, awaited for {waited}"))
        .detail(
            "Record-Route and Contact of the 200",
            answer
                .message
                .record_routes()
                .chain(answer.message.contact())
                .take(8)
                .filter_map(|a| a.uri()?.host_name().map(|h| h.into_owned()))
                .collect(),
        )
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    if repeated.is_empty() {
        let _ = building.confidence(Confidence::Medium);
    }
}

/// The first message was in the INVITE only, and the other side does not say that it reads it there.
fn first_message(
    transaction: &Transaction<'_>,
    call: &Call,
    request: &Seen,
    answer: &Seen,
    to: &mut Reporter<'_, '_>,
) {
    let (asker, asked) = (transaction.asker, transaction.asked);
    let reads_it = answer
        .message
        .supported()
        .any(|tag| tag.is("ms-embedded-first-message"));
    let sent = call
        .messages
        .iter()
        .any(|seen| seen.at() > answer.at() && seen.message.method() == Some(Method::Message));
    // A Microsoft box reads what Microsoft sends.
    if reads_it || sent || to.context().hosts.is_microsoft(asked) {
        return;
    }
    let (who, whom) = (to.label(asker), to.label(asked));
    let awaited = format!("whether {who} sends its first message to {whom} once more");
    if !to.awaited_in_vain(&awaited, answer.at(), TRANSACTION_TIMEOUT, (asker, asked)) {
        return;
    }
    let waited = to.context().remaining(answer.at());
    let _ = to
        .report(
            asker,
            asked,
            format!("the first message of {who} to {whom} is in the INVITE only and may never be shown"),
            Evidence::seen(request.at(), brief(request)),
        )
        .severity(Severity::Note)
        .confidence(Confidence::Low)
        .summary(format!(
            "The 200 of {whom} does not name ms-embedded-first-message, and no MESSAGE follows in {waited}. Whether {whom} reads the \
             message in the INVITE cannot be told from the wire: a candidate."
        ))
        .key("first message")
        .seen(answer.at(), brief(answer))
        .absent(answer.at(), format!("MESSAGE, awaited for {waited}"))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
}
