//! The clocks of the two sides differ.

use crate::base::Span;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Reading;
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "clock-skew-between-peers",
    class: Class::Cert,
    severity: Severity::Warning,
    summary: "the clocks of a Microsoft and a Cisco server differ by more than five minutes",
    explanation: "Hosts write the time into what they send: in the Random of a TLS hello, in the Date of a challenge, in the Call-ID of the Cisco \
        gateway. Held against the clock of the capture these show how far the two are apart. Kerberos, NTLM and TLS-DSK refuse more than \
        five minutes, and a certificate may be valid on one box and not on the other.",
    causes: &[
        "one box does not reach its time server, or has the wrong one",
        "the time is right and the time zone wrong: the difference is a whole number of hours",
    ],
    confirm: &[
        "Cisco: utils ntp status on the command line of the node. Windows: w32tm /query /status.",
    ],
    fix: Fix {
        cisco: &[
            "OS Administration > Settings > NTP Servers; the publisher must reach them (UDP 123).",
        ],
        microsoft: &[
            "w32tm /config /syncfromflags:domhier /update; w32tm /resync; the domain controller with the PDC role needs an outside source.",
        ],
        network: &["Let NTP (UDP 123) through to the time servers."],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 5246 section 7.4.1.2 (gmt_unix_time), RFC 3261 section 20.17 (Date)",
        "[MS-OCER] section 2.2.1 (1013, significant time skew)",
        "Cisco, Interdomain Federation guide 14, Troubleshooting (time of ASA, IM and Presence and CUCM)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Capture(check),
};

/// What Kerberos allows (RFC 4120 §7.5.8: five minutes by default).
const ALLOWED: Span = Span::from_secs(300);
const HOUR: Span = Span::from_secs(3_600);
/// How near to a whole hour a wrong time zone is.
const NEARLY: Span = Span::from_secs(120);
/// Hosts of a side that are looked at.
const HOSTS: usize = 64;

fn side(context: &Context<'_>, is: impl Fn(IpAddr) -> bool) -> Vec<(IpAddr, Reading)> {
    context
        .hosts
        .iter()
        .filter(|(address, _)| is(*address))
        .filter_map(|(address, host)| Some((address, host.clock()?)))
        .take(HOSTS)
        .collect()
}

fn distance(a: Span, b: Span) -> Span {
    Span::from_nanos(a.nanos().saturating_sub(b.nanos()).saturating_abs())
}

fn check(to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let microsoft = side(context, |a| context.hosts.is_microsoft(a));
    let cisco = side(context, |a| context.hosts.is_cisco(a));
    for (lync, theirs) in &microsoft {
        for (cup, ours) in &cisco {
            let apart = distance(theirs.ahead, ours.ahead);
            if apart > ALLOWED && context.between(*lync, *cup).next().is_some() {
                report((*lync, *theirs), (*cup, *ours), apart, to);
            }
        }
    }
}

/// Whether requests between the two failed with a challenge: then the clocks may be why.
fn refused(a: IpAddr, b: IpAddr, context: &Context<'_>) -> bool {
    context
        .tally
        .all()
        .into_iter()
        .any(|(asker, asked, _, exchange)| {
            ((asker, asked) == (a, b) || (asker, asked) == (b, a))
                && exchange.methods.values().any(|outcomes| {
                    outcomes.failed > 0
                        && [401, 407]
                            .iter()
                            .any(|status| outcomes.finals.contains_key(status))
                })
        })
}

/// A reading in words: how the host's clock stands against the capture's.
fn stands(name: &str, reading: Reading) -> String {
    let behind = reading.ahead < Span::ZERO;
    let by = distance(reading.ahead, Span::ZERO);
    if by < Span::from_secs(1) {
        format!(
            "{name} agrees with the clock of the capture ({})",
            reading.source
        )
    } else {
        let way = if behind { "behind" } else { "ahead of" };
        format!(
            "{name} is {by} {way} the clock of the capture ({})",
            reading.source
        )
    }
}

fn report(
    (lync, theirs): (IpAddr, Reading),
    (cup, ours): (IpAddr, Reading),
    apart: Span,
    to: &mut Reporter<'_, '_>,
) {
    let (who, whom) = (to.label(cup), to.label(lync));
    let way = if ours.ahead < theirs.ahead {
        "behind"
    } else {
        "ahead of"
    };
    let over = apart.nanos().checked_rem(HOUR.nanos()).unwrap_or(0);
    let over = over.min(HOUR.nanos().saturating_sub(over));
    let zone = apart >= distance(HOUR, NEARLY) && over <= NEARLY.nanos();
    let refused = refused(lync, cup, to.context());
    let building = to
        .report(
            cup,
            lync,
            format!("The clock of {who} is {apart} {way} that of {whom}"),
            Evidence::seen(ours.at, format!("{} of {who}", ours.source)),
        )
        .summary(format!(
            "{}. {}. They are {apart} apart; sign-in by Kerberos, NTLM and TLS-DSK allows five minutes.{}",
            stands(&who, ours),
            stands(&whom, theirs),
            if zone { " That is a whole number of hours: look at the time zone." } else { "" }
        ))
        .seen(theirs.at, format!("{} of {whom}", theirs.source));
    // Where nobody is refused, nothing has come of it yet.
    let building = building.severity(if refused {
        Severity::Error
    } else {
        Severity::Warning
    });
    // A time in a hello is what the stack writes there; two boxes that both write something else have not been seen.
    if ours.source == theirs.source {
        return;
    }
    let _ = building.confidence(Confidence::Medium);
}
