//! Charts as text, for terminals and trackers.

use super::{Picture, left_out, left_out_of, pictures, prefix};
use crate::ladder::Tone;
use crate::render::time::Clock;
use crate::render::{Style, escape};
use crate::report::Report;
use std::io::{self, Write};

/// Which characters lines are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lines {
    /// `|`, `-`, `>`: survives every mail and tracker.
    #[default]
    Ascii,
    /// Box drawing characters (U+2500 to U+257F), one column wide each.
    Unicode,
}

/// The strokes of one style.
struct Strokes {
    life: char,
    line: char,
    right: char,
    left: char,
    itself: &'static str,
    pause: char,
}

impl Lines {
    const fn strokes(self) -> Strokes {
        match self {
            Self::Ascii => Strokes {
                life: '|',
                line: '-',
                right: '>',
                left: '<',
                itself: "<-+",
                pause: ':',
            },
            Self::Unicode => Strokes {
                life: '│',
                line: '─',
                right: '►',
                left: '◄',
                itself: "◄─┐",
                pause: '┊',
            },
        }
    }
}

/// Columns for time and frame on the left.
const MARGIN: usize = 21;
/// Columns between two hosts: with two hosts a chart is 80 columns wide.
const GAP_OF_TWO: usize = 48;
/// With more hosts.
const GAP: usize = 30;

/// Writes every chart, those in which something was found first.
///
/// # Errors
///
/// What the writer says.
pub fn text(report: &Report, style: Style, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::new(report, style.time);
    let pictures = pictures(report, &clock);
    writeln!(
        out,
        "{}: {}",
        report.verdict.name().to_uppercase(),
        escape::line(&crate::render::words::sentence(report))
    )?;
    if pictures.is_empty() {
        writeln!(out, "\nThere is no SIP and no TLS to draw.")?;
    }
    for picture in &pictures {
        writeln!(out)?;
        for line in chart(picture, report, lines) {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    for line in left_out(report) {
        writeln!(out, "\n{line}")?;
    }
    Ok(())
}

/// The lines of one chart.
fn chart(picture: &Picture<'_>, report: &Report, lines: Lines) -> Vec<String> {
    let strokes = lines.strokes();
    let hosts = picture.columns.len();
    let gap = if hosts <= 2 { GAP_OF_TWO } else { GAP };
    let mut all = vec![escape::line(&picture.title).into_owned()];
    for word in ["role", "address"] {
        let names: Vec<&str> = picture
            .columns
            .iter()
            .map(|c| if word == "role" { c.role } else { &c.address })
            .collect();
        if names.iter().any(|n| !n.is_empty()) {
            all.push(heads(&names, gap));
        }
    }
    for row in &picture.rows {
        if let Some(pause) = row.pause {
            let mut line = lives(hosts, gap, strokes.pause);
            put(&mut line, 0, &format!("{:>12}", format!("... {pause}")));
            all.push(line.into_iter().collect());
        }
        let mut line = lives(hosts, gap, strokes.life);
        let frame = escape::shorten(&row.frame, 8);
        put(&mut line, 0, &format!("{:>12} {frame:>5}", row.time));
        let label = format!("{}{}", prefix(row.arrow.layer), row.arrow.label);
        draw(&mut line, (row.from, row.to), gap, &label, &strokes);
        let mut line: String = line.into_iter().collect();
        if row.failing {
            line = format!("{} {}", line.trim_end(), mark(row.arrow.tone));
        }
        all.push(line);
    }
    for n in rules(picture) {
        if let Some(found) = report.findings.get(n) {
            let frames: Vec<&str> = picture
                .rows
                .iter()
                .filter(|row| row.findings.contains(&n))
                .map(|row| row.frame.as_str())
                .collect();
            let mut shown = frames;
            shown.dedup();
            all.push(format!(
                "  {} (frame{} {})",
                found.finding.rule,
                if shown.len() == 1 { "" } else { "s" },
                shown.join(", ")
            ));
        }
    }
    all.extend(left_out_of(picture.chart).map(|text| format!("  {text}")));
    all
}

const fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "(X)",
        Tone::Plain | Tone::Good => "(!)",
    }
}

