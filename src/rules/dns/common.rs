//! What the rules on names share: services of SIP, what a name server said, and whether a connection followed.

use crate::base::{FrameRef, Span};
use crate::connection::Connection;
use crate::dns::{Answer, Kind, Lookup};
use crate::rules::Context;
use std::net::IpAddr;

/// The service by which open federation is found (Microsoft, DNS requirements for external access).
pub(in crate::rules) const FEDERATION: &str = "_sipfederationtls._tcp.";

/// A question repeated for this long without answer gets none.
const SILENCE: Span = Span::from_secs(4);

/// The domain whose federation a lookup is about.
pub(in crate::rules) fn federation_domain(lookup: &Lookup) -> Option<&str> {
    (lookup.kind == Kind::Srv)
        .then(|| lookup.name.strip_prefix(FEDERATION))
        .flatten()
        .filter(|domain| !domain.is_empty())
}

/// How a lookup failed, in words; `None` where it succeeded or may still be answered.
pub(in crate::rules) fn failure(lookup: &Lookup, context: &Context<'_>) -> Option<String> {
    match &lookup.answer {
        Some((_, answer)) if answer.is_failure() => Some(answer.to_string()),
        Some(_) => None,
        None => {
            let first = lookup.first()?;
            (context.remaining(first) >= SILENCE).then(|| {
                format!(
                    "no answer ({} question{})",
                    lookup.asked.len(),
                    if lookup.asked.len() == 1 { "" } else { "s" }
                )
            })
        }
    }
}

/// Where a failed lookup shows: the question, then the answer or the last question.
pub(in crate::rules) fn places(lookup: &Lookup) -> Option<(FrameRef, FrameRef)> {
    Some((lookup.first()?, lookup.last()?))
}

/// Whether the same host got a useful answer to the same question, before or after.
pub(in crate::rules) fn known_anyway(lookup: &Lookup, context: &Context<'_>) -> bool {
    context.names.all().iter().any(|other| {
        other.client == lookup.client
            && other.kind == lookup.kind
            && other.name == lookup.name
            && other
                .answer
                .as_ref()
                .is_some_and(|(_, answer)| !answer.is_failure())
    })
}

/// The first connection for SIP that a host tries to open after a frame.
pub(in crate::rules) fn connects_after<'a>(
    client: IpAddr,
    at: FrameRef,
    context: &Context<'a>,
) -> Option<&'a Connection> {
    context
        .some_connections()
        .find(|c| c.client().addr == client && c.flow.last > at && c.concerns_sip())
}

/// The addresses in a useful answer.
pub(in crate::rules) fn addresses(lookup: &Lookup) -> &[IpAddr] {
    match &lookup.answer {
        Some((_, Answer::Addresses(addresses))) => addresses,
        _ => &[],
    }
}
