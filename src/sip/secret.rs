//! Passwords in URIs (RFC 3261 §19.1.1: `sip:user:password@host`), which no report may show.

use std::borrow::Cow;

/// What stands for a password.
const REMOVED: &str = "[removed]";

/// The text with the password of every SIP URI in it replaced.
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(scheme_end) {
        from += at;
        let user_info = text.get(from..).unwrap_or_default();
        let end = user_info
            .find(['@', '>', '<', ' ', '"', '\r', '\n'])
            .unwrap_or(user_info.len());
        let named = user_info.get(..end).unwrap_or_default();
        let is_user_info = user_info.get(end..).is_some_and(|r| r.starts_with('@'));
        if let Some(colon) = named.find(':').filter(|_| is_user_info) {
            out.push_str(text.get(copied..=from + colon).unwrap_or_default());
            out.push_str(REMOVED);
            copied = from + end;
        }
        from += end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Offset behind the next `sip:` or `sips:`.
fn scheme_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes)
        .find(|colon| {
            let before = bytes.get(..*colon).unwrap_or_default();
            [&b"sip"[..], b"sips"].iter().any(|scheme| {
                before.len() >= scheme.len()
                    && before
                        .get(before.len() - scheme.len()..)
                        .is_some_and(|word| word.eq_ignore_ascii_case(scheme))
            })
        })
        .map(|colon| colon + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_go_and_everything_else_stays() {
        let shown = |t| without_passwords(t).into_owned();
        assert_eq!(
            shown("INVITE sip:bob:s3cret@tomt.it;x=1 SIP/2.0"),
            "INVITE sip:bob:[removed]@tomt.it;x=1 SIP/2.0"
        );
        assert_eq!(
            shown("<SIPS:a:b:c@h>, <sip:d:e@i>"),
            "<SIPS:a:[removed]@h>, <sip:d:[removed]@i>"
        );
        for plain in [
            "SUBSCRIBE sip:anna@tomt.local SIP/2.0",
            "sip:10.1.1.20:5080;transport=TCP",
            "<sip:h:5061>, bob@x",
            "SIP/2.0 200 OK",
            "",
        ] {
            assert!(
                matches!(without_passwords(plain), Cow::Borrowed(_)),
                "{plain}"
            );
        }
    }
}
