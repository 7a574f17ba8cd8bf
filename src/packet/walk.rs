//! The loop that takes off one header after the other.

mod told;

use super::bytes::{Bytes, Next, Taken};
use super::duplicate::Detector;
use super::fragment::{Store, Whole};
use super::ip::{self, Ip, Piece};
use super::link::{self, ethernet, llc, ppp, tag, upper_pdu};
use super::mirror::{self, Mirror};
use super::names;
use super::payload::{Datagram, Mirrored, Payload, Protocol};
use super::tunnel::{self, gre, hep, l2tp, mpls, nsh};
use super::twin::Twins;
use super::{Packet, icmp, sctp, tcp, udp};
use crate::base::{CaveatKind, Caveats, LinkType};
use std::net::IpAddr;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// A frame half taken apart.
pub(super) struct Walk<'a, 'd> {
    pub(super) packet: Packet<'a>,
    pub(super) ip: Option<Ip>,
    pub(super) fragments: &'d mut Store,
    pub(super) copies: &'d mut Detector,
    pub(super) twins: &'d mut Twins,
    pub(super) ready: &'a mut [Whole],
    /// Ends of the IP headers outside of `ip`.
    pub(super) outer: &'a mut Vec<(IpAddr, IpAddr)>,
    /// Room for one unfolded message.
    pub(super) unfolded: Option<&'a mut Vec<u8>>,
    pub(super) depth: usize,
    pub(super) caveats: &'d mut Caveats,
}

