//! What is known of the clock that a capture was made with.

use crate::base::{FileIndex, Span, Timestamp};

/// The clock of one capture against that of the reference, the capture named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The only capture, or the one whose clock the others are shown on.
    #[default]
    Reference,
    /// Nothing in the captures ties this clock to the others: its times are shown as they are. In words, why.
    Unknown(&'static str),
    /// Compared.
    Compared(ClockOffset),
}

/// How far a clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// This clock minus that of the reference: positive when it is ahead.
    pub offset: Span,
    /// Where it is known from.
    pub source: ClockSource,
    /// The packets, or the pairs of cause and effect, that it rests on.
    pub matches: u64,
    /// The true offset is no further away than this, if the delays of the network are steady; `None` where that is not known:
    /// with packets of one direction only, and where cause and effect bound the offset on one side only.
    pub uncertainty: Option<Span>,
    /// The capture that had something in common with this one: the reference, or one compared with it.
    pub against: FileIndex,
    /// How much the offset has grown from the first common packets to the last, when that is more than 50 ms.
    pub drift: Option<Span>,
}

/// Where an offset is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ClockSource {
    /// The same packets are in both captures, of both directions: the delay of the network cancels out.
    Packets,
    /// The same packets are in both captures, of one direction only: the delay of the network is part of the offset.
    PacketsOneWay,
    /// No packet is in both, but one capture has answers to what the other has: an answer cannot come first.
    Causality,
}

impl ClockSource {
    /// The stable name shown in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Packets | Self::PacketsOneWay => "packets",
            Self::Causality => "causality",
        }
    }
}

/// Offsets that are within what the network's delay does are left alone: packets are told apart and put in order all the same.
const LEAST: Span = Span::from_millis(1);

impl Clock {
    /// What is taken off the times of this capture; nothing when its clock is good enough or not known.
    pub fn correction(&self) -> Span {
        match self {
            Self::Compared(c) if c.offset.nanos().unsigned_abs() > LEAST.nanos().unsigned_abs() => {
                c.offset
            }
            _ => Span::ZERO,
        }
    }

    /// A time of this capture on the clock of the reference.
    pub fn corrected(&self, time: Timestamp) -> Timestamp {
        time + Span::from_nanos(self.correction().nanos().saturating_neg())
    }
}
