//! Via: the way of a request, one value per hop (RFC 3261 §20.42).

use super::super::Text;
use super::super::lex::{self, Params, is_token, lws};
use super::super::uri::host_port;
use memchr::memchr;
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::sequence::delimited;
use nom::{IResult, Parser};

/// One Via value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Via<'a> {
    /// All of it, as on the wire.
    pub raw: Text<'a>,
    /// `SIP`.
    pub protocol: Text<'a>,
    /// `2.0`.
    pub version: Text<'a>,
    /// `UDP`, `TCP`, `TLS`, …
    pub transport: Text<'a>,
    /// Host of the sender as it calls itself, without brackets.
    pub host: Text<'a>,
    /// Port of the sender as it calls itself.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, `ms-received-port`, …
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value; `None` when it is not `protocol/version/transport sent-by`.
    pub fn new(value: &'a [u8]) -> Option<Self> {
        let (rest, (protocol, version, transport)) = sent_protocol(value).ok()?;
        let end = memchr(b';', rest).unwrap_or(rest.len());
        let (sent_by, params) = lex::split_around(rest, end);
        let (host, port) = host_port(sent_by);
        (!host.is_empty()).then(|| Self {
            raw: Text::new(value),
            protocol: Text::new(protocol),
            version: Text::new(version),
            transport: Text::new(transport),
            host,
            port,
            params: Params::new(params),
        })
    }

    /// The transaction's name (RFC 3261 §8.1.1.7). Lync clients leave it out.
    pub fn branch(self) -> Option<Text<'a>> {
        self.params.get("branch").filter(|b| !b.is_empty())
    }

    /// The address the request came from, when it differs from `sent-by` (§18.2.1); brackets removed.
    pub fn received(self) -> Option<Text<'a>> {
        let value = self.params.get("received")?;
        Some(match value.bytes() {
            [b'[', inner @ .., b']'] => Text::new(inner),
            _ => value,
        })
    }

    /// The port the request came from (RFC 3581); `Some(None)` when asked for and not yet filled in.
    pub fn rport(self) -> Option<Option<u16>> {
        let param = self.params.find("rport")?;
        Some(
            param
                .value
                .and_then(Text::number)
                .and_then(|n| u16::try_from(n).ok()),
        )
    }

    /// Whether the branch says that the sender follows RFC 3261 (§8.1.1.7).
    pub fn has_magic_cookie(self) -> bool {
        self.branch().is_some_and(|b| b.starts_with("z9hG4bK"))
    }
}

type SentProtocol<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// `SIP / 2.0 / UDP` and white space behind; white space around the slashes is legal.
fn sent_protocol(input: &[u8]) -> IResult<&[u8], SentProtocol<'_>> {
    let (input, _) = lws(input)?;
    let (input, protocol) = take_while1(is_token)(input)?;
    let (input, _) = delimited(lws, char('/'), lws).parse(input)?;
    let (input, version) = take_while1(is_token)(input)?;
    let (input, _) = delimited(lws, char('/'), lws).parse(input)?;
    let (input, transport) = take_while1(is_token)(input)?;
    let (input, _) = take_while1(lex::is_lws)(input)?;
    Ok((input, (protocol, version, transport)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lync_via_is_read() {
        let via = Via::new(
            br#"SIP/2.0/TLS 10.1.1.10:49771;branch=z9hG4bK8422CB10.E12A8681AF226C33;branched=FALSE;ms-internal-info="cj;L3"#,
        )
        .unwrap();
        assert_eq!(
            (via.host.to_str().as_ref(), via.port),
            ("10.1.1.10", Some(49771))
        );
        assert!(via.transport.is("tls") && via.has_magic_cookie());
        let client = Via::new(b"SIP/2.0/TLS 10.1.1.101:64100;ms-received-port=64100").unwrap();
        assert!(client.branch().is_none());
    }

    #[test]
    fn white_space_brackets_and_rport_are_read() {
        let via = Via::new(
            b"SIP  / 2.0\r\n / UDP  [2001:db8::9:1] : 5070 ;rport; received=[2001:db8::9:255]",
        )
        .unwrap();
        assert_eq!(
            (via.host.to_str().as_ref(), via.port),
            ("2001:db8::9:1", Some(5070))
        );
        assert_eq!(via.rport(), Some(None));
        assert_eq!(via.received().unwrap(), "2001:db8::9:255");
        assert!(Via::new(b"SIP/2.0/UDP").is_none() && Via::new(b"").is_none());
    }
}
