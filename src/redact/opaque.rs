//! Values that say nothing by themselves: Call-IDs, tags, branches.

use super::bytes::{find, part, split};
use super::{Kind, Pseudonyms};
use memchr::memchr;
use std::net::{IpAddr, Ipv4Addr};

/// The magic cookie of RFC 3261 §8.1.1.7.
const COOKIE: &[u8] = b"z9hG4bK";

impl Pseudonyms {
    /// `token@host`, or a token alone (RFC 3261 §20.8).
    pub(super) fn call_id(&mut self, value: &mut [u8]) {
        let at = memchr(b'@', value).unwrap_or(value.len());
        let (token, host) = split(value, at);
        self.opaque(token);
        let behind = host.len();
        self.host(part(host, 1, behind));
    }

    /// A branch, with its cookie.
    pub(super) fn branch(&mut self, value: &mut [u8]) {
        let cookie = value
            .get(..COOKIE.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(COOKIE));
        let (_, rest) = split(value, if cookie { COOKIE.len() } else { 0 });
        self.opaque(rest);
    }

    /// One token; an address in it stays the address that it is elsewhere.
    pub(super) fn opaque(&mut self, token: &mut [u8]) {
        if self.cisco_identifier(token) {
            return;
        }
        let mut rest = token;
        while let Some((start, end)) = embedded_address(rest) {
            let (before, tail) = split(rest, start);
            self.replace(Kind::Token, before, 0);
            let (address, tail) = split(tail, end.saturating_sub(start));
            self.address_text(address);
            rest = tail;
        }
        self.replace(Kind::Token, rest, 0);
    }

    /// `<ptr>-<IPv4, little-endian hex>-<port hex>-<n>-<time hex>-…` of the Cisco SIP gateway: a diagnosis reads address, port and time
    /// from it. Whether it is one.
    fn cisco_identifier(&mut self, token: &mut [u8]) -> bool {
        let mut dashes = memchr::memchr_iter(b'-', token);
        let (Some(a), Some(b), Some(c), Some(d), Some(e)) = (
            dashes.next(),
            dashes.next(),
            dashes.next(),
            dashes.next(),
            dashes.next(),
        ) else {
            return false;
        };
        let groups: [(usize, usize, usize); 5] = [
            (0, a, 16),
            (a + 1, b, 8),
            (b + 1, c, 4),
            (c + 1, d, 10),
            (d + 1, e, 8),
        ];
        let is_one = groups.iter().enumerate().all(|(n, (start, end, most))| {
            let group = token.get(*start..*end).unwrap_or_default();
            let digits = if n == 3 {
                u8::is_ascii_alphanumeric
            } else {
                u8::is_ascii_hexdigit
            };
            !group.is_empty() && group.len() <= *most && group.iter().all(digits)
        });
        let hex = token
            .get(a + 1..b)
            .and_then(|g| std::str::from_utf8(g).ok());
        let Some(number) = hex
            .filter(|_| is_one && b - a >= 8)
            .and_then(|h| u32::from_str_radix(h, 16).ok())
        else {
            return false;
        };
        let IpAddr::V4(image) = self.address(IpAddr::V4(Ipv4Addr::from(number.swap_bytes())))
        else {
            return false;
        };
        let (width, upper) = (
            b - a - 1,
            hex.is_some_and(|h| h.bytes().any(|b| b.is_ascii_uppercase())),
        );
        let text = format!("{:0width$x}", u32::from(image).swap_bytes());
        if text.len() != width {
            return false;
        }
        let text = if upper {
            text.to_ascii_uppercase()
        } else {
            text
        };
        part(token, a + 1, b).copy_from_slice(text.as_bytes());
        self.replace(Kind::Token, part(token, 0, a), 0);
        let end = token.len();
        self.replace(Kind::Token, part(token, e + 1, end), 0);
        true
    }
}

/// Where an IPv4 address stands in a token, its digits not going on at either side.
pub(super) fn embedded_address(token: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    while at < token.len() {
        let start = find(token, at, |b| b.is_ascii_digit());
        let end = find(token, start, |b| !b.is_ascii_digit() && b != b'.');
        let run = token.get(start..end)?;
        let run = match run {
            [inner @ .., b'.'] => inner,
            run => run,
        };
        let parsed = (7..=15)
            .contains(&run.len())
            .then(|| std::str::from_utf8(run).ok()?.parse::<Ipv4Addr>().ok())
            .flatten();
        if parsed.is_some() {
            return Some((start, start.checked_add(run.len())?));
        }
        at = end.max(start.saturating_add(1));
    }
    None
}
