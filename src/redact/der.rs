//! DER in place (X.690 §8): the structure stays, contents change.

/// Elements of one list that are read; a certificate has some dozens.
const ELEMENTS: usize = 4_096;

/// One element: its tag, and where its content lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) tag: u8,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Element {
    /// The element at `at`, within `end`. Tags of one byte and lengths of up to three, as certificates have them.
    pub(super) fn read(bytes: &[u8], at: usize, end: usize) -> Option<Self> {
        let bytes = bytes.get(..end)?;
        let tag = *bytes.get(at)?;
        let first = usize::from(*bytes.get(at.checked_add(1)?)?);
        let mut start = at.checked_add(2)?;
        let len = if first < 0x80 {
            first
        } else {
            let count = first & 0x7f;
            let digits = bytes.get(start..start.checked_add(count)?)?;
            if !(1..=3).contains(&count) {
                return None;
            }
            start = start.checked_add(count)?;
            digits
                .iter()
                .fold(0_usize, |sum, b| (sum << 8) | usize::from(*b))
        };
        let stop = start.checked_add(len)?;
        bytes.get(start..stop)?;
        Some(Self {
            tag,
            start,
            end: stop,
        })
    }

    /// The elements in its content; `None` when it is no list of whole elements.
    pub(super) fn children(self, bytes: &[u8]) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        let mut at = self.start;
        while at < self.end {
            let child = Self::read(bytes, at, self.end)?;
            at = child.end;
            all.push(child);
            if all.len() > ELEMENTS {
                return None;
            }
        }
        Some(all)
    }

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn of_mut(self, bytes: &mut [u8]) -> &mut [u8] {
        super::bytes::part(bytes, self.start, self.end)
    }

    /// Without its first bytes.
    pub(super) fn behind(self, count: usize) -> Self {
        Self {
            start: self.start.saturating_add(count).min(self.end),
            ..self
        }
    }
}
