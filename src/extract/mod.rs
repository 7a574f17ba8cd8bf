//! A capture with only the packets that the findings cite, and what is needed to read them again.
//!
//! How much is needed is not guessed: the extract is analysed again, and where it does not give the same findings, more goes in.

mod choice;
mod redact;

pub use redact::{Open, redact};

use crate::base::{Caveats, FileIndex, Frame, FrameRef, Limits, LinkType};
use crate::capture::{CaptureSummary, Interface, Item, Merge, PcapngWriter};
use crate::packet::{Decoder, Packet};
use crate::redact::Redaction;
use crate::report::Report;
use choice::Choice;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;

/// How much goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The frames that are cited, the calls and connections that they are of, and what tells who is who.
    Cited,
    /// All connections of SIP and TLS, and all packets between the hosts of findings.
    Hosts,
    /// Every frame.
    All,
}

impl Extent {
    /// From the least on.
    pub const EACH: [Self; 3] = [Self::Cited, Self::Hosts, Self::All];
}

/// How many frames an extract has, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Frames in it.
    pub taken: u64,
    /// Frames of the captures.
    pub of: u64,
    /// It would be larger than was allowed, and ends early.
    pub cut: bool,
}

/// Reads the captures once more and writes what `extent` asks for. `key_log`: secrets that go in, empty for none. `most`: bytes of
/// frames at which it stops. `redaction`: the pseudonyms of the report, if it has any; the packets stay as they are, [`redact()`]
/// changes them.
///
/// # Errors
///
/// What the writer says.
pub fn write<W: Write>(
    captures: &mut Merge<'_>,
    report: &Report,
    extent: Extent,
    (key_log, most): (&str, u64),
    limits: &Limits,
    redaction: Option<&Redaction>,
    out: W,
) -> io::Result<(W, Count)> {
    let choice = Choice::new(report, extent);
    let mut writer = PcapngWriter::new(out, &about(report, extent))?;
    if !key_log.is_empty() {
        writer.secrets(key_log)?;
    }
    let mut decoder = Decoder::new(limits);
    let mut caveats = Caveats::new(0);
    let mut interfaces: BTreeMap<(FileIndex, LinkType), Interface> = BTreeMap::new();
    let mut count = Count::default();
    let mut bytes = 0_u64;
    let mut last: Option<(FrameRef, LinkType, u32, Vec<u8>)> = None;
    while let Some(item) = captures.next(&mut caveats) {
        let Item::Frame(frame) = item else { continue };
        let first = count.of == 0;
        count.of = count.of.saturating_add(1);
        let wanted = {
            let packet = decoder.push(&frame, &mut caveats);
            choice.wants(&named(packet, redaction))
        };
        if !wanted && !first {
            // The last frame says how long the capture waited for what did not come.
            let slot = last.get_or_insert_with(|| (frame.at, frame.link, 0, Vec::new()));
            slot.0 = frame.at;
            slot.1 = frame.link;
            slot.2 = frame.original_len;
            slot.3.clear();
            slot.3.extend_from_slice(frame.bytes);
            continue;
        }
        last = None;
        let size = u64::try_from(frame.bytes.len()).unwrap_or(u64::MAX);
        bytes = bytes.saturating_add(size);
        if bytes > most {
            count.cut = true;
            break;
        }
        count.taken = count.taken.saturating_add(1);
        put(&mut writer, &mut interfaces, report, &choice, &frame)?;
    }
    if let Some((at, link, original_len, kept)) = last {
        let frame = Frame {
            at,
            link,
            bytes: &kept,
            original_len,
        };
        count.taken = count.taken.saturating_add(1);
        put(&mut writer, &mut interfaces, report, &choice, &frame)?;
    }
    Ok((writer.finish()?, count))
}

fn put<W: Write>(
    writer: &mut PcapngWriter<W>,
    interfaces: &mut BTreeMap<(FileIndex, LinkType), Interface>,
    report: &Report,
    choice: &Choice,
    frame: &Frame<'_>,
) -> io::Result<()> {
    let key = (frame.at.file, frame.link);
    let interface = match interfaces.get(&key) {
        Some(known) => *known,
        None => {
            let capture = report.captures.get(usize::from(frame.at.file.0));
            let digits = capture.map_or(9, |c| c.digits);
            let new = writer.interface(frame.link, digits, report.file_name(frame.at.file))?;
            interfaces.insert(key, new);
            new
        }
    };
    let comment = comment(report, choice, frame.at);
    writer.frame(interface, frame, &comment)
}

/// The packet with the addresses that the report has.
fn named<'a>(mut packet: Packet<'a>, redaction: Option<&Redaction>) -> Packet<'a> {
    if let Some(redaction) = redaction {
        redaction.with(|names| {
            packet.src = packet.src.map(|a| names.address(a));
            packet.dst = packet.dst.map(|a| names.address(a));
        });
    }
    packet
}

/// What findings say of a frame, and where it was.
fn comment(report: &Report, choice: &Choice, at: FrameRef) -> String {
    let Some(said) = choice.comments.get(&(at.file, at.number)) else {
        return String::new();
    };
    format!(
        "frame {} of {}\n{}",
        at.number,
        report.file_name(at.file),
        said.join("\n")
    )
}

/// What the file says of itself.
fn about(report: &Report, extent: Extent) -> String {
    let what = match extent {
        Extent::Cited => "the frames that its findings cite and what is needed to read them",
        Extent::Hosts => "the connections of SIP and TLS and all between the hosts of its findings",
        Extent::All => "all frames",
    };
    let names: Vec<&str> = report.captures.iter().map(|c| c.name.as_str()).collect();
    let corrected = |c: &&CaptureSummary| c.clock.correction().nanos() != 0;
    let clocks: Vec<String> = report
        .captures
        .iter()
        .filter(corrected)
        .map(|c| format!("; times of {} are corrected", c.name))
        .collect();
    format!("Extract of {}: {what}{}", names.join(", "), clocks.concat())
}

/// A finding without what changes from capture to capture.
pub type Statement = (&'static str, Option<IpAddr>, Option<IpAddr>, String);

/// What a report states: two reports with the same statements say the same of the same boxes.
pub fn statements(report: &Report) -> BTreeSet<Statement> {
    report
        .findings
        .iter()
        .map(|placed| {
            let f = &placed.finding;
            (f.rule, f.from, f.to, f.key.clone())
        })
        .collect()
}
