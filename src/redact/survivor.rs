//! The last look at an output before it is written: nothing that was replaced may be in it.

use super::byte_set::ByteSet;
use super::key::Key;
use super::{Kind, Pseudonyms};
use foldhash::fast::RandomState;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;

/// Bytes of a word from which it is searched for; shorter ones are in too many other words.
const WORD: usize = 5;
/// Digits of a number from which it is searched for by itself. Shorter ones are ports and counts as well, and are found with the host
/// behind them.
const DIGITS: usize = 7;
/// Bytes of an opaque token.
const TOKEN: usize = 8;

/// An original in an output. It never holds the original itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// What it is.
    pub kind: Kind,
    /// Where, in bytes from the start of the output.
    pub offset: usize,
    /// Tells this original from others, under the key of the run.
    pub fingerprint: String,
}

impl std::fmt::Display for Survivor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "a {} (fingerprint {}) at byte {}",
            self.kind.name(),
            self.fingerprint,
            self.offset
        )
    }
}

/// All originals so far, ready to be searched for in any number of outputs.
#[derive(Debug)]
pub struct Search {
    key: Key,
    /// What is searched for, in lower case.
    forms: ByteSet,
    /// Of each form: what it is, and the form that is the original itself.
    originals: Vec<(Kind, u32)>,
    /// The longest form with such a beginning, by the beginning's hash: most words of an output begin as nothing that is searched for.
    longest: Box<[u16]>,
    /// Which rolling hashes the forms have: what is none of them is not looked up.
    hashes: Box<[u64]>,
    seed: u64,
}

/// Bytes of the beginnings; no form is shorter.
const BEGINNING: usize = 4;
/// Bits of the hash of a beginning.
const BEGINNING_BITS: u32 = 20;
/// Bits of a rolling hash.
const ROLLING_BITS: u32 = 24;

