//! The report as Markdown (CommonMark with tables), for trackers: Jira, ServiceNow, GitHub, Cisco TAC.

use super::ladder::{left_out, mermaid, pictures};
use super::time::Clock;
use super::words::{self, BREAK, ROWS};
use super::{Style, escape};
use crate::diagnosis::Placed;
use crate::report::Report;
use std::io::{self, Write};

/// What the reader of the Markdown understands beyond CommonMark and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Nothing: Jira, ServiceNow, Cisco TAC, mail. It is readable as it stands.
    #[default]
    Plain,
    /// GitHub and GitLab: what a reader may skip is collapsed, and charts are drawn.
    Github,
}

/// Charts drawn in a report; `--ladder` has all.
const CHARTS: usize = 3;
/// Rows of evidence of a finding.
const EVIDENCE: usize = 12;

/// Writes the report as Markdown.
///
/// # Errors
///
/// What the writer says.
pub fn markdown(
    report: &Report,
    style: Style,
    dialect: Dialect,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page {
        report,
        clock: Clock::new(report, style.time),
        dialect,
        text: String::new(),
    };
    page.head();
    let roots = words::roots(report);
    for (n, placed) in roots.iter().enumerate() {
        page.root(n + 1, roots.len(), placed);
    }
    page.timeline(roots.len());
    let notes: Vec<String> = words::notes(report)
        .into_iter()
        .map(|placed| words::note(placed, report, &page.clock))
        .collect();
    page.bullets("Also noted", &notes);
    page.bullets("Undecided", &words::undecided(report, &page.clock));
    let directions = words::directions(report, &page.clock);
    let directions: Vec<String> = directions.into_iter().map(|(line, _)| line).collect();
    page.bullets("Directions", &directions);
    page.wanted();
    if dialect == Dialect::Github {
        page.charts();
    }
    page.details("Hosts, connections and methods", Page::tables);
    page.details("What was read", Page::coverage);
    let (lines, more) = words::not_seen(report, &page.clock, ROWS);
    page.bullets("What was not seen", &lines);
    page.more(more);
    page.foot();
    out.write_all(page.text.as_bytes())
}

/// The charts alone, as Mermaid.
///
/// # Errors
///
/// What the writer says.
pub fn ladder_markdown(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        report,
        clock: Clock::new(report, style.time),
        dialect: Dialect::Github,
        text: String::new(),
    };
    page.head();
    let clock = page.clock.clone();
    for picture in pictures(report, &clock) {
        page.heading(2, &picture.title);
        page.fenced("mermaid", &mermaid(&picture));
    }
    for line in left_out(report) {
        page.paragraph(&line);
    }
    out.write_all(page.text.as_bytes())
}

struct Page<'a> {
    report: &'a Report,
    clock: Clock,
    dialect: Dialect,
    text: String,
}

