//! The last look at an output before it is written: nothing that was replaced may be in it.

use super::{Kind, Pseudonyms};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeSet;
use std::fmt::Write as _;

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
    automaton: Option<AhoCorasick>,
    /// Kind and fingerprint of each pattern.
    patterns: Vec<(Kind, String)>,
}

impl Search {
    /// How many forms of originals are searched for.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The first original that stands in the output as a whole word, whatever the case: as it is, percent-encoded, or escaped as in HTML
    /// or JSON. Compressed or encoded parts of an output are not looked into.
    pub fn find(&self, output: &[u8]) -> Option<Survivor> {
        let automaton = self.automaton.as_ref()?;
        automaton.find_overlapping_iter(output).find_map(|found| {
            let (kind, fingerprint) = self.patterns.get(found.pattern().as_usize())?;
            is_whole(output, found.start(), found.end(), *kind).then(|| Survivor {
                kind: *kind,
                offset: found.start(),
                fingerprint: fingerprint.clone(),
            })
        })
    }
}

/// Whether letters or digits go on at neither side; of an address, neither do its numbers.
fn is_whole(output: &[u8], start: usize, end: usize, kind: Kind) -> bool {
    let at = |n: Option<usize>| n.and_then(|n| output.get(n)).copied().unwrap_or(b' ');
    let (before, after) = (at(start.checked_sub(1)), at(Some(end)));
    let goes_on = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80;
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
        let mut forms = BTreeSet::new();
        let table = self.table.entries();
        let tabled = table
            .iter()
            .filter(|(_, from, to)| from != to)
            .map(|(kind, from, _)| (*kind, *from));
        let mut composed: Vec<(Kind, &[u8])> = self
            .composed
            .iter()
            .filter_map(|key| key.split_first())
            .filter_map(|(tag, value)| Some((Kind::of(*tag)?, value)))
            .collect();
        composed.sort_unstable();
        for (kind, value) in tabled.chain(composed) {
            if self.identifies(kind, value) {
                add_forms(kind, value, &mut forms);
            }
        }
        for (from, to) in self.addresses.entries() {
            if from != to && !self.addresses.is_image(from) {
                add_forms(Kind::Address, from.to_string().as_bytes(), &mut forms);
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(forms.iter().map(|(_, form, _)| form))
            .ok();
        let patterns = forms
            .iter()
            .map(|(kind, _, value)| (*kind, self.fingerprint(*kind, value)))
            .collect();
        Search {
            automaton,
            patterns,
        }
    }

    /// Searches one output; for several, [`Pseudonyms::search`] once.
    pub fn find_survivor(&self, output: &[u8]) -> Option<Survivor> {
        self.search().find(output)
    }

    fn fingerprint(&self, kind: Kind, value: &[u8]) -> String {
        let mut stream = self.key.stream(b'!', value, u32::from(kind.tag()));
        let mut out = String::new();
        for _ in 0..4 {
            let _ = write!(out, "{:02x}", stream.byte());
        }
        out
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

/// The value as it is, and as formats escape it.
fn add_forms(kind: Kind, value: &[u8], out: &mut BTreeSet<(Kind, Vec<u8>, Vec<u8>)>) {
    let mut add = |form: Vec<u8>| {
        out.insert((kind, form, value.to_vec()));
    };
    add(value.to_vec());
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
}
