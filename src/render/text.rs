//! The report as text: the first line is the answer.

mod layout;

use super::time::Clock;
use super::words::{self, ROWS};
use super::{Detail, Style, escape};
use crate::diagnosis::{Placed, Verdict};
use crate::report::Report;
use layout::{Paint, Sheet};
use std::io::{self, Write};

/// A short report of one root cause has fewer lines: it has to fit into a mail and on two screens.
const SHORT: usize = 60;

/// How much of each thing is told.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Everything, not only what a ticket needs.
    full: bool,
    /// Facts of a finding.
    details: usize,
    /// Values of one fact.
    values: usize,
    /// Characters of one value.
    characters: usize,
    /// Rows of evidence of a finding.
    evidence: usize,
    /// Steps of a fix on one side.
    steps: usize,
}

impl Room {
    const FULL: Self = Self {
        full: true,
        details: usize::MAX,
        values: usize::MAX,
        characters: usize::MAX,
        evidence: 8,
        steps: usize::MAX,
    };

    /// Ever less; the first that fits is taken. What to do goes last.
    const SHORT: [Self; 5] = [
        Self::short(9, 4, 400, 5, 9),
        Self::short(9, 2, 150, 5, 9),
        Self::short(3, 1, 150, 4, 9),
        Self::short(1, 1, 75, 3, 9),
        Self::short(0, 0, 0, 3, 4),
    ];

    const fn short(
        details: usize,
        values: usize,
        characters: usize,
        evidence: usize,
        steps: usize,
    ) -> Self {
        Self {
            full: false,
            details,
            values,
            characters,
            evidence,
            steps,
        }
    }
}

/// Writes the report for people.
///
/// # Errors
///
/// What the writer says.
pub fn text(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    if style.detail == Detail::Full {
        page = Page::lay(report, style, Room::FULL);
    } else {
        let one = words::roots(report).len() < 2;
        for room in Room::SHORT {
            page = Page::lay(report, style, room);
            if !one || page.lines().count() < SHORT {
                break;
            }
        }
    }
    out.write_all(page.as_bytes())
}

struct Page<'a> {
    report: &'a Report,
    clock: Clock,
    room: Room,
    sheet: Sheet,
}

impl<'a> Page<'a> {
    fn lay(report: &'a Report, style: Style, room: Room) -> String {
        let mut page = Self {
            report,
            clock: Clock::new(report, style.time),
            room,
            sheet: Sheet::new(style.color),
        };
        page.headline();
        let roots = words::roots(report);
        for (n, placed) in roots.iter().enumerate() {
            page.root(n + 1, roots.len(), placed);
        }
        page.timeline(roots.len());
        page.notes();
        page.undecided();
        page.directions();
        page.wanted();
        page.hosts();
        if room.full {
            page.tables();
        }
        page.coverage();
        if !room.full {
            page.more_of_it(&roots);
        }
        page.sheet.finish()
    }

    /// Where everything is that a short report leaves out.
    fn more_of_it(&mut self, roots: &[&Placed]) {
        let explain = match roots {
            [only] => format!("; sipdiag --explain {}", only.finding.rule),
            _ => String::new(),
        };
        self.sheet.plain("");
        self.sheet.indented(
            "",
            "  ",
            &format!("More: --verbose; --format html, with charts{explain}"),
        );
    }

    /// The verdict and the root cause in one sentence.
    fn headline(&mut self) {
        let (word, paint) = match self.report.verdict {
            Verdict::Failing => ("FAILING", Paint::Bad),
            Verdict::Degraded => ("DEGRADED", Paint::Warn),
            Verdict::Healthy => ("HEALTHY", Paint::Good),
            Verdict::Inconclusive => ("INCONCLUSIVE", Paint::Warn),
        };
        self.sheet
            .headline(word, paint, &words::sentence(self.report));
        if self.report.redacted {
            self.sheet.plain(words::REDACTED);
        }
        if let Some(more) = words::more_causes(self.report) {
            self.sheet.plain(&more);
        }
    }

