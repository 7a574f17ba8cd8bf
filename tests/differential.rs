//! The messages of RFC 4475 and RFC 5118 in captures: the same messages per frame as tshark, where it is installed.
//!
//! `SIPDIAG_WRITE_TORTURE=folder cargo test --test main differential` leaves the captures in that folder, for other programs.

use crate::oracle::{is_installed, list, tshark};
use crate::support::pcap::{Frame, USUAL, classic};
use crate::support::wire::{self, ACK, FIN, PSH, SYN};
use crate::support::{golden, say};
use crate::torture::{Torture, all};
use sipdiag::sip::without_passwords;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A way of carrying the messages, and the size of its segments.
const UDP: &str = "torture-udp";
const TCP: &str = "torture-tcp";
const BYTES: &str = "torture-tcp-bytes";
const TOGETHER: &str = "torture-tcp-together";

/// Where tshark 4.0.17 shows something else: message, captures, why. Each must still differ.
const DIFFERENCES: &[(&str, &[&str], &str)] = &[
    ("badvers", &[UDP, TCP, BYTES], NO_START_LINE),
    ("bigcode", &[UDP, TCP, BYTES], NO_START_LINE),
    ("lwsruri", &[UDP, TCP, BYTES], NO_START_LINE),
    ("lwsstart", &[UDP, TCP, BYTES], NO_START_LINE),
    ("trws", &[UDP, TCP, BYTES], NO_START_LINE),
    (
        "dblreq",
        &[UDP, TCP],
        "tshark loses the second message behind empty lines",
    ),
    (
        "multi01",
        &[UDP, TCP, BYTES],
        "tshark lists both Call-IDs, sipdiag the first",
    ),
    (
        "clerr",
        &[TCP, BYTES],
        "tshark waits for the announced bytes for ever; the connection ends before",
    ),
    (
        "together",
        &[TOGETHER],
        "tshark loses the messages that follow an empty line in the same segment",
    ),
    ("wsinv", &[BYTES], BODY_APART),
    ("longreq", &[BYTES], BODY_APART),
    ("insuf", &[BYTES], BODY_APART),
    ("sdp01", &[BYTES], BODY_APART),
    (
        "inv2543",
        &[BYTES],
        "without Content-Length tshark ends the message at its header, and loses the body",
    ),
    (
        "ncl",
        &[BYTES],
        "tshark ends the message at a negative length, and loses the body",
    ),
];
const NO_START_LINE: &str = "tshark does not read it as SIP, because of the start line";
const BODY_APART: &str = "tshark finds the length only in the long form directly before its colon; it shows the message at the \
                          end of its header, and loses the body";

/// A capture, and which message each of its frames belongs to.
struct Made {
    name: &'static str,
    frames: Vec<Frame>,
    owners: Vec<String>,
}

impl Made {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            frames: Vec::new(),
            owners: Vec::new(),
        }
    }

    fn push(&mut self, owner: &str, bytes: Vec<u8>) {
        let n = i64::try_from(self.frames.len()).unwrap();
        self.frames.push(Frame {
            time: 1_393_872_974_000_000_000 + n * 1_000_000,
            original_len: bytes.len(),
            bytes,
        });
        self.owners.push(owner.to_owned());
    }

    /// A connection that carries these bytes in segments of this size.
    fn connection(&mut self, owner: &str, port: u16, bytes: &[u8], size: usize) {
        let client = SocketAddr::from(([10, 1, 1, 10], port));
        let server = SocketAddr::from(([10, 1, 1, 20], 5060));
        let (mut seq, theirs) = (1000_u32, 5001_u32);
        let mut send = |from: bool, flags: u8, seq: u32, ack: u32, payload: &[u8]| {
            let (src, dst) = match from {
                true => (client, server),
                false => (server, client),
            };
            self.push(owner, wire::segment(src, dst, flags, seq, ack, payload));
        };
        send(true, SYN, seq, 0, &[]);
        send(false, SYN | ACK, theirs - 1, seq + 1, &[]);
        seq += 1;
        send(true, ACK, seq, theirs, &[]);
        for piece in bytes.chunks(size) {
            send(true, ACK | PSH, seq, theirs, piece);
            seq += u32::try_from(piece.len()).unwrap();
        }
        send(true, ACK | FIN, seq, theirs, &[]);
        send(false, ACK | FIN, theirs, seq + 1, &[]);
        send(true, ACK, seq + 1, theirs + 1, &[]);
    }
}

