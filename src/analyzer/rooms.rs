//! The way of one packet through the rooms.

use super::Observed;
use super::census;
use super::config::Config;
use super::conversation::Conversation;
use super::redacting::Redactor;
use super::scope::{InScope, ScopeState};
use super::several::{self, Held, Several};
use super::upper::Upper;
use crate::base::{CaveatKind, Direction, Endpoint, FrameRef, Timestamp};
use crate::dialog::{Hop, Seen};
use crate::flow::{FlowTable, IcmpReport, StreamNumbers};
use crate::packet::{Datagram, IcmpError, Packet, Payload, SctpPacket, Segment};
use crate::report::Fate;
use crate::sctp::{self, Associations};
use crate::sip;
use crate::tls::Keyring;

/// The IP protocol number of TCP (RFC 9293 §3.1).
const TCP: u8 = 6;
/// IP protocol number of UDP.
const UDP: u8 = 17;

/// The rooms one packet passes through.
pub(super) struct Rooms<'o> {
    /// What opens TLS sessions, in whatever conversation.
    pub(super) keyring: Keyring,
    pub(super) scope: ScopeState,
    pub(super) redactor: Redactor,
    pub(super) streams: StreamNumbers,
    pub(super) flows: FlowTable<Conversation>,
    pub(super) associations: Associations,
    pub(super) upper: Upper<'o>,
    pub(super) config: Config,
    pub(super) last: FrameRef,
    pub(super) several: Several,
}