    /// A root cause, with what follows from it.
    fn root(&mut self, number: usize, of: usize, placed: &Placed) {
        let Self {
            report,
            clock,
            room,
            sheet,
        } = self;
        let finding = &placed.finding;
        let heading = if of == 1 {
            "CAUSE".to_owned()
        } else {
            format!("CAUSE {number} OF {of}")
        };
        sheet.section(&format!("{heading}  {}", finding.rule));
        // The headline has said the first title already.
        if number > 1 {
            let title = finding.title.trim_end_matches('.');
            sheet.indented("  ", "  ", &format!("{title}."));
        }
        if !finding.summary.is_empty() {
            sheet.indented("  ", "  ", &finding.summary);
        }
        sheet.indented("  ", "  ", &words::qualities(placed, clock));
        for detail in finding.details.iter().take(room.details) {
            sheet.label(&detail.label);
            for value in detail.values.iter().take(room.values) {
                let value = escape::shorten(value, room.characters);
                sheet.indented("    ", "      ", &value);
            }
            if detail.values.len() > room.values {
                let more = detail.values.len().saturating_sub(room.values);
                sheet.indented("    ", "      ", &format!("... and {more} more"));
            }
        }
        let evidence = words::evidence(placed, report, clock);
        let most = room.evidence;
        let rows: Vec<Vec<String>> = evidence
            .iter()
            .take(most)
            .map(|e| vec![e.frame.clone(), e.time.clone(), e.text.clone()])
            .collect();
        sheet.label("Why we know");
        sheet.table(4, &["frame", "time", "what"], &rows);
        if evidence.len() > most {
            let more = evidence.len().saturating_sub(most);
            let place = if room.full {
                "--format json"
            } else {
                "--verbose"
            };
            sheet.indented("    ", "    ", &format!("... and {more} more in {place}"));
        }
        for (title, steps) in words::remedies(placed) {
            sheet.label(title);
            for (n, step) in steps.iter().enumerate().take(room.steps) {
                sheet.indented(&format!("    {}. ", n + 1), "       ", step);
            }
            if steps.len() > room.steps {
                let more = steps.len().saturating_sub(room.steps);
                let s = if more == 1 { "" } else { "s" };
                let text = format!("... and {more} more step{s} in --verbose");
                sheet.indented("    ", "       ", &text);
            }
        }
        for filter in words::filters(placed, report) {
            sheet.verbatim("  Look at it in Wireshark: ", &filter);
        }
        self.consequences(placed);
        if self.room.full || of > 1 {
            self.sheet.indented(
                "  ",
                "  ",
                &format!("More: sipdiag --explain {}", finding.rule),
            );
        }
    }

    fn consequences(&mut self, placed: &Placed) {
        let all = words::consequences(placed, self.report);
        if all.is_empty() {
            return;
        }
        let found = all.iter().filter_map(|n| self.report.findings.get(*n));
        if !self.room.full {
            let names: Vec<String> = found
                .map(|other| format!("{}{}", other.finding.rule, words::times(other)))
                .collect();
            let text = format!("It leads to: {}.", names.join(", "));
            self.sheet.indented("  ", "    ", &text);
            return;
        }
        self.sheet.label("What follows from it");
        for other in found {
            let finding = &other.finding;
            let text = format!("{}: {}{}", finding.rule, finding.title, words::times(other));
            self.sheet.indented("    - ", "      ", &text);
        }
    }

    /// What went wrong first: where there is more than one cause.
    fn timeline(&mut self, roots: usize) {
        if roots < 2 {
            return;
        }
        let faults = words::timeline(self.report, &self.clock);
        self.sheet.section("WHAT WENT WRONG FIRST");
        for fault in faults.iter().take(ROWS) {
            let text = format!(
                "{}  frame {}: {} ({})",
                fault.time, fault.frame, fault.placed.finding.rule, fault.mark
            );
            self.sheet.indented("  ", "    ", &text);
        }
        self.more(faults.len(), "--format json has all");
    }

