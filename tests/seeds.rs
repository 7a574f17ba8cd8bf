//! Seeds for the targets of `tests/targets`, made of the samples and scenarios: the same every time.
//!
//! `SIPDIAG_WRITE_SEEDS=DIR cargo test --test main write_seeds -- --ignored` writes them as files, for `tests/fuzz/run`.

mod dissect;

use crate::support::pcap::{self, Layout};
use crate::support::{encapsulation, files, project, read, read_text, samples, scenarios, trace};
use crate::targets::{analyze, input, packet, pidf, reassembly, redact, sip, tls_decrypt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dissect::Dissected;
use sipdiag::sip::{HeaderName, Message};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Seeds by target.
pub(crate) type Seeds = BTreeMap<&'static str, Vec<Vec<u8>>>;

/// Larger files are no seeds: a fuzzer changes a few bytes a time.
const LARGEST: usize = 40_000;

/// Every so many of the scenarios: there are hundreds, and most differ in their messages only.
const SCENARIO: usize = 6;

pub(crate) fn all() -> Seeds {
    let mut seeds = Seeds::new();
    captures(&mut seeds);
    streams(&mut seeds);
    decryption(&mut seeds);
    packets(&mut seeds);
    secrets(&mut seeds);
    handmade(&mut seeds);
    seeds
}

fn add(seeds: &mut Seeds, target: &'static str, bytes: impl Into<Vec<u8>>) {
    let all = seeds.entry(target).or_default();
    let bytes = bytes.into();
    if bytes.len() <= LARGEST && !all.contains(&bytes) {
        all.push(bytes);
    }
}

/// Some of the scenarios as captures.
fn some_scenarios() -> Vec<Vec<u8>> {
    let paths = scenarios().into_iter().step_by(SCENARIO);
    paths.map(|path| trace::file(&path).pcap()).collect()
}

fn captures(seeds: &mut Seeds) {
    for (_, bytes) in samples() {
        add(seeds, "capture", [&bytes[..], &[7]].concat());
        add(seeds, "analyze", [&bytes[..], &[analyze::LARGE]].concat());
    }
    for (n, bytes) in some_scenarios().into_iter().enumerate() {
        let choices = u8::try_from(n % 16).unwrap();
        add(seeds, "analyze", [&bytes[..], &[choices]].concat());
    }
    let frames = trace::file("tests/rules/auth-digest-challenge-unanswered/fires.trace").frames;
    let mut small = vec![pcap::pcapng(&frames), snoop(&frames)];
    for (nanoseconds, big_endian) in [(false, false), (true, true)] {
        let layout = Layout {
            nanoseconds,
            big_endian,
        };
        small.push(pcap::classic(&frames, layout));
    }
    let wrapped: Vec<_> = encapsulation::all()
        .into_iter()
        .map(|w| (w.link, w.frame))
        .collect();
    small.push(encapsulation::capture(&wrapped));
    for bytes in small {
        for (choice, packed) in packed(&bytes).into_iter().enumerate() {
            add(
                seeds,
                "compressed",
                [&packed[..], &[u8::try_from(choice).unwrap()]].concat(),
            );
            add(seeds, "capture", [&packed[..], &[3]].concat());
        }
        add(seeds, "capture", [&bytes[..], &[9]].concat());
        add(
            seeds,
            "analyze",
            [&bytes[..], &[analyze::EVERYTHING]].concat(),
        );
    }
}

/// With gzip, zstd and lz4.
fn packed(bytes: &[u8]) -> [Vec<u8>; 3] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(bytes).unwrap();
    [
        gzip.finish().unwrap(),
        zstd::encode_all(bytes, 3).unwrap(),
        lz4.finish().unwrap(),
    ]
}

/// As RFC 1761 writes it.
fn snoop(frames: &[pcap::Frame]) -> Vec<u8> {
    let mut out = b"snoop\0\0\0".to_vec();
    out.extend([0, 0, 0, 2, 0, 0, 0, 4]);
    for frame in frames {
        let stored = frame.bytes.len();
        let padding = stored.next_multiple_of(4) - stored;
        let micros = frame.time % 1_000_000_000 / 1000;
        let words = [
            i64::try_from(frame.original_len).unwrap(),
            i64::try_from(stored).unwrap(),
            i64::try_from(24 + stored + padding).unwrap(),
            0,
            frame.time / 1_000_000_000,
            micros,
        ];
        out.extend(
            words
                .iter()
                .flat_map(|w| u32::try_from(*w).unwrap().to_be_bytes()),
        );
        out.extend(&frame.bytes);
        out.extend(&[0; 3][..padding]);
    }
    out
}

