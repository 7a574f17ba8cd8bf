//! Classic pcap: <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/>, in both byte orders, with micro- or nanoseconds, and the
//! "modified" kind of old Linux kernels (24-byte record headers).

use super::fill::Buffer;
use super::progress::{Found, LOOK, Progress, Stop, resync};
use crate::base::{CaveatKind, Caveats, Limits, LinkType, Timestamp};
use nom::bytes::streaming::take;
use nom::number::streaming::be_u32;
use nom::{Err, IResult};
use pcap_parser::{
    LegacyPcapBlock, PcapError, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
    parse_pcap_header,
};

/// Bytes of the header of the file.
pub(super) const HEADER_LEN: usize = 24;

type Parse = for<'a> fn(&'a [u8]) -> IResult<&'a [u8], LegacyPcapBlock<'a>, PcapError<&'a [u8]>>;

pub(super) struct Pcap {
    parse: Parse,
    big_endian: bool,
    /// Bytes of a record's header.
    record: usize,
    nanos: bool,
    link: LinkType,
    /// A record that claims more bytes is damaged.
    longest: u32,
    /// The limit for that.
    most: u32,
}

impl Pcap {
    /// Reads the header of the file. `Ok(None)`: it is no pcap. `Err`: it begins like one, but.
    pub(super) fn open(buffer: &mut Buffer<'_>, limits: &Limits) -> Result<Option<Self>, String> {
        let most = u32::try_from(limits.frame_bytes).unwrap_or(u32::MAX);
        let pcap = Self::read_header(buffer.data(), most)?;
        if pcap.is_some() {
            buffer.consume(HEADER_LEN);
        }
        Ok(pcap)
    }

    fn read_header(data: &[u8], most: u32) -> Result<Option<Self>, String> {
        let (big_endian, modified) = match data {
            [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..] => (false, false),
            [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..] => (true, false),
            [0x34, 0xcd, 0xb2, 0xa1, ..] => (false, true),
            [0xa1, 0xb2, 0xcd, 0x34, ..] => (true, true),
            _ => return Ok(None),
        };
        let Some(head) = data.get(..HEADER_LEN) else {
            return Err(format!(
                "a pcap file of {} bytes, which is less than its header",
                data.len()
            ));
        };
        let mut head = head.to_vec();
        if let (true, true, Some(magic)) = (big_endian, modified, head.get_mut(..4)) {
            // pcap-parser knows the modified kind in little-endian only; but for its magic the header is the common one.
            magic.copy_from_slice(&[0xa1, 0xb2, 0xc3, 0xd4]);
        }
        let Ok((_, header)) = parse_pcap_header(&head) else {
            return Err(String::from(
                "a pcap file with a header that is not understood",
            ));
        };
        Ok(Some(Self {
            parse: match (big_endian, modified) {
                (false, false) => parse_pcap_frame,
                (true, false) => parse_pcap_frame_be,
                (false, true) => parse_pcap_frame_modified,
                (true, true) => parse_frame_modified_be,
            },
            big_endian,
            record: if modified { 24 } else { 16 },
            nanos: header.is_nanosecond_precision(),
            // The upper half says whether frames end with a checksum: LINKTYPE_ and its FCS bits.
            link: LinkType(u16::try_from(header.network.0 & 0xffff).unwrap_or(0)),
            // 262144: what Wireshark takes for possible when the header says less.
            longest: header.snaplen.max(262_144).min(most),
            most,
        }))
    }

    /// Goes on with another file that follows where a record should (`cat a.pcap b.pcap`): its header says link type, byte order and
    /// precision anew.
    fn join(
        &mut self,
        buffer: &mut Buffer<'_>,
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> bool {
        if !begins_like_a_file(buffer.data()) || !buffer.ensure(HEADER_LEN) {
            return false;
        }
        let Some(next) = joined_header(buffer.data())
            .then(|| Self::read_header(buffer.data(), self.most))
            .and_then(|read| read.ok().flatten())
        else {
            return false;
        };
        let text = format!(
            "behind frame {} (byte {}) another pcap file follows in the same file; its frames are numbered on",
            progress.number,
            buffer.offset()
        );
        caveats.note(CaveatKind::FilesJoined, Some(progress.last_ref()), text);
        buffer.consume(HEADER_LEN);
        *self = next;
        true
    }

    pub(super) fn name(&self) -> &'static str {
        match (self.record, self.nanos) {
            (24, _) => "pcap (modified)",
            (_, true) => "pcap (nanoseconds)",
            _ => "pcap",
        }
    }

