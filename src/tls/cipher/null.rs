//! No encryption: content and MAC (RFC 5246 §6.2.3.1).

use super::mac::RecordMac;
use super::{Failed, Opener, Place};
use crate::tls::record::Head;

/// Verifies the records of one direction.
#[derive(Debug)]
pub(super) struct Null {
    mac: RecordMac,
}

impl Null {
    pub(super) const fn new(mac: RecordMac) -> Self {
        Self { mac }
    }
}

impl Opener for Null {
    fn open(
        &mut self,
        seq: u64,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failed> {
        out.clear();
        let (content, mac) = self.mac.split(sealed).ok_or(Failed::DoesNotAuthenticate)?;
        if !self.mac.verify(seq, head, content, mac) {
            return Err(Failed::DoesNotAuthenticate);
        }
        out.extend_from_slice(content);
        Ok(())
    }

    fn pass(&mut self, _len: usize, _tail: &[u8]) {}

    fn seal(
        &mut self,
        seq: u64,
        head: &Head,
        content: &[u8],
        place: &Place<'_>,
    ) -> Option<Vec<u8>> {
        let sealed = self.mac.append(seq, head, content)?;
        (sealed.len() == place.old.len()).then_some(sealed)
    }
}
