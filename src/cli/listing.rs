//! `--list`.

use super::analysis::{self, Watch};
use super::args::List;
use super::choices::Format;
use super::{output, redact};
use sipdiag::analyzer::Observed;
use sipdiag::capture::CaptureSummary;
use sipdiag::render::list::{self, Files, Row, What};
use std::io::Write;

/// The rows of a list while the captures are read.
struct Rows {
    what: What,
    files: Files,
    rows: Vec<Row>,
}

impl Watch for Rows {
    fn begin(&mut self, captures: Vec<CaptureSummary>) {
        self.rows.clear();
        self.files = Files {
            files: captures.into_iter().map(|s| (s.name, s.digits)).collect(),
        };
    }

    fn see(&mut self, observed: Observed<'_>) {
        let Self { what, files, rows } = self;
        match (*what, observed) {
            (_, Observed::Restart) => rows.clear(),
            (What::Packets, Observed::Packet(packet)) => rows.push(list::packet(packet, files)),
            (What::Messages, Observed::Message(seen)) => rows.push(list::message(seen, files)),
            (What::Connections, Observed::Connection(c)) => rows.push(list::connection(c, files)),
            (What::Dialogs, Observed::Call(call)) => rows.extend(list::dialogs(call, files)),
            _ => {}
        }
    }
}

/// Makes the list and writes it.
pub(super) fn run(job: &List) -> anyhow::Result<()> {
    output::check_target(job.output.as_deref(), &job.reading.inputs)?;
    let what = job.what;
    let mut watch = Rows {
        what,
        files: Files { files: Vec::new() },
        rows: Vec::new(),
    };
    analysis::run(&job.reading, false, Some(&mut watch))?;
    let mut rows = watch.rows;
    // In one file the frames have an order, even where their times step backwards.
    if job.reading.captures.len() == 1 {
        rows.sort_by_key(|row| row.at.number);
    } else {
        rows.sort_by_key(|row| row.at);
    }
    let mut bytes = Vec::new();
    match job.format {
        Format::Text | Format::Markdown | Format::Html => {
            bytes.write_all(list::table(what, &rows).as_bytes())?
        }
        Format::Json => {
            for row in &rows {
                bytes.extend_from_slice(list::json_line(row).as_bytes());
            }
        }
    }
    redact::check(job.reading.config.redact.as_ref(), "the list", &bytes)?;
    output::write(job.output.as_deref(), &bytes)
}
