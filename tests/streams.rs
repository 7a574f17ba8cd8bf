//! TCP as it is captured: every case that hides messages in other programs, and what is found when segments are missing.

mod cases;
mod ends;
mod loss;

use crate::support::pcap::{self, Frame};
use crate::support::wire::{self, ACK, PSH, SYN, Segment};
use sipdiag::analyzer::{Analyzer, Config, Observed, Scope};
use sipdiag::base::{CaveatKind, FileIndex};
use sipdiag::capture::{Capture, Merge};
use sipdiag::report::Report;
use std::cell::RefCell;
use std::net::SocketAddr;

/// 2014-03-03T18:56:14Z.
const START: i64 = 1_393_872_974_000_000_000;
/// The number before the first byte of the client and of the server: both wrap soon.
const CLIENT: u32 = u32::MAX - 700;
const SERVER: u32 = u32::MAX - 300;

/// A connection as somebody writes it down, frame by frame, a millisecond apart.
struct Wire {
    frames: Vec<Frame>,
    ends: [SocketAddr; 2],
    first: [u32; 2],
    /// Bytes sent so far, by side: what the other one acknowledges.
    sent: [u32; 2],
    time: i64,
}

impl Wire {
    /// From this port of the client; nothing was sent yet.
    fn silent(port: u16) -> Self {
        Self {
            frames: Vec::new(),
            ends: [
                SocketAddr::from(([10, 1, 1, 10], port)),
                SocketAddr::from(([10, 1, 1, 20], 5060)),
            ],
            first: [CLIENT, SERVER],
            sent: [0, 0],
            time: START,
        }
    }

    /// After the three-way handshake.
    fn open(port: u16) -> Self {
        let mut wire = Self::silent(port);
        wire.handshake();
        wire
    }

    fn handshake(&mut self) {
        let [client, server] = self.first;
        self.raw(0, SYN, client, 0, &[]);
        self.raw(1, SYN | ACK, server, client.wrapping_add(1), &[]);
        self.ack(0);
    }

    fn wait(&mut self, milliseconds: i64) {
        self.time += milliseconds * 1_000_000;
    }

    /// A segment with these numbers; gives where its frame is, counted from 1.
    fn raw(&mut self, side: usize, flags: u8, seq: u32, ack: u32, payload: &[u8]) -> usize {
        let segment = Segment {
            src: self.ends[side],
            dst: self.ends[1 - side],
            flags,
            seq,
            ack,
            payload: &[],
        };
        // Segmentation offload leaves large segments whole: their length does not fit into the header of IP, which says 0.
        let id = u16::try_from(self.frames.len() % 65_535 + 1).unwrap();
        let mut bytes = if payload.len() > 60_000 {
            let mut bytes = wire::tcp(&segment, id);
            bytes[16..18].copy_from_slice(&[0, 0]);
            bytes.extend(payload);
            bytes
        } else {
            wire::tcp(&Segment { payload, ..segment }, id)
        };
        // Lengths of Ethernet are at least 60, and what is behind IP is no payload.
        while bytes.len() < 60 {
            bytes.push(0);
        }
        self.frames.push(Frame {
            time: self.time,
            original_len: bytes.len(),
            bytes,
        });
        self.time += 1_000_000;
        self.frames.len()
    }

    /// The number of a byte of the stream, counted from 0.
    fn number(&self, side: usize, offset: usize) -> u32 {
        let offset = u32::try_from(offset).unwrap();
        self.first[side].wrapping_add(1).wrapping_add(offset)
    }

    /// The number that a side acknowledges when it has all.
    fn all_of(&self, side: usize) -> u32 {
        self.number(side, 0).wrapping_add(self.sent[side])
    }

    /// Data at this place of the stream.
    fn at(&mut self, side: usize, offset: usize, payload: &[u8]) -> usize {
        let ack = self.all_of(1 - side);
        let end = u32::try_from(offset + payload.len()).unwrap();
        self.sent[side] = self.sent[side].max(end);
        self.raw(side, PSH | ACK, self.number(side, offset), ack, payload)
    }

