//! One direction of an association.

use super::data::{Data, Stream};
use super::runs::{Run, Runs};
use super::seen::Seen;
use crate::base::{CaveatKind, Caveats, Endpoint, FrameRef};
use std::collections::BTreeMap;

/// What is kept of one direction.
#[derive(Debug)]
pub(super) struct Half {
    /// The first addresses seen; others of the same association are in `paths`.
    pub(super) ends: (Endpoint, Endpoint),
    pub(super) paths: Vec<(Endpoint, Endpoint)>,
    /// The verification tag; `None` before the first DATA chunk.
    pub(super) tag: Option<u32>,
    pub(super) seen: Seen,
    runs: Runs,
    /// Of I-DATA: each message counts its fragments itself.
    interleaved: BTreeMap<Stream, Runs>,
    /// Bytes of fragments that wait.
    pub(super) waiting: usize,
    /// User messages: SIP; others.
    pub(super) sip: bool,
    pub(super) other: bool,
    /// TLS or DTLS went by: what follows is closed as well.
    pub(super) closed: bool,
    pub(super) last: FrameRef,
}

/// What a chunk led to.
pub(super) enum Added {
    /// A copy, or a fragment that waits.
    Nothing,
    Whole(Run),
    /// A message over the limit.
    TooLong(Run),
}

impl Half {
    pub(super) fn new(ends: (Endpoint, Endpoint), at: FrameRef) -> Self {
        Self {
            ends,
            paths: Vec::new(),
            tag: None,
            seen: Seen::default(),
            runs: Runs::default(),
            interleaved: BTreeMap::new(),
            waiting: 0,
            sip: false,
            other: false,
            closed: false,
            last: at,
        }
    }

    /// Takes a fragment whose TSN is new.
    pub(super) fn fragment(
        &mut self,
        tsn: u64,
        data: &Data<'_>,
        frames: &[FrameRef],
        most: usize,
    ) -> Added {
        let cost = |run: &Run| run.held;
        let before = self.waiting;
        let added = match data.fsn {
            None => self.runs.add(tsn, data, frames, most),
            Some(fsn) => {
                let runs = self.interleaved.entry(data.stream).or_default();
                let added = runs.add(u64::from(fsn), data, frames, most);
                if runs.is_empty() {
                    self.interleaved.remove(&data.stream);
                }
                added
            }
        };
        // What is held is that of the parts; the new one costs what it says.
        let new = data.bytes.len().saturating_add(super::runs::OVERHEAD);
        self.waiting = before.saturating_add(new);
        match added {
            Ok(None) => Added::Nothing,
            Ok(Some(run)) => {
                self.waiting = self.waiting.saturating_sub(cost(&run));
                Added::Whole(run)
            }
            Err(run) => {
                self.waiting = self.waiting.saturating_sub(cost(&run));
                Added::TooLong(run)
            }
        }
    }

    /// Whether it may carry SIP: it does, or has the port, or nothing else was seen in it.
    pub(super) fn concerns_sip(&self) -> bool {
        self.sip || !self.other || super::is_sip_port(self.ends.0.port, self.ends.1.port)
    }

    /// Gives up the fragments that wait, with a caveat for them.
    pub(super) fn give_up(&mut self, why: &str, caveats: &mut Caveats) {
        let runs = std::mem::take(&mut self.runs);
        let more = std::mem::take(&mut self.interleaved);
        self.waiting = 0;
        if !self.concerns_sip() {
            return;
        }
        for run in runs
            .into_rest()
            .chain(more.into_values().flat_map(Runs::into_rest))
        {
            caveats.note(
                CaveatKind::SctpIncomplete,
                Some(run.at()),
                format!("fragments of an SCTP user message: {why}"),
            );
        }
    }

    /// It has ended.
    pub(super) fn finish(mut self, caveats: &mut Caveats) {
        self.give_up("the others are not in the capture", caveats);
        let missing = self.seen.missing();
        if missing > 0 && self.concerns_sip() {
            let (src, dst) = self.ends;
            caveats.note_many(
                CaveatKind::SctpIncomplete,
                Some(self.last),
                format!("DATA chunks of SCTP {src} > {dst} are not in the capture"),
                missing,
            );
        }
    }
}
