//! Subscription-State, Reason and Warning.

use super::super::Text;
use super::super::lex::{self, Params};
use memchr::memchr;

/// `active;expires=3600`, `terminated;reason=timeout` (RFC 6665 §8.2.3).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SubscriptionState<'a> {
    /// `active`, `pending`, `terminated` or another word.
    pub state: Text<'a>,
    /// Why it was terminated.
    pub reason: Option<Text<'a>>,
    /// Seconds left.
    pub expires: Option<u64>,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
}

impl<'a> SubscriptionState<'a> {
    pub(in crate::sip) fn new(value: &'a [u8]) -> Self {
        let (state, params) = word_and_params(value);
        let (mut reason, mut expires, mut retry_after) = (None, None, None);
        // The first of each name counts.
        for param in params.iter() {
            let place = match param.name {
                name if name.is("reason") => &mut reason,
                name if name.is("expires") => &mut expires,
                name if name.is("retry-after") => &mut retry_after,
                _ => continue,
            };
            place.get_or_insert(param.value);
        }
        Self {
            state,
            reason: reason.flatten(),
            expires: expires.flatten().and_then(Text::number),
            retry_after: retry_after.flatten().and_then(Text::number),
        }
    }
}

/// One value of a Reason header field: `SIP;cause=580;text="…"` (RFC 3326).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ReasonValue<'a> {
    /// `SIP`, `Q.850`, …
    pub protocol: Text<'a>,
    /// `cause=`.
    pub cause: Option<u64>,
    /// `text=` without quotes.
    pub text: Option<Text<'a>>,
}

impl<'a> ReasonValue<'a> {
    pub(in crate::sip) fn new(value: &'a [u8]) -> Self {
        let (protocol, params) = word_and_params(value);
        Self {
            protocol,
            cause: params.get("cause").and_then(Text::number),
            text: params.get("text"),
        }
    }
}

/// One value of a Warning header field: `399 cups.tomt.local "text"` (RFC 3261 §20.43).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Warning<'a> {
    /// Three digits.
    pub code: u64,
    /// Who warns.
    pub agent: Text<'a>,
    /// The text without quotes.
    pub text: Text<'a>,
}

impl<'a> Warning<'a> {
    pub(in crate::sip) fn new(value: &'a [u8]) -> Option<Self> {
        let (code, rest) = lex::split_around(value, memchr(b' ', value)?);
        let rest = lex::trim(rest);
        let (agent, text) = match memchr(b' ', rest) {
            Some(at) => lex::split_around(rest, at),
            None => (rest, &[][..]),
        };
        Some(Self {
            code: Text::new(code).number()?,
            agent: Text::new(agent),
            text: lex::unquoted(lex::trim(text)),
        })
    }
}

/// `word;params`.
pub(in crate::sip) fn word_and_params(value: &[u8]) -> (Text<'_>, Params<'_>) {
    let end = memchr(b';', value).unwrap_or(value.len());
    let (word, params) = lex::split_around(value, end);
    (Text::new(word), Params::new(params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_reasons_and_warnings_are_read() {
        let s = SubscriptionState::new(b"terminated ;reason=noresource; expires=0");
        assert!(s.state.is("Terminated") && s.reason.unwrap().is("noresource"));
        assert_eq!(s.expires, Some(0));
        let r = ReasonValue::new(br#"Q.850 ;cause=16 ;text="Terminated; by peer""#);
        assert_eq!(
            (r.cause, r.text.unwrap().to_string()),
            (Some(16), "Terminated; by peer".into())
        );
        let w = Warning::new(br#"399 cups.tomt.local "no route""#).unwrap();
        assert_eq!(
            (w.code, w.agent.to_string(), w.text.to_string()),
            (399, "cups.tomt.local".into(), "no route".into())
        );
        assert!(Warning::new(b"").is_none());
    }
}
