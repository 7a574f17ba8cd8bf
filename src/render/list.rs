//! `--list`: what was read, one row each; tables for people, JSON lines for programs.

mod connection;
mod dialog;
mod message;
mod packet;

pub use connection::connection;
pub use dialog::dialogs;
pub use message::message;
pub use packet::packet;

use super::escape;
use super::time::rfc3339;
use crate::base::{FileIndex, FrameRef};
use serde_json::Value;

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Packets in scope.
    Packets,
    /// TCP connections.
    Connections,
    /// SIP messages.
    Messages,
    /// SIP dialogs.
    Dialogs,
}

/// Names of the files and the precision of their times, as far as the reader knows them while it reads.
#[derive(Debug, Clone)]
pub struct Files {
    /// Name and digits of the second, by [`FileIndex`].
    pub files: Vec<(String, u8)>,
}

impl Files {
    fn name(&self, file: FileIndex) -> &str {
        self.files
            .get(usize::from(file.0))
            .map_or("", |(name, _)| name.as_str())
    }

    /// A frame number, and with several captures which one it is in.
    fn frame(&self, at: FrameRef) -> String {
        if self.files.len() > 1 {
            format!("{}:{}", self.name(at.file), at.number)
        } else {
            at.number.to_string()
        }
    }

    /// The first and the last frame of something.
    fn range(&self, first: FrameRef, last: FrameRef) -> String {
        let last_name = if first.file == last.file {
            last.number.to_string()
        } else {
            self.frame(last)
        };
        format!("{}-{last_name}", self.frame(first))
    }

    fn time(&self, at: FrameRef) -> String {
        let digits = self
            .files
            .get(usize::from(at.file.0))
            .map_or(9, |(_, digits)| *digits);
        rfc3339(at.time, digits)
    }
}

/// A row: where it belongs in the order of frames, and what it says.
#[derive(Debug, Clone)]
pub struct Row {
    /// Rows are shown in this order.
    pub at: FrameRef,
    /// The columns of the table.
    pub cells: Vec<String>,
    /// The JSON object.
    pub json: Value,
}

/// The headings of a table.
pub const fn headings(what: What) -> &'static [&'static str] {
    match what {
        What::Packets => &[
            "frame", "time", "from", "to", "protocol", "bytes", "layers", "path", "note",
        ],
        What::Connections => &[
            "stream", "frames", "time", "from", "to", "state", "bytes", "missing", "SIP", "TLS",
        ],
        What::Messages => &["frame", "time", "on", "from", "to", "message", "defects"],
        What::Dialogs => &[
            "frames", "time", "kind", "Call-ID", "tags", "streams", "messages", "outcome",
        ],
    }
}

/// A row as one line of JSON. Characters that could change how a terminal shows the line are written as `\uXXXX`, which JSON
/// reads as the same text.
pub fn json_line(row: &Row) -> String {
    let mut line = escape::json(&row.json.to_string()).into_owned();
    line.push('\n');
    line
}

/// A table for people, whose rows are seen twice: first for the widths of its columns, then to be written.
#[derive(Debug, Clone)]
pub struct Table {
    what: What,
    /// Characters of the widest cell of each column.
    widths: Vec<usize>,
}

/// Characters of the widest column: a longer cell shifts what follows in its own row only, and no other row grows with it.
const WIDEST: usize = 120;

/// Between the cells of a row in the making: no escaped text has it.
const BETWEEN: &str = "\n";

impl Table {
    /// A table without rows.
    pub fn new(what: What) -> Self {
        Self {
            what,
            widths: headings(what).iter().map(|h| h.len()).collect(),
        }
    }

    /// Takes note of a row, and gives its cells for [`Table::line`].
    pub fn see(&mut self, row: &Row) -> String {
        let cells: Vec<_> = row.cells.iter().map(|cell| escape::line(cell)).collect();
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.chars().count().min(WIDEST));
        }
        cells.join(BETWEEN)
    }

    /// The line above the rows.
    pub fn headings(&self) -> String {
        self.line(&headings(self.what).join(BETWEEN))
    }

    /// The line of a row: columns as wide as their widest cell, separated by two blanks.
    pub fn line(&self, cells: &str) -> String {
        let mut out = String::new();
        for (cell, width) in cells.split(BETWEEN).zip(&self.widths) {
            let used = cell.chars().count();
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(used) + 2));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}