/// What connections, datagrams and messages are made of.
fn streams(seeds: &mut Seeds) {
    let mut sources: Vec<Vec<u8>> = samples().into_iter().map(|(_, bytes)| bytes).collect();
    sources.extend(some_scenarios());
    for bytes in &sources {
        let found = Dissected::new(bytes);
        for pieces in found.streams.iter().filter(|s| dissect::is_tls(s)) {
            add(seeds, "tls", dissect::written(vec![5], pieces));
        }
        for stream in found.streams.iter().flat_map(dissect::directions) {
            if sipdiag::sip::probe(&stream) == sipdiag::sip::Probe::Yes {
                for choices in [0, sip::HOLE | sip::LARGE] {
                    add(seeds, "sip", [&stream[..], &[3, 1, 40, choices]].concat());
                }
            }
        }
        let dns = found
            .datagrams
            .iter()
            .filter(|d| d.ports.0 == 53 || d.ports.1 == 53);
        let mut lookups = Vec::new();
        for datagram in dns {
            lookups.push(u8::from(datagram.ports.0 == 53));
            input::counted(&mut lookups, &datagram.bytes);
            add(
                seeds,
                "redact",
                [&datagram.bytes[..], &[redact::DNS]].concat(),
            );
        }
        if !lookups.is_empty() {
            add(seeds, "dns", lookups);
        }
    }
    for message in dissect::messages(&sources) {
        add(seeds, "sip_datagram", [message.raw(), &[0]].concat());
        add(seeds, "redact", [message.raw(), &[redact::SIP]].concat());
        body(seeds, &message);
    }
    for torture in crate::torture::all() {
        add(seeds, "sip_datagram", [&torture.bytes[..], &[0]].concat());
        add(
            seeds,
            "sip",
            [&torture.bytes[..], &[9, 0, 0, sip::LARGE]].concat(),
        );
    }
    for (name, frames) in crate::transports::captures() {
        let found = Dissected::of_frames(&frames);
        if name.starts_with("sctp") {
            add(seeds, "sctp", found.sctp);
        } else {
            for stream in &found.streams {
                add(seeds, "websocket", dissect::written(vec![11], stream));
                for one in dissect::one_by_one(stream) {
                    add(seeds, "websocket", dissect::written(vec![13], &one));
                }
            }
        }
    }
}

/// Descriptions and documents.
fn body(seeds: &mut Seeds, message: &Message) {
    let kind = message
        .content_type()
        .unwrap_or_default()
        .to_str()
        .to_ascii_lowercase();
    if kind == "application/sdp" {
        add(seeds, "sdp", message.body());
    }
    let known = |known: &str| known.split(';').next() == Some(&kind);
    if let Some(choice) = pidf::TYPES.iter().position(|t| known(t)) {
        let choice = u8::try_from(choice).unwrap();
        add(seeds, "pidf", [message.body(), &[choice]].concat());
    }
    if let Some(text) = message.header(HeaderName::MsDiagnostics) {
        add(seeds, "redact", [text.bytes(), &[redact::TEXT]].concat());
    }
}

/// Every session that a key log opens; handshakes and certificates.
fn decryption(seeds: &mut Seeds) {
    for folder in ["samples", "tests/decrypt"] {
        for keys in files(&project(folder)) {
            if keys.extension().is_none_or(|e| e != "keys") {
                continue;
            }
            let text = read(&keys);
            add(seeds, "keylog", [&text[..], &[0]].concat());
            add(seeds, "keylog", [&text[..], &[2]].concat());
            let capture = ["pcap", "pcapng"].map(|e| keys.with_extension(e));
            let Some(capture) = capture.iter().find(|path| path.exists()) else {
                continue;
            };
            for pieces in Dissected::new(&read(capture)).streams {
                add(
                    seeds,
                    "tls_decrypt",
                    dissect::written(tls_decrypt::begin(3, &text), &pieces),
                );
                for message in dissect::handshakes(&pieces) {
                    add(
                        seeds,
                        "redact",
                        [&message[..], &[redact::HANDSHAKE]].concat(),
                    );
                }
            }
        }
    }
}

/// A frame of each kind, and fragments.
fn packets(seeds: &mut Seeds) {
    for wrapped in encapsulation::all() {
        let mut out = Vec::new();
        packet::write(&mut out, wrapped.link, 0, &wrapped.frame);
        add(seeds, "packet", out);
    }
    let fragments = read(&project("samples/udp-fragments.pcap"));
    let mut out = Vec::new();
    for frame in dissect::frames(&fragments).iter().take(12) {
        packet::write(&mut out, 1, 0, frame);
    }
    add(seeds, "packet", out);
}

/// Key files and certificates of the samples.
fn secrets(seeds: &mut Seeds) {
    for path in files(&project("samples/pki")) {
        if path.extension().is_none_or(|e| e != "pem") {
            continue;
        }
        let pem = read_text(&path);
        add(seeds, "keylog", [pem.as_bytes(), &[1]].concat());
        // Text may stand before the first block.
        let lines = pem
            .lines()
            .skip_while(|line| !line.starts_with("-----BEGIN"));
        let lines = lines
            .skip(1)
            .take_while(|line| !line.starts_with("-----END"));
        let der = STANDARD.decode(lines.collect::<String>()).unwrap();
        add(seeds, "keylog", [&der[..], &[1]].concat());
        if path.to_string_lossy().contains(".crt.") {
            add(seeds, "redact", [&der[..], &[redact::CERTIFICATE]].concat());
        }
    }
}

