//! An extract without who and where: the packets rewritten in place, at their length.
//!
//! TCP data is rewritten as the stream that it is (`stream.rs`) and put back into its segments; UDP datagrams one by one. What is
//! not known to be safe becomes zero: content of TLS that no suite leaves in clear, fragments, packets of other protocols.

mod frame;
mod stream;
mod tls;

use crate::base::{Caveats, Endpoint, FileIndex, Frame, Limits, LinkType};
use crate::capture::{Capture, Interface, Item, PcapngWriter};
use crate::packet::{Decoder, Packet, Payload, Segment};
use crate::redact::Redaction;
use std::collections::BTreeMap;
use std::io::{self, Cursor};
use stream::Side;

/// Both sides of each connection, by sender and receiver.
type Sides = BTreeMap<(Endpoint, Endpoint), Side>;

/// Rewrites an extract that [`super::write`] made. Its comments and secrets must be fit for others already.
///
/// # Errors
///
/// Bytes that are no pcapng.
pub fn redact(extract: &[u8], redaction: &Redaction, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut sides = Sides::new();
    each_frame(extract, limits, &mut |_, packet| {
        if let Payload::Tcp(segment) = &packet.payload
            && let (Some(src), Some(dst)) = (packet.src_endpoint(), packet.dst_endpoint())
        {
            sides.entry((src, dst)).or_default().push(segment);
        }
        Ok(())
    })?;
    rewrite(&mut sides, redaction);
    let mut writer: Option<PcapngWriter<Vec<u8>>> = None;
    let mut interfaces: BTreeMap<LinkType, Interface> = BTreeMap::new();
    let mut comments = comments(extract, limits)?;
    let about = comments.remove(&0).unwrap_or_default();
    each_frame(extract, limits, &mut |frame, packet| {
        let out = match &mut writer {
            Some(out) => out,
            none => none.insert(PcapngWriter::new(Vec::new(), &about)?),
        };
        let interface = match interfaces.get(&frame.link) {
            Some(known) => *known,
            None => {
                let new = out.interface(frame.link, 9, "")?;
                interfaces.insert(frame.link, new);
                new
            }
        };
        let bytes = redaction.with(|names| frame::rewrite(frame, packet, &sides, names));
        let comment = comments.get(&frame.at.number.0).map_or("", String::as_str);
        let changed = Frame {
            bytes: &bytes,
            ..*frame
        };
        out.frame(interface, &changed, comment)
    })?;
    match writer {
        Some(writer) => writer.finish(),
        None => PcapngWriter::new(Vec::new(), &about)?.finish(),
    }
}

/// What both sides of each connection said, rewritten.
fn rewrite(sides: &mut Sides, redaction: &Redaction) {
    let keys: Vec<(Endpoint, Endpoint)> = sides.keys().copied().collect();
    for (src, dst) in keys {
        // The suite that the server chose tells whether the records of both sides are in clear.
        let suite = [(src, dst), (dst, src)]
            .iter()
            .filter_map(|key| sides.get(key))
            .find_map(Side::suite);
        if let Some(side) = sides.get_mut(&(src, dst)) {
            redaction.with(|names| side.rewrite(suite, names));
        }
    }
}

fn open<'e>(extract: &'e [u8], limits: &Limits) -> io::Result<Capture<'e>> {
    let source = Box::new(Cursor::new(extract));
    Capture::open(source, "extract", FileIndex(0), false, limits).map_err(io::Error::other)
}

fn each_frame(
    extract: &[u8],
    limits: &Limits,
    see: &mut dyn FnMut(&Frame<'_>, &Packet<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut capture = open(extract, limits)?;
    let mut decoder = Decoder::new(limits);
    let mut caveats = Caveats::new(0);
    while let Some(item) = capture.next(&mut caveats) {
        if let Item::Frame(frame) = item {
            let packet = decoder.push(&frame, &mut caveats);
            see(&frame, &packet)?;
        }
    }
    Ok(())
}

/// The comments by frame; that of the file under 0.
fn comments(extract: &[u8], limits: &Limits) -> io::Result<BTreeMap<u64, String>> {
    let mut capture = open(extract, limits)?;
    let mut caveats = Caveats::new(0);
    let mut all = BTreeMap::new();
    while let Some(item) = capture.next(&mut caveats) {
        if let Item::Comment(text, at) = item {
            all.insert(at.number.0, String::from_utf8_lossy(text).into_owned());
        }
    }
    Ok(all)
}

/// The payload of a segment as it is after the rewriting of its stream.
fn segment_payload(sides: &Sides, packet: &Packet<'_>, segment: &Segment<'_>) -> Vec<u8> {
    let side = packet
        .src_endpoint()
        .zip(packet.dst_endpoint())
        .and_then(|ends| sides.get(&ends));
    match side {
        Some(side) => side.payload(segment),
        None => vec![0; segment.payload.len()],
    }
}
