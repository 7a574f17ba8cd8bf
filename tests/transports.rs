//! SIP over WebSocket, secure WebSocket and SCTP: whole captures, each with what sipdiag must find, and what tshark finds in them.

use crate::cli::sipdiag;
use crate::support::pcap::{self, Frame};
use crate::support::tls;
use crate::support::wire::{self, ACK, FIN, PSH, SYN};
use crate::support::{analyze, golden, json, project, say};
use flate2::{Compress, Compression, FlushCompress};
use sipdiag::analyzer::{Analyzer, Config, Observed, Scope};
use sipdiag::base::{FileIndex, FrameNumber, FrameRef, LinkType, Timestamp};
use sipdiag::capture::Item;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// A message: its frame, how it came, its start line.
type Found = (u64, &'static str, String);

/// One capture.
struct Case {
    name: &'static str,
    frames: Vec<Vec<u8>>,
    /// Frame, carriage and number of the request (its CSeq).
    want: Vec<(u64, &'static str, usize)>,
    /// The requests of them that tshark 4.0.17 does not show, and why.
    tshark_loses: &'static [usize],
    /// Kinds of caveats that the report must have, and no others.
    caveats: &'static [&'static str],
}

fn request(n: usize, transport: &str, body: usize) -> Vec<u8> {
    let mut all = format!(
        "MESSAGE sip:number{n}@tomt.it SIP/2.0\r\nVia: SIP/2.0/{transport} 10.1.1.10;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@tomt.local>;tag=1\r\nTo: <sip:number{n}@tomt.it>\r\nCall-ID: {n}@tomt.local\r\nCSeq: {n} MESSAGE\r\n\
         Content-Type: text/plain\r\nContent-Length: {body}\r\n\r\n"
    )
    .into_bytes();
    all.extend(std::iter::repeat_n(b'x', body));
    all
}

fn start_line(n: usize) -> String {
    format!("MESSAGE sip:number{n}@tomt.it SIP/2.0")
}

/// A TCP connection that writes down its frames.
struct Tcp {
    client: SocketAddr,
    server: SocketAddr,
    seq: [u32; 2],
    /// Bytes of a segment.
    mss: usize,
    frames: Vec<Vec<u8>>,
}

impl Tcp {
    fn open(port: u16) -> Self {
        let mut tcp = Self {
            client: "10.1.1.10:49301".parse().unwrap(),
            server: SocketAddr::new("10.1.1.20".parse().unwrap(), port),
            seq: [1000, 9000],
            mss: 1400,
            frames: Vec::new(),
        };
        tcp.segment(0, SYN, b"");
        tcp.segment(1, SYN | ACK, b"");
        tcp.segment(0, ACK, b"");
        tcp
    }

    /// `side`: 0 for the client.
    fn segment(&mut self, side: usize, flags: u8, payload: &[u8]) {
        let ends = [self.client, self.server];
        let segment = wire::Segment {
            src: ends[side],
            dst: ends[1 - side],
            flags,
            seq: self.seq[side],
            ack: if flags & ACK == 0 {
                0
            } else {
                self.seq[1 - side]
            },
            payload,
        };
        let id = u16::try_from(self.frames.len() + 1).unwrap();
        self.frames.push(wire::tcp(&segment, id));
        let taken = payload.len() + usize::from(flags & (SYN | FIN) != 0);
        self.seq[side] = self.seq[side].wrapping_add(u32::try_from(taken).unwrap());
    }

    fn send(&mut self, side: usize, bytes: &[u8]) {
        for part in bytes.chunks(self.mss) {
            self.segment(side, ACK | PSH, part);
        }
        self.segment(1 - side, ACK, b"");
    }

    /// The opening handshake of WebSocket.
    fn upgrade(&mut self, extension: &str) {
        let (request, response) = handshake(extension);
        self.send(0, request.as_bytes());
        self.send(1, response.as_bytes());
    }

    fn frame(&self) -> u64 {
        u64::try_from(self.frames.len()).unwrap()
    }
}

fn handshake(extension: &str) -> (String, String) {
    let extension = match extension {
        "" => String::new(),
        name => format!("Sec-WebSocket-Extensions: {name}\r\n"),
    };
    (
        format!(
            "GET /ws HTTP/1.1\r\nHost: cups01.tomt.local\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n{extension}\r\n"
        ),
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n{extension}\r\n"
        ),
    )
}

