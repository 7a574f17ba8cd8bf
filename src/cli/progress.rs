//! How far the reading is, on standard error: only for people at a terminal, and only when it takes them over a second.
//!
//! Counting costs one addition and one look at the clock for each read of a file, which is half a MiB. A pass over the captures is
//! one bar from nothing to all; when they are read again, the bar begins again and says so.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Work that is done before gets no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the size of everything is known.
const BAR: &str = "sipdiag: {msg} [{bar:24}] {percent:>3}% of {total_bytes}";
/// Where it is not: standard input, pipes.
const SPINNER: &str = "{spinner} sipdiag: {msg}, {bytes}";
/// Nothing is read, and nobody knows how long it takes.
const WAITING: &str = "{spinner} sipdiag: {msg}";

/// Watches the reading of captures. Clones are the same bar; without a terminal it does nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    since: Instant,
    patience: Duration,
    /// Bytes of this pass, as stored in the files.
    read: AtomicU64,
    shown: Mutex<Shown>,
}

#[derive(Debug)]
struct Shown {
    what: &'static str,
    /// Bytes to be read in this pass; `None` where that is not known.
    total: Option<u64>,
    waiting: bool,
    /// Where the bar goes; taken when the first one is drawn.
    target: Option<ProgressDrawTarget>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar on standard error if that is a terminal, else nothing.
    pub(super) fn new(quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        Self::on(ProgressDrawTarget::stderr(), PATIENCE)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long people have waited; nothing of it gets into the report"
    )]
    fn on(target: ProgressDrawTarget, patience: Duration) -> Self {
        Self(Some(Arc::new(Shared {
            since: Instant::now(),
            patience,
            read: AtomicU64::new(0),
            shown: Mutex::new(Shown {
                what: "",
                total: None,
                waiting: false,
                target: Some(target),
                bar: None,
            }),
        })))
    }

    /// The captures are read from their beginning: `what` says for what.
    pub(super) fn pass(&self, what: &'static str, captures: &[PathBuf]) {
        if let Some(shared) = &self.0 {
            shared.read.store(0, Ordering::Relaxed);
            let mut shown = shared.shown();
            shown.what = what;
            shown.total = captures.iter().map(|path| size(path)).sum();
            shown.waiting = false;
            shown.restyle();
        }
    }

    /// All is read; what follows has no measure.
    pub(super) fn wait(&self, what: &'static str) {
        if let Some(shared) = &self.0 {
            let mut shown = shared.shown();
            shown.what = what;
            shown.waiting = true;
            shown.restyle();
            drop(shown);
            shared.advance(0);
        }
    }

    /// The same bytes, counted.
    pub(super) fn counted(&self, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        match &self.0 {
            None => reader,
            Some(shared) => Box::new(Counted {
                reader,
                shared: Arc::clone(shared),
            }),
        }
    }

    /// Takes the bar off the terminal, so that the report has it for itself.
    pub(super) fn clear(&self) {
        if let Some(shared) = &self.0
            && let Some(bar) = shared.shown().bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

/// The bytes of a file; `None` for what has no size.
fn size(path: &Path) -> Option<u64> {
    if path.as_os_str() == "-" {
        return None;
    }
    let metadata = path.metadata().ok()?;
    metadata.is_file().then_some(metadata.len())
}

impl Shared {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, bytes: u64) {
        let read = self
            .read
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes);
        if self.since.elapsed() < self.patience {
            return;
        }
        let mut shown = self.shown();
        if shown.bar.is_none() {
            let Some(target) = shown.target.take() else {
                return;
            };
            shown.bar = Some(ProgressBar::with_draw_target(None, target));
            shown.restyle();
        }
        if let Some(bar) = &shown.bar {
            // A file that grows while it is read.
            if shown.total.is_some_and(|total| read > total) && !shown.waiting {
                bar.set_length(read);
            }
            bar.set_position(read);
        }
    }
}

impl Shown {
    /// Makes the bar what is now the case, if there is one.
    fn restyle(&self) {
        let Some(bar) = &self.bar else {
            return;
        };
        let template = match self.total {
            _ if self.waiting => WAITING,
            Some(_) => BAR,
            None => SPINNER,
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ")
            .tick_chars("|/-\\ ");
        bar.set_style(style);
        match self.total {
            Some(total) => bar.set_length(total),
            None => bar.unset_length(),
        }
        if !self.waiting {
            bar.set_position(0);
        }
        bar.set_message(self.what);
    }
}

/// A reader whose bytes are counted.
struct Counted {
    reader: Box<dyn Read + Send>,
    shared: Arc<Shared>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(out)?;
        self.shared.advance(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(n)
    }
}

#[cfg(test)]
#[path = "progress/tests.rs"]
mod tests;
