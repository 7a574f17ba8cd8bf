//! What the rules of this class share: the meaning of ms-diagnostics ids, and refusals by a Microsoft server.

use crate::dialog::{Seen, Transaction};
use crate::rules::Context;
pub(super) use crate::rules::sides::opening;
use crate::rules::sides::{answered_by_microsoft, asked_by_peer_server};
use crate::sip::{DiagnosticsHeader, Message, MsDiagnostics};

/// What an id means, in our words ([MS-OCER], and real traces where documentation and wire differ). Unknown ids are shown as
/// they are.
pub(super) fn meaning(id: u32) -> Option<&'static str> {
    Some(match id {
        0 => "internal error of the server",
        1 => "the service is not available",
        1000 => "the last step of the sign-in failed",
        1001 => "this sender may not talk to public IM providers",
        1002 => "this sender may not talk to federated partners",
        1003 => "the user does not exist",
        1004 => "the route set of the dialog is no longer valid",
        1005 => "there is no route to the destination domain",
        1006 => "routing on a client connection failed",
        1007 => "routing is not possible for the moment",
        1008 => "the DNS SRV record of the domain was not found",
        1009 => "the SRV record points to a host outside the domain",
        1010 => "the certificate of the next server is not trusted, or is for another name",
        1011 => "the hop before gave no diagnostics: look one hop further",
        1012 => "this sender may not talk to anybody outside",
        1013 => "the clocks of the two sides differ too much to sign in",
        1014 => "the DNS A record of the next server was not found",
        1015 => "messages from this domain cannot be routed",
        1017 => "From and To domain do not go together (split domain)",
        1018 => "the message could not be parsed",
        1022 => "the routing destination could not be processed",
        1027 => "this type of request cannot go to or come from federated partners",
        1033 | 1035 | 1036 | 1037 => "the hop behind gave no diagnostics: look there",
        1034 => "the federated partner gave no diagnostics: the status is the partner's",
        1038 => "connecting to the next server failed",
        1046 => "connecting to the federated partner failed",
        1047 => "the TLS handshake with the federated partner failed",
        2004 => "this watcher may not subscribe",
        2005 => "the user in From was not found",
        2013 => "the extension msrtc-event-categories is needed",
        2014 => "the subscription dialog does not exist",
        2016 => "a new subscription is needed",
        4003 => "this user may not sign in from outside",
        4005 => "the destination is not enabled for SIP or does not exist",
        4006 => "the user is not in this pool",
        10003 => "a proxy behind answered with a failure",
        13009 => "nobody is signed in",
        15030 => "routing to Exchange failed",
        _ => return None,
    })
}

/// Ids that say: this user or domain may not, which no trust in a server changes.
pub(super) fn is_policy(id: u32) -> bool {
    matches!(id, 1001..=1003 | 1012 | 1017 | 1027 | 4003..=4006 | 2004 | 2005 | 13009)
}

/// The diagnostics of servers in a message; what clients report of themselves is no reason of a server.
pub(super) fn of_servers(message: &Message) -> Vec<MsDiagnostics> {
    message
        .ms_diagnostics()
        .filter(|d| d.header != DiagnosticsHeader::Client)
        .collect()
}

/// The final response when a Microsoft server refuses a request of the peer's server with this status.
pub(super) fn refusal<'a>(
    transaction: &Transaction<'a>,
    status: u16,
    context: &Context<'_>,
) -> Option<&'a Seen> {
    let answer = transaction.final_response()?;
    (transaction.final_status() == Some(status)
        && answered_by_microsoft(answer, context)
        && asked_by_peer_server(transaction, context))
    .then_some(answer)
}