    pub(super) fn step(
        &mut self,
        buffer: &mut Buffer<'_>,
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Option<Found> {
        buffer.consume(std::mem::take(&mut progress.lent));
        while progress.stop.is_none() {
            if self.join(buffer, progress, caveats) {
                continue;
            }
            if self.nanos {
                progress.digits = 9;
            }
            match (self.parse)(buffer.data()) {
                Ok((_, block)) if block.caplen <= self.longest => {
                    let len = block.data.len();
                    let end = self.record.saturating_add(len);
                    progress.lent = end;
                    let at = progress.frame(self.time(&block), len, caveats);
                    return Some(Found::Frame {
                        at,
                        link: self.link,
                        bytes: self.record..end,
                        original_len: block.origlen,
                    });
                }
                Err(Err::Incomplete(_)) => self.read_on(buffer, progress, caveats),
                _ => self.recover(buffer, progress, caveats),
            }
        }
        None
    }

    /// The buffer ends inside a record: reads the rest of it, or finds out why that cannot be.
    fn read_on(&self, buffer: &mut Buffer<'_>, progress: &mut Progress, caveats: &mut Caveats) {
        if !buffer.ensure(self.record) {
            progress.stop = Some(match buffer.data().is_empty() {
                true => Stop::End,
                false => Stop::Cut,
            });
            return;
        }
        let caplen = self.field(buffer.data(), 8).unwrap_or(u32::MAX);
        if caplen > self.longest {
            self.recover(buffer, progress, caveats);
        } else if !buffer.ensure(self.record.saturating_add(caplen as usize)) {
            progress.stop = Some(Stop::Cut);
        }
    }

    /// A record claims an impossible length: looks for two records in a row that are possible.
    fn recover(&self, buffer: &mut Buffer<'_>, progress: &mut Progress, caveats: &mut Caveats) {
        let said = self.field(buffer.data(), 8).unwrap_or(0);
        let text = format!("a record of {said} bytes is damaged");
        progress.damage(caveats, buffer, &text);
        let seconds = progress.time().seconds();
        let possible = |data: &[u8], last: bool| {
            if begins_like_a_file(data) && joined_header(data) {
                return true;
            }
            self.possible(data, seconds).is_some_and(|next| {
                let rest = data.get(next..).unwrap_or_default();
                let at_end = last && next == data.len();
                at_end || self.possible(rest, seconds).is_some()
            })
        };
        match resync(buffer, possible) {
            Some(skipped) => {
                let text = format!(
                    "{skipped} bytes were skipped to the next record that looks sound; frame numbers may be lower than Wireshark's from here"
                );
                progress.damage(caveats, buffer, &text);
            }
            None => progress.stop = Some(Stop::Lost),
        }
    }

    /// Whether a record may start here: a day around the last frame, plausible lengths. Gives where the next one starts.
    fn possible(&self, data: &[u8], seconds: i64) -> Option<usize> {
        let time = i64::from(self.field(data, 0)?);
        let fraction = self.field(data, 4)?;
        let (caplen, origlen) = (self.field(data, 8)?, self.field(data, 12)?);
        let units = if self.nanos { 1_000_000_000 } else { 1_000_000 };
        let good = (seconds == 0 || time.abs_diff(seconds) <= 86_400)
            && fraction < units
            && (14..=self.longest).contains(&caplen)
            && origlen >= caplen
            && origlen <= self.longest
            && caplen as usize <= LOOK;
        good.then(|| self.record.saturating_add(caplen as usize))
    }

    fn field(&self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = data.get(at..)?.first_chunk::<4>()?;
        Some(match self.big_endian {
            true => u32::from_be_bytes(*bytes),
            false => u32::from_le_bytes(*bytes),
        })
    }

    /// Seconds are unsigned (until 2106); the fraction is taken as it is, even above a second, as Wireshark does.
    fn time(&self, block: &LegacyPcapBlock<'_>) -> Timestamp {
        let unit = if self.nanos { 1 } else { 1_000 };
        let fraction = i64::from(block.ts_usec).saturating_mul(unit);
        let seconds = i64::from(block.ts_sec).saturating_mul(1_000_000_000);
        Timestamp::from_nanos(seconds.saturating_add(fraction))
    }
}

/// Whether bytes begin with the number that a pcap file begins with: a quick look, once per record.
fn begins_like_a_file(data: &[u8]) -> bool {
    matches!(
        data,
        [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0xa1, 0xb2, 0xcd, 0x34, ..]
            | [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..]
            | [0x34, 0xcd, 0xb2, 0xa1, ..]
    )
}

/// Whether version 2.4 and an accuracy of 0 follow that number. As a record these would be a packet of 0 bytes.
fn joined_header(data: &[u8]) -> bool {
    let version = data.get(4..8);
    let accuracy = data.get(12..16);
    (version == Some(&[2, 0, 4, 0]) || version == Some(&[0, 2, 0, 4])) && accuracy == Some(&[0; 4])
}

/// A record of a modified big-endian file, which pcap-parser does not know: the common header, then interface index, protocol and
/// packet type (8 bytes).
fn parse_frame_modified_be(i: &[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>> {
    let (i, ts_sec) = be_u32(i)?;
    let (i, ts_usec) = be_u32(i)?;
    let (i, caplen) = be_u32(i)?;
    let (i, origlen) = be_u32(i)?;
    let (i, _) = take(8usize)(i)?;
    let (i, data) = take(caplen as usize)(i)?;
    let block = LegacyPcapBlock {
        ts_sec,
        ts_usec,
        caplen,
        origlen,
        data,
    };
    Ok((i, block))
}
