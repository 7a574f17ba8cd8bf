//! Words that stay: those of the protocols, and those that sipdiag itself says.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::sync::LazyLock;

/// Words of the protocols and of products, and the small ones of English, by hand.
const KEPT: &str = include_str!("kept.txt");
/// Words of five letters and more in what sipdiag says, written by a test.
const VOCABULARY: &str = include_str!("vocabulary.txt");

#[derive(Debug)]
pub(super) struct Words {
    kept: HashSet<&'static [u8], FixedState>,
    own: HashSet<&'static [u8], FixedState>,
}

/// Read once: thousands of words.
static ALL: LazyLock<Words> = LazyLock::new(Words::read);

impl Words {
    pub(super) fn all() -> &'static Self {
        &ALL
    }

    fn read() -> Self {
        let set = |text: &'static str| {
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .flat_map(str::split_ascii_whitespace)
                .map(str::as_bytes)
                .collect()
        };
        Self {
            kept: set(KEPT),
            own: set(VOCABULARY),
        }
    }

    /// Whether it is a word of the protocols or of sipdiag, whatever the case.
    pub(super) fn knows(&self, word: &[u8]) -> bool {
        self.look(word, |lower| {
            self.kept.contains(lower) || self.own.contains(lower)
        })
    }

    /// Whether it is a word of the protocols, whatever the case.
    pub(super) fn keeps(&self, word: &[u8]) -> bool {
        self.look(word, |lower| self.kept.contains(lower))
    }

    fn look(&self, word: &[u8], has: impl Fn(&[u8]) -> bool) -> bool {
        let mut lower = [0; 32];
        let Some(lower) = lower.get_mut(..word.len()) else {
            return false;
        };
        for (to, from) in lower.iter_mut().zip(word) {
            *to = from.to_ascii_lowercase();
        }
        has(lower)
    }
}
