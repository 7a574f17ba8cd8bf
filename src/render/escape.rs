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
pub fn json(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
        return Cow::Borrowed(text);
    }
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
    Cow::Owned(safe)
}

/// Bytes of the wire as one safe line of at most `most` characters.
pub fn bytes(raw: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(raw);
    shorten(&line(&text), most)
}

/// Text for Markdown, in a paragraph, a list or a cell of a table: it cannot begin markup, a table cell, HTML, a link, or a mention.
///
/// Only what has a meaning in its place is escaped (CommonMark 0.31 §2.4, GitHub's tables, strikethrough and mathematics), because
/// many trackers show Markdown as it stands.
pub fn markdown(text: &str) -> String {
    let safe = line(text);
    let mut out = String::with_capacity(safe.len() + 16);
    for (n, word) in safe.split(' ').enumerate() {
        if n > 0 {
            out.push(' ');
        }
        if is_live(word) {
            out.push_str(&code(word));
            continue;
        }
        let chars: Vec<char> = word.chars().collect();
        let begins = n == 0 && begins_block(word);
        let math = chars.iter().filter(|c| **c == '$').count() > 1;
        for (m, c) in chars.iter().enumerate() {
            let before = m.checked_sub(1).and_then(|p| chars.get(p));
            let after = chars.get(m.saturating_add(1));
            let escaped = match c {
                '\\' | '`' | '*' | '[' | ']' | '{' | '}' | '<' | '|' | '~' => true,
                // Inside a word it is one (CommonMark §6.2).
                '_' => ![before, after]
                    .into_iter()
                    .all(|c| c.is_some_and(|c| c.is_alphanumeric() || *c == '_')),
                '&' => after.is_some_and(|c| c.is_ascii_alphabetic() || *c == '#'),
                '$' => math,
                _ => begins && after.is_none(),
            };
            if escaped {
                out.push('\\');
            }
            out.push(*c);
        }
    }
    out
}

/// Whether such a word at the beginning of a line begins a list, a quotation or a heading.
fn begins_block(word: &str) -> bool {
    let number = word.strip_suffix(['.', ')']);
    matches!(word, "-" | "+" | "=" | ">" | "--" | "---" | "==")
        || number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        || word.bytes().all(|b| b == b'#') && !word.is_empty()
}

/// Text inside a tag of HTML that stands in Markdown.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Whether a tracker would make a link or a mention of it: `@name`, `#12`, `http://…`, `www.…`.
fn is_live(word: &str) -> bool {
    let bare = word.trim_start_matches(['(', '"', '\'', '<', '[', ',', ';']);
    bare.starts_with(['@', '#'])
        || bare.starts_with("www.")
        || bare.starts_with("GH-")
        || word.contains("://")
        || word.contains("/@")
}

/// A code span of Markdown that holds any text; `|` is escaped for tables, where it would end the cell even in code.
pub fn code(text: &str) -> String {
    let safe = line(text).replace('|', "\\|");
    let fence = "`".repeat(longest_run(&safe).saturating_add(1));
    if safe.starts_with('`') || safe.ends_with('`') || safe.trim().is_empty() {
        format!("{fence} {safe} {fence}")
    } else {
        format!("{fence}{safe}{fence}")
    }
}

/// A fence that none of the lines can end.
pub fn fence<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let longest = lines.map(longest_run).max().unwrap_or_default();
    "`".repeat(longest.saturating_add(1).max(3))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
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
    fn markdown_stays_text() {
        let cases = [
            ("a*b_c <script> x|y", r"a\*b_c \<script> x\|y"),
            (
                "_a_ TLS_RSA_WITH &lt; a & b",
                r"\_a\_ TLS_RSA_WITH \&lt; a & b",
            ),
            ("$true and $a$b", r"$true and \$a\$b"),
            ("@ops see #12 https://x/", "`@ops` see `#12` `https://x/`"),
            ("- no list", r"\- no list"),
            ("> no quote > here", r"\> no quote > here"),
            ("1. no list", r"1\. no list"),
            ("a\nb\u{202e}", r"a\\nb\\u\{202e\}"),
        ];
        for (text, expected) in cases {
            assert_eq!(markdown(text), expected, "{text}");
        }
        assert_eq!(html("<a href='x'>&"), "&lt;a href=&#39;x&#39;&gt;&amp;");
        assert_eq!(code("a`b|c"), "``a`b\\|c``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fence(["a ```` b", "c"].into_iter()), "`````");
    }

    #[test]
    fn long_text_is_cut_visibly() {
        assert_eq!(shorten("abcdefgh", 6), "abc...");
        assert_eq!(bytes(b"\xffabc", 10), "\u{fffd}abc");
    }
}
