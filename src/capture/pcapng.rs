//! pcapng: <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/>.
//!
//! `pcap-parser` takes the blocks apart; this file frames them by their lengths first, so that no damaged block reaches it unmeasured,
//! and computes what it gets wrong: times (resolutions in powers of two, offsets, more than 32 bits), big-endian option values.

mod block;
mod interface;

use super::fill::Buffer;
use super::progress::{Found, LOOK, Progress, Stop, resync};
use crate::base::{CaveatKind, Caveats, Limits};
use block::Fault;
use interface::Interface;
use std::collections::VecDeque;

/// Section Header Block; the same in both byte orders.
const SECTION: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_LITTLE: [u8; 4] = [0x4d, 0x3c, 0x2b, 0x1a];
const BYTE_ORDER_BIG: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];

/// Block type (4), length (4), and the length again at the end (4).
const AROUND: usize = 12;

/// Interfaces remembered of one section. A capture of all interfaces of a large host has hundreds.
const INTERFACES: usize = 65_536;

/// Whether a file begins as pcapng: the byte-order magic decides, because the block type alone could be line ends.
pub(super) fn is_section_header(data: &[u8]) -> bool {
    matches!(
        (data.get(..4), data.get(8..12)),
        (Some([0x0a, 0x0d, 0x0d, 0x0a]), Some(order))
            if order == BYTE_ORDER_LITTLE || order == BYTE_ORDER_BIG
    )
}

pub(super) struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// What one block gave besides its first thing.
    queue: VecDeque<Found>,
    largest: usize,
}

impl Pcapng {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            big_endian: false,
            interfaces: Vec::new(),
            queue: VecDeque::new(),
            largest: limits.frame_bytes,
        }
    }

    pub(super) fn step(
        &mut self,
        buffer: &mut Buffer<'_>,
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Option<Found> {
        if let Some(found) = self.queue.pop_front() {
            return Some(found);
        }
        while progress.stop.is_none() {
            buffer.consume(std::mem::take(&mut progress.lent));
            let Some((kind, len)) = self.frame(buffer, progress, caveats) else {
                continue;
            };
            progress.lent = len;
            let block = buffer.data().get(..len).unwrap_or_default();
            match self.read(kind, block, progress, caveats) {
                Ok(Some(found)) => return Some(found),
                Ok(None) => {}
                Err(Fault(what)) => {
                    progress.damage(caveats, buffer, what);
                    if block::is_frame(kind) {
                        // Wireshark stops here; whoever repairs the file has this frame again.
                        progress.number_only();
                    }
                    if !ends_as_it_begins(block, self.big_endian) {
                        progress.lent = 0;
                        self.recover(buffer, progress, caveats);
                    }
                }
            }
            // A block of only comments (an SHB, an IDB) queued them.
            if let Some(found) = self.queue.pop_front() {
                return Some(found);
            }
        }
        None
    }

    /// Gets the next block whole into the buffer: its type and length. `None`: ask again, or reading has stopped.
    fn frame(
        &mut self,
        buffer: &mut Buffer<'_>,
        progress: &mut Progress,
        caveats: &mut Caveats,
    ) -> Option<(u32, usize)> {
        if !buffer.ensure(AROUND) {
            progress.stop = Some(match buffer.data().is_empty() {
                true => Stop::End,
                false => Stop::Cut,
            });
            return None;
        }
        if is_section_header(buffer.data()) {
            self.big_endian = buffer.data().get(8..12) == Some(&BYTE_ORDER_BIG);
        }
        let kind = block::u32_at(buffer.data(), 0, self.big_endian)?;
        let claimed = block::u32_at(buffer.data(), 4, self.big_endian)?;
        let len = claimed as usize;
        if len < AROUND {
            let text = format!("a block of {claimed} bytes, less than the least");
            progress.damage(caveats, buffer, &text);
            self.recover(buffer, progress, caveats);
            return None;
        }
        if len > self.largest && !block::is_read(kind) {
            let text = format!("block type {kind:#x} is not read");
            caveats.note(CaveatKind::UnknownBlock, Some(progress.last_ref()), text);
            if !buffer.skip(u64::from(claimed)) {
                progress.stop = Some(Stop::Cut);
            }
            return None;
        }
        if len > self.largest || !buffer.ensure(len) {
            // A length that the file cannot have: cut off there, or damaged in the length itself. Larger than what Wireshark
            // writes speaks for damage, so something sound may still follow.
            if len > LOOK.saturating_mul(2) {
                let text = format!("a block claims {claimed} bytes");
                progress.damage(caveats, buffer, &text);
                self.recover(buffer, progress, caveats);
            } else {
                progress.stop = Some(Stop::Cut);
            }
            return None;
        }
        Some((kind, len))
    }

    /// Looks for the next block that is whole.
    fn recover(&self, buffer: &mut Buffer<'_>, progress: &mut Progress, caveats: &mut Caveats) {
        let big_endian = self.big_endian;
        let sound = |data: &[u8], _| {
            let kind = block::u32_at(data, 0, big_endian).unwrap_or(0);
            let len = block::u32_at(data, 4, big_endian).unwrap_or(0) as usize;
            let plain = block::is_read(kind) && kind != SECTION && len <= LOOK;
            let whole = len >= AROUND
                && len.is_multiple_of(4)
                && data
                    .get(..len)
                    .is_some_and(|b| ends_as_it_begins(b, big_endian));
            (plain && whole) || is_section_header(data)
        };
        match resync(buffer, sound) {
            Some(skipped) => {
                let text = format!(
                    "{skipped} bytes were skipped to the next sound block; frame numbers may be lower than Wireshark's from here"
                );
                progress.damage(caveats, buffer, &text);
            }
            None => progress.stop = Some(Stop::Lost),
        }
    }
}

/// Whether a block has its length at both ends.
fn ends_as_it_begins(block: &[u8], big_endian: bool) -> bool {
    let end = block.len().saturating_sub(4);
    block::u32_at(block, 4, big_endian) == block::u32_at(block, end, big_endian)
}
