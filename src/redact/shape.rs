//! A pseudonym has the shape of what it stands for: as many bytes, a letter for a letter, a digit for a digit, other signs kept.

use super::key::Stream;
use super::kind::Kind;

/// No vowels: nobody reads a word into it, and it is none of sipdiag's own.
const LETTERS: &[u8] = b"bcdfghjkmnpqrstvwxz";
const ALL_LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const HEX_LETTERS: &[u8] = b"abcdef";
const DIGITS: &[u8] = b"0123456789";
const LEADING_DIGITS: &[u8] = b"123456789";
/// Never part of UTF-8.
const INVALID: &[u8] = &[0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/// How freely letters are chosen: with a first letter that tells the kind and without vowels, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Marked,
    Any,
}

/// Makes a pseudonym. `value` is in lower case; the first `kept` bytes stay.
pub(super) fn make(
    kind: Kind,
    value: &[u8],
    kept: usize,
    stream: &mut Stream<'_>,
    choice: Choice,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    out.extend_from_slice(value.get(..kept).unwrap_or(value));
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let mut mark = kind
        .letter()
        .filter(|_| choice == Choice::Marked && letters >= 3 && kept == 0);
    while let Some(rest) = value.get(out.len()..).filter(|rest| !rest.is_empty()) {
        let group = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        if group > 0 {
            let group = rest.get(..group).unwrap_or(rest);
            alphanumeric(
                group,
                out.last() == Some(&b'+'),
                &mut mark,
                stream,
                choice,
                &mut out,
            );
        } else {
            other(rest, stream, &mut out);
        }
    }
    out
}

/// Whether letters and digits together are a hexadecimal number.
fn is_hex(group: &[u8]) -> bool {
    let digits = group.iter().any(u8::is_ascii_digit);
    group.len() >= 4 && (digits || group.len() >= 8) && group.iter().all(u8::is_ascii_hexdigit)
}

fn alphanumeric(
    group: &[u8],
    behind_plus: bool,
    mark: &mut Option<u8>,
    stream: &mut Stream<'_>,
    choice: Choice,
    out: &mut Vec<u8>,
) {
    let (prefix, rest) = match group {
        [b'0', b'x', rest @ ..] if rest.iter().all(u8::is_ascii_hexdigit) && !rest.is_empty() => {
            (&b"0x"[..], rest)
        }
        _ => (&b""[..], group),
    };
    out.extend_from_slice(prefix);
    let hex = !prefix.is_empty() || is_hex(rest);
    let mut first = true;
    for byte in rest {
        out.push(match byte {
            // No zero appears or goes in front: the number has as many digits as it had.
            b'0' if first && rest.len() > 1 && !hex && !behind_plus => b'0',
            b'0'..=b'9' if first && rest.len() > 1 && !hex => stream.pick(LEADING_DIGITS),
            b'0'..=b'9' => stream.pick(DIGITS),
            _ if hex => stream.pick(HEX_LETTERS),
            _ => match (mark.take(), choice) {
                (Some(mark), _) => mark,
                (None, Choice::Marked) => stream.pick(LETTERS),
                (None, Choice::Any) => stream.pick(ALL_LETTERS),
            },
        });
        first = false;
    }
}

/// What is neither an ASCII letter nor a digit: at least one byte of `rest`.
fn other(rest: &[u8], stream: &mut Stream<'_>, out: &mut Vec<u8>) {
    match rest {
        [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
            escape(*a, *b, stream, out)
        }
        [byte, ..] if byte.is_ascii() => out.push(*byte),
        _ => {
            let len = character(rest);
            let range = |stream: &mut Stream<'_>, first: u8, span: u8| {
                first.wrapping_add(stream.byte() % span.max(1))
            };
            match len {
                // Latin letters with accents, without the two signs among them.
                2 => {
                    let mut last = range(stream, 0x80, 64);
                    if matches!(last, 0x97 | 0xb7) {
                        last -= 1;
                    }
                    out.extend([0xc3, last]);
                }
                // Chinese characters.
                3 => {
                    let tail = [range(stream, 0xb8, 8), range(stream, 0x80, 64)];
                    out.push(0xe4);
                    out.extend(tail);
                }
                // Faces.
                4 => out.extend([0xf0, 0x9f, 0x98, range(stream, 0x80, 64)]),
                _ => out.push(stream.pick(INVALID)),
            }
        }
    }
}

/// Bytes of the UTF-8 character that this begins with; 0 when it is none.
pub(super) fn character(bytes: &[u8]) -> usize {
    let head = bytes.get(..bytes.len().min(4)).unwrap_or(bytes);
    (1..=head.len())
        .find(|len| {
            head.get(..*len)
                .is_some_and(|c| std::str::from_utf8(c).is_ok())
        })
        .unwrap_or(0)
}

/// `%41` (RFC 3986 §2.1): a letter stays a letter, a sign stays, and what is UTF-8 stays UTF-8.
fn escape(a: u8, b: u8, stream: &mut Stream<'_>, out: &mut Vec<u8>) {
    let nibble = |c: u8| char::from(c).to_digit(16).unwrap_or_default();
    let value = nibble(a) * 16 + nibble(b);
    let low = match value {
        0x30..=0x39 => stream.pick(DIGITS),
        0x41..=0x5a | 0x61..=0x7a if matches!(a, b'4' | b'6') => stream.pick(b"123456789abcdef"),
        0x41..=0x5a | 0x61..=0x7a => stream.pick(b"0123456789"),
        0x80..=0xbf => stream.pick(b"0123456789abcdef"),
        _ => b,
    };
    out.extend([b'%', a, low]);
}

/// Writes `pseudonym` over `original` with the case of each letter.
pub(super) fn write(original: &mut [u8], pseudonym: &[u8]) {
    for (old, new) in original.iter_mut().zip(pseudonym) {
        *old = if old.is_ascii_uppercase() {
            new.to_ascii_uppercase()
        } else {
            *new
        };
    }
}
