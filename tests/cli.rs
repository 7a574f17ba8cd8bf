//! The program as scripts and people use it: exit statuses, streams, options.

use crate::support::{golden, pcap, project, read, trace};
use serde_json::Value;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A finished run of the program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// What a run with a report said; anything else is an error.
    pub(crate) fn report(&self, what: &str) -> Result<&str, String> {
        if matches!(self.status, 0 | 1) && self.stderr.is_empty() {
            Ok(&self.stdout)
        } else {
            Err(format!(
                "{what}: exit status {}: {}",
                self.status, self.stderr
            ))
        }
    }

    /// One clear line on standard error, nothing on standard output, status 2.
    pub(crate) fn refused(&self, because: &str) {
        assert_eq!(self.status, 2, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.contains(because), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.starts_with("sipdiag: "), "{self:?}");
    }
}

/// The program, started in the project's root, in an environment without surprises.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sipdiag"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        // No sipdiag.toml is looked for above the project.
        .env("HOME", env!("CARGO_MANIFEST_DIR"))
        .env("USERPROFILE", env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    for variable in ["CONFIG", "KEYLOG", "LAB", "TIME", "COLOR"] {
        command.env_remove(format!("SIPDIAG_{variable}"));
    }
    command
}

/// Runs the program.
pub(crate) fn sipdiag(arguments: &[&str]) -> Run {
    finish(command(arguments).output().unwrap())
}

pub(crate) fn finish(output: std::process::Output) -> Run {
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts a program that reads what the test writes.
pub(crate) fn piped(command: &mut Command) -> (Child, ChildStdin) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

pub(crate) fn with_stdin(arguments: &[&str], input: &[u8]) -> Run {
    let (child, mut stdin) = piped(&mut command(arguments));
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may stop reading early.
        let _ = stdin.write_all(&input);
    });
    let run = finish(child.wait_with_output().unwrap());
    writer.join().unwrap();
    run
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

const HEALTHY: &str = "samples/healthy-mutual-tls-null.pcapng";
const FAILING: &str = "samples/digest-401-unanswered.pcapng";
const FAILING_RULE: &str = "auth-digest-challenge-unanswered";
const CLEAR: &str = "samples/healthy-presence-im-tcp.pcapng";

#[test]
fn the_exit_status_tells_healthy_failing_and_unreadable_apart() {
    assert_eq!(sipdiag(&[HEALTHY]).status, 0);
    assert_eq!(sipdiag(&[FAILING]).status, 1);
    assert_eq!(sipdiag(&["--fail-on", "never", FAILING]).status, 0);
    assert_eq!(sipdiag(&["--fail-on", "note", FAILING]).status, 1);
    assert_eq!(sipdiag(&["--fail-on", "note", HEALTHY]).status, 0);
    let both = sipdiag(&[HEALTHY, FAILING]);
    assert_eq!(both.status, 1, "{both:?}");
    assert_eq!(sipdiag(&["--list", "messages", FAILING]).status, 0);
}

#[test]
fn what_cannot_be_read_is_refused_in_one_line() {
    let temp = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let file = temp.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let empty = file("empty.pcap", b"");
    let text = file(
        "text.pcap",
        b"This is no capture, whatever its name says.\n",
    );
    let zip = file(
        "broken.pcap.gz",
        &[0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8],
    );
    for capture in [
        path(&empty),
        path(&text),
        path(&zip),
        "tests",
        "no/such/file.pcap",
    ] {
        let run = sipdiag(&[capture]);
        run.refused(capture);
        // An unreadable file beside a good one is refused as well.
        sipdiag(&[HEALTHY, capture]).refused(capture);
        sipdiag(&["--list", "messages", capture]).refused(capture);
    }
    for arguments in [
        &["--no-such-option", HEALTHY][..],
        &[],
        &["--format", "xml", HEALTHY],
        &["--list", "calls", HEALTHY],
        &["--jobs", "0", HEALTHY],
    ] {
        let run = sipdiag(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("error"), "{run:?}");
    }
    for (arguments, because) in [
        (&["--net", "10.1.1.0/40", HEALTHY][..], "--net"),
        (
            &["--select", "no-such-rule", HEALTHY],
            "there is no rule `no-such-rule`",
        ),
        (&["--keylog", "no/such/keys", HEALTHY], "no/such/keys"),
        (&["--lab", "no/such/lab.toml", HEALTHY], "no/such/lab.toml"),
        (&["-", "-"], "only once"),
        (&["--explain", "no-such-rule"], "no page for `no-such-rule`"),
    ] {
        sipdiag(arguments).refused(because);
    }
}

