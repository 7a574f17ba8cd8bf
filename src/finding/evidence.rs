//! The frames that show a finding, and what is missing in them.

use crate::base::FrameRef;

/// Whether something was there or was missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// It was captured in this frame.
    Seen,
    /// It should have followed this frame and did not, as far as the capture goes.
    Absent,
}

impl EvidenceKind {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Absent => "absent",
        }
    }
}

/// One piece of evidence: a frame that a person can open in Wireshark, and what to look at there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Seen or absent.
    pub kind: EvidenceKind,
    /// The frame; of an absence: the frame after which it was awaited.
    pub at: FrameRef,
    /// What the frame shows. Text from the wire in it is escaped by the renderers.
    pub text: String,
}

impl Evidence {
    /// Bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        size_of::<Self>().saturating_add(self.text.len())
    }

    /// Something seen in a frame.
    pub fn seen(at: FrameRef, text: impl Into<String>) -> Self {
        Self {
            kind: EvidenceKind::Seen,
            at,
            text: text.into(),
        }
    }

    /// Something missing after a frame.
    pub fn absent(at: FrameRef, text: impl Into<String>) -> Self {
        Self {
            kind: EvidenceKind::Absent,
            at,
            text: text.into(),
        }
    }
}
