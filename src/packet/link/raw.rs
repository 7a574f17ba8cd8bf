//! `LINKTYPE_RAW` (101), `LINKTYPE_IPV4` (228), `LINKTYPE_IPV6` (229): <https://www.tcpdump.org/linktypes/LINKTYPE_RAW.html>. No header
//! at all. 12 and 14 are what older systems wrote for it (`DLT_RAW` of FreeBSD and OpenBSD).

use crate::base::LinkType;
use crate::packet::bytes::{Bytes, Next, Taken};

pub(in crate::packet) const RAW: LinkType = LinkType(101);
pub(super) const LINKTYPES: [LinkType; 5] = [
    RAW,
    LinkType(228),
    LinkType(229),
    LinkType(12),
    LinkType(14),
];

pub(super) fn read(bytes: Bytes<'_>) -> Taken<'_> {
    Some((Next::Ip, bytes))
}
