//! Characters that a head must not have (RFC 3261 §25.1).

use super::Head;
use crate::sip::{DefectKind, marks};

impl Head {
    pub(super) fn check_characters(&mut self, bytes: &[u8], newlines: usize) {
        // What is not printable ASCII: in nearly every head it is the line ends alone.
        let found = marks::unusual(bytes);
        if found == self.pairs.saturating_mul(2) {
            return;
        }
        // Control characters but for TAB, LF and CR; without branches, so that the compiler makes it wide.
        let odd = |b: u8| {
            (u8::from(b < b' ')
                & u8::from(b != b'\t')
                & u8::from(b != b'\n')
                & u8::from(b != b'\r'))
                | u8::from(b == 0x7f)
        };
        let (any, high) = bytes
            .iter()
            .fold((0, 0), |(any, high), b| (any | odd(*b), high | (*b & 0x80)));
        let returns = memchr::memchr_iter(b'\r', bytes).count();
        if any != 0 || (returns > newlines && bytes.last() != Some(&b'\r')) {
            self.find_control_character(bytes);
        }
        if high != 0
            && let Err(error) = std::str::from_utf8(bytes)
        {
            self.note(DefectKind::NotUtf8, error.valid_up_to());
        }
    }

    /// The first control character without a backslash before it (RFC 3261 §25.1 `quoted-pair`), or CR without LF.
    fn find_control_character(&mut self, bytes: &[u8]) {
        let mut escaped = false;
        let mut next = bytes.iter().skip(1);
        for (at, byte) in bytes.iter().enumerate() {
            let follows = next.next();
            let stray = match byte {
                b'\r' => follows.is_some_and(|b| *b != b'\n'),
                b'\t' | b'\n' => false,
                byte => byte.is_ascii_control() && !escaped,
            };
            if stray {
                return self.note(DefectKind::ControlCharacter, at);
            }
            escaped = *byte == b'\\' && !escaped;
        }
    }
}
