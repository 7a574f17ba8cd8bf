//! The whole page as the template wants it.

use super::chart::{self, ChartView};
use super::finding::{FindingView, Node, finding, tree};
use super::sessions::{SessionView, session};
use super::{CSS, SCRIPT, policy};
use crate::base::FrameRef;
use crate::diagnosis::Fares;
use crate::render::ladder::{left_out, pictures};
use crate::render::time::Clock;
use crate::render::words::{self, BREAK};
use crate::render::{Style, escape};
use crate::report::Report;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows of a table on a page; the rest is in the lists.
const ROWS: usize = 200;
/// Charts on a page: of a large capture those in which something was found, then the first others.
const CHARTS: usize = 60;

/// What of the report goes on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Charts,
}

#[derive(Debug, Serialize)]
pub(super) struct View {
    css: &'static str,
    script: &'static str,
    policy: String,
    version: &'static str,
    only_charts: bool,
    verdict: &'static str,
    word: String,
    headline: String,
    more_causes: Option<String>,
    redacted: Option<&'static str>,
    captures: Vec<String>,
    parts: Vec<Entry>,
    tree: Vec<Node>,
    roots: Vec<FindingView>,
    others: Vec<FindingView>,
    timeline: Vec<Vec<String>>,
    directions: Vec<Direction>,
    undecided: Vec<String>,
    wanted: Vec<Wanted>,
    charts: Vec<ChartView>,
    charts_left_out: Vec<String>,
    hosts_header: [&'static str; 4],
    hosts: Vec<Vec<String>>,
    hosts_more: Option<String>,
    connections_header: [&'static str; 4],
    connections: Vec<Vec<String>>,
    connections_more: Option<String>,
    sessions: Vec<SessionView>,
    sessions_more: Option<String>,
    methods_header: [&'static str; 3],
    methods: Vec<Vec<String>>,
    read: Vec<String>,
    not_seen: Vec<String>,
    not_seen_more: Option<String>,
}

/// An entry of the table of contents.
#[derive(Debug, Serialize)]
struct Entry {
    anchor: &'static str,
    title: &'static str,
}

#[derive(Debug, Serialize)]
struct Direction {
    text: String,
    class: &'static str,
}

#[derive(Debug, Serialize)]
struct Wanted {
    lacking: String,
    steps: Vec<String>,
}

/// A labelled list of values.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    pub(super) label: String,
    pub(super) values: Vec<String>,
}

/// Text that cannot change how the text around it looks; the template escapes it for HTML.
pub(super) fn safe(text: &str) -> String {
    escape::line(text).into_owned()
}

/// The anchor of a finding.
pub(super) fn anchor(finding: usize) -> String {
    format!("f{finding}")
}

/// Where the arrows of frames are on the page.
pub(super) struct Links(BTreeMap<FrameRef, String>);

impl Links {
    pub(super) fn arrow(&self, at: FrameRef) -> Option<String> {
        self.0.get(&at).cloned()
    }
}

impl View {
    pub(super) fn new(report: &Report, style: Style, part: Part) -> Self {
        let clock = Clock::new(report, style.time);
        let mut pictures = pictures(report, &clock);
        let too_many = pictures.len().saturating_sub(CHARTS);
        pictures.truncate(CHARTS);
        let links = Links(chart::arrows(&pictures));
        let mut charts_left_out = left_out(report);
        if too_many > 0 {
            charts_left_out.push(format!("{too_many} more charts are in --ladder."));
        }
        let shown = |n: usize| {
            let placed = report.findings.get(n)?;
            Some(finding(n, placed, report, &clock, &links))
        };
        let root_places: Vec<usize> = words::causes(report).map(|(n, _)| n).collect();
        let (connections, connections_more) = cut(
            table(words::connections(report, &clock)),
            "--list connections",
        );
        let (hosts, hosts_more) = cut(table(words::hosts(report)), "--format json");
        let (sessions, sessions_more) = cut(
            report
                .connections
                .iter()
                .filter_map(|c| session(c, report))
                .collect(),
            "--list connections --format json",
        );
        let (not_seen, more) = words::not_seen(report, &clock, ROWS);
        let mut view = Self {
            css: CSS,
            script: SCRIPT,
            policy: policy(),
            version: env!("CARGO_PKG_VERSION"),
            only_charts: part == Part::Charts,
            verdict: report.verdict.name(),
            word: report.verdict.name().to_uppercase(),
            headline: safe(&words::sentence(report)),
            redacted: report.redacted.then_some(words::REDACTED),
            more_causes: words::more_causes(report),
            captures: words::files(report, &clock)
                .iter()
                .map(|l| safe(l))
                .collect(),
            parts: Vec::new(),
            tree: tree(report),
            others: (0..report.findings.len())
                .filter(|n| !root_places.contains(n))
                .take(ROWS)
                .filter_map(shown)
                .collect(),
            roots: root_places.iter().filter_map(|n| shown(*n)).collect(),
            timeline: if root_places.len() < 2 {
                Vec::new()
            } else {
                let faults = words::timeline(report, &clock).into_iter().take(ROWS);
                faults
                    .map(|f| {
                        vec![
                            f.time,
                            safe(&f.frame),
                            f.placed.finding.rule.to_owned(),
                            f.mark,
                        ]
                    })
                    .collect()
            },
            directions: words::directions(report, &clock)
                .into_iter()
                .map(|(text, fares)| Direction {
                    text: safe(&text),
                    class: match fares {
                        Fares::Works => "good",
                        Fares::Fails => "bad",
                        Fares::Partly | Fares::Recovered => "warn",
                        Fares::Open | Fares::Unread | Fares::Unseen => "open",
                    },
                })
                .collect(),
            undecided: words::undecided(report, &clock)
                .iter()
                .map(|l| safe(l))
                .collect(),
            wanted: report
                .wanted
                .iter()
                .map(|w| Wanted {
                    lacking: safe(&w.lacking),
                    steps: w.steps.iter().map(|s| safe(s)).collect(),
                })
                .collect(),
            charts: pictures
                .iter()
                .enumerate()
                .map(|(n, p)| chart::view(n, p, report))
                .collect(),
            charts_left_out,
            hosts_header: words::HOSTS,
            hosts,
            hosts_more,
            connections_header: words::CONNECTIONS,
            connections,
            connections_more,
            sessions,
            sessions_more,
            methods_header: words::METHODS,
            methods: table(words::methods(report)),
            read: words::read(report, &clock)
                .iter()
                .map(|l| safe(l))
                .collect(),
            not_seen: not_seen.iter().map(|l| safe(l)).collect(),
            not_seen_more: (more > 0).then(|| format!("... and {more} more: --format json")),
        };
        view.parts = view.contents();
        view
    }

    /// The parts that are there.
    fn contents(&self) -> Vec<Entry> {
        let all = !self.only_charts;
        [
            (all && !self.roots.is_empty(), "causes", "What is wrong"),
            (
                all && !self.timeline.is_empty(),
                "timeline",
                "What went wrong first",
            ),
            (
                all && !self.directions.is_empty(),
                "directions",
                "Directions",
            ),
            (all && !self.undecided.is_empty(), "undecided", "Undecided"),
            (all && !self.wanted.is_empty(), "wanted", "Capture next"),
            (!self.charts.is_empty(), "charts", "Charts"),
            (all && !self.others.is_empty(), "others", "What follows"),
            (all && !self.hosts.is_empty(), "hosts", "Hosts"),
            (
                all && !self.connections.is_empty(),
                "connections",
                "Connections",
            ),
            (all && !self.sessions.is_empty(), "sessions", "TLS sessions"),
            (all && !self.methods.is_empty(), "methods", "SIP"),
            (all, "read", "What was read"),
            (
                all && !self.not_seen.is_empty(),
                "not-seen",
                "What was not seen",
            ),
        ]
        .into_iter()
        .filter(|(there, _, _)| *there)
        .map(|(_, anchor, title)| Entry { anchor, title })
        .collect()
    }
}

fn table(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.into_iter()
        .map(|row| {
            let cells = row.into_iter();
            cells.map(|cell| safe(&cell.replace(BREAK, " "))).collect()
        })
        .collect()
}

/// As many as a page bears, and where the others are.
fn cut<T>(mut rows: Vec<T>, place: &str) -> (Vec<T>, Option<String>) {
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    (
        rows,
        (more > 0).then(|| format!("... and {more} more: {place}")),
    )
}
