//! Which header field comes next: senders write them in the same order in one message after the other.
//!
//! A guess that is right spares looking for the colon and looking the name up; what is read does not depend on it.

use crate::sip::HeaderName;
use std::cell::Cell;

thread_local! {
    /// Behind which field which one came last, both by their place in the table of names: of requests, and of responses, which have no
    /// Max-Forwards. Of the thread, because there are thousands of streams, and those of one server are alike.
    static BEHIND: [Behind; 2] = const { [const { [const { Cell::new(u8::MAX) }; 256] }; 2] };
}

type Behind = [Cell<u8>; 256];

/// The last field before one, and whether the message is a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pub(super) field: HeaderName,
    pub(super) request: bool,
}

impl Before {
    fn cell(self, behind: &[Behind; 2]) -> Option<&Cell<u8>> {
        let [response, request] = behind;
        let of_kind = if self.request { request } else { response };
        of_kind.get(usize::from(self.field as u8))
    }
}

/// Bytes that are compared at once: enough for nearly all names.
const WIDTH: usize = 16;

/// The long form of a name with its colon, as far as it fits.
#[derive(Clone, Copy)]
struct Opening {
    name: HeaderName,
    bytes: u128,
    /// Ones where there are bytes.
    mask: u128,
    /// All of the name, without the colon.
    long: &'static [u8],
}

static OPENINGS: [Opening; HeaderName::NAMES] = openings();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn openings() -> [Opening; HeaderName::NAMES] {
    let none = Opening {
        name: HeaderName::Other,
        bytes: 0,
        mask: 0,
        long: b"",
    };
    let mut all = [none; HeaderName::NAMES];
    let mut row = 0;
    while row < all.len() {
        let Some((name, long)) = HeaderName::at_row(row) else {
            return all;
        };
        let (mut bytes, mut mask) = ([0; WIDTH], [0; WIDTH]);
        let mut at = 0;
        while at < WIDTH && at <= long.len() {
            bytes[at] = if at < long.len() { long[at] } else { b':' };
            mask[at] = u8::MAX;
            at += 1;
        }
        all[row] = Opening {
            name,
            bytes: u128::from_ne_bytes(bytes),
            mask: u128::from_ne_bytes(mask),
            long,
        };
        row += 1;
    }
    all
}

/// The field of a line, and where its colon is, if it is the one that came behind `before` the last time, in its long form. `on`: the line and all
/// that follows; in the last few bytes of a head nothing is guessed.
#[inline]
pub(super) fn next(before: Before, line: &[u8], on: &[u8]) -> Option<(HeaderName, usize)> {
    let place = BEHIND.with(|behind| before.cell(behind).map(Cell::get))?;
    let opening = OPENINGS.get(usize::from(place))?;
    let front = u128::from_ne_bytes(*on.first_chunk::<WIDTH>()?);
    let len = opening.long.len();
    if (front ^ opening.bytes) & opening.mask != 0 || len >= line.len() {
        return None;
    }
    let is_all = len < WIDTH
        || line
            .strip_prefix(opening.long)
            .is_some_and(|rest| rest.first() == Some(&b':'));
    is_all.then_some((opening.name, len))
}

/// Remembers what came behind `before`.
#[inline]
pub(super) fn learn(before: Before, id: HeaderName) {
    BEHIND.with(|behind| {
        if let Some(place) = before.cell(behind) {
            place.set(id as u8);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_is_guessed_and_nothing_else_believed() {
        use HeaderName::{CSeq, CallId, Other};
        let [to, of_response] = [true, false].map(|request| Before {
            field: HeaderName::To,
            request,
        });
        let guess = next;
        let next = |before, line: &[u8]| guess(before, line, &[line, &[b':'; 16]].concat());
        learn(to, CallId);
        assert_eq!(next(to, b"Call-ID: 1"), Some((CallId, 7)));
        assert_eq!(next(to, b"Call-ID:"), Some((CallId, 7)));
        assert_eq!(next(of_response, b"Call-ID: 1"), None);
        assert_eq!(guess(to, b"Call-ID: 1", b"Call-ID: 1"), None);
        for line in [
            "Call-ID : 1",
            "call-id: 1",
            "i: 1",
            "Call-ID",
            "Call-IDs: 1",
            "CSeq: 1 INVITE",
            "",
        ] {
            assert_eq!(next(to, line.as_bytes()), None, "{line}");
        }
        learn(to, CSeq);
        assert_eq!(next(to, b"Call-ID: 1"), None);
        assert_eq!(next(to, b"CSeq: 1 INVITE"), Some((CSeq, 4)));
        for (name, place) in [("Content-Length", 14), ("Subscription-State", 18)] {
            learn(to, HeaderName::new(name.as_bytes()));
            for (behind, is_it) in [(":", true), (": 1", true), ("", false), ("s: 1", false)] {
                let line = format!("{name}{behind}");
                let expected = is_it.then_some((HeaderName::new(name.as_bytes()), place));
                assert_eq!(next(to, line.as_bytes()), expected, "{line}");
            }
        }
        learn(to, Other);
        assert_eq!(next(to, b": x"), None);
        assert_eq!(next(to, b"X-Other: 1"), None);
    }
}
