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
        let report = support::analyze(trace.pcap(), &file_name(&path));
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
            .map(|(rule, ..)| (*rule).to_owned())
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
