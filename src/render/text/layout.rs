//! Lines, wrapping, colours and tables of the text report.

use crate::render::words::BREAK;
use crate::render::{WIDTH, escape};
use comfy_table::{ContentArrangement, Table};

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// It works.
    Good,
    /// Look here.
    Warn,
    /// It fails.
    Bad,
    /// A heading.
    Head,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "\u{1b}[1;32m",
            Self::Warn => "\u{1b}[1;33m",
            Self::Bad => "\u{1b}[1;31m",
            Self::Head => "\u{1b}[1m",
        }
    }
}

/// The text being laid out. Every string that enters is made safe here.
pub(super) struct Sheet {
    text: String,
    color: bool,
}

impl Sheet {
    pub(super) fn new(color: bool) -> Self {
        Self {
            text: String::new(),
            color,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn painted(&self, paint: Paint, text: &str) -> String {
        if self.color {
            format!("{}{text}\u{1b}[0m", paint.code())
        } else {
            text.to_owned()
        }
    }

    /// The first line: a word and a sentence, wrapped under the sentence.
    pub(super) fn headline(&mut self, word: &str, paint: Paint, sentence: &str) {
        let head = format!("{word}: ");
        let lines = wrap(sentence, 0, WIDTH.saturating_sub(head.len()));
        let indent = " ".repeat(head.len());
        let painted = self.painted(paint, &head);
        for (n, line) in lines.iter().enumerate() {
            self.text.push_str(if n == 0 { &painted } else { &indent });
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A section heading with an empty line before it.
    pub(super) fn section(&mut self, title: &str) {
        let title = self.painted(Paint::Head, &escape::line(title));
        self.text.push('\n');
        self.text.push_str(&title);
        self.text.push('\n');
    }

    /// A small heading within a section.
    pub(super) fn label(&mut self, title: &str) {
        let title = self.painted(Paint::Head, &escape::line(title));
        self.text.push_str("  ");
        self.text.push_str(&title);
        self.text.push('\n');
    }

    /// A paragraph at the margin.
    pub(super) fn plain(&mut self, text: &str) {
        self.indented("", "", text);
    }

    /// A wrapped paragraph; `first` stands before its first line, `rest` before the others.
    pub(super) fn indented(&mut self, first: &str, rest: &str, text: &str) {
        let extra = first.len().saturating_sub(rest.len());
        for (n, line) in wrap(text, extra, WIDTH.saturating_sub(rest.len()))
            .iter()
            .enumerate()
        {
            let before = if n == 0 { first } else { rest };
            self.text.push_str(before);
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A line as it is, neither wrapped nor shortened: for what people copy.
    pub(super) fn verbatim(&mut self, indent: &str, text: &str) {
        self.text.push_str(indent);
        self.text.push_str(&escape::line(text));
        self.text.push('\n');
    }

    /// A table of at most [`WIDTH`] columns.
    pub(super) fn table(&mut self, indent: usize, header: &[&str], rows: &[Vec<String>]) {
        let mut table = Table::new();
        table
            .load_style(comfy_table::presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(WIDTH.saturating_sub(indent)).unwrap_or(u16::MAX));
        if !header.is_empty() {
            table.set_header(header.iter().copied());
        }
        for row in rows {
            table.add_row(row.iter().map(|cell| {
                let lines: Vec<_> = cell.split(BREAK).map(escape::line).collect();
                lines.join("\n")
            }));
        }
        let margin = " ".repeat(indent);
        for line in table.to_string().lines() {
            self.text.push_str(&margin);
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

/// Characters of one word: more is no address and no cmdlet.
const WORD: usize = 200;

/// Breaks at blanks; a word longer than a line stands alone, whole, because people copy addresses and cmdlets.
/// The first line is `taken` shorter.
fn wrap(text: &str, taken: usize, width: usize) -> Vec<String> {
    let safe = escape::line(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = taken;
    for word in safe.split_whitespace() {
        let word = escape::shorten(word, WORD);
        let length = word.chars().count();
        if !line.is_empty() && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word);
        used += length;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("aa bb cc", 0, 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aa bbbbbbbb c", 0, 4), ["aa", "bbbbbbbb", "c"]);
        assert_eq!(wrap("", 0, 4), [""]);
        assert_eq!(wrap("aa bb cc", 3, 6), ["aa", "bb cc"]);
    }

    #[test]
    fn nothing_from_the_wire_reaches_the_terminal_raw() {
        let mut sheet = Sheet::new(true);
        sheet.plain("a\u{1b}]0;title\u{7}");
        sheet.table(2, &["h"], &[vec!["b\u{1b}[2J\nc".to_owned()]]);
        let text = sheet.finish();
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.contains("\\u{1b}"));
    }
}
