//! DNS messages (RFC 1035 §4): names label by label, addresses, and text that is blanked. No length changes, so compression pointers
//! stay right.

use super::Pseudonyms;
use super::bytes::part;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Records of one message that are read; a message has at most 65,535 bytes and a record at least 11.
const RECORDS: usize = 6_000;
/// Labels of one name, pointers followed.
const LABELS: usize = 128;

/// The labels of a name: where each begins, and its length; and where the name ends in its record.
#[derive(Debug, Default)]
struct Name {
    labels: Vec<(usize, usize)>,
    end: usize,
}

/// What is to be rewritten, found before anything is.
#[derive(Debug, Default)]
struct Plan {
    /// Offset of a label to its length, and whether it is the last of a name with several.
    labels: BTreeMap<usize, (usize, bool)>,
    /// Names under `in-addr.arpa` and `ip6.arpa`.
    reverse: Vec<Vec<(usize, usize)>>,
    /// All other names.
    names: Vec<Vec<(usize, usize)>>,
    addresses: Vec<(usize, usize)>,
    blank: Vec<(usize, usize)>,
}

impl Pseudonyms {
    /// Rewrites one DNS message in place. What cannot be read is blanked.
    pub fn dns(&mut self, message: &mut [u8]) {
        let mut plan = Plan::default();
        let read = read(message, &mut plan).unwrap_or_else(|| 12.min(message.len()));
        let end = message.len();
        for (start, len) in &plan.blank {
            zero(part(message, *start, start.saturating_add(*len)));
        }
        // What is behind the records, or cannot be read.
        zero(part(message, read, end));
        for (start, len) in &plan.addresses {
            self.binary_address(part(message, *start, start.saturating_add(*len)));
        }
        for labels in &plan.reverse {
            self.reverse_name(message, labels);
        }
        let before: Vec<Vec<u8>> = plan
            .names
            .iter()
            .map(|labels| joined(message, labels))
            .collect();
        for (start, (len, is_top)) in &plan.labels {
            self.label(part(message, *start, start.saturating_add(*len)), *is_top);
        }
        // Whole names are remembered, to search for them.
        for (labels, before) in plan.names.iter().zip(before) {
            if before.contains(&b'.') && joined(message, labels) != before {
                self.remember(super::Kind::Domain, &before);
            }
        }
    }

    /// 4 or 16 bytes.
    pub(super) fn binary_address(&mut self, bytes: &mut [u8]) {
        let address = if let Ok(four) = <[u8; 4]>::try_from(&*bytes) {
            IpAddr::V4(Ipv4Addr::from(four))
        } else if let Ok(six) = <[u8; 16]>::try_from(&*bytes) {
            IpAddr::V6(Ipv6Addr::from(six))
        } else {
            return zero(bytes);
        };
        match self.address(address) {
            IpAddr::V4(a) => bytes.copy_from_slice(&a.octets()),
            IpAddr::V6(a) => bytes.copy_from_slice(&a.octets()),
        }
    }

    /// `34.216.184.93.in-addr.arpa`: the octets get the lengths that the other address has; all of them together are as long as before.
    fn reverse_name(&mut self, message: &mut [u8], labels: &[(usize, usize)]) {
        let text = |message: &[u8], at: (usize, usize)| {
            let bytes = message.get(at.0..at.0.checked_add(at.1)?)?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        let Some(parts) = labels
            .iter()
            .map(|at| text(message, *at))
            .collect::<Option<Vec<_>>>()
        else {
            return;
        };
        let address: Option<IpAddr> = match parts.len() {
            6 => parts
                .iter()
                .take(4)
                .rev()
                .cloned()
                .collect::<Vec<_>>()
                .join(".")
                .parse()
                .ok(),
            34 => {
                let digits: String = parts.iter().take(32).rev().cloned().collect();
                u128::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.len() == 32)
                    .map(|n| IpAddr::V6(Ipv6Addr::from(n)))
            }
            _ => None,
        };
        let mut octets = labels.iter().take(parts.len().saturating_sub(2));
        let Some(address) = address else {
            // A zone, or no address at all.
            for (start, len) in octets {
                self.replace(
                    super::Kind::Number,
                    part(message, *start, start.saturating_add(*len)),
                    0,
                );
            }
            return;
        };
        let new: Vec<String> = match self.address(address) {
            IpAddr::V4(a) => a.octets().iter().rev().map(u8::to_string).collect(),
            IpAddr::V6(a) => format!("{:032x}", u128::from(a))
                .chars()
                .rev()
                .map(String::from)
                .collect(),
        };
        let wire: Vec<u8> = new
            .iter()
            .flat_map(|l| std::iter::once(u8::try_from(l.len()).unwrap_or(0)).chain(l.bytes()))
            .collect();
        let first = octets.next().and_then(|(start, _)| start.checked_sub(1));
        let last = octets
            .next_back()
            .and_then(|(start, len)| start.checked_add(*len));
        if let (Some(first), Some(last)) = (first, last)
            && last.checked_sub(first) == Some(wire.len())
        {
            part(message, first, last).copy_from_slice(&wire);
        }
    }
}

/// A name as text.
fn joined(message: &[u8], labels: &[(usize, usize)]) -> Vec<u8> {
    let label = |at: &(usize, usize)| {
        message
            .get(at.0..at.0.saturating_add(at.1))
            .unwrap_or_default()
    };
    labels.iter().map(label).collect::<Vec<_>>().join(&b'.')
}

