//! Header fields as types, read when asked for.

use super::header::{
    self, Address, Challenge, DiagnosticsHeader, MsDiagnostics, RAck, ReasonValue,
    SubscriptionState, Via, Warning,
};
use super::lex::{Elements, Params};
use super::{HeaderName as H, Message, Sdp, Text};
use crate::base::Timestamp;

impl Message {
    /// All elements of a repeated or comma-separated header field, in wire order (RFC 3261 §7.3.1).
    pub fn list(&self, name: H) -> impl Iterator<Item = Text<'_>> {
        self.headers(name).flat_map(|v| Elements::new(v.bytes()))
    }

    /// Call-ID (RFC 3261 §20.8).
    pub fn call_id(&self) -> Option<Text<'_>> {
        self.header(H::CallId)
    }

    /// From (§20.20).
    pub fn from(&self) -> Option<Address<'_>> {
        Some(Address::new(self.header(H::From)?.bytes()))
    }

    /// To (§20.39).
    pub fn to(&self) -> Option<Address<'_>> {
        Some(Address::new(self.header(H::To)?.bytes()))
    }

    /// All Via values that can be read, topmost first, wherever they stand (§20.42).
    pub fn vias(&self) -> impl Iterator<Item = Via<'_>> {
        self.list(H::Via).filter_map(|v| Via::new(v.bytes()))
    }

    /// The topmost Via; `None` too when it cannot be read (`bad-via`).
    pub fn top_via(&self) -> Option<Via<'_>> {
        Via::new(self.list(H::Via).next()?.bytes())
    }

    /// How many Via values there are, readable or not.
    pub fn via_count(&self) -> usize {
        self.list(H::Via).count()
    }

    /// Record-Route values, topmost first (§20.30).
    pub fn record_routes(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(H::RecordRoute)
    }

    /// Route values, topmost first (§20.34).
    pub fn routes(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(H::Route)
    }

    /// Contact values (§20.10).
    pub fn contacts(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(H::Contact)
    }

    /// The first Contact.
    pub fn contact(&self) -> Option<Address<'_>> {
        self.contacts().next()
    }

    /// All values of any header field that holds addresses.
    pub fn addresses(&self, name: H) -> impl Iterator<Item = Address<'_>> {
        self.list(name).map(|v| Address::new(v.bytes()))
    }

    /// Max-Forwards (§20.22).
    pub fn max_forwards(&self) -> Option<u64> {
        self.header(H::MaxForwards)?.number()
    }

    /// Content-Length as stated (§20.14), in bytes; `Err` holds what is no length.
    pub fn content_length(&self) -> Option<Result<u64, Text<'_>>> {
        let value = self.header(H::ContentLength)?;
        Some(value.number().ok_or(value))
    }

    /// Content-Type without parameters (§20.15).
    pub fn content_type(&self) -> Option<Text<'_>> {
        Some(word(self.header(H::ContentType)?))
    }

    /// The parameters of the Content-Type: `boundary`, `charset`, …
    pub fn content_type_params(&self) -> Option<Params<'_>> {
        Some(header_params(self.header(H::ContentType)?))
    }

    /// Expires in seconds (§20.19).
    pub fn expires(&self) -> Option<u64> {
        self.header(H::Expires)?.number()
    }

    /// Min-Expires in seconds (§20.23).
    pub fn min_expires(&self) -> Option<u64> {
        self.header(H::MinExpires)?.number()
    }

    /// Session-Expires in seconds (RFC 4028 §4).
    pub fn session_expires(&self) -> Option<u64> {
        self.header(H::SessionExpires)?.leading_number()
    }

    /// Retry-After in seconds (§20.33).
    pub fn retry_after(&self) -> Option<u64> {
        self.header(H::RetryAfter)?.leading_number()
    }

    /// Event without parameters (RFC 6665 §8.2.1).
    pub fn event(&self) -> Option<Text<'_>> {
        Some(word(self.header(H::Event)?))
    }

    /// `id=` of the Event: tells subscriptions of one dialog apart.
    pub fn event_id(&self) -> Option<Text<'_>> {
        header_params(self.header(H::Event)?).get("id")
    }

    /// Subscription-State (RFC 6665 §8.2.3).
    pub fn subscription_state(&self) -> Option<SubscriptionState<'_>> {
        Some(SubscriptionState::new(
            self.header(H::SubscriptionState)?.bytes(),
        ))
    }

    /// Supported option tags (§20.37).
    pub fn supported(&self) -> impl Iterator<Item = Text<'_>> {
        self.list(H::Supported)
    }

    /// Required option tags (§20.32).
    pub fn require(&self) -> impl Iterator<Item = Text<'_>> {
        self.list(H::Require)
    }

    /// Option tags required of proxies (§20.29).
    pub fn proxy_require(&self) -> impl Iterator<Item = Text<'_>> {
        self.list(H::ProxyRequire)
    }

    /// User-Agent (§20.41).
    pub fn user_agent(&self) -> Option<Text<'_>> {
        self.header(H::UserAgent)
    }

    /// Server (§20.35).
    pub fn server(&self) -> Option<Text<'_>> {
        self.header(H::Server)
    }

    /// WWW-Authenticate and Proxy-Authenticate, in wire order (§20.44, §20.27).
    pub fn challenges(&self) -> impl Iterator<Item = Challenge<'_>> {
        let any = self.may_have(&[H::WwwAuthenticate, H::ProxyAuthenticate]);
        self.fields_if(any).filter_map(|(id, _, value)| match id {
            H::WwwAuthenticate => Some(Challenge::new(value.bytes(), false)),
            H::ProxyAuthenticate => Some(Challenge::new(value.bytes(), true)),
            _ => None,
        })
    }

    /// Whether it carries credentials of this scheme (`Digest`, `NTLM`, …): Authorization or Proxy-Authorization.
    pub fn has_credentials(&self, scheme: &str) -> bool {
        self.credential_schemes().any(|s| s.is(scheme))
    }

    /// The schemes of the credentials it carries; never the credentials.
    pub fn credential_schemes(&self) -> impl Iterator<Item = Text<'_>> {
        let any = self.may_have(&[H::Authorization, H::ProxyAuthorization]);
        self.fields_if(any)
            .filter(|(id, ..)| matches!(id, H::Authorization | H::ProxyAuthorization))
            .map(|(_, _, value)| header::scheme(value.bytes()).0)
    }

    /// What Microsoft servers and clients say about it, in wire order.
    pub fn ms_diagnostics(&self) -> impl Iterator<Item = MsDiagnostics> {
        let any = self.may_have(&[
            H::MsDiagnostics,
            H::MsDiagnosticsPublic,
            H::MsClientDiagnostics,
        ]);
        self.fields_if(any).flat_map(|(id, _, value)| {
            let header = match id {
                H::MsDiagnostics => Some(DiagnosticsHeader::Server),
                H::MsDiagnosticsPublic => Some(DiagnosticsHeader::Public),
                H::MsClientDiagnostics => Some(DiagnosticsHeader::Client),
                _ => None,
            };
            header.map_or_else(Vec::new, |h| MsDiagnostics::all(value.bytes(), h))
        })
    }

    /// The header fields, or none where it is known that those looked for are not among them.
    fn fields_if(&self, any: bool) -> impl Iterator<Item = (H, Text<'_>, Text<'_>)> {
        any.then(|| self.fields()).into_iter().flatten()
    }

    /// Date: the sender's clock (§20.17); `None` too for forms other than RFC 1123 in GMT.
    pub fn date(&self) -> Option<Timestamp> {
        header::timestamp(self.header(H::Date)?)
    }

    /// Reason values (RFC 3326).
    pub fn reasons(&self) -> impl Iterator<Item = ReasonValue<'_>> {
        self.list(H::Reason).map(|v| ReasonValue::new(v.bytes()))
    }

    /// Warning values that can be read (§20.43).
    pub fn warnings(&self) -> impl Iterator<Item = Warning<'_>> {
        self.list(H::Warning)
            .filter_map(|v| Warning::new(v.bytes()))
    }

    /// RSeq (RFC 3262 §7.1).
    pub fn rseq(&self) -> Option<u64> {
        self.header(H::RSeq)?.number()
    }

    /// RAck (RFC 3262 §7.2).
    pub fn rack(&self) -> Option<RAck<'_>> {
        RAck::new(self.header(H::RAck)?.bytes())
    }

    /// The session description, when the body says it is one.
    pub fn sdp(&self) -> Option<Sdp<'_>> {
        self.content_type()
            .is_some_and(|t| t.is("application/sdp"))
            .then(|| Sdp::new(self.body()))
    }
}

fn word(value: Text<'_>) -> Text<'_> {
    header::word_and_params(value.bytes()).0
}

fn header_params(value: Text<'_>) -> Params<'_> {
    header::word_and_params(value.bytes()).1
}