/// A WebSocket frame (RFC 6455 §5.2); the client's are masked.
fn ws(first: u8, side: usize, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let bit = if side == 0 { 0x80 } else { 0 };
    let mut out = vec![first];
    match payload.len() {
        n @ 0..=125 => out.push(bit | u8::try_from(n).unwrap()),
        n => {
            out.push(bit | 126);
            out.extend(u16::try_from(n).unwrap().to_be_bytes());
        }
    }
    if side == 0 {
        out.extend(mask);
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    } else {
        out.extend(payload);
    }
    out
}

/// Masked and not, several segments long, in fragments with a ping between them, and the close.
fn websocket() -> Case {
    websocket_in(1400)
}

/// The same in segments of that many bytes.
fn websocket_in(mss: usize) -> Case {
    let mut tcp = Tcp::open(8080);
    tcp.mss = mss;
    let mut want = Vec::new();
    tcp.upgrade("");
    tcp.send(0, &ws(0x81, 0, &request(1, "WS", 0)));
    want.push((tcp.frame() - 1, "ws", 1));
    tcp.send(1, &ws(0x82, 1, &request(2, "WS", 3000)));
    want.push((tcp.frame() - 1, "ws", 2));
    let third = request(3, "WS", 100);
    tcp.send(0, &ws(0x01, 0, &third[..50]));
    tcp.send(0, &ws(0x89, 0, b"ping"));
    tcp.send(0, &ws(0x00, 0, &third[50..200]));
    tcp.send(0, &ws(0x80, 0, &third[200..]));
    want.push((tcp.frame() - 1, "ws", 3));
    tcp.send(1, &ws(0x81, 1, b"\r\n\r\n"));
    // Two messages in one segment.
    let both = [
        ws(0x81, 1, &request(4, "WS", 0)),
        ws(0x81, 1, &request(5, "WS", 0)),
    ]
    .concat();
    tcp.send(1, &both);
    want.extend([(tcp.frame() - 1, "ws", 4), (tcp.frame() - 1, "ws", 5)]);
    tcp.send(0, &ws(0x88, 0, b"\x03\xe8"));
    Case {
        name: "ws",
        frames: tcp.frames,
        want,
        tshark_loses: &[],
        caveats: &[],
    }
}

/// The same connection without its first ten frames: the handshake is missing.
fn websocket_midstream() -> Case {
    let whole = websocket();
    let gone = 7;
    Case {
        name: "ws whose start is missing",
        frames: whole.frames[gone..].to_vec(),
        want: whole
            .want
            .iter()
            .map(|(frame, how, n)| (frame - u64::try_from(gone).unwrap(), *how, *n))
            .collect(),
        // It knows WebSocket only by the handshake.
        tshark_loses: &[1, 2, 3, 4, 5],
        caveats: &["mid-stream"],
    }
}

fn deflate(context: bool, name: &'static str, extension: &str) -> Case {
    let mut tcp = Tcp::open(8080);
    let mut want = Vec::new();
    tcp.upgrade(extension);
    let mut sides = [
        Compress::new(Compression::default(), false),
        Compress::new(Compression::default(), false),
    ];
    for n in 1..=6 {
        let side = n % 2;
        if !context {
            sides[side].reset();
        }
        let mut packed = Vec::with_capacity(4096);
        sides[side]
            .compress_vec(&request(n, "WS", 300), &mut packed, FlushCompress::Sync)
            .unwrap();
        packed.truncate(packed.len() - 4);
        tcp.send(side, &ws(0xc1, side, &packed));
        want.push((tcp.frame() - 1, "ws", n));
    }
    Case {
        name,
        frames: tcp.frames,
        want,
        tshark_loses: &[],
        caveats: &[],
    }
}

