//! The targets of cargo-fuzz without a fuzzer: the seeds, the committed corpora and every input that once broke something.

use crate::seeds;
use crate::support::{file_name, files, project, read, say};
use crate::targets;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;
use std::path::Path;

/// Inputs of a target by name: `corpus/` and `crashes/` in `tests/fuzz`.
fn committed(target: &str) -> Vec<(String, Vec<u8>)> {
    let folders = ["corpus", "crashes"].map(|kind| project(&format!("tests/fuzz/{kind}/{target}")));
    let paths = folders.iter().flat_map(|folder| files(folder));
    paths.map(|path| (file_name(&path), read(&path))).collect()
}

/// A panic of one input is told with its name; the others are tried too.
fn replay(target: &str, body: targets::Body, inputs: &[(String, Vec<u8>)]) -> Vec<String> {
    let broken = inputs
        .iter()
        .filter(|(_, bytes)| catch_unwind(|| body(bytes)).is_err());
    broken
        .map(|(name, _)| format!("{target}: {name}"))
        .collect()
}

#[test]
fn the_committed_corpora_break_nothing() {
    // A published package is without tests/fuzz, because that is a package of its own.
    if !project("tests/fuzz").exists() {
        say!("SKIPPED the corpora: there is no tests/fuzz");
        return;
    }
    let mut broken = Vec::new();
    for (target, body) in targets::ALL {
        let inputs = committed(target);
        assert!(!inputs.is_empty(), "tests/fuzz/corpus/{target} is empty");
        broken.extend(replay(target, *body, &inputs));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_seeds_break_nothing() {
    let mut seeds = seeds::all();
    let mut broken = Vec::new();
    for (target, body) in targets::ALL {
        let inputs = seeds.remove(target).unwrap_or_default();
        assert!(!inputs.is_empty(), "no seed for {target}");
        let inputs: Vec<_> = (0..)
            .zip(inputs)
            .map(|(n, bytes)| (format!("seed {n}"), bytes))
            .collect();
        broken.extend(replay(target, *body, &inputs));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(seeds.is_empty(), "seeds for no target: {:?}", seeds.keys());
}

/// A target that is not built is never run.
#[test]
fn each_target_is_a_program_of_the_fuzzer() {
    let manifest = project("tests/fuzz/Cargo.toml");
    if !manifest.exists() {
        say!("SKIPPED the programs of the fuzzer: there is no tests/fuzz");
        return;
    }
    let manifest = crate::support::read_text(&manifest);
    for (target, _) in targets::ALL {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target} is not in tests/fuzz/Cargo.toml"
        );
        let text = crate::support::read_text(Path::new(&project(&format!(
            "tests/fuzz/fuzz_targets/{target}.rs"
        ))));
        assert!(
            text.contains(&format!("targets::{target}::run")),
            "{target}"
        );
    }
    let programs = files(&project("tests/fuzz/fuzz_targets")).len();
    assert_eq!(programs, targets::ALL.len());
}

/// What is fuzzed is what is built: the lock file of the fuzzer has each dependency of the library, in the same version. It is
/// looked at here because cargo itself looks only where the fuzzer is built.
#[test]
fn the_lock_file_of_the_fuzzer_agrees_with_that_of_the_library() {
    let path = project("tests/fuzz/Cargo.lock");
    if !path.exists() {
        say!("SKIPPED the lock file of the fuzzer: there is no tests/fuzz");
        return;
    }
    let (ours, its) = (locked("Cargo.lock"), locked("tests/fuzz/Cargo.lock"));
    let advice = "cargo metadata --manifest-path tests/fuzz/Cargo.toml mends what is missing";
    for name in direct_dependencies() {
        let (ours, its) = (&ours[&name], its.get(&name));
        // Cargo.lock may have other versions beside, of what only the tests need.
        let same = its.is_some_and(|its| its.is_subset(ours));
        assert!(same, "{name}: {ours:?}, the fuzzer {its:?}: {advice}");
    }
}

/// The versions of each package of a lock file.
fn locked(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let text = crate::support::read_text(&project(file));
    let table: toml::Table = text.parse().expect("a lock file is TOML");
    for package in table["package"].as_array().expect("packages") {
        let text = |key: &str| package[key].as_str().expect("text").to_owned();
        versions
            .entry(text("name"))
            .or_default()
            .insert(text("version"));
    }
    versions
}

/// What the library alone depends on.
fn direct_dependencies() -> Vec<String> {
    let text = crate::support::read_text(&project("Cargo.toml"));
    let manifest: toml::Table = text.parse().expect("a manifest is TOML");
    let all = manifest["dependencies"].as_table().expect("dependencies");
    let optional = |value: &toml::Value| {
        let flag = value.get("optional").and_then(toml::Value::as_bool);
        flag == Some(true)
    };
    all.iter()
        .filter(|(_, value)| !optional(value))
        .map(|(name, _)| name.clone())
        .collect()
}