impl Search {
    /// How many forms of originals are searched for.
    pub fn len(&self) -> usize {
        self.originals.len()
    }

    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.originals.is_empty()
    }

    /// The first original that stands in the output as a whole word, whatever the case: as it is, percent-encoded, or escaped as in HTML
    /// or JSON. Compressed or encoded parts of an output are not looked into.
    pub fn find(&self, output: &[u8]) -> Option<Survivor> {
        let mut lower = Vec::new();
        for (start, beginning) in output.windows(BEGINNING).enumerate() {
            let longest = match may_begin(output, start) {
                true => self.longest(beginning),
                false => 0,
            };
            lower.clear();
            let mut hash = self.seed;
            let rest = output.get(start..).unwrap_or(&[]);
            for (end, byte) in (start.saturating_add(1)..).zip(rest).take(longest) {
                let byte = byte.to_ascii_lowercase();
                lower.push(byte);
                hash = rolled(hash, byte);
                let ends = !output.get(end).is_some_and(|next| goes_on(*next));
                if ends
                    && self.has_hash(hash)
                    && let Some(survivor) = self.survivor(output, start, end, &lower)
                {
                    return Some(survivor);
                }
            }
        }
        None
    }

    fn survivor(&self, output: &[u8], start: usize, end: usize, lower: &[u8]) -> Option<Survivor> {
        let form = usize::try_from(self.forms.find(lower)?).ok()?;
        let (kind, original) = *self.originals.get(form)?;
        is_whole(output, start, end, kind).then(|| Survivor {
            kind,
            offset: start,
            fingerprint: fingerprint(&self.key, kind, self.forms.get(original)),
        })
    }

    /// Adds the forms of a value, those that are long enough to begin.
    fn add(&mut self, kind: Kind, value: &[u8]) {
        let Some(original) = self.form(kind, value, None) else {
            return;
        };
        add_forms(kind, value, &mut |form| {
            self.form(kind, &form.to_ascii_lowercase(), Some(original));
        });
    }

    fn form(&mut self, kind: Kind, form: &[u8], original: Option<u32>) -> Option<u32> {
        let beginning = form.get(..BEGINNING)?;
        let number = self.forms.insert(form)?;
        if usize::try_from(number) == Ok(self.originals.len()) {
            self.originals.push((kind, original.unwrap_or(number)));
            let len = u16::try_from(form.len()).unwrap_or(u16::MAX);
            if let Some(longest) = self.longest.get_mut(beginning_place(beginning)) {
                *longest = len.max(*longest);
            }
            let hash = form
                .iter()
                .fold(self.seed, |hash, byte| rolled(hash, *byte));
            let (word, bit) = hash_place(hash);
            if let Some(word) = self.hashes.get_mut(word) {
                *word |= bit;
            }
        }
        Some(number)
    }

    fn longest(&self, beginning: &[u8]) -> usize {
        let longest = self.longest.get(beginning_place(beginning));
        longest.map_or(0, |longest| usize::from(*longest))
    }

    fn has_hash(&self, hash: u64) -> bool {
        let (word, bit) = hash_place(hash);
        self.hashes.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// The hash with one byte more (FNV-1a): one step for each byte, however many ends a word may have.
fn rolled(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Which bit of which word stands for a hash.
fn hash_place(hash: u64) -> (usize, u64) {
    let bits = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - ROLLING_BITS);
    (usize::try_from(bits / 64).unwrap_or(0), 1 << (bits % 64))
}

/// The place of a beginning, whatever the case.
fn beginning_place(beginning: &[u8]) -> usize {
    let folded = beginning.iter().fold(0_u32, |all, byte| {
        (all << 8) | u32::from(byte.to_ascii_lowercase())
    });
    // Fibonacci hashing: the upper bits depend on all.
    let hash = folded.wrapping_mul(0x9e37_79b9) >> (u32::BITS - BEGINNING_BITS);
    usize::try_from(hash).unwrap_or(0)
}

/// Letters and digits.
const fn goes_on(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether a whole word may begin here: see [`is_whole`].
fn may_begin(output: &[u8], start: usize) -> bool {
    let before = |n: usize| start.checked_sub(n).and_then(|n| output.get(n)).copied();
    !before(1).is_some_and(goes_on) || before(3) == Some(b'%') || before(2) == Some(b'\\')
}

fn fingerprint(key: &Key, kind: Kind, value: &[u8]) -> String {
    let mut stream = key.stream(b'!', value, u32::from(kind.tag()));
    let mut out = String::new();
    for _ in 0..4 {
        let _ = write!(out, "{:02x}", stream.byte());
    }
    out
}

/// Whether letters or digits go on at neither side; of an address, neither do its numbers.
fn is_whole(output: &[u8], start: usize, end: usize, kind: Kind) -> bool {
    let at = |n: Option<usize>| n.and_then(|n| output.get(n)).copied().unwrap_or(b' ');
    let (before, after) = (at(start.checked_sub(1)), at(Some(end)));
    if goes_on(before) || goes_on(after) {
        // `%40anna`: the digits of an escape are no part of the word.
        let escaped = start.checked_sub(3).and_then(|n| output.get(n)) == Some(&b'%');
        let escape_n = start.checked_sub(2).and_then(|n| output.get(n)) == Some(&b'\\');
        return (escaped || escape_n) && !goes_on(after);
    }
    if kind == Kind::Address {
        let number_before = before == b'.' && at(start.checked_sub(2)).is_ascii_digit();
        let number_after = after == b'.' && at(end.checked_add(1)).is_ascii_digit();
        return !number_before && !number_after;
    }
    true
}

impl Pseudonyms {
    /// What to search outputs for. Not searched for: short values, words of sipdiag's own, and values that are pseudonyms of others.
    pub fn search(&self) -> Search {
        let mut search = Search {
            key: self.key.clone(),
            forms: ByteSet::default(),
            originals: Vec::new(),
            longest: vec![0; 1 << BEGINNING_BITS].into(),
            hashes: vec![0; 1 << (ROLLING_BITS - 6)].into(),
            // Nobody outside knows which words have the hash of another.
            seed: RandomState::default().hash_one(0),
        };
        let tabled = self
            .table
            .unsorted()
            .filter(|(_, from, to)| from != to)
            .map(|(kind, from, _)| (kind, from));
        let composed = self
            .composed
            .iter()
            .filter_map(|key| key.split_first())
            .filter_map(|(tag, value)| Some((Kind::of(*tag)?, value)));
        for (kind, value) in tabled.chain(composed) {
            if self.identifies(kind, value) {
                search.add(kind, value);
            }
        }
        // Last: what is an address and something else is searched for as something else, which may stand in more places.
        for (from, to) in self.addresses.entries() {
            if from != to && !self.addresses.is_image(from) {
                search.add(Kind::Address, from.to_string().as_bytes());
            }
        }
        search
    }

    /// Searches one output; for several, [`Pseudonyms::search`] once.
    pub fn find_survivor(&self, output: &[u8]) -> Option<Survivor> {
        self.search().find(output)
    }

    /// Whether a value says who or where by itself.
    fn identifies(&self, kind: Kind, value: &[u8]) -> bool {
        let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
        let numeric = value
            .iter()
            .all(|b| !b.is_ascii_alphabetic() && b.is_ascii());
        let long = match kind {
            Kind::Address => true,
            // Three signs around an `@` or a dot are in any binary part of an output.
            Kind::Domain | Kind::Mailbox => value.len() >= WORD,
            Kind::Number => digits >= DIGITS,
            Kind::Token => value.len() >= TOKEN && (!numeric || digits >= 10),
            Kind::User | Kind::Label | Kind::Word => {
                value.len() >= WORD && (!numeric || digits >= DIGITS)
            }
            Kind::Top => false,
        };
        let of_others = Kind::PLAIN
            .into_iter()
            .any(|other| self.table.is_taken(other, value));
        long && !of_others
            && !super::host::is_kept(value)
            && !self.words.knows(value)
            && !self.stayed.contains(value)
            && !self.is_all_known(value, kind)
    }

    /// Words with hyphens or dots, each of them known: `ms-dialog-route-set-update`.
    fn is_all_known(&self, value: &[u8], kind: Kind) -> bool {
        matches!(kind, Kind::User | Kind::Label | Kind::Word | Kind::Token)
            && value
                .split(|b| b.is_ascii() && !b.is_ascii_alphanumeric())
                .all(|part| part.is_empty() || self.words.knows(part))
    }
}

/// The value as formats escape it.
fn add_forms(kind: Kind, value: &[u8], add: &mut dyn FnMut(Vec<u8>)) {
    if kind == Kind::Number {
        // Without its separators.
        add(value.iter().copied().filter(u8::is_ascii_digit).collect());
    }
    let Ok(text) = std::str::from_utf8(value) else {
        return;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    if text.chars().all(plain) {
        return;
    }
    let mut percent = String::new();
    let mut json = String::new();
    for c in text.chars() {
        if plain(c) {
            percent.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(percent, "%{byte:02X}");
            }
        }
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c.is_ascii() => json.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    for form in [percent, json, html] {
        add(form.into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_by_rule_is_no_survivor_and_what_was_replaced_is() {
        let mut names = Pseudonyms::new(b"0123456789abcdef");
        let mut message =
            *b"OPTIONS sip:mueller@localhost SIP/2.0\r\nSubject: localhost mueller\r\n\r\n";
        names.sip(&mut message);
        assert_eq!(names.find_survivor(&message), None);
        assert_eq!(names.find_survivor(b"\"names\": [\"localhost\"]"), None);
        assert!(names.find_survivor(b"asked by Mueller.").is_some());
    }

    #[test]
    fn the_version_of_a_session_description_is_as_telling_as_its_id() {
        let mut names = Pseudonyms::new(b"0123456789abcdef");
        let mut message = *b"INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 105015165 105015162 IN IP4 10.1.1.1\r\n";
        let mut other = *b"INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 105015162 105015162 IN IP4 10.1.1.1\r\n";
        names.sip(&mut message);
        names.sip(&mut other);
        assert_eq!(names.find_survivor(&message), None);
        assert_eq!(names.find_survivor(&other), None);
    }

    /// Everything in every place, compared byte by byte.
    fn naive(search: &Search, output: &[u8]) -> Option<usize> {
        let lower = output.to_ascii_lowercase();
        (0..lower.len()).find(|start| {
            search
                .forms
                .iter()
                .zip(&search.originals)
                .any(|(form, (kind, _))| {
                    lower[*start..].starts_with(form)
                        && is_whole(output, *start, start + form.len(), *kind)
                })
        })
    }

    #[test]
    fn the_search_finds_what_a_comparison_in_every_place_finds() {
        let mut names = Pseudonyms::new(b"0123456789abcdef");
        let mut message = "MESSAGE sip:anna.m\u{fc}ller@cups01.tomt.example SIP/2.0\r\nCall-ID: 4711abcd-8899@198.51.100.7\r\n\
            From: \"Anna <X> \\\"M\" <sip:bertram@tomt.example>;tag=as55aa0001\r\nTo: <tel:+49-89-123-4567>\r\n\r\n".as_bytes().to_vec();
        let original = message.clone();
        names.sip(&mut message);
        let search = names.search();
        assert!(search.len() > 8, "{}", search.len());
        let mut values: Vec<Vec<u8>> = search.forms.iter().map(<[u8]>::to_vec).collect();
        values.extend(
            original
                .split(|b| b" \r\n<>;=".contains(b))
                .map(<[u8]>::to_vec),
        );
        let mut found = 0;
        for value in values {
            for (before, after) in [
                ("", ""),
                ("x", ""),
                ("", "x"),
                ("%40", ""),
                ("\\n", "\""),
                ("a.", "."),
                ("9.", ""),
                ("\u{e9}", ""),
            ] {
                for case in [value.clone(), value.to_ascii_uppercase()] {
                    let output = [
                        b"first ",
                        before.as_bytes(),
                        &case,
                        after.as_bytes(),
                        b" last",
                    ]
                    .concat();
                    let ours = search.find(&output).map(|survivor| survivor.offset);
                    assert_eq!(
                        ours,
                        naive(&search, &output),
                        "{:?}",
                        String::from_utf8_lossy(&output)
                    );
                    found += usize::from(ours.is_some());
                }
            }
        }
        assert!(found > 50, "{found}");
        assert_eq!(search.find(&message), None);
    }
}
