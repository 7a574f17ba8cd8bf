//! What the innermost IP packet of a frame carries.

use super::names;
use super::sctp::SctpPacket;
use crate::base::Endpoint;
use std::fmt;
use std::net::IpAddr;

/// The payload of the innermost IP packet, or what was found instead of one.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A UDP datagram.
    Udp(Datagram<'a>),
    /// A message of a mirror that brings no transport header (HEP), carried by something else than UDP.
    Mirrored(Mirrored<'a>),
    /// An SCTP packet.
    Sctp(SctpPacket<'a>),
    /// An ICMP message about a packet that could not be delivered.
    IcmpError(IcmpError),
    /// Part of an IP datagram that is not complete yet (or, a copied fragment, was already).
    Fragment,
    /// Something else.
    Other {
        /// What it is.
        protocol: Protocol,
        /// Its bytes on the wire.
        length: u32,
        /// Source and destination port of a TCP or UDP header that is cut or damaged behind them.
        ports: Option<(u16, u16)>,
    },
}

/// The name or number of something that is not taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// By its usual short name, as `arp`.
    Name(&'static str),
    /// By a number and the registry it is of, as `ethertype 0x88b5` or `ip protocol 50 (IPsec ESP)`.
    Number(&'static str, u16),
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(registry, number) => {
                // As the registries write them.
                match *registry {
                    names::LINK_TYPE | names::IP_PROTOCOL => write!(f, "{registry} {number}")?,
                    _ => write!(f, "{registry} {number:#06x}")?,
                }
                match names::of(registry, *number) {
                    Some(name) => write!(f, " ({name})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// A TCP segment (RFC 9293 §3.1).
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Sequence number of the first payload byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgment number; meaningful with [`TcpFlags::ack`].
    pub ack: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window as sent, in bytes before scaling.
    pub window: u16,
    /// Window scale option of a SYN (RFC 7323 §2): the shift count.
    pub window_scale: Option<u8>,
    /// Maximum segment size option of a SYN, in bytes.
    pub mss: Option<u16>,
    /// A SYN that adds a subflow to a connection of Multipath TCP (RFC 8684 §3.2).
    pub joins: bool,
    /// Checksum as sent; often not yet computed in captures made on the sending host.
    pub checksum: u16,
    /// The payload as far as it is in the capture.
    pub payload: &'a [u8],
    /// Payload bytes on the wire; more than `payload` has when the capture cut the packet.
    pub wire_len: u32,
}

/// TCP control bits (RFC 9293 §3.1; the low eight).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl fmt::Display for TcpFlags {
    /// `SYN,ACK`, as in Wireshark's info column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            (self.syn(), "SYN"),
            (self.fin(), "FIN"),
            (self.rst(), "RST"),
            (self.psh(), "PSH"),
            (self.ack(), "ACK"),
            (self.urg(), "URG"),
        ];
        let mut first = true;
        for (_, name) in named.into_iter().filter(|(set, _)| *set) {
            f.write_str(if first { "" } else { "," })?;
            f.write_str(name)?;
            first = false;
        }
        Ok(())
    }
}

impl TcpFlags {
    /// No more data from the sender.
    pub const fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// Sequence numbers start here.
    pub const fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// The connection is reset.
    pub const fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// Data is to be given to the application at once.
    pub const fn psh(self) -> bool {
        self.0 & 0x08 != 0
    }
    /// The acknowledgment number is meaningful.
    pub const fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
    /// The urgent pointer is meaningful.
    pub const fn urg(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// A UDP datagram (RFC 768).
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Checksum as sent; 0 for none.
    pub checksum: u16,
    /// The payload as far as it is in the capture.
    pub payload: &'a [u8],
    /// Payload bytes on the wire; more than `payload` has when the capture cut the packet.
    pub wire_len: u32,
}

/// A message that a mirror sent on without its transport header. One of UDP is a [`Datagram`].
#[derive(Debug, Clone, Copy)]
pub struct Mirrored<'a> {
    /// What carried the message, as the mirror says: `tcp`, `tls`, `sctp` or `ws`.
    pub transport: &'static str,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// The message as far as it is in the capture.
    pub payload: &'a [u8],
    /// Its bytes on the wire; more than `payload` has when the capture cut the packet.
    pub wire_len: u32,
}

/// A destination unreachable or time exceeded message (RFC 792 type 3 and 11; RFC 4443 type 1 and 3) or packet too big (RFC 4443
/// type 2; RFC 1191 as type 3 code 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// ICMP or `ICMPv6` type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// Who says so: the source of the message.
    pub source: IpAddr,
    /// The packet it is about, as far as it is quoted.
    pub quoted: Option<Quoted>,
    /// MTU of the next hop in bytes, where the message has one.
    pub mtu: Option<u32>,
}

/// The packet an ICMP error is about: sent from `src` to `dst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Source of the quoted packet.
    pub src: IpAddr,
    /// Destination of the quoted packet.
    pub dst: IpAddr,
    /// Its IP protocol number: 6 for TCP, 17 for UDP.
    pub protocol: u8,
    /// Its ports, where it is TCP or UDP and enough is quoted.
    pub ports: Option<(u16, u16)>,
}

impl Quoted {
    /// Both ends of the quoted packet, source first, where the ports are known.
    pub fn endpoints(&self) -> Option<(Endpoint, Endpoint)> {
        let (src, dst) = self.ports?;
        Some((Endpoint::new(self.src, src), Endpoint::new(self.dst, dst)))
    }
}
