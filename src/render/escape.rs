//! The one place that makes text from the wire safe to show.

use std::borrow::Cow;

/// Whether a character may change how a terminal or a reader sees the text around it: control characters, also the C1
/// ones, and the invisible ones that turn the direction of writing (Unicode TR 36 §3.2) or hide.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{061c}'
                | '\u{feff}'
                | '\u{2028}'
                | '\u{2029}'
        )
}

/// One line for a terminal: nothing in it can move the cursor, change colours or turn the direction of writing.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => safe.push(' '),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            c if is_unsafe(c) => safe.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// JSON text with the unsafe characters that JSON allows raw (C1 controls, direction overrides) written as `\uXXXX`: the same
/// value, harmless to look at. They occur in strings only.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Bytes of the wire as one safe line of at most `most` characters.
pub fn bytes(raw: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(raw);
    shorten(&line(&text), most)
}

/// Cuts to `most` characters, with `...` where something was cut.
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(3)).collect();
    short.push_str("...");
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_bidi_overrides_become_visible() {
        assert_eq!(line("a\u{1b}[31mred"), "a\\u{1b}[31mred");
        assert_eq!(
            line("x\u{202e}y\r\nz\u{9b}2J"),
            "x\\u{202e}y\\r\\nz\\u{9b}2J"
        );
        assert!(matches!(line("plain ü"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_the_same_value() {
        let text = serde_json::to_string("a\u{202e}b\u{9b}c").unwrap();
        let safe = json(&text);
        assert_eq!(safe, "\"a\\u202eb\\u009bc\"");
        assert_eq!(
            serde_json::from_str::<String>(&safe).unwrap(),
            "a\u{202e}b\u{9b}c"
        );
    }

    #[test]
    fn long_text_is_cut_visibly() {
        assert_eq!(shorten("abcdefgh", 6), "abc...");
        assert_eq!(bytes(b"\xffabc", 10), "\u{fffd}abc");
    }
}
