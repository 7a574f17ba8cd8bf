//! Tunnels that carry IP packets or Ethernet frames inside IP packets; one file each. What is inside is what is analysed.

pub(super) mod ayiya;
pub(super) mod geneve;
pub(super) mod gre;
pub(super) mod gtp;
pub(super) mod hep;
pub(super) mod l2tp;
pub(super) mod lisp;
pub(super) mod mpls;
pub(super) mod nsh;
pub(super) mod teredo;
pub(super) mod tzsp;
pub(super) mod vxlan;

use super::bytes::{Bytes, Next, Taken};
use super::layers::Layers;
use super::sctp;

/// Takes off a tunnel header from the payload of UDP, when a port says that it is one and the header agrees. HEP and VXLAN are
/// recognised by their content as well.
pub(super) fn over_udp<'a>(
    src_port: u16,
    dst_port: u16,
    bytes: Bytes<'a>,
    layers: &mut Layers,
) -> Taken<'a> {
    let is = |port| src_port == port || dst_port == port;
    if hep::is(bytes, is(hep::PORT)) {
        layers.tag("hep", None);
        Some((Next::Hep, bytes))
    } else if is(vxlan::PORT) {
        vxlan::read(bytes, layers)
    } else if is(geneve::PORT) {
        geneve::read(bytes, layers)
    } else if is(gtp::PORT) {
        gtp::read(bytes, layers)
    } else if is(l2tp::PORT) {
        l2tp::read(bytes, layers)
    } else if is(teredo::PORT) {
        teredo::read(bytes, layers)
    } else if is(vxlan::GPE_PORT) {
        vxlan::gpe(bytes, layers)
    } else if is(gtp::PORT_0) {
        gtp::version_0(bytes, layers)
    } else if is(gre::PORT) {
        gre::read(bytes, layers)
    } else if is(sctp::UDP_PORT) {
        sctp::over_udp(bytes)
    } else if is(mpls::PORT) {
        mpls::read(bytes, layers)
    } else if is(tzsp::PORT) {
        tzsp::read(bytes, layers)
    } else if is(ayiya::PORT) {
        ayiya::read(bytes, layers)
    } else if is(lisp::PORT) {
        lisp::read(bytes, layers)
    } else {
        // The old port of VXLAN, or any other.
        vxlan::by_content(bytes, layers)
    }
}
