//! Header fields by name.

use super::bytes::{find, part, split, trimmed};
use super::mask::Escapes;
use super::scan::Manner;
use super::{Kind, Pseudonyms};
use crate::sip::HeaderName as H;

/// How the value of a header field is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    /// Display names, URIs, parameters.
    Addresses,
    /// Words and numbers of a grammar.
    Values,
    /// Sent-by and parameters.
    Via,
    CallId,
    Token,
    /// What people wrote.
    Mask,
    Credentials,
    /// `1010;reason="…"`.
    Diagnostics,
    /// `399 host "text"`.
    Warning,
    /// Nothing is known of it.
    Strict,
}

fn treatment(id: H, name: &[u8]) -> Treatment {
    match id {
        H::From
        | H::To
        | H::Contact
        | H::Route
        | H::RecordRoute
        | H::Path
        | H::ServiceRoute
        | H::ReferTo
        | H::ReferredBy
        | H::ReplyTo
        | H::PAssertedIdentity
        | H::PPreferredIdentity
        | H::PAssociatedUri
        | H::PCalledPartyId
        | H::PServedUser
        | H::Diversion
        | H::HistoryInfo
        | H::RemotePartyId
        | H::RosterManager
        | H::EndPoints
        | H::AlertInfo
        | H::CallInfo
        | H::ErrorInfo
        | H::PolicyContact
        | H::AdditionalIdentity
        | H::PRefusedUriList
        | H::Geolocation
        | H::ReferEventsAt
        | H::TriggerConsent
        | H::PermissionMissing
        | H::PChargeInfo => Treatment::Addresses,
        H::Accept
        | H::AcceptContact
        | H::AcceptEncoding
        | H::AcceptLanguage
        | H::RejectContact
        | H::Allow
        | H::AllowEvents
        | H::ContentDisposition
        | H::ContentEncoding
        | H::ContentLanguage
        | H::ContentLength
        | H::ContentType
        | H::Event
        | H::Expires
        | H::MaxForwards
        | H::MaxBreadth
        | H::MinExpires
        | H::MinSe
        | H::RAck
        | H::CSeq
        | H::RSeq
        | H::Require
        | H::ProxyRequire
        | H::Supported
        | H::Unsupported
        | H::SubscriptionState
        | H::SessionExpires
        | H::Privacy
        | H::Priority
        | H::MimeVersion
        | H::Compression
        | H::MsKeepAlive
        | H::Timestamp
        | H::Date
        | H::RequestDisposition
        | H::RecvInfo
        | H::InfoPackage
        | H::FlowTimer
        | H::ReferSub
        | H::AnswerMode
        | H::MsCallSource
        | H::MsAssertedVerificationLevel
        | H::MsPiggybackCSeq
        | H::MsImFormat
        | H::MsTextFormat
        | H::SuppressIfMatch
        | H::ResourcePriority
        | H::PEarlyMedia
        | H::Hide
        | H::PAnswerState
        | H::UserAgent
        | H::Server
        | H::MsEdgeProxyMessageTrust
        | H::MsSplitDomainInfo
        | H::MsUserLogonData
        | H::MsSubnet => Treatment::Values,
        H::Via => Treatment::Via,
        H::CallId | H::InReplyTo | H::Replaces | H::Join | H::TargetDialog => Treatment::CallId,
        H::SessionId
        | H::SipEtag
        | H::SipIfMatch
        | H::MsConversationId
        | H::ContentId
        | H::OriginationId
        | H::Encryption
        | H::ResponseKey
        | H::PolicyId
        | H::PProfileKey => Treatment::Token,
        H::Subject | H::Organization => Treatment::Mask,
        H::Authorization
        | H::ProxyAuthorization
        | H::WwwAuthenticate
        | H::ProxyAuthenticate
        | H::AuthenticationInfo
        | H::ProxyAuthenticationInfo => Treatment::Credentials,
        H::MsDiagnostics
        | H::MsDiagnosticsPublic
        | H::MsClientDiagnostics
        | H::Reason
        | H::RetryAfter => Treatment::Diagnostics,
        H::Warning => Treatment::Warning,
        _ if name.eq_ignore_ascii_case(b"TriggeredInvite") => Treatment::Values,
        _ => Treatment::Strict,
    }
}

