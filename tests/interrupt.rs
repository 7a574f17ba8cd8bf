//! Ctrl-C: a report of what was read so far, and a way out.

use crate::cli::{Run, command, finish, piped};
use crate::support::{project, read};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Child, ChildStdin, Command};
use std::thread::sleep;
use std::time::Duration;

/// Long enough for the program to have read what was written.
const MEANWHILE: Duration = Duration::from_millis(400);

/// The program, waiting for the second half of a capture on standard input that never comes.
fn waiting(arguments: &[&str]) -> (Child, ChildStdin) {
    let capture = read(&project("samples/healthy-presence-im-tcp.pcapng"));
    let (child, mut stdin) = piped(command(arguments).arg("-"));
    let half = capture.get(..capture.len() / 2).unwrap();
    stdin.write_all(half).unwrap();
    stdin.flush().unwrap();
    sleep(MEANWHILE);
    (child, stdin)
}

fn signal(child: &Child, name: &str) {
    let command = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(status.success(), "{command}");
}

fn end(child: Child) -> Run {
    finish(child.wait_with_output().unwrap())
}

#[test]
fn an_interrupted_reading_is_reported_and_never_healthy() {
    for name in ["INT", "TERM"] {
        let (child, stdin) = waiting(&["--format", "json"]);
        signal(&child, name);
        let run = end(child);
        drop(stdin);
        assert!(matches!(run.status, 0 | 1), "{run:?}");
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_ne!(report["verdict"], "healthy");
        let told = report["caveats"].to_string();
        assert!(told.contains("it was interrupted when"), "{told}");
        assert!(
            report["coverage"]["sip_messages"].as_u64() > Some(0),
            "{run:?}"
        );
    }
}

#[test]
fn what_ends_by_itself_after_the_interruption_was_read_in_full() {
    let capture = read(&project("samples/healthy-presence-im-tcp.pcapng"));
    let (child, mut stdin) = waiting(&["--format", "json"]);
    signal(&child, "INT");
    // As tcpdump does, which was interrupted too.
    stdin
        .write_all(capture.get(capture.len() / 2..).unwrap())
        .unwrap();
    drop(stdin);
    let run = end(child);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["verdict"], "healthy", "{run:?}");
}

/// As `timeout` does, which tells the program and its group.
#[test]
fn signals_that_come_together_are_one() {
    let (child, stdin) = waiting(&["--format", "json"]);
    // Two that are not the same, which the system does not make one.
    let command = format!("kill -INT {0}; kill -TERM {0}", child.id());
    let status = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(status.success(), "{command}");
    let run = end(child);
    drop(stdin);
    assert!(matches!(run.status, 0 | 1), "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let told = report["caveats"].to_string();
    assert!(told.contains("it was interrupted when"), "{told}");
}

#[test]
fn the_second_interruption_ends_the_program() {
    let (child, stdin) = waiting(&[]);
    signal(&child, "INT");
    sleep(Duration::from_millis(200));
    signal(&child, "INT");
    let run = end(child);
    drop(stdin);
    assert_eq!((run.status, run.stdout.as_str()), (130, ""), "{run:?}");
}

#[test]
fn nothing_is_written_to_a_file_by_an_interrupted_program_but_the_whole_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.txt");
    let (child, stdin) = waiting(&["--output", file.to_str().unwrap()]);
    signal(&child, "INT");
    sleep(Duration::from_millis(200));
    signal(&child, "INT");
    let run = end(child);
    drop(stdin);
    assert_eq!(run.status, 130, "{run:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
