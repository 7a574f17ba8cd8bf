//! Several captures as one, in time order.

use super::{Capture, CaptureSummary, Item};
use crate::base::{Caveats, Frame, FrameRef, LinkType, Timestamp};

/// Captures read side by side. The earliest frame comes first; at the same time that of the file which began first, so that the
/// parts of a rotated capture may be named in any order, and then that of the file named first.
///
/// Within a file the order is that of the file, even where its times step backwards. A single file goes straight through.
pub struct Merge<'r> {
    files: Vec<Head<'r>>,
}

/// A capture and a copy of what it gave last.
struct Head<'r> {
    capture: Capture<'r>,
    bytes: Vec<u8>,
    pending: Pending,
    /// The time of its first frame.
    began: Option<Timestamp>,
}

/// What [`Head::bytes`] is.
#[derive(Clone, Copy)]
enum Pending {
    /// Not asked yet, or handed on.
    Nothing,
    Frame(FrameRef, LinkType, u32),
    Secrets(FrameRef),
    Comment(FrameRef),
    End,
}

impl<'r> Merge<'r> {
    /// Captures in the order they were named.
    pub fn new(captures: Vec<Capture<'r>>) -> Self {
        let head = |capture| Head {
            capture,
            bytes: Vec::new(),
            pending: Pending::Nothing,
            began: None,
        };
        Self {
            files: captures.into_iter().map(head).collect(),
        }
    }

    /// The next thing of any file; `None` when all have ended. Secrets and comments come as soon as they are reached, before frames.
    pub fn next(&mut self, caveats: &mut Caveats) -> Option<Item<'_>> {
        let files = match self.files.as_mut_slice() {
            [only] => return only.capture.next(caveats),
            files => files,
        };
        for file in &mut *files {
            file.fetch(caveats);
        }
        let order = |head: &Head<'_>| match head.pending {
            Pending::Secrets(at) | Pending::Comment(at) => Some((0, at.time, None, at)),
            Pending::Frame(at, ..) => Some((1, at.time, head.began, at)),
            Pending::Nothing | Pending::End => None,
        };
        let (_, file) = files
            .iter_mut()
            .filter_map(|f| order(f).map(|o| (o, f)))
            .min_by_key(|(o, _)| *o)?;
        file.take()
    }

    /// How many captures there are.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// One summary per file, in the order they were named; final once [`Self::next`] gave `None`.
    pub fn summaries(&self) -> Vec<CaptureSummary> {
        self.files.iter().map(|f| f.capture.summary()).collect()
    }
}

impl Head<'_> {
    fn fetch(&mut self, caveats: &mut Caveats) {
        if !matches!(self.pending, Pending::Nothing) {
            return;
        }
        let (pending, bytes) = match self.capture.next(caveats) {
            Some(Item::Frame(f)) => (Pending::Frame(f.at, f.link, f.original_len), f.bytes),
            Some(Item::Secrets(bytes, at)) => (Pending::Secrets(at), bytes),
            Some(Item::Comment(bytes, at)) => (Pending::Comment(at), bytes),
            None => (Pending::End, &[][..]),
        };
        if let Pending::Frame(at, ..) = pending {
            self.began.get_or_insert(at.time);
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.pending = pending;
    }

    fn take(&mut self) -> Option<Item<'_>> {
        let bytes = self.bytes.as_slice();
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Frame(at, link, original_len) => Some(Item::Frame(Frame {
                at,
                link,
                bytes,
                original_len,
            })),
            Pending::Secrets(at) => Some(Item::Secrets(bytes, at)),
            Pending::Comment(at) => Some(Item::Comment(bytes, at)),
            Pending::Nothing | Pending::End => None,
        }
    }
}
