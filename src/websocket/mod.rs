//! WebSocket (RFC 6455) to the SIP messages in it (RFC 7118).
//!
//! ```text
//! Chunk ──► Reader ──► Item::Sip (one message of WebSocket is one SIP message), Item::Other
//! ```
//!
//! Each direction is read on its own: the opening handshake where it was captured, then frames, masked or not, in fragments or
//! not, compressed (RFC 7692) or not. What cannot be read is counted, and reading goes on at the next frame that is believable.

mod frame;
mod inflate;
mod marks;
mod reader;
mod search;
mod upgrade;

#[cfg(test)]
mod tests;

use crate::base::FrameRef;
use crate::sip;

pub use reader::Reader;
pub use search::{find, probe};

/// What a direction of a WebSocket connection carries.
#[derive(Debug)]
pub enum Item {
    /// A SIP message, a keep-alive, or bytes that may have been SIP and could not be read.
    Sip(sip::Item),
    /// Bytes of another subprotocol.
    Other {
        /// The frame of the first of them.
        at: FrameRef,
        /// How many.
        bytes: usize,
    },
}

/// What a direction told about the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The opening handshake names the subprotocol `sip` and no other (RFC 7118 §4.1), or a SIP message was seen.
    pub sip: bool,
    /// The sender closed the WebSocket.
    pub close: Option<Close>,
}

/// A Close frame (RFC 6455 §5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Where.
    pub at: FrameRef,
    /// The status code (RFC 6455 §7.4), where there is one.
    pub code: Option<u16>,
    /// The reason, at most 123 bytes on the wire; what is not UTF-8 is replaced.
    pub reason: String,
}
