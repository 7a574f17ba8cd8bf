//! A request goes round in circles.

use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{brief, diagnostics_lines, is_origin, opening};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::{Message, Method};
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    name: "route-loop",
    class: Class::Routing,
    severity: Severity::Error,
    summary: "a request comes back to a box that it has passed already, or is refused as a loop (482, 483)",
    explanation: "Each side takes the user for the other's and sends the request back. With partitioned intradomain federation and Basic \
        Routing that is what happens to an address that nobody has: Lync sends what it does not know to Cisco, Cisco to Lync. It ends when \
        a proxy notices the loop (482) or Max-Forwards is used up (483).",
    causes: &[
        "the user is enabled on neither side, and both send unknown users to each other (Basic Routing)",
        "a static route of one side leads for its own domain to the other side",
    ],
    confirm: &[
        "Follow the Via header fields in the frames below: which two boxes alternate?",
        "Get-CsUser and the end user of Cisco: where is the user enabled?",
    ],
    fix: Fix {
        cisco: &[
            "Enable the user on one of the two sides. With a single cluster, Advanced Routing instead of Basic Routing keeps unknown users from \
             going back (settings of Partitioned Intradomain Federation).",
        ],
        microsoft: &[
            "Get-CsStaticRoutingConfiguration | Select-Object -ExpandProperty Route: MatchUri must not cover users who are on Lync; delete \
             what is left of moved users.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Planning (basic and advanced routing, loop detection)",
        "RFC 3261 section 16.3 (loop detection), section 21.4.21 and 21.4.22",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Call(check),
};

/// A copy of the request that has gone round: the first time at this box, and a later one.
struct Round<'a> {
    first: &'a Seen,
    again: &'a Seen,
}

/// What a proxy writes into its Via when it sends a request to several targets: copies then meet again without a loop.
fn is_forked(message: &Message) -> bool {
    message
        .vias()
        .any(|via| via.params.get("branched").is_some_and(|b| b.is("TRUE")))
}

/// Copies of one request that are looked at.
const COPIES: usize = 16;

/// Whether two transactions have a CSeq in common.
fn has_copies(transactions: &[Transaction<'_>]) -> bool {
    transactions.iter().enumerate().any(|(n, a)| {
        let mut later = transactions.iter().skip(n + 1);
        later.any(|b| a.cseq() == b.cseq() && a.method() == b.method())
    })
}

/// A request that comes to a box where it has been: its Via fields name the branch with which it came there before, and the target is
/// the same (RFC 3261 §16.3; another target would be a spiral).
fn round<'a>(transactions: &[Transaction<'a>]) -> Option<Round<'a>> {
    // Copies of one request have its CSeq; within a dialog nearly every request has one of its own.
    if transactions.len() <= COPIES && !has_copies(transactions) {
        return None;
    }
    let mut copies: BTreeMap<(u32, &[u8]), Vec<&'a Seen>> = BTreeMap::new();
    for transaction in transactions {
        let method = transaction.method();
        if let Some(request) = transaction.request
            && !matches!(method, Method::Ack | Method::Cancel)
        {
            let same = copies
                .entry((transaction.cseq(), method.as_bytes()))
                .or_default();
            if same.len() < COPIES {
                same.push(request);
            }
        }
    }
    copies
        .values()
        .filter(|same| same.len() > 1)
        .find_map(|same| {
            let same: Vec<&Seen> = same
                .iter()
                .copied()
                .filter(|seen| !is_forked(&seen.message))
                .collect();
            same.iter().enumerate().find_map(|(n, first)| {
                let again = same
                    .iter()
                    .skip(n + 1)
                    .find(|later| comes_back(first, later))?;
                Some(Round { first, again })
            })
        })
}

fn comes_back(first: &Seen, later: &Seen) -> bool {
    let (a, b) = (&first.message, &later.message);
    first.hop.dst.addr == later.hop.dst.addr
        && a.request_uri_text() == b.request_uri_text()
        && b.via_count() > a.via_count()
        && a.top_via()
            .and_then(|via| via.branch())
            .is_some_and(|branch| b.vias().skip(1).any(|via| via.branch() == Some(branch)))
}

