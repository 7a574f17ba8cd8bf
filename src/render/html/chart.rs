//! Charts as SVG: where each line stands. All numbers are CSS pixels.

use super::view::{anchor, safe};
use crate::base::FrameRef;
use crate::finding::Severity;
use crate::ladder::{Layer, Tone};
use crate::render::escape;
use crate::render::ladder::{Picture, Row, left_out_of, prefix};
use crate::report::Report;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Room for time and frame on the left.
const LEFT: usize = 270;
/// Between two hosts of a chart that has only two.
const GAP_OF_TWO: usize = 560;
/// With more hosts.
const GAP: usize = 330;
/// From one arrow to the next.
const STEP: usize = 28;
/// Additional, where a pause is marked.
const PAUSE: usize = 20;
/// The first arrow.
const TOP: usize = 70;
/// Width of the box of a host.
const BOX: usize = 190;
/// Width of a character of a label, somewhat more than the average.
const CHARACTER: usize = 7;

#[derive(Debug, Serialize)]
pub(super) struct ChartView {
    id: String,
    title: String,
    width: usize,
    height: usize,
    bottom: usize,
    right: usize,
    columns: Vec<ColumnView>,
    rows: Vec<RowView>,
    cited_by: Vec<Cite>,
    left_out: Option<String>,
    texts: Vec<TextView>,
}

#[derive(Debug, Serialize)]
struct ColumnView {
    class: String,
    role: &'static str,
    address: String,
    x: usize,
    left: usize,
    r#box: usize,
}

#[derive(Debug, Serialize)]
struct RowView {
    id: String,
    href: String,
    layer: &'static str,
    tone: &'static str,
    failing: bool,
    spoken: String,
    time: String,
    frame: String,
    label: String,
    top: usize,
    y: usize,
    line: usize,
    x1: usize,
    x2: usize,
    middle: usize,
    itself: bool,
    head: String,
    cross: Option<String>,
    pause: Option<String>,
    pause_y: usize,
    pause_line: usize,
}