impl<'a> Walk<'a, '_> {
    /// From the frame to the innermost payload.
    pub(super) fn run(mut self, link: LinkType, bytes: Bytes<'a>) -> Packet<'a> {
        self.take_apart(link, bytes);
        let Self {
            mut packet, outer, ..
        } = self;
        packet.outer = outer;
        packet
    }

    fn take_apart(&mut self, link: LinkType, from: Bytes<'a>) {
        // What the first link type is, is no header inside another.
        let Some(taken) = link::read(link, from, &mut self.packet.layers) else {
            self.unread_link(link, from);
            return;
        };
        let Some((mut next, mut bytes)) = taken else {
            self.malformed(from);
            return;
        };
        loop {
            match self.step(next, bytes) {
                Some(Some(taken)) => (next, bytes) = taken,
                Some(None) => return self.malformed(bytes),
                None => return,
            }
        }
    }

    /// Takes one header off. `None`: this was the innermost one.
    fn step(&mut self, next: Next, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        match next {
            Next::EtherType(IPV4 | IPV6) => return Some(Some((Next::Ip, bytes))),
            Next::Protocol(number) => return self.protocol(number, bytes),
            Next::Named(name) => {
                self.other(Protocol::Name(name), bytes);
                return None;
            }
            Next::Unknown(registry, number) => {
                self.unknown(registry, number, bytes);
                return None;
            }
            Next::Hidden(name) => {
                self.hidden(name, bytes);
                return None;
            }
            Next::Hep | Next::UpperPdu => {
                self.mirrored(next, bytes);
                return None;
            }
            Next::Ethernet
            | Next::EtherType(_)
            | Next::Llc
            | Next::Ppp
            | Next::Ip
            | Next::Link(_) => {}
        }
        if self.deeper(bytes) {
            return None;
        }
        let layers = &mut self.packet.layers;
        Some(match next {
            Next::Ip => return self.ip(bytes),
            Next::Ethernet => ethernet::read(bytes, layers),
            Next::Llc => llc::read(bytes, layers),
            Next::Ppp => ppp::read(bytes, layers),
            Next::EtherType(kind) => match kind {
                0x8847 | 0x8848 => mpls::read(bytes, layers),
                ppp::ETHERTYPE_SESSION => ppp::session(bytes, layers),
                nsh::ETHERTYPE => nsh::read(bytes, layers),
                0x6558 => Some((Next::Ethernet, bytes)),
                // Frames whose length would not fit into the field (draft-ietf-isis-ext-eth).
                0x8870 => Some((Next::Llc, bytes)),
                _ => tag::read(kind, bytes, layers).unwrap_or_else(|| Some((unread(kind), bytes))),
            },
            Next::Link(link) => match link::read(link, bytes, layers) {
                Some(taken) => taken,
                None => {
                    self.unread_link(link, bytes);
                    return None;
                }
            },
            Next::Protocol(_)
            | Next::Named(_)
            | Next::Unknown(..)
            | Next::Hep
            | Next::UpperPdu
            | Next::Hidden(_) => Some((next, bytes)),
        })
    }

    fn ip(&mut self, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        let Some(header) = ip::read(bytes) else {
            return Some(None);
        };
        self.packet.layers.push(header.name);
        self.leave();
        self.packet.src = Some(header.ip.src);
        self.packet.dst = Some(header.ip.dst);
        self.packet.ip_id = header.ip.id;
        self.packet.ttl = header.ip.ttl;
        self.ip = Some(header.ip);
        if header.lies {
            let text = "an IP header whose length is not that of the packet";
            let at = Some(self.packet.at);
            self.caveats.note(CaveatKind::PacketMalformed, at, text);
        }
        match header.piece {
            Some(piece) => self.piece(header.ip, piece, header.payload),
            None => Some(Some((Next::Protocol(header.protocol), header.payload))),
        }
    }

    /// The IP header at hand is an outer one: another one follows.
    fn leave(&mut self) {
        if let Some(ip) = self.ip {
            self.outer.push((ip.src, ip.dst));
        }
    }

    /// A fragment: kept, or with it the datagram is whole.
    fn piece(&mut self, ip: Ip, piece: Piece, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        let at = self.packet.at;
        let place = u64::from(piece.offset) << 17 | u64::from(bytes.wire_len()) << 1;
        let extra = u64::from(piece.id) << 33 ^ place | u64::from(piece.more);
        let several = self.twins.expected();
        if bytes.cut > 0 && several {
            self.packet.missing = bytes.cut;
            let twin = self
                .twins
                .of(&ip, &Payload::Fragment, extra, bytes.data.len(), at);
            self.packet.duplicate = twin.is_some();
            self.packet.twin = twin;
            if twin.is_some_and(|twin| !twin.longer) {
                return None;
            }
        }
        if bytes.cut > 0 && piece.offset == 0 {
            // It can never be put together, but its transport header is here.
            return Some(Some((Next::Protocol(piece.protocol), bytes)));
        }
        self.packet.payload = Payload::Fragment;
        self.packet.missing = bytes.cut;
        if bytes.cut > 0 {
            // With several captures another may still have it whole: then nothing is lost.
            if !several {
                let text = "the snap length cut an IP fragment";
                self.caveats.note(CaveatKind::SnapLength, Some(at), text);
            }
            return None;
        }
        let payload = self.packet.payload;
        self.seen_before(&ip, &payload, extra, bytes.data.len());
        if self.packet.is_told() {
            return None;
        }
        let whole = self
            .fragments
            .push(&ip, piece, bytes.data, at, self.caveats)?;
        let Some((slot, rest)) = std::mem::take(&mut self.ready).split_first_mut() else {
            let text = "datagrams in fragments inside one another";
            self.caveats.note(CaveatKind::TooDeep, Some(at), text);
            return None;
        };
        self.ready = rest;
        *slot = whole;
        self.packet.frames = &slot.frames;
        Some(Some((
            Next::Protocol(slot.protocol),
            Bytes::whole(&slot.bytes),
        )))
    }

    fn protocol(&mut self, number: u8, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        let Some(ip) = self.ip else {
            self.unknown(names::IP_PROTOCOL, u16::from(number), bytes);
            return None;
        };
        let v6 = ip.id.is_none();
        Some(match number {
            6 => return self.tcp(ip, bytes),
            17 => return self.udp(ip, bytes),
            sctp::PROTOCOL => return self.sctp(ip, bytes),
            1 | 58 => return self.icmp(ip, number == 58, bytes),
            4 | 41 => Some((Next::Ip, bytes)),
            44 if v6 => match ip::fragment(bytes) {
                // An atomic fragment (RFC 6946) is a whole datagram.
                Some((p, rest)) if p.offset == 0 && !p.more => {
                    Some((Next::Protocol(p.protocol), rest))
                }
                Some((piece, rest)) => return self.piece(ip, piece, rest),
                None => None,
            },
            0 | 43 | 60 | 135 | 139 | 140 if v6 => ip::extension(bytes),
            51 => ip::authentication(bytes),
            47 => gre::read(bytes, &mut self.packet.layers),
            // EtherIP (RFC 3378): version (2), then an Ethernet frame.
            97 => {
                self.packet.layers.tag("etherip", None);
                bytes.skip(2).map(|rest| (Next::Ethernet, rest))
            }
            // Ethernet in an IPv6 routing domain (RFC 8986 §4.9).
            143 => Some((Next::Ethernet, bytes)),
            115 => l2tp::over_ip(bytes, &mut self.packet.layers),
            // MPLS in IP (RFC 4023).
            137 => Some((Next::EtherType(0x8847), bytes)),
            2 => Some((Next::Named("igmp"), bytes)),
            59 => Some((Next::Named("none"), bytes)),
            88 => Some((Next::Named("eigrp"), bytes)),
            89 => Some((Next::Named("ospf"), bytes)),
            103 => Some((Next::Named("pim"), bytes)),
            112 => Some((Next::Named("vrrp"), bytes)),
            50 => Some((Next::Hidden("IPsec ESP"), bytes)),
            108 => Some((Next::Hidden("compressed IP (IPComp)"), bytes)),
            n => Some((Next::Unknown(names::IP_PROTOCOL, u16::from(n)), bytes)),
        })
    }

    fn tcp(&mut self, ip: Ip, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        self.packet.layers.push("tcp");
        match tcp::read(bytes) {
            Ok(segment) => {
                if segment.payload.starts_with(hep::MAGIC) {
                    let text = "messages mirrored as HEP over TCP are not read; let the agents send HEP over UDP";
                    let at = Some(self.packet.at);
                    self.caveats
                        .note(CaveatKind::EncapsulationNotRead, at, text);
                }
                self.end(ip, Payload::Tcp(segment), segment.payload, segment.wire_len);
            }
            Err(ports) => self.headless("tcp", ports, bytes),
        }
        None
    }

    fn udp(&mut self, ip: Ip, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        self.packet.layers.push("udp");
        let datagram = match udp::read(bytes) {
            Ok(datagram) => datagram,
            Err(ports) => {
                self.headless("udp", ports, bytes);
                return None;
            }
        };
        let inside = Bytes {
            data: datagram.payload,
            cut: missing(datagram.payload, datagram.wire_len),
        };
        let (src, dst) = (datagram.src_port, datagram.dst_port);
        let taken = tunnel::over_udp(src, dst, inside, &mut self.packet.layers);
        if taken.is_some() {
            self.packet.carrier = Some((src, dst));
            return Some(taken);
        }
        self.end(
            ip,
            Payload::Udp(datagram),
            datagram.payload,
            datagram.wire_len,
        );
        None
    }

    fn sctp(&mut self, ip: Ip, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        self.packet.layers.push("sctp");
        match sctp::read(bytes) {
            Ok(packet) => self.end(ip, Payload::Sctp(packet), packet.payload, packet.wire_len),
            Err(ports) => self.headless("sctp", ports, bytes),
        }
        None
    }

    fn icmp(&mut self, ip: Ip, v6: bool, bytes: Bytes<'a>) -> Option<Taken<'a>> {
        let name = if v6 { "icmpv6" } else { "icmp" };
        self.packet.layers.push(name);
        match icmp::error(bytes, ip.src, v6) {
            Some(error) => {
                self.packet.payload = Payload::IcmpError(error);
                self.seen_before(&ip, &Payload::IcmpError(error), 0, 0);
            }
            None => self.other(Protocol::Name(name), bytes),
        }
        None
    }

    /// A message with its addresses, but without its headers.
    fn mirrored(&mut self, what: Next, bytes: Bytes<'a>) {
        let read = match what {
            Next::Hep => hep::read(bytes),
            _ => upper_pdu::read(bytes),
        };
        let Some(message) = read else {
            // Nothing says whether the message would have been one of SIP.
            return match bytes.cut {
                0 => self.hidden("a mirrored message without its addresses", bytes),
                _ => self.malformed(bytes),
            };
        };
        let Some(payload) = self.message(&message) else {
            return self.hidden("a mirrored message that cannot be unfolded", bytes);
        };
        if let Some(agent) = message.agent {
            self.packet.layers.identify(agent);
        }
        self.leave();
        self.packet.src = Some(message.src);
        self.packet.dst = Some(message.dst);
        (self.packet.ip_id, self.packet.ttl) = (None, 0);
        let ip = Ip {
            src: message.src,
            dst: message.dst,
            id: None,
            ttl: 0,
        };
        let (src_port, dst_port) = (message.src_port, message.dst_port);
        let (stored, wire_len) = (payload.data, payload.wire_len());
        let payload = match message.transport {
            "udp" => Payload::Udp(Datagram {
                src_port,
                dst_port,
                checksum: 0,
                payload: stored,
                wire_len,
            }),
            transport => Payload::Mirrored(Mirrored {
                transport,
                src_port,
                dst_port,
                payload: stored,
                wire_len,
            }),
        };
        self.end(ip, payload, stored, wire_len);
    }

    fn message(&mut self, message: &Mirror<'a>) -> Option<Bytes<'a>> {
        if !message.compressed {
            return Some(message.payload);
        }
        let room = self.unfolded.take()?;
        mirror::unfold(message.payload, room)?;
        Some(Bytes::whole(room))
    }

    fn end(&mut self, ip: Ip, payload: Payload<'a>, stored: &[u8], wire_len: u32) {
        self.packet.payload = payload;
        self.packet.missing = missing(stored, wire_len);
        self.seen_before(&ip, &payload, 0, stored.len());
    }
}

/// An `EtherType` with no IP inside that is known well enough to need no caveat, or one that is not known.
fn unread(kind: u16) -> Next {
    Next::Named(match kind {
        0x0806 => "arp",
        0x8035 => "rarp",
        0x8137 => "ipx",
        0x8808 => "pause",
        0x8809 => "slow",
        0x8863 => "pppoed",
        0x888e => "eapol",
        0x88cc => "lldp",
        0x9000 => "loopback",
        n => return Next::Unknown(names::ETHERTYPE, n),
    })
}

fn missing(stored: &[u8], wire_len: u32) -> u32 {
    wire_len.saturating_sub(u32::try_from(stored.len()).unwrap_or(u32::MAX))
}
