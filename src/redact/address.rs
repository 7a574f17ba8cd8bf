//! Addresses outside of private ranges become addresses that nobody has, written with as many characters.

use super::key::{Key, Stream};
use super::{Kind, Pseudonyms, shape};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

/// Tries in the ranges of documentation and benchmarks (RFC 5737, RFC 2544), then in 0.0.0.0/8 (RFC 1122 §3.2.1.3).
const TRIES: u32 = 96;
/// Addresses that are remembered, as many as a table of 262 144 places holds; beyond, two may share one pseudonym.
const ADDRESSES: usize = 229_376;

/// What stands for which address.
#[derive(Debug)]
pub(super) struct Addresses {
    key: Key,
    forward: HashMap<Ipv4Addr, Ipv4Addr, FixedState>,
    taken: HashSet<Ipv4Addr, FixedState>,
    /// For each number of hexadecimal digits: a number to another. Made when it is needed: one takes milliseconds.
    groups: [OnceLock<Vec<u16>>; 5],
    /// IPv6 originals, to search for them.
    six: HashMap<Ipv6Addr, Ipv6Addr, FixedState>,
    pub(super) shared: u64,
    /// Addresses met for which there was no room.
    pub(super) not_remembered: u64,
}

/// Whether an IPv4 address says nothing of who has it: it stays.
const fn stays(a: Ipv4Addr) -> bool {
    let [first, second, ..] = a.octets();
    a.is_private()
        || a.is_loopback()
        || a.is_link_local()
        || a.is_unspecified()
        || a.is_multicast()
        || a.is_broadcast()
        // RFC 6598: shared between a carrier and its customers.
        || (first == 100 && second >= 64 && second < 128)
}

/// Whether an IPv6 address says nothing of who has it: it stays.
const fn stays_six(a: Ipv6Addr) -> bool {
    let [first, second, ..] = a.segments();
    a.is_unspecified()
        || a.is_loopback()
        || a.is_multicast()
        || a.is_unicast_link_local()
        || a.is_unique_local()
        || (first == 0x2001 && second == 0x0db8)
}

impl Addresses {
    pub(super) fn new(key: &[u8]) -> Self {
        let key = Key::new(key);
        Self {
            key,
            forward: HashMap::default(),
            taken: HashSet::default(),
            groups: Default::default(),
            six: HashMap::default(),
            shared: 0,
            not_remembered: 0,
        }
    }

    /// The address that stands for it; itself when it stays.
    pub(super) fn map(&mut self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(a) => IpAddr::V4(self.four(a)),
            IpAddr::V6(a) => IpAddr::V6(match a.to_ipv4_mapped() {
                Some(a) => self.four(a).to_ipv6_mapped(),
                None => self.six(a),
            }),
        }
    }

    fn four(&mut self, original: Ipv4Addr) -> Ipv4Addr {
        if stays(original) {
            return original;
        }
        if let Some(known) = self.forward.get(&original) {
            return *known;
        }
        let length = original.to_string().len();
        let mut image = original;
        for attempt in 0..TRIES * 3 {
            let mut stream = self
                .key
                .stream(Kind::Address.tag(), &original.octets(), attempt);
            image = candidate(length, attempt >= TRIES, &mut stream);
            let fits = image != original && image.to_string().len() == length;
            let known = attempt < TRIES * 2 && self.forward.contains_key(&image);
            if fits && !known && !self.taken.contains(&image) {
                break;
            }
        }
        if self.taken.contains(&image) {
            self.shared = self.shared.saturating_add(1);
        }
        if self.forward.len() < ADDRESSES {
            self.taken.insert(image);
            self.forward.insert(original, image);
        } else {
            // From here on nothing is added that the choice depends on: the same address gets the same image again.
            self.not_remembered = self.not_remembered.saturating_add(1);
        }
        image
    }

    fn six(&mut self, original: Ipv6Addr) -> Ipv6Addr {
        if stays_six(original) {
            return original;
        }
        let mut groups = original.segments();
        for (n, group) in groups.iter_mut().enumerate() {
            *group = if n == 0 {
                // Global unicast (RFC 4291) goes where IANA has assigned nothing; the rest of the number is shuffled.
                let range = *group & 0xe000;
                let rest = self.keyed_low(*group);
                if range == 0x2000 {
                    0x4000 | rest
                } else {
                    *group
                }
            } else {
                self.group(*group)
            };
        }
        let image = Ipv6Addr::from(groups);
        if self.six.len() < ADDRESSES {
            self.six.insert(original, image);
        } else if !self.six.contains_key(&original) {
            self.not_remembered = self.not_remembered.saturating_add(1);
        }
        image
    }

    /// The lower 13 bits of a first group, shuffled.
    fn keyed_low(&self, group: u16) -> u16 {
        let [high, low] = (group & 0x1fff).to_be_bytes();
        let pad = self
            .key
            .stream(Kind::Address.tag(), b"first group", 0)
            .byte();
        // Four rounds of a Feistel network would be more; what is hidden here is the registry, and the other groups hide the network.
        let high = high ^ (pad & 0x1f);
        let low = low ^ self.key.stream(Kind::Address.tag(), &[high], 1).byte();
        u16::from_be_bytes([high, low])
    }

    /// A group of IPv6 with as many digits.
    fn group(&self, group: u16) -> u16 {
        let (digits, first) = digits(group);
        let at = usize::from(group.saturating_sub(first));
        self.groups
            .get(digits)
            .and_then(|list| list.get_or_init(|| shuffled(&self.key, digits)).get(at))
            .copied()
            .unwrap_or(group)
    }

    /// Originals with what stands for them, in order.
    pub(super) fn entries(&self) -> Vec<(IpAddr, IpAddr)> {
        let four = self
            .forward
            .iter()
            .map(|(a, b)| (IpAddr::V4(*a), IpAddr::V4(*b)));
        let six = self
            .six
            .iter()
            .map(|(a, b)| (IpAddr::V6(*a), IpAddr::V6(*b)));
        let mut all: Vec<_> = four.chain(six).collect();
        all.sort_unstable();
        all
    }

    pub(super) fn is_image(&self, address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(a) if self.taken.contains(&a))
    }
}