/// A segment in the middle of a message is not in the capture.
fn websocket_with_a_hole() -> Case {
    let mut tcp = Tcp::open(8080);
    let mut want = Vec::new();
    tcp.upgrade("");
    for n in 1..=3 {
        tcp.send(0, &ws(0x81, 0, &request(n, "WS", 3000)));
        want.push((tcp.frame() - 2, "ws", n));
    }
    // The second segment of the second message.
    let lost = usize::try_from(want[0].0).unwrap() + 3;
    tcp.frames.remove(lost);
    want.remove(1);
    // The first is complete before, and the third behind it.
    want[0].0 += 1;
    let third = u64::try_from(tcp.frames.len()).unwrap() - 1;
    want[1].0 = third;
    for _ in 0..40 {
        tcp.send(1, &ws(0x89, 1, b"beat"));
    }
    Case {
        name: "ws with a hole",
        frames: tcp.frames,
        want,
        tshark_loses: &[3],
        caveats: &["sip-not-understood", "stream-gap"],
    }
}

/// WebSocket inside TLS with a suite that does not encrypt.
fn secure_websocket() -> Case {
    let mut tcp = Tcp::open(443);
    let mut state = tls::State::default();
    let mut line = |words: &str, payload: &[u8]| state.line(words, payload).unwrap();
    tcp.send(0, &line("client-hello version=1.2 suites=0002", b""));
    tcp.send(
        1,
        &line(
            "server-hello version=1.2 suite=0002 + certificate cups01,ca + server-hello-done",
            b"",
        ),
    );
    tcp.send(0, &line("client-key-exchange + ccs + finished", b""));
    tcp.send(1, &line("ccs + finished", b""));
    let (get, switching) = handshake("");
    tcp.send(0, &line("sip", get.as_bytes()));
    tcp.send(1, &line("sip", switching.as_bytes()));
    let mut want = Vec::new();
    for n in 1..=4 {
        let side = n % 2;
        tcp.send(
            side,
            &line("sip", &ws(0x81, side, &request(n, "WSS", 900 * n))),
        );
        want.push((tcp.frame() - 1, "wss", n));
    }
    Case {
        name: "wss",
        frames: tcp.frames,
        want,
        tshark_loses: &[],
        caveats: &[],
    }
}

fn chunk(tsn: u32, flags: u8, ssn: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0, flags];
    out.extend(u16::try_from(16 + bytes.len()).unwrap().to_be_bytes());
    out.extend(tsn.to_be_bytes());
    out.extend([0, 1]);
    out.extend(ssn.to_be_bytes());
    out.extend([0; 4]);
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// A message in three chunks.
fn three(tsn: u32, flags: u8, ssn: u16, message: &[u8]) -> [Vec<u8>; 3] {
    let size = message.len().div_ceil(3);
    let mut parts = message.chunks(size);
    let mut next = |n, bits| chunk(tsn + n, flags | bits, ssn, parts.next().unwrap());
    [next(0, 2), next(1, 0), next(2, 1)]
}

const TAG: u32 = 0x138d_67a4;

fn sctp(packets: &[Vec<u8>], v6: bool) -> Vec<Vec<u8>> {
    let (src, dst) = if v6 {
        ("[2001:db8::10]:40000", "[2001:db8::20]:5060")
    } else {
        ("10.1.1.10:40000", "10.1.1.20:5060")
    };
    let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
    let packets = packets.iter().zip(1..);
    packets
        .map(|(chunks, id)| wire::sctp(src, dst, TAG, chunks, id))
        .collect()
}

