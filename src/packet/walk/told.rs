//! What a frame turns out to be when no header follows: a copy, a protocol that is not read, or too damaged to go on.

use super::Walk;
use crate::base::{CaveatKind, LinkType};
use crate::packet::bytes::Bytes;
use crate::packet::ip::Ip;
use crate::packet::payload::{Payload, Protocol};
use crate::packet::{TOO_DEEP, names};

impl Walk<'_, '_> {
    /// Marks copies, of this capture and of others.
    pub(super) fn seen_before(
        &mut self,
        ip: &Ip,
        payload: &Payload<'_>,
        extra: u64,
        stored: usize,
    ) {
        let at = self.packet.at;
        if self.copies.is_copy(ip, payload, extra, at) {
            self.copy();
        } else if let Some(twin) = self.twins.of(ip, payload, extra, stored, at) {
            self.packet.duplicate = true;
            self.packet.twin = Some(twin);
        }
    }

    pub(super) fn copy(&mut self) {
        self.packet.duplicate = true;
        let text = "copies of a packet that was captured shortly before";
        let at = Some(self.packet.at);
        self.caveats.note(CaveatKind::DuplicateFrames, at, text);
    }

    pub(super) fn other(&mut self, protocol: Protocol, bytes: Bytes<'_>) {
        self.packet.missing = bytes.cut;
        self.packet.payload = Payload::Other {
            protocol,
            length: bytes.wire_len(),
            ports: None,
        };
    }

    pub(super) fn unknown(&mut self, registry: &'static str, number: u16, bytes: Bytes<'_>) {
        let protocol = Protocol::Number(registry, number);
        let at = Some(self.packet.at);
        let text = format!("{protocol} is not read");
        self.caveats.note(CaveatKind::ProtocolNotDecoded, at, text);
        self.other(protocol, bytes);
    }

    /// SIP may be inside, and it cannot be seen.
    pub(super) fn hidden(&mut self, name: &'static str, bytes: Bytes<'_>) {
        self.packet.hidden = true;
        self.other(Protocol::Name(name), bytes);
        // Of a packet with addresses only those in scope matter, and who asks for it knows the scope.
        if self.packet.src.is_none()
            && let Some(text) = self.packet.hidden_text()
        {
            let at = Some(self.packet.at);
            self.caveats
                .note(CaveatKind::EncapsulationNotRead, at, text);
        }
    }

    pub(super) fn unread_link(&mut self, link: LinkType, bytes: Bytes<'_>) {
        let protocol = Protocol::Number(names::LINK_TYPE, link.0);
        let text = format!("{protocol} is not read");
        let at = Some(self.packet.at);
        self.caveats.note(CaveatKind::LinkTypeUnsupported, at, text);
        self.other(protocol, bytes);
    }

    /// A header of which too little is stored, or that contradicts itself.
    pub(super) fn malformed(&mut self, bytes: Bytes<'_>) {
        let name = match self.packet.layers.last() {
            "" => "frame",
            name => name,
        };
        self.headless(name, None, bytes);
    }

    pub(super) fn headless(
        &mut self,
        name: &'static str,
        ports: Option<(u16, u16)>,
        bytes: Bytes<'_>,
    ) {
        let at = Some(self.packet.at);
        if bytes.cut > 0 {
            let text = format!("the snap length cut a header ({name})");
            self.caveats.note(CaveatKind::SnapLength, at, text);
        } else {
            let text = format!("a header is cut or contradicts itself ({name})");
            self.caveats.note(CaveatKind::PacketMalformed, at, text);
        }
        self.packet.missing = bytes.cut;
        self.packet.damaged = true;
        self.packet.payload = Payload::Other {
            protocol: Protocol::Name(name),
            length: bytes.wire_len(),
            ports,
        };
    }

    /// Counts a header; whether it is one too many.
    pub(super) fn deeper(&mut self, bytes: Bytes<'_>) -> bool {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                false
            }
            None => {
                let at = Some(self.packet.at);
                let text = "more headers inside one another than are read";
                self.caveats.note(CaveatKind::TooDeep, at, text);
                self.packet.hidden = true;
                self.other(TOO_DEEP, bytes);
                true
            }
        }
    }
}
