//! What goes from one stage of the analysis to the next: from packets to [`Work`] on connections, from there to [`Output`] for the
//! rooms above them. In one thread everything is handed on at once; in several it waits in batches (`jobs.rs`).

use crate::base::{CaveatKind, Direction, Endpoint, FrameRef};
use crate::connection::Connection;
use crate::dialog::{Hop, Seen};
use crate::flow::{FlowSummary, Handshake};
use crate::tls::{KeylogReport, Secrets};
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

/// Something that concerns one connection, one datagram, or the secrets of all connections. `B` is where its bytes are: lent, or a
/// place in a batch.
#[derive(Debug)]
pub(super) enum Work<B> {
    /// Bytes in order.
    Data(Stretch, B),
    /// So many bytes are missing.
    Gap(Stretch, u64),
    /// A connection is over.
    Ended(Box<FlowSummary>),
    /// A datagram that begins as SIP does.
    Datagram(Datagram, B),
    /// What sessions are opened with from here on.
    Secrets(Secrets),
    /// All connections so far were out of scope.
    Forget,
}

impl<B> Work<B> {
    /// The same with its bytes elsewhere.
    pub(super) fn with<C>(self, bytes: impl FnOnce(B) -> C) -> Work<C> {
        match self {
            Self::Data(stretch, b) => Work::Data(stretch, bytes(b)),
            Self::Gap(stretch, len) => Work::Gap(stretch, len),
            Self::Ended(flow) => Work::Ended(flow),
            Self::Datagram(datagram, b) => Work::Datagram(datagram, bytes(b)),
            Self::Secrets(secrets) => Work::Secrets(secrets),
            Self::Forget => Work::Forget,
        }
    }
}

impl<B> Work<B> {
    /// The same for another shard; `None` for what concerns one connection.
    pub(super) fn for_another(&self) -> Option<Self> {
        match self {
            Self::Secrets(secrets) => Some(Self::Secrets(secrets.clone())),
            Self::Forget => Some(Self::Forget),
            Self::Data(..) | Self::Gap(..) | Self::Ended(_) | Self::Datagram(..) => None,
        }
    }
}

/// A stretch of one direction of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) line: Line,
    pub(super) direction: Direction,
    /// Stream offset of its first byte.
    pub(super) offset: u64,
    /// The frame that carried it, or that showed that it is missing.
    pub(super) at: FrameRef,
}

/// A datagram of SIP.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) at: FrameRef,
    pub(super) hop: Hop,
    pub(super) wire_len: u32,
    pub(super) duplicate: bool,
    /// The frames of its fragments, if there are several.
    pub(super) fragments: Box<[FrameRef]>,
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
    /// What became of a key log that the capture brought, or of a comment that may hold one.
    Brought {
        report: KeylogReport,
        at: FrameRef,
        comment: bool,
        /// Behind a frame, which may need it.
        late: bool,
    },
    /// Everything so far was out of scope.
    Restart,
}

impl Output {
    /// Bytes in memory beside the value itself, about, of what may be large and is told by packets themselves.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Message(seen) => seen.message.memory(),
            Self::NotSip(datagram) => datagram.payload.len(),
            _ => 0,
        }
    }
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
