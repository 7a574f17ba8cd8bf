//! Frames and innermost packets against what tshark reads from the same captures.
//!
//! Needs a corpus: `SIPDIAG_CORPUS=DIR cargo test oracle_packets -- --ignored --nocapture`, with captures in `DIR/<set>/<file>` and the
//! oracle in `DIR/oracle/<set>__<file>.pkts.tsv`, made by `tshark -T fields`. Differences that are conventions (what tshark shows of
//! a frame it could not dissect, heuristics we do not have) stay below the bound.

#![expect(clippy::disallowed_methods, reason = "a test reads its corpus")]

use sipdiag::base::{Caveats, FileIndex, Limits};
use sipdiag::capture::{Capture, Item};
use sipdiag::packet::{Decoder, Payload};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

/// Addresses, protocol and ports as text.
type Five = (String, String, String, u16, u16);

#[derive(Default)]
struct Expected {
    packets: BTreeMap<u64, Five>,
    /// Seconds with nine digits, captured and original length.
    frames: BTreeMap<u64, (String, String, String)>,
}

fn expected(tsv: &str) -> Expected {
    let mut lines = tsv.split('\n');
    let head: Vec<_> = lines.next().unwrap_or_default().split('\t').collect();
    let mut all = Expected::default();
    for line in lines {
        let cells: Vec<_> = line.split('\t').collect();
        let cell = |name: &str| {
            let at = head.iter().position(|h| *h == name);
            at.and_then(|at| cells.get(at)).copied().unwrap_or_default()
        };
        let Ok(number) = cell("frame.number").parse() else {
            continue;
        };
        let frame = [
            cell("frame.time_epoch"),
            cell("frame.cap_len"),
            cell("frame.len"),
        ];
        all.frames.insert(number, frame.map(str::to_owned).into());
        let all_names: Vec<_> = cell("frame.protocols").split(':').collect();
        // What an ICMP error quotes is not a packet of its own.
        let names: Vec<_> = all_names
            .into_iter()
            .take_while(|n| !n.starts_with("icmp"))
            .collect();
        let last = |of: &[&str]| names.iter().rev().find(|n| of.contains(n)).copied();
        let (Some(l4), Some(l3)) = (last(&["tcp", "udp", "udplite"]), last(&["ip", "ipv6"])) else {
            continue;
        };
        let pick = |name: &str, of: &str| {
            let count = names.iter().filter(|n| **n == of).count();
            cell(name)
                .split(',')
                .nth(count.saturating_sub(1))
                .unwrap_or_default()
        };
        let (src, dst) = (
            pick(&format!("{l3}.src"), l3),
            pick(&format!("{l3}.dst"), l3),
        );
        let sport = pick(&format!("{l4}.srcport"), l4).parse();
        let dport = pick(&format!("{l4}.dstport"), l4).parse();
        if let (Ok(sport), Ok(dport), false) = (sport, dport, src.is_empty() || dst.is_empty()) {
            let five = (src.to_owned(), dst.to_owned(), l4.to_owned(), sport, dport);
            all.packets.insert(number, five);
        }
    }
    all
}

#[test]
#[ignore = "needs a corpus of captures and tshark's reading of them"]
fn packets_are_those_of_tshark() {
    let corpus = std::env::var_os("SIPDIAG_CORPUS").expect("SIPDIAG_CORPUS names the corpus");
    let corpus = Path::new(&corpus);
    let limits = Limits::default();
    let (mut want, mut hit, mut frames, mut same) = (0, 0, 0, 0);
    let mut by_carrier = 0;
    let mut oracles: Vec<_> = std::fs::read_dir(corpus.join("oracle")).unwrap().collect();
    oracles.sort_by_key(|e| e.as_ref().unwrap().file_name());
    for oracle in oracles {
        let oracle = oracle.unwrap();
        let name = oracle.file_name().into_string().unwrap();
        let Some((set, file)) = name
            .strip_suffix(".pkts.tsv")
            .and_then(|n| n.split_once("__"))
        else {
            continue;
        };
        let Ok(capture) = File::open(corpus.join(set).join(file)) else {
            continue;
        };
        let text = std::fs::read(oracle.path()).unwrap();
        let expected = expected(&String::from_utf8_lossy(&text));
        let mut caveats = Caveats::new(1);
        let mut got: BTreeMap<u64, Five> = BTreeMap::new();
        let mut carried = BTreeSet::new();
        let mut differ = Vec::new();
        match Capture::open(Box::new(capture), file, FileIndex(0), false, &limits) {
            // Not one of our formats (snoop): said, not counted.
            Err(e) => {
                println!("{e}; {} packets not counted", expected.packets.len());
                continue;
            }
            Ok(mut capture) => {
                let mut decoder = Decoder::new(&limits);
                while let Some(item) = capture.next(&mut caveats) {
                    let Item::Frame(frame) = item else { continue };
                    let number = frame.at.number.get();
                    if let Some((time, captured, original)) = expected.frames.get(&number) {
                        frames += 1;
                        let nanos = frame.at.time.nanos();
                        let mine = format!(
                            "{}.{:09}",
                            nanos.div_euclid(1_000_000_000),
                            nanos.rem_euclid(1_000_000_000)
                        );
                        let lens = (
                            frame.bytes.len().to_string(),
                            frame.original_len.to_string(),
                        );
                        if (time.is_empty() || *time == mine)
                            && lens == (captured.clone(), original.clone())
                        {
                            same += 1;
                        } else {
                            differ.push(format!("frame {number}: want {time} {captured} {original}, got {mine} {lens:?}"));
                        }
                    }
                    let packet = decoder.push(&frame, &mut caveats);
                    let kind = match packet.payload {
                        Payload::Tcp(_) => "tcp".to_owned(),
                        // tshark's fields name the UDP header of a tunnel when nothing with ports is inside.
                        Payload::Udp(_) => "udp".to_owned(),
                        _ if packet.ports().is_none() => "udp".to_owned(),
                        _ => packet.protocol().to_string(),
                    };
                    if packet.ports().is_none() && packet.carrier.is_some() {
                        carried.insert(number);
                    }
                    let ends = packet.src.zip(packet.dst);
                    let ports = packet.ports().or(packet.carrier);
                    if let (Some((src, dst)), Some((sport, dport))) = (ends, ports) {
                        let five = (src.to_string(), dst.to_string(), kind, sport, dport);
                        got.insert(number, five);
                    }
                }
            }
        }
        want += expected.packets.len();
        for (number, five) in &expected.packets {
            if got.get(number) == Some(five) {
                hit += 1;
                by_carrier += usize::from(carried.contains(number));
            } else {
                differ.push(format!(
                    "frame {number}: want {five:?}, got {:?}",
                    got.get(number)
                ));
            }
        }
        if !differ.is_empty() {
            println!(
                "{set}/{file}: {} differ, as {}",
                differ.len(),
                differ.first().unwrap()
            );
        }
    }
    println!(
        "packets: {hit} of {want} ({by_carrier} by the ports of a tunnel with nothing of TCP or UDP inside); frames (time and lengths): {same} of {frames}"
    );
    assert!(want > 0 && hit * 100 >= want * 96, "{hit} of {want}");
    assert!(same * 100 >= frames * 98, "{same} of {frames}");
}
