//! What the rules on route sets share (RFC 3261 §12.1, §12.2, §16.12).

use crate::dialog::{Call, Seen, Transaction};
use crate::sip::{Address, Message, Method, Uri, without_passwords};

/// Messages of a call that are searched for routes.
const LOOKED_AT: usize = 512;

/// Where a request of a dialog has to pass: host, maddr and port of a URI, without what proxies add and change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    host: String,
    port: Option<u16>,
    maddr: Option<String>,
}

impl Place {
    pub(super) fn of(uri: Uri<'_>) -> Option<Self> {
        Some(Self {
            host: uri.host_name()?.to_ascii_lowercase(),
            port: uri.port,
            maddr: uri.maddr().map(|m| m.to_str().to_ascii_lowercase()),
        })
    }

    /// Whether both lead to the same box; a port that is left out may be any.
    pub(super) fn leads_to(&self, other: &Self) -> bool {
        let ports = match (self.port, other.port) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        ports
            && (self.host == other.host
                || self.maddr.as_deref() == Some(&other.host)
                || other.maddr.as_deref() == Some(&self.host))
    }
}

/// Whether a message may set or change the routes of a dialog: a request that begins one or refreshes its target, or an answer to such.
pub(super) fn sets_routes(message: &Message) -> bool {
    let target = message.cseq().is_some_and(|c| {
        matches!(
            c.method,
            Method::Invite
                | Method::Subscribe
                | Method::Notify
                | Method::Benotify
                | Method::Refer
                | Method::Update
        )
    });
    target && message.status().is_none_or(|s| (101..300).contains(&s.0))
}

/// The Record-Route entries of a call, each with the message that has it.
pub(super) fn recorded(call: &Call) -> impl Iterator<Item = (&Seen, Address<'_>)> {
    call.messages
        .iter()
        .take(LOOKED_AT)
        .filter(|seen| sets_routes(&seen.message))
        .flat_map(|seen| seen.message.record_routes().map(move |route| (seen, route)))
}

/// Requests within a dialog, with what became of them; of those transactions that are of interest.
pub(super) fn in_dialog<'t, 'a: 't>(
    transactions: impl IntoIterator<Item = &'t Transaction<'a>>,
) -> impl Iterator<Item = (&'t Transaction<'a>, &'a Seen)> {
    transactions.into_iter().filter_map(|t| {
        let request = t.request?;
        let inside = request.message.to().is_some_and(|to| to.tag().is_some());
        (inside && !matches!(t.method(), Method::Ack | Method::Cancel)).then_some((t, request))
    })
}

/// A header field's value for a detail, without passwords.
pub(super) fn shown(address: Address<'_>) -> String {
    without_passwords(&address.raw.to_str()).into_owned()
}
