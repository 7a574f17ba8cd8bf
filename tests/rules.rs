//! Every rule has a folder `tests/rules/<rule>/` with a scenario where it fires and one, the nearest healthy one, where all is
//! quiet. `report.txt` is what the report says of the first.

use crate::support::{self, file_name, files, golden, project, relative, trace};
use sipdiag::finding::Severity;
use sipdiag::report::Report;
use sipdiag::rules::ALL;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    files(&project("tests/rules"))
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

/// A scenario, or a capture, and what the report says of it.
fn report(path: &Path) -> (Report, Vec<String>) {
    let name = relative(path);
    if path.extension().is_some_and(|e| e == "trace") {
        let trace = trace::file(&name);
        // The name shown in the report, and thus in the documents, is the one that a user would give the capture.
        let rule = file_name(path.parent().unwrap());
        let also = trace
            .comment
            .iter()
            .filter_map(|line| line.strip_prefix("also:"))
            .flat_map(|line| line.split(','))
            .map(|rule| rule.trim().to_owned())
            .collect();
        (
            support::analyze_trace(&trace, &format!("{rule}.pcap")),
            also,
        )
    } else {
        (support::analyze(support::read(path), &name), Vec::new())
    }
}

/// What is found above a note.
fn faults(report: &Report) -> BTreeSet<&'static str> {
    report
        .findings
        .iter()
        .filter(|p| p.finding.severity > Severity::Note)
        .map(|p| p.finding.rule)
        .collect()
}

/// `fires`: the rule, its companions named on top as `# also: …`, and nothing else.
fn judge_fires(path: &Path, rule: &str) -> Result<(), String> {
    let (report, also) = report(path);
    let name = relative(path);
    if !report.findings.iter().any(|p| p.finding.rule == rule) {
        return Err(format!(
            "{name}: {rule} does not fire\n{}",
            support::text(&report)
        ));
    }
    for companion in &also {
        if sipdiag::rules::find(companion).is_none() {
            return Err(format!("{name}: `# also: {companion}` is no rule"));
        }
    }
    let others: Vec<&str> = faults(&report)
        .into_iter()
        .filter(|found| *found != rule && !also.iter().any(|a| a == found))
        .collect();
    if !others.is_empty() {
        return Err(format!(
            "{name}: beside {rule} there is {}\n{}",
            others.join(", "),
            support::text(&report)
        ));
    }
    Ok(())
}

/// `quiet`: nothing above a note, and not the rule at all.
fn judge_quiet(path: &Path, rule: &str) -> Result<(), String> {
    let (report, _) = report(path);
    let mut found = faults(&report);
    found.extend(
        report
            .findings
            .iter()
            .map(|p| p.finding.rule)
            .filter(|found| *found == rule),
    );
    if found.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}: this is healthy, and the report has {}\n{}",
        relative(path),
        Vec::from_iter(found).join(", "),
        support::text(&report)
    ))
}

/// `note`: mentioned as a note, nothing above one.
fn judge_note(path: &Path, rule: &str) -> Result<(), String> {
    let (report, _) = report(path);
    let mentioned = report.findings.iter().any(|p| p.finding.rule == rule);
    if mentioned && faults(&report).is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}: {rule} should be a note, and nothing else be found\n{}",
        relative(path),
        support::text(&report)
    ))
}

fn judge(folder: &Path) -> Vec<Result<(), String>> {
    let rule = file_name(folder);
    let mut results = Vec::new();
    let mut kinds = BTreeSet::new();
    for path in files(folder) {
        let name = file_name(&path);
        let is_scenario = name.ends_with(".trace") || name.contains(".pcap");
        let stem = name.split('.').next().unwrap_or_default();
        let kind = stem.split('-').next().unwrap_or_default();
        match kind {
            "fires" if is_scenario => {
                results.push(judge_fires(&path, &rule));
                if name == "fires.trace" {
                    let text = support::text(&report(&path).0);
                    results.push(golden::check(&folder.join("report.txt"), &text));
                }
            }
            "quiet" if is_scenario => results.push(judge_quiet(&path, &rule)),
            "note" if is_scenario => results.push(judge_note(&path, &rule)),
            "report" if name == "report.txt" => continue,
            _ => results.push(Err(format!("{}: what is this?", relative(&path)))),
        }
        kinds.insert(kind.to_owned());
    }
    for kind in ["fires", "quiet"] {
        if !kinds.contains(kind) {
            results.push(Err(format!(
                "{}: there is no {kind}.trace",
                relative(folder)
            )));
        }
    }
    results
}

#[test]
fn each_rule_fires_where_it_should_and_is_quiet_where_all_is_well() {
    let mut results = Vec::new();
    for folder in folders() {
        let rule = file_name(&folder);
        if sipdiag::rules::find(&rule).is_some() {
            results.extend(judge(&folder));
        } else {
            results.push(Err(format!("{}: there is no such rule", relative(&folder))));
        }
    }
    golden::all(results);
}

#[test]
fn no_rule_is_without_a_scenario() {
    let known: BTreeSet<String> = folders().iter().map(|path| file_name(path)).collect();
    golden::all(
        ALL.iter()
            .filter(|rule| !known.contains(rule.name))
            .map(|rule| {
                Err(format!(
                    "{}: make tests/rules/{}/ with fires.trace and quiet.trace",
                    rule.name, rule.name
                ))
            }),
    );
}

/// What is quiet for one rule is quiet for all: healthy scenarios of other folders catch rules that are too eager.
#[test]
fn the_harness_notices_what_it_should() {
    let quiet = project("tests/rules/auth-digest-challenge-unanswered/quiet.trace");
    let fires = project("tests/rules/auth-digest-challenge-unanswered/fires.trace");
    assert!(judge_fires(&quiet, "auth-digest-challenge-unanswered").is_err());
    let error = judge_quiet(&fires, "auth-digest-challenge-unanswered").unwrap_err();
    assert!(error.contains("this is healthy"), "{error}");
    let error = judge_fires(&fires, "trust-403-forbidden").unwrap_err();
    assert!(error.contains("does not fire"), "{error}");
}

/// Whose policy it is, on that side it is mended: what Lync configures does not help against a 403 of Cisco.
#[test]
fn the_fix_of_a_403_is_on_the_side_that_says_it() {
    let of = |name: &str| {
        let path = format!("tests/rules/trust-403-forbidden/{name}.trace");
        let report = support::analyze_trace(&trace::file(&path), &path);
        let json = support::json(&report);
        let finding = json["findings"].as_array().unwrap().first().unwrap();
        assert_eq!(finding["rule"], "trust-403-forbidden");
        let steps = |side: &str| finding["fix"][side].as_array().unwrap().len();
        let text = support::text(&report);
        let titles = ["Cisco", "Microsoft"].map(|s| text.contains(&format!("Fix on the {s} side")));
        assert_eq!(titles, [steps("cisco") > 0, steps("microsoft") > 0]);
        titles
    };
    assert_eq!(of("fires"), [false, true]);
    assert_eq!(of("fires-cisco"), [true, false]);
}
