//! Session descriptions.

use sipdiag::sip::Sdp;

/// A body.
pub fn run(data: &[u8]) {
    ask(&Sdp::new(data));
}

/// Asks a description everything.
pub fn ask(sdp: &Sdp<'_>) {
    let _ = (sdp.connection, sdp.media.len());
    for (name, value) in &sdp.attributes {
        let _ = (name.to_str(), value.map(|v| v.number()));
    }
    for media in &sdp.media {
        let _ = (
            media.kind.to_str(),
            media.port,
            media.proto.to_str(),
            media.formats.to_str(),
        );
        let _ = (media.connection, media.attribute("setup"));
    }
}