impl Page<'_> {
    fn raw(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, level: usize, title: &str) {
        let marks = "#".repeat(level);
        self.raw(&format!("{marks} {}", escape::markdown(title)));
        self.raw("");
    }

    fn paragraph(&mut self, text: &str) {
        self.raw(&escape::markdown(text));
        self.raw("");
    }

    fn bullets(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.heading(2, title);
        for line in lines.iter().take(ROWS.saturating_mul(2)) {
            self.raw(&format!("- {}", escape::markdown(line)));
        }
        self.raw("");
        self.more(lines.len().saturating_sub(ROWS.saturating_mul(2)));
    }

    fn more(&mut self, more: usize) {
        if more > 0 {
            self.paragraph(&format!("... and {more} more: --format json"));
        }
    }

    fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        self.raw(&format!("| {} |", header.join(" | ")));
        self.raw(&format!("|{}", " --- |".repeat(header.len())));
        for row in rows {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| escape::markdown(&cell.replace(BREAK, " ")))
                .collect();
            self.raw(&format!("| {} |", cells.join(" | ")));
        }
        self.raw("");
    }

    /// Lines that are shown as they are.
    fn fenced(&mut self, language: &str, text: &str) {
        let fence = escape::fence(text.lines());
        self.raw(&format!("{fence}{language}"));
        for line in text.lines() {
            self.raw(&escape::line(line));
        }
        self.raw(&fence);
        self.raw("");
    }

    /// What a reader may skip: collapsed where the dialect can.
    fn details(&mut self, title: &str, inside: impl FnOnce(&mut Self)) {
        if self.dialect == Dialect::Github {
            self.raw(&format!("<details><summary>{title}</summary>"));
            self.raw("");
            inside(self);
            self.raw("</details>");
            self.raw("");
        } else {
            self.heading(2, title);
            inside(self);
        }
    }

    fn head(&mut self) {
        let verdict = self.report.verdict.name().to_uppercase();
        let sentence = words::sentence(self.report);
        self.heading(1, &format!("{verdict}: {sentence}"));
        if self.report.redacted {
            self.paragraph(words::REDACTED);
        }
        if let Some(more) = words::more_causes(self.report) {
            self.paragraph(&more);
        }
    }

    fn root(&mut self, number: usize, of: usize, placed: &Placed) {
        let finding = &placed.finding;
        let heading = if of == 1 {
            format!("Cause: {}", finding.rule)
        } else {
            format!("Cause {number} of {of}: {}", finding.rule)
        };
        self.heading(2, &heading);
        if number > 1 {
            self.raw(&format!("**{}**", escape::markdown(&finding.title)));
            self.raw("");
        }
        if !finding.summary.is_empty() {
            self.paragraph(&finding.summary);
        }
        let qualities = words::qualities(placed, &self.clock);
        self.paragraph(&qualities);
        for detail in &finding.details {
            self.raw(&format!("**{}**", escape::markdown(&detail.label)));
            self.raw("");
            self.fenced("", &safe_lines(&detail.values));
        }
        self.evidence(placed);
        for (title, steps) in words::remedies(placed) {
            self.raw(&format!("**{title}**"));
            self.raw("");
            for (n, step) in steps.iter().enumerate() {
                self.raw(&format!("{}. {}", n + 1, escape::markdown(step)));
            }
            self.raw("");
        }
        self.raw("**Look at it in Wireshark**");
        self.raw("");
        let filters = words::filters(placed, self.report);
        self.fenced("", &safe_lines(&filters));
        self.consequences(placed);
        self.paragraph(&format!("More: sipdiag --explain {}", finding.rule));
    }

    fn evidence(&mut self, placed: &Placed) {
        let evidence = words::evidence(placed, self.report, &self.clock);
        self.raw("**Why we know**");
        self.raw("");
        let wide = |column: fn(&words::Shown) -> &str| {
            let cells = evidence.iter().map(|e| column(e).chars().count());
            cells.max().unwrap_or_default()
        };
        let (frame, time) = (wide(|e| &e.frame).max(5), wide(|e| &e.time).max(4));
        let mut lines = vec![format!("{:<frame$}  {:<time$}  what", "frame", "time")];
        for e in evidence.iter().take(EVIDENCE) {
            lines.push(format!(
                "{:<frame$}  {:<time$}  {}",
                e.frame, e.time, e.text
            ));
        }
        self.fenced("", &safe_lines(&lines));
        self.more(evidence.len().saturating_sub(EVIDENCE));
    }

    fn consequences(&mut self, placed: &Placed) {
        let all = words::consequences(placed, self.report);
        if all.is_empty() {
            return;
        }
        self.raw("**What follows from it**");
        self.raw("");
        for other in all.iter().filter_map(|n| self.report.findings.get(*n)) {
            let finding = &other.finding;
            let title = escape::markdown(&finding.title);
            self.text.push_str(&format!(
                "- {}: {title}{}\n",
                finding.rule,
                words::times(other)
            ));
        }
        self.raw("");
    }

    fn timeline(&mut self, roots: usize) {
        if roots < 2 {
            return;
        }
        let rows: Vec<Vec<String>> = words::timeline(self.report, &self.clock)
            .into_iter()
            .take(ROWS)
            .map(|f| vec![f.time, f.frame, f.placed.finding.rule.to_owned(), f.mark])
            .collect();
        self.heading(2, "What went wrong first");
        self.table(&["time", "frame", "finding", "part"], &rows);
    }

    fn wanted(&mut self) {
        if self.report.wanted.is_empty() {
            return;
        }
        self.heading(2, "Capture next");
        for wanted in &self.report.wanted {
            self.raw(&format!("- {}", escape::markdown(&wanted.lacking)));
            for step in &wanted.steps {
                self.raw(&format!("  - {}", escape::markdown(step)));
            }
        }
        self.raw("");
    }

    fn charts(&mut self) {
        let report = self.report;
        let clock = self.clock.clone();
        let pictures = pictures(report, &clock);
        for picture in pictures.iter().filter(|p| p.cited).take(CHARTS) {
            let title = escape::html(&picture.title);
            self.raw(&format!("<details><summary>Chart: {title}</summary>"));
            self.raw("");
            self.fenced("mermaid", &mermaid(picture));
            self.raw("</details>");
            self.raw("");
        }
    }

    fn tables(&mut self) {
        let connections = words::connections(self.report, &self.clock);
        self.rows(&words::HOSTS, &words::hosts(self.report), "--format json");
        self.rows(&words::CONNECTIONS, &connections, "--list connections");
        let methods = words::methods(self.report);
        self.rows(&words::METHODS, &methods, "--list messages");
    }

    /// The first rows of a table, and where the others are.
    fn rows(&mut self, header: &[&str], rows: &[Vec<String>], place: &str) {
        if rows.is_empty() {
            return;
        }
        self.table(header, rows.get(..ROWS.min(rows.len())).unwrap_or_default());
        if rows.len() > ROWS {
            self.paragraph(&format!("... and {} more: {place}", rows.len() - ROWS));
        }
    }

    fn coverage(&mut self) {
        for line in words::read(self.report, &self.clock) {
            self.raw(&format!("- {}", escape::markdown(&line)));
        }
        self.raw("");
    }

    fn foot(&mut self) {
        let version = env!("CARGO_PKG_VERSION");
        self.raw(&format!("sipdiag {version}"));
    }
}

/// Values as lines: what would break one becomes visible.
fn safe_lines(values: &[String]) -> String {
    let lines: Vec<_> = values.iter().map(|value| escape::line(value)).collect();
    lines.join("\n")
}
