//! `--extract`: a smaller capture that says the same, to sipdiag and to tshark.

use crate::cli::sipdiag;
use crate::oracle::is_installed;
use crate::support::{self, golden, pcap, samples, scenarios, trace, wire};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What of a report must not change.
fn said(json: &Value) -> Vec<String> {
    let mut all = vec![json["verdict"].to_string()];
    for f in json["findings"].as_array().unwrap() {
        all.push(format!(
            "{} {} {} {} {}",
            f["rule"], f["from"], f["to"], f["role"], f["fingerprint"]
        ));
    }
    all
}

fn report(arguments: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let run = sipdiag(&all);
    serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {run:?}"))
}

/// The extract of a capture says the same as the capture; frames of both.
fn extracted(options: &[&str], capture: &str, out: &Path) -> Result<(u64, u64), String> {
    let out = out.to_str().unwrap();
    let with: Vec<&str> = options
        .iter()
        .copied()
        .chain(["--extract", out, capture])
        .collect();
    let whole = report(&with);
    let reading = options.iter().copied().filter(|o| *o != "--with-secrets");
    let again: Vec<&str> = reading.chain([out]).collect();
    let part = report(&again);
    let packets = |json: &Value| json["captures"][0]["packets"].as_u64().unwrap();
    if said(&whole) == said(&part) {
        Ok((packets(&whole), packets(&part)))
    } else {
        Err(format!(
            "{capture}: {:#?} became {:#?}",
            said(&whole),
            said(&part)
        ))
    }
}

#[test]
fn the_extract_of_each_sample_says_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    let (mut all, mut kept) = (0, 0);
    for (name, _) in samples() {
        let options = support::sample_options(&name);
        let mut options: Vec<&str> = options.iter().map(String::as_str).collect();
        // Its secrets would be left out.
        if name.contains("secrets-inside") {
            options.push("--with-secrets");
        }
        let out = temp.path().join("extract.pcapng");
        let path = format!("samples/{name}");
        results.push(extracted(&options, &path, &out).map(|(whole, part)| {
            all += whole;
            kept += part;
        }));
    }
    golden::all(results);
    assert!(kept < all, "nothing is ever left out: {kept} of {all}");
}

#[test]
fn the_extract_of_each_scenario_says_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for path in scenarios() {
        if !path.contains("/fires") {
            continue;
        }
        let scenario = trace::file(&path);
        if scenario.comment.iter().any(|line| line.starts_with("lab:")) {
            continue;
        }
        let file = temp.path().join("capture.pcap");
        std::fs::write(&file, scenario.pcap()).unwrap();
        let out = temp.path().join("extract.pcapng");
        results.push(
            extracted(&[], file.to_str().unwrap(), &out)
                .map(|_| ())
                .map_err(|e| format!("{path}: {e}")),
        );
    }
    assert!(results.len() > 90, "{}", results.len());
    golden::all(results);
}

/// A long connection of which one request fails: the extract has its handshake and that request, not the rest.
#[test]
fn of_a_long_capture_little_is_left() {
    let temp = tempfile::tempdir().unwrap();
    let mut text = String::from("flow c tcp 10.1.1.20:40112 > 10.1.1.10:5060\n@0 c open\n");
    for n in 0..1500 {
        let status = if n == 1499 { "403 Forbidden" } else { "200 OK" };
        let at = 1.0 + f64::from(n) * 0.5;
        let head = |start: &str| {
            format!(
                "{start}\nVia: SIP/2.0/TCP 10.1.1.20:5080;branch=z9hG4bK{n}\nMax-Forwards: 70\n\
                 From: <sip:anna@tomt.local>;tag=1\nTo: <sip:tom@tomt.it>;tag=2\nCall-ID: c{n}@10.1.1.20\n\
                 CSeq: 1 MESSAGE\nServer: RTC/5.0\nContent-Length: auto\n"
            )
        };
        text.push_str(&format!(
            "@{at} c >\n{}@{} c <\n{}",
            head("MESSAGE sip:tom@tomt.it SIP/2.0"),
            at + 0.1,
            head(&format!("SIP/2.0 {status}"))
        ));
    }
    text.push_str("@900 end\n");
    let file = temp.path().join("long.pcap");
    std::fs::write(&file, trace::compile(&text, "long").unwrap().pcap()).unwrap();
    let out = temp.path().join("extract.pcapng");
    let (whole, part) = extracted(&[], file.to_str().unwrap(), &out).unwrap();
    assert!(whole > 4000 && part < whole / 10, "{part} of {whole}");
}