#[test]
fn file_names_cannot_reach_the_terminal_raw() {
    let run = sipdiag(&["no\u{1b}[31msuch\nfile\u{202e}"]);
    run.refused("such");
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{run:?}");
}

#[test]
fn a_mistyped_rule_gets_a_suggestion() {
    let mistyped = "auth-digest-chalenge-unanswered";
    let hint = format!("did you mean `{FAILING_RULE}`?");
    sipdiag(&["--explain", mistyped]).refused(&hint);
    sipdiag(&["--ignore", mistyped, HEALTHY]).refused(&hint);
}

#[test]
fn standard_input_is_a_capture() {
    let from_file = sipdiag(&["--format", "json", FAILING]).stdout;
    let run = with_stdin(&["--format", "json", "-"], &read(&project(FAILING)));
    assert_eq!(run.status, 1, "{run:?}");
    assert_eq!(
        run.stdout,
        from_file.replace(FAILING, "-").as_str(),
        "but for the name"
    );
    with_stdin(&["-"], b"not a capture at all, really not").refused("-");
}

#[test]
fn compression_is_found_by_content() {
    let temp = tempfile::tempdir().unwrap();
    let renamed = temp.path().join("busy.pcap");
    std::fs::copy(project("samples/busy-mixed.pcapng.gz"), &renamed).unwrap();
    let run = sipdiag(&["--format", "json", path(&renamed)]);
    assert_eq!(run.status, 0, "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let sample: Value = serde_json::from_str(
        &sipdiag(&["--format", "json", "samples/busy-mixed.pcapng.gz"]).stdout,
    )
    .unwrap();
    assert_eq!(report["coverage"], sample["coverage"]);
    assert_eq!(
        report["captures"][0]["sha256"],
        sample["captures"][0]["sha256"]
    );
}

#[test]
fn several_captures_are_one_analysis_in_time_order() {
    // One scenario in two files, the later half named first.
    let trace = trace::file("tests/rules/pres-subscribe-no-notify/quiet.trace");
    let temp = tempfile::tempdir().unwrap();
    let half = trace.frames.len() / 2;
    let (early, late) = (
        temp.path().join("early.pcap"),
        temp.path().join("late.pcap"),
    );
    std::fs::write(&early, pcap::classic(&trace.frames[..half], pcap::USUAL)).unwrap();
    std::fs::write(&late, pcap::classic(&trace.frames[half..], pcap::USUAL)).unwrap();
    let whole = temp.path().join("whole.pcap");
    std::fs::write(&whole, trace.pcap()).unwrap();
    let report = |paths: &[&Path]| -> Value {
        let mut arguments = vec!["--format", "json"];
        arguments.extend(paths.iter().map(|p| path(p)));
        serde_json::from_str(&sipdiag(&arguments).stdout).unwrap()
    };
    let (one, two) = (report(&[&whole]), report(&[&late, &early]));
    assert_eq!(two["captures"].as_array().unwrap().len(), 2);
    assert_eq!(one["coverage"], two["coverage"]);
    assert_eq!(one["verdict"], two["verdict"]);
    let alone = report(&[&late]);
    assert_ne!(one["coverage"], alone["coverage"]);
}

