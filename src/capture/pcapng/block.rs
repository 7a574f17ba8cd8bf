//! One block: what it gives.

use super::{INTERFACES, Interface, Pcapng, SECTION};
use crate::base::{CaveatKind, Caveats, FrameRef, LinkType};
use crate::capture::progress::{Found, Progress};
use nom::{IResult, Offset};
use pcap_parser::pcapng::{
    OptionCode, PcapNGOption, parse_decryptionsecretsblock_be, parse_decryptionsecretsblock_le,
    parse_enhancedpacketblock_be, parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_interfacestatisticsblock_be,
    parse_interfacestatisticsblock_le, parse_sectionheaderblock, parse_simplepacketblock_be,
    parse_simplepacketblock_le,
};
use std::borrow::Cow;
use std::ops::Range;

// Block types: §10.1 of the draft and <https://www.iana.org/assignments/pcapng>; the last four as Wireshark numbers them.
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL: u32 = 9;
const SECRETS: u32 = 10;
const CUSTOM: [u32; 2] = [0x0bad, 0x4000_0bad];
const SYSDIG: [u32; 3] = [0x0204, 0x0216, 0x0221];

/// NSS key log, "TLSK" (§4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Option codes of more than one block type have more than one name in pcap-parser; these are the ones used.
const EPB_DROPCOUNT: OptionCode = OptionCode(4);
const ISB_IFDROP: OptionCode = OptionCode(5);
const ISB_OSDROP: OptionCode = OptionCode(7);

/// Header of an Enhanced Packet Block and of the obsolete Packet Block, before the packet's bytes.
const PACKET_AT: usize = 28;
const SIMPLE_PACKET_AT: usize = 12;
const SECRETS_AT: usize = 16;

