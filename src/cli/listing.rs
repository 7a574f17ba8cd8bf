//! `--list`.

use super::analysis::{self, Watch};
use super::args::List;
use super::choices::Format;
use super::spool::{Key, Spool};
use super::{interrupt, output, redact};
use sipdiag::Error;
use sipdiag::analyzer::Observed;
use sipdiag::base::FrameRef;
use sipdiag::capture::CaptureSummary;
use sipdiag::render::list::{self, Files, Row, Table, What};

/// Bytes of the list that are looked through and written at a time.
const PART: usize = 1 << 20;

/// The rows of a list while the captures are read.
struct Rows {
    what: What,
    files: Files,
    /// Of a list for people.
    table: Option<Table>,
    spool: Spool,
    /// The temporary file failed.
    failed: Option<Error>,
}

impl Rows {
    fn new(what: What, format: Format) -> Self {
        Self {
            what,
            files: Files { files: Vec::new() },
            table: match format {
                Format::Text | Format::Markdown | Format::Html => Some(Table::new(what)),
                Format::Json => None,
            },
            spool: Spool::default(),
            failed: None,
        }
    }

    /// Forgets what was seen, but not that the temporary file failed: that ends the reading.
    fn clear(&mut self) {
        self.spool.clear();
        self.table = self.table.as_ref().map(|_| Table::new(self.what));
    }

    fn push(&mut self, row: &Row) {
        if self.failed.is_some() {
            return;
        }
        let text = match &mut self.table {
            Some(table) => table.see(row),
            None => list::json_line(row),
        };
        let key = key(row.at, self.files.files.len() == 1);
        if let Err(error) = self.spool.push(key, text.as_bytes()) {
            // What it took of a full disk is given back at once.
            self.spool.clear();
            self.failed = Some(error);
            interrupt::stop();
        }
    }

    /// The list in parts of whole lines.
    fn parts(&mut self, give: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Self { table, spool, .. } = self;
        let mut part = table.as_ref().map(Table::headings).unwrap_or_default();
        spool.each(&mut |row| {
            let row = String::from_utf8_lossy(row);
            match table {
                Some(table) => part.push_str(&table.line(&row)),
                None => part.push_str(&row),
            }
            if part.len() >= PART {
                give(part.as_bytes())?;
                part.clear();
            }
            Ok(())
        })?;
        give(part.as_bytes())
    }
}

/// Rows stand in the order of time; in one file in that of the frames, even where their times step backwards.
fn key(at: FrameRef, one_file: bool) -> Key {
    let number = Key::from(at.number.get());
    if one_file {
        return number;
    }
    let time = at.time.nanos().cast_unsigned() ^ (1 << 63);
    Key::from(time) << 64 | Key::from(at.file.0) << 48 | number
}

impl Watch for Rows {
    fn begin(&mut self, captures: Vec<CaptureSummary>) {
        self.clear();
        self.failed = None;
        self.files = Files {
            files: captures.into_iter().map(|s| (s.name, s.digits)).collect(),
        };
    }

    fn see(&mut self, observed: Observed<'_>) {
        let files = &self.files;
        match (self.what, observed) {
            (_, Observed::Restart) => self.clear(),
            (What::Packets, Observed::Packet(packet)) => self.push(&list::packet(packet, files)),
            (What::Messages, Observed::Message(seen)) => self.push(&list::message(seen, files)),
            (What::Connections, Observed::Connection(c)) => self.push(&list::connection(c, files)),
            (What::Dialogs, Observed::Call(call)) => {
                for row in list::dialogs(call, files) {
                    self.push(&row);
                }
            }
            _ => {}
        }
    }
}

/// Makes the list and writes it.
pub(super) fn run(job: &List) -> anyhow::Result<()> {
    output::check_target(job.output.as_deref(), &job.reading.inputs)?;
    let mut rows = Rows::new(job.what, job.format);
    analysis::run(&job.reading, false, Some(&mut rows))?;
    if let Some(error) = rows.failed.take() {
        return Err(error.into());
    }
    if job.reading.config.redact.is_some() {
        let look = redact::Look::new(job.reading.config.redact.as_ref());
        let mut before = 0_usize;
        rows.parts(&mut |part| {
            look.behind("the list", before, part)?;
            before = before.saturating_add(part.len());
            Ok(())
        })?;
    }
    output::write_with(job.output.as_deref(), &mut |out| {
        rows.parts(&mut |part| Ok(out.write_all(part)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_failed_has_failed_whatever_comes_into_scope_behind_it() {
        let mut rows = Rows::new(What::Packets, Format::Json);
        rows.failed = Some(output::temporary(std::io::ErrorKind::StorageFull.into()));
        rows.see(Observed::Restart);
        assert!(rows.failed.is_some());
        rows.begin(Vec::new());
        assert!(rows.failed.is_none());
    }
}
