//! SIP in a datagram; and everything that can be asked about a message.

use super::input::{Input, at};
use super::small_limits;
use sipdiag::sip::{
    Address, HeaderName, Item, Message, Uri, datagram, probe, probe_after_gap, probe_datagram,
};

/// The last byte says how many bytes the snap length cut off; the rest is the datagram.
pub fn run(data: &[u8]) {
    let (cut, bytes) = Input::with_choice(data);
    let _ = (probe(bytes), probe_datagram(bytes), probe_after_gap(bytes));
    let wire_len = u32::try_from(bytes.len()).unwrap_or(0) + u32::from(cut);
    let mut taken = 0;
    datagram(
        bytes,
        at(1),
        wire_len,
        &small_limits(),
        &mut |item| match item {
            Item::Message(message) => {
                ask(&message);
                taken += message.raw().len();
            }
            Item::Skipped { bytes, .. } => taken += usize::try_from(bytes).unwrap_or(usize::MAX),
            Item::KeepAlive { .. } => {}
        },
    );
    assert!(taken <= bytes.len(), "more than there was");
}

/// Asks a message everything.
pub fn ask(message: &Message) {
    let raw = message.raw();
    assert!(message.head().len() + message.body().len() <= raw.len());
    let _ = (
        message.start_line().to_str(),
        message.version().to_str(),
        message.memory(),
    );
    let _ = (
        message.method().map(|m| format!("{m:?}")),
        message.status(),
        message.reason(),
    );
    if let Some(uri) = message.request_uri() {
        ask_uri(uri);
    }
    for (name, value, _) in message.fields() {
        let _ = (
            name.as_str(),
            value.to_str(),
            value.unfolded(),
            value.number(),
        );
        let _ = (value.unescaped(), value.leading_number());
        for text in message.list(name) {
            let _ = text.to_str();
        }
        let _ = (message.header(name), message.headers(name).count());
    }
    for name in [HeaderName::From, HeaderName::Contact, HeaderName::Route] {
        message.addresses(name).for_each(ask_address);
    }
    message
        .from()
        .into_iter()
        .chain(message.to())
        .for_each(ask_address);
    for via in message.vias() {
        let _ = (
            via.branch(),
            via.received(),
            via.rport(),
            via.has_magic_cookie(),
        );
        assert!(via.params.iter().count() <= raw.len());
    }
    assert!(message.via_count() <= raw.len());
    let _ = (
        message.call_id(),
        message.cseq(),
        message.rack(),
        message.rseq(),
        message.date(),
    );
    let _ = (
        message.max_forwards(),
        message.content_length(),
        message.content_type(),
    );
    let _ = message.content_type_params().map(|p| p.iter().count());
    let _ = (
        message.expires(),
        message.min_expires(),
        message.session_expires(),
        message.retry_after(),
    );
    let _ = (
        message.event(),
        message.event_id(),
        message.subscription_state().map(|s| format!("{s:?}")),
    );
    let _ = (
        message.supported().count(),
        message.require().count(),
        message.proxy_require().count(),
    );
    let _ = (
        message.user_agent(),
        message.server(),
        message.has_credentials("Digest"),
    );
    for challenge in message.challenges() {
        let _ = (challenge.realm(), challenge.params.iter().count());
    }
    let _ = message.credential_schemes().count();
    for diagnostics in message.ms_diagnostics() {
        let _ = (diagnostics.source(), diagnostics.param("reason"));
    }
    let _ = (
        message.reasons().count(),
        message.warnings().count(),
        message.frames().count(),
    );
    if let Some(sdp) = message.sdp() {
        super::sdp::ask(&sdp);
    }
    let _ = sipdiag::presence::read(message);
    for text in [message.excerpt(8, 100), message.body_excerpt(8, 100)] {
        assert!(text.lines().count() <= 9, "an excerpt is short");
    }
}

fn ask_address(address: Address<'_>) {
    let _ = (
        address.tag(),
        address.aor(),
        address.expires(),
        address.params.iter().count(),
    );
    if let Some(uri) = address.uri() {
        ask_uri(uri);
    }
}

fn ask_uri(uri: Uri<'_>) {
    let _ = (uri.user_name(), uri.host_name(), uri.aor(), uri.is_sip());
    let _ = (
        uri.transport(),
        uri.maddr(),
        uri.lr(),
        uri.params.iter().count(),
    );
}
