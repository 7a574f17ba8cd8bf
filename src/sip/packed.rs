//! The bytes of a message and where its header fields lie, in one piece of memory.
//!
//! A message is written once and read once, long after: each further piece would be waited for twice.

use super::HeaderName;
use super::head::{Field, Span};
use super::lex::offset;

/// Bytes that a field takes: its name's row, and four offsets.
const ROW: usize = 17;

/// The bytes of a message behind a table of its fields.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    all: Box<[u8]>,
    /// Bytes of the table.
    table: u32,
}

fn put(field: &Field) -> [u8; ROW] {
    let [a0, a1, a2, a3] = field.name.start.to_ne_bytes();
    let [b0, b1, b2, b3] = field.name.end.to_ne_bytes();
    let [c0, c1, c2, c3] = field.value.start.to_ne_bytes();
    let [d0, d1, d2, d3] = field.value.end.to_ne_bytes();
    let id = field.id as u8;
    [
        id, a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3,
    ]
}

fn get(row: &[u8; ROW]) -> Field {
    let [
        id,
        a0,
        a1,
        a2,
        a3,
        b0,
        b1,
        b2,
        b3,
        c0,
        c1,
        c2,
        c3,
        d0,
        d1,
        d2,
        d3,
    ] = *row;
    Field {
        name: Span {
            start: u32::from_ne_bytes([a0, a1, a2, a3]),
            end: u32::from_ne_bytes([b0, b1, b2, b3]),
        },
        value: Span {
            start: u32::from_ne_bytes([c0, c1, c2, c3]),
            end: u32::from_ne_bytes([d0, d1, d2, d3]),
        },
        id: HeaderName::at_row(usize::from(id)).map_or(HeaderName::Other, |(id, _)| id),
    }
}

impl Packed {
    /// Copies both.
    pub(super) fn new(raw: &[u8], fields: &[Field]) -> Self {
        let table = fields.len().saturating_mul(ROW);
        let mut all = Vec::with_capacity(table.saturating_add(raw.len()));
        for field in fields {
            all.extend_from_slice(&put(field));
        }
        all.extend_from_slice(raw);
        Self {
            all: all.into_boxed_slice(),
            table: offset(table),
        }
    }

    fn split(&self) -> (&[u8], &[u8]) {
        let at = usize::try_from(self.table).unwrap_or(usize::MAX);
        self.all.split_at_checked(at).unwrap_or((&[], &[]))
    }

    /// The bytes of the message.
    #[inline]
    pub(super) fn raw(&self) -> &[u8] {
        self.split().1
    }

    /// The same, to be changed in place.
    pub(super) fn raw_mut(&mut self) -> &mut [u8] {
        let at = usize::try_from(self.table).unwrap_or(usize::MAX);
        self.all.get_mut(at..).unwrap_or(&mut [])
    }

    fn rows(&self) -> &[[u8; ROW]] {
        self.split().0.as_chunks().0
    }

    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.rows().len()
    }

    /// All fields in wire order.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> + use<'_> {
        self.rows().iter().map(get)
    }

    /// The fields of one name.
    #[inline]
    pub(super) fn named(&self, name: HeaderName) -> impl Iterator<Item = Field> + use<'_> {
        let wanted = name as u8;
        let rows = self.rows().iter();
        rows.filter(move |[id, ..]| *id == wanted).map(get)
    }

    /// Something of each of the first lines of the cache that it is in.
    pub(super) fn glance(&self) -> u8 {
        const LINE: usize = 64;
        // Rules hardly ever look so far.
        const MOST: usize = 24;
        let lines = self.all.iter().step_by(LINE).take(MOST);
        lines.copied().fold(0, u8::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_out_as_they_went_in() {
        let field = |id, start: u32| Field {
            name: Span {
                start,
                end: start + 1_000,
            },
            value: Span {
                start: start.wrapping_mul(65_537),
                end: u32::MAX - start,
            },
            id,
        };
        let fields = [
            field(HeaderName::Via, 1),
            field(HeaderName::Other, 70_000),
            field(HeaderName::Accept, 3),
            field(HeaderName::Via, 4),
        ];
        for n in 0..=fields.len() {
            let mut packed = Packed::new(b"REGISTER", &fields[..n]);
            assert_eq!(packed.raw(), b"REGISTER");
            assert_eq!(packed.len(), n);
            assert!(packed.fields().eq(fields[..n].iter().copied()));
            let vias = fields[..n].iter().filter(|f| f.id == HeaderName::Via);
            assert!(packed.named(HeaderName::Via).eq(vias.copied()));
            packed.raw_mut().make_ascii_lowercase();
            assert_eq!(packed.raw(), b"register");
            assert!(packed.fields().eq(fields[..n].iter().copied()));
        }
        assert_eq!(Packed::new(b"", &[]).raw(), b"");
    }
}
