//! Challenges (RFC 3261 §20.44, §20.27). Credentials are only recognised, never given out.

use super::super::Text;
use super::super::lex::{self, Params};

/// What a server asks for: `Digest realm="…", nonce="…"`, or Lync's NTLM, Kerberos, TLS-DSK.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Challenge<'a> {
    /// `Digest`, `NTLM`, `Kerberos`, `TLS-DSK`, …
    pub scheme: Text<'a>,
    /// `realm`, `targetname`, `nonce`, `qop`, `stale`, …
    pub params: Params<'a>,
    /// Whether a proxy asks (`Proxy-Authenticate`).
    pub proxy: bool,
}

impl<'a> Challenge<'a> {
    pub(in crate::sip) fn new(value: &'a [u8], proxy: bool) -> Self {
        let (scheme, params) = scheme(value);
        Self {
            scheme,
            params: Params::comma(params),
            proxy,
        }
    }

    /// `realm=`.
    pub fn realm(self) -> Option<Text<'a>> {
        self.params.get("realm")
    }
}

/// The first word of an authentication header, and what follows.
pub(in crate::sip) fn scheme(value: &[u8]) -> (Text<'_>, &[u8]) {
    let value = lex::trim(value);
    let end = value
        .iter()
        .position(|b| lex::is_lws(*b))
        .unwrap_or(value.len());
    let (scheme, rest) = lex::split_around(value, end);
    (Text::new(scheme), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lync_and_cisco_challenges_are_read() {
        let c = Challenge::new(
            br#"TLS-DSK realm="SIP Communications Service", targetname="lync01.tomt.it", version=4"#,
            false,
        );
        assert!(c.scheme.is("tls-dsk"));
        assert_eq!(c.realm().unwrap(), "SIP Communications Service");
        assert_eq!(c.params.get("version").unwrap(), "4");
        let c = Challenge::new(br#"Digest realm="a, b",nonce="x""#, true);
        assert_eq!(c.realm().unwrap(), "a, b");
        assert!(Challenge::new(b"", false).scheme.is_empty());
    }
}
