//! What the rules of this class share: the meaning of ms-diagnostics ids, and refusals by a Microsoft server.

use crate::dialog::{Call, Seen, Transaction};
use crate::reference::ms_diagnostics;
use crate::rules::Context;
use crate::rules::sides::{answered_by_microsoft, asked_by_peer_server, is_first_towards};
pub(super) use crate::rules::sides::{of_servers, opening};

/// What an id means, in our words. Unknown ids are shown as they are.
pub(super) fn meaning(id: u32) -> Option<&'static str> {
    ms_diagnostics::find(id).map(|known| known.meaning)
}

/// Ids that say: this user or domain may not, which no trust in a server changes.
pub(super) fn is_policy(id: u32) -> bool {
    matches!(id, 1001..=1003 | 1012 | 1017 | 1027 | 4003..=4006 | 2004 | 2005 | 13009)
}

/// The final response when a Microsoft server refuses a request of the peer's server with this status.
pub(super) fn refusal<'a>(
    transaction: &Transaction<'a>,
    status: u16,
    call: &Call,
    context: &Context<'_>,
) -> Option<&'a Seen> {
    let answer = transaction.final_response()?;
    (transaction.final_status() == Some(status)
        && is_first_towards(transaction, call, |host| !context.hosts.is_microsoft(host))
        && answered_by_microsoft(answer, context)
        && asked_by_peer_server(transaction, context))
    .then_some(answer)
}
