//! One direction of a connection, put together from its segments and rewritten.

use super::opened::{Opened, Records, Sealing};
use super::tls;
use crate::base::{Chunk, FrameRef, Limits};
use crate::packet::Segment;
use crate::redact::Pseudonyms;
use crate::sip::{Framer, Item};
use std::collections::BTreeMap;
use std::ops::Range;

/// How far behind its beginning a stream reaches: half of the sequence numbers. What seems to lie behind is from before the beginning.
const MOST: usize = 1 << 31;

/// Connections between the same ports. What belongs to further ones becomes zero, or is a part of the last.
const STREAMS: usize = 1_000;

/// The stream of one direction. Connections that use the same ports one after the other are streams of their own.
#[derive(Debug, Default)]
pub(super) struct Side {
    streams: Vec<Stream>,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Sequence number of the first byte.
    base: u32,
    /// What was captured, by its place. An extract has holes where nothing was cited: they take no memory. Pieces never overlap, and when
    /// all segments are there they do not touch either.
    pieces: BTreeMap<usize, Vec<u8>>,
    /// How far it was whole, and by which frame of the extract that was so.
    pub(super) arrivals: Vec<(u64, usize)>,
}

impl Side {
    /// Takes the segment of a frame.
    pub(super) fn push(&mut self, frame: u64, segment: &Segment<'_>) {
        if segment.flags.syn() {
            let base = segment.seq.wrapping_add(1);
            let new = self.streams.last().is_none_or(|known| known.base != base);
            if new && self.streams.len() < STREAMS {
                self.streams.push(Stream {
                    base,
                    ..Stream::default()
                });
            }
            return;
        }
        if segment.payload.is_empty() {
            return;
        }
        if self.streams.is_empty() {
            self.streams.push(Stream {
                base: segment.seq,
                ..Stream::default()
            });
        }
        if let Some(stream) = self.streams.last_mut() {
            stream.put(segment.seq, segment.payload);
            stream.arrived(frame);
        }
    }

    /// All segments are there: what touches is joined.
    pub(super) fn settle(&mut self) {
        for stream in &mut self.streams {
            stream.settle();
        }
    }

    /// Its streams, one behind the other.
    pub(super) fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// The suite of a ServerHello in it.
    pub(super) fn suite(&self) -> Option<u16> {
        self.streams.iter().rev().find_map(|stream| {
            let mut runs = stream.pieces.values();
            runs.find_map(|run| tls::is_tls(run).then(|| tls::suite(run)).flatten())
        })
    }

    /// Rewrites its streams; `records`: those of each that were opened.
    pub(super) fn rewrite(
        &mut self,
        suite: Option<u16>,
        records: &[Records],
        sealing: &mut Sealing,
        names: &mut Pseudonyms,
    ) {
        let mut records = records.iter();
        for stream in &mut self.streams {
            let records = records.next();
            let mut state = tls::State::new(suite);
            for (start, run) in &mut stream.pieces {
                if tls::is_tls(run) || state.has_begun() {
                    let opened = records.map(|records| Opened {
                        records,
                        start: *start,
                        sealing: &mut *sealing,
                    });
                    tls::rewrite(run, &mut state, opened, names);
                } else if is_text(run) {
                    sip(run, names);
                } else {
                    // The middle of something else.
                    run.fill(0);
                }
            }
        }
    }

    /// The bytes of a segment after the rewriting.
    pub(super) fn payload(&self, segment: &Segment<'_>) -> Vec<u8> {
        let mut bytes = vec![0; segment.payload.len()];
        // A stream that holds the segment as it was sent; of several the last.
        let found = self
            .streams
            .iter()
            .rev()
            .find_map(|stream| stream.get(segment.seq, segment.payload.len()));
        if let Some(found) = found {
            bytes.copy_from_slice(found);
        }
        bytes
    }
}

