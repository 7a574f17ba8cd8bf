//! Message sequence charts: `--ladder`, and the charts of the other formats.

mod mermaid;
mod text;

pub(super) use mermaid::mermaid;
pub use text::{Lines, text};

use super::time::Clock;
use crate::base::{FrameRef, Span};
use crate::finding::Severity;
use crate::host::Role;
use crate::ladder::{Arrow, Chart, Layer, PAUSE, Subject, Tone};
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A chart laid out: which column each arrow begins and ends in, and what findings say about it.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    pub(super) chart: &'a Chart,
    /// One line above the chart.
    pub(super) title: String,
    /// The hosts from left to right.
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row<'a>>,
    /// Something is wrong in it: a finding cites one of its frames.
    pub(super) cited: bool,
}

/// A host.
#[derive(Debug)]
pub(super) struct Column {
    /// `Lync`, `Cisco`; empty where nobody can tell.
    pub(super) role: &'static str,
    pub(super) address: String,
}

/// An arrow in its place.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) arrow: &'a Arrow,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) time: String,
    /// The frame number, and with several captures which one it is in.
    pub(super) frame: String,
    /// A long silence before it.
    pub(super) pause: Option<Span>,
    /// The findings that cite this frame: places in the report, the worst first.
    pub(super) findings: Vec<usize>,
    /// A finding worse than a note cites it and it is not just the request: the arrow to look at.
    pub(super) failing: bool,
}

/// The side of the chart on which a role stands: Lync on the left, Cisco on the right, as in the lab's drawings.
const fn side(role: Role) -> u8 {
    match role {
        Role::Lync => 1,
        Role::Edge => 2,
        Role::Unknown => 3,
        Role::Dns => 4,
        Role::Cisco => 5,
        Role::Client => 6,
    }
}

/// All charts of a report, those with findings first.
pub(super) fn pictures<'a>(report: &'a Report, clock: &Clock) -> Vec<Picture<'a>> {
    let cited = Cited::new(report);
    let mut pictures: Vec<Picture<'a>> = report
        .charts
        .charts
        .iter()
        .map(|chart| picture(chart, report, clock, &cited))
        .collect();
    pictures.sort_by_key(|p| (!p.cited, p.chart.span().map(|(first, _)| first)));
    pictures
}

/// Which findings cite a frame.
struct Cited(BTreeMap<FrameRef, Vec<usize>>);

impl Cited {
    fn new(report: &Report) -> Self {
        let mut by_frame: BTreeMap<FrameRef, Vec<usize>> = BTreeMap::new();
        for (n, placed) in report.findings.iter().enumerate() {
            let frames: BTreeSet<FrameRef> = placed.finding.evidence.iter().map(|e| e.at).collect();
            for at in frames {
                by_frame.entry(at).or_default().push(n);
            }
        }
        Self(by_frame)
    }

    fn of(&self, at: FrameRef) -> &[usize] {
        self.0.get(&at).map_or(&[], Vec::as_slice)
    }
}

fn picture<'a>(chart: &'a Chart, report: &Report, clock: &Clock, cited: &Cited) -> Picture<'a> {
    let mut hosts = chart.hosts();
    let seen = hosts.clone();
    let place = |host: &IpAddr| seen.iter().position(|h| h == host);
    hosts.sort_by_key(|host| (side(report.hosts.role(*host)), place(host)));
    let column = |host: IpAddr| hosts.iter().position(|h| *h == host).unwrap_or_default();
    let worse = |n: &usize| {
        let found = report.findings.get(*n);
        found.is_some_and(|p| p.finding.severity > Severity::Note)
    };
    let mut before: Option<FrameRef> = None;
    let rows: Vec<Row<'_>> = chart
        .arrows
        .iter()
        .map(|arrow| {
            let silence = before.map(|b| arrow.at.time.since(b.time));
            before = Some(arrow.at);
            let findings = cited.of(arrow.at).to_vec();
            Row {
                arrow,
                from: column(arrow.from.addr),
                to: column(arrow.to.addr),
                time: clock.short(arrow.at),
                frame: super::words::frame_name(arrow.at, report),
                pause: silence.filter(|s| *s >= PAUSE),
                failing: arrow.tone == Tone::Bad && findings.iter().any(worse),
                findings,
            }
        })
        .collect();
    Picture {
        chart,
        title: title(chart, report),
        columns: hosts
            .iter()
            .map(|host| Column {
                role: match report.hosts.role(*host) {
                    Role::Unknown => "",
                    role => role.word(),
                },
                address: host.to_string(),
            })
            .collect(),
        cited: rows.iter().any(|row| row.findings.iter().any(worse)),
        rows,
    }
}

fn title(chart: &Chart, report: &Report) -> String {
    match &chart.subject {
        Subject::Call { id, kind } => {
            let what = match kind.name() {
                "im" => "Instant messages",
                "presence" => "Presence",
                "registration" => "Registration",
                _ => "SIP",
            };
            format!("{what}, Call-ID {id}")
        }
        Subject::Connection {
            stream,
            client,
            server,
        } => {
            let port = server.port;
            let (from, to) = (
                report.hosts.label(client.addr),
                report.hosts.label(server.addr),
            );
            format!("Connection {stream}: {from} > {to}, port {port}")
        }
    }
}

/// What of the analysis has no chart, as sentences.
pub(super) fn left_out(report: &Report) -> Vec<String> {
    let charts = &report.charts;
    let mut told = Vec::new();
    let mut say = |count: u64, what: &str| {
        if count > 0 {
            told.push(format!(
                "{count} more {what}{} no chart: those in which something was found come first.",
                if count == 1 { " has" } else { "s have" }
            ));
        }
    };
    say(charts.calls_left_out, "call");
    say(charts.connections_left_out, "connection");
    told
}

/// The words for arrows that are not in a chart.
pub(super) fn left_out_of(chart: &Chart) -> Option<String> {
    (chart.left_out > 0).then(|| {
        format!(
            "{} more message{} not shown here.",
            chart.left_out,
            if chart.left_out == 1 { " is" } else { "s are" }
        )
    })
}

/// A word for the layer of an arrow, where its label does not make it plain.
pub(super) const fn prefix(layer: Layer) -> &'static str {
    match layer {
        Layer::Tcp | Layer::Sip => "",
        Layer::Tls => "TLS ",
    }
}
