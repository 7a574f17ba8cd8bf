//! Plaintext or datagrams to [`Message`]s (RFC 3261).
//!
//! ```text
//! Chunk ──► Framer ──► Item::Message ──► typed views that borrow from the message
//! datagram() ────────► Item::KeepAlive, Item::Skipped
//! ```
//!
//! Bytes are bytes: nothing requires UTF-8. A malformed message is given with its [`Defect`]s, never dropped; bytes that
//! belong to no message are counted in [`Item::Skipped`].

mod check;
mod datagram;
mod defect;
mod excerpt;
mod framer;
mod frames;
mod head;
mod header;
mod lex;
mod lines;
mod marks;
mod message;
mod method;
mod packed;
mod plain;
mod probe;
mod sdp;
mod secret;
mod status;
mod text;
mod typed;
mod uri;

#[cfg(test)]
mod tests;

use crate::base::FrameRef;

pub use datagram::{Datagrams, datagram};
pub use defect::{Defect, DefectKind};
pub use framer::Framer;
pub use frames::FramesIter;
pub use header::{
    Address, CSeq, Challenge, DiagnosticsHeader, HeaderName, MsDiagnostics, RAck, ReasonValue,
    SubscriptionState, Via, Warning,
};
pub use lex::{Elements, Param, Params};
pub use message::Message;
pub use method::Method;
pub use probe::{
    Probe, begins_behind_junk, find_in_stream, probe, probe_after_gap, probe_datagram,
};
pub use sdp::{Attribute, Media, Sdp};
pub use secret::without_passwords;
pub use status::StatusCode;
pub use text::Text;
pub use uri::Uri;

/// What framing finds.
#[derive(Debug, Clone)]
pub enum Item {
    /// A message, whole or with defects that say what is missing.
    Message(Message),
    /// Line ends between messages (RFC 3261 §7.5, RFC 5626 §3.5.1), or a datagram of nothing but them or NULs.
    KeepAlive {
        /// The frame that carried them.
        at: FrameRef,
    },
    /// Bytes that belong to no message.
    Skipped {
        /// The frame of the first of them.
        at: FrameRef,
        /// How many.
        bytes: u64,
        /// Why, in words that repeat, so that equal ones fold.
        reason: &'static str,
    },
}

/// The limits of one message.
#[derive(Debug, Clone, Copy)]
struct Caps {
    head: usize,
    body: usize,
    fields: usize,
}

impl Caps {
    fn new(limits: &crate::base::Limits) -> Self {
        // Offsets into a message are 32 bits wide.
        let most = 1 << 30;
        Self {
            head: limits.sip_head_bytes.min(most),
            body: limits.sip_body_bytes.min(most),
            fields: limits.sip_header_fields,
        }
    }
}