/// Whole, bundled, in fragments in order and not, unordered, retransmitted.
fn sctp_cases() -> Vec<Case> {
    let message = |n, body| request(n, "SCTP", body);
    let third = three(4, 0, 2, &message(3, 900));
    let fourth = three(7, 4, 0, &message(4, 900));
    let packets = [
        chunk(1, 3, 0, &message(1, 0)),
        [
            chunk(2, 3, 1, &message(2, 10)),
            chunk(3, 7, 0, &message(6, 0)),
        ]
        .concat(),
        third[0].clone(),
        third[1].clone(),
        third[0].clone(),
        third[2].clone(),
        fourth[2].clone(),
        fourth[0].clone(),
        fourth[1].clone(),
        chunk(10, 3, 3, &message(5, 0)),
    ];
    let want = || {
        vec![
            (1, "sctp", 1),
            (2, "sctp", 2),
            (2, "sctp", 6),
            (6, "sctp", 3),
            (9, "sctp", 4),
            (10, "sctp", 5),
        ]
    };
    let mut lossy = packets.to_vec();
    lossy.remove(8);
    let in_udp = packets.iter().zip(1..).map(|(chunks, id)| {
        let inner = |port| SocketAddr::new("10.1.1.10".parse().unwrap(), port);
        let packet = wire::sctp_packet(inner(40_000), inner(5060), TAG, chunks);
        let (src, dst) = ("10.1.1.10:9899", "10.1.1.20:9899");
        wire::udp(src.parse().unwrap(), dst.parse().unwrap(), &packet, id)
    });
    let case = |name, frames, want, caveats| Case {
        name,
        frames,
        want,
        tshark_loses: &[],
        caveats,
    };
    vec![
        case("sctp", sctp(&packets, false), want(), &["one-direction"]),
        case(
            "sctp over IPv6",
            sctp(&packets, true),
            want(),
            &["one-direction"],
        ),
        case("sctp in UDP", in_udp.collect(), want(), &["one-direction"]),
        case(
            "sctp with a lost fragment",
            sctp(&lossy, false),
            vec![
                (1, "sctp", 1),
                (2, "sctp", 2),
                (2, "sctp", 6),
                (6, "sctp", 3),
                (9, "sctp", 5),
            ],
            &["one-direction", "sctp-incomplete"],
        ),
    ]
}

fn cases() -> Vec<Case> {
    let mut all = vec![
        websocket(),
        websocket_midstream(),
        websocket_with_a_hole(),
        deflate(true, "ws compressed with context", "permessage-deflate"),
        deflate(
            false,
            "ws compressed without context",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        secure_websocket(),
    ];
    all.extend(sctp_cases());
    all
}

/// The frames of all captures, for other tests.
pub(crate) fn captures() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let named = |case: Case| (case.name, case.frames);
    cases().into_iter().map(named).collect()
}

fn equal<T: PartialEq + std::fmt::Debug>(got: &T, want: &T, what: &str) -> Result<(), String> {
    if got == want {
        return Ok(());
    }
    Err(format!("{what}\n  got  {got:?}\n  want {want:?}"))
}

fn timed(frames: &[Vec<u8>]) -> Vec<Frame> {
    let times = (0..).map(|n: i64| 1_393_872_974_000_000_000 + n * 60_000_000);
    let frames = times.zip(frames).map(|(time, bytes)| Frame {
        time,
        bytes: bytes.clone(),
        original_len: bytes.len(),
    });
    frames.collect()
}

fn found(frames: &[Frame]) -> Vec<Found> {
    let mut config = Config::default();
    config.scope = Scope::Any;
    let mut all = Vec::new();
    let mut analyzer = Analyzer::new(config);
    analyzer.observe(|observed| {
        if let Observed::Message(seen) = observed {
            let line = seen.message.start_line().to_string();
            all.push((seen.at().number.get(), seen.hop.carriage, line));
            assert!(
                seen.message.defects().is_empty(),
                "{:?}",
                seen.message.defects()
            );
            assert_eq!(
                seen.hop.stream.is_some(),
                seen.hop.carriage.starts_with("ws")
            );
        }
    });
    for (n, frame) in (1..).zip(frames) {
        analyzer.push(Item::Frame(sipdiag::base::Frame {
            at: FrameRef {
                time: Timestamp::from_nanos(frame.time),
                file: FileIndex(0),
                number: FrameNumber::new(n),
            },
            link: LinkType(1),
            bytes: &frame.bytes,
            original_len: u32::try_from(frame.original_len).unwrap(),
        }));
    }
    analyzer.finish(Vec::new());
    all
}

