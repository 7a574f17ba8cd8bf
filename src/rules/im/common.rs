//! What the rules of this class share.

use crate::dialog::{Call, Seen, Transaction};
use crate::finding::Evidence;
use crate::rules::sides::{REFUSALS, UNKNOWN_USER, are_federation, brief, diagnostics_lines};
use crate::rules::{Building, ExplainedBy, Link, Reporter};
use std::net::IpAddr;

/// What takes the blame for a refusal of messages: the rules that know this very answer better, and the one that sees that all
/// messages between the two fail.
pub(super) const EXPLAINED: &[ExplainedBy] = &[
    ExplainedBy {
        rules: REFUSALS,
        link: Link::Call,
    },
    ExplainedBy {
        rules: UNKNOWN_USER,
        link: Link::Call,
    },
    ExplainedBy {
        rules: &["pres-bad-extension"],
        link: Link::Call,
    },
    ExplainedBy {
        rules: &["im-only-presence-works"],
        link: Link::Hosts,
    },
];

/// Statuses that a user decides: offline, busy, do not disturb, cancelled, declined.
pub(super) const fn is_users_choice(status: u16) -> bool {
    matches!(status, 480 | 486 | 487 | 600 | 603)
}

/// Statuses that rules on authentication, trust and routing own; alone they say little of messages.
pub(super) const fn is_of_lower_class(status: u16) -> bool {
    matches!(status, 403 | 404 | 408 | 482 | 483 | 500 | 503 | 504)
}

/// Whether one of the two is known to be of this federation: other telephony is none of ours.
pub(super) fn is_federation(a: IpAddr, b: IpAddr, to: &Reporter<'_, '_>) -> bool {
    are_federation(a, b, to.context())
}

/// Begins a finding about the host that answered a request and the one that asked.
pub(super) fn answered<'f, 'c>(
    transaction: &Transaction<'_>,
    request: &Seen,
    answer: &Seen,
    call: &Call,
    title: String,
    to: &'f mut Reporter<'c, '_>,
) -> Building<'f, 'c> {
    to.report(
        transaction.asked,
        transaction.asker,
        title,
        Evidence::seen(request.at(), brief(request)),
    )
    .seen(answer.at(), brief(answer))
    .detail("The server's own words", diagnostics_lines(&answer.message))
    .on_call(&call.id())
    .on_stream(answer.hop.stream)
}
