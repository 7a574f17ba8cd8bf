//! `--bundle` and `--baseline`: what goes into a ticket, and what is new since the last one.

use crate::cli::sipdiag;
use crate::support::{self, golden, samples};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

const MADDR: &str = "samples/maddr-not-trusted-504.pcapng";

/// The parts of a bundle by name.
fn parts(bundle: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = std::io::Cursor::new(support::read(bundle));
    let mut archive = zip::ZipArchive::new(bytes).unwrap();
    (0..archive.len())
        .map(|n| {
            let mut part = archive.by_index(n).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            (part.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

fn text(parts: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    let bytes = &parts[&format!("sipdiag/{name}")];
    String::from_utf8(bytes.clone()).unwrap()
}

#[test]
fn the_bundle_of_each_sample_is_whole_and_its_extract_says_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let bundle = temp.path().join("ticket.zip");
    let extract = temp.path().join("extract.pcapng");
    let mut problems = Vec::new();
    for (name, bytes) in samples() {
        let options = support::sample_options(&name);
        let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
        let path = format!("samples/{name}");
        let reading = all.clone();
        all.extend([
            "--with-secrets",
            "--force",
            "--bundle",
            bundle.to_str().unwrap(),
            &path,
        ]);
        let run = sipdiag(&all);
        assert!(matches!(run.status, 0 | 1), "{name}: {run:?}");
        let parts = parts(&bundle);
        let names: Vec<&str> = parts.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "sipdiag/README.txt",
                "sipdiag/extract.pcapng",
                "sipdiag/report.html",
                "sipdiag/report.json",
                "sipdiag/report.md",
                "sipdiag/report.txt"
            ]
        );
        let about = text(&parts, "README.txt");
        let hash: String = ring_sha256(&bytes);
        assert!(about.contains(&hash) && about.contains(&path), "{about}");
        assert!(
            about.contains(env!("CARGO_PKG_VERSION")) && about.contains("--bundle"),
            "{about}"
        );
        let whole: Value = serde_json::from_str(&text(&parts, "report.json")).unwrap();
        std::fs::write(&extract, &parts["sipdiag/extract.pcapng"]).unwrap();
        let mut again = reading.clone();
        again.extend(["--format", "json", extract.to_str().unwrap()]);
        let part: Value = serde_json::from_str(&sipdiag(&again).stdout).unwrap();
        let said = |json: &Value| {
            let findings = json["findings"].as_array().unwrap();
            let prints: Vec<String> = findings
                .iter()
                .map(|f| f["fingerprint"].to_string())
                .collect();
            (json["verdict"].to_string(), prints)
        };
        if said(&whole) != said(&part) {
            problems.push(Err(format!("{name}: {:?} {:?}", said(&whole), said(&part))));
        }
    }
    golden::all(problems);
}

fn ring_sha256(bytes: &[u8]) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
    hash.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn a_bundle_is_not_overwritten_and_is_the_same_each_time() {
    let temp = tempfile::tempdir().unwrap();
    let bundle = temp.path().join("ticket.zip");
    let path = bundle.to_str().unwrap();
    assert_eq!(sipdiag(&["--bundle", path, MADDR]).status, 1);
    let first = support::read(&bundle);
    sipdiag(&["--bundle", path, MADDR]).refused("--force overwrites it");
    assert_eq!(support::read(&bundle), first);
    assert_eq!(sipdiag(&["--force", "--bundle", path, MADDR]).status, 1);
    let about = |bytes: &[u8]| bytes.len();
    // Only the command line differs.
    assert!(about(&support::read(&bundle)).abs_diff(about(&first)) < 40);
}

#[test]
fn a_redacted_bundle_names_nobody() {
    let temp = tempfile::tempdir().unwrap();
    let bundle = temp.path().join("ticket.zip");
    let path = bundle.to_str().unwrap();
    let run = sipdiag(&[
        "--redact",
        "--trust",
        "cups01.tomt.local",
        "--bundle",
        path,
        MADDR,
    ]);
    assert_eq!(run.status, 1, "{run:?}");
    for (name, bytes) in parts(&bundle) {
        let lower = bytes.to_ascii_lowercase();
        for word in [
            "tomt",
            "lync01",
            "cups01",
            "cup-pub",
            "maddr-not-trusted-504",
        ] {
            let found = lower.windows(word.len()).any(|w| w == word.as_bytes());
            assert!(!found, "{name}: {word}");
        }
    }
    let parts = parts(&bundle);
    assert!(text(&parts, "README.txt").contains("sipdiag --redact --trust ... --bundle ... ..."));
}

#[test]
fn a_baseline_leaves_only_what_is_new() {
    let temp = tempfile::tempdir().unwrap();
    let old = temp.path().join("old.json");
    let path = old.to_str().unwrap();
    assert_eq!(sipdiag(&["--format", "json", "-o", path, MADDR]).status, 1);
    let same = sipdiag(&["--baseline", path, MADDR]);
    assert_eq!(same.status, 0, "{same:?}");
    assert!(
        same.stdout
            .starts_with("FAILING: nothing that the baseline does not have"),
        "{}",
        same.stdout
    );
    assert!(same.stdout.contains("by --baseline 4"), "{}", same.stdout);
    // The same fault in another capture of the same servers is known; another fault is new.
    let other = sipdiag(&[
        "--baseline",
        path,
        "samples/maddr-not-trusted-tls12.pcapng",
        "--keylog",
        "samples/maddr-not-trusted-tls12.keys",
    ]);
    assert_eq!(other.status, 0, "{other:?}");
    let new = sipdiag(&["--baseline", path, "samples/forbidden-403.pcapng"]);
    assert_eq!(new.status, 1, "{new:?}");
    assert!(
        new.stdout.contains("CAUSE  trust-403-forbidden"),
        "{}",
        new.stdout
    );
    sipdiag(&["--baseline", "README.md", MADDR]).refused("--format json");
}
