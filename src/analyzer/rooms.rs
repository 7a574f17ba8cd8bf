//! The way of one packet up to the content of connections and datagrams.

use super::census;
use super::config::Config;
use super::redacting::Redactor;
use super::scope::{InScope, ScopeState};
use super::several::{self, Held, Several};
use super::shard;
use super::work::{Datagram as SipDatagram, Line, NotSip, Output, Stretch, Work};
use crate::base::{CaveatKind, Caveats, Chunk, Direction, Endpoint, FrameRef, Timestamp};
use crate::capture::Item;
use crate::connection::is_federation_port;
use crate::dialog::{Hop, Seen};
use crate::flow::{Event, FlowTable, IcmpReport, StreamNumbers};
use crate::packet::{Datagram, IcmpError, Packet, Payload, SctpPacket, Segment};
use crate::report::{Fate, Frames};
use crate::sctp::{self, Associations};
use crate::sip;
use crate::tls::Secrets;
use std::borrow::Cow;

/// The IP protocol number of TCP (RFC 9293 §3.1).
const TCP: u8 = 6;
/// IP protocol number of UDP.
const UDP: u8 = 17;

/// What comes behind the packets: in this thread or in others.
pub(super) trait Next {
    /// Does this for one shard, or for all (`None`).
    fn work(&mut self, shard: Option<usize>, work: Work<&[u8]>, last: FrameRef);

    /// Tells the rooms above the connections.
    fn tell(&mut self, output: Output, last: FrameRef);

    /// Shows a packet to whoever watches.
    fn show(&mut self, packet: &Packet<'_>);
}

/// The rooms one packet passes through before its content is looked at.
pub(super) struct Rooms {
    pub(super) scope: ScopeState,
    pub(super) redactor: Redactor,
    pub(super) streams: StreamNumbers,
    pub(super) flows: FlowTable<()>,
    pub(super) associations: Associations,
    pub(super) config: Config,
    pub(super) last: FrameRef,
    pub(super) several: Several,
    /// What became of frames that need nothing but their headers for it.
    pub(super) frames: Frames,
    pub(super) caveats: Caveats,
    /// Datagrams that are neither SIP nor DNS, and the first.
    pub(super) others: (u64, Option<FrameRef>),
    /// A frame was read.
    begun: bool,
    /// What sessions are opened with, and whether the shards have yet to be told what came last.
    secrets: Secrets,
    untold: bool,
    deal: Deal,
}

/// Who gets which connection.
#[derive(Debug, Default)]
struct Deal {
    /// Bytes of frames so far.
    bytes: u64,
    /// There is more than one shard by now.
    several: bool,
    /// The shard of the next datagram.
    turn: usize,
}

impl Deal {
    fn shard(&self, line: &Line) -> usize {
        if self.several {
            shard::place(line.client.addr)
        } else {
            0
        }
    }

    /// Datagrams need nothing of each other.
    fn next(&mut self) -> usize {
        if !self.several {
            return 0;
        }
        self.turn = (self.turn + 1) % shard::SHARDS;
        self.turn
    }
}

impl Rooms {
    pub(super) fn new(config: Config, redactor: Redactor, scope: ScopeState) -> Self {
        let limits = &config.limits;
        Self {
            scope,
            redactor,
            streams: StreamNumbers::new(limits.stream_numbers),
            flows: FlowTable::new(limits),
            associations: Associations::new(limits),
            last: FrameRef::default(),
            several: Several::default(),
            frames: Frames::default(),
            caveats: Caveats::new(limits.places_per_caveat),
            others: (0, None),
            begun: false,
            secrets: config.secrets.clone(),
            untold: false,
            deal: Deal::default(),
            config,
        }
    }

    /// Notes what comes next; whether it is time now to deal connections to several shards.
    pub(super) fn note(&mut self, item: &Item<'_>) -> bool {
        let Item::Frame(frame) = item else {
            return false;
        };
        self.begun = true;
        if frame.at.time >= self.last.time {
            self.last = frame.at;
        }
        let bytes = u64::try_from(frame.bytes.len()).unwrap_or(u64::MAX);
        self.deal.bytes = self.deal.bytes.saturating_add(bytes);
        let due = !self.deal.several && self.deal.bytes >= self.config.limits.one_shard_bytes;
        self.deal.several |= due;
        due
    }

    /// Whether connections are dealt to several shards.
    pub(super) const fn is_dealt(&self) -> bool {
        self.deal.several
    }

    /// Secrets that the capture brings, or a comment that may hold some.
    pub(super) fn secrets(
        &mut self,
        text: &[u8],
        at: FrameRef,
        comment: bool,
        next: &mut dyn Next,
    ) {
        let limits = &self.config.limits;
        let report = if comment {
            self.secrets.add_keylog_lines_of_comment(text, limits)
        } else {
            self.secrets.add_keylog(text, limits)
        };
        self.untold |= report.new > 0;
        let output = Output::Brought {
            report,
            at,
            comment,
            late: self.begun,
        };
        next.tell(output, self.last);
    }