/// What no capture has.
fn handmade(seeds: &mut Seeds) {
    let (segment, cut) = (reassembly::SEGMENT, reassembly::CUT);
    let (ack, wait, fin) = (reassembly::ACKNOWLEDGE, reassembly::WAIT, reassembly::FIN);
    let orders: [&[(u8, u16, u16)]; 6] = [
        &[
            (segment, 0, 100),
            (segment, 100, 100),
            (ack, 200, 0),
            (fin, 0, 0),
        ],
        &[(segment, 100, 100), (segment, 0, 100), (segment, 50, 200)],
        &[
            (segment, 0, 50),
            (segment, 70, 50),
            (ack, 120, 0),
            (wait, 2000, 0),
            (segment, 120, 9),
        ],
        &[
            (cut, 0, 100),
            (segment, 100, 10),
            (segment, 40, 20),
            (ack, 110, 0),
        ],
        &[
            (segment, 500, 500),
            (segment, 0, 10),
            (segment, 10, 600),
            (segment, 1, 1),
        ],
        &[
            (segment, 900, 9),
            (segment, 800, 9),
            (segment, 700, 9),
            (ack, 1000, 0),
            (wait, 11_000, 0),
        ],
    ];
    for steps in orders {
        for (choices, isn) in [
            (0, u32::MAX - 60),
            (reassembly::JOINED, 1),
            (reassembly::LITTLE_ROOM, 1 << 31),
        ] {
            let mut out = vec![choices];
            out.extend(isn.to_be_bytes());
            out.extend(1200_u16.to_be_bytes());
            for (kind, from, len) in steps {
                out.push(*kind);
                out.extend([from.to_be_bytes(), len.to_be_bytes()].concat());
            }
            add(seeds, "reassembly", out);
        }
    }
    add(seeds, "lab_profile", PROFILE);
    for line in PROFILE.lines() {
        add(seeds, "lab_profile", line);
    }
    for text in [
        "lync01.tomt.it",
        "CN=lync01.tomt.it, O=Tomt",
        "sip:a@tomt.local;tag=1 10.1.1.10",
    ] {
        add(seeds, "redact", [text.as_bytes(), &[redact::TEXT]].concat());
    }
    add(
        seeds,
        "sdp",
        "v=0\r\nc=IN IP4 10.1.1.1\r\nm=audio 0 RTP/AVP 0\r\na=x:y\r\nc=IN IP6 ::1\r\n",
    );
    for (choice, document) in DOCUMENTS {
        add(seeds, "pidf", [document.as_bytes(), &[*choice]].concat());
    }
}

const PROFILE: &str = r#"network = ["10.1.1.0/24", "2001:db8::/32"]
ca = ["internal-ca.pem"]
[lync]
hosts = ["10.1.1.10"]
edge = ["10.1.1.11"]
domains = ["tomt.it"]
fqdn = "lync01.tomt.it"
trusted_application_pools = ["cups01.tomt.local"]
[cisco]
hosts = ["10.1.1.20"]
domains = ["tomt.local"]
fqdn = "cups01.tomt.local"
federation_routing_fqdn = "cups01.tomt.local"
tls_peer_subjects = ["lync01.tomt.it"]
incoming_acl = ["10.1.1.10", "lync01.tomt.it", "all"]
peer_auth_port = 5062
"#;

/// By their place in [`pidf::TYPES`].
const DOCUMENTS: &[(u8, &str)] = &[
    (
        0,
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:a@b'><tuple id='1'><status><basic>open</basic></status></tuple></presence>",
    ),
    (
        1,
        "<presence><presentity uri='sip:a@b'/><atom id='1'><address uri='x'><status status='open'/></address></atom></presence>",
    ),
    (
        2,
        "<categories uri='sip:a@b'><category name='state'><state><availability>3500</availability></state></category></categories>",
    ),
    (
        4,
        "<list xmlns='urn:ietf:params:xml:ns:rlmi' uri='sip:l@b'><resource uri='sip:a@b'><instance id='1' state='active'/></resource></list>",
    ),
    (
        5,
        "--b\r\nContent-Type: application/pidf+xml\r\n\r\n<presence entity='a'/>\r\n--b--\r\n",
    ),
];

#[test]
#[ignore = "writes the seeds of the fuzzer to SIPDIAG_WRITE_SEEDS"]
#[expect(
    clippy::disallowed_methods,
    reason = "told by the environment where to write"
)]
fn write_seeds() {
    let folder = std::env::var("SIPDIAG_WRITE_SEEDS").unwrap();
    for (target, seeds) in all() {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (n, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n:03}")), seed).unwrap();
        }
    }
}
