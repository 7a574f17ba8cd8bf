//! Which header field comes next: senders write them in the same order in one message after the other.
//!
//! A guess that is right spares looking for the colon and looking the name up; what is read does not depend on it.

use crate::sip::HeaderName;
use std::cell::Cell;

thread_local! {
    /// Behind which field which one came last, both by their place in the table of names. Of the thread, because there are thousands of streams,
    /// and those of one server are alike.
    static BEHIND: [Cell<u8>; 256] = const { [const { Cell::new(u8::MAX) }; 256] };
}

/// The field of a line, and where its colon is, if it is the one that came behind `before` the last time, in its long form.
#[inline]
pub(super) fn next(before: HeaderName, line: &[u8]) -> Option<(HeaderName, usize)> {
    let place = BEHIND.with(|behind| behind.get(usize::from(before as u8)).map(Cell::get))?;
    let (id, name) = HeaderName::at(place)?;
    let rest = line.strip_prefix(name)?;
    (rest.first() == Some(&b':')).then_some((id, name.len()))
}

/// Remembers what came behind `before`.
#[inline]
pub(super) fn learn(before: HeaderName, id: HeaderName) {
    BEHIND.with(|behind| {
        if let Some(place) = behind.get(usize::from(before as u8)) {
            place.set(id as u8);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_is_guessed_and_nothing_else_believed() {
        use HeaderName::{CSeq, CallId, Other, To};
        learn(To, CallId);
        assert_eq!(next(To, b"Call-ID: 1"), Some((CallId, 7)));
        for line in [
            "Call-ID : 1",
            "call-id: 1",
            "i: 1",
            "Call-ID",
            "Call-IDs: 1",
            "CSeq: 1 INVITE",
            "",
        ] {
            assert_eq!(next(To, line.as_bytes()), None, "{line}");
        }
        learn(To, CSeq);
        assert_eq!(next(To, b"Call-ID: 1"), None);
        assert_eq!(next(To, b"CSeq: 1 INVITE"), Some((CSeq, 4)));
        learn(To, Other);
        assert_eq!(next(To, b": x"), None);
        assert_eq!(next(To, b"X-Other: 1"), None);
    }
}
