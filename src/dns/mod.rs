//! Names asked for in the capture, and what was answered (RFC 1035, RFC 2782): lookups tied to who asked and when.

use crate::base::{Endpoint, FrameRef};

/// The lookups of a capture.
#[derive(Debug, Default)]
pub struct Lookups {
    messages: u64,
}

impl Lookups {
    /// Takes a DNS message: a datagram from or to port 53.
    pub fn message(&mut self, _src: Endpoint, _dst: Endpoint, _at: FrameRef, _payload: &[u8]) {
        self.messages = self.messages.saturating_add(1);
    }

    /// Messages seen.
    pub const fn messages(&self) -> u64 {
        self.messages
    }
}