fn captures() -> Vec<Made> {
    let all = all();
    let port = |n: usize| u16::try_from(20_000 + n).unwrap();
    let mut udp = Made::new(UDP);
    for torture in &all {
        let (src, dst) = (
            SocketAddr::from(([10, 1, 1, 10], 5060)),
            SocketAddr::from(([10, 1, 1, 20], 5060)),
        );
        udp.push(&torture.name, wire::udp(src, dst, &torture.bytes, 0));
    }
    let each = |name, size| {
        let mut made = Made::new(name);
        for (n, torture) in all.iter().enumerate() {
            made.connection(&torture.name, port(n), &torture.bytes, size);
        }
        made
    };
    let mut together = Made::new(TOGETHER);
    // What tshark can follow (`DIFFERENCES` says why not the others); `torture.rs` has all on one stream.
    let whole = |t: &&Torture| {
        let (bytes, name): (&[u8], &[u8]) = (&t.bytes, b"\r\nContent-Length: ");
        let stated = bytes.windows(name.len()).any(|w| w == name);
        let valid = t.section.starts_with("4475 3.1.1") || t.section.starts_with("5118");
        valid && stated && t.name != "dblreq"
    };
    let stream: Vec<u8> = all
        .iter()
        .filter(whole)
        .flat_map(|t| t.bytes.clone())
        .collect();
    together.connection("together", 30_000, &stream, 1460);
    vec![udp, each(TCP, 1460), each(BYTES, 1), together]
}

/// Where the captures are to be left; otherwise they are temporary.
fn folder_asked_for() -> Option<PathBuf> {
    std::env::var_os("SIPDIAG_WRITE_TORTURE").map(PathBuf::from)
}

/// Start lines and Call-IDs by frame.
type Seen = BTreeMap<u64, (BTreeSet<String>, BTreeSet<String>)>;

fn theirs(path: &Path) -> Seen {
    let rows = tshark(path, &[]);
    assert!(
        !rows.is_empty(),
        "tshark reads no frame of {}",
        path.display()
    );
    rows.into_iter()
        .filter(|row| !row.start_lines.is_empty())
        .map(|row| {
            // sipdiag shows no passwords, and start lines without white space at their end.
            let lines = row.start_lines.iter();
            let lines = lines.map(|line| without_passwords(line.trim_end()).into_owned());
            (row.frame, (lines.collect(), row.call_ids))
        })
        .collect()
}

fn ours(path: &Path) -> Seen {
    let mut all = Seen::new();
    for row in list("messages", path, &[]) {
        let entry = all.entry(row["frame"].as_u64().unwrap()).or_default();
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        entry.0.extend(text("start_line"));
        entry.1.extend(text("call_id"));
    }
    all
}

#[test]
fn tshark_reads_the_same_of_the_torture_messages() {
    let temp = tempfile::tempdir().unwrap();
    let asked = folder_asked_for();
    let folder = asked.as_deref().unwrap_or_else(|| temp.path());
    std::fs::create_dir_all(folder).unwrap();
    let installed = is_installed("tshark");
    let mut problems = Vec::new();
    for made in captures() {
        let path = folder.join(made.name).with_extension("pcap");
        std::fs::write(&path, classic(&made.frames, USUAL)).unwrap();
        if asked.is_some() {
            say!("WRITTEN {}", path.display());
        }
        let ours = ours(&path);
        if !installed {
            continue;
        }
        let theirs = theirs(&path);
        let mut by_owner: BTreeMap<&str, (Seen, Seen)> = BTreeMap::new();
        for (frame, owner) in (1..).zip(&made.owners) {
            let entry = by_owner.entry(owner).or_default();
            entry
                .0
                .extend(ours.get(&frame).map(|seen| (frame, seen.clone())));
            entry
                .1
                .extend(theirs.get(&frame).map(|seen| (frame, seen.clone())));
        }
        for (owner, (ours, theirs)) in by_owner {
            let listed = DIFFERENCES
                .iter()
                .find(|(message, captures, _)| *message == owner && captures.contains(&made.name));
            match (listed, ours == theirs) {
                (None, false) => problems.push(Err(format!(
                    "{}: {owner}: tshark {theirs:?}, sipdiag {ours:?}",
                    made.name
                ))),
                (Some((.., why)), true) => problems.push(Err(format!(
                    "{}: {owner} is read the same now; it was listed because {why}",
                    made.name
                ))),
                _ => {}
            }
        }
    }
    if !installed {
        say!("SKIPPED the comparison of the torture messages with tshark: tshark is not installed");
    }
    golden::all(problems);
}
