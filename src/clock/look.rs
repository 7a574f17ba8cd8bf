//! What is kept of a capture to compare its clock.

use super::sample::Sample;
use crate::base::{Caveats, Endpoint, FrameRef, Limits, Span, Timestamp};
use crate::capture::{Capture, Item};
use crate::dns;
use crate::packet::{Decoder, Packet, Payload, Segment};
use crate::sip;
use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;

/// Within this time a packet that comes again in one capture is a copy (a mirror of both ports), after it a repetition.
const COPY: Span = Span::from_millis(50);

/// The port of name servers (RFC 1035 §4.2).
const DNS: u16 = 53;

/// A first reading of one capture: when which packets were seen, and what answers what.
#[derive(Debug)]
pub struct Look {
    pub(super) packets: Sample<Sighting>,
    /// When something was first sent that is answered, and when an answer was first seen.
    pub(super) causes: Sample<Timestamp>,
    pub(super) effects: Sample<Timestamp>,
}

/// When a packet was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) time: Timestamp,
    /// The lower and the higher address.
    pub(super) hosts: (IpAddr, IpAddr),
    /// Sent from the lower address to the higher one.
    pub(super) up: bool,
    /// It came again later: nobody can tell which of them another capture has.
    pub(super) again: bool,
    /// Its sequence numbers make it unlike any other.
    pub(super) tcp: bool,
}

impl Look {
    /// Reads a capture, one of `files`, as far as [`Limits::clock_bytes`] goes. What cannot be read is left for the analysis to tell.
    pub fn read(capture: &mut Capture<'_>, files: usize, limits: &Limits) -> Self {
        let files = files.max(1);
        let most = (limits.clock_packets / files).max(16);
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        let mut left = (limits.clock_bytes / files).max(64 << 10);
        let mut look = Self {
            packets: Sample::new(most),
            causes: Sample::new(most),
            effects: Sample::new(most),
        };
        let mut caveats = Caveats::new(0);
        let mut decoder = Decoder::new(limits);
        while let Some(item) = capture.next(&mut caveats) {
            let Item::Frame(frame) = item else {
                continue;
            };
            let packet = decoder.push(&frame, &mut caveats);
            look.note(&packet, limits);
            let bytes = u64::try_from(frame.bytes.len()).unwrap_or(u64::MAX);
            left = left.saturating_sub(bytes);
            if left == 0 {
                break;
            }
        }
        look
    }

    fn note(&mut self, packet: &Packet<'_>, limits: &Limits) {
        let (Some(src), Some(dst)) = (packet.src, packet.dst) else {
            return;
        };
        let time = packet.at.time;
        if let Some(identity) = packet.identity() {
            let new = Sighting {
                time,
                hosts: (src.min(dst), src.max(dst)),
                up: src < dst,
                again: false,
                tcp: matches!(packet.payload, Payload::Tcp(_)),
            };
            if let Some(known) = self.packets.note(identity, new) {
                known.again |= time.since(known.time) > COPY;
            }
        }
        let (Some(from), Some(to)) = (packet.src_endpoint(), packet.dst_endpoint()) else {
            return;
        };
        match &packet.payload {
            Payload::Tcp(segment) => self.segment(from, to, segment, time),
            Payload::Udp(datagram) if sip::probe(datagram.payload) == sip::Probe::Yes => {
                self.datagram(packet.at, datagram.payload, datagram.wire_len, limits);
            }
            Payload::Udp(datagram) if from.port == DNS || to.port == DNS => {
                self.lookup(from, to, datagram.payload, time);
            }
            _ => {}
        }
    }

    /// A segment causes the acknowledgment of the number behind it, and is itself an acknowledgment (RFC 9293 §3.4).
    fn segment(&mut self, from: Endpoint, to: Endpoint, segment: &Segment<'_>, time: Timestamp) {
        let flags = segment.flags;
        let own = segment
            .wire_len
            .wrapping_add(u32::from(flags.syn()))
            .wrapping_add(u32::from(flags.fin()));
        // A keep-alive repeats the byte before the window (RFC 9293 §3.8.4): it was acknowledged long ago.
        let keep_alive = segment.wire_len <= 1 && own == segment.wire_len;
        if own > 0 && !keep_alive {
            let end = segment.seq.wrapping_add(own);
            self.causes.note(name((from, to, end)), time);
        }
        if flags.ack() {
            self.effects.note(name((to, from, segment.ack)), time);
        }
    }

    /// A DNS question and its answer.
    fn lookup(&mut self, from: Endpoint, to: Endpoint, payload: &[u8], time: Timestamp) {
        match dns::identity(payload) {
            Some((false, what)) => self.causes.note(name((from, to, what)), time),
            Some((true, what)) => self.effects.note(name((to, from, what)), time),
            None => None,
        };
    }

    /// Requests and responses of a transaction (RFC 3261 §17.1.3).
    fn datagram(&mut self, at: FrameRef, bytes: &[u8], wire_len: u32, limits: &Limits) {
        let Self {
            causes, effects, ..
        } = self;
        sip::datagram(bytes, at, wire_len, limits, &mut |item| {
            let sip::Item::Message(message) = item else {
                return;
            };
            let branch = message.branch();
            let (Some(call), Some(cseq), Some(branch)) =
                (message.call_id(), message.cseq(), branch)
            else {
                return;
            };
            let transaction = name((
                call.bytes(),
                cseq.number,
                cseq.method.as_bytes(),
                branch.bytes(),
            ));
            let facts = if message.is_request() {
                &mut *causes
            } else {
                &mut *effects
            };
            facts.note(transaction, at.time);
        });
    }
}

fn name(what: impl Hash) -> u64 {
    FixedState::default().hash_one(what)
}
