//! What a capture does not allow to decide, and what is alike counted once.

use crate::base::{Endpoint, FrameRef};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Kinds of matters kept; a capture cut after a burst of requests must not fill the report.
const KEPT: usize = 100;

/// Something that a capture leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The rule that asked.
    pub rule: &'static str,
    /// Where it began; of several, the first.
    pub at: FrameRef,
    /// What is open, and why.
    pub why: String,
    /// How many there are that differ in numbers only.
    pub count: u64,
}

/// Open matters by rule and by what is said of them.
#[derive(Debug, Default)]
pub struct Matters {
    kept: BTreeMap<(&'static str, String), Undecided>,
    /// Attempts to reach a server, which come in floods: they are counted without a sentence for each.
    attempts: BTreeMap<(&'static str, IpAddr, Endpoint), Undecided>,
    more: u64,
}

impl Matters {
    /// Takes one.
    pub fn add(&mut self, rule: &'static str, at: FrameRef, why: String) {
        let key = (rule, shape(&why));
        if let Some(matter) = self.kept.get_mut(&key) {
            // Two questions of a rule about the same frame.
            if at == matter.at {
                return;
            }
            matter.count = matter.count.saturating_add(1);
            if at < matter.at {
                (matter.at, matter.why) = (at, why);
            }
        } else if self.kept.len() < KEPT {
            let count = 1;
            self.kept.insert(
                key,
                Undecided {
                    rule,
                    at,
                    why,
                    count,
                },
            );
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Takes one about a connection between a client and a server; the sentence is made where it is wanted.
    pub fn add_attempt(
        &mut self,
        rule: &'static str,
        ends: (IpAddr, Endpoint),
        at: FrameRef,
        why: impl FnOnce() -> String,
    ) {
        let key = (rule, ends.0, ends.1);
        let matter = Undecided {
            rule,
            at,
            why: String::new(),
            count: 1,
        };
        let room = self.attempts.len() < KEPT;
        match self.attempts.get_mut(&key) {
            Some(known) => {
                known.count = known.count.saturating_add(1);
                if at < known.at {
                    (known.at, known.why) = (at, why());
                }
            }
            None if room => {
                let why = why();
                self.attempts.insert(key, Undecided { why, ..matter });
            }
            None => self.more = self.more.saturating_add(1),
        }
    }

    /// Those that are kept, by rule and then in the order of the capture; and how many there were beside them.
    pub fn finish(self) -> (Vec<Undecided>, u64) {
        let all = self.kept.into_values().chain(self.attempts.into_values());
        let mut all: Vec<Undecided> = all.collect();
        all.sort_by(|a, b| (a.rule, a.at, &a.why).cmp(&(b.rule, b.at, &b.why)));
        let rest = all.split_off(all.len().min(KEPT));
        let rest = rest.iter().map(|matter| matter.count);
        (all, rest.fold(self.more, u64::saturating_add))
    }
}

/// A sentence without its numbers; addresses and names stay.
fn shape(sentence: &str) -> String {
    let words = sentence.split(' ').map(|word| {
        let bare = word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '(' | ')'));
        match bare.parse::<f64>() {
            Ok(_) => "#",
            Err(_) => word,
        }
    });
    let mut shape = String::with_capacity(sentence.len());
    for word in words {
        shape.push_str(word);
        shape.push(' ');
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FrameNumber, Timestamp};

    fn at(number: u64) -> FrameRef {
        FrameRef {
            time: Timestamp::from_nanos(i64::try_from(number).unwrap()),
            number: FrameNumber::new(number),
            ..FrameRef::default()
        }
    }

    #[test]
    fn what_differs_in_numbers_is_counted_and_hosts_are_told_apart() {
        let mut matters = Matters::default();
        let say = |host: u8, seconds: u64| {
            format!("whether 10.1.1.{host}:5061 answers: the capture ends {seconds}.5 s after it")
        };
        matters.add("a", at(9), say(1, 7));
        matters.add("a", at(3), say(1, 8));
        matters.add("a", at(5), say(2, 7));
        matters.add("b", at(1), say(1, 7));
        let (all, more) = matters.finish();
        let seen: Vec<_> = all
            .iter()
            .map(|m| (m.rule, m.at.number.get(), m.count))
            .collect();
        assert_eq!(seen, [("a", 3, 2), ("a", 5, 1), ("b", 1, 1)]);
        assert!(all.first().unwrap().why.contains("8.5 s"));
        assert_eq!(more, 0);
    }

    #[test]
    fn attempts_are_counted_by_client_and_server() {
        let mut matters = Matters::default();
        let server = Endpoint::new(IpAddr::from([10, 1, 1, 20]), 5061);
        let ends = |n: u8| (IpAddr::from([10, 1, 2, n]), server);
        matters.add_attempt("a", ends(1), at(9), || "later".into());
        matters.add_attempt("a", ends(1), at(3), || "first".into());
        matters.add_attempt("a", ends(1), at(5), || unreachable!("nobody reads it"));
        for n in 2..=250 {
            matters.add_attempt("a", ends(n), at(9), || "other".into());
        }
        let (all, more) = matters.finish();
        let first = all.first().unwrap();
        assert_eq!((first.why.as_str(), first.count), ("first", 3));
        assert_eq!((all.len(), more), (KEPT, 150));
    }

    #[test]
    fn a_flood_of_hosts_is_counted() {
        let mut matters = Matters::default();
        for n in 0..1_000 {
            matters.add("a", at(n), format!("host-{n} is silent"));
        }
        let (all, more) = matters.finish();
        assert_eq!((all.len(), more), (KEPT, 900));
    }
}