/// A refusal that names the loop, made where it is captured first.
fn refusal<'t, 'a>(
    call: &Call,
    transactions: &'t [Transaction<'a>],
) -> Option<(&'t Transaction<'a>, &'a Seen)> {
    transactions.iter().find_map(|t| {
        let answer = t.final_response()?;
        let status = t.final_status()?;
        let request = t.request_message();
        // A request that begins with few hops left is a probe, as of traceroute; a fork that meets another is merged with 482.
        let probe = status == 483
            && request.is_some_and(|m| m.via_count() <= 1)
            && request
                .and_then(Message::max_forwards)
                .is_some_and(|hops| hops < 10);
        let told = matches!(status, 482 | 483) && !probe && !request.is_some_and(is_forked);
        (told && is_origin(t, call)).then_some((t, answer))
    })
}

fn check(call: &Call, transactions: &[Transaction<'_>], to: &mut Reporter<'_, '_>) {
    let refusal = refusal(call, transactions);
    let round = round(transactions);
    match (round, refusal) {
        (Some(round), refusal) => {
            seen_round(call, transactions, &round, refusal.map(|(_, a)| a), to)
        }
        (None, Some((transaction, answer))) => told(call, transaction, answer, to),
        (None, None) => {}
    }
}

/// The loop itself is in the capture.
fn seen_round(
    call: &Call,
    transactions: &[Transaction<'_>],
    round: &Round<'_>,
    refusal: Option<&Seen>,
    to: &mut Reporter<'_, '_>,
) {
    // What goes round and ends well is a detour.
    if transactions
        .iter()
        .any(|t| t.method() == method(round.first) && t.succeeded())
    {
        return;
    }
    let (here, sender) = (round.first.hop.dst.addr, round.again.hop.src.addr);
    let (who, whom) = (to.label(here), to.label(sender));
    let target = target(&round.first.message);
    let building = to
        .report(
            here,
            sender,
            format!("The request for {target} goes in circles: it comes back to {who} from {whom}"),
            Evidence::seen(round.first.at(), brief(round.first)),
        )
        .summary(format!(
            "{} for {target} came to {who} with {} Via, and again with {} and the first among them: it has been there. {}",
            method(round.first),
            round.first.message.via_count(),
            round.again.message.via_count(),
            refusal.map_or_else(
                || "Nothing in the capture ends the loop well.".to_owned(),
                |answer| format!("It ends with {}.", brief(answer))
            )
        ))
        .detail("Goes in circles", vec![target])
        .seen(round.again.at(), format!("the same request again, {} Via", round.again.message.via_count()))
        .on_call(&call.id())
        .on_stream(round.again.hop.stream);
    if let Some(answer) = refusal {
        let _ = building.seen(answer.at(), brief(answer));
    }
}

/// Only the refusal is.
fn told(call: &Call, transaction: &Transaction<'_>, answer: &Seen, to: &mut Reporter<'_, '_>) {
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let target = target(&answer.message);
    let status = transaction.final_status().unwrap_or_default();
    let hops = transaction.request_message().map(|m| {
        format!(
            "{} Via, Max-Forwards {}",
            m.via_count(),
            m.max_forwards()
                .map_or_else(|| "not given".to_owned(), |n| n.to_string())
        )
    });
    let _ = to
        .report(
            transaction.asked,
            transaction.asker,
            format!(
                "{who} refuses {} of {whom} for {target} as a loop ({status})",
                transaction.method()
            ),
            opening(transaction, answer),
        )
        .summary(format!(
            "{who} answers {status}: {}. Where it goes round is behind this hop.",
            if status == 482 {
                "it has seen this very request before"
            } else {
                "the request passed so many hops that Max-Forwards is used up"
            }
        ))
        .detail("Refused as a loop", vec![target])
        .confidence(Confidence::Medium)
        .seen(answer.at(), brief(answer))
        .detail("The request", hops.into_iter().collect())
        .detail("The server's own words", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
}

fn method(seen: &Seen) -> Method<'_> {
    seen.message.cseq().map_or(Method::Other(b""), |c| c.method)
}

/// Whom a request is for.
fn target(message: &Message) -> String {
    message
        .to()
        .and_then(|to| to.aor())
        .unwrap_or_else(|| "an unknown user".to_owned())
}