/// What is wrong with a block.
pub(super) struct Fault(pub(super) &'static str);

/// Block types that are taken apart here.
pub(super) fn is_read(kind: u32) -> bool {
    matches!(
        kind,
        SECTION
            | INTERFACE
            | PACKET
            | SIMPLE_PACKET
            | NAMES
            | STATISTICS
            | ENHANCED_PACKET
            | SECRETS
    )
}

/// Block types that have a frame number in Wireshark (tried with 4.0: custom, journal and sysdig blocks have one).
pub(super) fn is_frame(kind: u32) -> bool {
    matches!(kind, PACKET | SIMPLE_PACKET | ENHANCED_PACKET | JOURNAL)
        || CUSTOM.contains(&kind)
        || SYSDIG.contains(&kind)
}

/// Four bytes as a number; `None` where there are fewer.
pub(super) fn u32_at(data: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let bytes = data.get(at..)?.first_chunk::<4>()?;
    Some(match big_endian {
        true => u32::from_be_bytes(*bytes),
        false => u32::from_le_bytes(*bytes),
    })
}

fn done<I, T, E>(result: IResult<I, T, E>, fault: &'static str) -> Result<T, Fault> {
    result.map(|(_, block)| block).map_err(|_| Fault(fault))
}

/// Where bytes lie in their block. pcap-parser lends them from it.
fn place(block: &[u8], part: &[u8], len: usize) -> Range<usize> {
    let start = block.offset(part);
    start..start.saturating_add(len.min(part.len()))
}

impl Pcapng {
    /// Takes one whole block apart.
    pub(super) fn read(
        &mut self,
        kind: u32,
        block: &[u8],
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Result<Option<Found>, Fault> {
        match kind {
            ENHANCED_PACKET => self.enhanced_packet(block, progress, caveats).map(Some),
            SECTION => {
                let header = done(
                    parse_sectionheaderblock(block),
                    "a damaged section header block",
                )?;
                self.interfaces.clear();
                self.comments(block, &header.options, progress.last_ref());
                Ok(None)
            }
            INTERFACE => self.interface(block, progress, caveats).map(|()| None),
            SIMPLE_PACKET => self.simple_packet(block, progress, caveats).map(Some),
            PACKET => self.packet(block, progress, caveats).map(Some),
            STATISTICS => self.statistics(block, progress).map(|()| None),
            SECRETS => self.secrets(block, progress, caveats),
            // Names that somebody resolved; addresses are what is compared.
            NAMES => Ok(None),
            _ => {
                let at = if is_frame(kind) {
                    progress.number_only()
                } else {
                    progress.last_ref()
                };
                let text = format!("block type {kind:#x} is not read");
                caveats.note(CaveatKind::UnknownBlock, Some(at), text);
                Ok(None)
            }
        }
    }

    fn interface(
        &mut self,
        block: &[u8],
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Result<(), Fault> {
        const FAULT: &str = "a damaged interface description block";
        let read = match self.big_endian {
            true => done(parse_interfacedescriptionblock_be(block), FAULT)?,
            false => done(parse_interfacedescriptionblock_le(block), FAULT)?,
        };
        let offset = self.number(&read.options, OptionCode::IfTsoffset);
        let interface = Interface::new(
            LinkType(u16::try_from(read.linktype.0).unwrap_or(u16::MAX)),
            read.snaplen,
            read.if_tsresol,
            offset.map_or(0, u64::cast_signed),
        );
        let finest = match self.interfaces.is_empty() && progress.packets == 0 {
            true => interface.digits(),
            false => progress.digits.max(interface.digits()),
        };
        progress.digits = finest;
        if self.interfaces.len() < INTERFACES {
            self.interfaces.push(interface);
        } else {
            let text = "more interfaces than are remembered; their packets are not read";
            caveats.note(CaveatKind::CorruptBlock, Some(progress.last_ref()), text);
        }
        self.comments(block, &read.options, progress.last_ref());
        Ok(())
    }

    fn enhanced_packet(
        &mut self,
        block: &[u8],
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Result<Found, Fault> {
        const FAULT: &str = "a damaged enhanced packet block";
        let read = match self.big_endian {
            true => done(parse_enhancedpacketblock_be(block), FAULT)?,
            false => done(parse_enhancedpacketblock_le(block), FAULT)?,
        };
        let interface = self.of(read.if_id)?;
        let (link, time) = (interface.link, interface.time(read.ts_high, read.ts_low));
        let bytes = PACKET_AT..PACKET_AT.saturating_add(read.caplen as usize);
        let at = progress.frame(time, bytes.len(), caveats);
        if !read.options.is_empty() {
            if let Some(drops) = self.number(&read.options, EPB_DROPCOUNT) {
                progress.add_drops(drops);
            }
            self.comments(block, &read.options, at);
        }
        Ok(Found::Frame {
            at,
            link,
            bytes,
            original_len: read.origlen,
        })
    }

    /// A Simple Packet Block belongs to the first interface and has no time: it gets that of the frame before.
    fn simple_packet(
        &self,
        block: &[u8],
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Result<Found, Fault> {
        const FAULT: &str = "a damaged simple packet block";
        let read = match self.big_endian {
            true => done(parse_simplepacketblock_be(block), FAULT)?,
            false => done(parse_simplepacketblock_le(block), FAULT)?,
        };
        let interface = self.of(0)?;
        let snaplen = match interface.snaplen {
            0 => u32::MAX,
            n => n,
        };
        let len = (read.origlen.min(snaplen) as usize).min(read.data.len());
        let at = progress.frame(progress.time(), len, caveats);
        let text = "simple packet blocks have no time; that of the frame before was taken";
        caveats.note(CaveatKind::UnknownBlock, Some(at), text);
        Ok(Found::Frame {
            at,
            link: interface.link,
            bytes: SIMPLE_PACKET_AT..SIMPLE_PACKET_AT.saturating_add(len),
            original_len: read.origlen,
        })
    }

    /// The obsolete Packet Block (appendix of the draft), which pcap-parser does not know.
    fn packet(
        &self,
        block: &[u8],
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Result<Found, Fault> {
        const FAULT: Fault = Fault("a damaged packet block");
        let field = |at| u32_at(block, at, self.big_endian).ok_or(FAULT);
        let ids = block.get(8..12).and_then(<[u8]>::first_chunk::<4>);
        let [a, b, c, d] = *ids.ok_or(FAULT)?;
        let (id, drops) = match self.big_endian {
            true => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
            false => (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
        };
        let interface = self.of(u32::from(id))?;
        let bytes = PACKET_AT..PACKET_AT.saturating_add(field(20)? as usize);
        if bytes.end > block.len().saturating_sub(4) {
            return Err(FAULT);
        }
        // 0xffff: the capturing program does not know.
        if drops != u16::MAX {
            progress.add_drops(u64::from(drops));
        }
        let time = interface.time(field(12)?, field(16)?);
        Ok(Found::Frame {
            at: progress.frame(time, bytes.len(), caveats),
            link: interface.link,
            bytes,
            original_len: field(24)?,
        })
    }

    fn statistics(&mut self, block: &[u8], progress: &mut Progress) -> Result<(), Fault> {
        const FAULT: &str = "a damaged interface statistics block";
        let read = match self.big_endian {
            true => done(parse_interfacestatisticsblock_be(block), FAULT)?,
            false => done(parse_interfacestatisticsblock_le(block), FAULT)?,
        };
        let by_interface = self.number(&read.options, ISB_IFDROP);
        let by_system = self.number(&read.options, ISB_OSDROP);
        if by_interface.is_none() && by_system.is_none() {
            return Ok(());
        }
        let drops = by_interface
            .unwrap_or(0)
            .saturating_add(by_system.unwrap_or(0));
        let known = usize::try_from(read.if_id)
            .ok()
            .and_then(|id| self.interfaces.get_mut(id));
        // Each block has the sum since the start: only what is new since the last one is added.
        let before = known.map_or(0, |i| std::mem::replace(&mut i.drops, drops));
        progress.add_drops(drops.saturating_sub(before));
        Ok(())
    }

    fn secrets(
        &self,
        block: &[u8],
        progress: &Progress,
        caveats: &mut Caveats,
    ) -> Result<Option<Found>, Fault> {
        const FAULT: &str = "a damaged decryption secrets block";
        let read = match self.big_endian {
            true => done(parse_decryptionsecretsblock_be(block), FAULT)?,
            false => done(parse_decryptionsecretsblock_le(block), FAULT)?,
        };
        let at = progress.last_ref();
        if read.secrets_type.0 != TLS_KEY_LOG {
            let text = format!("secrets of type {:#x} are not read", read.secrets_type.0);
            caveats.note(CaveatKind::UnknownBlock, Some(at), text);
            return Ok(None);
        }
        let end = SECRETS_AT.saturating_add(read.secrets_len as usize);
        if end > block.len().saturating_sub(4) {
            return Err(Fault(FAULT));
        }
        Ok(Some(Found::Secrets(SECRETS_AT..end, at)))
    }

    fn of(&self, id: u32) -> Result<&Interface, Fault> {
        usize::try_from(id)
            .ok()
            .and_then(|id| self.interfaces.get(id))
            .ok_or(Fault("a packet of an interface that is not described"))
    }

    fn comments(&mut self, block: &[u8], options: &[PcapNGOption<'_>], at: FrameRef) {
        for option in options {
            if let (OptionCode::Comment, Cow::Borrowed(value)) = (option.code, &option.value) {
                let range = place(block, value, usize::from(option.len));
                self.queue.push_back(Found::Comment(range, at));
            }
        }
    }

    /// An option's 64-bit value, in the section's byte order.
    fn number(&self, options: &[PcapNGOption<'_>], code: OptionCode) -> Option<u64> {
        let option = options.iter().find(|o| o.code == code && o.len == 8)?;
        let bytes = *option.value().first_chunk::<8>()?;
        Some(match self.big_endian {
            true => u64::from_be_bytes(bytes),
            false => u64::from_le_bytes(bytes),
        })
    }
}
