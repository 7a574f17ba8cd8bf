//! Where the lines of a head end, found as the bytes come.

use super::lex::{is_token, offset, trim_end};
use super::marks::LineEnds;
use super::probe;
use memchr::{memchr, memchr2_iter};

/// Lines of an ordinary head.
const LINES: usize = 32;

/// Offsets behind the LFs of a head, found as the bytes come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) ends: Vec<u32>,
    searched: usize,
    /// CR alone ends a line, too.
    bare_cr: bool,
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
        self.bare_cr = false;
        self.ends.clear();
        self.ends.shrink_to(4096);
    }

    /// For a head whose lines end with CR alone; all of its bytes must be there.
    pub(super) fn clear_for_bare_cr(&mut self) {
        self.clear();
        self.bare_cr = true;
    }

    /// Looks at what came since the last call; `view` begins with the message.
    pub(super) fn scan(&mut self, view: &[u8]) -> HeadScan {
        // A head has some twenty lines: one allocation instead of a few that grow.
        if self.ends.capacity() == 0 {
            self.ends.reserve(LINES);
        }
        let from = self.searched;
        let found = if self.bare_cr {
            // A pair ends one line.
            let ends = memchr2_iter(b'\r', b'\n', view.get(from..).unwrap_or(&[]));
            let ends = ends.map(|at| from.saturating_add(at));
            let ends = ends.filter(|at| view.get(*at..).is_some_and(|r| !r.starts_with(b"\r\n")));
            self.scan_ends(view, ends)
        } else {
            self.scan_ends(view, LineEnds::new(view, from))
        };
        if found == HeadScan::More {
            self.searched = view.len();
        }
        found
    }

    /// Takes the last bytes of lines.
    #[inline]
    fn scan_ends(&mut self, view: &[u8], ends: impl Iterator<Item = usize>) -> HeadScan {
        let mut begin = self
            .ends
            .last()
            .map_or(0, |end| usize::try_from(*end).unwrap_or_default());
        for end in ends.map(|last| last.saturating_add(1)) {
            let line = view.get(begin..end).unwrap_or(&[]);
            if !self.ends.is_empty() {
                if matches!(line, b"\n" | b"\r\n" | b"\r") {
                    self.ends.push(offset(end));
                    self.searched = end;
                    return HeadScan::Complete(end);
                }
                if looks_like_start(line)
                    && let Some(start) = probe::find_start(line)
                    && (start == 0 || !is_field(line))
                {
                    self.searched = begin;
                    return HeadScan::NextStart(begin.saturating_add(start));
                }
            }
            self.ends.push(offset(end));
            begin = end;
        }
        HeadScan::More
    }
}

/// A cheap look before the costly one: header lines hardly ever pass.
#[inline]
fn looks_like_start(line: &[u8]) -> bool {
    // What stands before the line end is looked at first: hardly any field ends with a zero.
    let may_end = match line {
        [.., last, b'\r', b'\n'] => matches!(last, b'0' | b' ' | b'\t' | b'\r'),
        _ => true,
    };
    line.starts_with(b"SIP/2.0 ") || (may_end && trim_end(line).ends_with(b"SIP/2.0"))
}

/// Whether a line is a header field, or continues one: its value may be anything.
fn is_field(line: &[u8]) -> bool {
    let name = memchr(b':', line).and_then(|colon| line.get(..colon));
    matches!(line.first(), Some(b' ' | b'\t'))
        || name.is_some_and(|name| trim_end(name).iter().all(|b| is_token(*b)))
}
