//! A message on a stream does not end where its Content-Length says.

use crate::base::Span;
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{brief, connection_of};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use crate::sip::DefectKind;

pub(super) static RULE: Rule = Rule {
    name: "sip-stream-framing-error",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "the Content-Length of a message on a TCP or TLS stream is missing or wrong, and the exchange fails",
    explanation: "On a stream only the Content-Length tells where one message ends and the next begins. Where it is wrong, the receiver takes \
        the rest of a body for the next message, answers 400, or waits for bytes that never come and drops the connection. Software does not \
        do this; a device that rewrites addresses in the body and forgets the length does.",
    causes: &[
        "SIP inspection (ALG, \"inspect sip\", fixup) on a firewall between the two boxes changed the body and not its length",
        "a script or test tool that computes the length wrongly",
    ],
    confirm: &["Capture on both sides of the firewall and compare the same message byte for byte."],
    fix: Fix {
        cisco: &["ASA: no inspect sip for this traffic, or pass TLS through untouched."],
        microsoft: &[],
        network: &["Switch SIP inspection off on every device between the two boxes."],
    },
    knowledge: Knowledge::Deduced,
    references: &["RFC 3261 section 18.3 (framing) and section 20.14"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Transaction(check),
};

/// A receiver that goes this soon after a message goes because of it.
const SOON: Span = Span::from_secs(40);

/// Defects by which a message has no end, or a wrong one.
fn framing(seen: &Seen) -> Option<DefectKind> {
    if !matches!(seen.hop.carriage, "tcp" | "tls") || seen.message.is_damaged_by_capture() {
        return None;
    }
    seen.message.defects().iter().map(|d| d.kind).find(|kind| {
        matches!(
            kind,
            DefectKind::ContentLengthMissing
                | DefectKind::ContentLengthNegative
                | DefectKind::ContentLengthInvalid
                | DefectKind::ContentLengthMismatch
                | DefectKind::BodyShorter
        )
    })
}

/// How the receiver took it badly: by 400, by silence, or by closing.
fn outcome(
    transaction: &Transaction<'_>,
    call: &Call,
    bad: &Seen,
    context: &Context<'_>,
) -> Option<String> {
    if bad.message.is_request() {
        match transaction.final_status() {
            Some(status @ (400 | 513)) => return Some(format!("The receiver answers {status}.")),
            Some(_) => return None,
            None => {}
        }
    }
    let connection = connection_of(bad, context)?;
    let receiver = bad.hop.dst.addr;
    let closed = connection.flow.closed_by().is_some_and(|(by, at, _)| {
        connection.flow.sender(by).addr == receiver
            && at > bad.at()
            && at.time.since(bad.at().time) <= SOON
    });
    if closed && (!bad.message.is_request() || transaction.final_response().is_none()) {
        return Some("The receiver closes the connection.".to_owned());
    }
    (bad.message.is_request() && transaction.failed(call, context.last))
        .then(|| "The receiver never answers.".to_owned())
}

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let messages = transaction
        .request
        .into_iter()
        .chain(transaction.provisional.iter().copied())
        .chain(transaction.finals.iter().copied());
    let Some((bad, kind)) = messages
        .into_iter()
        .find_map(|seen| Some((seen, framing(seen)?)))
    else {
        return;
    };
    let outcome = outcome(transaction, call, bad, to.context());
    let (sender, receiver) = (bad.hop.src.addr, bad.hop.dst.addr);
    let (who, whom) = (to.label(sender), to.label(receiver));
    let said = bad.message.content_length().map(|length| match length {
        Ok(bytes) => format!("Content-Length {bytes}"),
        Err(text) => format!("Content-Length {}", text.to_str()),
    });
    let building = to
        .report(
            sender,
            receiver,
            match &outcome {
                Some(_) => format!("A message of {who} to {whom} does not end where its Content-Length says, and the exchange fails"),
                None => format!("A message of {who} to {whom} does not end where its Content-Length says"),
            },
            Evidence::seen(bad.at(), format!("{}: {}", brief(bad), kind.meaning())),
        )
        .summary(format!(
            "In {} {}. {}",
            brief(bad),
            kind.meaning(),
            outcome.as_deref().unwrap_or("The receiver coped with it.")
        ))
        .key(kind.name())
        .detail("The message says", said.into_iter().collect())
        .on_call(&call.id())
        .on_stream(bad.hop.stream);
    let building = match transaction.final_response().filter(|a| a.at() > bad.at()) {
        Some(answer) => building.seen(answer.at(), brief(answer)),
        None => building,
    };
    if outcome.is_none() {
        let _ = building
            .severity(Severity::Note)
            .confidence(Confidence::Medium);
    }
}
