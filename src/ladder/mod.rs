//! What went between the hosts, arrow by arrow: the message sequence charts of calls and connections.
//!
//! A call is told when it ends, because its messages are gone afterwards; connections are told at the end of the analysis, with the
//! messages that the calls have left. Charts are bounded: calls in which something was found come first.

mod call;
mod connection;

pub use call::Calls;
pub use connection::connection;

use crate::base::{Endpoint, FrameRef, Span};
use crate::dialog::Kind;
use std::net::IpAddr;

/// On which layer an arrow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// SYN, FIN, RST, ICMP.
    Tcp,
    /// Handshake messages, alerts, encrypted data.
    Tls,
    /// A SIP message.
    Sip,
}

impl Layer {
    /// The name in the charts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sip => "SIP",
        }
    }
}

/// How an arrow is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Success: 2xx.
    Good,
    /// It refuses or ends something: a final response from 400 on, a fatal alert, RST.
    Bad,
}

/// One thing that one host sent to another.
#[derive(Debug, Clone)]
pub struct Arrow {
    /// The frame, of a message the one that completed it.
    pub at: FrameRef,
    /// Sender.
    pub from: Endpoint,
    /// Receiver.
    pub to: Endpoint,
    /// Wireshark's `tcp.stream`; `None` on UDP and SCTP.
    pub stream: Option<u32>,
    /// The layer.
    pub layer: Layer,
    /// How it is to be read.
    pub tone: Tone,
    /// What it is, in a few words. Text from the wire in it is escaped by the renderers.
    pub label: String,
    /// The message, without credentials and without what people wrote to each other; SIP only. Lines end with a line feed.
    pub text: Option<String>,
}

/// What a chart is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All messages with one Call-ID.
    Call {
        /// The Call-ID.
        id: String,
        /// What the call is for.
        kind: Kind,
    },
    /// One TCP connection.
    Connection {
        /// Wireshark's `tcp.stream`.
        stream: u32,
        /// Who opened it.
        client: Endpoint,
        /// The other side.
        server: Endpoint,
    },
}

/// A message sequence chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What it is about.
    pub subject: Subject,
    /// In the order of their frames; never empty.
    pub arrows: Vec<Arrow>,
    /// Arrows left out.
    pub left_out: u64,
}

impl Chart {
    /// Its hosts, in the order in which they appear.
    pub fn hosts(&self) -> Vec<IpAddr> {
        let mut hosts = Vec::new();
        for arrow in &self.arrows {
            for end in [arrow.from.addr, arrow.to.addr] {
                if !hosts.contains(&end) {
                    hosts.push(end);
                }
            }
        }
        hosts
    }

    /// First and last frame.
    pub fn span(&self) -> Option<(FrameRef, FrameRef)> {
        Some((self.arrows.first()?.at, self.arrows.last()?.at))
    }
}

/// The charts of an analysis.
#[derive(Debug, Clone, Default)]
pub struct Charts {
    /// Connections and calls, each kind in the order of their first frames.
    pub charts: Vec<Chart>,
    /// Calls that have no chart because there were too many.
    pub calls_left_out: u64,
    /// Connections that have none.
    pub connections_left_out: u64,
}

/// A silence that is worth a mark between two arrows.
pub const PAUSE: Span = Span::from_secs(2);
