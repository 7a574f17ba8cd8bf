//! What an INVITE asks for.

use super::kind::{has_text_format, is_text};
use crate::sip::{HeaderName, Message, Method, Sdp};

/// An INVITE as this federation sees it: text between two people, or what it does not carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// It offers instant messages: `m=message`, `m=x-ms-message`, or `ms-text-format` \[MS-SIP\].
    pub text: bool,
    /// The first message is in the header of the INVITE (`ms-text-format` with `ms-body`).
    pub embedded_text: bool,
    /// Media other than text, each once, in the order of their `m=` lines: `audio`, `video`, `applicationsharing`, …
    pub media: Vec<String>,
    /// By what it is seen to be for more than two people.
    pub group: Option<&'static str>,
}

/// Kinds of media kept; an INVITE has a handful.
const MEDIA: usize = 16;

impl Invitation {
    /// Reads an INVITE; `None` of anything else.
    pub fn of(message: &Message) -> Option<Self> {
        if message.method() != Some(Method::Invite) {
            return None;
        }
        // Lync offers audio in several parts of multipart/alternative: their lines together say what is offered.
        let sdp = message.sdp().or_else(|| {
            message
                .content_type()
                .is_some_and(|t| t.starts_with("multipart/"))
                .then(|| Sdp::new(message.body()))
        });
        let mut media: Vec<String> = Vec::new();
        let mut text = has_text_format(message);
        for m in sdp.iter().flat_map(|sdp| &sdp.media) {
            if is_text(m) {
                text = true;
                continue;
            }
            let kind = m.kind.to_str().to_ascii_lowercase();
            if media.len() < MEDIA && !media.contains(&kind) {
                media.push(kind);
            }
        }
        Some(Self {
            text,
            embedded_text: message
                .headers(HeaderName::MsTextFormat)
                .any(|value| contains(value.bytes(), b"ms-body=")),
            media,
            group: group(message),
        })
    }

    /// One text session between two people: what this federation carries.
    pub const fn is_plain_text(&self) -> bool {
        self.text && self.group.is_none()
    }
}

/// The marks of a conversation of more than two (\[MS-CONFIM\], \[MS-CONFBAS\]). That a client *supports*
/// `com.microsoft.rtc-multiparty` is in every INVITE and says nothing.
fn group(message: &Message) -> Option<&'static str> {
    if message
        .require()
        .chain(message.proxy_require())
        .any(|tag| tag.is("com.microsoft.rtc-multiparty"))
    {
        return Some("Require: com.microsoft.rtc-multiparty");
    }
    if message
        .header_named("TriggeredInvite")
        .any(|value| value.is("TRUE"))
    {
        return Some("TriggeredInvite: TRUE");
    }
    let endpoints: usize = message
        .headers(HeaderName::EndPoints)
        .map(|value| crate::sip::Elements::new(value.bytes()).count())
        .sum();
    if endpoints > 2 {
        return Some("more than two EndPoints");
    }
    if message
        .content_type()
        .is_some_and(|t| t.is("application/ms-conf-invite+xml"))
    {
        return Some("an invitation to a conference in its body");
    }
    let focus = message
        .request_uri_text()
        .into_iter()
        .chain(message.headers(HeaderName::Contact))
        .any(|uri| contains(uri.bytes(), b"app:conf:"));
    let is_focus = message.contacts().any(|c| c.params.has("isfocus"));
    (focus || is_focus).then_some("the address of a conference")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FrameRef;

    fn invitation(fields: &str, body: &str) -> Invitation {
        let text = format!(
            "INVITE sip:anna@tomt.local SIP/2.0\r\nVia: SIP/2.0/TLS 10.1.1.10;branch=z9hG4bK1\r\nFrom: <sip:tom@tomt.it>;tag=1\r\n\
             To: <sip:anna@tomt.local>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{fields}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let message = Message::parse(text.as_bytes(), FrameRef::default()).unwrap();
        Invitation::of(&message).unwrap()
    }

    const SDP: &str = "Content-Type: application/sdp\r\n";
    const TEXT: &str = "v=0\r\nm=message 5060 sip null\r\n";

    #[test]
    fn text_between_two_is_plain_though_group_chat_is_supported() {
        let i = invitation(
            &format!(
                "Supported: com.microsoft.rtc-multiparty\r\nEndPoints: <sip:tom@tomt.it>, <sip:anna@tomt.local>\r\n\
                 ms-text-format: text/plain; charset=UTF-8; ms-body=aGk=\r\n{SDP}"
            ),
            TEXT,
        );
        assert!(i.is_plain_text() && i.embedded_text && i.media.is_empty());
    }

    #[test]
    fn each_mark_of_a_group_is_seen() {
        for mark in [
            "Require: com.microsoft.rtc-multiparty\r\n",
            "TriggeredInvite: TRUE\r\n",
            "EndPoints: <sip:a@tomt.it>, <sip:b@tomt.it>, <sip:c@tomt.it>\r\n",
            "Contact: <sip:tom@tomt.it;gruu;opaque=app:conf:focus:id:1>\r\n",
            "Contact: <sip:tom@tomt.it>;isfocus\r\n",
        ] {
            let i = invitation(&format!("{mark}{SDP}"), TEXT);
            assert!(i.group.is_some() && !i.is_plain_text(), "{mark}");
        }
    }

    #[test]
    fn media_are_found_in_parts_too() {
        let i = invitation(
            "Content-Type: multipart/alternative;boundary=x\r\n",
            "--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 5000 RTP/AVP 0\r\n--x--\r\n",
        );
        assert_eq!((i.text, i.media), (false, vec!["audio".to_owned()]));
        let i = invitation(SDP, "m=audio 1 RTP/AVP 0\r\nm=message 5060 sip null\r\n");
        assert!(i.text && i.media == ["audio"]);
    }
}
