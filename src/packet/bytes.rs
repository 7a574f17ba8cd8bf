//! The rest of a frame while headers are taken off it, with what the snap length cut from its end.

use crate::base::LinkType;

/// Bytes of a frame from some header on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a> {
    /// What is stored.
    pub(super) data: &'a [u8],
    /// How many bytes followed on the wire that are not stored.
    pub(super) cut: u32,
}

impl<'a> Bytes<'a> {
    /// Bytes of which nothing is missing.
    pub(super) fn whole(data: &'a [u8]) -> Self {
        Self { data, cut: 0 }
    }

    /// Without the first `n` bytes; `None` when fewer are stored.
    pub(super) fn skip(self, n: usize) -> Option<Self> {
        Some(Self {
            data: self.data.get(n..)?,
            cut: self.cut,
        })
    }

    /// Bytes on the wire, stored or not.
    pub(super) fn wire_len(self) -> u32 {
        let stored = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        stored.saturating_add(self.cut)
    }

    /// Only the first `len` bytes of those on the wire: a header told the length, and padding or a checksum follows. A header that
    /// claims more than there was is not believed.
    pub(super) fn limit(self, len: u32) -> Self {
        match self.data.get(..len as usize) {
            Some(data) => Self { data, cut: 0 },
            None => {
                let stored = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
                Self {
                    data: self.data,
                    cut: self.cut.min(len.saturating_sub(stored)),
                }
            }
        }
    }

    pub(super) fn u8_at(self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    pub(super) fn u16_at(self, at: usize) -> Option<u16> {
        let bytes = self.data.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*bytes))
    }

    pub(super) fn u32_at(self, at: usize) -> Option<u32> {
        let bytes = self.data.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    }
}

/// How the bytes behind a header are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// An Ethernet header.
    Ethernet,
    /// What an `EtherType` names (<https://www.iana.org/assignments/ieee-802-numbers>).
    EtherType(u16),
    /// An IEEE 802.2 header.
    Llc,
    /// A PPP protocol field.
    Ppp,
    /// An IP header; its first four bits say which.
    Ip,
    /// What an IP protocol number names (<https://www.iana.org/assignments/protocol-numbers>).
    Protocol(u8),
    /// Something that has a name and no IP packet inside.
    Named(&'static str),
    /// Something that is not known by number; for a caveat.
    Unknown(&'static str, u16),
    /// A frame of another link type inside.
    Link(LinkType),
    /// A HEP packet: a mirrored message with its addresses.
    Hep,
    /// A Wireshark PDU: a message with its addresses.
    UpperPdu,
    /// Something that may have SIP inside and cannot be opened; for a caveat.
    Hidden(&'static str),
}

/// A header taken off: what follows it. `None`: it is cut or contradicts itself.
pub(super) type Taken<'a> = Option<(Next, Bytes<'a>)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_cuts_padding_and_never_invents_bytes() {
        let bytes = Bytes {
            data: &[1, 2, 3, 4],
            cut: 6,
        };
        let limited = |n| {
            let b = bytes.limit(n);
            (b.data.len(), b.cut, b.wire_len())
        };
        assert_eq!(limited(3), (3, 0, 3));
        assert_eq!(limited(4), (4, 0, 4));
        assert_eq!(limited(7), (4, 3, 7));
        assert_eq!(limited(500), (4, 6, 10));
        assert!(bytes.skip(5).is_none());
    }
}
