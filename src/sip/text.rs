//! Bytes from the wire that are shown and compared as text, without claiming to be UTF-8.

use memchr::memchr2;
use std::borrow::Cow;
use std::fmt;

/// A stretch of a message: bytes as they were on the wire, trimmed of surrounding white space.
///
/// Nothing here requires UTF-8; showing replaces what is not, and escapes control characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// From bytes, trimmed of white space at both ends (RFC 3261 §25.1 `LWS`).
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(super::lex::trim(bytes))
    }

    /// From bytes that have no white space at their ends: what was cut out once is not trimmed again each time it is asked for.
    pub(super) const fn trimmed(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes as on the wire; a folded header value still has its line ends.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is nothing.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Equal to `other` but for the case of ASCII letters (RFC 3261 §7.3.1).
    pub fn is(self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.as_bytes())
    }

    /// Starts with `prefix`, whatever the case of ASCII letters.
    pub fn starts_with(self, prefix: &str) -> bool {
        self.0
            .get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    }

    /// Folded lines joined by one space each (RFC 3261 §7.3.1). Borrowed when nothing is folded.
    pub fn unfolded(self) -> Cow<'a, [u8]> {
        if memchr2(b'\r', b'\n', self.0).is_none() {
            return Cow::Borrowed(self.0);
        }
        let mut out = Vec::with_capacity(self.0.len());
        let mut in_fold = false;
        for &byte in self.0 {
            match byte {
                b'\r' | b'\n' => in_fold = true,
                b' ' | b'\t' if in_fold => {}
                _ => {
                    if std::mem::take(&mut in_fold) {
                        while matches!(out.last(), Some(b' ' | b'\t')) {
                            out.pop();
                        }
                        out.push(b' ');
                    }
                    out.push(byte);
                }
            }
        }
        Cow::Owned(out)
    }

    /// Unfolded, with what is not UTF-8 replaced.
    pub fn to_str(self) -> Cow<'a, str> {
        match self.unfolded() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Unfolded, with the backslashes of a quoted string removed (RFC 3261 §25.1 `quoted-pair`).
    pub fn unescaped(self) -> Cow<'a, str> {
        let text = self.to_str();
        if !text.contains('\\') {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c == '\\' {
                out.extend(chars.next());
            } else {
                out.push(c);
            }
        }
        Cow::Owned(out)
    }

    /// The digits at the start as a number; `None` without any, or when it does not fit 64 bits.
    pub fn leading_number(self) -> Option<u64> {
        let len = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        number(self.0.get(..len)?)
    }

    /// All of it as a decimal number; `None` when it is none or does not fit 64 bits.
    pub fn number(self) -> Option<u64> {
        number(self.0)
    }
}

/// Decimal digits only; `None` when empty, not digits, or over 64 bits.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b & 0x0f))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

impl fmt::Display for Text<'_> {
    /// One line: unfolded, control characters escaped, what is not UTF-8 replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.to_str().chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_join_with_one_space() {
        assert_eq!(Text::new(b" a \r\n\t b\n c ").to_str(), "a b c");
        assert_eq!(Text::new(b"plain").to_str(), "plain");
    }

    #[test]
    fn what_is_shown_is_one_safe_line() {
        assert_eq!(
            Text::new(b"a\x1b[31m\xff").to_string(),
            "a\\u{1b}[31m\u{fffd}"
        );
    }

    #[test]
    fn numbers_do_not_wrap() {
        assert_eq!(Text::new(b"18446744073709551616").number(), None);
        assert_eq!(Text::new(b"120 (busy)").leading_number(), Some(120));
        assert_eq!(Text::new(b"-1").number(), None);
    }

    #[test]
    fn quoted_pairs_lose_their_backslash() {
        assert_eq!(Text::new(br#"a \"b\" \\"#).unescaped(), r#"a "b" \"#);
    }
}
