//! Audio, video or sharing, which this federation does not carry.

use super::common::{answered, is_federation, is_of_lower_class, is_users_choice};
use crate::dialog::{Call, Transaction};
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "im-audio-video-rejected",
    class: Class::Im,
    severity: Severity::Note,
    summary: "an invitation to audio, video or sharing was refused, as expected",
    explanation: "Federation between Lync and Cisco IM and Presence carries presence and text. Audio, video and sharing need a path \
        of their own (a gateway such as Expressway). The refusal is expected and nothing to repair.",
    causes: &["a user called a federated contact by audio or video"],
    confirm: &["The media of the INVITE are shown below."],
    fix: Fix {
        cisco: &["Nothing to repair; calls need Expressway with interworking to Microsoft."],
        microsoft: &["Nothing to repair."],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14 (presence and IM only)",
        "RFC 3261 section 21.4.26 (488)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let (Some(invitation), Some(status), Some(request), Some(answer)) = (
        transaction.invitation(),
        transaction.final_status(),
        transaction.request,
        transaction.final_response(),
    ) else {
        return;
    };
    let (asker, asked) = (transaction.asker, transaction.asked);
    // Lync among its own may do all of it; what lower layers and users refuse is told elsewhere.
    let by_cisco = to.context().hosts.is_cisco(asked)
        || (to.context().role(asked) == Role::Unknown && is_federation(asker, asked, to));
    if invitation.text
        || invitation.media.is_empty()
        || invitation.group.is_some()
        || status < 400
        || matches!(status, 401 | 407)
        || is_users_choice(status)
        || (is_of_lower_class(status) && !matches!(status, 404 | 500))
        || !by_cisco
    {
        return;
    }
    let (who, whom) = (to.label(asked), to.label(asker));
    let media = invitation.media.join(", ");
    let _ = answered(
        transaction,
        request,
        answer,
        call,
        format!("{who} refuses {media} of {whom} ({status}): not part of this federation"),
        to,
    )
    .summary("Only presence and text are carried; this refusal is expected.")
    .detail("Media of the INVITE", invitation.media.clone());
}
