//! Memory for the fields of a head, which are needed only until they are packed.

use super::Field;
use std::cell::Cell;

/// Fields of the largest head whose memory is kept.
const FIELDS: usize = 256;

thread_local! {
    /// Of the thread: thousands of streams would keep one each.
    static SPARE: Cell<Vec<Field>> = const { Cell::new(Vec::new()) };
}

/// Memory, without fields.
pub(super) fn lend() -> Vec<Field> {
    SPARE.take()
}

/// Keeps the memory for the next head, unless a hostile one made it large.
pub(in crate::sip) fn take_back(mut fields: Vec<Field>) {
    fields.clear();
    if fields.capacity() <= FIELDS {
        SPARE.set(fields);
    }
}