/// The findings that cite a frame of the chart, in the order of the report.
fn rules(picture: &Picture<'_>) -> Vec<usize> {
    let mut all: Vec<usize> = picture
        .rows
        .iter()
        .flat_map(|row| row.findings.iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn column(n: usize, gap: usize) -> usize {
    MARGIN
        .saturating_add(5)
        .saturating_add(n.saturating_mul(gap))
}

/// The names above the columns, centred on them.
fn heads(names: &[&str], gap: usize) -> String {
    let width = column(names.len(), gap);
    let mut line = vec![' '; width];
    for (n, name) in names.iter().enumerate() {
        let name = escape::shorten(name, gap.saturating_sub(2));
        let half = name.chars().count() / 2;
        put(&mut line, column(n, gap).saturating_sub(half), &name);
    }
    line.into_iter().collect()
}

/// A line with nothing but the life lines of the hosts.
fn lives(hosts: usize, gap: usize, life: char) -> Vec<char> {
    let width = column(hosts.saturating_sub(1), gap).saturating_add(2);
    let mut line = vec![' '; width];
    for n in 0..hosts {
        if let Some(cell) = line.get_mut(column(n, gap)) {
            *cell = life;
        }
    }
    line
}

fn put(line: &mut Vec<char>, at: usize, text: &str) {
    for (n, c) in text.chars().enumerate() {
        let place = at.saturating_add(n);
        if place >= line.len() {
            line.resize(place.saturating_add(1), ' ');
        }
        if let Some(cell) = line.get_mut(place) {
            *cell = c;
        }
    }
}

/// An arrow between two columns with its label in the middle.
fn draw(
    line: &mut Vec<char>,
    (from, to): (usize, usize),
    gap: usize,
    label: &str,
    strokes: &Strokes,
) {
    let label = escape::line(label);
    if from == to {
        let at = column(from, gap).saturating_add(1);
        let room = gap.saturating_sub(6);
        let text = format!("{} {}", strokes.itself, escape::shorten(&label, room));
        put(line, at, &text);
        return;
    }
    let (left, right) = (from.min(to), from.max(to));
    let (start, end) = (column(left, gap), column(right, gap));
    for cell in line.iter_mut().take(end).skip(start.saturating_add(1)) {
        *cell = strokes.line;
    }
    let head = if from < to {
        (end.saturating_sub(1), strokes.right)
    } else {
        (start.saturating_add(1), strokes.left)
    };
    if let Some(cell) = line.get_mut(head.0) {
        *cell = head.1;
    }
    let inside = end.saturating_sub(start).saturating_sub(1);
    let label = escape::shorten(&label, inside.saturating_sub(6));
    let long = label.chars().count().saturating_add(2);
    let at = start
        .saturating_add(1)
        .saturating_add(inside.saturating_sub(long) / 2);
    put(line, at, &format!(" {label} "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_spans_its_columns_and_keeps_its_label_inside() {
        let mut line = lives(2, 20, '|');
        draw(&mut line, (0, 1), 20, "INVITE", &Lines::Ascii.strokes());
        let text: String = line.into_iter().collect();
        assert_eq!(text.trim(), "|----- INVITE ----->|");
        let mut line = lives(2, 20, '|');
        let long = "a\u{1b}[31mb 200 OK and more of it";
        draw(&mut line, (1, 0), 20, long, &Lines::Unicode.strokes());
        let text: String = line.into_iter().collect();
        assert_eq!(text.trim(), "|◄─ a\\u{1b}[31... ──|");
        let mut line = lives(1, 20, '|');
        draw(&mut line, (0, 0), 20, "OPTIONS", &Lines::Ascii.strokes());
        let text: String = line.into_iter().collect();
        assert_eq!(text.trim(), "|<-+ OPTIONS");
    }
}
