//! Against tshark, where it is installed, and over the captures of other projects, where they are.

use crate::cli::command;
use crate::support::{files, golden, project, relative, sample_options, samples, scenarios, trace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What tshark is told: SIP by the lab's ports, and segments put in order.
const TSHARK: [&str; 22] = [
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
    "-o",
    "tcp.check_checksum:TRUE",
    "-o",
    "ip.check_checksum:TRUE",
    "-o",
    "udp.check_checksum:TRUE",
];

pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// What tshark says of one frame.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) frame: u64,
    stream: Option<u64>,
    pub(crate) start_lines: BTreeSet<String>,
    pub(crate) call_ids: BTreeSet<String>,
    /// Why the frame is not as a kernel would send it.
    faults: Vec<&'static str>,
}

/// Fields that must be empty, or a status that must not be 0 (bad), in what the compiler of scenarios makes.
const FAULTS: [&str; 6] = [
    "ip.checksum.status",
    "tcp.checksum.status",
    "udp.checksum.status",
    "tcp.analysis.lost_segment",
    "tcp.analysis.ack_lost_segment",
    "_ws.malformed",
];

/// The same secrets, in the words of tshark.
fn tshark_secrets(options: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for pair in options.chunks(2) {
        let file = project(&pair[1]).display().to_string();
        all.push("-o".to_owned());
        all.push(match pair[0].as_str() {
            "--keylog" => format!("tls.keylog_file:{file}"),
            "--rsa-key" => format!("uat:rsa_keys:\"{file}\",\"\""),
            other => panic!("tshark has nothing for {other}"),
        });
    }
    all
}

/// Every frame of a capture, in one run: starting tshark takes longer than reading.
pub(crate) fn tshark(capture: &Path, more: &[&str]) -> Vec<Row> {
    let mut command = Command::new("tshark");
    command
        .arg("-n")
        .arg("-r")
        .arg(capture)
        .args(TSHARK)
        .args(more);
    let fields = [
        "frame.number",
        "tcp.stream",
        "icmp.type",
        "sip.Request-Line",
        "sip.Status-Line",
        "sip.Call-ID",
    ];
    for field in fields.iter().chain(&FAULTS) {
        command.args(["-e", field]);
    }
    let output = command
        .args(["-E", "aggregator=^"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split('\t').collect();
            cells.resize(fields.len() + FAULTS.len(), "");
            let lines = |n: usize| cells[n].split('^').filter(|line| !line.is_empty());
            let quoted = !cells[2].is_empty();
            Row {
                frame: cells[0].parse().unwrap(),
                stream: cells[1].parse().ok().filter(|_| !quoted),
                start_lines: lines(3).chain(lines(4)).map(str::to_owned).collect(),
                call_ids: lines(5).map(str::to_owned).collect(),
                faults: FAULTS
                    .iter()
                    .zip(&cells[fields.len()..])
                    .filter(|(name, value)| match name.ends_with("status") {
                        true => value.split('^').next() == Some("0"),
                        false => !value.is_empty() && !quoted,
                    })
                    .map(|(name, _)| *name)
                    .collect(),
            }
        })
        .collect()
}

pub(crate) fn list(what: &str, capture: &Path, options: &[String]) -> Vec<Value> {
    let output = command(&["--net", "any", "--list", what, "--format", "json"])
        .args(options)
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

/// Connection, start lines and Call-IDs of the messages that ended in each frame.
type Messages = BTreeMap<u64, (Option<u64>, BTreeSet<String>, BTreeSet<String>)>;

fn ours(capture: &Path, options: &[String]) -> Messages {
    let mut all = Messages::new();
    for row in list("messages", capture, options) {
        let entry = all.entry(row["frame"].as_u64().unwrap()).or_default();
        entry.0 = row["tcp_stream"].as_u64();
        entry
            .1
            .insert(row["start_line"].as_str().unwrap().to_owned());
        entry.2.extend(row["call_id"].as_str().map(str::to_owned));
    }
    all
}

/// Compares one capture; everything that differs.
fn compare(name: &str, path: &Path) -> Vec<Result<(), String>> {
    // SIP in clear on a port of TLS has to be announced to tshark, and TLS on 5060.
    let (more, all_read): (&[&str], bool) = match name {
        n if n.contains("sip-plaintext-on-tls-port") || n.contains("plain-sip-to-tls-port") => {
            (&["-d", "tcp.port==5061,sip"], false)
        }
        n if n.contains("tls-on-plaintext-port/quiet") => (
            &["-d", "tcp.port==5060,tls", "-d", "tls.port==5060,sip"],
            true,
        ),
        _ => (&[], true),
    };
    // Scenarios need no secrets; only samples have options.
    let options = match name.ends_with(".trace") {
        true => Vec::new(),
        false => sample_options(name),
    };
    let secrets = tshark_secrets(&options);
    let more: Vec<&str> = more
        .iter()
        .copied()
        .chain(secrets.iter().map(String::as_str))
        .collect();
    let rows = tshark(path, &more);
    let mut results = Vec::new();
    let mut ours = ours(path, &options);
    let mut streams: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for row in &rows {
        if let Some(stream) = row.stream {
            streams.entry(stream).or_insert((row.frame, row.frame)).1 = row.frame;
        }
        // Where a message ends in the wrong place on purpose, its body is malformed.
        let on_purpose = name.contains("/sip-stream-framing-error/fires");
        if name.ends_with(".trace") && !on_purpose && !row.faults.is_empty() {
            let faults = row.faults.join(", ");
            results.push(Err(format!("{name}: frame {}: {faults}", row.frame)));
        }
        if row.start_lines.is_empty() {
            continue;
        }
        match ours.remove(&row.frame) {
            Some((stream, lines, ids))
                if stream == row.stream && lines == row.start_lines && ids == row.call_ids => {}
            other => results.push(Err(format!("{name}: {row:?}, sipdiag {other:?}"))),
        }
    }
    if all_read && !ours.is_empty() {
        results.push(Err(format!("{name}: only sipdiag has {ours:?}")));
    }
    let connections: BTreeMap<u64, (u64, u64)> = list("connections", path, &options)
        .iter()
        .map(|c| {
            let number = |field: &str| c[field].as_u64().unwrap();
            let span = (number("first_frame"), number("last_frame"));
            (number("tcp_stream"), span)
        })
        .collect();
    if connections != streams {
        results.push(Err(format!(
            "{name}: connections: tshark {streams:?}, sipdiag {connections:?}"
        )));
    }
    if rows.is_empty() {
        results.push(Err(format!("{name}: tshark reads no frame")));
    }
    results
}

/// The same messages (start line and Call-ID) in the same frames and streams, the same numbers of connections, and scenarios with the checksums and sequence
/// numbers of a real stack.
#[test]
fn tshark_reads_the_same() {
    if !is_installed("tshark") {
        crate::support::say!("SKIPPED the comparison with tshark: tshark is not installed");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let captures = captures(temp.path());
    let workers = 2;
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let mine = captures.iter().skip(worker).step_by(workers);
                scope.spawn(move || {
                    mine.flat_map(|(name, path)| compare(name, path))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
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
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
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
fn the_captures_of_other_projects_can_be_listed() {
    let corpus = project(CORPUS);
    let mut all = Vec::new();
    captures_below(&corpus, &mut all);
    if all.is_empty() {
        crate::support::say!("SKIPPED the captures of other projects: {CORPUS} does not exist");
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
    crate::support::say!("{} files of {CORPUS}", all.len());
    golden::all(results);
}
