//! The catalogue of rules is data, and is tested as data; `docs/rules/` is written from it.

use crate::support::{file_name, files, golden, project, read_text};
use sipdiag::render::explain;
use sipdiag::rules::{ALL, Rule};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What makes a file in the folder of a class a rule; other files there are what rules share.
const MAKES_A_RULE: &str = "RULE: Rule";

fn problem(rule: &Rule, what: &str) -> Result<(), String> {
    Err(format!("{}: {what}", rule.name))
}

#[test]
fn names_are_unique_sorted_and_in_kebab_case() {
    let mut problems = Vec::new();
    for pair in ALL.windows(2) {
        if (pair[0].class, pair[0].name) >= (pair[1].class, pair[1].name) {
            problems.push(problem(
                pair[1],
                "is not behind the rule before it (class, then name)",
            ));
        }
    }
    let mut seen = BTreeSet::new();
    for rule in ALL.iter() {
        if !seen.insert(rule.name) {
            problems.push(problem(rule, "is there twice"));
        }
        let kebab = rule.name.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        if !kebab {
            problems.push(problem(rule, "is not in kebab case"));
        }
    }
    golden::all(problems);
}

#[test]
fn each_rule_is_one_file_and_each_file_a_rule() {
    let mut problems = Vec::new();
    let mut expected = BTreeSet::new();
    for rule in ALL.iter() {
        let path = format!(
            "src/rules/{}/{}.rs",
            rule.class.name(),
            rule.name.replace('-', "_")
        );
        if !project(&path).is_file() {
            problems.push(problem(rule, &format!("{path} does not exist")));
        }
        expected.insert(path);
    }
    for class in files(&project("src/rules")).iter().filter(|p| p.is_dir()) {
        for file in files(class) {
            let path = format!("src/rules/{}/{}", file_name(class), file_name(&file));
            if read_text(&file).contains(MAKES_A_RULE) && !expected.contains(&path) {
                problems.push(Err(format!("{path} is not in rules::ALL")));
            }
        }
    }
    golden::all(problems);
}

#[test]
fn every_rule_says_what_why_and_what_to_do() {
    let mut problems = Vec::new();
    for rule in ALL.iter() {
        let mut texts = vec![
            ("summary", rule.summary),
            ("explanation", rule.explanation),
            ("since", rule.since),
        ];
        let lists = [
            ("causes", rule.causes),
            ("confirm", rule.confirm),
            ("fix.cisco", rule.fix.cisco),
            ("fix.microsoft", rule.fix.microsoft),
            ("fix.network", rule.fix.network),
            ("references", rule.references),
        ];
        for (field, list) in lists {
            texts.extend(list.iter().map(|text| (field, *text)));
        }
        for (field, text) in texts {
            if text.is_empty() || text.trim() != text {
                problems.push(problem(
                    rule,
                    &format!("{field}: empty, or blanks around `{text}`"),
                ));
            }
            if text.contains("  ") || text.contains('\t') {
                problems.push(problem(rule, &format!("{field}: two blanks in `{text}`")));
            }
        }
        if rule.summary.ends_with('.') {
            problems.push(problem(rule, "the summary ends with a full stop"));
        }
        if !starts_lower(rule.summary) {
            problems.push(problem(rule, "the summary starts with a capital letter"));
        }
        if rule.summary.lines().count() != 1 {
            problems.push(problem(rule, "the summary is not one line"));
        }
        for (field, list) in [("causes", rule.causes), ("references", rule.references)] {
            if list.is_empty() {
                problems.push(problem(rule, &format!("{field} is empty")));
            }
        }
        if rule.fix.cisco.is_empty() && rule.fix.microsoft.is_empty() && rule.fix.network.is_empty()
        {
            problems.push(problem(rule, "there is nothing to do about it"));
        }
    }
    golden::all(problems);
}

/// A lower-case letter, or a word that is always written with capitals (SIP, TLS, Lync, RST, 401).
fn starts_lower(text: &str) -> bool {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
    const NAMES: [&str; 5] = ["Lync", "Cisco", "Microsoft", "Windows", "Record"];
    word.starts_with(|c: char| !c.is_uppercase())
        || NAMES.contains(&word.as_str())
        || word.chars().filter(|c| c.is_uppercase()).count() >= 2
}

