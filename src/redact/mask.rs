//! Text of which nothing but its length stays: messages that people write, and credentials.

use super::shape::character;
use super::{Kind, Pseudonyms};

/// Bytes from which a word is remembered, to search outputs for it.
const WORD: usize = 5;
/// Longest word remembered.
const LONGEST: usize = 64;

/// What is kept beside white space and punctuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Nothing.
    None,
    /// References to characters, as XML and HTML have them.
    Xml,
}

impl Pseudonyms {
    /// Each letter an x, each digit a 0: equal words do not stay equal to the eye, so that nothing can be counted.
    pub(super) fn mask(&mut self, bytes: &mut [u8], escapes: Escapes) {
        self.remember_words(bytes);
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get_mut(at..).unwrap_or_default();
            let len = match rest {
                [b'&', ..] if escapes == Escapes::Xml => reference(rest),
                [byte, ..] if byte.is_ascii() => {
                    *byte = match *byte {
                        b'A'..=b'Z' => b'X',
                        b'a'..=b'z' => b'x',
                        b'0'..=b'9' => b'0',
                        other => other,
                    };
                    1
                }
                rest => neutral(rest),
            };
            at = at.saturating_add(len.max(1));
        }
    }

    /// Every letter and digit an X: not even the case stays.
    pub(super) fn blank(bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            let len = match rest {
                [byte, ..] if byte.is_ascii() => {
                    if byte.is_ascii_alphanumeric() {
                        *byte = b'X';
                    }
                    1
                }
                rest => neutral(rest),
            };
            at = at.saturating_add(len);
        }
    }

    /// Remembers words, to search outputs for them.
    pub(super) fn remember_words(&mut self, bytes: &[u8]) {
        let words = bytes.split(|b| b.is_ascii() && !b.is_ascii_alphanumeric());
        for word in words.filter(|w| (WORD..=LONGEST).contains(&w.len())) {
            let same = word.iter().all(|b| matches!(b, b'x' | b'X' | b'0'));
            if !same && std::str::from_utf8(word).is_ok() && !self.words.knows(word) {
                self.remember(Kind::Word, word);
            }
        }
    }
}

/// One character outside of ASCII, always the same of each length; what is no UTF-8 stays none. Gives its length.
fn neutral(bytes: &mut [u8]) -> usize {
    let len = character(bytes);
    let like: &[u8] = match len {
        2 => "é".as_bytes(),
        3 => "一".as_bytes(),
        4 => "😀".as_bytes(),
        _ => &[0xff],
    };
    for (to, from) in bytes.iter_mut().zip(like) {
        *to = *from;
    }
    len.max(1)
}

/// `&amp;` stays; `&#228;` becomes the reference to another letter, of the same length. Gives the length.
fn reference(bytes: &mut [u8]) -> usize {
    let Some(end) = bytes.iter().take(12).position(|b| *b == b';') else {
        return 1;
    };
    if matches!(
        bytes.get(1..end),
        Some(b"amp" | b"lt" | b"gt" | b"quot" | b"apos")
    ) {
        return end.saturating_add(1);
    }
    let (digits, letter): (_, &[u8]) = match bytes.get_mut(1..end).unwrap_or_default() {
        [b'#', b'x' | b'X', digits @ ..] => (digits, b"58"),
        [b'#', digits @ ..] => (digits, b"88"),
        _ => return 1,
    };
    if digits.len() >= 2 {
        digits.fill(b'0');
        let tail = digits.len().saturating_sub(2);
        if let Some(tail) = digits.get_mut(tail..) {
            tail.copy_from_slice(letter);
        }
    }
    end.saturating_add(1)
}
