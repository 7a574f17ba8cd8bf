//! A message was refused.

use super::common::{EXPLAINED, answered, is_of_lower_class, is_users_choice};
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::healing::Healing;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::{HeaderName, Message, Method};

pub(super) static RULE: Rule = Rule {
    name: "im-message-rejected",
    class: Class::Im,
    severity: Severity::Error,
    summary: "a MESSAGE was refused",
    explanation: "481 says that the session of the message is gone on the side that received it (restart, failover, another node). \
        415 says that its form is not read there: the Cisco gateway takes text/plain, not RTF or HTML. 405 and 501 to a message \
        without a session say that the side takes messages only in sessions, as Lync does. What a message says is never shown.",
    causes: &[
        "481: the session was lost by a restart or a change of node, or the message went to another node than the INVITE",
        "415: the client sends RTF or HTML, though the other side accepted text/plain",
        "405, 501: a message without INVITE was sent to a side that uses sessions",
    ],
    confirm: &["Look for the INVITE of the same Call-ID and the node that answered it."],
    fix: Fix {
        cisco: &[
            "481: find out which node holds the session; the user closes the conversation and opens it again.",
        ],
        microsoft: &[
            "481: the user closes the conversation window and opens it again.",
            "415: Set-CsClientPolicy -DisableRTFIM $true and -DisableHtmlIm $true for federated users.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 3428 section 7, RFC 3261 section 21.4.13 and 21.4.19",
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), overview (messages in sessions)",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    if transaction.method() != Method::Message {
        return;
    }
    let (Some(status), Some(request), Some(answer)) = (
        transaction.final_status(),
        transaction.request,
        transaction.final_response(),
    ) else {
        return;
    };
    if status < 400
        || matches!(status, 401 | 407)
        || is_users_choice(status)
        || is_no_text(&request.message)
    {
        return;
    }
    if status == 481 && was_over(call, answer) {
        return;
    }
    let healing = Healing::of(request, answer.at(), to.context());
    // Refused as RTF, sent again as plain text and taken: that is how two sides find a common form.
    if status == 415 && healing.is_healed() {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let in_session = request.message.to().and_then(|t| t.tag()).is_some();
    let why = match status {
        481 => ": the session is not known there any more",
        415 => ": its form is not read there",
        405 | 501 if !in_session => ": it was sent without a session",
        _ => "",
    };
    let form = request
        .message
        .content_type()
        .map(|t| t.to_str().into_owned());
    let building = answered(
        transaction,
        request,
        answer,
        call,
        healing.title(format!(
            "{who} refuses a MESSAGE of {whom} with {status}{why}"
        )),
        to,
    )
    .summary(healing.summary(format!(
        "A message {} is answered {status}{why}.",
        if in_session {
            "within a session"
        } else {
            "without a session"
        }
    )))
    .key(status.to_string())
    .detail("Form of the message", form.into_iter().collect())
    .detail(
        "Accepted instead",
        answer
            .message
            .list(HeaderName::Accept)
            .take(16)
            .map(|v| v.to_str().into_owned())
            .collect(),
    );
    let building = if is_of_lower_class(status) {
        building.confidence(Confidence::Low)
    } else {
        building
    };
    let _ = healing.mark(building);
}

/// What is no text that a person wrote: typing notices, receipts, invitations to transfer a file.
fn is_no_text(message: &Message) -> bool {
    message.content_type().is_some_and(|t| {
        t.is("application/im-iscomposing+xml")
            || t.is("message/imdn+xml")
            || t.is("application/ms-imdn+xml")
            || t.is("text/x-msmsgsinvite")
            || t.is("application/x-ms-ink")
            || t.is("image/gif")
    })
}

/// Whether either side had closed the session when the message was answered: they crossed.
fn was_over(call: &Call, answer: &Seen) -> bool {
    call.messages
        .iter()
        .any(|seen| seen.message.method() == Some(Method::Bye) && seen.at() <= answer.at())
}
