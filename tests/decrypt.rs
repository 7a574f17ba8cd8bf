//! Sessions of real TLS stacks, opened with their secrets: every cipher suite and every turn of a session in `tests/decrypt/`, to the
//! byte; and what is still read when segments are missing.

use crate::cli::sipdiag;
use crate::support::{files, golden, pcap, project, read, read_text, wire};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Captures that there are at least: fewer would mean that the table or the folder was cut.
const CELLS: usize = 100;

/// One line of `tests/decrypt/EXPECTED.tsv`: a connection, and one kind of secret.
struct Row(BTreeMap<String, String>);

impl Row {
    fn get(&self, column: &str) -> &str {
        self.0
            .get(column)
            .unwrap_or_else(|| panic!("no column {column}"))
    }

    fn stem(&self) -> &str {
        self.get("file").trim_end_matches(".pcap")
    }
}

fn table() -> Vec<Row> {
    let text = read_text(&project("tests/decrypt/EXPECTED.tsv"));
    let mut lines = text.lines().map(|line| line.split('\t'));
    let columns: Vec<&str> = lines.next().unwrap().collect();
    lines
        .map(|fields| {
            let row = columns.iter().zip(fields);
            Row(row.map(|(c, f)| ((*c).to_owned(), f.to_owned())).collect())
        })
        .collect()
}

/// The options that bring a kind of secret.
fn secret(stem: &str, kind: &str) -> [String; 2] {
    match kind {
        "keylog" => ["--keylog".into(), format!("tests/decrypt/{stem}.keys")],
        "wrong-keylog" => [
            "--keylog".into(),
            format!("tests/decrypt/{stem}.wrong.keys"),
        ],
        "rsa-key" => ["--rsa-key".into(), "samples/pki/cups01.key.pem".into()],
        other => panic!("what is {other}?"),
    }
}

