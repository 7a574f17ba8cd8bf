//! What a call is for.

use super::call::Seen;
use crate::sip::{Message, Method};

/// The purpose of a call in this federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// SUBSCRIBE, NOTIFY and BENOTIFY (RFC 3856, RFC 6665, MS-PRES).
    Presence,
    /// An instant-messaging session: INVITE with `m=message`, MESSAGE, INFO (RFC 3428, MS-SIP).
    Im,
    /// REGISTER (RFC 3261 §10).
    Registration,
    /// Anything else: OPTIONS, audio calls, SERVICE.
    Other,
}

impl Kind {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Im => "im",
            Self::Registration => "registration",
            Self::Other => "other",
        }
    }

    pub(super) fn of(messages: &[Seen]) -> Self {
        messages
            .iter()
            .map(|seen| Self::of_message(&seen.message))
            .min()
            .unwrap_or(Self::Other)
    }

    fn of_message(message: &Message) -> Self {
        let Some(cseq) = message.cseq() else {
            return Self::Other;
        };
        match cseq.method {
            Method::Subscribe | Method::Notify | Method::Benotify | Method::Publish => {
                Self::Presence
            }
            Method::Message => Self::Im,
            Method::Invite if is_im(message) => Self::Im,
            Method::Register => Self::Registration,
            _ => Self::Other,
        }
    }
}

/// Whether an INVITE is for instant messages: `m=message` (Lync), `m=x-ms-message` (older), or text in its header (MS-SIP).
pub fn is_im(message: &Message) -> bool {
    message.header_named("ms-text-format").next().is_some()
        || message.sdp().is_some_and(|sdp| {
            sdp.media
                .iter()
                .any(|m| m.kind.is("message") || m.kind.is("x-ms-message"))
        })
}