impl Stream {
    /// Where a sequence number lies; before the beginning (a keep-alive probe) or far behind it: nowhere.
    fn place(&self, seq: u32) -> Option<usize> {
        let at = usize::try_from(seq.wrapping_sub(self.base)).ok()?;
        (at < MOST).then_some(at)
    }

    /// Takes bytes. Of what comes twice the first copy stays: it is the one that was read.
    fn put(&mut self, seq: u32, payload: &[u8]) {
        let Some(mut at) = self.place(seq) else {
            return;
        };
        let mut rest = payload;
        while !rest.is_empty() {
            let covered = self.end_at(at).map_or(0, |end| end.saturating_sub(at));
            if covered > 0 {
                rest = rest.get(covered..).unwrap_or_default();
                at = at.saturating_add(covered);
                continue;
            }
            let next = self.pieces.range(at..).next();
            let room = next.map_or(rest.len(), |(start, _)| start.saturating_sub(at));
            let (fresh, behind) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            match self.pieces.range_mut(..at).next_back() {
                Some((start, piece)) if start.saturating_add(piece.len()) == at => {
                    piece.extend_from_slice(fresh);
                }
                _ => {
                    self.pieces.insert(at, fresh.to_vec());
                }
            }
            at = at.saturating_add(fresh.len());
            rest = behind;
        }
    }

    /// Where the piece ends that begins here or before.
    fn end_at(&self, at: usize) -> Option<usize> {
        let (start, piece) = self.pieces.range(..=at).next_back()?;
        Some(start.saturating_add(piece.len()))
    }

    /// Notes how far it is whole by now.
    fn arrived(&mut self, frame: u64) {
        let before = self.arrivals.last().map_or(0, |(_, end)| *end);
        let mut end = before;
        while let Some(more) = self.end_at(end).filter(|more| *more > end) {
            end = more;
        }
        if end > before {
            self.arrivals.push((frame, end));
        }
    }

    fn settle(&mut self) {
        let mut pieces = std::mem::take(&mut self.pieces).into_iter();
        let Some(mut run) = pieces.next() else {
            return;
        };
        for (start, piece) in pieces {
            if run.0.saturating_add(run.1.len()) == start {
                run.1.extend_from_slice(&piece);
            } else {
                let (start, run) = std::mem::replace(&mut run, (start, piece));
                self.pieces.insert(start, run);
            }
        }
        self.pieces.insert(run.0, run.1);
    }

    /// These bytes of it, where they are all there.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        let len = range.len();
        self.at(range.start, len).unwrap_or_default()
    }

    fn get(&self, seq: u32, len: usize) -> Option<&[u8]> {
        self.at(self.place(seq)?, len)
    }

    fn at(&self, at: usize, len: usize) -> Option<&[u8]> {
        let (start, piece) = self.pieces.range(..=at).next_back()?;
        let from = at.checked_sub(*start)?;
        piece.get(from..from.checked_add(len)?)
    }

    /// What was captured without a hole.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        self.pieces
            .iter()
            .map(|(start, piece)| *start..start.saturating_add(piece.len()))
    }
}

/// Whether it may be SIP, from its beginning or not: text, even if a body in it is none.
fn is_text(run: &[u8]) -> bool {
    let looked_at = run.get(..256).unwrap_or(run);
    let odd = looked_at
        .iter()
        .filter(|b| b.is_ascii_control() && !matches!(b, b'\r' | b'\n' | b'\t'))
        .count();
    odd.saturating_mul(32) <= looked_at.len()
}

