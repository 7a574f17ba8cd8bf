//! `--redact`: the same diagnosis, and nothing of who and where in any output.

use crate::cli::sipdiag;
use crate::oracle::is_installed;
use crate::support::{self, golden, project, samples, scenarios, trace};
use serde_json::Value;
use std::collections::BTreeSet;

/// All outputs that a user can ask for.
const OUTPUTS: [&[&str]; 13] = [
    &[],
    &["--verbose"],
    &["--format", "json"],
    &["--format", "markdown"],
    &["--format", "markdown", "--dialect", "github"],
    &["--format", "html"],
    &["--ladder"],
    &["--ladder", "--format", "markdown"],
    &["--list", "messages"],
    &["--list", "messages", "--format", "json"],
    &["--list", "dialogs", "--format", "json"],
    &["--list", "connections", "--format", "json"],
    &["--list", "packets", "--format", "json"],
];

/// What of a report must stay: verdict, and each finding without names.
fn said(json: &Value) -> Vec<String> {
    let mut all = vec![json["verdict"].to_string()];
    for f in json["findings"].as_array().unwrap() {
        all.push(format!(
            "{} {} {} {} {} {}",
            f["rule"], f["severity"], f["confidence"], f["role"], f["count"], f["first"]["frame"]
        ));
    }
    all.sort();
    all
}

fn json(arguments: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let run = sipdiag(&all);
    serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {run:?}"))
}

/// Words that tell who and where, taken from the wire by other means than redaction uses: the list of messages, and the certificates.
fn originals(options: &[&str], capture: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let list = |what: &str| {
        let mut all = options.to_vec();
        all.extend(["--list", what, "--format", "json", capture]);
        let out = sipdiag(&all).stdout;
        out.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .collect::<Vec<_>>()
    };
    let take = |text: &str, words: &mut BTreeSet<String>| {
        for word in text.split(|c: char| !(c.is_alphanumeric() || ".-_@".contains(c))) {
            let hosts = word.contains('.') && !word.starts_with(|c: char| c.is_ascii_digit());
            if word.contains('@') || hosts {
                words.insert(word.trim_matches('.').to_lowercase());
            }
        }
    };
    for message in list("messages") {
        for field in ["from", "to", "call_id", "start_line"] {
            take(message[field].as_str().unwrap_or(""), &mut words);
        }
        // A whole Call-ID is one.
        let id = message["call_id"].as_str().unwrap_or("");
        if id.len() > 10 {
            words.insert(id.to_lowercase());
        }
    }
    for connection in list("connections") {
        for side in ["client", "server"] {
            for certificate in connection["tls"]["certificates"][side]
                .as_array()
                .into_iter()
                .flatten()
            {
                take(&certificate["dns_names"].to_string(), &mut words);
                take(&certificate["subject"].to_string(), &mut words);
            }
        }
        take(connection["tls"]["sni"].as_str().unwrap_or(""), &mut words);
    }
    words.retain(|word| word.len() > 4);
    // What is never replaced: protocol versions and our own words with a dot.
    words.retain(|word| !["sip.instance", "2.0", "e.g"].contains(&word.as_str()));
    words
}

#[test]
fn nothing_of_who_and_where_is_in_any_output_of_a_sample() {
    let mut problems = Vec::new();
    let mut searched = 0;
    for (name, _) in samples() {
        let options = support::sample_options(&name);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let path = format!("samples/{name}");
        let originals = originals(&options, &path);
        for output in OUTPUTS {
            let mut all = vec!["--redact"];
            all.extend(output);
            all.extend(&options);
            all.push(&path);
            let run = sipdiag(&all);
            assert!(matches!(run.status, 0 | 1), "{all:?}: {run:?}");
            let text = run.stdout.to_lowercase();
            searched += originals.len();
            for word in &originals {
                if text.contains(word) {
                    problems.push(Err(format!("{name} {output:?}: {word}")));
                }
            }
            if text.contains(&name) {
                problems.push(Err(format!("{name} {output:?}: the name of the file")));
            }
        }
    }
    assert!(searched > 1500, "{searched} words were searched for");
    golden::all(problems);
}

#[test]
fn the_diagnosis_of_each_sample_stays() {
    let mut problems = Vec::new();
    for (name, _) in samples() {
        let options = support::sample_options(&name);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let path = format!("samples/{name}");
        let plain: Vec<&str> = options.iter().copied().chain([path.as_str()]).collect();
        let redacted: Vec<&str> = plain.iter().copied().chain(["--redact"]).collect();
        let (plain, redacted) = (json(&plain), json(&redacted));
        assert_eq!(redacted["redacted"], true);
        if said(&plain) != said(&redacted) {
            problems.push(Err(format!(
                "{name}: {:#?} became {:#?}",
                said(&plain),
                said(&redacted)
            )));
        }
    }
    golden::all(problems);
}

