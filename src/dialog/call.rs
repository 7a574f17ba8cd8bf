//! All messages with one Call-ID.

use super::kind::Kind;
use super::leg::{self, Leg};
use super::transaction::{self, Transaction};
use crate::base::{Endpoint, FrameRef};
use crate::sip::Message;
use smallvec::SmallVec;
use std::borrow::Cow;

/// Between which two boxes a message was seen, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// Sender.
    pub src: Endpoint,
    /// Receiver.
    pub dst: Endpoint,
    /// What carried it: `udp`, `tcp`, `tls`, `ws`, `wss` (WebSocket in clear and inside TLS) or `sctp`.
    pub carriage: &'static str,
    /// Wireshark's `tcp.stream`; `None` on UDP and SCTP.
    pub stream: Option<u32>,
}

/// A message and the hop it was seen on.
#[derive(Debug)]
pub struct Seen {
    /// The message.
    pub message: Message,
    /// Where it was seen.
    pub hop: Hop,
}

impl Seen {
    /// The frame that completed it.
    pub fn at(&self) -> FrameRef {
        self.message.at()
    }
}

/// Bytes of a Call-ID that lie beside the rest of the call: each message is compared with it.
const ID: usize = 64;

/// All messages with one Call-ID, in the order of their frames.
#[derive(Debug)]
pub struct Call {
    call_id: SmallVec<[u8; ID]>,
    /// The messages.
    pub messages: Vec<Seen>,
    /// Earlier messages of this Call-ID were judged before, because the call was too long or was evicted.
    pub continued: bool,
    /// It was judged before the capture ended, to make room: what came later is not in it.
    pub evicted: bool,
    /// Bytes of the messages.
    pub(super) bytes: usize,
    /// The latest frame of it.
    pub(super) last: FrameRef,
}

impl Call {
    pub(super) fn new(call_id: &[u8], at: FrameRef) -> Self {
        Self {
            call_id: SmallVec::from_slice(call_id),
            messages: Vec::new(),
            continued: false,
            evicted: false,
            bytes: 0,
            last: at,
        }
    }

    /// Looks at every piece of memory of it. Its messages came long ago and have left the cache; whoever judges it goes from one to what it
    /// points to, and would wait for each. Here nothing depends on what came before, and the processor fetches many at a time.
    pub(super) fn bring_near(&self) {
        let sum = self
            .messages
            .iter()
            .fold(0, |sum: u8, seen| sum.wrapping_add(seen.message.glance()));
        std::hint::black_box(sum);
    }

    /// The Call-ID as on the wire.
    pub fn call_id(&self) -> &[u8] {
        &self.call_id
    }

    /// The Call-ID as text.
    pub fn id(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.call_id)
    }

    /// First and last frame.
    pub fn span(&self) -> Option<(FrameRef, FrameRef)> {
        Some((self.messages.first()?.at(), self.messages.last()?.at()))
    }

    /// Its transactions, in the order of their first messages (RFC 3261 §17).
    pub fn transactions(&self) -> Vec<Transaction<'_>> {
        transaction::of(&self.messages)
    }

    /// Its dialogs by tags (RFC 3261 §12): forks give several.
    pub fn legs(&self) -> Vec<Leg<'_>> {
        leg::of(&self.messages)
    }

    /// What the call is for.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.messages)
    }
}