#[test]
fn a_closed_pipe_is_success() {
    for arguments in [
        &["--list", "packets", "samples/busy-mixed.pcapng.gz"][..],
        &["--rules"],
        &["--help"],
        &[FAILING],
    ] {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        // Nothing to write means that the closed pipe is not noticed; then the findings decide.
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{arguments:?}: {stderr}"
        );
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    sipdiag(&["-o", "no/such/folder/report.txt", HEALTHY]).refused("no/such/folder");
    sipdiag(&["-o", "tests", HEALTHY]).refused("tests");
    if Path::new("/dev/full").exists() {
        let results = [
            &["--format", "html", FAILING][..],
            &["--list", "messages", FAILING],
            &["--rules"],
        ];
        for arguments in results {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
            let output = command(arguments).stdout(full.unwrap()).output();
            finish(output.unwrap()).refused("standard output: cannot be written: ");
        }
    } else {
        crate::support::say!("SKIPPED writing to a full disk: there is no /dev/full");
    }
}

#[test]
fn an_output_file_is_written_whole_and_never_over_a_capture() {
    let temp = tempfile::tempdir().unwrap();
    let capture = temp.path().join("a.pcapng");
    std::fs::copy(project(FAILING), &capture).unwrap();
    let before = read(&capture);
    for target in [capture.clone(), temp.path().join(".").join("a.pcapng")] {
        sipdiag(&["-o", path(&target), path(&capture)]).refused("is read as input");
        assert_eq!(read(&capture), before);
    }
    let report = temp.path().join("report.txt");
    std::fs::write(&report, "old").unwrap();
    let run = sipdiag(&["-o", path(&report), FAILING]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run:?}");
    assert_eq!(
        String::from_utf8(read(&report)).unwrap(),
        sipdiag(&[FAILING]).stdout
    );
    let left: Vec<_> = crate::support::files(temp.path());
    assert_eq!(left.len(), 2, "no other file is left behind: {left:?}");
}

#[test]
fn networks_limit_what_is_looked_at() {
    let coverage = |net: &str| -> Value {
        let run = sipdiag(&["--format", "json", "--net", net, CLEAR]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        report["coverage"].clone()
    };
    let (all, none) = (coverage("any"), coverage("192.0.2.0/24"));
    assert_eq!(all["networks"][0], "any");
    assert_eq!(all["packets_out_of_scope"], 0);
    assert_eq!(none["packets_in_scope"], 0);
    assert_eq!(none["sip_messages"], 0);
    assert_eq!(coverage("10.1.1.0/24")["sip_messages"], all["sip_messages"]);
    assert_eq!(none["networks"][0], "192.0.2.0/24");
}

#[test]
fn rules_are_selected_and_ignored_and_what_is_hidden_is_counted() {
    let report = |arguments: &[&str]| -> (i32, Value) {
        let mut all = vec!["--format", "json", FAILING];
        all.extend(arguments);
        let run = sipdiag(&all);
        (run.status, serde_json::from_str(&run.stdout).unwrap())
    };
    let rules = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|f| f["rule"].as_str().unwrap().to_owned())
            .collect()
    };
    let (status, all) = report(&[]);
    assert_eq!(status, 1);
    assert!(rules(&all).iter().any(|r| r == FAILING_RULE));
    let (status, without) = report(&["--ignore", FAILING_RULE]);
    assert_eq!(status, 0, "nothing shown is bad: {without}");
    assert!(!rules(&without).iter().any(|r| r == FAILING_RULE));
    assert!(without["suppressed"].as_u64().unwrap() >= 1);
    assert_eq!(
        without["verdict"], "failing",
        "hiding a fault heals nothing"
    );
    let (_, only) = report(&["--select", "trust-403-forbidden"]);
    assert!(rules(&only).is_empty());
    let (_, selected) = report(&["--select", &format!("trust-403-forbidden,{FAILING_RULE}")]);
    assert_eq!(rules(&selected), [FAILING_RULE]);
    let (status, severe) = report(&["--min-severity", "error"]);
    assert_eq!(status, 1);
    let bad = severe["findings"].as_array().unwrap();
    assert!(bad.iter().all(|f| f["severity"] == "error"));
}