#[test]
fn the_diagnosis_of_each_scenario_stays() {
    let mut problems = Vec::new();
    let mut compared = 0;
    for path in scenarios() {
        let scenario = trace::file(&path);
        let plain = support::json(&support::analyze_trace(&scenario, &path));
        let redacted = support::json(&support::analyze_redacted(&scenario, &path));
        compared += 1;
        if said(&plain) != said(&redacted) {
            problems.push(Err(format!(
                "{path}: {:#?} became {:#?}",
                said(&plain),
                said(&redacted)
            )));
        }
    }
    assert!(compared > 300, "{compared}");
    golden::all(problems);
}

#[test]
fn pseudonyms_are_the_same_under_one_key_and_for_one_capture() {
    let temp = tempfile::tempdir().unwrap();
    let (one, other) = (temp.path().join("one.key"), temp.path().join("other.key"));
    std::fs::write(&one, "0123456789abcdef-one").unwrap();
    std::fs::write(&other, "0123456789abcdef-other").unwrap();
    let of = |capture: &str, key: Option<&std::path::Path>| {
        let mut all = vec!["--redact", capture];
        if let Some(key) = key {
            all.extend(["--redact-key", key.to_str().unwrap()]);
        }
        let text = sipdiag(&all).stdout;
        let hosts = text.find("\nHOSTS").unwrap_or_else(|| panic!("{text}"));
        text[hosts..]
            .chars()
            .take_while(|c| *c != ')')
            .collect::<String>()
    };
    let (a, b) = (
        "samples/maddr-not-trusted-504.pcapng",
        "samples/naked-504.pcapng",
    );
    assert_eq!(of(a, None), of(a, None));
    assert_eq!(of(a, Some(&one)), of(b, Some(&one)));
    assert_ne!(of(a, Some(&one)), of(a, Some(&other)));
    assert!(!of(a, None).contains("lync01"));
    std::fs::write(&one, "short").unwrap();
    sipdiag(&["--redact", "--redact-key", one.to_str().unwrap(), a]).refused("at least 16 bytes");
}

#[test]
fn the_map_is_written_only_on_request() {
    let temp = tempfile::tempdir().unwrap();
    let map = temp.path().join("map.csv");
    let capture = project("samples/maddr-not-trusted-504.pcapng");
    let run = sipdiag(&[
        "--redact",
        "--redact-map",
        map.to_str().unwrap(),
        capture.to_str().unwrap(),
    ]);
    assert_eq!(run.status, 1);
    let text = support::read_text(&map);
    assert!(text.starts_with("kind,original,pseudonym"), "{text}");
    assert!(text.contains("cups01"), "{text}");
    let run = sipdiag(&[
        "--redact-map",
        map.to_str().unwrap(),
        "samples/naked-504.pcapng",
    ]);
    assert_eq!(run.status, 2, "{run:?}");
}

/// Samples that are decrypted: without secrets their redacted extract cannot say the same.
const CLOSED: [&str; 5] = [
    "digest-401-tls10-aes.pcapng",
    "healthy-tls10-3des.pcapng",
    "healthy-tls12-ecdhe.pcapng",
    "healthy-tls13-secrets-inside.pcapng",
    "maddr-not-trusted-tls12.pcapng",
];

#[test]
fn a_redacted_extract_says_the_same_and_names_nobody() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("extract.pcapng");
    let path = out.to_str().unwrap();
    let mut problems = Vec::new();
    let mut read = 0;
    let statements = |json: &Value| {
        let mut all = vec![json["verdict"].to_string()];
        for f in json["findings"].as_array().unwrap() {
            all.push(format!(
                "{} {} {} {}",
                f["rule"], f["from"], f["to"], f["fingerprint"]
            ));
        }
        all.sort();
        all
    };
    for (name, _) in samples() {
        let options = support::sample_options(&name);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let capture = format!("samples/{name}");
        let originals = originals(&options, &capture);
        for with_secrets in [false, true] {
            let mut all = options.clone();
            all.extend(["--redact", "--extract", path, &capture]);
            all.extend(with_secrets.then_some("--with-secrets"));
            let whole = json(&all);
            let part = json(&[path]);
            let same = statements(&whole) == statements(&part);
            if same == (!with_secrets && CLOSED.contains(&name.as_str())) {
                problems.push(Err(format!(
                    "{name}: {:#?} became {:#?}",
                    statements(&whole),
                    statements(&part)
                )));
            }
            let bytes = support::read(&out).to_ascii_lowercase();
            let listed = ["--list", "messages", "--format", "json", path];
            let messages = sipdiag(&listed).stdout.to_lowercase();
            read += messages.lines().count();
            for word in &originals {
                let word = word.as_bytes();
                if memchr::memmem::find(&bytes, word)
                    .or_else(|| memchr::memmem::find(messages.as_bytes(), word))
                    .is_some()
                {
                    problems.push(Err(format!("{name}: {}", String::from_utf8_lossy(word))));
                }
            }
        }
    }
    assert!(read > 600, "{read} messages were read in the extracts");
    golden::all(problems);
}

