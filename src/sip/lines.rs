//! Where the lines of a head end, found as the bytes come.

use super::lex::offset;
use super::probe;
use memchr::memchr;

/// Lines of an ordinary head.
const LINES: usize = 32;

/// Offsets behind the LFs of a head, found as the bytes come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) ends: Vec<u32>,
    searched: usize,
}

/// How far a head goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadScan {
    /// Through the empty line, in bytes.
    Complete(usize),
    /// Another message begins here before an empty line was seen.
    NextStart(usize),
    /// Not yet.
    More,
}

impl Lines {
    /// For a new head. Keeps the memory, unless a hostile head made it large.
    pub(super) fn clear(&mut self) {
        self.searched = 0;
        self.ends.clear();
        self.ends.shrink_to(4096);
    }

    /// Looks at what came since the last call; `view` begins with the message.
    pub(super) fn scan(&mut self, view: &[u8]) -> HeadScan {
        // A head has some twenty lines: one allocation instead of a few that grow.
        if self.ends.capacity() == 0 {
            self.ends.reserve(LINES);
        }
        let mut begin = self
            .ends
            .last()
            .map_or(0, |end| usize::try_from(*end).unwrap_or_default());
        while let Some(found) = view
            .get(self.searched..)
            .and_then(|rest| memchr(b'\n', rest))
        {
            let end = self.searched.saturating_add(found).saturating_add(1);
            let line = view.get(begin..end).unwrap_or(&[]);
            if !self.ends.is_empty() {
                if matches!(line, b"\n" | b"\r\n") {
                    self.ends.push(offset(end));
                    self.searched = end;
                    return HeadScan::Complete(end);
                }
                if looks_like_start(line) && probe::is_start_line(line) {
                    return HeadScan::NextStart(begin);
                }
            }
            self.ends.push(offset(end));
            self.searched = end;
            begin = end;
        }
        self.searched = view.len();
        HeadScan::More
    }
}

/// A cheap look before the costly one: header lines hardly ever pass.
fn looks_like_start(line: &[u8]) -> bool {
    line.starts_with(b"SIP/2.0 ") || line.ends_with(b"SIP/2.0\r\n") || line.ends_with(b"SIP/2.0\n")
}
