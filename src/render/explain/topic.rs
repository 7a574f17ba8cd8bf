//! What a user may ask for by `--explain`.

use super::{code, nearest, page};
use crate::reference::{alert, status};
use crate::render::escape;
use crate::rules::{self, Rule};

/// Something that has a page.
#[derive(Debug, Clone, Copy)]
pub enum Topic {
    /// A rule.
    Rule(&'static Rule),
    /// A SIP status code.
    Status(u16),
    /// A TLS alert.
    Alert(u8),
    /// An id of ms-diagnostics.
    Diagnostics(u32),
}

impl Topic {
    /// Understands what was written: a rule, `504`, `alert 43`, `ms-diagnostics 1010`.
    ///
    /// # Errors
    ///
    /// One line that says what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rule) = rules::find(text) {
            return Ok(Self::Rule(rule));
        }
        if let Some(code) = number(text, &["sip ", "status "]) {
            let code = u16::try_from(code).unwrap_or(u16::MAX);
            return if status::find(code).is_some() || (status::class(code).is_some() && code >= 100)
            {
                Ok(Self::Status(code))
            } else {
                Err(format!(
                    "{code} is no SIP status code: they go from 100 to 699"
                ))
            };
        }
        if let Some(code) = number(text, &["alert ", "tls alert "]).filter(|_| !bare(text)) {
            return match u8::try_from(code) {
                Ok(code) if alert::find(code).is_some() => Ok(Self::Alert(code)),
                _ => Err(format!(
                    "there is no TLS alert {code}; known are {}",
                    numbers(alert::ALL.iter().map(|a| a.number.into()))
                )),
            };
        }
        if let Some(name) = word(text, "alert")
            && let Some(alert) = alert::ALL.iter().find(|alert| {
                crate::tls::AlertDescription(alert.number)
                    .name()
                    .eq_ignore_ascii_case(&name.replace([' ', '-'], "_"))
            })
        {
            return Ok(Self::Alert(alert.number));
        }
        if let Some(id) = diagnostic(text) {
            return Ok(Self::Diagnostics(id));
        }
        Err(unknown(text))
    }

    /// Its page, in Markdown that reads well as text.
    pub fn page(self) -> String {
        match self {
            Self::Rule(rule) => page(rule),
            Self::Status(code) => code::status(code),
            Self::Alert(number) => code::alert(number),
            Self::Diagnostics(id) => code::diagnostics(id),
        }
    }
}

fn bare(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// The number in `text`, bare or behind one of the words.
fn number(text: &str, words: &[&str]) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let digits = words
        .iter()
        .find_map(|word| lower.strip_prefix(word))
        .unwrap_or(&lower)
        .trim();
    digits.parse().ok()
}

/// The id in `ms-diagnostics 1010`, or in a line as it is on the wire: `ms-diagnostics: 1010;reason="..."`.
fn diagnostic(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("ms-diagnostics")?;
    let rest = rest.strip_prefix("-public").unwrap_or(rest);
    let rest = rest.strip_prefix([':', ' '])?.trim();
    let id = rest.split([';', '.']).next()?.trim();
    id.parse().ok()
}

fn word<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (first, rest) = text.split_once(' ')?;
    first.eq_ignore_ascii_case(before).then(|| rest.trim())
}

fn numbers(all: impl Iterator<Item = u32>) -> String {
    let all: Vec<String> = all.map(|n| n.to_string()).collect();
    all.join(", ")
}

/// What is said of a topic that has no page.
fn unknown(topic: &str) -> String {
    let shown = escape::line(topic);
    let also = "a rule of sipdiag --rules, a SIP status code, `alert 43`, `ms-diagnostics 1010`";
    match nearest(topic) {
        Some(near) => {
            format!("no page for `{shown}`; did you mean `{near}`? (there are pages for {also})")
        }
        None => format!("no page for `{shown}`; there are pages for {also}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::ms_diagnostics;

    #[test]
    fn every_code_names_rules_that_exist() {
        let named = status::ALL.iter().flat_map(|s| s.rules);
        let named = named.chain(alert::ALL.iter().flat_map(|a| a.rules));
        let named = named.chain(ms_diagnostics::ALL.iter().flat_map(|d| d.rules));
        let named = named.chain(ms_diagnostics::RESULT_CODES.iter().flat_map(|c| c.rules));
        for name in named {
            assert!(rules::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn everything_known_has_a_page() {
        let mut topics: Vec<String> = rules::ALL.iter().map(|r| r.name.to_owned()).collect();
        topics.extend(status::ALL.iter().map(|s| s.code.to_string()));
        topics.extend(alert::ALL.iter().map(|a| format!("alert {}", a.number)));
        topics.extend(
            ms_diagnostics::ALL
                .iter()
                .map(|d| format!("ms-diagnostics {}", d.id)),
        );
        topics.extend([1099, 60_000, u32::MAX].map(|id| format!("ms-diagnostics-public {id}")));
        for topic in topics {
            let page = Topic::parse(&topic).unwrap().page();
            for section in [
                "# ",
                "## What it looks like",
                "## Fix",
                "## Sources",
                "## How to make sure",
            ] {
                assert!(page.contains(section), "{topic}: no `{section}`\n{page}");
            }
        }
    }

    #[test]
    fn topics_are_understood_and_mistakes_get_a_hint() {
        assert!(matches!(Topic::parse("504"), Ok(Topic::Status(504))));
        assert!(matches!(Topic::parse("SIP 504"), Ok(Topic::Status(504))));
        assert!(matches!(Topic::parse("499"), Ok(Topic::Status(499))));
        assert!(matches!(Topic::parse("Alert 43"), Ok(Topic::Alert(43))));
        assert!(matches!(
            Topic::parse("alert unknown_ca"),
            Ok(Topic::Alert(48))
        ));
        assert!(matches!(
            Topic::parse("ms-diagnostics 1010"),
            Ok(Topic::Diagnostics(1010))
        ));
        for line in [
            "ms-diagnostics: 1010;reason=\"Certificate trust\";source=\"lync01.tomt.it\"",
            "Ms-Diagnostics-Public: 1010",
            "ms-diagnostics 1010.2",
        ] {
            assert!(
                matches!(Topic::parse(line), Ok(Topic::Diagnostics(1010))),
                "{line}"
            );
        }
        for wrong in ["43", "1010", "alert 250", "alert", "", "ms-diagnostics x"] {
            assert!(Topic::parse(wrong).is_err(), "{wrong}");
        }
        assert!(
            Topic::parse("sip-408-timeot")
                .unwrap_err()
                .contains("sip-408-timeout")
        );
    }
}