/// An arrow in words.
#[derive(Debug, Serialize)]
struct TextView {
    id: String,
    back: String,
    frame: String,
    time: String,
    way: String,
    label: String,
    text: Option<String>,
    cited_by: Vec<Cite>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Cite {
    anchor: String,
    rule: &'static str,
}

/// The arrow of each frame: the first one, of a chart of a call rather than of a connection where the frame has a message.
pub(super) fn arrows(pictures: &[Picture<'_>]) -> BTreeMap<FrameRef, String> {
    let mut by_frame: BTreeMap<FrameRef, (Layer, String)> = BTreeMap::new();
    for (n, picture) in pictures.iter().enumerate() {
        for (m, row) in picture.rows.iter().enumerate() {
            let new = (row.arrow.layer, id(n, m));
            let known = by_frame.entry(row.arrow.at).or_insert_with(|| new.clone());
            if known.0 < new.0 {
                *known = new;
            }
        }
    }
    by_frame.into_iter().map(|(at, (_, id))| (at, id)).collect()
}

fn id(chart: usize, row: usize) -> String {
    format!("a{chart}-{row}")
}

pub(super) fn view(n: usize, picture: &Picture<'_>, report: &Report) -> ChartView {
    let hosts = picture.columns.len();
    let gap = if hosts <= 2 { GAP_OF_TWO } else { GAP };
    let column = |n: usize| LEFT.saturating_add(n.saturating_mul(gap));
    let mut y = TOP;
    let mut rows = Vec::with_capacity(picture.rows.len());
    for (m, row) in picture.rows.iter().enumerate() {
        if row.pause.is_some() {
            y = y.saturating_add(PAUSE);
        }
        rows.push(row_view(n, m, row, y, (column(row.from), column(row.to))));
        y = y.saturating_add(STEP);
    }
    let cited: BTreeSet<usize> = picture
        .rows
        .iter()
        .flat_map(|row| row.findings.iter().copied())
        .collect();
    let last = column(hosts.saturating_sub(1));
    // An arrow to itself stands to the right of its host.
    let margin = if picture.rows.iter().any(|row| row.from == row.to) {
        320
    } else {
        BOX / 2 + 10
    };
    ChartView {
        id: format!("c{n}"),
        title: safe(&picture.title),
        width: last.saturating_add(margin),
        height: y.saturating_add(10),
        bottom: y,
        right: last.saturating_add(20),
        columns: picture
            .columns
            .iter()
            .enumerate()
            .map(|(n, c)| ColumnView {
                class: c.role.split(' ').next_back().unwrap_or("").to_lowercase(),
                role: if c.role.is_empty() { "host" } else { c.role },
                address: escape::shorten(&safe(&c.address), 40),
                x: column(n),
                left: column(n).saturating_sub(BOX / 2),
                r#box: BOX,
            })
            .collect(),
        rows,
        cited_by: cites(&cited, report),
        left_out: left_out_of(picture.chart),
        texts: picture
            .rows
            .iter()
            .enumerate()
            .map(|(m, row)| text(n, m, row, picture, report))
            .collect(),
    }
}

fn cites(findings: &BTreeSet<usize>, report: &Report) -> Vec<Cite> {
    let found = findings
        .iter()
        .filter_map(|n| Some((*n, report.findings.get(*n)?)));
    found
        .filter(|(_, placed)| placed.finding.severity >= Severity::Note)
        .map(|(n, placed)| Cite {
            anchor: anchor(n),
            rule: placed.finding.rule,
        })
        .collect()
}

fn row_view(n: usize, m: usize, row: &Row<'_>, y: usize, (x1, x2): (usize, usize)) -> RowView {
    let itself = x1 == x2;
    let line = y.saturating_add(7);
    let label = safe(&format!("{}{}", prefix(row.arrow.layer), row.arrow.label));
    let room = if itself {
        40
    } else {
        x1.abs_diff(x2).saturating_sub(24) / CHARACTER
    };
    let middle = if itself {
        x1.saturating_add(170)
    } else {
        x1.midpoint(x2)
    };
    let tip = if itself { x1 } else { x2 };
    let back = if itself || x2 < x1 { 9_i64 } else { -9 };
    let head_y = if itself { line.saturating_add(8) } else { line };
    RowView {
        id: id(n, m),
        href: format!("t{n}-{m}"),
        layer: match row.arrow.layer {
            Layer::Tcp => "tcp",
            Layer::Tls => "tls",
            Layer::Sip => "sip",
        },
        tone: match row.arrow.tone {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Bad => "bad",
        },
        failing: row.failing,
        spoken: safe(&format!(
            "frame {}, {}: {} to {}: {}{}",
            row.frame,
            row.time,
            row.arrow.from,
            row.arrow.to,
            label,
            if row.failing { " (the failure)" } else { "" }
        )),
        time: row.time.clone(),
        frame: escape::shorten(&safe(&row.frame), 14),
        label: escape::shorten(&label, room),
        top: y.saturating_sub(14),
        y,
        line,
        x1,
        x2,
        middle,
        itself,
        head: format!("M{tip} {head_y} l{back} -4 v8 z"),
        cross: row.failing.then(|| {
            let at =
                tip.saturating_add_signed(isize::try_from(back.saturating_mul(2)).unwrap_or(0));
            format!(
                "M{} {} l10 10 m0 -10 l-10 10",
                at.saturating_sub(5),
                head_y.saturating_sub(5)
            )
        }),
        pause: row.pause.map(|span| span.to_string()),
        pause_y: y.saturating_sub(18),
        pause_line: y.saturating_sub(22),
    }
}

fn text(n: usize, m: usize, row: &Row<'_>, picture: &Picture<'_>, report: &Report) -> TextView {
    let name = |column: usize| {
        picture.columns.get(column).map_or_else(String::new, |c| {
            format!("{} {}", c.role, c.address).trim().to_owned()
        })
    };
    TextView {
        id: format!("t{n}-{m}"),
        back: id(n, m),
        frame: safe(&row.frame),
        time: row.time.clone(),
        way: safe(&format!("{} > {}", name(row.from), name(row.to))),
        label: safe(&format!("{}{}", prefix(row.arrow.layer), row.arrow.label)),
        text: row.arrow.text.as_ref().map(|text| {
            let lines: Vec<_> = text.lines().map(escape::line).collect();
            lines.join("\n")
        }),
        cited_by: cites(&row.findings.iter().copied().collect(), report),
    }
}
