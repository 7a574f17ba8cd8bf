//! A text session between two people was refused.

use super::common::{EXPLAINED, answered, is_of_lower_class, is_users_choice};
use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::healing::Healing;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::HeaderName;

pub(super) static RULE: Rule = Rule {
    name: "im-invite-rejected",
    class: Class::Im,
    severity: Severity::Error,
    summary: "an INVITE for instant messages between two people was refused",
    explanation: "Messages between Lync and Cisco begin with an INVITE that offers m=message. Here it is refused, and not because \
        of the user's state. 488, 415 and 606 speak of the description of the session, 405 and 501 of a box without instant \
        messaging; 403, 404, 408, 5xx point to trust and routing, and the finding about that comes first where there is one.",
    causes: &[
        "IM Gateway Status of the Cisco SIP proxy is off, or the XCP SIP Federation Connection Manager does not run",
        "488, 415, 606: the box asked is a voice server, or a firewall rewrote the description of the session",
        "the domain of the sender is not configured as a federated one",
    ],
    confirm: &[
        "Compare with an INVITE in the other direction, and with the description of the session in this one.",
    ],
    fix: Fix {
        cisco: &[
            "System > Service Parameters > Cisco SIP Proxy: IM Gateway Status On; Serviceability > Tools > Service Activation: Cisco \
             XCP SIP Federation Connection Manager.",
            "Presence > Inter-Domain Federation > SIP Federation: the domain of Lync is there.",
        ],
        microsoft: &[
            "Get-CsExternalAccessPolicy, Get-CsAccessEdgeConfiguration: federation is allowed for the user.",
            "The static route leads to the IM and Presence node, not to a voice server.",
        ],
        network: &["Turn off inspection of SIP in firewalls between the two."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 14, Troubleshooting (IM Gateway Status)",
        "RFC 3261 section 13.3.1.3 and 21.4",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
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
    // A challenge is no refusal; who never answers it is told by the rules on authentication. 491 is a race, and tried again.
    if !invitation.is_plain_text()
        || status < 400
        || matches!(status, 401 | 407 | 491)
        || is_users_choice(status)
    {
        return;
    }
    // A further INVITE within a session that is over.
    if status == 481 && request.message.to().and_then(|t| t.tag()).is_some() {
        return;
    }
    // Text beside audio may be refused for the audio, and is offered again without.
    let healing = Healing::of(request, answer.at(), to.context());
    if !invitation.media.is_empty() && matches!(status, 415 | 488 | 606) {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let accepted: Vec<String> = answer
        .message
        .list(HeaderName::Accept)
        .take(16)
        .map(|v| v.to_str().into_owned())
        .collect();
    let mut warnings: Vec<String> = answer
        .message
        .headers(HeaderName::Warning)
        .take(4)
        .map(|w| w.to_str().into_owned())
        .collect();
    warnings.dedup();
    let building = answered(
        transaction,
        request,
        answer,
        call,
        healing.title(format!(
            "{who} refuses the text session of {whom} with {status}"
        )),
        to,
    )
    .summary(healing.summary(format!(
        "The INVITE offers text between two people, and {who} answers {status}{}.",
        if is_of_lower_class(status) {
            ": a refusal that trust or routing usually explains"
        } else {
            ""
        }
    )))
    .key(status.to_string())
    .detail("Accepted instead", accepted)
    .detail("Warnings", warnings);
    let building = if is_of_lower_class(status) {
        building.confidence(Confidence::Low)
    } else {
        building.confidence(Confidence::Medium)
    };
    let _ = healing.mark(building);
}
