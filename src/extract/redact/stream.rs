//! One direction of a connection, put together from its segments and rewritten.

use super::opened::{Opened, Records, Sealing};
use super::tls;
use crate::base::{Chunk, FrameRef, Limits};
use crate::packet::Segment;
use crate::redact::Pseudonyms;
use crate::sip::{Framer, Item};
use std::ops::Range;

/// Bytes of one direction that are put together. What lies behind becomes zero.
const MOST: usize = 64 << 20;

/// The stream of one direction. Connections that use the same ports one after the other are streams of their own.
#[derive(Debug, Default)]
pub(super) struct Side {
    streams: Vec<Stream>,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Sequence number of the first byte.
    base: u32,
    bytes: Vec<u8>,
    /// Which of them were captured.
    there: Vec<bool>,
    /// How far it was whole, and by which frame of the extract that was so.
    pub(super) arrivals: Vec<(u64, usize)>,
}

impl Side {
    /// Takes the segment of a frame.
    pub(super) fn push(&mut self, frame: u64, segment: &Segment<'_>) {
        if segment.flags.syn() {
            let base = segment.seq.wrapping_add(1);
            if self.streams.last().is_none_or(|known| known.base != base) {
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

    /// Its streams, one behind the other.
    pub(super) fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// The suite of a ServerHello in it.
    pub(super) fn suite(&self) -> Option<u16> {
        self.streams.iter().rev().find_map(|stream| {
            stream.runs().find_map(|range| {
                let run = stream.bytes.get(range)?;
                tls::is_tls(run).then(|| tls::suite(run)).flatten()
            })
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
            let runs: Vec<Range<usize>> = stream.runs().collect();
            let mut state = tls::State::new(suite);
            for range in runs {
                let start = range.start;
                if let Some(run) = stream.bytes.get_mut(range) {
                    if tls::is_tls(run) || state.has_begun() {
                        let opened = records.map(|records| Opened {
                            records,
                            start,
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

    fn put(&mut self, seq: u32, payload: &[u8]) {
        let Some(at) = self.place(seq) else {
            return;
        };
        let end = at.saturating_add(payload.len()).min(MOST);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
            self.there.resize(end, false);
        }
        let bytes = self.bytes.get_mut(at..end).unwrap_or_default();
        let there = self.there.get_mut(at..end).unwrap_or_default();
        for ((byte, there), new) in bytes.iter_mut().zip(there).zip(payload) {
            // The first copy is the one that was read.
            if !*there {
                *byte = *new;
                *there = true;
            }
        }
    }

    /// Notes how far it is whole by now.
    fn arrived(&mut self, frame: u64) {
        let before = self.arrivals.last().map_or(0, |(_, end)| *end);
        let behind = self.there.get(before..).unwrap_or_default();
        let more = behind.iter().position(|t| !*t).unwrap_or(behind.len());
        if more > 0 {
            self.arrivals.push((frame, before.saturating_add(more)));
        }
    }

    /// These bytes of it.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    fn get(&self, seq: u32, len: usize) -> Option<&[u8]> {
        let at = self.place(seq)?;
        self.bytes.get(at..at.checked_add(len)?)
    }

    /// What was captured without a hole.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = self.there.get(at..)?;
            let start = at.checked_add(rest.iter().position(|t| *t)?)?;
            let rest = self.there.get(start..)?;
            let len = rest.iter().position(|t| !*t).unwrap_or(rest.len());
            at = start.checked_add(len)?;
            Some(start..at)
        })
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
