//! ms-diagnostics: what a Microsoft server says about a failure (\[MS-OCER\] 2.2).

use super::super::Text;
use super::super::lex::{self, Elements, Params};
use memchr::memchr;

/// Which of the three header fields said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticsHeader {
    /// `ms-diagnostics`: server to server and to its own clients; names the source.
    Server,
    /// `ms-diagnostics-public`: what leaves the enterprise; no source.
    Public,
    /// `ms-client-diagnostics`: by clients; information, also in 200 OK.
    Client,
}

impl DiagnosticsHeader {
    /// The header name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "ms-diagnostics",
            Self::Public => "ms-diagnostics-public",
            Self::Client => "ms-client-diagnostics",
        }
    }
}

/// One diagnostic: `1010;reason="…";source="…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MsDiagnostics {
    /// ErrorId.
    pub id: u32,
    /// SubErrorId, as in `1010.3`.
    pub sub: Option<u32>,
    /// The `reason` text as on the wire; documentation and wire differ, do not key on it.
    pub reason: Option<String>,
    /// All parameters in wire order, `reason` and `source` too; the value is empty for a flag.
    pub params: Vec<(String, String)>,
    /// Which header field.
    pub header: DiagnosticsHeader,
}

impl MsDiagnostics {
    /// The value of a parameter, whatever the case of its name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The server that said it.
    pub fn source(&self) -> Option<&str> {
        self.param("source")
    }

    /// All of one header value: normally one; a list only when each element begins with a number,
    /// because unquoted commas occur in parameters.
    pub(in crate::sip) fn all(value: &[u8], header: DiagnosticsHeader) -> Vec<Self> {
        let list: Vec<_> = Elements::new(value)
            .map(|e| Self::new(e.bytes(), header))
            .collect();
        if list.len() > 1 && list.iter().all(Option::is_some) {
            list.into_iter().flatten().collect()
        } else {
            Self::new(value, header).into_iter().collect()
        }
    }

    fn new(value: &[u8], header: DiagnosticsHeader) -> Option<Self> {
        let value = lex::trim(value);
        let end = memchr(b';', value).unwrap_or(value.len());
        let (ids, params) = lex::split_around(value, end);
        let dot = memchr(b'.', ids);
        let (id, sub) = match dot {
            Some(at) => {
                let (id, sub) = lex::split_around(ids, at);
                (id, Some(sub))
            }
            None => (ids, None),
        };
        let small = |bytes| u32::try_from(Text::new(bytes).leading_number()?).ok();
        let id = small(id)?;
        let params: Vec<_> = Params::new(params)
            .iter()
            .map(|p| {
                let value = p.value.map(|v| v.unescaped().into_owned());
                (p.name.to_str().into_owned(), value.unwrap_or_default())
            })
            .collect();
        let reason = params
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("reason"))
            .map(|(_, value)| value.clone());
        Some(Self {
            id,
            sub: sub.and_then(small),
            reason,
            params,
            header,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<MsDiagnostics> {
        MsDiagnostics::all(value.as_bytes(), DiagnosticsHeader::Server)
    }

    #[test]
    fn identifiers_and_parameters_are_read() {
        let d = read(
            r#"1010.3; reason = "Certificate trust, with another server";HRESULT="0x80090322(SEC_E_WRONG_PRINCIPAL)";source="lync01.tomt.it""#,
        );
        assert_eq!((d.len(), d[0].id, d[0].sub), (1, 1010, Some(3)));
        assert_eq!(
            d[0].reason.as_deref(),
            Some("Certificate trust, with another server")
        );
        assert_eq!(d[0].source(), Some("lync01.tomt.it"));
        assert_eq!(
            d[0].param("hresult"),
            Some("0x80090322(SEC_E_WRONG_PRINCIPAL)")
        );
    }

    #[test]
    fn lists_and_odd_values_are_read() {
        let ids = |v| read(v).iter().map(|d| d.id).collect::<Vec<_>>();
        assert_eq!(ids(r#"1034;reason="a", 10003;reason="b""#), [1034, 10003]);
        assert_eq!(ids("1034;reason=a, b;source=c"), [1034]);
        assert_eq!(ids("13004"), [13004]);
        assert!(read("none;reason=x").is_empty() && read("").is_empty());
        assert!(read("99999999999").is_empty());
    }
}