#[test]
fn tshark_has_no_complaint_about_a_redacted_extract() {
    if !is_installed("tshark") {
        support::say!("SKIPPED: tshark is missing");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("extract.pcapng");
    let complaints = |file: &str| {
        let run = std::process::Command::new("tshark")
            .args(["-r", file, "-q", "-z", "expert"])
            .args([
                "-o",
                "tcp.check_checksum:TRUE",
                "-o",
                "ip.check_checksum:TRUE",
            ])
            .args(["-o", "udp.check_checksum:TRUE"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        let lines = text
            .lines()
            .filter(|l| l.contains("hecksum") || l.contains("Malformed"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut problems = Vec::new();
    for (name, _) in samples() {
        let capture = format!("samples/{name}");
        let options = support::sample_options(&name);
        let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
        all.extend(["--redact", "--with-secrets", "--extract"]);
        all.extend([out.to_str().unwrap(), capture.as_str()]);
        let run = sipdiag(&all);
        assert!(matches!(run.status, 0 | 1), "{name}: {run:?}");
        let (before, after) = (complaints(&capture), complaints(out.to_str().unwrap()));
        if after.len() > before.len() {
            problems.push(Err(format!("{name}: {after:?}")));
        }
    }
    golden::all(problems);
}

/// Scenarios whose redacted extract says less: a self-signed certificate whose signature no longer verifies.
const NOT_THE_SAME: [&str; 2] = [
    "tests/rules/cert-self-signed-peer/fires.trace",
    "tests/rules/middlebox-tls-proxy/fires.trace",
];

#[test]
fn the_redacted_extract_of_each_scenario_says_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let (file, out) = (
        temp.path().join("capture.pcap"),
        temp.path().join("extract.pcapng"),
    );
    let mut results = Vec::new();
    for path in scenarios() {
        let scenario = trace::file(&path);
        let is_profile = |line: &String| line.starts_with("lab:");
        if !path.contains("/fires") || scenario.comment.iter().any(is_profile) {
            continue;
        }
        std::fs::write(&file, scenario.pcap()).unwrap();
        let run = sipdiag(&[
            "--redact",
            "--extract",
            out.to_str().unwrap(),
            file.to_str().unwrap(),
        ]);
        let differs = run.stderr.contains("do not give the same");
        let right = differs == NOT_THE_SAME.contains(&path.as_str()) && matches!(run.status, 0 | 1);
        results.push(
            right
                .then_some(())
                .ok_or_else(|| format!("{path}: {}", run.stderr)),
        );
    }
    assert!(results.len() > 90, "{}", results.len());
    golden::all(results);
}

/// The secrets in a redacted extract are made up: those of the session are not in it, and do not open it.
#[test]
fn a_redacted_extract_tells_nothing_of_the_secrets() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("extract.pcapng");
    let path = out.to_str().unwrap();
    let mut searched = 0;
    for name in ["healthy-tls12-ecdhe", "maddr-not-trusted-tls12"] {
        let capture = format!("samples/{name}.pcapng");
        let options = support::sample_options(&format!("{name}.pcapng"));
        let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
        all.extend(["--redact", "--with-secrets", "--extract", path, &capture]);
        sipdiag(&all);
        let bytes = support::read(&out);
        let log = support::read_text(&project(&options[1]));
        for line in log.lines().filter(|line| !line.starts_with('#')) {
            let secret = line.split(' ').next_back().unwrap();
            let raw: Vec<u8> = (0..secret.len())
                .step_by(2)
                .map(|n| u8::from_str_radix(&secret[n..n + 2], 16).unwrap())
                .collect();
            searched += 1;
            assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none());
            assert!(memchr::memmem::find(&bytes, &raw).is_none());
        }
        let json = json(&[path]);
        assert_ne!(json["coverage"]["tls_decrypted"], 0, "{name}");
    }
    assert!(searched > 3, "{searched}");
}
