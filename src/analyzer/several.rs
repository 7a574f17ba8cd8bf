//! What several captures of the same traffic mean for each other: what one has cut off another may have whole.

use super::work::Output;
use crate::base::{
    CaveatKind, Caveats, Endpoint, FileIndex, FrameNumber, FrameRef, Span, Timestamp,
};
use crate::capture::CaptureSummary;
use crate::packet::{Datagram, Decoder, Packet};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

/// Cut packets remembered until another capture shows them whole, about 4 MiB.
const CUT: usize = 65_536;
/// Cut datagrams held back, 64 KiB each at most.
const HELD: usize = 256;
/// How long: within it a copy is recognised (`packet/twin.rs`).
const PATIENCE: Span = Span::from_secs(1);

/// A datagram of SIP that the snap length cut.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) at: FrameRef,
    /// Sender and receiver.
    pub(super) ends: (Endpoint, Endpoint),
    /// What carried the message.
    pub(super) carriage: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) wire_len: u32,
}

impl Held {
    pub(super) fn new(
        at: FrameRef,
        ends: (Endpoint, Endpoint),
        datagram: &Datagram<'_>,
        carriage: &'static str,
    ) -> Self {
        Self {
            at,
            ends,
            carriage,
            bytes: datagram.payload.to_vec(),
            wire_len: datagram.wire_len,
        }
    }
}

/// What is cut in one capture and may come whole from another.
#[derive(Debug, Default)]
pub(super) struct Several {
    /// There is more than one capture.
    pub(super) on: bool,
    cut: BTreeMap<(FileIndex, FrameNumber), FrameRef>,
    held: VecDeque<Held>,
}

impl Several {
    pub(super) fn clear(&mut self) {
        self.cut.clear();
        self.held.clear();
    }

    /// Whether this packet is cut for good: no other capture can still show what is missing. What this packet has that another one
    /// lacked is no longer waited for.
    pub(super) fn cut(&mut self, packet: &Packet<'_>) -> bool {
        if !self.on {
            return packet.missing > 0;
        }
        if packet.twin.is_some() && packet.is_told() {
            return false;
        }
        if let Some(twin) = packet.twin {
            self.cut.remove(&(twin.of.file, twin.of.number));
            self.held.retain(|held| held.at != twin.of);
        }
        if packet.missing == 0 {
            return false;
        }
        if self.cut.len() >= CUT {
            return true;
        }
        self.cut
            .insert((packet.at.file, packet.at.number), packet.at);
        false
    }

    /// The packets that no other capture had whole, in capture order; forgotten by the call.
    pub(super) fn still_cut(&mut self) -> Vec<FrameRef> {
        let mut all: Vec<FrameRef> = std::mem::take(&mut self.cut).into_values().collect();
        all.sort_unstable();
        all
    }

    /// Holds a datagram back; gives the oldest when there are too many.
    pub(super) fn hold(&mut self, datagram: Held) -> Option<Held> {
        self.held.push_back(datagram);
        if self.held.len() > HELD {
            return self.held.pop_front();
        }
        None
    }

    /// A datagram that was held long enough.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Option<Held> {
        let oldest = self.held.front()?;
        if now.since(oldest.at.time) > PATIENCE {
            return self.held.pop_front();
        }
        None
    }
}

/// The snap length cut a packet.
pub(super) const fn cut(at: FrameRef) -> Output {
    Output::Caveat {
        kind: CaveatKind::SnapLength,
        at,
        text: Cow::Borrowed("a packet is longer than what was stored of it (snap length)"),
    }
}

/// Says which captures show the same packets. Nothing is lost by it.
pub(super) fn tell_common(decoder: &Decoder, captures: &[CaptureSummary], caveats: &mut Caveats) {
    let name = |file: FileIndex| {
        captures
            .get(usize::from(file.0))
            .map_or("-", |c| c.name.as_str())
    };
    for (a, b, count, first) in decoder.in_common() {
        let text = format!(
            "a packet is in both {} and {}: it was counted once",
            name(a),
            name(b)
        );
        caveats.note_many(CaveatKind::DuplicateFrames, Some(first), text, count);
    }
}