    /// Acknowledges everything.
    fn ack(&mut self, side: usize) -> usize {
        let (seq, ack) = (self.all_of(side), self.all_of(1 - side));
        self.raw(side, ACK, seq, ack, &[])
    }

    /// Acknowledges the first bytes of the other side.
    fn ack_to(&mut self, side: usize, offset: usize) -> usize {
        let ack = self.number(1 - side, offset);
        self.raw(side, ACK, self.all_of(side), ack, &[])
    }

    /// Bytes that were sent and acknowledged, and that the capture does not have.
    fn lost(&mut self, side: usize, offset: usize, len: usize) {
        let end = u32::try_from(offset + len).unwrap();
        self.sent[side] = self.sent[side].max(end);
    }

    /// The last frame was stored without its last `n` bytes.
    fn cut(&mut self, n: usize) {
        let frame = self.frames.last_mut().unwrap();
        frame.bytes.truncate(frame.original_len - n);
    }
}

/// A message as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    /// The frame that completed it.
    frame: u64,
    /// The port that sent it.
    port: u16,
    raw: Vec<u8>,
    defects: Vec<&'static str>,
}

impl Found {
    fn is_whole(&self) -> bool {
        !self.defects.contains(&"bytes-missing")
    }
}

/// What an analysis says.
struct Seen {
    messages: Vec<Found>,
    /// Of each connection: whether it was reset, and the bytes missing of client and server.
    connections: Vec<(u32, &'static str, [u64; 2])>,
    report: Report,
}

fn read(captures: Vec<Vec<u8>>) -> Seen {
    let mut config = Config::default();
    config.scope = Scope::Any;
    let messages = RefCell::new(Vec::new());
    let connections = RefCell::new(Vec::new());
    let mut analyzer = Analyzer::new(config.clone());
    analyzer.observe(|observed| match observed {
        Observed::Message(seen) => messages.borrow_mut().push(Found {
            frame: seen.message.at().number.get(),
            port: seen.hop.src.port,
            raw: seen.message.raw().to_vec(),
            defects: seen
                .message
                .defects()
                .iter()
                .map(|d| d.kind.name())
                .collect(),
        }),
        Observed::Connection(c) => connections.borrow_mut().push((
            c.flow.stream,
            c.flow.state().name(),
            [c.flow.sides[0].missing, c.flow.sides[1].missing],
        )),
        _ => {}
    });
    let mut files = Vec::new();
    for (n, bytes) in (0..).zip(captures) {
        let (reader, name) = (Box::new(std::io::Cursor::new(bytes)), format!("{n}.pcap"));
        files.push(Capture::open(reader, &name, FileIndex(n), false, &config.limits).unwrap());
    }
    let mut merge = Merge::new(files);
    analyzer.read(&mut merge);
    let report = analyzer.finish(Vec::new());
    let mut connections = connections.into_inner();
    connections.sort_unstable();
    Seen {
        messages: messages.into_inner(),
        connections,
        report,
    }
}

fn has(report: &Report, kind: CaveatKind) -> bool {
    report.caveats.iter().any(|c| c.kind == kind)
}

fn capture(frames: &[Frame]) -> Vec<u8> {
    pcap::classic(frames, pcap::USUAL)
}

/// A request that is told from others by its user, with this body.
fn request(method: &str, user: &str, kind: &str, body: &str) -> String {
    let kind = if kind.is_empty() {
        String::new()
    } else {
        format!("Content-Type: {kind}\r\n")
    };
    format!(
        "{method} sip:{user}@tomt.it SIP/2.0\r\n\
         Via: SIP/2.0/TCP 10.1.1.10:5060;branch=z9hG4bK{user}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:anna@tomt.it>;tag=1\r\nTo: <sip:{user}@tomt.it>\r\n\
         Call-ID: {user}@10.1.1.10\r\nCSeq: 1 {method}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A request without body.
fn options(user: &str) -> Vec<u8> {
    request("OPTIONS", user, "", "").into_bytes()
}
