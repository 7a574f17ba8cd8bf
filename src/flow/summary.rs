//! What is known of one connection when it ends.

use crate::base::{Direction, Endpoint, FrameRef, Span};
use std::net::IpAddr;

/// How the opening of a connection went (RFC 9293 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// SYN, SYN/ACK and the client's ACK were seen.
    Established,
    /// SYN and SYN/ACK were seen, nothing from the client after it.
    HalfOpen,
    /// Only SYNs were seen.
    Unanswered,
    /// A RST answered the SYN.
    Refused(FrameRef),
    /// The capture began later.
    NotCaptured,
}

/// How a connection stood when the capture or the connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// SYN without answer.
    SynUnanswered,
    /// Refused with RST.
    Refused,
    /// Half open.
    HalfOpen,
    /// Open at the end of the capture.
    Open,
    /// One side has closed.
    HalfClosed,
    /// Both sides have closed.
    Closed,
    /// Aborted with RST.
    Reset,
}

impl State {
    /// The name in `--list connections`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SynUnanswered => "syn-unanswered",
            Self::Refused => "refused",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
            Self::HalfClosed => "half-closed",
            Self::Closed => "closed",
            Self::Reset => "reset",
        }
    }
}

/// Facts of one direction.
#[derive(Debug, Clone, Default)]
pub struct SideFacts {
    /// Segments seen.
    pub segments: u64,
    /// Bytes of the stream: delivered, and missing before the last one that was delivered.
    pub bytes: u64,
    /// Bytes of the stream that the capture does not have; those at its end, which only the peer's acknowledgment tells of, too.
    pub missing: u64,
    /// Segments that repeated only what had been sent.
    pub retransmissions: u64,
    /// Longest run of retransmissions without a segment of new data, and its last frame.
    pub longest_retransmission_run: Option<(u64, FrameRef)>,
    /// Segments that came before others that precede them.
    pub out_of_order: u64,
    /// Announcements of a closed receive window (RFC 9293 §3.8.6.1).
    pub zero_windows: u64,
    /// Keep-alive probes (RFC 9293 §3.8.4).
    pub keep_alives: u64,
    /// First segment with payload.
    pub first_data: Option<FrameRef>,
    /// Last segment with payload.
    pub last_data: Option<FrameRef>,
    /// First FIN.
    pub fin: Option<FrameRef>,
    /// First RST.
    pub rst: Option<FrameRef>,
    /// The largest segment that it takes, in bytes of payload: the option of its SYN (RFC 9293 §3.7.1).
    pub mss: Option<u16>,
    /// Payload of the largest of its segments that the peer acknowledged, in bytes.
    pub largest_acknowledged: u32,
    /// Its oldest data that the peer had not acknowledged at the end. `None` as well where the capture has no acknowledgment of
    /// the peer at all.
    pub unacknowledged: Option<Box<Unacknowledged>>,
}

/// Data of one side that its peer did not acknowledge (RFC 9293 §3.8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unacknowledged {
    /// The segment when it was sent first.
    pub first: FrameRef,
    /// When it was sent last.
    pub last: FrameRef,
    /// How often it was repeated. Copies within 100 ms do not count.
    pub retransmissions: u32,
    /// Its payload in bytes, in the smallest form in which it was sent.
    pub size: u32,
    /// How long the connection had been silent before it.
    pub idle_before: Span,
    /// Acknowledgments since then that ask for it although something behind it has arrived (RFC 5681 §2).
    pub duplicate_acks: u32,
    /// Segments of the peer since then.
    pub peer_segments: u32,
    /// The peer's last word was that it has no room (RFC 9293 §3.8.6.1): it got the data and does not read.
    pub window_closed: bool,
}

/// An ICMP error that quotes a connection (RFC 792, RFC 4443).
#[derive(Debug, Clone, Copy)]
pub struct IcmpReport {
    /// The frame of the ICMP message.
    pub at: FrameRef,
    /// Who sent it: the host itself or a router on the way.
    pub from: IpAddr,
    /// ICMPv6 instead of ICMPv4.
    pub v6: bool,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Which side's packet was quoted.
    pub quoted: Direction,
}

/// Everything that the headers of one connection tell.
#[derive(Debug, Clone)]
pub struct FlowSummary {
    /// Wireshark's `tcp.stream`.
    pub stream: u32,
    /// Who opened it (or, when that was not seen, has the higher port).
    pub client: Endpoint,
    /// The other side.
    pub server: Endpoint,
    /// First segment.
    pub first: FrameRef,
    /// Last segment.
    pub last: FrameRef,
    /// How the opening went.
    pub handshake: Handshake,
    /// SYNs of the client, the first eight.
    pub syns: Vec<FrameRef>,
    /// SYNs of the client, all.
    pub syn_count: u64,
    /// The server's SYN/ACK.
    pub syn_ack: Option<FrameRef>,
    /// From SYN to the client's ACK: one round trip as seen where the capture was made.
    pub rtt: Option<Span>,
    /// Facts by direction: originator, responder.
    pub sides: [SideFacts; 2],
    /// Longest silence between two segments, and the frame that ended it.
    pub longest_idle: Option<(Span, FrameRef)>,
    /// ICMP errors about it, the first eight.
    pub icmp: Vec<IcmpReport>,
    /// Frames that were copies of the frame before.
    pub duplicates: u64,
    /// It was finished because of a limit, not because it or the capture ended.
    pub evicted: bool,
}

impl FlowSummary {
    /// Facts of one direction.
    pub fn side(&self, direction: Direction) -> &SideFacts {
        let [originator, responder] = &self.sides;
        match direction {
            Direction::Originator => originator,
            Direction::Responder => responder,
        }
    }

    /// The sender of a direction.
    pub fn sender(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::Originator => self.client,
            Direction::Responder => self.server,
        }
    }

    /// How it stood at the end.
    pub fn state(&self) -> State {
        let [client, server] = &self.sides;
        match self.handshake {
            Handshake::Refused(_) => State::Refused,
            Handshake::Unanswered => State::SynUnanswered,
            _ if client.rst.is_some() || server.rst.is_some() => State::Reset,
            _ if client.fin.is_some() && server.fin.is_some() => State::Closed,
            _ if client.fin.is_some() || server.fin.is_some() => State::HalfClosed,
            Handshake::HalfOpen => State::HalfOpen,
            Handshake::Established | Handshake::NotCaptured => State::Open,
        }
    }

    /// Who ended it first, with FIN or RST, and where.
    pub fn closed_by(&self) -> Option<(Direction, FrameRef, Closing)> {
        let [client, server] = &self.sides;
        [
            (Direction::Originator, client.fin, Closing::Fin),
            (Direction::Responder, server.fin, Closing::Fin),
            (Direction::Originator, client.rst, Closing::Reset),
            (Direction::Responder, server.rst, Closing::Reset),
        ]
        .into_iter()
        .filter_map(|(direction, at, how)| at.map(|at| (direction, at, how)))
        .min_by_key(|(_, at, _)| *at)
    }

    /// Whether only one side was captured although the other must have spoken.
    pub fn one_directional(&self) -> bool {
        let [client, server] = &self.sides;
        (client.segments == 0 && server.segments > 1)
            || (server.segments == 0
                && client.segments > 1
                // A client that acknowledges a SYN/ACK has got one.
                && matches!(
                    self.handshake,
                    Handshake::NotCaptured | Handshake::Established
                ))
    }
}

/// How a side ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Orderly, with FIN.
    Fin,
    /// At once, with RST.
    Reset,
}
