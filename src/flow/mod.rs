//! TCP segments to in-order chunks, and the facts of each connection (RFC 9293).
//!
//! A connection is numbered as Wireshark numbers `tcp.stream`. Bytes are lent in order; what the capture
//! does not have is a [`Chunk::Gap`], never spliced over.

mod assembler;
mod delivery;
mod seq;
mod several;
mod slot;
mod stream;
mod summary;
mod table;

pub use stream::StreamNumbers;
pub use summary::{Closing, FlowSummary, Handshake, IcmpReport, SideFacts, State, Unacknowledged};
pub use table::{Event, FlowTable};

#[cfg(doc)]
use crate::base::Chunk;