fn zero(bytes: &mut [u8]) {
    bytes.fill(0);
}

fn u16_at(message: &[u8], at: usize) -> Option<usize> {
    let bytes = message.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_be_bytes(
        <[u8; 2]>::try_from(bytes).ok()?,
    )))
}

/// Finds all that is to be rewritten; gives where the records end, or how far they could be read.
fn read(message: &[u8], plan: &mut Plan) -> Option<usize> {
    let questions = u16_at(message, 4)?;
    let records = u16_at(message, 6)?
        .checked_add(u16_at(message, 8)?)?
        .checked_add(u16_at(message, 10)?)?;
    let mut at = 12;
    for _ in 0..questions.min(RECORDS) {
        let Some(end) = plan.name(message, at).and_then(|end| end.checked_add(4)) else {
            return Some(at);
        };
        if end > message.len() {
            return Some(at);
        }
        at = end;
    }
    for _ in 0..records.min(RECORDS) {
        match record(message, at, plan) {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
    Some(at)
}

fn record(message: &[u8], at: usize, plan: &mut Plan) -> Option<usize> {
    let fixed = plan.name(message, at)?;
    let kind = u16_at(message, fixed)?;
    let len = u16_at(message, fixed.checked_add(8)?)?;
    let data = fixed.checked_add(10)?;
    let end = data.checked_add(len)?;
    message.get(data..end)?;
    let name_at = |plan: &mut Plan, skip: usize| {
        data.checked_add(skip)
            .filter(|at| *at < end)
            .and_then(|at| plan.name(message, at))
    };
    match kind {
        1 | 28 => plan.addresses.push((data, len)),
        // NS, CNAME, PTR, DNAME.
        2 | 5 | 12 | 39 => {
            name_at(plan, 0);
        }
        // MX, then SRV: priority, weight, port, target.
        15 => {
            name_at(plan, 2);
        }
        33 => {
            name_at(plan, 6);
        }
        // SOA: two names and five numbers.
        6 => {
            let next = name_at(plan, 0)?;
            plan.name(message, next);
        }
        // OPT: its options may hold the address of the client (RFC 7871) and cookies.
        41 => plan.options(message, data, end),
        // NAPTR: order, preference, flags and services stay; the expression does not.
        35 => naptr(message, data, end, plan),
        // TXT: its strings keep their lengths.
        16 => {
            let mut at = data;
            while at < end {
                let len = usize::from(*message.get(at)?);
                let text = at.checked_add(1)?;
                plan.blank.push((text, len.min(end.saturating_sub(text))));
                at = text.checked_add(len)?;
            }
        }
        _ => plan.blank.push((data, len)),
    }
    Some(end)
}

fn naptr(message: &[u8], data: usize, end: usize, plan: &mut Plan) {
    let mut at = data.saturating_add(4);
    for n in 0..3 {
        let len = message.get(at).copied().map_or(0, usize::from);
        let text = at.saturating_add(1);
        if n == 2 {
            plan.blank.push((text, len.min(end.saturating_sub(text))));
        }
        at = text.saturating_add(len);
    }
    if at < end {
        plan.name(message, at);
    }
}

impl Plan {
    fn options(&mut self, message: &[u8], data: usize, end: usize) {
        let mut at = data;
        while let (Some(len), true) = (u16_at(message, at.saturating_add(2)), at < end) {
            let value = at.saturating_add(4);
            self.blank.push((value, len.min(end.saturating_sub(value))));
            at = value.saturating_add(len);
        }
    }

    /// Notes the labels of a name; gives where it ends in its record.
    fn name(&mut self, message: &[u8], at: usize) -> Option<usize> {
        let name = labels(message, at)?;
        let is = |n: usize, word: &[u8]| {
            name.labels
                .get(n)
                .and_then(|(start, len)| message.get(*start..start.checked_add(*len)?))
                .is_some_and(|l| l.eq_ignore_ascii_case(word))
        };
        let count = name.labels.len();
        let reverse = count >= 3
            && is(count.saturating_sub(1), b"arpa")
            && (is(count.saturating_sub(2), b"in-addr") || is(count.saturating_sub(2), b"ip6"));
        if reverse {
            if !self.reverse.contains(&name.labels) {
                self.reverse.push(name.labels);
            }
            return Some(name.end);
        }
        for (n, (start, len)) in name.labels.iter().enumerate() {
            let is_top = count > 1 && n.saturating_add(1) == count;
            self.labels.entry(*start).or_insert((*len, is_top));
        }
        self.names.push(name.labels);
        Some(name.end)
    }
}

/// The labels of a name (RFC 1035 §4.1.4). Pointers must go back, so that none goes round.
fn labels(message: &[u8], at: usize) -> Option<Name> {
    let mut name = Name::default();
    let mut next = at;
    let mut end = None;
    let mut before = at;
    while name.labels.len() <= LABELS {
        let first = usize::from(*message.get(next)?);
        match first {
            0 => {
                name.end = end.unwrap_or(next.checked_add(1)?);
                return Some(name);
            }
            1..=63 => {
                let start = next.checked_add(1)?;
                next = start.checked_add(first)?;
                message.get(start..next)?;
                name.labels.push((start, first));
            }
            192.. => {
                let to = u16_at(message, next)? & 0x3fff;
                end.get_or_insert(next.checked_add(2)?);
                if to >= before {
                    return None;
                }
                before = to;
                next = to;
            }
            _ => return None,
        }
    }
    None
}