#[test]
fn cited_packets_are_commented_and_tshark_reads_all() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("extract.pcapng");
    let capture = "samples/maddr-not-trusted-504.pcapng";
    let (_, part) = extracted(&[], capture, &out).unwrap();
    if !is_installed("tshark") {
        support::say!("SKIPPED: tshark is missing");
        return;
    }
    let tshark = |arguments: &[&str]| {
        let run = Command::new("tshark")
            .arg("-r")
            .arg(&out)
            .args(arguments)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{errors}");
        assert!(
            !errors.contains("cut short") && !errors.contains("corrupt"),
            "{errors}"
        );
        String::from_utf8_lossy(&run.stdout).into_owned()
    };
    let frames = tshark(&["-T", "fields", "-e", "frame.number", "-e", "frame.comment"]);
    assert_eq!(frames.lines().count() as u64, part);
    assert!(
        frames.contains("route-maddr-not-trusted: 504 Server time-out")
            && frames.contains("frame 63 of samples/maddr-not-trusted-504.pcapng"),
        "{frames}"
    );
    // Times are those of the capture.
    let times = |file: &str| {
        let run = Command::new("tshark")
            .args([
                "-r",
                file,
                "-T",
                "fields",
                "-e",
                "frame.time_epoch",
                "-Y",
                "sip",
            ])
            .output()
            .unwrap();
        String::from_utf8_lossy(&run.stdout).into_owned()
    };
    assert_eq!(times(capture), times(out.to_str().unwrap()));
}

#[test]
fn secrets_go_in_only_when_asked_for() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("extract.pcapng");
    let path = out.to_str().unwrap();
    for (capture, options) in [
        (
            "samples/maddr-not-trusted-tls12.pcapng",
            &["--keylog", "samples/maddr-not-trusted-tls12.keys"][..],
        ),
        ("samples/healthy-tls13-secrets-inside.pcapng", &[]),
        ("samples/healthy-tls10-3des.pcapng", &rsa_options()),
    ] {
        let make = |more: &[&str]| {
            let all: Vec<&str> = options
                .iter()
                .copied()
                .chain(more.iter().copied())
                .chain(["--extract", path, capture])
                .collect();
            let whole = report(&all);
            (whole, report(&[path]))
        };
        let (_, closed) = make(&[]);
        assert_eq!(closed["coverage"]["tls_decrypted"], 0, "{capture}");
        let bytes = support::read(&out);
        let has = |word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(!has("CLIENT_RANDOM") && !has("TRAFFIC_SECRET"), "{capture}");
        let (whole, open) = make(&["--with-secrets"]);
        assert_eq!(said(&whole), said(&open), "{capture}");
        assert_eq!(
            whole["coverage"]["sip_messages"], open["coverage"]["sip_messages"],
            "{capture}"
        );
    }
}

/// The options of the sample that is opened by a private key.
fn rsa_options() -> Vec<&'static str> {
    let options = support::sample_options("healthy-tls10-3des.pcapng");
    options
        .into_iter()
        .map(|o| -> &'static str { Box::leak(o.into_boxed_str()) })
        .collect()
}

#[test]
fn an_extract_goes_never_over_an_input_and_needs_files() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("a.pcapng");
    std::fs::copy(support::project("samples/naked-504.pcapng"), &file).unwrap();
    let path = file.to_str().unwrap();
    sipdiag(&["--extract", path, path]).refused("is read as input");
    let out = temp.path().join("b.pcapng");
    sipdiag(&["--extract", out.to_str().unwrap(), "-"]).refused("");
    assert!(!out.exists());
}

/// A call with more packets than go into a redacted extract: what is there may say the same, and that there is more is told all the same.
#[test]
fn an_extract_that_ends_early_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let ends = [[10, 1, 1, 20], [10, 1, 1, 10]].map(|a| std::net::SocketAddr::from((a, 5060)));
    let frames: Vec<pcap::Frame> = (0..900_i64)
        .map(|n| {
            let (call, answer) = (n / 2, n % 2 == 1);
            let start = match answer {
                true => "SIP/2.0 403 Forbidden",
                false => "MESSAGE sip:tom@tomt.it SIP/2.0",
            };
            let tag = if answer { ";tag=2" } else { "" };
            let body = "x".repeat(if answer { 0 } else { 60_000 });
            let text = format!(
                "{start}\r\nVia: SIP/2.0/UDP 10.1.1.20;branch=z9hG4bK{call}\r\nFrom: <sip:anna@tomt.local>;tag=1\r\n\
                 To: <sip:tom@tomt.it>{tag}\r\nCall-ID: c\r\nCSeq: {} MESSAGE\r\nContent-Length: {}\r\n\r\n{body}",
                call + 1,
                body.len(),
            );
            let [from, to] = if answer { [ends[1], ends[0]] } else { ends };
            let bytes = wire::udp(from, to, text.as_bytes(), 0);
            pcap::Frame {
                time: 1_393_872_974_000_000_000 + n * 5_000_000,
                original_len: bytes.len(),
                bytes,
            }
        })
        .collect();
    let file = temp.path().join("long.pcap");
    std::fs::write(&file, pcap::classic(&frames, pcap::USUAL)).unwrap();
    let (file, out) = (file.to_str().unwrap(), temp.path().join("extract.pcapng"));
    let out = out.to_str().unwrap();
    let told = "it ends behind 24 MiB of packets; there are more";
    let run = sipdiag(&["--redact", "--extract", out, file]);
    assert!(matches!(run.status, 0 | 1), "{run:?}");
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let bundle = temp.path().join("all.zip");
    let run = sipdiag(&["--redact", "--bundle", bundle.to_str().unwrap(), file]);
    assert!(run.stderr.contains(told), "{}", run.stderr);
    // As they are there is room for all of them.
    let run = sipdiag(&["--extract", out, file]);
    assert_eq!(run.stderr, "");
}
