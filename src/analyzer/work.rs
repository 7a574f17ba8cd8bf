//! What goes from one stage of the analysis to the next: from packets to [`Work`] on connections, from there to [`Output`] for the
//! rooms above them. In one thread everything is handed on at once; in several it waits in batches (`jobs.rs`).

use crate::base::{CaveatKind, Chunk, Direction, Endpoint, FrameRef};
use crate::connection::Connection;
use crate::dialog::{Hop, Seen};
use crate::flow::{FlowSummary, Handshake};
use crate::tls::KeylogReport;
use std::borrow::Cow;
use std::net::IpAddr;

/// A connection as far as its content needs to know it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Wireshark's `tcp.stream`.
    pub(super) stream: u32,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    /// It began before the capture.
    pub(super) late: bool,
}

impl Line {
    pub(super) fn of(flow: &FlowSummary) -> Self {
        Self {
            stream: flow.stream,
            client: flow.client,
            server: flow.server,
            late: flow.handshake == Handshake::NotCaptured,
        }
    }

    pub(super) const fn sender(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::Originator => self.client,
            Direction::Responder => self.server,
        }
    }
}

/// Something that concerns one connection, one datagram, or the secrets of all connections.
#[derive(Debug)]
pub(super) enum Work<'a> {
    /// Bytes in order, or a hole.
    Chunk {
        line: Line,
        direction: Direction,
        chunk: Chunk<'a>,
    },
    /// A connection is over.
    Ended(Box<FlowSummary>),
    /// A datagram that begins as SIP does.
    Datagram(Datagram<'a>),
    /// Secrets that the capture brings.
    Secrets(Brings<'a>),
    /// All connections so far were out of scope.
    Forget,
}

impl Work<'_> {
    /// The same for another shard; `None` for what concerns one connection.
    pub(super) const fn for_another(&self) -> Option<Self> {
        match self {
            Self::Secrets(brings) => Some(Self::Secrets(*brings)),
            Self::Forget => Some(Self::Forget),
            Self::Chunk { .. } | Self::Ended(_) | Self::Datagram(_) => None,
        }
    }
}

/// A datagram of SIP.
#[derive(Debug, Clone, Copy)]
pub(super) struct Datagram<'a> {
    pub(super) at: FrameRef,
    pub(super) hop: Hop,
    pub(super) payload: &'a [u8],
    pub(super) wire_len: u32,
    pub(super) duplicate: bool,
    /// The frames of its fragments.
    pub(super) frames: &'a [FrameRef],
}

/// A key log inside a capture, or a comment that may hold one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brings<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: FrameRef,
    pub(super) comment: bool,
    /// Behind a frame, which may need them.
    pub(super) late: bool,
}

/// What the rooms above the connections are told.
#[derive(Debug)]
pub(super) enum Output {
    /// A SIP message.
    Message(Seen),
    /// Application data of a TLS session that is not read, said once.
    Unread(IpAddr, IpAddr),
    /// Bytes in a SIP stream that belong to no message.
    Skipped {
        /// Where they began.
        at: FrameRef,
        /// How many.
        bytes: u64,
        /// Why.
        reason: &'static str,
    },
    /// A connection that ended.
    Connection(Box<Connection>),
    /// A datagram that is not SIP, on a port that means something.
    NotSip(NotSip),
    /// A name server, or the way to it, answers a question with an ICMP error.
    NameServerUnreachable {
        client: IpAddr,
        server: IpAddr,
        at: FrameRef,
    },
    /// A user message of SCTP that is not SIP.
    OtherUserMessage(FrameRef),
    /// What could not be seen.
    Caveat {
        kind: CaveatKind,
        at: FrameRef,
        text: Cow<'static, str>,
    },
    /// What became of secrets that the capture brought.
    Brought {
        report: KeylogReport,
        at: FrameRef,
        comment: bool,
        late: bool,
    },
    /// Everything so far was out of scope.
    Restart,
}

/// A datagram that is not SIP.
#[derive(Debug)]
pub(super) struct NotSip {
    pub(super) src: Endpoint,
    pub(super) dst: Endpoint,
    pub(super) at: FrameRef,
    /// The same packet was captured before.
    pub(super) copy: bool,
    /// It was told before, in another capture.
    pub(super) told: bool,
    pub(super) payload: Box<[u8]>,
}
