//! Charts as Mermaid sequence diagrams, which GitHub, GitLab and many wikis draw.

use super::{Picture, left_out_of, prefix};
use crate::ladder::Tone;
use crate::render::escape;

/// Arrows drawn of one chart: Mermaid refuses very long text (`maxTextSize`, 50 000 characters).
const MOST: usize = 120;
/// Characters of a label.
const LABEL: usize = 120;

/// One chart; without the fence.
pub(in crate::render) fn mermaid(picture: &Picture<'_>) -> String {
    let mut text = String::from("sequenceDiagram\n");
    for (n, column) in picture.columns.iter().enumerate() {
        let role = if column.role.is_empty() {
            String::new()
        } else {
            format!("{}<br/>", column.role)
        };
        text.push_str(&format!(
            "  participant h{n} as {role}{}\n",
            safe(&column.address)
        ));
    }
    for row in picture.rows.iter().take(MOST) {
        if let Some(pause) = row.pause {
            let last = picture.columns.len().saturating_sub(1);
            let over = if last == 0 {
                String::from("h0")
            } else {
                format!("h0,h{last}")
            };
            text.push_str(&format!("  Note over {over}: {pause}\n"));
        }
        let stroke = match row.arrow.tone {
            Tone::Bad => "-x",
            Tone::Plain | Tone::Good => "->>",
        };
        let mark = if row.failing { " (X)" } else { "" };
        text.push_str(&format!(
            "  h{}{stroke}h{}: {} {}{}{mark}\n",
            row.from,
            row.to,
            safe(&row.frame),
            prefix(row.arrow.layer),
            safe(&row.arrow.label),
        ));
    }
    if picture.rows.len() > MOST {
        let more = picture.rows.len().saturating_sub(MOST);
        text.push_str(&format!("  Note over h0: {more} more arrows not shown\n"));
    }
    if let Some(more) = left_out_of(picture.chart) {
        text.push_str(&format!("  Note over h0: {more}\n"));
    }
    text
}

/// Characters that mean something to Mermaid, to Markdown's fence or to HTML become entity codes
/// (<https://mermaid.js.org/syntax/sequenceDiagram.html#entity-codes-to-escape-characters>).
fn safe(text: &str) -> String {
    let text = escape::shorten(&escape::line(text), LABEL);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '`' | '{' | '}' | '%' | '\\' | '~' => {
                out.push_str(&format!("#{};", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn nothing_ends_a_statement_or_a_fence() {
        assert_eq!(
            safe("sip:a;lr ```<b>#x\u{202e}"),
            "sip:a#59;lr #96;#96;#96;#60;b#62;#35;x#92;u#123;202e#125;"
        );
    }
}