    /// How many rows of a list are not shown.
    fn more(&mut self, all: usize, place: &str) {
        if all > ROWS {
            let text = format!("... and {} more: {place}", all - ROWS);
            self.sheet.indented("  ", "  ", &text);
        }
    }

    fn bullets(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.sheet.section(title);
        for line in lines {
            self.sheet.indented("  - ", "    ", line);
        }
    }

    fn notes(&mut self) {
        let notes: Vec<String> = words::notes(self.report)
            .into_iter()
            .map(|placed| words::note(placed, self.report, &self.clock))
            .collect();
        self.bullets("ALSO NOTED", &notes);
    }

    fn undecided(&mut self) {
        let open = words::undecided(self.report, &self.clock);
        self.bullets(
            "UNDECIDED",
            open.get(..ROWS.min(open.len())).unwrap_or_default(),
        );
        let more = usize::try_from(self.report.undecided_more).unwrap_or(usize::MAX);
        self.more(
            open.len().saturating_add(more),
            "--format json has a hundred",
        );
    }

    fn directions(&mut self) {
        let told = words::directions(self.report, &self.clock);
        if told.is_empty() {
            return;
        }
        self.sheet.section("DIRECTIONS");
        for (line, _) in told.iter().take(ROWS) {
            self.sheet.indented("  ", "    ", line);
        }
        self.more(told.len(), "--format json has all");
    }

    fn wanted(&mut self) {
        if self.report.wanted.is_empty() {
            return;
        }
        self.sheet.section("CAPTURE NEXT");
        for wanted in self.report.wanted.iter().take(ROWS) {
            self.sheet.indented("  - ", "    ", &wanted.lacking);
            let bare = !self.room.full && self.room.details == 0 && !wanted.steps.is_empty();
            if bare {
                self.sheet
                    .indented("      ", "      ", "How to get it: --verbose");
                continue;
            }
            for step in &wanted.steps {
                self.sheet.indented("      ", "        ", step);
            }
        }
    }

    fn hosts(&mut self) {
        if self.room.full {
            self.table(
                "HOSTS",
                &words::HOSTS,
                &words::hosts(self.report),
                "--format json",
            );
            return;
        }
        let hosts = words::hosts_in_short(self.report);
        if hosts.is_empty() {
            return;
        }
        self.sheet.section("HOSTS");
        let shown = hosts.get(..ROWS.min(hosts.len())).unwrap_or_default();
        self.sheet.indented("  ", "  ", &shown.join("; "));
        self.more(hosts.len(), "--format json");
    }

    fn tables(&mut self) {
        let connections = words::connections(self.report, &self.clock);
        self.table(
            "CONNECTIONS",
            &words::CONNECTIONS,
            &connections,
            "--list connections",
        );
        let methods = words::methods(self.report);
        self.table("SIP", &words::METHODS, &methods, "--list messages");
    }

    fn table(&mut self, title: &str, header: &[&str], rows: &[Vec<String>], place: &str) {
        if rows.is_empty() {
            return;
        }
        self.sheet.section(title);
        let shown = rows.get(..ROWS.min(rows.len())).unwrap_or_default();
        self.sheet.table(2, header, shown);
        self.more(rows.len(), place);
    }

    fn coverage(&mut self) {
        let (report, clock) = (self.report, &self.clock);
        let (lines, (not_seen, more)) = if self.room.full {
            let not_seen = words::not_seen(report, clock, ROWS);
            (words::read(report, clock), not_seen)
        } else {
            let not_seen = words::not_seen_in_short(report, clock, ROWS);
            (words::read_in_short(report, clock), not_seen)
        };
        self.sheet.section("WHAT WAS READ");
        for line in &lines {
            self.sheet.indented("  ", "    ", line);
        }
        self.bullets("WHAT WAS NOT SEEN", &not_seen);
        if more > 0 {
            let text = format!("... and {more} more: --format json");
            self.sheet.indented("  ", "  ", &text);
        }
    }
}
