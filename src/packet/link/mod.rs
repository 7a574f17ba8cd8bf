//! Link layers: one file each; this is the one place that knows all of them.

pub(super) mod ethernet;
mod ipoib;
pub(super) mod llc;
mod nflog;
mod null;
pub(super) mod ppp;
mod raw;
mod sll;
mod sll2;
pub(super) mod tag;
mod wifi;

use super::bytes::{Bytes, Next, Taken};
use super::layers::Layers;
use crate::base::LinkType;

/// Takes the link-layer header off a frame. `None`: a link type that is not read; `Some(None)`: a header that is cut.
pub(super) fn read<'a>(link: LinkType, bytes: Bytes<'a>, layers: &mut Layers) -> Option<Taken<'a>> {
    Some(match link {
        ethernet::LINKTYPE => Some((Next::Ethernet, bytes)),
        null::NULL | null::LOOP => null::read(bytes, layers),
        sll::LINKTYPE => sll::read(bytes, layers),
        sll2::LINKTYPE => sll2::read(bytes, layers),
        ppp::PPP | ppp::PPP_HDLC => ppp::hdlc(bytes, layers),
        ppp::PPP_WITH_DIR => bytes.skip(1).and_then(|b| ppp::hdlc(b, layers)),
        ppp::C_HDLC => ppp::cisco(bytes, layers),
        ppp::PPP_ETHER => Some((Next::EtherType(ppp::ETHERTYPE_SESSION), bytes)),
        nflog::LINKTYPE => nflog::read(bytes, layers),
        ipoib::LINKTYPE => ipoib::read(bytes, layers),
        wifi::PLAIN => wifi::read(bytes, layers),
        wifi::RADIOTAP => wifi::radiotap(bytes, layers),
        _ if raw::LINKTYPES.contains(&link) => raw::read(bytes),
        _ => return None,
    })
}
