//! The same SIP message in every encapsulation: found with the innermost addresses, and with the path it came by.
//!
//! `SIPDIAG_WRITE_ENCAPSULATIONS=DIR cargo test --test main write_encapsulations -- --ignored` writes each as a capture of its own, for
//! other programs.

use crate::cli::command;
use crate::support::encapsulation::{Wrapped, all, capture, pcap};
use crate::support::{Random, analyze, json, say, text};
use serde_json::Value;
use sipdiag::base::CaveatKind;
use sipdiag::diagnosis::Verdict;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

fn in_one_file(wrapped: &[Wrapped]) -> tempfile::NamedTempFile {
    let frames: Vec<_> = wrapped.iter().map(|w| (w.link, w.frame.clone())).collect();
    let file = tempfile::Builder::new()
        .suffix(".pcapng")
        .tempfile()
        .unwrap();
    write(file.path(), &capture(&frames));
    file
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

/// The rows of a list of this capture.
fn list(what: &str, file: &Path) -> Vec<Value> {
    let file = file.to_str().unwrap();
    let output = command(&["--list", what, "--format", "json", "--net", "any", file])
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

/// The path of a packet as a person would write it.
fn path(row: &Value) -> String {
    let steps = row["path"].as_array().unwrap().iter().map(|step| {
        let name = step["name"].as_str().unwrap();
        match (step["id"].as_u64(), step["src"].as_str()) {
            (Some(id), _) => format!("{name} {id}"),
            (None, Some(src)) => format!("{name} {src} > {}", step["dst"].as_str().unwrap()),
            (None, None) => name.to_owned(),
        }
    });
    steps.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_message_is_found_in_every_encapsulation() {
    let wrapped = all();
    let file = in_one_file(&wrapped);
    let packets = list("packets", file.path());
    let messages = list("messages", file.path());
    assert_eq!(packets.len(), wrapped.len());
    let found: BTreeMap<u64, &Value> = messages
        .iter()
        .map(|m| (m["frame"].as_u64().unwrap(), m))
        .collect();
    let mut wrong = Vec::new();
    for (number, (wrapped, packet)) in (1..).zip(wrapped.iter().zip(&packets)) {
        let layers: Vec<_> = packet["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l.as_str().unwrap())
            .collect();
        let got = (
            layers.join(":"),
            path(packet),
            packet["protocol"].as_str().unwrap(),
        );
        let want = (
            wrapped.layers.to_owned(),
            wrapped.path.to_owned(),
            wrapped.transport,
        );
        if got != want {
            wrong.push(format!("{}: want {want:?}, got {got:?}", wrapped.name));
        }
        let said = |m: &Value| {
            let [src, dst] = ["src", "dst"].map(|k| m[k].as_str().unwrap().to_owned());
            let (call, on) = (
                m["call_id"].as_str().unwrap(),
                m["transport"].as_str().unwrap(),
            );
            format!("{call} {src} > {dst} {on} {}", m["defects"])
        };
        let [src, dst] = wrapped.ends;
        let want = format!("{} {src} > {dst} {} []", wrapped.name, wrapped.transport);
        let got = found.get(&number).map(|m| said(m));
        if got.as_ref() != Some(&want) {
            wrong.push(format!("{}: want {want}, got {got:?}", wrapped.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(messages.len(), wrapped.len());
}

#[test]
fn tshark_finds_the_same_message() {
    let wrapped = all();
    let file = in_one_file(&wrapped);
    let output = Command::new("tshark")
        .args(["-n", "-T", "fields", "-E", "occurrence=l"])
        .args([
            "-e",
            "frame.number",
            "-e",
            "sip.Call-ID",
            "-e",
            "ip.src",
            "-e",
            "ip.dst",
            "-e",
            "ipv6.src",
        ])
        .arg("-r")
        .arg(file.path())
        .output();
    let Ok(output) = output else {
        say!("SKIPPED the encapsulations with tshark: tshark is not installed");
        return;
    };
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.lines().count(), wrapped.len(), "{out}");
    let mut wrong = Vec::new();
    let mut both = 0;
    for (line, wrapped) in out.lines().zip(&wrapped) {
        let cells: Vec<_> = line.split('\t').collect();
        let found = cells[1] == wrapped.name;
        let src = wrapped.ends[0].ip().to_string();
        let inner = cells[2] == src || cells[4] == src || wrapped.name == "exported-pdu";
        match (found && inner, wrapped.tshark) {
            (true, true) => both += 1,
            // A newer tshark may know more.
            (_, false) => {}
            (false, true) => wrong.push(format!("{}: {line}", wrapped.name)),
        }
    }
    assert!(
        wrong.is_empty(),
        "tshark does not read: {}",
        wrong.join("\n")
    );
    assert!(both > 60, "{both}");
}

#[test]
fn no_beginning_and_no_damage_of_a_frame_panics() {
    let mut random = Random(4);
    for wrapped in all() {
        let mut frames: Vec<_> = (0..wrapped.frame.len())
            .map(|len| (wrapped.link, wrapped.frame[..len].to_vec()))
            .collect();
        for _ in 0..200 {
            let mut frame = wrapped.frame.clone();
            // The headers are what is taken apart; the message is damaged elsewhere.
            let headers = frame.len().min(140);
            for _ in 0..=random.below(4) {
                let at = random.below(headers);
                frame[at] = [0, 1, 0x45, 0x60, 0xff, random.byte()][random.below(6)];
            }
            frames.push((wrapped.link, frame));
        }
        let (count, bytes) = (frames.len(), capture(&frames));
        let report = catch_unwind(AssertUnwindSafe(|| analyze(bytes, wrapped.name)));
        let report = report.unwrap_or_else(|_| panic!("{} panics", wrapped.name));
        assert_eq!(report.captures[0].packets, u64::try_from(count).unwrap());
        let caveats: u64 = report.caveats.iter().map(|c| c.count).sum();
        assert!(caveats > 0, "{}", wrapped.name);
    }
}

#[test]
fn what_is_not_read_is_named_and_counted_and_never_healthy() {
    let eth = |kind: [u8; 2], rest: &[u8]| [&[2; 12][..], &kind, rest].concat();
    let ip = |protocol: u8| {
        let head = [
            0x45, 0, 0, 40, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
        ];
        eth([8, 0], &[&head[..], &[1; 20]].concat())
    };
    let macsec = eth(
        [0x88, 0xe5],
        &[&[0x2c, 0, 0, 0, 0, 1][..], &[1; 60]].concat(),
    );
    let wifi = [&[0x08, 0x41][..], &[0; 60]].concat();
    let hidden = CaveatKind::EncapsulationNotRead;
    let unknown = CaveatKind::ProtocolNotDecoded;
    let link = CaveatKind::LinkTypeUnsupported;
    for (number, frame, kind, name) in [
        (
            189,
            vec![0; 60],
            link,
            "link type 189 (USB of Linux) is not read",
        ),
        (
            187,
            vec![0; 60],
            link,
            "link type 187 (Bluetooth HCI) is not read",
        ),
        (
            195,
            vec![0; 60],
            link,
            "link type 195 (IEEE 802.15.4) is not read",
        ),
        (
            253,
            vec![0; 60],
            link,
            "link type 253 (netlink) is not read",
        ),
        (231, vec![0; 60], link, "link type 231 (D-Bus) is not read"),
        (60_000, vec![0; 60], link, "link type 60000 is not read"),
        (1, macsec, hidden, "encrypted MACsec is not read"),
        (105, wifi, hidden, "encrypted 802.11 is not read"),
        (1, ip(50), hidden, "IPsec ESP is not read"),
        (1, ip(46), unknown, "ip protocol 46 (RSVP) is not read"),
        (
            1,
            eth([0x88, 0xa2], &[0; 50]),
            unknown,
            "ethertype 0x88a2 (ATA over Ethernet) is not read",
        ),
    ] {
        let report = analyze(capture(&[(number, frame.clone()), (number, frame)]), name);
        let caveat = report.caveats.iter().find(|c| c.kind == kind);
        let caveat = caveat.unwrap_or_else(|| panic!("{name}: no caveat"));
        assert!(caveat.text.starts_with(name), "{name}: {}", caveat.text);
        assert_eq!(caveat.count, 2, "{name}");
        assert_eq!(report.verdict, Verdict::Inconclusive, "{name}");
        assert!(
            text(&report).contains(name.split(" is").next().unwrap()),
            "{}",
            text(&report)
        );
        assert!(json(&report).to_string().contains(name), "{name}");
    }
}

#[test]
fn hep_over_tcp_is_told() {
    let [src, dst] = ["192.0.2.1:40000", "192.0.2.2:9060"].map(|a| a.parse().unwrap());
    let segment = crate::support::wire::Segment {
        src,
        dst,
        flags: crate::support::wire::ACK,
        seq: 1,
        ack: 1,
        payload: b"HEP3\0\x10\0\0\0\x0f\0\x0aOPTI",
    };
    let frame = crate::support::wire::tcp(&segment, 7);
    let report = analyze(capture(&[(1, frame)]), "hep");
    let told = report
        .caveats
        .iter()
        .find(|c| c.kind == CaveatKind::EncapsulationNotRead);
    assert!(told.unwrap().text.contains("HEP over TCP"));
}

#[test]
#[ignore = "writes files for other programs"]
fn write_encapsulations() {
    let folder = std::env::var_os("SIPDIAG_WRITE_ENCAPSULATIONS")
        .expect("SIPDIAG_WRITE_ENCAPSULATIONS names the folder to write to");
    let folder = Path::new(&folder);
    let mut index = String::from("name\tlink\tfile\tsrc\tdst\ttransport\tlayers\n");
    for w in all() {
        let file = format!("{}.pcap", w.name);
        write(&folder.join(&file), &pcap(w.link, &w.frame));
        let [src, dst] = w.ends;
        let row = format!(
            "{}\t{}\t{file}\t{src}\t{dst}\t{}\t{}\n",
            w.name, w.link, w.transport, w.layers
        );
        index.push_str(&row);
    }
    write(&folder.join("INDEX.tsv"), index.as_bytes());
}
