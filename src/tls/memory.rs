//! How much memory lists of a handshake take: a list of many short names takes many times its bytes on the wire.

/// Least bytes that an allocation takes.
const ALLOCATION: usize = 16;

/// Bytes of texts beside their own places.
pub(super) fn words<'a>(all: impl IntoIterator<Item = &'a String>) -> usize {
    let bytes = all.into_iter().map(|text| text.capacity().max(ALLOCATION));
    bytes.sum()
}

/// Bytes of a list of texts.
pub(super) fn texts(all: &Vec<String>) -> usize {
    list(all).saturating_add(words(all))
}

/// Bytes of a list of numbers.
pub(super) const fn list<T>(all: &Vec<T>) -> usize {
    all.capacity().saturating_mul(size_of::<T>())
}
