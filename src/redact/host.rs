//! Host names, label by label.

use super::bytes::{find, part};
use super::key::Stream;
use super::{Kind, Pseudonyms};

/// Last labels that say nothing of a place: those of RFC 2606 and 6761, of local networks, and the oldest of all.
const TOPS: [&[u8]; 15] = [
    b"arpa",
    b"com",
    b"corp",
    b"example",
    b"home",
    b"internal",
    b"intranet",
    b"invalid",
    b"lan",
    b"local",
    b"localdomain",
    b"localhost",
    b"net",
    b"org",
    b"test",
];

/// Labels that name a service and no place: what clients and servers look for (\[MS-OCDISCWS\], Lync planning guide), and what DNS
/// itself needs.
const SERVICES: [&[u8]; 13] = [
    b"anonymous",
    b"in-addr",
    b"ip6",
    b"localhost",
    b"lyncdiscover",
    b"lyncdiscoverinternal",
    b"sip",
    b"sipexternal",
    b"sipfed",
    b"sipfederationtls",
    b"sipinternal",
    b"sipinternaltls",
    b"www",
];

fn is_in(list: &[&[u8]], label: &[u8]) -> bool {
    list.iter().any(|l| label.eq_ignore_ascii_case(l))
}

/// Whether a label stays: elsewhere it may be a word that was replaced, but it tells nothing.
pub(super) fn is_kept(label: &[u8]) -> bool {
    is_in(&SERVICES, label) || is_in(&ROLES, label)
}

/// What administrators begin names of machines with after what they are: a diagnosis reads roles from it, so it stays.
const ROLES: [&[u8]; 13] = [
    b"accessedge",
    b"sip-edge",
    b"imandp",
    b"cucmim",
    b"skype",
    b"edge",
    b"lync",
    b"cup",
    b"imp",
    b"lcs",
    b"ocs",
    b"sfb",
    b"sip",
];

/// User-assigned codes of ISO 3166-1: no country has one.
pub(super) fn country(stream: &mut Stream<'_>) -> Vec<u8> {
    match stream.below(42) {
        0 => b"aa".to_vec(),
        1 => b"zz".to_vec(),
        n @ 2..=15 => vec![b'q', letter(b'm', n - 2)],
        n => vec![b'x', letter(b'a', n - 16)],
    }
}

fn letter(first: u8, n: u32) -> u8 {
    first.saturating_add(u8::try_from(n).unwrap_or_default())
}

impl Pseudonyms {
    /// A host: an address or a name.
    pub(super) fn host(&mut self, bytes: &mut [u8]) {
        let bytes = match bytes {
            [b'[', inner @ .., b']'] => inner,
            bytes => bytes,
        };
        if self.address_text(bytes) {
            return;
        }
        let of_address = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        if bytes.contains(&b':') && bytes.iter().all(of_address) {
            self.bad_six(bytes);
        } else {
            self.domain(bytes);
        }
    }

    /// Digits and colons that are no IPv6 address: they stay none, and stay digits and colons.
    fn bad_six(&mut self, bytes: &mut [u8]) {
        let lower = bytes.to_ascii_lowercase();
        let mut stream = self.key.stream(Kind::Address.tag(), &lower, 0);
        for byte in bytes {
            match byte {
                b'0'..=b'9' => *byte = stream.pick(b"0123456789"),
                b'a'..=b'f' | b'A'..=b'F' => *byte = stream.pick(b"abcdef"),
                _ => {}
            }
        }
    }

    /// A name, label by label: names that share labels share their pseudonyms.
    pub(super) fn domain(&mut self, bytes: &mut [u8]) {
        let before = bytes.to_vec();
        let end = bytes
            .len()
            .saturating_sub(usize::from(bytes.ends_with(b".")));
        let several = before.get(..end).is_some_and(|name| name.contains(&b'.'));
        let numeric = end > 0 && before.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        let mut at = 0;
        while at < end {
            let stop = find(bytes, at, |b| b == b'.').min(end);
            let label = part(bytes, at, stop);
            if numeric {
                self.bad_number(label);
            } else {
                self.label(label, several && stop == end);
            }
            at = stop.saturating_add(1);
        }
        // The name, and the domains it lies in: each of them would tell.
        let mut from = 0;
        while several && from < end {
            let (old, new) = (
                before.get(from..end).unwrap_or_default(),
                bytes.get(from..end).unwrap_or_default(),
            );
            if old == new || !old.contains(&b'.') {
                break;
            }
            self.remember(Kind::Domain, old);
            from = find(&before, from, |b| b == b'.').saturating_add(1);
        }
    }

    /// One label.
    pub(super) fn label(&mut self, label: &mut [u8], is_top: bool) {
        if label.starts_with(b"_") || is_kept(label) {
            return;
        }
        if is_top {
            if !is_in(&TOPS, label) {
                self.replace(Kind::Top, label, 0);
            }
            return;
        }
        let kept = role(label);
        self.replace(Kind::Label, label, kept);
    }

    /// Digits where an octet should be, and is none: they stay none.
    fn bad_number(&mut self, label: &mut [u8]) {
        let bad = label.len() > 3
            || std::str::from_utf8(label)
                .ok()
                .and_then(|t| t.parse::<u16>().ok())
                .is_some_and(|n| n > 255);
        self.replace(Kind::Number, label, 0);
        if bad && let Some(first) = label.first_mut() {
            *first = b'9';
        }
    }
}

/// Whether this is a last label that stays.
pub(super) fn is_top(label: &[u8]) -> bool {
    TOPS.iter().any(|top| label.eq_ignore_ascii_case(top))
}

/// How many bytes of the label say what the machine is.
fn role(label: &[u8]) -> usize {
    ROLES
        .iter()
        .find(|role| {
            label
                .get(..role.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(role))
        })
        .map_or(0, |role| role.len())
}
