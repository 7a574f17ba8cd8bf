//! A user is offline, busy, or does not want to.

use super::common::{answered, is_federation, is_users_choice};
use crate::dialog::{Call, Transaction};
use crate::finding::Severity;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::Method;

pub(super) static RULE: Rule = Rule {
    name: "sip-480-487-486-603",
    class: Class::Im,
    severity: Severity::Note,
    summary: "a session or message was not taken because of the user's state: offline, busy, cancelled or declined",
    explanation: "480 says that nobody is signed in, 486 and 603 that the user is busy, does not want to be disturbed or declined, \
        487 that the caller gave up. The servers did their work. Communicator and Lync take no messages while the user is set to \
        Do Not Disturb. Where presence says that the user is available and 480 comes all the same, the session on the Cisco side \
        (XMPP) is to be looked at.",
    causes: &[
        "480: no client of this user is signed in",
        "486, 603: busy, Do Not Disturb, or declined by the user",
        "487: the caller cancelled",
    ],
    confirm: &["Compare with the presence of the user at that time."],
    fix: Fix {
        cisco: &[
            "Nothing to repair; if 480 comes for users who are signed in, look at Cisco XCP Router and the user's session.",
        ],
        microsoft: &["Nothing to repair; ms-diagnostics 13009 says that no client is registered."],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 3261 section 21.4.18, 21.4.24, 21.4.25 and 21.6.2",
        "Cisco, Interdomain Federation guide 14, Troubleshooting (Do Not Disturb)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let (Some(status), Some(request), Some(answer)) = (
        transaction.final_status(),
        transaction.request,
        transaction.final_response(),
    ) else {
        return;
    };
    let is_session = match transaction.method() {
        Method::Message => true,
        Method::Invite => {
            transaction.invitation().is_some_and(|i| i.text)
                || is_federation(transaction.asker, transaction.asked, to)
        }
        _ => false,
    };
    if !is_session || !is_users_choice(status) {
        return;
    }
    let what = match status {
        480 => "offline (480)",
        487 => "not reached before the caller gave up (487)",
        486 => "busy (486)",
        600 => "busy everywhere (600)",
        _ => "not willing (603)",
    };
    let (who, method) = (to.label(transaction.asked), transaction.method());
    let _ = answered(
        transaction,
        request,
        answer,
        call,
        format!("a user behind {who} was {what} for {method}"),
        to,
    )
    .summary("This is a state of the user, not a fault of the federation.")
    .key(status.to_string());
}