/// Hexadecimal digits of a group, and the smallest group with as many.
const fn digits(group: u16) -> (usize, u16) {
    match group {
        0 => (0, 0),
        1..=0xf => (1, 1),
        0x10..=0xff => (2, 0x10),
        0x100..=0xfff => (3, 0x100),
        _ => (4, 0x1000),
    }
}

/// All groups with so many digits, shuffled (Fisher and Yates). Zero stays.
fn shuffled(key: &Key, digits: usize) -> Vec<u16> {
    let mut list: Vec<u16> = match digits {
        1 => (1..=0xf).collect(),
        2 => (0x10..=0xff).collect(),
        3 => (0x100..=0xfff).collect(),
        4 => (0x1000..=0xffff).collect(),
        _ => return Vec::new(),
    };
    let mut stream = key.stream(
        Kind::Address.tag(),
        &[u8::try_from(digits).unwrap_or(u8::MAX)],
        0,
    );
    for last in (1..list.len()).rev() {
        let other = stream.below(u32::try_from(last).unwrap_or_default().saturating_add(1));
        list.swap(last, usize::try_from(other).unwrap_or_default());
    }
    list
}

/// An address of about this many characters that nobody has.
fn candidate(length: usize, zero: bool, stream: &mut Stream<'_>) -> Ipv4Addr {
    let byte = |stream: &mut Stream<'_>| stream.byte();
    if length >= 15 {
        let mut big = || 100_u8.saturating_add(byte(stream) % 156);
        let tail = [big(), big(), big()];
        let first = 240_u8.saturating_add(byte(stream) % 15);
        return Ipv4Addr::new(first, tail[0], tail[1], tail[2]);
    }
    if zero || length < 9 {
        // Digits of the three octets behind `0.`, one to three each.
        let mut left = length.saturating_sub(4);
        let mut octets = [0_u8; 3];
        for (n, octet) in octets.iter_mut().enumerate() {
            let behind = 2_usize.saturating_sub(n);
            let most = left.saturating_sub(behind).min(3);
            let least = left.saturating_sub(behind.saturating_mul(3)).max(1);
            let span = u8::try_from(most.saturating_sub(least))
                .unwrap_or_default()
                .saturating_add(1);
            let count = least.saturating_add(usize::from(byte(stream) % span));
            left = left.saturating_sub(count);
            *octet = number(count, stream);
        }
        return Ipv4Addr::new(0, octets[0], octets[1], octets[2]);
    }
    let pick = if length == 9 { 0 } else { byte(stream) % 5 };
    let (head, fixed) = match pick {
        0 => ([192, 0, 2], 8),
        1 => ([198, 51, 100], 11),
        2 => ([203, 0, 113], 10),
        n => {
            let third = length.saturating_sub(8);
            // `198.18.` and two octets, one to three digits each.
            let most = third.min(3);
            let least = third.saturating_sub(3).max(1);
            let span = u8::try_from(most.saturating_sub(least))
                .unwrap_or_default()
                .saturating_add(1);
            let count = least.saturating_add(usize::from(byte(stream) % span));
            let a = number(count, stream);
            let b = number(third.saturating_sub(count), stream);
            return Ipv4Addr::new(198, 15_u8.saturating_add(n), a, b);
        }
    };
    let last = number(length.saturating_sub(fixed), stream);
    Ipv4Addr::new(head[0], head[1], head[2], last)
}