#[test]
fn every_message_is_found_in_its_frame() {
    let mut results = Vec::new();
    for case in cases() {
        let frames = timed(&case.frames);
        let want: Vec<Found> = case
            .want
            .iter()
            .map(|(frame, how, n)| (*frame, *how, start_line(*n)))
            .collect();
        let mut got = found(&frames);
        got.sort();
        let mut sorted = want.clone();
        sorted.sort();
        results.push(equal(&got, &sorted, case.name));
        let report = json(&analyze(pcap::classic(&frames, pcap::USUAL), case.name));
        let caveats = report["caveats"].as_array().unwrap();
        let kinds: BTreeSet<&str> = caveats
            .iter()
            .map(|c| c["kind"].as_str().unwrap())
            .collect();
        let expected: BTreeSet<&str> = case.caveats.iter().copied().collect();
        results.push(equal(
            &kinds,
            &expected,
            &format!("{}: {caveats:?}", case.name),
        ));
    }
    golden::all(results);
}

/// From the first byte of the handshake on.
#[test]
fn segments_of_any_size_give_the_same_messages() {
    let lines = |mss| -> Vec<String> {
        let case = websocket_in(mss);
        let got = found(&timed(&case.frames));
        got.into_iter().map(|(_, _, line)| line).collect()
    };
    let want: Vec<String> = (1..=5).map(start_line).collect();
    for mss in [1, 2, 3, 5, 7, 13, 64, 200, 536] {
        assert_eq!(lines(mss), want, "{mss}");
    }
}

/// The capture begins in the middle of a connection and of a masked frame: nothing tells what it is but the frames themselves.
#[test]
fn a_connection_joined_inside_a_frame_is_found() {
    for (side, cut) in [(0, 100), (0, 7), (1, 100), (1, 200)] {
        let stream: Vec<u8> = (0..6)
            .flat_map(|n| ws(0x81, side, &request(n, "WS", 40)))
            .collect();
        let rest = &stream[cut..];
        for mss in [1460, 300, 64] {
            let ends: [SocketAddr; 2] =
                ["10.1.1.10:40000", "10.1.1.20:8080"].map(|a| a.parse().unwrap());
            let mut seq = 5_000_u32;
            let frames: Vec<Vec<u8>> = rest
                .chunks(mss)
                .enumerate()
                .map(|(n, payload)| {
                    let segment = wire::Segment {
                        src: ends[side],
                        dst: ends[1 - side],
                        flags: ACK,
                        seq,
                        ack: 1,
                        payload,
                    };
                    seq += u32::try_from(payload.len()).unwrap();
                    wire::tcp(&segment, u16::try_from(n + 1).unwrap())
                })
                .collect();
            let all = found(&timed(&frames));
            assert_eq!(
                all.len(),
                5,
                "side {side}, {cut} bytes missing, segments of {mss}: {all:?}"
            );
        }
    }
}