#[test]
fn the_catalogue_is_shown_to_people_and_programs() {
    let text = sipdiag(&["--rules"]);
    assert_eq!(text.status, 0);
    let json = sipdiag(&["--rules", "--format", "json"]);
    let rules: Value = serde_json::from_str(&json.stdout).unwrap();
    let rules = rules.as_array().unwrap();
    assert_eq!(rules.len(), sipdiag::rules::ALL.len());
    for (known, shown) in sipdiag::rules::ALL.iter().zip(rules) {
        assert_eq!(shown["rule"], known.name);
        for field in ["class", "severity", "summary", "since"] {
            assert!(shown[field].is_string(), "{field} of {shown}");
        }
        assert!(
            text.stdout.contains(known.name),
            "{} in --rules",
            known.name
        );
        let page = sipdiag(&["--explain", known.name]);
        assert_eq!(page.status, 0);
        assert_eq!(page.stdout, sipdiag::render::explain::page(known));
    }
}

/// The fields of interface.md §3, and a value that must be there in the sample.
fn listed(what: &str, capture: &str, fields: &[&str]) -> Vec<Value> {
    let run = sipdiag(&["--list", what, "--format", "json", capture]);
    assert_eq!(run.status, 0, "{run:?}");
    let rows: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!rows.is_empty(), "{what}");
    for row in &rows {
        for field in fields {
            assert!(
                row.get(field).is_some(),
                "--list {what}: `{field}` is missing in {row}"
            );
        }
    }
    let table = sipdiag(&["--list", what, capture]);
    assert_eq!(table.status, 0, "{table:?}");
    assert_eq!(
        table.stdout.lines().count(),
        rows.len() + 1,
        "--list {what}: a heading and a line for each row"
    );
    rows
}

#[test]
fn lists_have_the_fields_of_the_contract() {
    let messages = listed(
        "messages",
        CLEAR,
        &[
            "file",
            "frame",
            "frames",
            "time",
            "transport",
            "src",
            "dst",
            "tcp_stream",
            "start_line",
            "method",
            "status",
            "call_id",
            "cseq",
            "from",
            "to",
            "content_length",
            "length",
            "defects",
        ],
    );
    assert!(
        messages
            .iter()
            .all(|m| m["transport"] == "tcp" && m["tcp_stream"].is_u64())
    );
    assert!(
        messages
            .iter()
            .any(|m| m["method"] == "SUBSCRIBE" && m["status"].is_null())
    );
    assert!(
        messages
            .iter()
            .any(|m| m["status"] == 200 && m["method"].is_null())
    );
    let frames: Vec<u64> = messages
        .iter()
        .map(|m| m["frame"].as_u64().unwrap())
        .collect();
    assert!(frames.is_sorted(), "in frame order");
    let udp = listed("messages", "samples/udp-fragments.pcap", &["transport"]);
    assert!(
        udp.iter()
            .all(|m| m["transport"] == "udp" && m["tcp_stream"].is_null())
    );
    let connections = listed(
        "connections",
        HEALTHY,
        &[
            "file",
            "tcp_stream",
            "client",
            "server",
            "first_frame",
            "last_frame",
            "state",
            "client_bytes",
            "server_bytes",
            "client_sha256",
            "server_sha256",
            "tls",
        ],
    );
    let tls = &connections[0]["tls"];
    for field in [
        "version",
        "cipher_suite",
        "cipher_suite_id",
        "sni",
        "resumed",
        "client_auth_requested",
        "alerts",
        "decrypted",
        "reason",
        "client_plaintext_bytes",
        "server_plaintext_bytes",
        "client_plaintext_sha256",
        "server_plaintext_sha256",
        "certificates",
    ] {
        assert!(tls.get(field).is_some(), "tls.{field} is missing");
    }
    assert_eq!(tls["decrypted"], true);
    assert_eq!(tls["cipher_suite_id"], "0x0002");
    assert_eq!(connections[0]["client_sha256"].as_str().unwrap().len(), 64);
    assert!(
        tls["certificates"]["client"]
            .as_array()
            .is_some_and(|c| !c.is_empty())
    );

    let packets = listed(
        "packets",
        CLEAR,
        &[
            "file",
            "frame",
            "time",
            "link",
            "layers",
            "src",
            "dst",
            "protocol",
            "sport",
            "dport",
            "payload_length",
        ],
    );
    assert!(packets.is_sorted_by_key(|p| p["frame"].as_u64()));
    listed(
        "dialogs",
        CLEAR,
        &[
            "call_id",
            "from_tag",
            "to_tag",
            "kind",
            "first_frame",
            "last_frame",
            "connections",
            "messages",
            "outcome",
        ],
    );
}

