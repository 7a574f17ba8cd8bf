//! What to capture next, and where: the evidence that this capture lacks.

use super::course::{Course, Fares};
use super::{Part, Placed, Verdict};
use crate::base::{Caveat, CaveatKind};
use crate::finding::{Confidence, Severity};
use crate::host::{Hosts, Role};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Something to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is lacking, in a sentence.
    pub lacking: String,
    /// What to do about it, step by step.
    pub steps: Vec<String>,
}

/// What is known when the question is asked.
#[derive(Debug)]
pub struct Known<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// The findings.
    pub placed: &'a [Placed],
    /// Direction by direction.
    pub courses: &'a [Course],
    /// Who is who.
    pub hosts: &'a Hosts,
    /// What was not seen.
    pub caveats: &'a [Caveat],
    /// DNS messages seen.
    pub dns: u64,
    /// Matters that were not decided because the capture ended.
    pub undecided: bool,
    /// Sessions that were not decrypted: their names, and what would make them readable.
    pub unread: Vec<(&'a str, &'a str)>,
}

/// Faults behind which a name may stand that did not resolve.
const NAMES_MATTER: &[&str] = &[
    "trust-naked-504",
    "trust-504-from-lync",
    "sip-408-timeout",
    "pres-subscribe-no-notify",
    "pres-notify-unanswered",
    "im-session-half-open",
    "sip-404-user-unknown",
];

/// What to capture next; empty where this capture says all.
pub fn wanted(known: &Known<'_>) -> Vec<Wanted> {
    let mut all = Vec::new();
    if known.verdict == Verdict::Healthy {
        return all;
    }
    let explained = known
        .placed
        .iter()
        .any(|p| p.finding.severity > Severity::Note);
    if known.undecided {
        all.push(Wanted {
            lacking: "The capture ends before some answers could have come.".to_owned(),
            steps: vec![
                "Let it run for at least 40 s after the attempt that fails (a SIP transaction takes up to 32 s)."
                    .to_owned(),
            ],
        });
    }
    if !explained {
        for pair in known.courses.chunks(2) {
            if let [a, b] = pair
                && (a.fares == Fares::Unseen) != (b.fares == Fares::Unseen)
            {
                let unseen = if a.fares == Fares::Unseen { a } else { b };
                all.push(Wanted {
                    lacking: format!(
                        "Nothing of the direction {} > {} is in the capture.",
                        known.hosts.label(unseen.from),
                        known.hosts.label(unseen.to)
                    ),
                    steps: on(known.hosts, unseen.from, Some(unseen.to)),
                });
            }
        }
    }
    // Where the cause is certain, a name is not it.
    if !explained {
        secrets(known, &mut all);
    }
    let names = known.placed.iter().find(|p| {
        p.part == Part::Root
            && p.finding.confidence < Confidence::High
            && NAMES_MATTER.contains(&p.finding.rule)
    });
    if known.dns == 0
        && let Some(placed) = names
        && let Some(asker) = placed.finding.from
    {
        all.push(Wanted {
            lacking: format!(
                "No DNS is in the capture; whether {} could resolve the names it needs is not to be seen.",
                known.hosts.label(asker)
            ),
            steps: on(known.hosts, asker, None),
        });
    }
    if known.courses.is_empty() && !explained {
        all.push(Wanted {
            lacking: "No SIP between two servers is in the capture.".to_owned(),
            steps: vec![
                "Capture on one of the two servers itself while the fault is provoked: filter `host <the other server> or port 53 or icmp`, whole packets."
                    .to_owned(),
            ],
        });
    }
    quality(known, &mut all);
    if explained {
        secrets(known, &mut all);
    }
    all
}

/// Each advice once, in order of the first session that it is about, with those sessions.
fn secrets(known: &Known<'_>, all: &mut Vec<Wanted>) {
    let mut advice: Vec<(&str, Vec<&str>)> = Vec::new();
    for (session, text) in known.unread.iter().filter(|(_, text)| !text.is_empty()) {
        match advice.iter_mut().find(|(known, _)| known == text) {
            Some((_, sessions)) => sessions.push(session),
            None => advice.push((text, vec![session])),
        }
    }
    for (text, sessions) in advice {
        all.push(Wanted {
            lacking: format!("What is inside {} could not be read.", named(&sessions)),
            steps: vec![text.to_owned()],
        });
    }
}

/// `tcp.stream 0, tcp.stream 4 and 12 more`
fn named(sessions: &[&str]) -> String {
    const NAMED: usize = 3;
    let first: Vec<&str> = sessions.iter().take(NAMED).copied().collect();
    match sessions.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// What is to be done better by the capture itself.
fn quality(known: &Known<'_>, all: &mut Vec<Wanted>) {
    let kinds: BTreeSet<CaveatKind> = known.caveats.iter().map(|c| c.kind).collect();
    let mut say = |lacking: &str, step: &str| {
        all.push(Wanted {
            lacking: lacking.to_owned(),
            steps: vec![step.to_owned()],
        });
    };
    if kinds.contains(&CaveatKind::SnapLength) {
        say(
            "Packets were cut short.",
            "Capture whole packets: tcpdump -s 0; on the Cisco node `size all`.",
        );
    }
    if kinds.contains(&CaveatKind::StreamGap) || kinds.contains(&CaveatKind::CaptureDrops) {
        say(
            "Packets were lost while capturing.",
            "Use a narrower filter and a larger buffer: tcpdump -B 65536 'host A and host B or port 53 or icmp'.",
        );
    }
    if kinds.contains(&CaveatKind::OneDirection) {
        say(
            "Only one direction of some connections was captured.",
            "Capture on one of the two servers, or mirror both directions of its switch port.",
        );
    }
    if !known.unread.is_empty() && kinds.contains(&CaveatKind::MidStream) {
        say(
            "Connections were open before the capture began, so their handshakes are missing.",
            "Start the capture first, then restart the SIP proxy on one side so that connections are made anew.",
        );
    }
}

/// How to capture on a host of that role.
fn on(hosts: &Hosts, host: IpAddr, peer: Option<IpAddr>) -> Vec<String> {
    let label = hosts.label(host);
    let filter = peer.map_or_else(
        || "port 53 or port 5061 or port 5062 or icmp".to_owned(),
        |peer| format!("host {peer} or port 53 or icmp"),
    );
    match hosts.role(host) {
        Role::Cisco => vec![
            format!(
                "On {label}, in its command line: utils network capture eth0 file sipdiag count 100000 size all{}",
                peer.map_or_else(String::new, |_| {
                    " (without a host filter, so that DNS is in it)".to_owned()
                })
            ),
            "Fetch it: file get activelog platform/cli/sipdiag.cap".to_owned(),
        ],
        Role::Lync | Role::Edge => vec![format!(
            "On {label}: dumpcap -s 0 -w sipdiag.pcapng -f \"{filter}\" (comes with Wireshark); without it netsh trace start \
             capture=yes tracefile=C:\\sipdiag.etl, netsh trace stop, and etl2pcapng."
        )],
        _ => vec![format!(
            "On {label}: tcpdump -i any -s 0 -w sipdiag.pcap '{filter}'"
        )],
    }
}