    /// The shards know the secrets that came since the last frame: once for all of them, because a capture may bring one after the other.
    fn tell_secrets(&mut self, next: &mut dyn Next) {
        if std::mem::take(&mut self.untold) {
            next.work(None, Work::Secrets(self.secrets.clone()), self.last);
        }
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>, next: &mut dyn Next) {
        self.tell_secrets(next);
        let verdict = self.scope.admit(packet.src, packet.dst);
        if verdict == InScope::FromHereOn {
            self.flows.clear();
            self.associations.clear();
            self.several.clear();
            self.frames = Frames::default();
            self.caveats = Caveats::new(self.config.limits.places_per_caveat);
            self.others = (0, None);
            next.work(None, Work::Forget, self.last);
            next.tell(Output::Restart, self.last);
        }
        let inside = verdict != InScope::No;
        let renamed = self.redactor.packet(packet);
        let packet = renamed.as_ref().unwrap_or(packet);
        self.say_later(packet.at.time, next);
        if inside && self.several.cut(packet) {
            next.tell(several::cut(packet.at), self.last);
        }
        if inside
            && packet.src.is_some()
            && let Some(text) = packet.hidden_text()
        {
            self.caveats
                .note(CaveatKind::EncapsulationNotRead, Some(packet.at), text);
        }
        if packet.src.is_none() {
            census::packet(packet, self.scope.unaddressed());
        } else if inside {
            census::packet(packet, &mut self.frames);
        }
        if inside {
            next.show(packet);
        }
        let (Some(src), Some(dst)) = (packet.src, packet.dst) else {
            return;
        };
        match &packet.payload {
            Payload::Tcp(segment) => {
                let src = Endpoint::new(src, segment.src_port);
                let dst = Endpoint::new(dst, segment.dst_port);
                self.segment(packet, src, dst, segment, inside, next);
            }
            Payload::Udp(_) | Payload::IcmpError(_)
                if packet.twin.is_some() && packet.is_told() => {}
            Payload::Udp(datagram) if inside => {
                let src = Endpoint::new(src, datagram.src_port);
                let dst = Endpoint::new(dst, datagram.dst_port);
                self.datagram(packet, (src, dst), datagram, "udp", next);
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
                self.datagram(packet, (src, dst), &datagram, message.transport, next);
            }
            Payload::Sctp(sctp) if inside => {
                let src = Endpoint::new(src, sctp.src_port);
                let dst = Endpoint::new(dst, sctp.dst_port);
                self.sctp(packet, src, dst, sctp, next);
            }
            Payload::IcmpError(error) if inside => self.icmp(packet.at, error, next),
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
        next: &mut dyn Next,
    ) {
        // Numbers run over all connections, also those out of scope, as in Wireshark.
        let numbered = self.streams.number(src, dst, segment.flags, segment.seq);
        if !inside {
            return;
        }
        let Self {
            flows, deal, last, ..
        } = self;
        flows.push(
            numbered.number,
            packet.at,
            src,
            dst,
            segment,
            packet.is_told(),
            &mut |event| hand_on(event, deal, *last, next),
        );
    }

    /// A datagram, or a message that a mirror brought in one; `carriage` is what carried the message itself.
    fn datagram(
        &mut self,
        packet: &Packet<'_>,
        (src, dst): (Endpoint, Endpoint),
        datagram: &Datagram<'_>,
        carriage: &'static str,
        next: &mut dyn Next,
    ) {
        if sip::probe_datagram(datagram.payload) != sip::Probe::Yes {
            self.not_sip(packet, src, dst, datagram.payload, next);
            return;
        }
        if !packet.duplicate {
            self.frames.add(Fate::Datagram, 1);
        }
        if self.several.on && packet.missing > 0 {
            let held = Held::new(packet.at, (src, dst), datagram, carriage);
            if let Some(oldest) = self.several.hold(held) {
                self.say(&oldest, next);
            }
            return;
        }
        let said = SipDatagram {
            at: packet.at,
            hop: Hop {
                src,
                dst,
                carriage,
                stream: None,
            },
            wire_len: datagram.wire_len,
            duplicate: packet.is_told(),
            fragments: match packet.frames {
                [] | [_] => Box::default(),
                several => several.into(),
            },
        };
        let work = Work::Datagram(said, datagram.payload);
        next.work(Some(self.deal.next()), work, self.last);
    }

    /// A datagram that is not SIP: those on ports that mean something are told, the others counted.
    fn not_sip(
        &mut self,
        packet: &Packet<'_>,
        src: Endpoint,
        dst: Endpoint,
        payload: &[u8],
        next: &mut dyn Next,
    ) {
        let dns = src.port == 53 || dst.port == 53;
        let (at, copy) = (packet.at, packet.duplicate);
        let of_sip = [src.port, dst.port].into_iter().any(is_federation_port);
        if of_sip
            && payload
                .iter()
                .all(|b| matches!(b, b'\r' | b'\n' | 0 | b' '))
        {
            // A keep-alive (RFC 5626 §3.5.1).
            self.frames.add(Fate::Datagram, u64::from(!copy));
            return;
        }
        if !copy {
            let fate = if dns { Fate::Dns } else { Fate::OtherDatagram };
            self.frames.add(fate, 1);
        }
        if !dns {
            self.others.0 += 1;
            self.others.1.get_or_insert(at);
        }
        if dns || of_sip {
            let renamed = dns.then(|| self.redactor.dns(payload)).flatten();
            let datagram = NotSip {
                src,
                dst,
                at,
                copy,
                told: packet.is_told(),
                payload: renamed.unwrap_or_else(|| payload.to_vec()).into(),
            };
            next.tell(Output::NotSip(datagram), self.last);
        }
    }

    /// Cut datagrams whose whole copy did not come in time.
    fn say_later(&mut self, now: Timestamp, next: &mut dyn Next) {
        while let Some(held) = self.several.overdue(now) {
            self.say(&held, next);
        }
    }

    fn say(&mut self, held: &Held, next: &mut dyn Next) {
        let (src, dst) = held.ends;
        let hop = Hop {
            src,
            dst,
            carriage: held.carriage,
            stream: None,
        };
        let datagram = SipDatagram {
            at: held.at,
            hop,
            wire_len: held.wire_len,
            duplicate: false,
            fragments: Box::default(),
        };
        let work = Work::Datagram(datagram, held.bytes.as_ref());
        next.work(Some(self.deal.next()), work, self.last);
    }

    fn sctp(
        &mut self,
        packet: &Packet<'_>,
        src: Endpoint,
        dst: Endpoint,
        sctp: &SctpPacket<'_>,
        next: &mut dyn Next,
    ) {
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
            associations, last, ..
        } = self;
        associations.push(place, sctp, &mut |item| {
            let output = match item {
                sctp::Item::Sip(sip::Item::Message(message)) => {
                    Output::Message(Seen { message, hop })
                }
                sctp::Item::Sip(sip::Item::KeepAlive { .. }) => return,
                sctp::Item::Sip(sip::Item::Skipped { at, bytes, reason }) => {
                    Output::Skipped { at, bytes, reason }
                }
                sctp::Item::Closed { at, how } => Output::Caveat {
                    kind: CaveatKind::NotDecrypted,
                    at,
                    text: Cow::Owned(format!(
                        "SCTP user messages inside {how}, which is not read over SCTP"
                    )),
                },
                sctp::Item::Other { at } => Output::OtherUserMessage(at),
            };
            next.tell(output, *last);
        });
    }