fn list(what: &str, capture: &str, secret: &[String]) -> Result<Vec<Value>, String> {
    let mut arguments = vec!["--list", what, "--format", "json", "--net", "any"];
    arguments.extend(secret.iter().map(String::as_str));
    arguments.push(capture);
    let run = sipdiag(&arguments);
    let text = run.report(capture)?;
    Ok(text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
}

/// What the table says of a connection, in the words of `--list connections`.
fn expected(row: &Row) -> Value {
    let opened = row.get("outcome") == "decrypted";
    let number = |column: &str| opened.then(|| row.get(column).parse::<u64>().unwrap());
    let hash = |column: &str| opened.then(|| row.get(column).to_owned());
    serde_json::json!({
        "version": row.get("version"),
        "cipher_suite_id": row.get("suite"),
        "resumed": row.get("resumed") == "yes",
        "decrypted": opened,
        "client_plaintext_bytes": number("client_bytes"),
        "server_plaintext_bytes": number("server_bytes"),
        "client_plaintext_sha256": hash("client_sha256"),
        "server_plaintext_sha256": hash("server_sha256"),
    })
}

/// What a report says where a session stays closed.
fn reason(outcome: &str) -> &str {
    match outcome {
        "does-not-authenticate" => "do not authenticate under it",
        "ephemeral-key-exchange" => "is an ephemeral key exchange: a private key cannot open it",
        other => panic!("what is {other}?"),
    }
}

/// Everything that is wrong with one capture and one kind of secret.
fn check(rows: &[&Row]) -> Result<(), String> {
    let first = rows[0];
    let secret = secret(first.stem(), first.get("with"));
    let name = format!("{} with {}", first.stem(), first.get("with"));
    let capture = format!("tests/decrypt/{}", first.get("file"));
    let connections = list("connections", &capture, &secret)?;
    let messages = list("messages", &capture, &secret)?;
    if connections.len() != rows.len() {
        return Err(format!("{name}: {} connections", connections.len()));
    }
    for (row, connection) in rows.iter().zip(&connections) {
        let stream: u64 = row.get("stream").parse().unwrap();
        assert_eq!(connection["tcp_stream"], stream, "{name}");
        for (field, wanted) in expected(row).as_object().unwrap() {
            let found = &connection["tls"][field];
            if found != wanted {
                return Err(format!(
                    "{name}, stream {stream}: {field} is {found}, not {wanted}; reason {}",
                    connection["tls"]["reason"]
                ));
            }
        }
        if row.get("outcome") != "decrypted" {
            let said = connection["tls"]["reason"].as_str().unwrap_or_default();
            if !said.contains(reason(row.get("outcome"))) {
                return Err(format!("{name}, stream {stream}: because {said:?}"));
            }
        }
        let inside = messages
            .iter()
            .filter(|m| m["tcp_stream"] == stream && m["transport"] == "tls");
        let wanted: usize = row.get("messages").parse().unwrap();
        if inside.clone().count() != wanted {
            return Err(format!(
                "{name}, stream {stream}: {} messages, not {wanted}",
                inside.count()
            ));
        }
    }
    Ok(())
}

#[test]
fn every_session_is_opened_as_the_table_says() {
    let table = table();
    let mut cases: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in &table {
        let case = (row.get("file"), row.get("with"));
        cases.entry(case).or_default().push(row);
    }
    let cases: Vec<Vec<&Row>> = cases.into_values().collect();
    let workers = 2;
    let results: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let mine = cases.iter().skip(worker).step_by(workers);
                scope.spawn(move || mine.map(|rows| check(rows)).collect::<Vec<_>>())
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    golden::all(results);
}

/// Nothing inside an opened session is called malformed, missing or hidden: the report is as clean as the session was.
#[test]
fn a_report_on_opened_sessions_has_nothing_to_object() {
    let table = table();
    let opened: BTreeSet<(&str, &str)> = table
        .iter()
        .filter(|row| row.get("outcome") == "decrypted")
        .map(|row| (row.stem(), row.get("with")))
        .collect();
    let mut results = Vec::new();
    for (stem, with) in opened {
        let [option, file] = secret(stem, with);
        let capture = format!("tests/decrypt/{stem}.pcap");
        let run = sipdiag(&[&option, &file, "--format", "json", &capture]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let caveats = report["caveats"].as_array().unwrap();
        if report["verdict"] != "healthy" || !caveats.is_empty() {
            results.push(Err(format!(
                "{stem} with {with}: {}, {caveats:?}",
                report["verdict"]
            )));
        }
    }
    golden::all(results);
}

/// No capture without a line, no line without a capture, and nothing in the folder that nobody uses.
#[test]
fn the_table_and_the_captures_belong_together() {
    let table = table();
    let mut wanted = BTreeSet::from(["EXPECTED.tsv".to_owned()]);
    for row in &table {
        wanted.insert(row.get("file").to_owned());
        if row.get("with") != "rsa-key" {
            let [_, file] = secret(row.stem(), row.get("with"));
            wanted.insert(file.trim_start_matches("tests/decrypt/").to_owned());
        }
    }
    let found: BTreeSet<String> = files(&project("tests/decrypt"))
        .iter()
        .map(|path| crate::support::file_name(path))
        .collect();
    assert_eq!(wanted, found);
    let captures = found.iter().filter(|file| file.ends_with(".pcap"));
    assert!(captures.count() >= CELLS);
}

/// Without a secret nothing is read, except where the suite hides nothing; and the report says so.
#[test]
fn without_secrets_the_sessions_stay_closed() {
    let table = table();
    let files: BTreeMap<&str, &Row> = table.iter().map(|row| (row.get("file"), row)).collect();
    let mut results = Vec::new();
    for (file, row) in files {
        let hides = !file.contains("-null-");
        for connection in list("connections", &format!("tests/decrypt/{file}"), &[]).unwrap() {
            let tls = &connection["tls"];
            let right = tls["decrypted"] == !hides
                && tls["reason"].is_string() == hides
                && tls["client_plaintext_bytes"].is_null() == hides
                && tls["version"] == row.get("version");
            if !right {
                results.push(Err(format!("{file}: {tls}")));
            }
        }
    }
    golden::all(results);
}

// --- segments that were not captured ------------------------------------------------------------------------------------------------

/// A frame of a capture, with its TCP segment.
struct Taken {
    frame: pcap::Frame,
    src: SocketAddr,
    dst: SocketAddr,
    flags: u8,
    seq: u32,
    ack: u32,
    payload: Vec<u8>,
}

impl Taken {
    /// The same segment with a part of its payload alone.
    fn part(&self, from: usize, to: usize) -> pcap::Frame {
        let bytes = wire::tcp(
            &wire::Segment {
                src: self.src,
                dst: self.dst,
                flags: self.flags,
                seq: self.seq.wrapping_add(u32::try_from(from).unwrap()),
                ack: self.ack,
                payload: &self.payload[from..to],
            },
            0,
        );
        pcap::Frame {
            original_len: bytes.len(),
            bytes,
            time: self.frame.time,
        }
    }
}

/// The frames of a capture of tcpdump: IPv4 without options on Ethernet.
fn taken(capture: &[u8]) -> Vec<Taken> {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let port = |bytes: &[u8]| u16::from_be_bytes(bytes.try_into().unwrap());
    let address = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).unwrap();
    assert_eq!(word(&capture[..4]), 0xa1b2_c3d4, "microseconds");
    let mut rest = &capture[24..];
    let mut all = Vec::new();
    while let Some(head) = rest.get(..16) {
        let length = usize::try_from(word(&head[8..12])).unwrap();
        let bytes = rest[16..16 + length].to_vec();
        rest = &rest[16 + length..];
        if bytes[12..15] != [8, 0, 0x45] {
            continue; // ARP
        }
        let ip = &bytes[14..14 + usize::from(port(&bytes[16..18]))];
        let tcp = &ip[20..];
        let time =
            i64::from(word(&head[..4])) * 1_000_000_000 + i64::from(word(&head[4..8])) * 1000;
        all.push(Taken {
            src: (address(&ip[12..16]), port(&tcp[..2])).into(),
            dst: (address(&ip[16..20]), port(&tcp[2..4])).into(),
            seq: number(&tcp[4..8]),
            ack: number(&tcp[8..12]),
            flags: tcp[13],
            payload: tcp[usize::from(tcp[12] >> 4) * 4..].to_vec(),
            frame: pcap::Frame {
                time,
                original_len: bytes.len(),
                bytes,
            },
        });
    }
    all
}

/// What was not captured of the client's direction, where each request is one record in one segment.
#[derive(Debug, Clone, Copy)]
enum Hole {
    /// The segments of these many requests, beginning with the 15th.
    Records(usize),
    /// From the middle of the 15th request to the middle of the 16th.
    TwoHalves,
    /// A part inside the 15th request, without its first and last 50 bytes.
    Inside,
}

/// The request that the holes begin with, counted from 1 as `CSeq` does.
const FIRST: usize = 15;
/// Shorter segments than any request: acknowledgements, alerts.
const REQUEST: usize = 200;

fn damaged(capture: &[u8], hole: Hole) -> Vec<u8> {
    let mut requests = 0;
    let mut frames = Vec::new();
    for taken in taken(capture) {
        let length = taken.payload.len();
        let request = taken.dst.port() == 5061 && length > REQUEST && taken.payload[0] == 23;
        requests += usize::from(request);
        match hole {
            Hole::Records(count) if request && (FIRST..FIRST + count).contains(&requests) => {}
            Hole::TwoHalves if request && requests == FIRST => {
                frames.push(taken.part(0, length / 2));
            }
            Hole::TwoHalves if request && requests == FIRST + 1 => {
                frames.push(taken.part(length / 2, length));
            }
            Hole::Inside if request && requests == FIRST => {
                frames.push(taken.part(0, 50));
                frames.push(taken.part(length - 50, length));
            }
            _ => frames.push(taken.frame),
        }
    }
    assert_eq!(requests, 30, "each request is one record in one segment");
    pcap::classic(&frames, pcap::USUAL)
}

/// A long session, and the requests that are lost.
type Loss = (&'static str, &'static [usize]);

/// The long sessions, and the requests that no reader can have, by hole.
///
/// * A record that a byte is missing of does not authenticate: it is lost, always.
/// * CBC up to TLS 1.0 takes the last block of the record before as its initialization vector (RFC 2246 §6.2.3.2). If that block is
///   missing, the first block of the next record is unknown, so its MAC cannot be verified: lost too. The record after that has its own
///   vector in what was captured.
/// * From TLS 1.1 on the vector is in the record (RFC 4346 §6.2.3.2), and with GCM (RFC 5288 §3) the explicit nonce: nothing more is
///   lost. The number of the record is not on the wire, but it follows from how many records the hole can have had, and the MAC or the tag
///   says which guess is right. The same holds for TLS 1.3 (RFC 8446 §5.3).
/// * RC4 goes on byte by byte: where the key stream stands after the hole follows from the length of the hole, which TCP's sequence
///   numbers give, less five bytes for the header of each record in it. The MAC says which guess is right.
const LOSSES: [(Hole, &[Loss]); 4] = [
    (
        Hole::Records(1),
        &[
            ("long-tls10-3des", &[15, 16]),
            ("long-tls10-rc4", &[15]),
            ("long-tls12-aes-cbc", &[15]),
            ("long-tls12-aes-gcm", &[15]),
            ("long-tls13-aes-gcm", &[15]),
        ],
    ),
    (
        Hole::Records(3),
        &[
            ("long-tls10-3des", &[15, 16, 17, 18]),
            ("long-tls10-rc4", &[15, 16, 17]),
            ("long-tls12-aes-cbc", &[15, 16, 17]),
            ("long-tls12-aes-gcm", &[15, 16, 17]),
            ("long-tls13-aes-gcm", &[15, 16, 17]),
        ],
    ),
    // The end of the second record was captured, with the vector of the third; where that begins has to be found.
    (
        Hole::TwoHalves,
        &[
            ("long-tls10-3des", &[15, 16]),
            ("long-tls10-rc4", &[15, 16]),
            ("long-tls12-aes-cbc", &[15, 16]),
            ("long-tls12-aes-gcm", &[15, 16]),
            ("long-tls13-aes-gcm", &[15, 16]),
        ],
    ),
    // The header of the record was captured, so that the next one's place is known, and its vector too.
    (
        Hole::Inside,
        &[
            ("long-tls10-3des", &[15]),
            ("long-tls10-rc4", &[15]),
            ("long-tls12-aes-cbc", &[15]),
            ("long-tls12-aes-gcm", &[15]),
            ("long-tls13-aes-gcm", &[15]),
        ],
    ),
];

/// The `CSeq` numbers of the requests, or of the responses, that were read inside TLS.
fn numbers(messages: &[Value], requests: bool) -> BTreeSet<usize> {
    messages
        .iter()
        .filter(|m| m["transport"] == "tls" && m["method"].is_string() == requests)
        .map(|m| m["cseq"].as_str().unwrap().split(' ').next().unwrap())
        .map(|number| number.parse().unwrap())
        .collect()
}

/// What is wrong with the requests read of a damaged session.
fn check_loss(hole: Hole, (stem, lost): &Loss) -> Result<(), String> {
    let temp = tempfile::tempdir().unwrap();
    let all: BTreeSet<usize> = (1..=30).collect();
    let whole = read(&project(&format!("tests/decrypt/{stem}.pcap")));
    let path = temp.path().join("damaged.pcap");
    std::fs::write(&path, damaged(&whole, hole)).unwrap();
    let secret = secret(stem, "keylog");
    let messages = list("messages", path.to_str().unwrap(), &secret)?;
    let requests = numbers(&messages, true);
    let without: BTreeSet<usize> = all.difference(&requests).copied().collect();
    if without != lost.iter().copied().collect() {
        return Err(format!(
            "{stem}, {hole:?}: without the requests {without:?}, not {lost:?}"
        ));
    }
    let responses = numbers(&messages, false);
    if responses != all {
        return Err(format!(
            "{stem}, {hole:?}: the other direction has only {responses:?}"
        ));
    }
    Ok(())
}

#[test]
fn a_hole_costs_only_what_the_cipher_cannot_do_without() {
    golden::all(LOSSES.into_iter().flat_map(|(hole, losses)| {
        losses
            .iter()
            .map(move |loss| check_loss(hole, loss))
            .collect::<Vec<_>>()
    }));
}