#[test]
fn colours_only_where_wanted() {
    let colourful = |arguments: &[&str], no_color: Option<&str>| {
        let mut command = command(arguments);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        finish(command.output().unwrap()).stdout.contains('\u{1b}')
    };
    assert!(!colourful(&[FAILING], None), "not into a pipe");
    assert!(colourful(&["--color", "always", FAILING], None));
    assert!(
        colourful(&["--color", "always", FAILING], Some("1")),
        "an option is stronger than the environment"
    );
    assert!(!colourful(&["--color", "never", FAILING], None));
    assert!(!colourful(
        &["--color", "always", "--format", "json", FAILING],
        None
    ));
}

#[test]
fn a_cut_capture_gives_its_report_with_a_caveat() {
    let temp = tempfile::tempdir().unwrap();
    for sample in [CLEAR, "samples/cert-expired.pcap"] {
        let bytes = read(&project(sample));
        let cut = temp.path().join("cut.pcap");
        std::fs::write(&cut, &bytes[..bytes.len() - 7]).unwrap();
        let run = sipdiag(&["--format", "json", path(&cut)]);
        assert!(matches!(run.status, 0 | 1), "{run:?}");
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["captures"][0]["complete"], false, "{sample}");
        let caveats = report["caveats"].as_array().unwrap();
        assert!(
            caveats.iter().any(|c| c["kind"] == "file-truncated"),
            "{sample}: {caveats:?}"
        );
        assert_ne!(report["verdict"], "healthy", "{sample}");
    }
}

#[test]
fn help_and_version() {
    let help = sipdiag(&["--help"]);
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    let version = sipdiag(&["--version"]);
    assert_eq!(
        version.stdout,
        format!("sipdiag {}\n", env!("CARGO_PKG_VERSION"))
    );
    let short = sipdiag(&["-h"]);
    assert_eq!((short.status, short.stderr.as_str()), (0, ""));
    golden::all([
        golden::check(&project("tests/cli/help.txt"), &help.stdout),
        golden::check(&project("tests/cli/help-short.txt"), &short.stdout),
    ]);
    for columns in ["80", "100", "200"] {
        let short = finish(command(&["-h"]).env("COLUMNS", columns).output().unwrap());
        let lines = short.stdout.lines().count();
        assert!(lines < 40, "-h has {lines} lines at {columns} columns");
    }
}

#[test]
fn a_fragmented_message_names_all_its_frames() {
    let messages = listed("messages", "samples/udp-fragments.pcap", &["frames"]);
    let first = messages.iter().find(|m| m["frame"] == 7).unwrap();
    assert_eq!(first["frames"], serde_json::json!([5, 6, 7]), "{first}");
}

