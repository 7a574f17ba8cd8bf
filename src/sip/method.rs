//! Request methods.

use std::fmt;

/// A request method: case-sensitive (RFC 3261 §7.1). Odd tokens are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method<'a> {
    /// RFC 3261.
    Invite,
    /// RFC 3261.
    Ack,
    /// RFC 3261.
    Bye,
    /// RFC 3261.
    Cancel,
    /// RFC 3261.
    Options,
    /// RFC 3261.
    Register,
    /// RFC 3262.
    Prack,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// \[MS-SIP\] 3.8: a NOTIFY that is never answered.
    Benotify,
    /// RFC 3903.
    Publish,
    /// RFC 6086.
    Info,
    /// RFC 3515.
    Refer,
    /// RFC 3428.
    Message,
    /// RFC 3311.
    Update,
    /// \[MS-SIP\]: SOAP bodies of Lync clients and servers.
    Service,
    /// \[MS-SIPCOMP\]: compression negotiation between Microsoft servers.
    Negotiate,
    /// Keying of old Kerberos drafts; seen in scans.
    Kdmq,
    /// Any other token.
    Other(&'a [u8]),
}

/// Those that have a name here, each at its [`Method::place`].
const KNOWN: [Method<'static>; 18] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Register,
    Method::Prack,
    Method::Subscribe,
    Method::Notify,
    Method::Benotify,
    Method::Publish,
    Method::Info,
    Method::Refer,
    Method::Message,
    Method::Update,
    Method::Service,
    Method::Negotiate,
    Method::Kdmq,
];

impl<'a> Method<'a> {
    /// The method of this token.
    pub fn new(token: &'a [u8]) -> Self {
        Self::known(Self::place(token)).unwrap_or(Self::Other(token))
    }

    /// Its place among the known ones; [`Method::UNKNOWN`] of any other.
    pub(super) fn place(token: &[u8]) -> u8 {
        // Asked several times of each message: the length, then at most three comparisons.
        match token {
            b"INVITE" => 0,
            b"ACK" => 1,
            b"BYE" => 2,
            b"CANCEL" => 3,
            b"OPTIONS" => 4,
            b"REGISTER" => 5,
            b"PRACK" => 6,
            b"SUBSCRIBE" => 7,
            b"NOTIFY" => 8,
            b"BENOTIFY" => 9,
            b"PUBLISH" => 10,
            b"INFO" => 11,
            b"REFER" => 12,
            b"MESSAGE" => 13,
            b"UPDATE" => 14,
            b"SERVICE" => 15,
            b"NEGOTIATE" => 16,
            b"KDMQ" => 17,
            _ => Self::UNKNOWN,
        }
    }

    /// The place of a method that is not known.
    const UNKNOWN: u8 = u8::MAX;

    /// The known one at this place.
    pub(super) fn known(place: u8) -> Option<Method<'static>> {
        KNOWN.get(usize::from(place)).copied()
    }

    /// The token as on the wire.
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Other(token) => token,
            known => known.name().as_bytes(),
        }
    }

    /// The token of a known method.
    const fn name(self) -> &'static str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Prack => "PRACK",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Benotify => "BENOTIFY",
            Self::Publish => "PUBLISH",
            Self::Info => "INFO",
            Self::Refer => "REFER",
            Self::Message => "MESSAGE",
            Self::Update => "UPDATE",
            Self::Service => "SERVICE",
            Self::Negotiate => "NEGOTIATE",
            Self::Kdmq => "KDMQ",
            Self::Other(_) => "",
        }
    }

    /// Whether `token` is no known method, and the rest of one whose first letters `before` ends with: `OTIFY` behind `N`.
    pub(super) fn is_rest(before: &[u8], token: &[u8]) -> bool {
        matches!(Method::new(token), Method::Other(_))
            && KNOWN.iter().any(|method| {
                let first = method.name().as_bytes().strip_suffix(token);
                first.is_some_and(|first| !token.is_empty() && before.ends_with(first))
            })
    }

    /// The longest known method that `bytes` end with: where a message begins behind a body without line end.
    pub(super) fn at_end_of(bytes: &[u8]) -> Option<&'static str> {
        KNOWN
            .iter()
            .map(|method| method.name())
            .filter(|name| bytes.ends_with(name.as_bytes()))
            .max_by_key(|name| name.len())
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::Text::new(self.as_bytes()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_matters_and_odd_tokens_stay() {
        assert_eq!(Method::new(b"BENOTIFY"), Method::Benotify);
        assert_eq!(Method::new(b"NOTiFY"), Method::Other(b"NOTiFY"));
        assert_eq!(Method::new(b"RE%47IST%45R").to_string(), "RE%47IST%45R");
        assert_eq!(Method::at_end_of(b"</presence>BENOTIFY"), Some("BENOTIFY"));
        for method in KNOWN {
            assert_eq!(Method::new(method.name().as_bytes()), method);
            assert_eq!(method.to_string(), method.name());
        }
    }
}
