//! Damaged captures: thousands of seeded mutations of the samples and scenarios; none may panic or hang. What a case did can be
//! repeated from its number.

use crate::support::{Random, samples, scenarios, trace};
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
