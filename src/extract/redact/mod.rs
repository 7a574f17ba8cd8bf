//! An extract without who and where: the packets rewritten in place, at their length.
//!
//! TCP data is rewritten as the stream that it is (`stream.rs`) and put back into its segments; UDP datagrams one by one. What TLS
//! protects and the secrets of the report open is rewritten, too, where secrets are to go in (`opened.rs`): under made-up ones. What
//! is not known to be safe becomes zero: all else that TLS protects, fragments, packets of other protocols.

mod fragments;
mod frame;
mod opened;
mod stream;
mod tls;

use crate::base::{Caveats, Endpoint, FileIndex, Frame, Limits, LinkType};
use crate::capture::{Capture, Interface, Item, PcapngWriter};
use crate::packet::{Decoder, Packet, Payload, Segment};
use crate::redact::Redaction;
use crate::tls::{Resealer, Secrets};
use fragments::Fragments;
use frame::Parts;
use opened::{Opening, Records, Sealing};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use stream::Side;

/// Both sides of each connection, by sender and receiver.
type Sides = BTreeMap<(Endpoint, Endpoint), Side>;

/// Opens an extract, to be read from its beginning.
pub type Open<'o> = dyn FnMut() -> io::Result<Box<dyn Read + Send>> + 'o;

/// Rewrites an extract that [`super::write`] made without secrets. `secrets`: those of the report, where the result is to bring what
/// opens it: what they open is sealed again under other secrets, which go in. Comments must be fit for others already. Returns with the
/// writer what is in the result behind a cipher: to be searched for originals, too.
///
/// What its connections said is kept meanwhile, all at once.
///
/// # Errors
///
/// Bytes that are no pcapng; what the reader and the writer say.
pub fn redact<W: Write>(
    extract: &mut Open<'_>,
    redaction: &Redaction,
    secrets: Option<&Secrets>,
    limits: &Limits,
    out: W,
) -> io::Result<(W, Vec<u8>)> {
    let mut sides = Sides::new();
    let mut fragments = Fragments::default();
    let mut number = 0_u64;
    each_frame(extract, limits, &mut |_, packet| {
        number = number.saturating_add(1);
        if let Payload::Tcp(segment) = &packet.payload
            && let (Some(src), Some(dst)) = (packet.src_endpoint(), packet.dst_endpoint())
        {
            sides.entry((src, dst)).or_default().push(number, segment);
        }
        redaction.with(|names| fragments.push(packet, names));
        Ok(())
    })?;
    for side in sides.values_mut() {
        side.settle();
    }
    let sealing = rewrite(&mut sides, redaction, secrets, limits);
    let key_log = sealing.resealer.key_log();
    let mut interfaces: BTreeMap<LinkType, Interface> = BTreeMap::new();
    let mut comments = comments(extract, limits)?;
    let about = comments.remove(&0).unwrap_or_default();
    let mut out = PcapngWriter::new(out, &about)?;
    if !key_log.is_empty() {
        out.secrets(&key_log)?;
    }
    each_frame(extract, limits, &mut |frame, packet| {
        let interface = match interfaces.get(&frame.link) {
            Some(known) => *known,
            None => {
                let new = out.interface(frame.link, 9, "")?;
                interfaces.insert(frame.link, new);
                new
            }
        };
        let parts = Parts {
            sides: &sides,
            fragments: &fragments,
        };
        let bytes = redaction.with(|names| frame::rewrite(frame, packet, &parts, names));
        let comment = comments
            .get(&frame.at.number.get())
            .map_or("", String::as_str);
        let changed = Frame {
            bytes: &bytes,
            ..*frame
        };
        out.frame(interface, &changed, comment)
    })?;
    Ok((out.finish()?, sealing.content))
}

/// Rewrites what both sides of each connection said.
fn rewrite(
    sides: &mut Sides,
    redaction: &Redaction,
    secrets: Option<&Secrets>,
    limits: &Limits,
) -> Sealing {
    let mut records: BTreeMap<(Endpoint, Endpoint), Vec<Records>> = BTreeMap::new();
    let mut made_up = Secrets::default();
    if let Some(secrets) = secrets {
        let mut opening = Opening::new(secrets, limits);
        let none = Side::default();
        for ((src, dst), side) in sides.iter() {
            if records.contains_key(&(*src, *dst)) {
                continue;
            }
            let other = sides.get(&(*dst, *src)).unwrap_or(&none);
            let [own, others] = opening.of([side, other]);
            records.insert((*src, *dst), own);
            records.insert((*dst, *src), others);
        }
        made_up = opening.made_up(&*redaction.with(|names| names.key_for_secrets()));
    }
    let mut sealing = Sealing {
        resealer: Resealer::new(made_up),
        content: Vec::new(),
    };
    let keys: Vec<(Endpoint, Endpoint)> = sides.keys().copied().collect();
    for (src, dst) in keys {
        // The suite that the server chose tells whether the records of both sides are in clear.
        let suite = [(src, dst), (dst, src)]
            .iter()
            .filter_map(|key| sides.get(key))
            .find_map(Side::suite);
        let records = records.get(&(src, dst)).map_or(&[][..], Vec::as_slice);
        if let Some(side) = sides.get_mut(&(src, dst)) {
            redaction.with(|names| side.rewrite(suite, records, &mut sealing, names));
        }
    }
    sealing
}

fn open(extract: &mut Open<'_>, limits: &Limits) -> io::Result<Capture<'static>> {
    Capture::open(extract()?, "extract", FileIndex(0), false, limits).map_err(io::Error::other)
}

fn each_frame(
    extract: &mut Open<'_>,
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
fn comments(extract: &mut Open<'_>, limits: &Limits) -> io::Result<BTreeMap<u64, String>> {
    let mut capture = open(extract, limits)?;
    let mut caveats = Caveats::new(0);
    let mut all = BTreeMap::new();
    while let Some(item) = capture.next(&mut caveats) {
        if let Item::Comment(text, at) = item {
            all.insert(at.number.get(), String::from_utf8_lossy(text).into_owned());
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