impl Rooms<'_> {
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        let verdict = self.scope.admit(packet.src, packet.dst);
        if verdict == InScope::FromHereOn {
            self.flows.clear();
            self.associations.clear();
            self.upper.restart(&self.config);
            self.several.clear();
        }
        let inside = verdict != InScope::No;
        let renamed = self.redactor.packet(packet);
        let packet = renamed.as_ref().unwrap_or(packet);
        self.say_later(packet.at.time);
        if inside && self.several.cut(packet) {
            several::note_cut(packet.at, &mut self.upper.judge.caveats);
        }
        if inside
            && packet.src.is_some()
            && let Some(text) = packet.hidden_text()
        {
            let caveats = &mut self.upper.judge.caveats;
            caveats.note(CaveatKind::EncapsulationNotRead, Some(packet.at), text);
        }
        if packet.src.is_none() {
            census::packet(packet, self.scope.unaddressed());
        } else if inside {
            census::packet(packet, &mut self.upper.judge.counts.frames);
        }
        if inside {
            self.upper.show(Observed::Packet(packet));
        }
        let (Some(src), Some(dst)) = (packet.src, packet.dst) else {
            return;
        };
        match &packet.payload {
            Payload::Tcp(segment) => {
                let src = Endpoint::new(src, segment.src_port);
                let dst = Endpoint::new(dst, segment.dst_port);
                self.segment(packet, src, dst, segment, inside);
            }
            Payload::Udp(_) | Payload::IcmpError(_)
                if packet.twin.is_some() && packet.is_told() => {}
            Payload::Udp(datagram) if inside => {
                let src = Endpoint::new(src, datagram.src_port);
                let dst = Endpoint::new(dst, datagram.dst_port);
                self.datagram(packet, (src, dst), datagram, "udp");
            }
            Payload::Mirrored(message) if inside => {
                let src = Endpoint::new(src, message.src_port);
                let dst = Endpoint::new(dst, message.dst_port);
                let datagram = Datagram {
                    src_port: message.src_port,
                    dst_port: message.dst_port,
                    checksum: 0,
                    payload: message.payload,
                    wire_len: message.wire_len,
                };
                self.datagram(packet, (src, dst), &datagram, message.transport);
            }
            Payload::Sctp(sctp) if inside => {
                let src = Endpoint::new(src, sctp.src_port);
                let dst = Endpoint::new(dst, sctp.dst_port);
                self.sctp(packet, src, dst, sctp);
            }
            Payload::IcmpError(error) if inside => self.icmp(packet.at, error),
            _ => {}
        }
    }

    fn segment(
        &mut self,
        packet: &Packet<'_>,
        src: Endpoint,
        dst: Endpoint,
        segment: &Segment<'_>,
        inside: bool,
    ) {
        // Numbers run over all connections, also those out of scope, as in Wireshark.
        let numbered = self.streams.number(src, dst, segment.flags, segment.seq);
        if !inside {
            return;
        }
        let Self {
            flows,
            keyring,
            redactor,
            upper,
            config,
            last,
            ..
        } = self;
        flows.push(
            numbered.number,
            packet.at,
            src,
            dst,
            segment,
            packet.is_told(),
            &mut |event| upper.event(event, keyring, redactor, config, *last),
        );
    }

    /// A datagram, or a message that a mirror brought in one; `carriage` is what carried the message itself.
    fn datagram(
        &mut self,
        packet: &Packet<'_>,
        (src, dst): (Endpoint, Endpoint),
        datagram: &Datagram<'_>,
        carriage: &'static str,
    ) {
        if sip::probe_datagram(datagram.payload) != sip::Probe::Yes {
            let renamed = [src.port, dst.port]
                .contains(&53)
                .then(|| self.redactor.dns(datagram.payload))
                .flatten();
            let payload = renamed.as_deref().unwrap_or(datagram.payload);
            let judge = &mut self.upper.judge;
            judge.other_datagram(src, dst, packet, payload);
            return;
        }
        if !packet.duplicate {
            self.upper.judge.counts.frames.add(Fate::Datagram, 1);
        }
        if self.several.on && packet.missing > 0 {
            let held = Held::new(packet.at, (src, dst), datagram, carriage);
            if let Some(oldest) = self.several.hold(held) {
                self.say(&oldest);
            }
            return;
        }
        let hop = Hop {
            src,
            dst,
            carriage,
            stream: None,
        };
        self.sip(
            packet.at,
            hop,
            datagram.payload,
            datagram.wire_len,
            packet.is_told(),
            packet.frames,
        );
    }

    /// Cut datagrams whose whole copy did not come in time.
    fn say_later(&mut self, now: Timestamp) {
        while let Some(held) = self.several.overdue(now) {
            self.say(&held);
        }
    }

    fn say(&mut self, held: &Held) {
        let (src, dst) = held.ends;
        let hop = Hop {
            src,
            dst,
            carriage: held.carriage,
            stream: None,
        };
        self.sip(held.at, hop, &held.bytes, held.wire_len, false, &[]);
    }

    /// Reads the SIP messages of a datagram.
    fn sip(
        &mut self,
        at: FrameRef,
        hop: Hop,
        payload: &[u8],
        wire_len: u32,
        duplicate: bool,
        frames: &[FrameRef],
    ) {
        let Self {
            upper,
            redactor,
            config,
            last,
            ..
        } = self;
        sip::datagram(
            payload,
            at,
            wire_len,
            &config.limits,
            &mut |item| match item {
                sip::Item::Message(mut message) => {
                    message.duplicate = duplicate;
                    if frames.len() > 1 {
                        message.carried_by(frames);
                    }
                    let seen = Seen { message, hop };
                    upper.message(seen, redactor, *last);
                }
                sip::Item::KeepAlive { .. } => {}
                sip::Item::Skipped { at, bytes, reason } => {
                    upper.judge.skipped(at, bytes, reason);
                }
            },
        );
    }

    fn sctp(&mut self, packet: &Packet<'_>, src: Endpoint, dst: Endpoint, sctp: &SctpPacket<'_>) {
        let hop = Hop {
            src,
            dst,
            carriage: "sctp",
            stream: None,
        };
        let place = sctp::Place {
            at: packet.at,
            frames: packet.frames,
            src,
            dst,
        };
        let Self {
            associations,
            upper,
            redactor,
            last,
            ..
        } = self;
        associations.push(place, sctp, &mut |item| match item {
            sctp::Item::Sip(sip::Item::Message(message)) => {
                upper.message(Seen { message, hop }, redactor, *last);
            }
            sctp::Item::Sip(sip::Item::KeepAlive { .. }) => {}
            sctp::Item::Sip(sip::Item::Skipped { at, bytes, reason }) => {
                upper.judge.skipped(at, bytes, reason);
            }
            sctp::Item::Closed { at, how } => upper.judge.caveats.note(
                CaveatKind::NotDecrypted,
                Some(at),
                format!("SCTP user messages inside {how}, which is not read over SCTP"),
            ),
            sctp::Item::Other { at } => upper.judge.other_user_message(at),
        });
    }

    /// An ICMP error belongs to the TCP connection whose packet it quotes.
    fn icmp(&mut self, at: FrameRef, error: &IcmpError) {
        let Some(quoted) = error.quoted.as_ref() else {
            return;
        };
        let Some((src, dst)) = quoted.endpoints() else {
            return;
        };
        if quoted.protocol == UDP && dst.port == 53 {
            self.upper.judge.name_server_unreachable(src, dst, at);
        }
        if quoted.protocol != TCP {
            return;
        }
        if let Some(number) = self.streams.known(src, dst) {
            let report = IcmpReport {
                at,
                from: error.source,
                v6: src.addr.is_ipv6(),
                kind: error.kind,
                code: error.code,
                quoted: Direction::Originator,
            };
            self.flows.icmp(number, src, report);
        }
    }

    pub(super) fn finish(&mut self) {
        self.say_later(Timestamp::from_nanos(i64::MAX));
        for at in self.several.still_cut() {
            several::note_cut(at, &mut self.upper.judge.caveats);
        }
        let Self {
            flows,
            keyring,
            redactor,
            upper,
            config,
            last,
            ..
        } = self;
        flows.finish(&mut |event| upper.event(event, keyring, redactor, config, *last));
        upper.finish(*last);
    }
}
