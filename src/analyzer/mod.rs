//! The only place that knows all rooms: it routes, it never decides.

mod brought;
mod census;
mod config;
mod conversation;
mod judge;
mod lane;
mod scope;
mod several;
mod upper;

pub use config::{Config, Scope};

use crate::base::{CaveatKind, Caveats, Direction, Endpoint, FrameRef, Timestamp};
use crate::capture::{CaptureSummary, Item, Merge};
use crate::connection::Connection;
use crate::dialog::{Call, Hop, Seen};
use crate::flow::{FlowTable, IcmpReport, StreamNumbers};
use crate::packet::{Datagram, Decoder, IcmpError, Packet, Payload, SctpPacket, Segment};
use crate::report::{Fate, Report};
use crate::sctp::{self, Associations};
use crate::sip;
use crate::tls::{Keyring, Secrets};
use brought::Brought;
use conversation::Conversation;
use scope::{InScope, ScopeState};
use several::{Held, Several};
use upper::Upper;

/// The IP protocol number of TCP (RFC 9293 §3.1).
const TCP: u8 = 6;

/// What an observer is shown while the analysis runs, in the order of the frames that completed it.
#[derive(Debug)]
pub enum Observed<'a> {
    /// Everything shown so far was out of scope after all: forget it.
    Restart,
    /// A packet in scope.
    Packet(&'a Packet<'a>),
    /// A SIP message.
    Message(&'a Seen),
    /// A connection that ended.
    Connection(&'a Connection),
    /// A call that ended.
    Call(&'a Call),
}

/// Whoever watches the analysis.
type BoxedObserver<'o> = Box<dyn FnMut(Observed<'_>) + 'o>;

/// From frames to a report: `push` every item of the captures in time order, then `finish`.
pub struct Analyzer<'o> {
    decoder: Decoder,
    /// What reading and decoding could not see; the judge keeps what is known of connections and calls.
    caveats: Caveats,
    brought: Brought,
    rooms: Rooms<'o>,
}

impl<'o> Analyzer<'o> {
    /// An analysis with nothing seen yet.
    pub fn new(config: Config) -> Self {
        let limits = &config.limits;
        Self {
            decoder: Decoder::new(limits),
            caveats: Caveats::new(limits.places_per_caveat),
            brought: Brought::default(),
            rooms: Rooms {
                scope: ScopeState::new(&config),
                streams: StreamNumbers::new(limits.stream_numbers),
                flows: FlowTable::new(limits),
                associations: Associations::new(limits),
                keyring: Keyring::new(config.secrets.clone(), limits),
                upper: Upper::new(&config),
                last: FrameRef::default(),
                several: Several::default(),
                config,
            },
        }
    }

