//! A request demands an extension of Microsoft that the other side does not have.

use super::common::{EXPLAINED, Refusal};
use crate::dialog::{Call, Invitation, Kind, Transaction};
use crate::finding::Severity;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::sip::{HeaderName, Message};

pub(super) static RULE: Rule = Rule {
    name: "pres-bad-extension",
    class: Class::Presence,
    severity: Severity::Error,
    summary: "a request was refused with 420 Bad Extension because it demands what the other side does not know",
    explanation: "Require and Proxy-Require demand extensions; a server that lacks one must answer 420 and name it in Unsupported. \
        Microsoft clients demand some of their own (ms-benotify, adhoclist, categoryList); their server is to take them out \
        before a request leaves for another vendor. Where they leak, each such request fails.",
    causes: &[
        "Require or Proxy-Require of a Microsoft client leaks to the Cisco side: the domain is not configured as federated, so \
         that the request goes out as an internal one",
        "the request went to a box that is not the presence server",
    ],
    confirm: &["Compare Unsupported of the answer with Require and Proxy-Require of the request."],
    fix: Fix {
        cisco: &[
            "Presence > Inter-Domain Federation > SIP Federation: the domain of Lync must be there with the right integration type.",
        ],
        microsoft: &[
            "The Cisco domain must not be among the SIP domains of the topology: Get-CsSipDomain",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 3261 section 8.1.3.5 and 21.4.15 (420, Unsupported)",
        "tieto/sipe, sipe-subscriptions.c (Require and Proxy-Require of Microsoft clients)",
    ],
    since: "0.1.0",
    explained_by: EXPLAINED,
    check: Check::Refusal(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let Some(refusal) = Refusal::of(transaction, 420, to) else {
        return;
    };
    let unsupported: Vec<String> = tags(&refusal.answer.message, HeaderName::Unsupported);
    let theirs = unsupported.iter().any(|tag| is_microsoft(tag));
    // A conversation of more than two is refused in whatever way; that is no fault. Other telephony is none of ours.
    if Invitation::of(&refusal.request.message).is_some_and(|i| i.group.is_some())
        || (!theirs && !matches!(call.kind(), Kind::Presence | Kind::Im))
    {
        return;
    }
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let method = transaction.method();
    let mut demanded = tags(&refusal.request.message, HeaderName::Require);
    demanded.extend(tags(&refusal.request.message, HeaderName::ProxyRequire));
    let what = if unsupported.is_empty() {
        "an extension it does not name".to_owned()
    } else {
        unsupported.join(", ")
    };
    let building = refusal
        .report(
            call,
            format!("{who} refuses {method} of {whom} with 420 Bad Extension: it lacks {what}"),
            format!("{method} of {whom} demands {what}, and {who} does not have it."),
            to,
        )
        .key(what)
        .detail("Not supported", unsupported)
        .detail("Demanded (Require, Proxy-Require)", demanded);
    // To ask, be told and ask again without it is how extensions are negotiated.
    if refusal.healing.is_healed() {
        let _ = building.severity(Severity::Note);
    }
}

fn tags(message: &Message, name: HeaderName) -> Vec<String> {
    message
        .list(name)
        .take(16)
        .map(|tag| tag.to_str().into_owned())
        .collect()
}

fn is_microsoft(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    tag.starts_with("ms-")
        || tag.starts_with("msrtc")
        || tag.starts_with("com.microsoft.")
        || matches!(tag.as_str(), "adhoclist" | "categorylist")
}