/// Messages one by one; what lies between them is rewritten as if it were a piece of one.
pub(super) fn sip(run: &mut [u8], names: &mut Pseudonyms) {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let limits = Limits::default();
    let mut framer = Framer::new(&limits);
    let mut take = |item: Item| {
        if let Item::Message(message) = item {
            messages.push(message.raw().to_vec());
        }
    };
    let chunk = Chunk::Data {
        offset: 0,
        at: FrameRef::default(),
        bytes: run,
    };
    framer.push(chunk, &mut take);
    framer.finish(&mut take);
    if messages.is_empty() {
        // Text of another protocol.
        run.fill(0);
        return;
    }
    let mut at = 0;
    for message in messages {
        let rest = run.get(at..).unwrap_or_default();
        let Some(found) = memchr::memmem::find(rest, &message) else {
            continue;
        };
        let start = at.saturating_add(found);
        let end = start.saturating_add(message.len());
        between(run.get_mut(at..start).unwrap_or_default(), names);
        names.sip(run.get_mut(start..end).unwrap_or_default());
        at = end;
    }
    between(run.get_mut(at..).unwrap_or_default(), names);
}

/// Keep-alives stay.
fn between(bytes: &mut [u8], names: &mut Pseudonyms) {
    if bytes.iter().any(|b| !matches!(b, b'\r' | b'\n')) {
        names.sip(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments in any order, again, overlapping, far away: what is there is what a plain array has.
    #[test]
    fn pieces_are_joined_as_in_an_array() {
        let base = u32::MAX - 300;
        let mut number = 1_u64;
        let mut random = |end: u64| {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from((number >> 33) % end).unwrap()
        };
        for _ in 0..200 {
            let mut stream = Stream {
                base,
                ..Stream::default()
            };
            let mut array = vec![None; 1_000];
            for frame in 0..random(60) {
                let (at, len) = (random(900), random(100));
                let payload: Vec<u8> = (0..len).map(|_| random(256).to_le_bytes()[0]).collect();
                let seq = base.wrapping_add(u32::try_from(at).unwrap());
                stream.put(seq, &payload);
                stream.arrived(u64::try_from(frame).unwrap());
                for (place, byte) in array.iter_mut().skip(at).zip(payload) {
                    place.get_or_insert(byte);
                }
                let whole = array.iter().position(Option::is_none).unwrap();
                assert_eq!(stream.arrivals.last().map_or(0, |(_, end)| *end), whole);
            }
            stream.settle();
            let mut seen = vec![None; 1_000];
            let mut last = None;
            for range in stream.runs() {
                assert!(last.is_none_or(|end| end < range.start) && !range.is_empty());
                last = Some(range.end);
                for (place, byte) in seen[range.clone()].iter_mut().zip(stream.bytes(range)) {
                    *place = Some(*byte);
                }
            }
            assert_eq!(seen, array);
        }
    }

    #[test]
    fn a_segment_far_away_takes_no_more_memory_than_it_has() {
        let mut stream = Stream::default();
        for n in 0..1_000_u32 {
            stream.put(n * 2_000_000, b"x");
        }
        assert_eq!(stream.pieces.values().map(Vec::len).sum::<usize>(), 1_000);
        assert_eq!(stream.get(999 * 2_000_000, 1), Some(&b"x"[..]));
        assert_eq!(stream.get(5, 1), None);
    }

    #[test]
    fn text_of_other_protocols_becomes_zero_and_sip_keeps_its_form() {
        let mut names = Pseudonyms::new(b"0123456789abcdef");
        let mut http = *b"GET /payroll/anna.html HTTP/1.1\r\nHost: intranet.tomt.local\r\n\r\n";
        sip(&mut http, &mut names);
        assert!(http.iter().all(|b| *b == 0));
        let text = b"\r\n\r\nOPTIONS sip:anna@tomt.local SIP/2.0\r\nTo: <sip:anna@tomt.local>\r\nContent-Length: 0\r\n\r\n\r\n\r\n";
        let mut run = *text;
        sip(&mut run, &mut names);
        let shown = String::from_utf8_lossy(&run);
        assert!(
            shown.starts_with("\r\n\r\nOPTIONS sip:") && shown.ends_with("\r\n\r\n"),
            "{shown}"
        );
        assert!(
            !shown.contains("anna") && !shown.contains("tomt"),
            "{shown}"
        );
    }
}
