//! Credentials and challenges: the scheme and the names of the parameters stay.

use super::Pseudonyms;
use super::bytes::{find, part, quote_end, split, trimmed};
use super::mask::Escapes;
use super::parameter::{Value, treatment};
use super::scan::Manner;

impl Pseudonyms {
    /// Credentials (RFC 3261 §20.7): the scheme and the names of the parameters stay.
    pub(super) fn credentials(&mut self, bytes: &mut [u8]) {
        let end = find(bytes, 0, |b| matches!(b, b' ' | b'\t'));
        // What ends with equals signs alone is base64.
        let padding = bytes.iter().rev().take_while(|b| **b == b'=').count();
        let has_parameters = bytes
            .get(end..bytes.len().saturating_sub(padding))
            .is_some_and(|rest| rest.contains(&b'='));
        let (scheme, rest) = split(bytes, end);
        if !has_parameters {
            // `Basic dXNlcg`: nothing but a secret.
            return if rest.is_empty() {
                self.mask(scheme, Escapes::None)
            } else {
                Self::blank(rest)
            };
        }
        self.scan(scheme, Manner::TEXT);
        let mut at = 0;
        while at < rest.len() {
            let name_end = find(rest, at, |b| matches!(b, b'=' | b','));
            if rest.get(name_end) != Some(&b'=') {
                Self::blank(part(rest, at, name_end));
                at = name_end.saturating_add(1);
                continue;
            }
            let start = find(rest, name_end.saturating_add(1), |b| {
                !matches!(b, b' ' | b'\t' | b'\r' | b'\n')
            });
            let quoted = rest.get(start) == Some(&b'"');
            let (inner, end) = if quoted {
                (start.saturating_add(1), quote_end(rest, start))
            } else {
                (start, find(rest, start, |b| b == b','))
            };
            let (head, tail) = split(rest, name_end);
            let name = trimmed(part(head, at, name_end));
            let value = part(
                tail,
                inner.saturating_sub(name_end),
                end.saturating_sub(name_end),
            );
            match treatment(name) {
                Some(Value::Plain | Value::Host | Value::Text | Value::Uri | Value::User) => {
                    self.named(name, value, Manner::STRICT)
                }
                known => {
                    if known.is_none() {
                        self.parameter_name(name);
                    }
                    Self::blank(value);
                }
            }
            let comma = find(rest, end, |b| b == b',');
            // What follows a quoted value is no grammar, and may be anything.
            self.scan(part(rest, end, comma), Manner::STRICT);
            at = comma.saturating_add(1);
        }
    }
}
