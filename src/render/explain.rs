//! Offline pages: of a rule, a SIP status code, a TLS alert, an id of ms-diagnostics; and the catalogue as a table.

mod code;
mod topic;

pub use topic::Topic;

use crate::rules::{self, Rule};
use std::fmt::Write as _;

/// What the report says of a capture in which a rule fires, by rule; written by the tests from their scenarios.
const EXAMPLES: &str = include_str!("explain/examples.txt");

/// The beginning of an example.
const EXAMPLE: &str = "== ";

/// The catalogue as a table: name, severity, what is wrong.
pub fn catalogue() -> String {
    let mut text = String::new();
    let mut class = "";
    for rule in rules::ALL.iter() {
        if rule.class.name() != class {
            class = rule.class.name();
            let _ = writeln!(text, "{}{class}", if text.is_empty() { "" } else { "\n" });
        }
        let _ = writeln!(
            text,
            "  {:<38} {:<8} {}",
            rule.name,
            rule.severity.name(),
            rule.summary
        );
    }
    text
}

/// The page of one rule in Markdown that reads well as text.
pub fn page(rule: &Rule) -> String {
    let mut text = format!("# {}\n\n{}.\n\n", rule.name, capitalised(rule.summary));
    let _ = writeln!(
        text,
        "Class: {}. Severity: {}. Knowledge: {}. Since: {}.\n",
        rule.class.name(),
        rule.severity.name(),
        rule.knowledge.words(),
        rule.since
    );
    let _ = writeln!(text, "## What it means\n\n{}\n", rule.explanation);
    if let Some(example) = example(rule.name) {
        let _ = writeln!(text, "## What it looks like\n\n```text\n{example}\n```\n");
    }
    list(&mut text, "Why it happens", rule.causes);
    list(&mut text, "How to make sure", rule.confirm);
    list(&mut text, "Fix on the Cisco side", rule.fix.cisco);
    list(&mut text, "Fix on the Microsoft side", rule.fix.microsoft);
    list(&mut text, "Fix in the network", rule.fix.network);
    list(&mut text, "Sources", rule.references);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn list(text: &mut String, title: &str, items: &[&str]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "## {title}\n");
    for item in items {
        let _ = writeln!(text, "- {item}");
    }
    text.push('\n');
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map(|c| c.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// What the report says where the rule fires.
fn example(rule: &str) -> Option<&'static str> {
    EXAMPLES
        .split(EXAMPLE)
        .filter_map(|part| part.split_once('\n'))
        .find(|(name, _)| *name == rule)
        .map(|(_, text)| text.trim_end())
}

/// The rule whose name is nearest to a mistyped one.
pub fn nearest(name: &str) -> Option<&'static str> {
    rules::ALL
        .iter()
        .map(|rule| (strsim::levenshtein(name, rule.name), rule.name))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .map(|(_, known)| known)
}
