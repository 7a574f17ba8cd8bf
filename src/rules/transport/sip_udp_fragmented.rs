//! SIP over UDP in IP fragments.

use crate::dialog::{Call, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::brief;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "sip-udp-fragmented",
    class: Class::Transport,
    severity: Severity::Warning,
    summary: "a SIP message over UDP is larger than the path takes and goes in IP fragments",
    explanation: "A datagram that does not fit into one packet is cut into fragments. Many firewalls drop the second and later fragments, \
        because they carry no port; then the whole message is lost, every time, while small ones get through. Cisco and Lync never federate \
        over UDP: a message that goes there has lost its transport on the way, or belongs to an older leg.",
    causes: &[
        "a large request (INVITE with much SDP, presence document) is sent over UDP instead of TCP or TLS",
        "a Record-Route or Contact without transport parameter leads to UDP",
    ],
    confirm: &["Capture on the receiving box: do all fragments arrive?"],
    fix: Fix {
        cisco: &[
            "Use TCP or TLS on this leg: the static route's Protocol Type, and Use Transport in Record-Route Header = On.",
        ],
        microsoft: &[],
        network: &["Let fragments through between the two boxes."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 3261 section 18.1.1 (1300 bytes)",
        "RFC 8900 (IP fragmentation considered fragile)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Transaction(check),
};

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let Some(request) = transaction.request else {
        return;
    };
    if request.hop.carriage != "udp" {
        return;
    }
    let pieces = request.message.frames().count();
    if pieces < 2 {
        return;
    }
    // Whoever answers at all has got it.
    let answered = !transaction.finals.is_empty() || !transaction.provisional.is_empty();
    let lost = !answered && transaction.failed(call, to.context().last);
    if !answered && !lost {
        return;
    }
    let (who, whom) = (to.label(transaction.asker), to.label(transaction.asked));
    let bytes = request.message.raw().len();
    let building = to
        .report(
            transaction.asker,
            transaction.asked,
            if lost {
                format!(
                    "{} of {who} goes to {whom} in {pieces} IP fragments and gets no answer",
                    transaction.method()
                )
            } else {
                format!(
                    "{} of {who} to {whom} goes over UDP in {pieces} IP fragments",
                    transaction.method()
                )
            },
            Evidence::seen(
                request.at(),
                format!("{}, {bytes} bytes in {pieces} fragments", brief(request)),
            ),
        )
        .summary(format!(
            "The message has {bytes} bytes; over UDP that makes {pieces} fragments. {}",
            if lost {
                "Nothing came back: a firewall may drop the fragments."
            } else {
                "It arrived this time."
            }
        ))
        .confidence(Confidence::Medium)
        .on_call(&call.id());
    let _ = if lost {
        building.absent(request.at(), "any response")
    } else {
        building.severity(Severity::Note)
    };
}
