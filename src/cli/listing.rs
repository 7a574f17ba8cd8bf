//! `--list`.

use super::args::{Format, List};
use super::{input, output};
use sipdiag::analyzer::{Analyzer, Observed};
use sipdiag::render::list::{self, Files, Row, What};
use std::cell::RefCell;
use std::io::Write;

/// Makes the list and writes it.
pub(super) fn run(job: &List) -> anyhow::Result<()> {
    output::check_target(job.output.as_deref(), &job.inputs)?;
    let mut reader = input::open(&job.captures, false, &job.config.limits)?;
    let files = Files {
        files: reader
            .summaries()
            .into_iter()
            .map(|s| (s.name, s.digits))
            .collect(),
    };
    let rows: RefCell<Vec<Row>> = RefCell::new(Vec::new());
    let mut analyzer = Analyzer::new(job.config.clone());
    let what = job.what;
    analyzer.observe(|observed| {
        let mut rows = rows.borrow_mut();
        match (what, observed) {
            (_, Observed::Restart) => rows.clear(),
            (What::Packets, Observed::Packet(packet)) => rows.push(list::packet(packet, &files)),
            (What::Messages, Observed::Message(seen)) => rows.push(list::message(seen, &files)),
            (What::Connections, Observed::Connection(c)) => {
                rows.push(list::connection(c, &files));
            }
            (What::Dialogs, Observed::Call(call)) => rows.extend(list::dialogs(call)),
            _ => {}
        }
    });
    analyzer.read(&mut reader);
    analyzer.finish(reader.summaries());
    let mut rows = rows.into_inner();
    // In one file the frames have an order, even where their times step backwards.
    if job.captures.len() == 1 {
        rows.sort_by_key(|row| row.at.number);
    } else {
        rows.sort_by_key(|row| row.at);
    }
    let mut bytes = Vec::new();
    match job.format {
        Format::Text => bytes.write_all(list::table(what, &rows).as_bytes())?,
        Format::Json => {
            for row in &rows {
                bytes.extend_from_slice(list::json_line(row).as_bytes());
            }
        }
    }
    output::write(job.output.as_deref(), &bytes)
}
