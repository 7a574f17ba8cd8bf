//! What the rules of this class share.

use crate::dialog::{Call, Seen, Transaction};
use crate::finding::Evidence;
use crate::presence::read;
use crate::rules::healing::Healing;
use crate::rules::sides::{REFUSALS, UNKNOWN_USER, brief, diagnostics_lines};
use crate::rules::{Building, ExplainedBy, Link, Reporter};
use crate::sip::Message;

/// What takes the blame for a refusal of presence: the rules that know this very answer better.
pub(super) const EXPLAINED: &[ExplainedBy] = &[
    ExplainedBy {
        rules: REFUSALS,
        link: Link::Call,
    },
    ExplainedBy {
        rules: UNKNOWN_USER,
        link: Link::Call,
    },
];

/// The event package of a message, in lower case.
pub(super) fn event(message: &Message) -> String {
    message
        .event()
        .map_or_else(String::new, |e| e.to_str().to_ascii_lowercase())
}

/// Presence and its templates (`presence`, `presence.winfo`), and what Microsoft clients subscribe to beside it. Everything else
/// belongs to other uses of SIP.
pub(super) fn concerns_presence(event: &str) -> bool {
    event == "presence" || event.starts_with("presence.") || event.starts_with("vnd-microsoft")
}

/// A notification in a line of evidence, with what it says of somebody's presence.
pub(super) fn told(seen: &Seen) -> String {
    let line = brief(seen);
    let state = seen
        .message
        .subscription_state()
        .map_or_else(String::new, |s| format!(", {}", s.state.to_str()));
    match read(&seen.message) {
        Some(Ok(document)) => format!("{line}{state}, says {}", document.words()),
        Some(Err(why)) => format!("{line}{state}, body is {why}"),
        None => format!("{line}{state}"),
    }
}

/// A refusal: who asked whom for what, and what came.
pub(super) struct Refusal<'t, 'a> {
    /// The request with its answer.
    pub(super) transaction: &'t Transaction<'a>,
    /// The request.
    pub(super) request: &'a Seen,
    /// The final response.
    pub(super) answer: &'a Seen,
    /// Whether the same was accepted later.
    pub(super) healing: Healing,
}

impl<'t, 'a> Refusal<'t, 'a> {
    /// The transaction as a refusal with this status.
    pub(super) fn of(
        transaction: &'t Transaction<'a>,
        status: u16,
        to: &Reporter<'_, '_>,
    ) -> Option<Self> {
        let (request, answer) = (transaction.request?, transaction.final_response()?);
        (transaction.final_status() == Some(status)).then(|| Self {
            transaction,
            request,
            answer,
            healing: Healing::of(request, answer.at(), to.context()),
        })
    }

    /// Begins the finding: about the host that refuses, and the one that is refused.
    pub(super) fn report<'f, 'c>(
        &self,
        call: &Call,
        title: String,
        summary: String,
        to: &'f mut Reporter<'c, '_>,
    ) -> Building<'f, 'c> {
        let building = to
            .report(
                self.transaction.asked,
                self.transaction.asker,
                self.healing.title(title),
                Evidence::seen(self.request.at(), brief(self.request)),
            )
            .summary(self.healing.summary(summary))
            .seen(self.answer.at(), brief(self.answer))
            .detail(
                "The server's own words",
                diagnostics_lines(&self.answer.message),
            )
            .on_call(&call.id())
            .on_stream(self.answer.hop.stream);
        self.healing.mark(building)
    }
}