    /// Shows everything that is read to `observer`.
    pub fn observe(&mut self, observer: impl FnMut(Observed<'_>) + 'o) {
        self.rooms.upper.observer = Some(Box::new(observer));
    }

    /// What reading and decoding could not see; the reader of the captures adds to it.
    pub fn caveats(&mut self) -> &mut Caveats {
        &mut self.caveats
    }

    /// Takes everything that is left in the captures.
    pub fn read(&mut self, captures: &mut Merge<'_>) {
        self.expect_several(captures.files() > 1);
        while let Some(item) = captures.next(&mut self.caveats) {
            self.push(item);
        }
    }

    /// Says, before the first item, whether frames of more than one capture will come: packets that are in several of them are
    /// then counted once, and what one capture cut off is taken from another. [`Self::read`] does this.
    pub fn expect_several(&mut self, several: bool) {
        self.decoder.expect_several(several);
        self.rooms.flows.expect_several(several);
        self.rooms.several.on = several;
    }

    /// Takes one item of a capture.
    pub fn push(&mut self, item: Item<'_>) {
        let Self {
            brought,
            rooms,
            caveats,
            ..
        } = self;
        let Rooms {
            keyring, config, ..
        } = rooms;
        let frame = match item {
            Item::Frame(frame) => frame,
            Item::Secrets(text, at) => {
                brought.key_log(text, at, keyring, &config.limits, caveats);
                return;
            }
            Item::Comment(text, at) => {
                brought.comment(text, at, keyring, &config.limits, caveats);
                return;
            }
        };
        brought.frame();
        if frame.at.time >= self.rooms.last.time {
            self.rooms.last = frame.at;
        }
        let packet = self.decoder.push(&frame, &mut self.caveats);
        self.rooms.packet(&packet);
    }

    /// Ends everything that is still open and judges it.
    pub fn finish(self, captures: Vec<CaptureSummary>) -> Report {
        self.finish_or_again(captures).0
    }

    /// As [`Self::finish`], for captures that can be read again: where secrets stood behind the packets that they may open, the
    /// second value is all secrets that are known now. An analysis with them in [`Config::secrets`] sees more, and its report
    /// takes the place of this one.
    pub fn finish_or_again(mut self, captures: Vec<CaptureSummary>) -> (Report, Option<Secrets>) {
        self.decoder.finish(&mut self.caveats);
        several::tell_common(&self.decoder, &captures, &mut self.caveats);
        self.rooms.finish();
        let Self {
            mut caveats,
            brought,
            rooms,
            ..
        } = self;
        let Rooms {
            scope,
            streams,
            mut flows,
            mut associations,
            upper: Upper {
                mut dialogs, judge, ..
            },
            config,
            last,
            keyring,
            ..
        } = rooms;
        let again = brought.finish(judge.has_unread_sessions(), &keyring, &mut caveats);
        if streams.forgotten() > 0 {
            caveats.note_many(
                CaveatKind::StreamNumbers,
                None,
                "very many connections: the numbers of later ones differ from Wireshark's tcp.stream",
                streams.forgotten(),
            );
        }
        caveats.merge(flows.take_caveats());
        caveats.merge(associations.finish());
        caveats.merge(dialogs.take_caveats());
        let report = judge.finish(&config, captures, scope.coverage(), caveats, last);
        (report, again.then(|| keyring.into_secrets()))
    }
}

impl std::fmt::Debug for Analyzer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer")
            .field("last", &self.rooms.last)
            .finish_non_exhaustive()
    }
}

/// The rooms one packet passes through.
struct Rooms<'o> {
    /// What opens TLS sessions, in whatever conversation.
    keyring: Keyring,
    scope: ScopeState,
    streams: StreamNumbers,
    flows: FlowTable<Conversation>,
    associations: Associations,
    upper: Upper<'o>,
    config: Config,
    last: FrameRef,
    several: Several,
}

impl Rooms<'_> {
    fn packet(&mut self, packet: &Packet<'_>) {
        let verdict = self.scope.admit(packet.src, packet.dst);
        if verdict == InScope::FromHereOn {
            self.flows.clear();
            self.associations.clear();
            self.upper.restart(&self.config);
            self.several.clear();
        }
        let inside = verdict != InScope::No;
        self.say_later(packet.at.time);
        if inside && self.several.cut(packet) {
            several::note_cut(packet.at, &mut self.upper.judge.caveats);
        }
        if inside && packet.hidden && packet.src.is_some() {
            let caveats = &mut self.upper.judge.caveats;
            let at = Some(packet.at);
            caveats.note(CaveatKind::EncapsulationNotRead, at, packet.hidden_text());
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
            &mut |event| upper.event(event, keyring, config, *last),
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
            let judge = &mut self.upper.judge;
            judge.other_datagram(src, dst, packet.at, datagram.payload, packet.duplicate);
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
                    upper.message(seen, *last);
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
            last,
            ..
        } = self;
        associations.push(place, sctp, &mut |item| match item {
            sctp::Item::Sip(sip::Item::Message(message)) => {
                upper.message(Seen { message, hop }, *last);
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
        let quoted = error.quoted.as_ref().filter(|q| q.protocol == TCP);
        let Some((src, dst)) = quoted.and_then(|q| q.endpoints()) else {
            return;
        };
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

    fn finish(&mut self) {
        self.say_later(Timestamp::from_nanos(i64::MAX));
        for at in self.several.still_cut() {
            several::note_cut(at, &mut self.upper.judge.caveats);
        }
        let Self {
            flows,
            keyring,
            upper,
            config,
            last,
            ..
        } = self;
        flows.finish(&mut |event| upper.event(event, keyring, config, *last));
        upper.finish(*last);
    }
}
