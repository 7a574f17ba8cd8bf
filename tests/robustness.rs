//! Damaged captures: thousands of seeded mutations of the samples and scenarios; none may panic or hang. What a case did can be
//! repeated from its number.

use crate::support::{Random, project, samples, scenarios, trace, with_secrets};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Cases of one run.
const CASES: u64 = 4_000;

fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = samples();
    seeds.extend(scenarios().into_iter().map(|path| {
        let pcap = trace::file(&path).pcap();
        (path, pcap)
    }));
    seeds
}

/// Damages a few places.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(8) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let length = 1 + random.below(64.min(bytes.len() - at));
        match random.below(8) {
            0 | 1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = random.byte(),
            3 => bytes[at] = [0, 0xff, 0x7f, 0x80][random.below(4)],
            4 => {
                bytes.drain(at..at + length);
            }
            5 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            6 => {
                for byte in &mut bytes[at..at + length] {
                    *byte = random.byte();
                }
            }
            _ => {
                // Lengths and numbers of 16 and 32 bits are where it hurts.
                let width = [2, 4][random.below(2)].min(bytes.len() - at);
                let value = [0_u32, 1, 0x7fff_ffff, 0xffff_ffff, 0x8000_0000][random.below(5)];
                bytes[at..at + width].copy_from_slice(&value.to_be_bytes()[..width]);
            }
        }
    }
    if random.below(10) == 0 {
        let end = random.below(bytes.len() + 1);
        bytes.truncate(end);
    }
}

fn run(case: u64, seeds: &[(String, Vec<u8>)]) -> Result<(), String> {
    let mut random = Random(case);
    let (name, bytes) = &seeds[random.below(seeds.len())];
    let mut bytes = bytes.clone();
    mutate(&mut bytes, &mut random);
    catch_unwind(AssertUnwindSafe(|| {
        let report = sipdiag::analyze(
            std::io::Cursor::new(bytes),
            name,
            sipdiag::Config::default(),
        );
        if let Ok(report) = report {
            let text = crate::support::text(&report);
            assert!(!text.is_empty());
            crate::support::json(&report);
        }
    }))
    .map_err(|_| format!("case {case} ({name}) panics"))
}

#[test]
fn damaged_captures_give_a_report_or_an_error() {
    let seeds = seeds();
    let workers = 2;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let seeds = &seeds;
                scope.spawn(move || {
                    (0..CASES)
                        .filter(|case| case % workers == worker)
                        .map(|case| run(case, seeds))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for thread in threads {
            crate::support::golden::all(thread.join().unwrap());
        }
    });
}

/// Damage inside the payload, with a container that is whole: it gets further.
#[test]
fn damaged_payloads_give_a_report() {
    let all = scenarios();
    for case in 0..1_000 {
        let mut random = Random(0xfeed + case);
        let path = &all[random.below(all.len())];
        let mut frames = trace::file(path).frames;
        for _ in 0..1 + random.below(4) {
            let frame = random.below(frames.len());
            match random.below(5) {
                0 => {
                    frames.remove(frame);
                    if frames.is_empty() {
                        break;
                    }
                }
                1 => {
                    let copy = frames[frame].clone();
                    frames.push(copy);
                }
                2 => {
                    let other = random.below(frames.len());
                    frames.swap(frame, other);
                }
                _ => mutate(&mut frames[frame].bytes, &mut random),
            }
        }
        let capture = crate::support::pcap::classic(&frames, crate::support::pcap::USUAL);
        let report = catch_unwind(AssertUnwindSafe(|| {
            let report = crate::support::analyze(capture, path);
            crate::support::text(&report)
        }));
        assert!(report.is_ok(), "case {case} ({path}) panics");
    }
}

/// The start lines of the messages in a capture, and the report.
fn start_lines(bytes: Vec<u8>, name: &str, config: sipdiag::Config) -> Option<BTreeSet<String>> {
    use sipdiag::base::FileIndex;
    use sipdiag::capture::{Capture, Merge};
    let reader = Box::new(std::io::Cursor::new(bytes));
    let capture = Capture::open(reader, name, FileIndex(0), false, &config.limits).ok()?;
    let mut captures = Merge::new(vec![capture]);
    let mut lines = BTreeSet::new();
    let mut analyzer = sipdiag::Analyzer::new(config);
    analyzer.observe(|observed| {
        if let sipdiag::analyzer::Observed::Message(seen) = observed {
            lines.insert(seen.message.start_line().to_str().into_owned());
        }
    });
    analyzer.read(&mut captures);
    let report = analyzer.finish(captures.summaries());
    assert!(!crate::support::text(&report).is_empty());
    Some(lines)
}

/// Encrypted captures, damaged, and the secrets to open them: nothing is shown that the peers did not say.
#[test]
fn damage_behind_encryption_shows_nothing_that_was_not_said() {
    let mut whole = 0;
    let mut lost = 0;
    for path in crate::support::files(&project("tests/decrypt")) {
        let name = crate::support::file_name(&path);
        let Some(stem) = name.strip_suffix(".pcap") else {
            continue;
        };
        let keys = format!("tests/decrypt/{stem}.keys");
        let options = if project(&keys).exists() {
            ["--keylog".into(), keys]
        } else {
            ["--rsa-key".into(), "samples/pki/cups01.key.pem".into()]
        };
        let config = with_secrets(&options);
        let bytes = crate::support::read(&path);
        let said = start_lines(bytes.clone(), &name, config.clone()).unwrap();
        for case in 0..24 {
            let mut random = Random(0xc0de + case);
            let mut damaged = bytes.clone();
            mutate(&mut damaged, &mut random);
            let analysis = catch_unwind(AssertUnwindSafe(|| {
                start_lines(damaged, &name, config.clone())
            }));
            let Ok(lines) = analysis else {
                panic!("case {case} of {name} panics");
            };
            let lines = lines.unwrap_or_default();
            // A NULL suite is readable without its MAC, and then what is damaged is shown as it is.
            assert!(
                lines.is_subset(&said) || name.contains("null"),
                "case {case} of {name}: {lines:?}"
            );
            whole += usize::from(lines == said);
            lost += usize::from(lines != said);
        }
    }
    assert!(whole > 500 && lost > 100, "{whole} whole, {lost} not");
}

#[test]
fn random_bytes_behind_each_magic_number_are_no_trouble() {
    for (magic, name) in [
        (&[0xd4, 0xc3, 0xb2, 0xa1][..], "pcap"),
        (&[0xa1, 0xb2, 0x3c, 0x4d], "pcap big endian, nanoseconds"),
        (&[0x0a, 0x0d, 0x0d, 0x0a], "pcapng"),
        (&[0x1f, 0x8b, 8], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        (&[0x04, 0x22, 0x4d, 0x18], "lz4"),
        (&[], "nothing known"),
    ] {
        for case in 0..200 {
            let mut random = Random(case);
            let mut bytes = magic.to_vec();
            bytes.extend((0..random.below(4096)).map(|_| random.byte()));
            let analysis = catch_unwind(|| {
                drop(sipdiag::analyze(
                    std::io::Cursor::new(bytes),
                    name,
                    sipdiag::Config::default(),
                ));
            });
            assert!(analysis.is_ok(), "{name}, case {case} panics");
        }
    }
}
