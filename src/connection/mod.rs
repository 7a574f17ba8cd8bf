//! One connection as rules see it: what its TCP headers, its TLS handshake and its SIP messages told.

mod set;

pub use set::{Attempt, Boxes, Connections};

use crate::base::{Direction, Endpoint, FileIndex, FrameRef};
use crate::flow::{FlowSummary, SideFacts};
use crate::tls::TlsSummary;
use crate::websocket;

/// What a side of a connection speaks, recognised by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaks {
    /// It sent no payload.
    #[default]
    Nothing,
    /// SIP in clear.
    Sip,
    /// TLS or SSL.
    Tls,
    /// WebSocket for SIP, in clear (RFC 7118).
    WebSocket,
    /// Something else.
    Other,
}

impl Speaks {
    /// The name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "-",
            Self::Sip => "SIP",
            Self::Tls => "TLS",
            Self::WebSocket => "WebSocket",
            Self::Other => "other",
        }
    }
}

/// The first bytes a side sent, for showing.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The frame that carried them.
    pub at: FrameRef,
    /// At most 96 bytes.
    pub bytes: Box<[u8]>,
}

/// One TCP connection. What few have is boxed: thousands are kept.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connection {
    /// The capture its first frame is in.
    pub file: FileIndex,
    /// What the headers told.
    pub flow: FlowSummary,
    /// What each side speaks: originator, responder.
    pub speaks: [Speaks; 2],
    /// How each side began.
    pub opening: [Option<Opening>; 2],
    /// SIP messages found in each direction, also inside TLS.
    pub sip_messages: [u64; 2],
    /// The responder answered a request on it with a Digest challenge (401 or 407).
    pub digest_challenged: bool,
    /// Bytes that are neither SIP nor TLS: where they began and how many.
    pub other: Option<(FrameRef, u64)>,
    /// What the frames of WebSocket told, in clear or inside TLS: originator, responder.
    pub websocket: [Option<Box<websocket::Facts>>; 2],
    /// What TLS showed.
    pub tls: Option<Box<TlsSummary>>,
    /// SHA-256 of each direction, when asked for and no byte was missing.
    pub sha256: [Option<Box<[u8; 32]>>; 2],
    /// Bytes and SHA-256 of the application data of TLS by direction, as far as it was readable.
    pub plaintext: [Plaintext; 2],
}

/// The readable application data of one direction of a TLS session.
#[derive(Debug, Clone, Default)]
pub struct Plaintext {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, when asked for and no byte was missing.
    pub sha256: Option<Box<[u8; 32]>>,
}

impl Connection {
    /// Bytes of memory that it takes, about, without certificates.
    pub fn memory(&self) -> usize {
        let openings = self.opening.iter().flatten().map(|o| o.bytes.len());
        let lists = size_of_val(self.flow.syns.as_slice()) + size_of_val(self.flow.icmp.as_slice());
        let boxed = |side: &SideFacts| side.unacknowledged.as_deref().map_or(0, size_of_val);
        let lost = self.flow.sides.iter().map(boxed);
        let websocket = self.websocket.iter().flatten();
        let closes = websocket.map(|facts| size_of_val(facts.as_ref()));
        let plain = self.plaintext.iter().map(|plain| &plain.sha256);
        let hashes = self.sha256.iter().chain(plain).flatten();
        let hashes = hashes.map(|hash| size_of_val(hash.as_ref()));
        let boxed = lost.chain(closes).chain(hashes);
        // Beside it the places in the indexes.
        size_of::<Self>()
            + 200
            + lists
            + openings.chain(boxed).sum::<usize>()
            + self.tls.as_deref().map_or(0, TlsSummary::memory)
    }

    /// Puts together what the rooms told.
    pub fn new(
        flow: FlowSummary,
        speaks: [Speaks; 2],
        opening: [Option<Opening>; 2],
        sip_messages: [u64; 2],
        tls: Option<Box<TlsSummary>>,
        sha256: [Option<Box<[u8; 32]>>; 2],
        plaintext: [Plaintext; 2],
    ) -> Self {
        Self {
            file: flow.first.file,
            flow,
            speaks,
            opening,
            sip_messages,
            digest_challenged: false,
            other: None,
            websocket: [None, None],
            tls,
            sha256,
            plaintext,
        }
    }

    /// What a side speaks.
    pub fn speaks(&self, direction: Direction) -> Speaks {
        let [originator, responder] = self.speaks;
        match direction {
            Direction::Originator => originator,
            Direction::Responder => responder,
        }
    }

    /// How a side began.
    pub fn opening(&self, direction: Direction) -> Option<&Opening> {
        let [originator, responder] = &self.opening;
        match direction {
            Direction::Originator => originator.as_ref(),
            Direction::Responder => responder.as_ref(),
        }
    }

    /// The opener.
    pub fn client(&self) -> Endpoint {
        self.flow.client
    }

    /// The side that was called.
    pub fn server(&self) -> Endpoint {
        self.flow.server
    }

    /// Whether it is, or was meant to be, SIP: it carries SIP, or TLS that is not plainly of another service, or uses a port of
    /// this federation.
    pub fn concerns_sip(&self) -> bool {
        let ports = [self.client().port, self.server().port];
        self.sip_messages.iter().any(|n| *n > 0)
            || self.speaks.contains(&Speaks::Sip)
            || self.is_websocket()
            || ports.into_iter().any(is_federation_port)
            || (self.speaks.contains(&Speaks::Tls) && !self.is_of_another_service())
    }

    /// Whether it carries WebSocket for SIP, in clear or inside TLS.
    pub fn is_websocket(&self) -> bool {
        self.websocket.iter().flatten().any(|facts| facts.sip)
    }

    /// TLS on the well-known port of another service, or for HTTP by its own word (ALPN, RFC 7301).
    fn is_of_another_service(&self) -> bool {
        let http = self
            .tls
            .as_ref()
            .and_then(|tls| tls.client_hello.as_ref())
            .is_some_and(|hello| {
                let alpn = &hello.extensions.alpn;
                alpn.iter().any(|p| p == "h2" || p.starts_with("http/"))
            });
        http || matches!(
            self.server().port,
            443 | 465 | 563 | 636 | 853 | 990 | 993 | 995 | 3269 | 3389 | 5223 | 5269 | 5986 | 8443
        )
    }

    /// Whether application data went by that could not be read.
    pub fn is_unread(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_unread())
    }
}

/// Ports of SIP in this federation: SIP and SIPS (RFC 3261 §19.1.2), the listeners of the Cisco SIP proxy, its federation
/// connection manager, and the Expressway gateway. Only for connections without payload: content decides where there is any.
pub fn is_federation_port(port: u16) -> bool {
    matches!(port, 5060..=5063 | 5080 | 65072)
}