/// Reading stops at once when the reader of the report is gone; a long list must not be made to the end first.
#[test]
fn the_first_lines_can_be_read_alone() {
    let mut child = command(&["--list", "packets", "samples/busy-mixed.pcapng.gz"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

/// The report with white space folded, so that wrapping does not matter.
fn words(arguments: &[&str]) -> String {
    let all: Vec<&str> = arguments.iter().copied().chain(["--verbose"]).collect();
    let run = sipdiag(&all);
    let text = run.report("with a profile").unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const MADDR: &str = "samples/maddr-not-trusted-504.pcapng";

#[test]
fn a_trusted_pool_is_set_against_the_wire() {
    let text = words(&["--trust", "cups01.tomt.local", MADDR]);
    assert!(
        text.contains(
            "Configured as trusted: cups01.tomt.local; the wire shows cup-pub.tomt.local."
        ),
        "{text}"
    );
    let trusted = words(&["--trust", "cup-pub.tomt.local", MADDR]);
    assert!(!trusted.contains("Configured as trusted"), "{trusted}");
}

#[test]
fn a_lab_profile_makes_roles_certain_and_is_read_strictly() {
    let temp = tempfile::tempdir().unwrap();
    let lab = temp.path().join("lab.toml");
    std::fs::write(
        &lab,
        "[cisco]\nhosts = [\"10.1.1.20\"]\nfederation_routing_fqdn = \"cups01.tomt.local\"\n\
         incoming_acl = [\"10.1.1.11\"]\n[lync]\nhosts = [\"10.1.1.10\"]\n",
    )
    .unwrap();
    let maddr = words(&["--lab", path(&lab), MADDR]);
    assert!(
        maddr.contains("Configured Federation Routing FQDN: cups01.tomt.local"),
        "{maddr}"
    );
    let digest = words(&["--lab", path(&lab), "samples/digest-401-unanswered.pcapng"]);
    assert!(digest.contains("The lab profile agrees"), "{digest}");
    assert!(digest.contains("the lab profile says so"), "{digest}");
    std::fs::write(&lab, "[cisco]\nhost = [\"10.1.1.20\"]\n").unwrap();
    sipdiag(&["--lab", path(&lab), MADDR]).refused("line 2");
    sipdiag(&["--lab", path(&lab), MADDR]).refused("host");
}

/// A profile beside copies of certificates, with these as its `ca`.
fn with_authorities(folder: &Path, names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("\"{n}.pem\"")).collect();
    for name in names {
        let from = ["samples/pki", "tests/support/pki"]
            .iter()
            .map(|f| project(f).join(format!("{name}.crt.pem")))
            .find(|p| p.exists())
            .unwrap();
        std::fs::copy(from, folder.join(format!("{name}.pem"))).unwrap();
    }
    let lab = folder.join("lab.toml");
    std::fs::write(&lab, format!("ca = [{}]\n", quoted.join(", "))).unwrap();
    path(&lab).to_owned()
}

/// A scenario of a rule as a capture.
fn scenario_of(folder: &Path, name: &str) -> String {
    let file = folder.join(name.replace('/', "-")).with_extension("pcap");
    let scenario = trace::file(&format!("tests/rules/{name}"));
    std::fs::write(&file, scenario.pcap()).unwrap();
    path(&file).to_owned()
}

#[test]
fn each_expired_certificate_of_a_chain_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let text = words(&[&scenario_of(
        temp.path(),
        "cert-expired/fires-authority.trace",
    )]);
    for part in [
        "\"cups01.tomt.local\" was valid until 2014-03-01",
        "The same goes for \"tomt lab old department CA (throw-away)\", valid until 2014-03-01",
        "the certificates to renew, the authority's first: \"tomt lab old department CA (throw-away)\", \"cups01",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn with_authorities_in_the_profile_rejected_chains_are_judged() {
    let temp = tempfile::tempdir().unwrap();
    let judged = |names: &[&str], capture: &str| {
        words(&["--lab", &with_authorities(temp.path(), names), capture])
    };
    const UNKNOWN: &str = "samples/alert-unknown-ca.pcap";
    let without = words(&[UNKNOWN]);
    assert!(!without.contains("With the CAs"), "{without}");
    let own = judged(&["ca"], UNKNOWN);
    assert!(
        own.contains("this chain does not verify: unknown issuer \"CN=other lab CA (throw-away)"),
        "{own}"
    );
    let both = judged(&["ca", "other-ca"], UNKNOWN);
    assert!(
        both.contains("this chain verifies up to \"CN=other lab CA (throw-away)")
            && both.contains("does not have this root"),
        "{both}"
    );

    // Alert 42 says of a good chain only that something else is wrong, or that the root is missing.
    let bad = scenario_of(temp.path(), "tls-alert-bad-certificate/fires.trace");
    let other = judged(&["ca"], &bad);
    assert!(
        other.contains("this chain verifies up to \"CN=tomt lab CA (throw-away)")
            && other.contains("or it has another reason")
            && !other.contains("was not restarted since"),
        "{other}"
    );

    // A self-signed certificate is trusted where the profile has it itself.
    let own_root = scenario_of(temp.path(), "cert-self-signed-peer/fires.trace");
    let foreign = judged(&["ca"], &own_root);
    assert!(
        foreign.contains("the certificate is self-signed and not among them"),
        "{foreign}"
    );
    let known = judged(&["cups01-self-signed"], &own_root);
    assert!(known.contains("does not have this root"), "{known}");

    // A leaf alone: whether its issuer is a root only the profile says.
    let alone = temp.path().join("alone.pcap");
    let text = "start 2024-03-03T18:56:14Z\nflow a tcp 10.1.1.20:49301 > 10.1.1.10:5061\n@2 a open\n\
                @2.01 a > tls client-hello version=1.0 suites=002f sni=lync01.tomt.it\n\
                @2.02 a < tls server-hello version=1.0 suite=002f + certificate lync01-department + server-hello-done\n\
                @2.03 a > tls alert 2 48\n@2.04 a close >\n@16 end\n";
    std::fs::write(&alone, trace::compile(text, "alone").unwrap().pcap()).unwrap();
    let alone = path(&alone);
    assert!(!words(&[alone]).contains("cert-chain-incomplete"));
    assert!(!judged(&["ca"], alone).contains("cert-chain-incomplete"));
    let incomplete = judged(&["ca", "department-ca"], alone);
    assert!(
        incomplete.contains("CAUSE cert-chain-incomplete")
            && incomplete.contains("it lacks \"CN=tomt lab department CA (throw-away)"),
        "{incomplete}"
    );
    // The profile takes the department's authority for a root: the verifier lacks it, nothing is missing in between.
    let root = judged(&["department-ca"], alone);
    assert!(
        !root.contains("cert-chain-incomplete") && root.contains("this chain verifies up to"),
        "{root}"
    );
}

#[test]
fn authorities_that_cannot_be_read_are_refused_in_one_line() {
    let temp = tempfile::tempdir().unwrap();
    let lab = temp.path().join("lab.toml");
    let refused = |name: &str, because: &str| {
        std::fs::write(&lab, format!("ca = [\"{name}\"]\n")).unwrap();
        let run = sipdiag(&["--lab", path(&lab), HEALTHY]);
        run.refused(because);
        run.refused("lab.toml: ca: ");
        run.refused(name);
    };
    refused("missing.pem", "cannot be read");
    refused(".", "cannot be read");
    std::fs::write(temp.path().join("text.pem"), "no certificate\n").unwrap();
    refused("text.pem", "BEGIN CERTIFICATE");
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(temp.path().join("damaged.pem"), damaged).unwrap();
    refused("damaged.pem", "certificate 1");
    std::fs::write(temp.path().join("big.pem"), vec![b'\n'; (1 << 20) + 1]).unwrap();
    refused("big.pem", "1 MiB");
    // The report never goes over one of them.
    let lab = with_authorities(temp.path(), &["ca"]);
    let pem = temp.path().join("ca.pem");
    sipdiag(&["--lab", &lab, "-o", path(&pem), HEALTHY]).refused("ca.pem");
}

/// The profile that is written for a capture is one that can be read, and the capture agrees with it.
#[test]
fn a_lab_template_is_a_profile_that_its_capture_agrees_with() {
    let folder = tempfile::tempdir().unwrap();
    let mut filled = 0;
    for (name, _) in crate::support::samples() {
        let capture = format!("samples/{name}");
        let run = sipdiag(&["--lab-template", &capture]);
        assert_eq!(run.status, 0, "{run:?}");
        let profile = sipdiag::lab::Profile::parse(&run.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", run.stdout));
        filled += usize::from(!profile.lync.hosts.is_empty() && !profile.cisco.hosts.is_empty());
        let file = folder.path().join("lab.toml");
        std::fs::write(&file, &run.stdout).unwrap();
        let run = sipdiag(&[
            "--lab",
            file.to_str().unwrap(),
            "--format",
            "json",
            &capture,
        ]);
        let report: Value = serde_json::from_str(run.report(&name).unwrap()).unwrap();
        for finding in report["findings"].as_array().unwrap() {
            assert_ne!(finding["rule"], "lab-profile-differs", "{name}: {finding}");
        }
    }
    assert!(filled >= 15, "only {filled} profiles name both sides");
}
