//! The targets of cargo-fuzz without a fuzzer: the seeds, the committed corpora and every input that once broke something.

use crate::seeds;
use crate::support::{file_name, files, project, read, say};
use crate::targets;
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