/// What tshark finds of the same captures. It is told nothing but to put segments in order and, for lost ones, to go on.
#[test]
fn tshark_finds_the_same_but_for_what_it_loses() {
    let installed = Command::new("tshark")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if installed.is_err() {
        say!("SKIPPED transports against tshark: it is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for case in cases() {
        let file = folder.path().join("capture.pcap");
        let capture = pcap::classic(&timed(&case.frames), pcap::USUAL);
        std::fs::write(&file, &capture).unwrap();
        let theirs = tshark(&file, &[]);
        let want: BTreeSet<(u64, String)> = case
            .want
            .iter()
            .filter(|(_, _, n)| !case.tshark_loses.contains(n))
            .map(|(frame, _, n)| (*frame, start_line(*n)))
            .collect();
        results.push(equal(&theirs, &want, case.name));
    }
    let keys = project("tests/transports/wss-tls13.keys");
    let keys = format!("tls.keylog_file:{}", keys.display());
    let theirs = tshark(&project("tests/transports/wss-tls13.pcap"), &["-o", &keys]);
    // The third is compressed and in fragments, which it does not join.
    let want = REAL.iter().filter(|(_, n)| *n != 3);
    let want = want.map(|(frame, n)| (*frame, start_line(*n))).collect();
    results.push(equal(&theirs, &want, "wss of OpenSSL"));
    golden::all(results);
}

/// Frames and request lines, as tshark reads them.
fn tshark(file: &std::path::Path, more: &[&str]) -> BTreeSet<(u64, String)> {
    let output = Command::new("tshark")
        .args(["-n", "-o", "tcp.reassemble_out_of_order:TRUE"])
        .args(more)
        .arg("-r")
        .arg(file)
        .args([
            "-T",
            "fields",
            "-e",
            "frame.number",
            "-e",
            "sip.Request-Line",
        ])
        .args(["-E", "aggregator=~"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(frame, lines)| {
            let frame = frame.parse().unwrap();
            let lines = lines.split('~').filter(|line| !line.is_empty());
            lines.map(move |line| (frame, line.to_owned()))
        })
        .collect()
}

/// Frames and requests of `transports/wss-tls13.pcap`: TLS 1.3 of OpenSSL and the compression of zlib (`transports/make.py`).
const REAL: [(u64, usize); 7] = [
    (17, 1),
    (19, 2),
    (25, 3),
    (27, 4),
    (29, 5),
    (31, 6),
    (35, 7),
];

#[test]
fn a_real_session_is_read_to_its_last_message() {
    let arguments = [
        "--net",
        "any",
        "--keylog",
        "tests/transports/wss-tls13.keys",
    ];
    let capture = "tests/transports/wss-tls13.pcap";
    let list = ["--list", "messages", "--format", "json"];
    let run = sipdiag(&[&arguments[..], &list, &[capture]].concat());
    let got: Vec<(u64, String)> = run
        .report(capture)
        .unwrap()
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(row["transport"], "wss");
            assert_eq!(row["defects"], serde_json::json!([]));
            let line = row["start_line"].as_str().unwrap().to_owned();
            (row["frame"].as_u64().unwrap(), line)
        })
        .collect();
    let want: Vec<_> = REAL
        .iter()
        .map(|(frame, n)| (*frame, start_line(*n)))
        .collect();
    assert_eq!(got, want);
    let run = sipdiag(&[&arguments[..], &["--format", "json", capture]].concat());
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["caveats"], serde_json::json!([]));
    // Without the key log nothing is read, and the verdict is not healthy.
    let run = sipdiag(&["--net", "any", "--format", "json", capture]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["verdict"], "inconclusive");
}

/// HTTP on a port of SIP, with and without an upgrade to something else, is no SIP.
#[test]
fn http_that_does_not_become_websocket_stays_another_protocol() {
    for head in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
    ] {
        let mut tcp = Tcp::open(5060);
        tcp.send(0, head.as_bytes());
        tcp.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        let frames = timed(&tcp.frames);
        assert!(found(&frames).is_empty());
        let report = analyze(pcap::classic(&frames, pcap::USUAL), "http");
        assert_eq!(report.connections[0].speaks.map(|s| s.name()), ["other"; 2]);
    }
}

#[test]
fn the_report_names_websocket() {
    let report = |case: Case| analyze(pcap::classic(&timed(&case.frames), pcap::USUAL), case.name);
    let clear = crate::support::text(&report(websocket()));
    assert!(clear.contains("WebSocket, 5"), "{clear}");
    let secure = crate::support::text(&report(secure_websocket()));
    assert!(secure.contains("WebSocket"), "{secure}");
    let connection = &report(websocket()).connections[0];
    let close = connection.websocket[0]
        .as_ref()
        .unwrap()
        .close
        .clone()
        .unwrap();
    assert_eq!(close.code, Some(1000));
}

/// What is closed over SCTP keeps the verdict from being healthy.
#[test]
fn tls_over_sctp_is_said_not_to_be_read() {
    let hello = tls::State::default()
        .line("client-hello version=1.2 suites=002f", b"")
        .unwrap();
    let frames = timed(&sctp(&[chunk(1, 3, 0, &hello)], false));
    let report = json(&analyze(pcap::classic(&frames, pcap::USUAL), "sctp"));
    let caveat = &report["caveats"][0];
    assert_eq!(caveat["kind"], "not-decrypted");
    assert!(
        caveat["text"].as_str().unwrap().contains("RFC 3436"),
        "{caveat}"
    );
    assert_eq!(report["verdict"], "inconclusive");
}