    /// An ICMP error belongs to the TCP connection whose packet it quotes.
    fn icmp(&mut self, at: FrameRef, error: &IcmpError, next: &mut dyn Next) {
        let Some(quoted) = error.quoted.as_ref() else {
            return;
        };
        let Some((src, dst)) = quoted.endpoints() else {
            return;
        };
        if quoted.protocol == UDP && dst.port == 53 {
            let (client, server) = (src.addr, dst.addr);
            let output = Output::NameServerUnreachable { client, server, at };
            next.tell(output, self.last);
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

    /// Ends everything that is still open.
    pub(super) fn finish(&mut self, next: &mut dyn Next) {
        self.tell_secrets(next);
        self.say_later(Timestamp::from_nanos(i64::MAX), next);
        for at in self.several.still_cut() {
            next.tell(several::cut(at), self.last);
        }
        let Self {
            flows, deal, last, ..
        } = self;
        flows.finish(&mut |event| hand_on(event, deal, *last, next));
    }
}

/// To the shard of the connection.
fn hand_on(event: Event<'_, ()>, deal: &Deal, last: FrameRef, next: &mut dyn Next) {
    match event {
        Event::Chunk {
            flow,
            direction,
            chunk,
            ..
        } => {
            let line = Line::of(flow);
            let stretch = |offset, at| Stretch {
                line,
                direction,
                offset,
                at,
            };
            let work = match chunk {
                Chunk::Data { offset, at, bytes } => Work::Data(stretch(offset, at), bytes),
                Chunk::Gap { offset, at, len } => Work::Gap(stretch(offset, at), len),
            };
            next.work(Some(deal.shard(&line)), work, last);
        }
        Event::Ended { flow, .. } => {
            let line = Line::of(&flow);
            next.work(Some(deal.shard(&line)), Work::Ended(Box::new(flow)), last);
        }
    }
}
