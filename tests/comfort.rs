//! What makes the program pleasant: hints for mistakes, a bar for long work, a quick start.

use crate::cli::{command, finish, path, sipdiag};
use crate::support::{self, pcap, project, read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CAPTURE: &str = "samples/healthy-presence-im-tcp.pcapng";

#[test]
fn the_habit_of_sub_commands_is_answered_with_the_option() {
    for (arguments, hint) in [
        (&["explain", "504"][..], "`sipdiag --explain TOPIC`"),
        (&["list", "messages", CAPTURE], "`sipdiag --list WHAT`"),
        (&["rules"], "`sipdiag --rules`"),
        (&["help"], "`sipdiag --help`"),
        (&["version"], "`sipdiag --version`"),
        (&["completions", "bash"], "`sipdiag --completions SHELL`"),
        (&["diagnose", CAPTURE], "`sipdiag CAPTURE`"),
    ] {
        let run = sipdiag(arguments);
        run.refused(hint);
        run.refused("there are no sub-commands");
    }
    // A file of that name is a capture.
    let temp = tempfile::tempdir().unwrap();
    std::fs::copy(project(CAPTURE), temp.path().join("list")).unwrap();
    let run = finish(
        command(&["list"])
            .current_dir(temp.path())
            .output()
            .unwrap(),
    );
    assert_eq!(run.status, 0, "{run:?}");
}

#[test]
fn a_mistyped_file_gets_the_one_beside_it() {
    for (wrong, right) in [
        (
            "samples/forbiden-403.pcapng",
            "`samples/forbidden-403.pcapng`",
        ),
        (
            "samples/Forbidden-403.PCAPNG",
            "`samples/forbidden-403.pcapng`",
        ),
        (
            "samples/cert-expired.pcapng.gz",
            "`samples/cert-expired.pcap`",
        ),
    ] {
        let run = sipdiag(&[wrong]);
        run.refused(wrong);
        run.refused(&format!("did you mean {right}?"));
    }
    sipdiag(&["-k", "samples/healthy-tls12-ecdhe.key", CAPTURE]).refused("ecdhe.keys`?");
    for strange in ["samples/nothing-like-it.pcap", "no/such/folder/a.pcap"] {
        let run = sipdiag(&[strange]);
        run.refused(strange);
        assert!(!run.stderr.contains("did you mean"), "{run:?}");
    }
    // The name of a file is not a way to the terminal.
    let temp = tempfile::tempdir().unwrap();
    if std::fs::write(temp.path().join("tr\u{1b}[31mace.pcap"), "").is_ok() {
        let run = sipdiag(&[path(&temp.path().join("tr\u{1b}[31mac.pcap"))]);
        run.refused("did you mean");
        assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
    }
}

#[test]
fn mistyped_options_and_values_get_a_suggestion() {
    for (arguments, near) in [
        (&["--formt", "json", CAPTURE][..], "'--format'"),
        (&["--format", "jsn", CAPTURE], "'json'"),
        (&["--fail-on", "warnings", CAPTURE], "'warning'"),
        (&["--list", "message", CAPTURE], "'messages'"),
    ] {
        let run = sipdiag(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains("similar"), "{run:?}");
        assert!(run.stderr.contains(near), "{run:?}");
    }
}

#[test]
fn a_file_of_another_option_is_recognised() {
    let temp = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let file = temp.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let lab = sipdiag(&["--lab-template", CAPTURE]).stdout;
    let report = sipdiag(&["--format", "json", CAPTURE]).stdout;
    for (given, option) in [
        (
            project("samples/healthy-tls12-ecdhe.keys"),
            "this is a TLS key log: give it with --keylog",
        ),
        (project("samples/pki/ca.crt.pem"), "lab profile (--lab)"),
        (
            file("key.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"),
            "--rsa-key",
        ),
        (file("key.pfx", &[0x30, 0x82, 9, 9, 2, 1, 3]), "--rsa-key"),
        (
            file("lab.toml", lab.as_bytes()),
            "this is a lab profile: give it with --lab",
        ),
        (
            file(
                "sipdiag.toml",
                b"[[ignore]]\nrule = \"cert-expired\"\nreason = \"x\"\n",
            ),
            "--config",
        ),
        (
            file("report.json", report.as_bytes()),
            "a report of sipdiag",
        ),
    ] {
        let run = sipdiag(&[path(&given)]);
        run.refused(path(&given));
        run.refused("not a packet capture");
        run.refused(option);
    }
}

/// The least of several runs, without the noise of the machine.
fn quickest(arguments: &[&str]) -> Duration {
    let runs = (0..7).map(|_| {
        #[expect(clippy::disallowed_methods, reason = "a stop-watch")]
        let start = Instant::now();
        let run = sipdiag(arguments);
        let took = start.elapsed();
        assert_eq!(run.status, 0, "{run:?}");
        took
    });
    runs.min().unwrap()
}

/// 20 ms in a release build (measured: docs/install.md); debug builds and busy machines get room.
#[test]
fn it_starts_at_once() {
    let most = Duration::from_millis(if cfg!(debug_assertions) { 150 } else { 20 });
    let temp = tempfile::tempdir().unwrap();
    let tiny = temp.path().join("tiny.pcap");
    std::fs::write(&tiny, pcap::classic(&[], pcap::USUAL)).unwrap();
    for arguments in [&["--version"][..], &[path(&tiny)]] {
        let took = quickest(arguments);
        assert!(took <= most, "{arguments:?} took {took:?}");
    }
}

/// Runs a line of shell with standard error on a terminal, which `script` makes; gives what was seen there, and standard output.
#[cfg(unix)]
fn on_a_terminal(line: &str, folder: &Path) -> Option<(String, String)> {
    let there = Command::new("script").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        support::say!(
            "SKIPPED the progress bar on a real terminal: there is no `script` of util-linux"
        );
        return None;
    }
    let sipdiag = command(&[]);
    let program = sipdiag.get_program().to_str().unwrap();
    let line = line.replace("sipdiag", &format!("'{program}'"));
    let output = Command::new("script")
        .args([
            "-q",
            "-e",
            "-c",
            &format!("{{ {line}; }} > stdout"),
            "typescript",
        ])
        .current_dir(folder)
        .env("HOME", folder)
        .env("TERM", "xterm")
        .env_remove("SIPDIAG_CONFIG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stdout = String::from_utf8(read(&folder.join("stdout"))).unwrap();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), stdout))
}

#[test]
#[cfg(unix)]
fn a_bar_is_shown_on_a_terminal_only_when_work_is_long_and_is_gone_before_the_report() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::copy(project(CAPTURE), temp.path().join("a.pcapng")).unwrap();
    let report = finish(
        command(&["-"])
            .stdin(open(&project(CAPTURE)))
            .output()
            .unwrap(),
    );
    let slow = "( head -c 2000 a.pcapng; sleep 1.3; tail -c +2001 a.pcapng; sleep 0.2 )";
    let Some((seen, stdout)) = on_a_terminal(&format!("{slow} | sipdiag -"), temp.path()) else {
        return;
    };
    assert!(seen.contains("sipdiag: reading, "), "{seen:?}");
    assert!(
        !seen.contains('%'),
        "nobody knows how much will come: {seen:?}"
    );
    // Carriage return and "erase the line" are the last that the terminal gets.
    assert!(
        seen.trim_end().ends_with("\u{1b}[2K"),
        "the bar is taken away: {seen:?}"
    );
    assert_eq!(stdout, report.stdout);
    let (seen, stdout) =
        on_a_terminal(&format!("{slow} | sipdiag --quiet -"), temp.path()).unwrap();
    assert_eq!((seen.as_str(), stdout), ("", report.stdout.clone()));
    let (seen, _) = on_a_terminal("sipdiag a.pcapng", temp.path()).unwrap();
    assert_eq!(seen, "", "quick work shows nothing");
    // No terminal: nothing, however long it takes.
    let program = command(&[]);
    let program = program.get_program().to_str().unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("{slow} | '{program}' -")])
        .current_dir(temp.path())
        .env("HOME", temp.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
fn open(path: &Path) -> std::fs::File {
    std::fs::File::open(path).unwrap()
}
