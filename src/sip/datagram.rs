//! Messages of one datagram (RFC 3261 §18.3), or of one WebSocket frame (RFC 7118 §4.2).

use super::framer::{embedded_start, is_multipart};
use super::frames::Frames;
use super::head::{BodyLength, Head, HeadEnd};
use super::lines::{HeadScan, Lines};
use super::probe::{LineEnd, find_start, opening};
use super::{Caps, DefectKind, Item, Message};
use crate::base::{FrameRef, Limits};
use memchr::memchr;

/// Reads a datagram. `wire_len` is its length on the wire, larger than `bytes` when the snap length cut it.
///
/// Without Content-Length the body goes to the end. Behind the end of the body another message may follow.
pub fn datagram(
    bytes: &[u8],
    at: FrameRef,
    wire_len: u32,
    limits: &Limits,
    sink: &mut dyn FnMut(Item),
) {
    Datagrams::default().read(bytes, at, wire_len, limits, sink);
}

/// Reads one datagram after the other, as [`datagram`] does, with memory that it keeps for the next.
#[derive(Debug, Default)]
pub struct Datagrams {
    lines: Lines,
}

impl Datagrams {
    /// Reads a datagram.
    pub fn read(
        &mut self,
        bytes: &[u8],
        at: FrameRef,
        wire_len: u32,
        limits: &Limits,
        sink: &mut dyn FnMut(Item),
    ) {
        read(bytes, at, wire_len, limits, &mut self.lines, sink);
    }
}

fn read(
    bytes: &[u8],
    at: FrameRef,
    wire_len: u32,
    limits: &Limits,
    lines: &mut Lines,
    sink: &mut dyn FnMut(Item),
) {
    let caps = Caps::new(limits);
    let cut = usize::try_from(wire_len).is_ok_and(|wire| wire > bytes.len());
    let mut rest = without_padding(bytes);
    if rest.is_empty() {
        if !bytes.is_empty() {
            sink(Item::KeepAlive { at });
        }
        return;
    }
    let mut junk = false;
    while !rest.is_empty() {
        let Some(line_end) = opening(rest) else {
            sink(Item::Skipped {
                at,
                bytes: rest.len().try_into().unwrap_or(u64::MAX),
                reason: "the datagram does not begin with a SIP start line",
            });
            return;
        };
        match line_end {
            LineEnd::Cr => lines.clear_for_bare_cr(),
            LineEnd::Lf => lines.clear(),
        }
        let (message, used) = one(rest, at, cut, caps, lines);
        let (behind, mut message) = (rest.get(used..).unwrap_or(&[]), message);
        let next = without_padding(behind);
        // A limit that bit leaves a tail that is no one's fault.
        let limited = message.has_defect(DefectKind::BodyTooLong)
            || message.has_defect(DefectKind::HeadTooLong);
        let stray = !next.is_empty() && !begins_with_start(next);
        if stray && !limited {
            message.add_defect(DefectKind::ContentLengthMismatch, used);
        }
        if std::mem::take(&mut junk) {
            message.add_defect(DefectKind::JunkBefore, 0);
        }
        sink(Item::Message(message));
        if stray {
            let start = next_start(behind);
            sink(Item::Skipped {
                at,
                bytes: start.unwrap_or(behind.len()).try_into().unwrap_or(u64::MAX),
                reason: if limited {
                    "behind a message over the limit"
                } else {
                    "behind the end of the body in a datagram"
                },
            });
            let Some(start) = start.and_then(|at| behind.get(at..)) else {
                return;
            };
            junk = !limited;
            rest = start;
            continue;
        }
        rest = next;
    }
}

/// The message at the start of `rest`, and how many bytes it takes.
fn one(rest: &[u8], at: FrameRef, cut: bool, caps: Caps, lines: &mut Lines) -> (Message, usize) {
    let window = rest.get(..caps.head).unwrap_or(rest);
    let (head_len, end) = match lines.scan(window) {
        HeadScan::Complete(len) => (len, HeadEnd::Empty),
        HeadScan::NextStart(len) => (len, HeadEnd::Incomplete),
        HeadScan::More if window.len() < rest.len() => (window.len(), HeadEnd::TooLong),
        HeadScan::More => (rest.len(), HeadEnd::Incomplete),
    };
    let head_bytes = rest.get(..head_len).unwrap_or(rest);
    let mut head = Head::read(head_bytes, &lines.ends, end, caps.fields);
    let there = rest.len().saturating_sub(head_len);
    let mut body = match head.length {
        _ if end != HeadEnd::Empty => 0,
        BodyLength::Stated(n) => {
            let stated = stated_length(n, &head, rest);
            let behind = head_len.checked_add(stated).and_then(|end| rest.get(end..));
            let stray = behind.map(without_padding).unwrap_or(&[]);
            let fits = match behind {
                Some(_) => stray.is_empty() || begins_with_start(stray),
                None => cut || is_multipart(&head, rest),
            };
            // Up to the end of the line at hand: a start line may be glued to the end of the body.
            let line = memchr(b'\n', stray).unwrap_or(stray.len());
            let until = rest.len().saturating_sub(stray.len()).saturating_add(line);
            let next = || embedded_start(rest, &head, until);
            match (!fits).then(next).flatten() {
                Some(start) => {
                    head.note(DefectKind::ContentLengthMismatch, start);
                    start.saturating_sub(head_len)
                }
                None => {
                    if stated > there && !cut {
                        head.note(DefectKind::BodyShorter, head_len);
                    }
                    stated.min(there)
                }
            }
        }
        BodyLength::Absent | BodyLength::Unusable => there,
    };
    if body > caps.body {
        head.note(DefectKind::BodyTooLong, head_len);
        body = caps.body;
    }
    let used = head_len.saturating_add(body);
    if cut && used == rest.len() {
        head.note(DefectKind::Cut, used);
    }
    let raw = rest.get(..used).unwrap_or(rest);
    (Message::new(raw, head, Frames::one(at)), used)
}

/// Of several different lengths, one behind which a message begins or nothing; else the first.
fn stated_length(first: u64, head: &Head, rest: &[u8]) -> usize {
    let several = head.has(DefectKind::ContentLengthDuplicated);
    let fits = |length: &usize| {
        let behind = head
            .len
            .checked_add(*length)
            .and_then(|end| rest.get(end..));
        let behind = behind.map(without_padding);
        behind.is_some_and(|behind| behind.is_empty() || begins_with_start(behind))
    };
    let lengths = several.then(|| head.lengths(rest));
    lengths
        .and_then(|lengths| lengths.into_iter().find(fits))
        .or_else(|| usize::try_from(first).ok())
        .unwrap_or(usize::MAX)
}

/// Where a message begins in bytes that belong to none.
fn next_start(bytes: &[u8]) -> Option<usize> {
    let mut begin = 0_usize;
    while let Some(rest) = bytes.get(begin..).filter(|rest| !rest.is_empty()) {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        if let Some(start) = rest.get(..end).and_then(find_start) {
            return begin.checked_add(start);
        }
        begin = begin.checked_add(end)?.checked_add(1)?;
    }
    None
}

/// Without line ends and NULs at the start: keep-alives and padding.
fn without_padding(bytes: &[u8]) -> &[u8] {
    let padding = bytes
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n' | 0))
        .count();
    bytes.get(padding..).unwrap_or(&[])
}

fn begins_with_start(bytes: &[u8]) -> bool {
    opening(bytes).is_some()
}
