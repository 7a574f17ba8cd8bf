//! Ctrl-C: the first one ends the reading, and the report is made of what was read so far; the second one ends the program.
//!
//! Reading ends where bytes come from, with an error that says so: the report then has it in its place, whatever it is made for.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Somebody wants the reading to end.
static ASKED: AtomicBool = AtomicBool::new(false);
/// The other end of a pipe was not interrupted: there is nothing to wait for.
static AT_ONCE: AtomicBool = AtomicBool::new(false);
/// Signals that come together are one: `timeout` sends each to the program and to its group, which it is in.
const TOGETHER: Duration = Duration::from_millis(100);

/// Begins to listen for Ctrl-C and for a polite request to end (SIGTERM, SIGHUP).
#[expect(
    clippy::disallowed_methods,
    reason = "how long ago it was; nothing of it gets into the report"
)]
pub(super) fn listen() {
    let mut first = None;
    // Without it Ctrl-C ends the program as any other one.
    let _ = ctrlc::set_handler(move || match first {
        None => {
            first = Some(Instant::now());
            ASKED.store(true, Ordering::SeqCst);
        }
        Some(first) if Instant::elapsed(&first) < TOGETHER => {}
        Some(_) => quit(),
    });
}

#[expect(
    clippy::exit,
    reason = "the second Ctrl-C: whatever the other threads do, nobody waits for it"
)]
fn quit() -> ! {
    std::process::exit(i32::from(super::INTERRUPTED))
}

/// Ends the reading at once: nothing can come of it any more.
pub(super) fn stop() {
    AT_ONCE.store(true, Ordering::SeqCst);
    ASKED.store(true, Ordering::SeqCst);
}

/// Whether the reading is to end.
pub(super) fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// What is read from now on is read in full: the report is made. Whether the reading was to end.
pub(super) fn forget() -> bool {
    AT_ONCE.store(false, Ordering::SeqCst);
    ASKED.swap(false, Ordering::SeqCst)
}

/// A capture whose reading can be ended; `len`: its bytes, where it is a regular file.
pub(super) fn file(file: File, len: Option<u64>) -> Box<dyn Read + Send> {
    match len {
        Some(len) => Box::new(Regular { file, len, read: 0 }),
        None => pipe::reader(file),
    }
}

/// Standard input, whose reading can be ended.
pub(super) fn standard_input() -> io::Result<Box<dyn Read + Send>> {
    pipe::standard_input()
}

/// A file, of which it is known how much is left.
struct Regular {
    file: File,
    len: u64,
    read: u64,
}

impl Read for Regular {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if is_asked() && self.read < self.len {
            return Err(ended(self.read, Some(self.len)));
        }
        let n = self.file.read(out)?;
        self.read = self.read.saturating_add(n as u64);
        Ok(n)
    }
}

/// What the report says.
fn ended(read: u64, len: Option<u64>) -> io::Error {
    let megabytes = |bytes: u64| {
        let tenths = bytes.div_euclid(100_000);
        format!("{}.{} MB", tenths.div_euclid(10), tenths.rem_euclid(10))
    };
    let share = len.filter(|len| *len > 0).map(|len| {
        let percent = u128::from(read).saturating_mul(100) / u128::from(len);
        format!(" of {} ({percent} %)", megabytes(len))
    });
    io::Error::other(format!(
        "it was interrupted when {}{} had been read; the rest was not looked at",
        megabytes(read),
        share.unwrap_or_default()
    ))
}

#[cfg(unix)]
mod pipe {
    //! What may be silent for ever: who interrupts must not have to wait for its next bytes.

    use super::{AT_ONCE, ended, is_asked};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::fs::File;
    use std::io::{self, Read};
    use std::os::fd::AsFd;
    use std::sync::atomic::Ordering;

    /// How long one look waits for bytes.
    const LOOK: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    /// After an interruption the other end mostly ends by itself, because it was interrupted too, and writes what it still has: it gets so
    /// many looks, and so many bytes are still read.
    const LOOKS: u32 = 10;
    const BYTES: u64 = 64 << 20;

    pub(super) fn standard_input() -> io::Result<Box<dyn Read + Send>> {
        // Not by way of its buffer, which would hide from the look what has come already.
        let fd = io::stdin().as_fd().try_clone_to_owned()?;
        let file = File::from(fd);
        let len = file.metadata().ok().filter(|m| m.is_file());
        Ok(super::file(file, len.map(|m| m.len())))
    }

    pub(super) fn reader(file: File) -> Box<dyn Read + Send> {
        Box::new(Pipe {
            file,
            read: 0,
            looks: LOOKS,
            more: BYTES,
        })
    }

    struct Pipe {
        file: File,
        read: u64,
        looks: u32,
        more: u64,
    }

    impl Read for Pipe {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if AT_ONCE.load(Ordering::SeqCst) {
                return Err(ended(self.read, None));
            }
            while !is_ready(&self.file)? {
                if is_asked() {
                    self.looks = self.looks.saturating_sub(1);
                    if self.looks == 0 {
                        return Err(ended(self.read, None));
                    }
                }
            }
            let n = self.file.read(out)?;
            self.read = self.read.saturating_add(n as u64);
            if is_asked() {
                self.more = self.more.saturating_sub(n as u64);
                if self.more == 0 {
                    return Err(ended(self.read, None));
                }
            }
            Ok(n)
        }
    }

    /// Whether there are bytes, or the other end is gone.
    fn is_ready(file: &File) -> io::Result<bool> {
        let mut fds = [PollFd::new(file, PollFlags::IN)];
        match poll(&mut fds, Some(&LOOK)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

#[cfg(not(unix))]
mod pipe {
    use std::fs::File;
    use std::io::{self, Read};

    pub(super) fn standard_input() -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::stdin()))
    }

    pub(super) fn reader(file: File) -> Box<dyn Read + Send> {
        Box::new(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_how_much_was_not_read() {
        assert_eq!(
            ended(12_345_678, Some(524_288_000)).to_string(),
            "it was interrupted when 12.3 MB of 524.2 MB (2 %) had been read; the rest was not looked at"
        );
        assert!(ended(0, None).to_string().contains("0.0 MB had been"));
    }
}
