//! Frames to the payload of their innermost IP packet.
//!
//! Link layer, VLAN tags and tunnels are taken off one header at a time; IP fragments are put together; copies of a packet are marked.
//! IP, TCP and UDP headers are read by `etherparse`. IPv6 extension headers are walked here: its iterator over those of a cut
//! packet reads out of bounds.

mod bytes;
mod duplicate;
mod fragment;
mod icmp;
mod ip;
mod layers;
mod link;
mod mirror;
mod names;
mod payload;
mod sctp;
mod tcp;
mod tunnel;
mod twin;
mod udp;
mod walk;

pub use layers::{Layers, Step};
pub use payload::{Datagram, IcmpError, Mirrored, Payload, Protocol, Quoted, Segment, TcpFlags};
pub use sctp::{SctpChunk, SctpPacket};
pub use twin::Twin;

use crate::base::{
    Caveats, Endpoint, FileIndex, FlowKey, Frame, FrameRef, Limits, LinkType, Transport,
};
use bytes::Bytes;
use duplicate::Detector;
use fragment::{Store, Whole};
use std::net::IpAddr;
use twin::Twins;
use walk::Walk;

/// Datagrams put together that may lie inside one another in one frame (a fragment inside a tunnel inside a fragment).
const NESTED: usize = 4;

/// What is inside more headers than are read.
const TOO_DEEP: Protocol = Protocol::Name("too deep");

/// Takes frames apart. Keeps fragments until their datagram is whole, and what it needs to know copies; nothing else.
#[derive(Debug)]
pub struct Decoder {
    fragments: Store,
    copies: Detector,
    twins: Twins,
    ready: [Whole; NESTED],
    outer: Vec<(IpAddr, IpAddr)>,
    unfolded: Vec<u8>,
    depth: usize,
}

/// What one frame carries: its innermost IP packet, or the reason why there is none.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// The frame; of a datagram in fragments, that of the one that completed it.
    pub at: FrameRef,
    /// Link-layer type of the frame.
    pub link: LinkType,
    /// The headers read, outermost first.
    pub layers: Layers,
    /// Source address of the innermost IP header; `None` where there is no IP header (ARP).
    pub src: Option<IpAddr>,
    /// Destination address of the innermost IP header.
    pub dst: Option<IpAddr>,
    /// Source and destination of the IP headers outside of the innermost one, outermost first. [`Self::path`] has them in place.
    pub outer: &'a [(IpAddr, IpAddr)],
    /// IPv4 identification of the innermost header.
    pub ip_id: Option<u16>,
    /// Time to live or hop limit of the innermost IP header; 0 without one.
    pub ttl: u8,
    /// Source and destination port of the innermost UDP header that carried a tunnel (VXLAN, GTP-U …) rather than a payload.
    pub carrier: Option<(u16, u16)>,
    /// The payload.
    pub payload: Payload<'a>,
    /// The same IP packet was seen shortly before: a mirror of both ports, a capture of all interfaces, or another capture.
    pub duplicate: bool,
    /// A header is cut or contradicts itself; the payload is [`Payload::Other`] then.
    pub damaged: bool,
    /// There is more inside that may matter and was not read: encrypted, or nested too deep. Where the packet has addresses, it is
    /// left to the caller to say so ([`crate::base::CaveatKind::EncapsulationNotRead`]), who knows which are of interest.
    pub hidden: bool,
    /// Where it was seen, if that was in another capture.
    pub twin: Option<Twin>,
    /// Payload bytes that were on the wire and are not in the file.
    pub missing: u32,
    /// The frames of the fragments, in capture order, when the datagram came in fragments; else empty.
    pub frames: &'a [FrameRef],
}

impl Decoder {
    /// A decoder for one analysis. Fragments of several files meet in it, as several files are one capture.
    pub fn new(limits: &Limits) -> Self {
        Self {
            fragments: Store::new(limits),
            copies: Detector::new(),
            twins: Twins::default(),
            ready: Default::default(),
            outer: Vec::new(),
            unfolded: Vec::new(),
            depth: limits.encapsulation_depth,
        }
    }

    /// Says that frames of several captures will come, which may show the same packets.
    pub fn expect_several(&mut self, several: bool) {
        self.twins.expect(several);
    }

