//! UDP header (RFC 768).

use super::bytes::Bytes;
use super::payload::Datagram;
use etherparse::UdpHeaderSlice;

const OWN: u32 = 8;

/// Takes a datagram apart; `Err` with the ports where only these can be read.
pub(super) fn read(bytes: Bytes<'_>) -> Result<Datagram<'_>, Option<(u16, u16)>> {
    let ports = bytes.u16_at(0).zip(bytes.u16_at(2));
    let header = UdpHeaderSlice::from_slice(bytes.data).map_err(|_| ports)?;
    let len = u32::from(header.length());
    // Less than the header: segmentation offload leaves 0; the IP header then says how much there is.
    let all = if len < OWN { bytes } else { bytes.limit(len) };
    let payload = all.skip(OWN as usize).ok_or(ports)?;
    Ok(Datagram {
        src_port: header.source_port(),
        dst_port: header.destination_port(),
        checksum: header.checksum(),
        payload: payload.data,
        wire_len: payload.wire_len(),
    })
}
