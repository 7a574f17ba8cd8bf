//! A conversation of more than two people, which this federation does not carry.

use super::common::{answered, is_users_choice};
use crate::dialog::{Call, Transaction};
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "im-multiparty-rejected",
    class: Class::Im,
    severity: Severity::Note,
    summary: "an invitation to a conversation of more than two people was refused, as expected",
    explanation: "Federation between Lync and Cisco IM and Presence over SIP carries text between two people. Invitations to group \
        conversations and conferences are refused; that is a limit of the products and nothing to repair.",
    causes: &["a user invited a federated contact into a conversation of more than two"],
    confirm: &["The mark of the group is in the INVITE, as shown below."],
    fix: Fix {
        cisco: &["Nothing to repair: use a conversation of two."],
        microsoft: &["Nothing to repair: use a conversation of two."],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), overview (no group chat)",
        "tieto/sipe, sipe-im.c (Require, TriggeredInvite and EndPoints of Microsoft clients)",
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
    let Some(mark) = invitation.group else { return };
    let microsoft_asks = matches!(
        to.context().role(transaction.asker),
        Role::Lync | Role::Edge
    );
    // Conferences of other systems are none of ours; challenges and users' choices say something else.
    if status < 400
        || matches!(status, 401 | 407)
        || is_users_choice(status)
        || !(microsoft_asks || to.context().hosts.is_cisco(transaction.asked))
    {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let _ = answered(
        transaction,
        request,
        answer,
        call,
        format!("{who} refuses an invitation of {whom} to a group conversation ({status}): not part of this federation"),
        to,
    )
    .summary("Only text between two people is carried; this refusal is expected.")
    .detail("Mark of a group", vec![mark.to_owned()]);
}
