//! The few lines of a session description that rules need (RFC 8866).

use super::Text;
use super::lex::{is_lws, split_around, trim};
use memchr::memchr;

/// A session description.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Sdp<'a> {
    /// `c=` of the session: address only.
    pub connection: Option<Text<'a>>,
    /// Attributes of the session.
    pub attributes: Vec<Attribute<'a>>,
    /// `m=` with what belongs to each.
    pub media: Vec<Media<'a>>,
}

/// One `a=` line: name, and what follows the colon.
pub type Attribute<'a> = (Text<'a>, Option<Text<'a>>);

/// One `m=` line and the lines behind it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Media<'a> {
    /// `audio`, `message`, `x-ms-message`, …
    pub kind: Text<'a>,
    /// Port; 0 refuses the stream.
    pub port: Option<u16>,
    /// `RTP/AVP`, `sip`, …
    pub proto: Text<'a>,
    /// The formats, as on the wire.
    pub formats: Text<'a>,
    /// `c=` of this stream: address only.
    pub connection: Option<Text<'a>>,
    /// Attributes of this stream.
    pub attributes: Vec<Attribute<'a>>,
}

impl<'a> Sdp<'a> {
    /// Reads what is there; other lines are left out. Bounded by the body.
    pub fn new(body: &'a [u8]) -> Self {
        let mut sdp = Self::default();
        for line in body.split(|b| *b == b'\n') {
            let [kind, b'=', value @ ..] = trim(line) else {
                continue;
            };
            match kind {
                b'm' => sdp.media.push(Media::new(value)),
                b'c' => {
                    let address = Text::new(value.rsplit(|b| is_lws(*b)).next().unwrap_or(value));
                    match sdp.media.last_mut() {
                        Some(media) => media.connection = Some(address),
                        None => sdp.connection = Some(address),
                    }
                }
                b'a' => {
                    let attribute = match memchr(b':', value) {
                        Some(at) => {
                            let (name, value) = split_around(value, at);
                            (Text::new(name), Some(Text::new(value)))
                        }
                        None => (Text::new(value), None),
                    };
                    sdp.media
                        .last_mut()
                        .map_or(&mut sdp.attributes, |m| &mut m.attributes)
                        .push(attribute);
                }
                _ => {}
            }
        }
        sdp
    }
}

impl<'a> Media<'a> {
    fn new(value: &'a [u8]) -> Self {
        let mut words = value.splitn(4, |b| *b == b' ').map(Text::new);
        let mut next = || words.next().unwrap_or_default();
        let (kind, port, proto, formats) = (next(), next(), next(), next());
        Self {
            kind,
            port: port.leading_number().and_then(|n| u16::try_from(n).ok()),
            proto,
            formats,
            connection: None,
            attributes: Vec::new(),
        }
    }

    /// The value of the first attribute of this name; empty for a flag.
    pub fn attribute(&self, name: &str) -> Option<Text<'a>> {
        let (_, value) = self.attributes.iter().find(|(n, _)| n.is(name))?;
        Some(value.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lync_im_offer_is_read() {
        let sdp = Sdp::new(
            b"v=0\r\no=- 0 0 IN IP4 10.1.1.101\r\ns=session\r\nc=IN IP4 10.1.1.101\r\nt=0 0\r\n\
              m=message 5060 sip null\r\na=accept-types:text/plain text/rtf\r\na=x\r\n",
        );
        assert_eq!(sdp.connection.unwrap(), "10.1.1.101");
        let m = &sdp.media[0];
        assert_eq!(
            (m.port, m.proto.to_string(), m.formats.to_string()),
            (Some(5060), "sip".into(), "null".into())
        );
        assert_eq!(m.attribute("accept-types").unwrap(), "text/plain text/rtf");
        assert!(m.attribute("x").unwrap().is_empty());
    }

    #[test]
    fn broken_lines_do_no_harm() {
        let sdp = Sdp::new(b"m=\nm=audio\nm=audio 99999 RTP/AVP\nc=\na=\n=\n\xff");
        assert_eq!(sdp.media.len(), 3);
        assert_eq!(sdp.media[2].port, None);
    }
}
