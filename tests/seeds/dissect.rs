//! A capture taken apart: its streams, datagrams and messages.

use crate::targets::input::write_piece;
use sipdiag::analyzer::{Analyzer, Config, Observed, Scope};
use sipdiag::base::{
    Caveats, Chunk, Direction, FileIndex, Frame, FrameNumber, FrameRef, Limits, LinkType, Timestamp,
};
use sipdiag::capture::{Capture, Item, Merge};
use sipdiag::flow::{Event, FlowTable, StreamNumbers};
use sipdiag::packet::{Decoder, Payload};
use sipdiag::sip::Message;
use std::collections::BTreeMap;
use std::io::Cursor;

/// What a connection said, in order; or how many bytes are missing.
pub(super) type Stream = Vec<(Direction, Result<Vec<u8>, u16>)>;

/// A UDP datagram.
pub(super) struct Datagram {
    pub(super) ports: (u16, u16),
    pub(super) bytes: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Dissected {
    pub(super) streams: Vec<Stream>,
    pub(super) datagrams: Vec<Datagram>,
    /// As the target `sctp` reads them.
    pub(super) sctp: Vec<u8>,
}

impl Dissected {
    pub(super) fn new(capture: &[u8]) -> Self {
        let all: Vec<_> = frames(capture);
        Self::of_frames(&all)
    }

    /// Of frames of Ethernet.
    pub(super) fn of_frames(frames: &[Vec<u8>]) -> Self {
        let limits = Limits::default();
        let mut decoder = Decoder::new(&limits);
        let mut caveats = Caveats::new(1);
        let mut numbers = StreamNumbers::new(1000);
        let mut flows: FlowTable<()> = FlowTable::new(&limits);
        let mut streams: BTreeMap<u32, Stream> = BTreeMap::new();
        let mut out = Self::default();
        let mut sink = |event: Event<'_, ()>| {
            if let Event::Chunk {
                flow,
                direction,
                chunk,
                ..
            } = event
            {
                streams.entry(flow.stream).or_default().push((
                    direction,
                    match chunk {
                        Chunk::Data { bytes, .. } => Ok(bytes.to_vec()),
                        Chunk::Gap { len, .. } => Err(u16::try_from(len).unwrap_or(u16::MAX)),
                    },
                ));
            }
        };
        for (n, bytes) in (1..).zip(frames) {
            let at = FrameRef {
                time: Timestamp::from_nanos(n * 1_000_000),
                file: FileIndex(0),
                number: FrameNumber::new(n.unsigned_abs()),
            };
            let frame = Frame {
                at,
                link: LinkType(1),
                bytes,
                original_len: u32::try_from(bytes.len()).unwrap(),
            };
            let packet = decoder.push(&frame, &mut caveats);
            match &packet.payload {
                Payload::Tcp(segment) => {
                    let (src, dst) = (
                        packet.src_endpoint().unwrap(),
                        packet.dst_endpoint().unwrap(),
                    );
                    let number = numbers.number(src, dst, segment.flags, segment.seq).number;
                    flows.push(number, at, src, dst, segment, packet.duplicate, &mut sink);
                }
                Payload::Udp(datagram) => out.datagrams.push(Datagram {
                    ports: (datagram.src_port, datagram.dst_port),
                    bytes: datagram.payload.to_vec(),
                }),
                Payload::Sctp(sctp) => {
                    out.sctp.extend([u8::from(sctp.src_port == 5060), 1, 0]);
                    crate::targets::input::counted(&mut out.sctp, sctp.payload);
                }
                _ => {}
            }
        }
        flows.finish(&mut sink);
        out.streams = streams.into_values().collect();
        out
    }
}

/// The frames of a capture.
pub(super) fn frames(capture: &[u8]) -> Vec<Vec<u8>> {
    let mut caveats = Caveats::new(1);
    let mut capture = open(capture);
    let mut all = Vec::new();
    while let Some(item) = capture.next(&mut caveats) {
        if let Item::Frame(frame) = item {
            all.push(frame.bytes.to_vec());
        }
    }
    all
}

fn open(capture: &[u8]) -> Capture<'static> {
    let reader = Box::new(Cursor::new(capture.to_vec()));
    Capture::open(reader, "seed", FileIndex(0), false, &Limits::default()).unwrap()
}

/// The SIP messages of captures: those with other bodies, start lines or fields.
pub(super) fn messages(captures: &[Vec<u8>]) -> Vec<Message> {
    let mut all: BTreeMap<String, Message> = BTreeMap::new();
    for bytes in captures {
        let mut config = Config::default();
        config.scope = Scope::Any;
        let mut analyzer = Analyzer::new(config);
        analyzer.observe(|observed| {
            if let Observed::Message(seen) = observed {
                let message = &seen.message;
                let names: Vec<_> = message
                    .fields()
                    .map(|(_, name, _)| name.to_str().into_owned())
                    .collect();
                let start = message.start_line().to_str().into_owned();
                let first = start.split(' ').take(2).collect::<Vec<_>>().join(" ");
                let kind = message.content_type().map(|t| t.to_str().into_owned());
                all.entry(format!("{first} {kind:?} {}", names.len()))
                    .or_insert_with(|| message.clone());
            }
        });
        analyzer.read(&mut Merge::new(vec![open(bytes)]));
        analyzer.finish(Vec::new());
    }
    all.into_values().collect()
}

/// Behind the beginning of an input: the pieces.
pub(super) fn written(mut begin: Vec<u8>, stream: &Stream) -> Vec<u8> {
    for (direction, bytes) in stream {
        write_piece(&mut begin, *direction, bytes.as_deref().map_err(|n| *n));
    }
    begin
}

/// The bytes of each direction up to the first hole.
pub(super) fn directions(stream: &Stream) -> Vec<Vec<u8>> {
    one_by_one(stream)
        .iter()
        .map(|one| {
            one.iter()
                .map_while(|(_, bytes)| bytes.as_ref().ok())
                .flatten()
                .copied()
                .collect()
        })
        .collect()
}

/// Each direction as a stream of its own.
pub(super) fn one_by_one(stream: &Stream) -> [Stream; 2] {
    [Direction::Originator, Direction::Responder].map(|side| {
        stream
            .iter()
            .filter(|(direction, _)| *direction == side)
            .cloned()
            .collect()
    })
}

pub(super) fn is_tls(stream: &Stream) -> bool {
    matches!(stream.first(), Some((_, Ok(bytes))) if bytes.starts_with(&[22, 3]) || bytes.get(2) == Some(&1))
}

/// The contents of the handshake records in clear.
pub(super) fn handshakes(stream: &Stream) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for bytes in directions(stream) {
        let mut rest = &bytes[..];
        while let [22, 3, _, high, low, behind @ ..] = rest {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(content) = behind.get(..len) else {
                break;
            };
            all.push(content.to_vec());
            rest = &behind[len..];
        }
    }
    all
}