/// A number of one to three digits, at most 255.
fn number(digits: usize, stream: &mut Stream<'_>) -> u8 {
    match digits {
        0 | 1 => stream.byte() % 10,
        2 => 10_u8.saturating_add(stream.byte() % 90),
        _ => 100_u8.saturating_add(stream.byte() % 156),
    }
}

impl Pseudonyms {
    /// The address that stands for this one; itself when it is private, local, shared, multicast or, in IPv6, of documentation.
    pub fn address(&mut self, address: IpAddr) -> IpAddr {
        let image = self.addresses.map(address);
        self.counts.shared = self
            .counts
            .shared
            .saturating_add(std::mem::take(&mut self.addresses.shared));
        self.counts.not_remembered = self
            .counts
            .not_remembered
            .saturating_add(std::mem::take(&mut self.addresses.not_remembered));
        image
    }

    /// Whether this is an address; then it is replaced, with as many characters.
    pub(super) fn address_text(&mut self, bytes: &mut [u8]) -> bool {
        let looks = bytes.len() >= 2
            && bytes
                .iter()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'x' | b'X'));
        let Some(address) = Some(&*bytes)
            .filter(|_| looks)
            .and_then(|b| std::str::from_utf8(b).ok())
            .and_then(|text| text.parse::<IpAddr>().ok())
        else {
            return false;
        };
        match (address, self.address(address)) {
            (IpAddr::V4(_), image) => copy(bytes, image.to_string().as_bytes()),
            (IpAddr::V6(_), IpAddr::V6(image)) => self.write_six(bytes, image),
            (IpAddr::V6(_), IpAddr::V4(_)) => {}
        }
        true
    }

    /// Writes an IPv6 address in the spelling that is there: the same groups left out, the same zeros in front, the same case.
    fn write_six(&mut self, bytes: &mut [u8], image: Ipv6Addr) {
        let groups = image.segments();
        let gap = memchr::memmem::find(bytes, b"::");
        let dotted = memchr::memchr(b'.', bytes).is_some();
        let total = if dotted { 7 } else { 8 };
        let mut ranges = Vec::with_capacity(8);
        let mut at = 0;
        while at < bytes.len() {
            let end = super::bytes::find(bytes, at, |b| b == b':');
            if end > at {
                ranges.push((at, end));
            }
            at = end.saturating_add(1);
        }
        let before = ranges
            .iter()
            .filter(|(start, _)| gap.is_none_or(|gap| *start < gap))
            .count();
        let count = ranges.len();
        for (n, (start, end)) in ranges.into_iter().enumerate() {
            let place = if n < before {
                n
            } else {
                (total + n).saturating_sub(count)
            };
            let group = super::bytes::part(bytes, start, end);
            if group.contains(&b'.') {
                let [.., a, b] = groups;
                let [a, b, c, d] = [a.to_be_bytes(), b.to_be_bytes()].concat()[..] else {
                    continue;
                };
                copy(group, Ipv4Addr::new(a, b, c, d).to_string().as_bytes());
                continue;
            }
            let value = groups.get(place).copied().unwrap_or_default();
            let text = format!("{value:0width$x}", width = group.len());
            if text.len() == group.len() {
                shape::write(group, text.as_bytes());
            } else {
                // An IPv4 address inside in hexadecimal, whose image needs more digits: nothing of it stays.
                group.fill(b'f');
            }
        }
    }
}

fn copy(to: &mut [u8], from: &[u8]) {
    if to.len() == from.len() {
        to.copy_from_slice(from);
    } else {
        // Cannot be: images are as long as originals. Nothing may survive all the same.
        to.fill(b'0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_which_there_is_no_room_has_one_image_all_the_same() {
        let mut addresses = Addresses::new(b"key");
        let part = |n: usize| u8::try_from(n).unwrap() + 10;
        let nth = |n| Ipv4Addr::new(11, part(n / 40_000), part(n / 200 % 200), part(n % 200));
        let first = addresses.four(nth(0));
        for n in 0..ADDRESSES {
            addresses.four(nth(n));
        }
        assert_eq!(addresses.not_remembered, 0);
        let late: Vec<_> = (0..100)
            .map(|n| addresses.four(nth(ADDRESSES + n)))
            .collect();
        for (n, image) in late.iter().enumerate() {
            assert_eq!(addresses.four(nth(ADDRESSES + n)), *image);
        }
        assert_eq!(addresses.four(nth(0)), first);
        assert_eq!(addresses.not_remembered, 200);
        assert_eq!(addresses.forward.len(), ADDRESSES);
        assert!(addresses.taken.len() <= ADDRESSES);
    }
}
