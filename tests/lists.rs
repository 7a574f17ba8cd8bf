//! `--list` of more rows than the memory is to hold.

use crate::cli::{command, finish, path, piped};
use crate::support::pcap::{self, Frame};
use crate::support::wire;
use std::io::Write as _;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

/// Frames that make a list of more than twice the 6 MiB that are kept in memory, as JSON and as a table.
const FRAMES: usize = 120_000;

/// SIP over UDP: a request, its answer, the next request.
fn capture() -> Vec<u8> {
    let client = SocketAddr::from(([10, 1, 1, 20], 5060));
    let server = SocketAddr::from(([10, 1, 1, 10], 5060));
    let frames: Vec<Frame> = (0..FRAMES)
        .map(|n| {
            let call = n / 2;
            let start = match n % 2 == 0 {
                true => "OPTIONS sip:tom@tomt.it SIP/2.0",
                false => "SIP/2.0 200 OK",
            };
            let text = format!(
                "{start}\r\nVia: SIP/2.0/UDP 10.1.1.20;branch=z9hG4bK{call}\r\nFrom: <sip:anna@tomt.local>;tag=1\r\n\
                 To: <sip:tom@tomt.it>;tag=2\r\nCall-ID: {call}@tomt.local\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            );
            let (src, dst) = match n % 2 == 0 {
                true => (client, server),
                false => (server, client),
            };
            let bytes = wire::udp(src, dst, text.as_bytes(), 0);
            Frame {
                time: 1_393_872_974_000_000_000 + i64::try_from(n).unwrap() * 1_000_000,
                original_len: bytes.len(),
                bytes,
            }
        })
        .collect();
    pcap::classic(&frames, pcap::USUAL)
}

#[test]
fn a_list_larger_than_the_memory_for_it_is_whole_and_in_order() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("long.pcap");
    std::fs::write(&file, capture()).unwrap();
    let rows = [
        ("packets", FRAMES),
        ("messages", FRAMES),
        ("dialogs", FRAMES / 2),
    ];
    for (what, count) in rows {
        let run = |format: &str| {
            let arguments = ["--list", what, "--format", format, path(&file)];
            let run = finish(command(&arguments).output().unwrap());
            assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{what}");
            run.stdout
        };
        let json = run("json");
        assert_eq!(json.lines().count(), count, "{what}");
        let number = |line: &str| -> u64 {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let frame = row.get("frame").or_else(|| row.get("first_frame"));
            frame.unwrap().as_u64().unwrap()
        };
        let expected = (1..=u64::try_from(FRAMES).unwrap()).step_by(FRAMES / count);
        assert!(json.lines().map(number).eq(expected), "{what}");
        let table = run("text");
        assert_eq!(table.lines().count(), count + 1, "{what}");
        // The columns begin where their headings do, from the first row to the last.
        let (headings, last) = (table.lines().next().unwrap(), table.lines().last().unwrap());
        let time = headings.find("time").unwrap();
        assert!(
            last.get(time..).unwrap().starts_with("2014-03-03T"),
            "{last}"
        );
        assert_eq!(last.as_bytes().get(time - 1), Some(&b' '), "{last}");
    }
}

/// Nothing is written when there is no place for what does not fit the memory.
#[cfg(unix)]
#[test]
fn without_a_place_for_temporary_files_a_long_list_is_an_error() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("long.pcap");
    std::fs::write(&file, capture()).unwrap();
    let nowhere = temp.path().join("nowhere");
    let list = temp.path().join("list.txt");
    let arguments = ["--list", "packets", "-o", path(&list), path(&file)];
    let output = command(&arguments)
        .env("TMPDIR", &nowhere)
        .output()
        .unwrap();
    let run = finish(output);
    run.refused("nowhere: cannot be written");
    assert!(!list.exists());
}

/// Where nothing can come of a list, nobody waits for the rest of the capture.
#[cfg(unix)]
#[test]
fn a_list_that_cannot_be_made_ends_the_reading() {
    let temp = tempfile::tempdir().unwrap();
    let mut program = command(&["--list", "packets", "-"]);
    program.env("TMPDIR", temp.path().join("nowhere"));
    let (mut child, mut stdin) = piped(&mut program);
    // The program may end while it is written to, and the pipe stays open.
    let _ = stdin.write_all(&capture());
    for _ in 0..1_200 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    finish(child.wait_with_output().unwrap()).refused("nowhere: cannot be written");
}
