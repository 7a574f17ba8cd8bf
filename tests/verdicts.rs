//! Whole verdicts over scenarios in which a wrong one would be easy: `tests/verdicts/*.trace`. The comment on top says what must come
//! out: `# verdict: …`, `# root: rule, rule` (all roots above a note; none when absent), `# undecided: rule`.

use crate::support::{self, file_name, files, golden, project, relative, trace};
use sipdiag::diagnosis::Part;
use sipdiag::finding::Severity;
use std::collections::BTreeSet;

#[test]
fn the_verdict_of_each_scenario() {
    let mut results = Vec::new();
    for path in files(&project("tests/verdicts")) {
        let name = relative(&path);
        let trace = trace::file(&name);
        let said = |key: &str| -> BTreeSet<String> {
            let prefix = format!("{key}:");
            trace
                .comment
                .iter()
                .filter_map(|line| line.strip_prefix(&prefix))
                .flat_map(|list| list.split(','))
                .map(|word| word.trim().to_owned())
                .collect()
        };
        let report = support::analyze_trace(&trace, &file_name(&path));
        let verdict = BTreeSet::from([report.verdict.name().to_owned()]);
        let roots: BTreeSet<String> = report
            .findings
            .iter()
            .filter(|p| p.part == Part::Root && p.finding.severity > Severity::Note)
            .map(|p| p.finding.rule.to_owned())
            .collect();
        let undecided: BTreeSet<String> = report
            .undecided
            .iter()
            .map(|matter| matter.rule.to_owned())
            .collect();
        for (key, found) in [
            ("verdict", verdict),
            ("root", roots),
            ("undecided", undecided),
        ] {
            let wanted = said(key);
            results.push(if wanted == found {
                Ok(())
            } else {
                Err(format!(
                    "{name}: {key} should be {wanted:?}, is {found:?}\n{}",
                    support::text(&report)
                ))
            });
        }
    }
    assert!(results.len() >= 27, "the scenarios are there");
    golden::all(results);
}

/// One labelled capture: which root causes are there.
struct Labelled {
    name: String,
    verdicts: BTreeSet<String>,
    /// Each cause that is there, by the names it may have.
    roots: Vec<BTreeSet<String>>,
    /// Causes that may be named and need not be.
    tolerated: BTreeSet<String>,
}

fn words(text: &str) -> BTreeSet<String> {
    text.split([',', '|'])
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty() && word != "-")
        .collect()
}

/// Everything in the project that has a label: whole scenarios, the samples, and of each rule the scenarios in which all is well.
fn labelled() -> Vec<(Labelled, sipdiag::Report)> {
    let mut all = Vec::new();
    for path in files(&project("tests/verdicts")) {
        let name = relative(&path);
        let trace = trace::file(&name);
        let said = |key: &str| {
            let prefix = format!("{key}:");
            let mut lines = trace.comment.iter();
            lines
                .find_map(|line| line.strip_prefix(&prefix))
                .map_or_else(BTreeSet::new, words)
        };
        let label = Labelled {
            verdicts: said("verdict"),
            roots: said("root").into_iter().map(|r| [r].into()).collect(),
            tolerated: BTreeSet::new(),
            name,
        };
        all.push((label, support::analyze_trace(&trace, &file_name(&path))));
    }
    let table = support::read_text(&project("samples/EXPECTED.tsv"));
    for (name, bytes) in support::samples() {
        let row: Vec<&str> = table
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .find(|row| row[0] == name)
            .unwrap_or_else(|| panic!("{name} has no label"));
        let (verdicts, roots) = (words(row[1]), words(row[2]));
        let needed = !row[2].split('|').any(|word| word == "-");
        let (roots, tolerated) = if needed {
            (vec![roots], BTreeSet::new())
        } else {
            (Vec::new(), roots)
        };
        let config = support::with_secrets(&support::sample_options(&name));
        let report = sipdiag::analyze(std::io::Cursor::new(bytes), &name, config).unwrap();
        let label = Labelled {
            verdicts,
            roots,
            tolerated,
            name,
        };
        all.push((label, report));
    }
    for name in support::scenarios() {
        let path = project(&name);
        if !file_name(&path).starts_with("quiet") {
            continue;
        }
        let label = Labelled {
            verdicts: BTreeSet::new(),
            roots: Vec::new(),
            tolerated: BTreeSet::new(),
            name: name.clone(),
        };
        let report = support::analyze_trace(&trace::file(&name), &file_name(&path));
        all.push((label, report));
    }
    all
}

/// Of all labelled captures: how many of the causes that are there were named (recall), and how many of the causes that were
/// named are there (precision). Both must be all.
#[test]
fn precision_and_recall_of_the_root_cause() {
    let (mut there, mut named, mut right, mut captures, mut faulty) = (0, 0, 0, 0, 0);
    let mut wrong = Vec::new();
    for (label, report) in labelled() {
        let found: BTreeSet<String> = report
            .findings
            .iter()
            .filter(|p| p.part == Part::Root && p.finding.severity > Severity::Note)
            .map(|p| p.finding.rule.to_owned())
            .collect();
        captures += 1;
        faulty += usize::from(!label.roots.is_empty());
        there += label.roots.len();
        let hits = |cause: &&BTreeSet<String>| !cause.is_disjoint(&found);
        let hit = label.roots.iter().filter(hits).count();
        let fair = |rule: &&String| {
            label.tolerated.contains(*rule) || label.roots.iter().any(|c| c.contains(*rule))
        };
        let false_roots: Vec<&String> = found.iter().filter(|rule| !fair(rule)).collect();
        right += hit;
        named += hit + false_roots.len();
        let verdict = report.verdict.name();
        let fits = label.verdicts.is_empty() || label.verdicts.contains(verdict);
        if hit < label.roots.len() || !false_roots.is_empty() || !fits {
            wrong.push(format!(
                "{}: should be {:?} {:?}, is {verdict} {found:?}",
                label.name, label.verdicts, label.roots
            ));
        }
    }
    support::say!(
        "labelled captures: {captures}, {faulty} of them with a fault; root causes there {there}, named {named}, right {right}: \
         recall {right}/{there}, precision {right}/{named}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        captures >= 60 && faulty >= 30,
        "{captures} captures, {faulty} with a fault"
    );
}
