//! One side puts a record without content in front of what it sends.

use super::outcome::concerns;
use super::sources::{CISCO_LYNC, CISCO_TROUBLE, MEASURED};
use super::words::side;
use crate::base::{Direction, FrameRef, Span};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};
use crate::tls::{RecordStats, TlsSummary, Version};

pub(super) static RULE: Rule = Rule {
    name: "tls-empty-fragments",
    class: Class::Tls,
    severity: Severity::Warning,
    summary: "the Cisco side puts an empty TLS record in front of each message, which delays presence and IM",
    explanation: "With a CBC suite up to TLS 1.0 an attacker can predict the initialisation vector of a record. OpenSSL \
        answers that by sending an empty record before each one with content. Windows servers wait or work longer on such \
        pairs; Cisco's guide names delayed availability and delayed instant messages as the result, and an option that \
        turns the empty records off. On the wire the pair is a shortest possible record followed at once by a longer one. \
        Windows and Java split one byte off instead (1/n-1), which has the same length, is harmless, and is not reported \
        when the sender is a Microsoft server; without keys the two cannot be told apart.",
    causes: &[
        "Disable Empty TLS Fragments is not selected in the TLS context of the Cisco SIP proxy",
        "another program with OpenSSL's default options stands on the Cisco side, such as a TLS proxy",
    ],
    confirm: &[
        "Are presence changes and messages late in this direction only, and does the delay go away with the option set?",
        "Decrypt the capture (--keylog): the first record of each pair then shows whether it is empty.",
    ],
    fix: Fix {
        cisco: &[
            "System > Security > TLS Context Configuration > Default_Cisco_UPS_SIP_Proxy_Peer_Auth_TLS_Context: select Disable \
             Empty TLS Fragments, save, then restart the Cisco SIP Proxy (Tools > Control Center - Feature Services).",
        ],
        microsoft: &[
            "Nothing has to change. With TLS 1.1 or later on both sides (HKLM\\SYSTEM\\CurrentControlSet\\Control\\\
             SecurityProviders\\SCHANNEL\\Protocols) neither side splits records.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        CISCO_TROUBLE,
        CISCO_LYNC,
        "Microsoft KB 2643584 (MS12-006), https://mskb.pkisolutions.com/en-us/help/2643584",
        MEASURED,
        "RFC 5246 section 6.2.1, RFC 4346 appendix F.3",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// Pairs it takes: single short records are keep-alives.
const PAIRS: usize = 5;
/// Of a hundred writes, how many are pairs where it is a habit.
const HABIT: usize = 80;
/// OpenSSL puts both records into one segment; programs that write twice may wait for an acknowledgement between them.
const AT_ONCE: Span = Span::from_millis(250);

/// How a side cuts what it sends.
#[derive(Debug, Default)]
struct Splitting {
    /// Runs of records that were one write.
    writes: usize,
    /// Writes that begin with a shortest record.
    split: usize,
    /// Of those, the ones that go on with a longer record: the short and the long one.
    pairs: Vec<((FrameRef, u16), (FrameRef, u16))>,
}

/// Reads the kept record lengths of one side; `minimal` is the length of a record without content.
fn splitting(stats: &RecordStats, minimal: usize) -> Splitting {
    let mut all = Splitting::default();
    let mut records = stats.application_lengths.iter().copied().peekable();
    while let Some((at, len)) = records.next() {
        all.writes = all.writes.saturating_add(1);
        if usize::from(len) != minimal {
            continue;
        }
        let next = records.next_if(|(next, _)| next.time.since(at.time) <= AT_ONCE);
        let Some((next, next_len)) = next else {
            continue;
        };
        all.split = all.split.saturating_add(1);
        if usize::from(next_len) > minimal {
            all.pairs.push(((at, len), (next, next_len)));
        }
    }
    all
}

impl Splitting {
    fn is_habit(&self) -> bool {
        self.pairs.len() >= PAIRS
            && self.split.saturating_mul(100) >= self.writes.saturating_mul(HABIT)
    }

    /// Time from each pair to the next record of the other side, shortest first.
    fn answers(&self, other: &RecordStats) -> Vec<Span> {
        let mut spans: Vec<Span> = self
            .pairs
            .iter()
            .filter_map(|(_, (sent, _))| {
                let (answer, _) = other.application_lengths.iter().find(|(at, _)| at > sent)?;
                Some(answer.time.since(sent.time))
            })
            .collect();
        spans.sort_unstable();
        spans
    }
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    // From TLS 1.1 on each record has its own initialisation vector, and nobody splits (RFC 4346 section 6.2.3.2).
    let old = |v: Version| v == Version::SSL3 || v == Version::TLS10;
    if !tls.version().is_some_and(old)
        || !tls.suite().is_some_and(|suite| suite.is_cbc())
        || !concerns(connection, to.context())
    {
        return;
    }
    for direction in [Direction::Originator, Direction::Responder] {
        judge(connection, tls, direction, to);
    }
}

fn judge(
    connection: &Connection,
    tls: &TlsSummary,
    direction: Direction,
    to: &mut Reporter<'_, '_>,
) {
    let Some(minimal) = tls.sealed_len(0) else {
        return;
    };
    let [mine, theirs] = [direction, direction.reverse()].map(|d| tls.records.get(d.index()));
    let (Some(mine), Some(theirs)) = (mine, theirs) else {
        return;
    };
    let seen = splitting(mine, minimal);
    if !seen.is_habit() {
        return;
    }
    let context = to.context();
    let [sender, receiver] =
        [direction, direction.reverse()].map(|d| connection.flow.sender(d).addr);
    let confirmed = mine.empty_records > 0;
    let opened = tls.plaintext_bytes.get(direction.index()).copied();
    // Opened records that are never empty: one byte was split off.
    if !confirmed && opened.is_some_and(|bytes| bytes > 0) {
        return;
    }
    let Some((severity, confidence)) =
        weigh(context.role(sender), context.role(receiver), confirmed)
    else {
        return;
    };
    let (who, whom) = (
        side(connection, direction, to),
        side(connection, direction.reverse(), to),
    );
    let (title, meaning) = if confirmed {
        (
            format!("{who} puts an empty TLS record in front of what it sends to {whom}"),
            format!(
                "{} decrypted records of it have no content.",
                mine.empty_records
            ),
        )
    } else {
        (
            format!(
                "{who} seems to put an empty TLS record in front of what it sends to {whom}"
            ),
            "It is an empty fragment, or one byte split off (1/n-1): without keys they look the same.".to_owned(),
        )
    };
    let answers = seen.answers(theirs);
    let middle = answers.get(answers.len() / 2);
    let latency = match (middle, answers.last()) {
        (Some(middle), Some(longest)) => vec![format!(
            "{middle} in the middle, {longest} at most ({} measured)",
            answers.len()
        )],
        _ => Vec::new(),
    };
    let sizes = seen
        .pairs
        .iter()
        .take(8)
        .map(|((_, a), (_, b))| format!("{a} + {b} bytes"));
    let sizes: Vec<String> = sizes.collect();
    let suite = tls.suite().map_or_else(String::new, |s| s.name());
    let version = tls.version().map_or_else(String::new, |v| v.name());
    let mut pairs = seen.pairs.iter();
    let Some(((first, len), _)) = pairs.next() else {
        return;
    };
    let mut built = to
        .report(
            sender,
            receiver,
            title,
            Evidence::seen(
                *first,
                format!("record of {len} bytes, as short as one without content, and a longer one right after it"),
            ),
        )
        .severity(severity)
        .confidence(confidence)
        .key(connection.server().port.to_string())
        .summary(format!(
            "{} of the first {} writes of {who} begin with a record of {len} bytes, the shortest there is with {suite} in \
             {version}. {meaning} Empty fragments are known to delay presence and instant messages with Microsoft servers.",
            seen.split, seen.writes
        ))
        .detail("Records", sizes)
        .detail("Time until the other side sent something again", latency)
        .on_stream(Some(connection.flow.stream));
    for ((at, len), _) in pairs.take(2) {
        built = built.seen(*at, format!("another such record of {len} bytes"));
    }
    if context.role(sender) == Role::Cisco {
        let _ = built.cisco(
            "This is the side to change: Disable Empty TLS Fragments in the TLS context of the SIP proxy.",
        );
    }
}

/// How bad it is and how sure; nothing where a Microsoft server or an end user's client sends, whose stacks split one byte off.
fn weigh(sender: Role, receiver: Role, confirmed: bool) -> Option<(Severity, Confidence)> {
    match (sender, receiver, confirmed) {
        (Role::Cisco, _, true) | (Role::Unknown, Role::Lync | Role::Edge, true) => {
            Some((Severity::Warning, Confidence::High))
        }
        (Role::Cisco, _, false) | (Role::Unknown, Role::Lync | Role::Edge, false) => {
            Some((Severity::Warning, Confidence::Medium))
        }
        (Role::Unknown, Role::Unknown, true) => Some((Severity::Warning, Confidence::Medium)),
        (Role::Unknown, Role::Unknown, false) => Some((Severity::Note, Confidence::Low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    fn stats(records: &[(i64, u16)]) -> RecordStats {
        let at = |millis: i64| FrameRef {
            time: Timestamp::from_nanos(millis * 1_000_000),
            ..FrameRef::default()
        };
        let mut stats = RecordStats::default();
        stats.application_lengths = records.iter().map(|(t, len)| (at(*t), *len)).collect();
        stats
    }

    #[test]
    fn a_keep_alive_before_each_message_is_no_pair() {
        let spaced: Vec<(i64, u16)> = (0..6)
            .flat_map(|n| [(n * 60_000, 32), (n * 60_000 + 20_000, 608)])
            .collect();
        let seen = splitting(&stats(&spaced), 32);
        assert_eq!((seen.writes, seen.split, seen.pairs.len()), (12, 0, 0));
        assert!(!seen.is_habit());
    }

    #[test]
    fn opened_records_make_it_sure_and_microsoft_servers_are_left_alone() {
        let (low, medium, high) = (Confidence::Low, Confidence::Medium, Confidence::High);
        let sure = |sender, receiver, confirmed| weigh(sender, receiver, confirmed).map(|w| w.1);
        assert_eq!(sure(Role::Cisco, Role::Lync, true), Some(high));
        assert_eq!(sure(Role::Cisco, Role::Lync, false), Some(medium));
        assert_eq!(sure(Role::Unknown, Role::Edge, true), Some(high));
        assert_eq!(sure(Role::Unknown, Role::Unknown, false), Some(low));
        assert_eq!(sure(Role::Lync, Role::Cisco, true), None);
        assert_eq!(sure(Role::Unknown, Role::Cisco, false), None);
    }

    #[test]
    fn short_writes_behind_an_empty_record_are_split_writes() {
        let pairs = [
            (0, 32),
            (0, 608),
            (1_000, 32),
            (1_000, 32),
            (2_000, 608),
            (3_000, 32),
        ];
        let seen = splitting(&stats(&pairs), 32);
        assert_eq!((seen.writes, seen.split, seen.pairs.len()), (4, 2, 1));
    }

    #[test]
    fn four_of_five_writes_make_a_habit_and_three_do_not() {
        let of = |split: i64, whole: i64| {
            let mut all: Vec<(i64, u16)> = (0..split)
                .flat_map(|n| [(n * 1_000, 24), (n * 1_000, 560)])
                .collect();
            all.extend((0..whole).map(|n| (100_000 + n * 1_000, 560)));
            splitting(&stats(&all), 24).is_habit()
        };
        assert!(of(5, 0) && of(8, 2));
        assert!(!of(4, 0) && !of(6, 2));
    }
}
