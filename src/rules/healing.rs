//! Faults that went away while the capture ran: the same request of the same user was accepted later.

use super::{Building, Context};
use crate::base::FrameRef;
use crate::dialog::{Seen, Transaction};
use crate::finding::Severity;

/// Whether and when a fault went away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Healing(Option<FrameRef>);

impl Healing {
    /// Looks for a success of the same matter after the failure at `at` that no failure follows.
    pub(super) fn of(request: &Seen, at: FrameRef, context: &Context<'_>) -> Self {
        Self(context.history.healed_after(&request.message, at))
    }

    /// As [`Self::of`] for a refused request; without its request nothing can be told.
    pub(super) fn of_refusal(
        transaction: &Transaction<'_>,
        answer: &Seen,
        context: &Context<'_>,
    ) -> Self {
        transaction.request.map_or(Self(None), |request| {
            Self::of(request, answer.at(), context)
        })
    }

    /// Whether it went away.
    pub(super) const fn is_healed(self) -> bool {
        self.0.is_some()
    }

    /// The title, which must not say that something fails when it does no more.
    pub(super) fn title(self, title: String) -> String {
        match self.0 {
            Some(_) => format!("{title}; later the same request was accepted"),
            None => title,
        }
    }

    /// The summary with what became of it.
    pub(super) fn summary(self, summary: String) -> String {
        match self.0 {
            Some(at) => format!(
                "{summary} It healed during the capture: the same request between the same users was accepted in frame {}.",
                at.number.get()
            ),
            None => summary,
        }
    }

    /// The evidence of the healing; what healed is no error any more.
    pub(super) fn mark<'f, 'c>(self, building: Building<'f, 'c>) -> Building<'f, 'c> {
        match self.0 {
            Some(at) => building
                .seen(at, "the same request is accepted")
                .severity(Severity::Warning),
            None => building,
        }
    }
}