#[test]
fn explaining_rules_exist_and_none_explains_itself() {
    let mut problems = Vec::new();
    for rule in ALL.iter() {
        for name in rule.explained_by.iter().flat_map(|by| by.rules) {
            if sipdiag::rules::find(name).is_none() {
                problems.push(problem(
                    rule,
                    &format!("explained by {name}, which does not exist"),
                ));
            }
            if *name == rule.name {
                problems.push(problem(rule, "explains itself"));
            }
        }
    }
    golden::all(problems);
}

/// No rule is explained, over however many steps, by itself: a capture with all of them would have no root.
#[test]
fn blame_does_not_run_in_circles() {
    for rule in ALL.iter() {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = vec![rule.name];
        while let Some(name) = open.pop() {
            let Some(next) = sipdiag::rules::find(name) else {
                continue;
            };
            for cause in next.explained_by.iter().flat_map(|by| by.rules) {
                assert_ne!(
                    *cause, rule.name,
                    "{} explains itself over {name}",
                    rule.name
                );
                if seen.insert(*cause) {
                    open.push(cause);
                }
            }
        }
    }
}

/// What the reports of the scenarios say where each rule fires: the part that shows, without the fix, which the page has itself.
fn examples() -> String {
    let mut text = String::new();
    for rule in ALL.iter() {
        let report = project(&format!("tests/rules/{}/report.txt", rule.name));
        if report.is_file() {
            let _ = writeln!(
                text,
                "== {}\n{}\n",
                rule.name,
                excerpt(&read_text(&report), rule.name)
            );
        }
    }
    text
}

/// The headline and the block of a rule, up to its fix.
fn excerpt(report: &str, rule: &str) -> String {
    let head: Vec<&str> = report.lines().take_while(|l| !l.is_empty()).collect();
    let title = |line: &&str| line.split_whitespace().any(|word| word == rule);
    let block: Vec<&str> = report
        .lines()
        .skip(head.len())
        .skip_while(|line| !title(line))
        .take_while(|line| {
            !(line.is_empty() || line.starts_with("  Fix ") || line.starts_with("  Look at it"))
        })
        .collect();
    [head, vec![""], block].concat().join("\n")
}

#[test]
fn the_examples_are_fresh() {
    golden::all(vec![golden::check(
        &project("src/render/explain/examples.txt"),
        &examples(),
    )]);
}

fn table() -> String {
    let mut text = String::from(
        "# Rules\n\nEvery fault that sipdiag knows, by layer. `sipdiag --explain NAME` shows a page offline. Written by \
         `UPDATE=1 cargo test` from `src/rules/`.\n",
    );
    let mut class = "";
    for rule in ALL.iter() {
        if rule.class.name() != class {
            class = rule.class.name();
            let _ = write!(
                text,
                "\n## {class}\n\n| Rule | Severity | What is wrong |\n| --- | --- | --- |\n"
            );
        }
        let _ = writeln!(
            text,
            "| [{0}]({0}.md) | {1} | {2} |",
            rule.name,
            rule.severity.name(),
            rule.summary.replace('|', "\\|")
        );
    }
    text
}

#[test]
fn the_documents_are_fresh() {
    let folder = project("docs/rules");
    let mut expected: BTreeSet<String> =
        ALL.iter().map(|rule| format!("{}.md", rule.name)).collect();
    let mut results: Vec<_> = ALL
        .iter()
        .map(|rule| {
            golden::check(
                &folder.join(format!("{}.md", rule.name)),
                &explain::page(rule),
            )
        })
        .collect();
    results.push(golden::check(&folder.join("README.md"), &table()));
    expected.insert("README.md".to_owned());
    for path in files(&folder) {
        let name = file_name(&path);
        if expected.contains(&name) {
            continue;
        }
        if golden::updating() {
            std::fs::remove_file(&path).unwrap();
            crate::support::say!("REMOVED docs/rules/{name}");
        } else {
            results.push(Err(format!("docs/rules/{name} belongs to no rule")));
        }
    }
    golden::all(results);
}