    /// Captures that had packets in common: both files, how many packets, and the first copy.
    pub fn in_common(&self) -> impl Iterator<Item = (FileIndex, FileIndex, u64, FrameRef)> + '_ {
        let pairs = self.twins.pairs().iter();
        pairs.map(|((a, b), (count, first))| (*a, *b, *count, *first))
    }

    /// Takes one frame apart. Every frame gives one packet; what could not be read of it is [`Payload::Other`] and a caveat.
    pub fn push<'a>(&'a mut self, frame: &Frame<'a>, caveats: &mut Caveats) -> Packet<'a> {
        self.outer.clear();
        let packet = Packet {
            at: frame.at,
            link: frame.link,
            layers: Layers::default(),
            src: None,
            dst: None,
            outer: &[],
            ip_id: None,
            ttl: 0,
            carrier: None,
            payload: Payload::Fragment,
            duplicate: false,
            damaged: false,
            hidden: false,
            twin: None,
            missing: 0,
            frames: &[],
        };
        let bytes = Bytes {
            data: frame.bytes,
            cut: frame.missing(),
        };
        let walk = Walk {
            packet,
            ip: None,
            fragments: &mut self.fragments,
            copies: &mut self.copies,
            twins: &mut self.twins,
            ready: &mut self.ready,
            outer: &mut self.outer,
            unfolded: Some(&mut self.unfolded),
            depth: self.depth,
            caveats,
        };
        walk.run(frame.link, bytes)
    }

    /// Tells of the fragments whose datagrams never became whole.
    pub fn finish(&mut self, caveats: &mut Caveats) {
        self.fragments.finish(caveats);
    }
}

impl Packet<'_> {
    /// Source address and port, where it is TCP or UDP.
    pub fn src_endpoint(&self) -> Option<Endpoint> {
        Some(Endpoint::new(self.src?, self.ports()?.0))
    }

    /// Destination address and port, where it is TCP or UDP.
    pub fn dst_endpoint(&self) -> Option<Endpoint> {
        Some(Endpoint::new(self.dst?, self.ports()?.1))
    }

    /// The way on which the innermost packet came by, outermost first: tags, tunnels with what they are identified by, and the
    /// ends of the outer IP headers.
    pub fn path(&self) -> impl Iterator<Item = Step> + '_ {
        self.layers.path(self.outer)
    }

    /// The flow of a TCP segment or UDP datagram.
    pub fn flow_key(&self) -> Option<FlowKey> {
        let transport = match self.payload {
            Payload::Tcp(_) => Transport::Tcp,
            Payload::Udp(_) => Transport::Udp,
            _ => return None,
        };
        Some(FlowKey::new(
            self.src_endpoint()?,
            self.dst_endpoint()?,
            transport,
        ))
    }

    /// Source and destination port, as far as they are known.
    pub fn ports(&self) -> Option<(u16, u16)> {
        match &self.payload {
            Payload::Tcp(s) => Some((s.src_port, s.dst_port)),
            Payload::Udp(d) => Some((d.src_port, d.dst_port)),
            Payload::Mirrored(m) => Some((m.src_port, m.dst_port)),
            Payload::Sctp(p) => Some((p.src_port, p.dst_port)),
            Payload::Other { ports, .. } => *ports,
            Payload::IcmpError(_) | Payload::Fragment => None,
        }
    }

    /// What a report says of a packet that is [`Packet::hidden`]; `None` where the decoder has said why already.
    pub fn hidden_text(&self) -> Option<String> {
        let protocol = self.protocol();
        (self.hidden && protocol != TOO_DEEP)
            .then(|| format!("{protocol} is not read; SIP may be inside"))
    }

    /// `tcp`, `udp`, `icmp`, `fragment`, or the name of what else it is.
    pub fn protocol(&self) -> Protocol {
        Protocol::Name(match &self.payload {
            Payload::Tcp(_) => "tcp",
            Payload::Udp(_) => "udp",
            Payload::Mirrored(m) => m.transport,
            Payload::Sctp(_) => "sctp",
            Payload::IcmpError(_) => "icmp",
            Payload::Fragment => "fragment",
            Payload::Other { protocol, .. } => return *protocol,
        })
    }
}

#[cfg(test)]
mod tests;
