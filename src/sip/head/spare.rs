//! Memory for the fields of a head, which are needed only until they are packed.

use super::Field;
use std::cell::Cell;

/// Fields of an ordinary head.
const USUAL: usize = 32;
/// Fields of the largest head whose memory is kept.
const FIELDS: usize = 256;

thread_local! {
    /// Of the thread: thousands of streams would keep one each.
    static SPARE: Cell<Vec<Field>> = const { Cell::new(Vec::new()) };
}

/// Memory, without fields.
pub(super) fn lend() -> Vec<Field> {
    let mut fields = SPARE.take();
    if fields.capacity() == 0 {
        fields.reserve(USUAL);
    }
    fields
}

/// Keeps the memory for the next head, unless a hostile one made it large.
pub(in crate::sip) fn take_back(mut fields: Vec<Field>) {
    fields.clear();
    if fields.capacity() <= FIELDS {
        SPARE.set(fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chunk, FrameRef, Limits};
    use crate::sip::Framer;

    /// One long head must not make each of thousands that wait for their bodies as large.
    #[test]
    fn a_head_that_waits_for_its_body_gives_the_memory_back() {
        let long = format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", "A: b\r\n".repeat(200));
        let waiting = "MESSAGE sip:a SIP/2.0\r\nContent-Length: 9\r\n\r\n";
        let mut streams: Vec<Framer> = [long.as_str(), waiting, waiting]
            .into_iter()
            .map(|text| {
                let mut framer = Framer::new(&Limits::default());
                framer.push(
                    Chunk::Data {
                        at: FrameRef::default(),
                        offset: 0,
                        bytes: text.as_bytes(),
                    },
                    &mut |_| {},
                );
                framer
            })
            .collect();
        let spare = lend();
        assert!((200..=FIELDS).contains(&spare.capacity()));
        take_back(spare);
        // Each is whole when its body comes.
        for (n, framer) in streams.iter_mut().enumerate() {
            let mut found = 0;
            framer.push(
                Chunk::Data {
                    at: FrameRef::default(),
                    offset: 0,
                    bytes: b"123456789",
                },
                &mut |item| found += u32::from(matches!(item, crate::sip::Item::Message(_))),
            );
            assert_eq!(found, u32::from(n > 0));
        }
    }
}
