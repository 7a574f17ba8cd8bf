//! What a call is for.

use super::call::Seen;
use crate::sip::{HeaderName, Media, Message, Method};

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
    has_text_format(message)
        || message
            .sdp()
            .is_some_and(|sdp| sdp.media.iter().any(is_text))
}

/// Whether it brings text in its header, or says in what form (MS-SIP).
pub(super) fn has_text_format(message: &Message) -> bool {
    message.header(HeaderName::MsTextFormat).is_some()
}

/// Whether a stream is for instant messages.
pub(super) fn is_text(media: &Media<'_>) -> bool {
    media.kind.is("message") || media.kind.is("x-ms-message")
}
