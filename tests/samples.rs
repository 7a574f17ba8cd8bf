//! The captures in `samples/`: the whole report of each, what `samples/EXPECTED.tsv` demands, every beginning of each file, and
//! the same bytes for every number of jobs.

use crate::cli::{Run, sipdiag};
use crate::support::{golden, project, read_text, sample_options, samples};
use serde_json::Value;
use std::collections::BTreeMap;

/// Beginnings of one sample that are analysed, beside the last bytes.
const PREFIXES: usize = 400;
/// Bytes at the end that are taken away one by one.
const LAST: usize = 64;

/// Runs the program on a sample, with the options that the sample is to be read with.
fn run_on(name: &str, arguments: &[&str]) -> Run {
    let options = sample_options(name);
    let path = format!("samples/{name}");
    let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
    all.extend(arguments);
    all.push(&path);
    sipdiag(&all)
}

fn golden_file(sample: &str, extension: &str) -> std::path::PathBuf {
    let stem = sample.split('.').next().unwrap();
    project(&format!("tests/samples/{stem}.{extension}"))
}

#[test]
fn the_report_of_each_sample() {
    let mut results = Vec::new();
    for (name, _) in samples() {
        let path = format!("samples/{name}");
        for (extension, format) in [("txt", "text"), ("json", "json")] {
            let run = run_on(&name, &["--format", format]);
            results.push(
                run.report(&path)
                    .and_then(|text| golden::check(&golden_file(&name, extension), text)),
            );
        }
    }
    for path in crate::support::files(&project("tests/samples")) {
        let file = crate::support::file_name(&path);
        let stem = file.split('.').next().unwrap();
        if !samples()
            .iter()
            .any(|(name, _)| name.split('.').next() == Some(stem))
        {
            results.push(Err(format!("tests/samples/{file} belongs to no sample")));
        }
    }
    golden::all(results);
}

/// One line of `samples/EXPECTED.tsv`: alternatives for the verdict and for the first root.
struct Expected {
    verdict: Vec<String>,
    root: Vec<String>,
}

fn expected() -> BTreeMap<String, Expected> {
    let list = |field: &str| field.split('|').map(str::to_owned).collect();
    read_text(&project("samples/EXPECTED.tsv"))
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            (
                fields[0].to_owned(),
                Expected {
                    verdict: list(fields[1]),
                    root: list(fields[2]),
                },
            )
        })
        .collect()
}

/// The first root above a note; `-` if there is none.
fn first_root(report: &Value) -> String {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["role"] == "root" && f["severity"] != "note")
        .map_or("-", |f| f["rule"].as_str().unwrap())
        .to_owned()
}

#[test]
fn each_sample_is_diagnosed_as_expected() {
    let expected = expected();
    let mut results = Vec::new();
    for (name, _) in samples() {
        let Some(wanted) = expected.get(&name) else {
            results.push(Err(format!("{name} is not in samples/EXPECTED.tsv")));
            continue;
        };
        let run = run_on(&name, &["--format", "json"]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let verdict = report["verdict"].as_str().unwrap().to_owned();
        let root = first_root(&report);
        if wanted.verdict.contains(&verdict) && wanted.root.contains(&root) {
            continue;
        }
        let what = format!(
            "{name}: {verdict}, {root}; expected {}, {}",
            wanted.verdict.join(" or "),
            wanted.root.join(" or ")
        );
        results.push(Err(what));
    }
    for name in expected.keys() {
        if !project("samples").join(name).exists() {
            results.push(Err(format!(
                "{name} of samples/EXPECTED.tsv does not exist"
            )));
        }
    }
    golden::all(results);
}

/// A report or an error, for every beginning of a file: captures are cut by full disks and Ctrl-C.
#[test]
fn every_beginning_of_a_sample_gives_a_report_or_an_error() {
    let mut whole = 0;
    for (name, bytes) in samples() {
        if name.ends_with(".gz") {
            continue;
        }
        let config = crate::support::with_secrets(&sample_options(&name));
        let step = (bytes.len() / PREFIXES).max(1);
        let near_end = bytes.len().saturating_sub(LAST)..bytes.len();
        for end in (0..bytes.len()).step_by(step).chain(near_end) {
            let prefix = std::io::Cursor::new(bytes[..end].to_vec());
            match sipdiag::analyze(prefix, &name, config.clone()) {
                Ok(report) => {
                    let cut = !report.captures[0].complete;
                    whole += usize::from(!cut);
                    assert!(
                        !cut || !report.caveats.is_empty(),
                        "{name} cut to {end} bytes: no caveat says so"
                    );
                }
                Err(error) => assert!(end < 64, "{name} cut to {end} bytes: {error}"),
            }
        }
    }
    crate::support::say!("{whole} beginnings end between two packets");
}

#[test]
fn the_report_is_the_same_for_every_number_of_jobs() {
    for (name, _) in samples() {
        for what in [
            &["--format", "json"][..],
            &["--list", "messages"],
            &["--list", "connections", "--format", "json"],
        ] {
            let run = |jobs| {
                let mut arguments = vec!["--jobs", jobs];
                arguments.extend(what);
                run_on(&name, &arguments).stdout
            };
            let one = run("1");
            assert!(
                !one.is_empty() || name == "udp-fragments.pcap",
                "{name} {what:?}"
            );
            assert_eq!(one, run("2"), "{name} {what:?}");
        }
    }
}

/// What the text report says first of each sample, as `samples/README.md` shows it between its marker and the next heading.
#[test]
fn the_readme_of_the_samples_says_what_sipdiag_says() {
    let marker = "<!-- verdicts -->\n";
    let file = project("samples/README.md");
    let readme = read_text(&file);
    let (before, rest) = readme.split_once(marker).expect("the marker");
    let (_, after) = rest
        .split_once("\n## ")
        .expect("a heading behind the marker");
    let mut table = String::from("\n| File | First sentence of the report |\n| --- | --- |\n");
    for (name, _) in samples() {
        let report = read_text(&golden_file(&name, "txt"));
        let first: Vec<&str> = report
            .lines()
            .take_while(|line| !line.is_empty() && !line.ends_with(" below."))
            .map(str::trim)
            .collect();
        table.push_str(&format!("| `{name}` | {} |\n", first.join(" ")));
    }
    golden::all([golden::check(
        &file,
        &format!("{before}{marker}{table}\n## {after}"),
    )]);
}

/// The report in README.md is the one that the program gives.
#[test]
fn the_readme_shows_a_real_report() {
    let readme = read_text(&project("README.md"));
    let report = read_text(&golden_file("maddr-not-trusted-504.pcapng", "txt"));
    let (shown, _) = report.split_once("\nHOSTS").expect("a section of hosts");
    assert!(
        readme.contains(shown.trim_end()),
        "README.md does not show the present report of samples/maddr-not-trusted-504.pcapng:\n{shown}"
    );
}