/// Headers that hold nothing but a secret.
fn is_secret(id: H, name: &[u8]) -> bool {
    let named = |other: &[u8]| name.eq_ignore_ascii_case(other);
    matches!(id, H::Identity | H::PMediaAuthorization | H::UserToUser)
        || named(b"Cookie")
        || named(b"Set-Cookie")
}

impl Pseudonyms {
    /// The value of a header field.
    pub(super) fn field(&mut self, id: H, name: &[u8], value: &mut [u8]) {
        let value = trimmed(value);
        if is_secret(id, name) {
            return Self::blank(value);
        }
        match treatment(id, name) {
            Treatment::Addresses => self.value(value, Manner::STRICT, Manner::STRICT),
            Treatment::Values => self.value(value, Manner::VALUES, Manner::TEXT),
            Treatment::Via => self.via(value),
            Treatment::CallId => self.call_ids(value, id == H::InReplyTo),
            Treatment::Token => self.value(value, Manner::TOKENS, Manner::TOKENS),
            Treatment::Mask => self.mask(value, Escapes::None),
            Treatment::Credentials => self.credentials(value),
            Treatment::Diagnostics => self.diagnostics(value),
            Treatment::Warning => self.value(
                value,
                Manner {
                    kind: Kind::Label,
                    ..Manner::VALUES
                },
                Manner::TEXT,
            ),
            Treatment::Strict => self.value(value, Manner::STRICT, Manner::STRICT),
        }
    }

    /// Number or protocol in front, then parameters; numbers in text do not stay.
    fn diagnostics(&mut self, value: &mut [u8]) {
        let end = find(value, 0, |b| !(b.is_ascii_digit() || b == b'.'));
        let (_, rest) = split(value, end);
        self.value(rest, Manner::TEXT, Manner::TEXT);
    }

    /// `SIP/2.0/TLS host:port;parameters`, several separated by commas.
    fn via(&mut self, value: &mut [u8]) {
        let mut at = 0;
        while at < value.len() {
            // Up to the parameters: commas there may be in quotes.
            let end = find(value, at, |b| matches!(b, b';' | b',' | b'"'));
            let sent_by = part(value, at, end);
            let space = sent_by
                .iter()
                .rposition(|b| matches!(b, b' ' | b'\t' | b'\n'))
                .map_or(0, |n| n.saturating_add(1));
            let trailing = sent_by.len() == space;
            let (protocol, host) = split(sent_by, if trailing { 0 } else { space });
            self.scan(protocol, Manner::VALUES);
            self.scan(
                host,
                Manner {
                    kind: Kind::Label,
                    ..Manner::VALUES
                },
            );
            let stop = element_end(value, end);
            self.value(
                part(value, end, stop),
                Manner {
                    kind: Kind::Label,
                    ..Manner::VALUES
                },
                Manner::STRICT,
            );
            at = stop.saturating_add(1).max(at.saturating_add(1));
        }
    }

    /// `token@host;parameters`, or several separated by commas.
    fn call_ids(&mut self, value: &mut [u8], several: bool) {
        let end = find(value, 0, |b| b == b';' || several && b == b',');
        let (id, rest) = split(value, end);
        self.call_id(trimmed(id));
        match rest {
            [] => {}
            [b',', next @ ..] => self.call_ids_rest(next),
            rest => self.parameters(rest, Manner::TOKENS),
        }
    }

    fn call_ids_rest(&mut self, value: &mut [u8]) {
        let mut at = 0;
        while at < value.len() {
            let end = find(value, at, |b| b == b',');
            self.call_id(trimmed(part(value, at, end)));
            at = end.saturating_add(1);
        }
    }
}

/// The comma that ends an element, none in quotes.
fn element_end(value: &[u8], mut at: usize) -> usize {
    while let Some(byte) = value.get(at) {
        match byte {
            b',' => return at,
            b'"' => at = super::bytes::quote_end(value, at),
            _ => {}
        }
        at = at.saturating_add(1);
    }
    value.len()
}
