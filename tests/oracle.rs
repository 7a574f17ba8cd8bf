//! Against tshark, where it is installed, and over the captures of other projects, where they are.

use crate::cli::command;
use crate::support::{files, golden, project, relative, samples, scenarios, trace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What tshark is told: SIP by the lab's ports, and segments put in order.
const TSHARK: [&str; 16] = [
    "-o",
    "tcp.reassemble_out_of_order:TRUE",
    "-o",
    "tcp.desegment_tcp_streams:TRUE",
    "-d",
    "tcp.port==5060,sip",
    "-d",
    "tcp.port==5062,tls",
    "-d",
    "tcp.port==5061,tls",
    "-d",
    "tls.port==5061,sip",
    "-d",
    "tls.port==5062,sip",
    "-T",
    "fields",
];

fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// Rows of tab-separated fields, several values of a field separated by `~`.
fn tshark(capture: &Path, filter: &str, fields: &[&str], more: &[&str]) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command
        .arg("-n")
        .arg("-r")
        .arg(capture)
        .args(TSHARK)
        .args(more);
    command.args(["-Y", filter, "-E", "aggregator=~"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.stderr(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

fn list(what: &str, capture: &Path) -> Vec<Value> {
    let output = command(&["--net", "any", "--list", what, "--format", "json"])
        .arg(capture)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", capture.display());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Captures to compare: the samples, and the scenarios written to files.
fn captures(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut all: Vec<(String, PathBuf)> = samples()
        .into_iter()
        .map(|(name, _)| (name.clone(), project("samples").join(name)))
        .collect();
    for scenario in scenarios() {
        let path = folder
            .join(scenario.replace('/', "_"))
            .with_extension("pcap");
        std::fs::write(&path, trace::file(&scenario).pcap()).unwrap();
        all.push((scenario, path));
    }
    all
}

/// Frame, connection and start lines of the messages that ended in each frame.
type Messages = BTreeMap<u64, (Option<u64>, BTreeSet<String>)>;

fn ours(capture: &Path) -> Messages {
    let mut all = Messages::new();
    for row in list("messages", capture) {
        let entry = all.entry(row["frame"].as_u64().unwrap()).or_default();
        entry.0 = row["tcp_stream"].as_u64();
        entry
            .1
            .insert(row["start_line"].as_str().unwrap().to_owned());
    }
    all
}

fn theirs(capture: &Path, more: &[&str]) -> Messages {
    let fields = [
        "frame.number",
        "tcp.stream",
        "sip.Request-Line",
        "sip.Status-Line",
    ];
    let mut all = Messages::new();
    for row in tshark(
        capture,
        "sip.Request-Line || sip.Status-Line",
        &fields,
        more,
    ) {
        let lines = row[2]
            .split('~')
            .chain(row[3].split('~'))
            .filter(|line| !line.is_empty());
        let entry = (
            row[1].split('~').next().unwrap().parse().ok(),
            lines.map(str::to_owned).collect(),
        );
        all.insert(row[0].parse().unwrap(), entry);
    }
    all
}

#[test]
fn tshark_reads_the_same_messages_in_the_same_frames_and_streams() {
    if !is_installed("tshark") {
        eprintln!("SKIPPED the comparison with tshark: tshark is not installed");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    let mut compared = 0;
    for (name, path) in captures(temp.path()) {
        // Plain SIP on a port of TLS has to be announced to tshark.
        let plain: &[&str] = match name.as_str() {
            n if n.contains("sip-plaintext-on-tls-port") || n.contains("plain-sip-to-tls-port") => {
                &["-d", "tcp.port==5061,sip"]
            }
            n if n.contains("tls-on-plaintext-port/quiet") => {
                &["-d", "tcp.port==5060,tls", "-d", "tls.port==5060,sip"]
            }
            _ => &[],
        };
        let ours = ours(&path);
        let theirs = theirs(&path, plain);
        let told_to_read_clear = name.contains("plain") && plain.len() == 2;
        for (frame, (stream, lines)) in &theirs {
            match ours.get(frame) {
                Some((our_stream, our_lines)) if our_stream == stream && our_lines == lines => {}
                other => results.push(Err(format!(
                    "{name}: frame {frame}: tshark {stream:?} {lines:?}, sipdiag {other:?}"
                ))),
            }
        }
        for (frame, ours) in &ours {
            // With 5061 declared as plain SIP, tshark does not read the TLS connections there.
            if !theirs.contains_key(frame) && !told_to_read_clear {
                results.push(Err(format!(
                    "{name}: frame {frame}: only sipdiag has {ours:?}"
                )));
            }
        }
        compared += theirs.len();
    }
    assert!(compared > 300, "tshark found no SIP: {compared} frames");
    golden::all(results);
}

#[test]
fn tshark_numbers_the_same_connections() {
    if !is_installed("tshark") {
        eprintln!("SKIPPED the comparison of connections with tshark: tshark is not installed");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for (name, path) in captures(temp.path()) {
        let mut streams: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for row in tshark(&path, "tcp && !icmp", &["tcp.stream", "frame.number"], &[]) {
            let (stream, frame) = (row[0].parse().unwrap(), row[1].parse().unwrap());
            let span = streams.entry(stream).or_insert((frame, frame));
            span.1 = frame;
        }
        let ours: BTreeMap<u64, (u64, u64)> = list("connections", &path)
            .iter()
            .map(|c| {
                let number = |field: &str| c[field].as_u64().unwrap();
                (
                    number("tcp_stream"),
                    (number("first_frame"), number("last_frame")),
                )
            })
            .collect();
        if ours != streams {
            results.push(Err(format!("{name}: tshark {streams:?}, sipdiag {ours:?}")));
        }
    }
    golden::all(results);
}

/// tshark checks the checksums and sequence numbers of the scenarios: they are as a kernel makes them.
#[test]
fn tshark_finds_nothing_wrong_with_the_scenarios() {
    if !is_installed("tshark") {
        eprintln!("SKIPPED the check of the scenarios with tshark: tshark is not installed");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for (name, path) in captures(temp.path()) {
        if !name.ends_with(".trace") {
            continue;
        }
        let checks = [
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
        ];
        let bad = "tcp.checksum.status==0 || ip.checksum.status==0 || udp.checksum.status==0 || tcp.analysis.ack_lost_segment || \
                   tcp.analysis.lost_segment || (_ws.malformed && !icmp)";
        for row in tshark(&path, bad, &["frame.number", "_ws.col.Info"], &checks) {
            results.push(Err(format!("{name}: frame {}", row.join(": "))));
        }
    }
    golden::all(results);
}

/// Where other projects' captures are: beside the project, never in it.
const CORPUS: &str = "../shared/corpus";
/// Longer than any of them needs, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn captures_below(folder: &Path, out: &mut Vec<PathBuf>) {
    for path in files(folder) {
        if path.is_dir() {
            captures_below(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// Runs one list; an error says what was wrong.
fn try_list(what: &str, capture: &Path) -> Result<(), String> {
    let stdout = tempfile::tempfile().unwrap();
    let began = Instant::now();
    let mut child = command(&["--net", "any", "--list", what, "--format", "json"])
        .arg(capture)
        .stdout(stdout.try_clone().unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let name = relative(capture);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err(format!(
                "{name}: --list {what} takes longer than {PATIENCE:?}"
            ));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    if !matches!(status.code(), Some(0..=2)) {
        return Err(format!("{name}: --list {what}: {status}"));
    }
    let mut text = Vec::new();
    let mut stdout = stdout;
    std::io::Seek::rewind(&mut stdout).unwrap();
    std::io::Read::read_to_end(&mut stdout, &mut text).unwrap();
    if status.code() == Some(2) && !text.is_empty() {
        return Err(format!(
            "{name}: --list {what} fails and writes all the same"
        ));
    }
    for line in text.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        if let Err(error) = serde_json::from_slice::<Value>(line) {
            return Err(format!("{name}: --list {what}: {error}"));
        }
    }
    Ok(())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
fn the_captures_of_other_projects_can_be_listed() {
    let corpus = project(CORPUS);
    let mut all = Vec::new();
    captures_below(&corpus, &mut all);
    if all.is_empty() {
        eprintln!("SKIPPED the captures of other projects: {CORPUS} does not exist");
        return;
    }
    let workers = 2;
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let all = &all;
                scope.spawn(move || {
                    let mine = all.iter().skip(worker).step_by(workers);
                    mine.flat_map(|path| {
                        ["messages", "packets", "connections"].map(|what| try_list(what, path))
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    eprintln!("{} files of {CORPUS}", all.len());
    golden::all(results);
}
