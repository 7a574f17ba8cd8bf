//! Link layers: one file each; this is the one place that knows all of them.

pub(super) mod ethernet;
pub(super) mod frame_relay;
mod ipoib;
mod juniper;
pub(super) mod llc;
mod macsec;
mod nflog;
mod null;
mod pflog;
mod pktap;
mod ppi;
pub(super) mod ppp;
pub(super) mod raw;
mod slip;
mod sll;
mod sll2;
mod switch;
pub(super) mod tag;
pub(super) mod upper_pdu;
pub(super) mod wifi;

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
        frame_relay::LINKTYPE => frame_relay::read(bytes, layers),
        slip::LINKTYPE => slip::read(bytes, layers),
        nflog::LINKTYPE => nflog::read(bytes, layers),
        pflog::LINKTYPE => pflog::read(bytes, layers),
        pflog::ENC => pflog::enc(bytes, layers),
        ipoib::LINKTYPE => ipoib::read(bytes, layers),
        wifi::PLAIN => wifi::read(bytes, layers),
        wifi::RADIOTAP => wifi::radiotap(bytes, layers),
        wifi::PRISM => wifi::prism(bytes, layers),
        wifi::AVS => wifi::avs(bytes, layers),
        ppi::LINKTYPE => ppi::read(bytes, layers),
        pktap::LINKTYPE => pktap::read(bytes, layers),
        pktap::OLD => return pktap::guess(bytes, layers),
        juniper::ETHER | juniper::PPP | juniper::FRELAY | juniper::CHDLC => {
            juniper::read(link, bytes, layers)
        }
        switch::BROADCOM | switch::BROADCOM_BEFORE | switch::MARVELL | switch::MARVELL_TYPED => {
            switch::read(link, bytes, layers)
        }
        upper_pdu::LINKTYPE => Some((Next::UpperPdu, bytes)),
        _ if raw::LINKTYPES.contains(&link) => raw::read(bytes),
        _ => return None,
    })
}
