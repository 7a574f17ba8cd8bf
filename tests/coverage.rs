//! What the report says about what was read: every frame has one fate, every missing byte and message with a defect its count.

use crate::support::pcap::{self, Frame};
use crate::support::{self, golden, project, samples, scenarios, trace, wire};
use serde_json::Value;
use sipdiag::report::{Fate, Report};
use std::net::SocketAddr;

/// A healthy exchange over TCP with nothing else in it.
const CLEAN: &str = "tests/rules/sip-408-timeout/quiet.trace";

/// Its frames, without the ARP that ends it.
fn clean() -> Vec<Frame> {
    let mut frames = trace::file(CLEAN).frames;
    frames.retain(|frame| frame.bytes[12..14] == [0x08, 0x00]);
    frames
}

fn report(frames: &[Frame]) -> Report {
    support::analyze(pcap::classic(frames, pcap::USUAL), "coverage.pcap")
}

fn coverage(report: &Report) -> Value {
    support::json(report)["coverage"].clone()
}

/// Whether every frame of the captures is counted exactly once, and what is in scope is what is not out of it.
fn adds_up(name: &str, report: &Report) -> Result<(), String> {
    let packets: u64 = report.captures.iter().map(|c| c.packets).sum();
    let coverage = &report.coverage;
    let frames = &coverage.frames;
    let scope = coverage.packets_in_scope + coverage.packets_out_of_scope;
    if (frames.total(), scope) != (packets, packets)
        || frames.read() + frames.skipped() != frames.total()
    {
        return Err(format!(
            "{name}: {packets} packets, {} have a fate, {scope} a scope: {frames:?}",
            frames.total()
        ));
    }
    Ok(())
}

#[test]
fn every_frame_has_exactly_one_fate() {
    let mut all: Vec<(String, Vec<u8>)> = samples();
    all.extend(scenarios().into_iter().map(|name| {
        let bytes = trace::file(&name).pcap();
        (name, bytes)
    }));
    assert!(all.len() > 80, "only {} captures", all.len());
    golden::all(
        all.into_iter()
            .map(|(name, bytes)| adds_up(&name, &support::analyze(bytes, &name))),
    );
}

#[test]
fn the_captures_of_others_add_up_too() {
    let corpus = project("../shared/corpus");
    if !corpus.is_dir() {
        support::say!("SKIPPED: the corpus is not there ({})", corpus.display());
        return;
    }
    let mut results = Vec::new();
    for folder in ["sip", "tls", "tcp", "link", "container"] {
        for path in support::files(&corpus.join(folder)) {
            let name = support::file_name(&path);
            for scope in [
                sipdiag::analyzer::Scope::Auto,
                sipdiag::analyzer::Scope::Any,
            ] {
                let mut config = sipdiag::Config::default();
                config.scope = scope;
                // What is no capture is not of interest here.
                if let Ok(report) =
                    sipdiag::analyze(std::io::Cursor::new(support::read(&path)), &name, config)
                {
                    results.push(adds_up(&name, &report));
                }
            }
        }
    }
    assert!(results.len() > 300, "only {} captures", results.len());
    golden::all(results);
}

#[test]
fn each_kind_of_frame_is_counted_as_what_it_is() {
    let mut frames = clean();
    let sip = u64::try_from(frames.len()).unwrap();
    let end = frames.last().unwrap().time;
    let at = |n: i64, bytes: Vec<u8>| Frame {
        time: end + n * 1_000_000,
        original_len: bytes.len(),
        bytes,
    };
    let [lab, other]: [SocketAddr; 2] =
        ["10.1.1.10:40000", "10.1.1.20:7"].map(|a| a.parse().unwrap());
    let [away, far]: [SocketAddr; 2] =
        ["192.0.2.1:40000", "192.0.2.2:7"].map(|a| a.parse().unwrap());
    let echo = wire::udp(lab, other, b"not SIP at all", 77);
    let mut cut = wire::tcp(
        &wire::Segment {
            src: lab,
            dst: other,
            flags: wire::ACK,
            seq: 1,
            ack: 1,
            payload: b"",
        },
        79,
    );
    cut.truncate(40);
    let mut strange = wire::arp();
    strange[12..14].copy_from_slice(&[0x99, 0x98]);
    frames.push(at(1, echo.clone()));
    frames.push(at(2, echo));
    frames.push(at(
        3,
        wire::udp(lab, "10.1.1.53:53".parse().unwrap(), &[0; 12], 78),
    ));
    frames.push(at(4, wire::udp(away, far, b"elsewhere", 1)));
    frames.push(at(5, wire::arp()));
    frames.push(at(6, strange));
    frames.push(at(7, cut));
    let report = report(&frames);
    adds_up("mixed", &report).unwrap();
    let frames = &report.coverage.frames;
    for (fate, want) in [
        (Fate::Stream, sip),
        (Fate::OtherDatagram, 1),
        (Fate::Copy, 1),
        (Fate::Dns, 1),
        (Fate::OutOfScope, 1),
        (Fate::OtherProtocol, 1),
        (Fate::NotRead, 1),
        (Fate::Damaged, 1),
    ] {
        assert_eq!(frames.count(fate), want, "{fate:?}: {frames:?}");
    }
    assert_eq!(
        frames.rows(Fate::NotRead).collect::<Vec<_>>(),
        [("ethertype 0x9998", 1)]
    );
    let text = support::text(&report);
    for said in ["copies of packets", "(arp)", "(ethertype 0x9998)"] {
        assert!(flat(&text).contains(said), "{said}:\n{text}");
    }
}

/// What is encrypted between hosts in scope may be SIP; between others it is nobody's concern.
#[test]
fn what_is_hidden_counts_only_in_scope() {
    let hidden = |src: &str, dst: &str| {
        let mut frames = clean();
        let [src, dst]: [SocketAddr; 2] = [src, dst].map(|a| a.parse().unwrap());
        let mut bytes = wire::udp(src, dst, &[7; 64], 99);
        bytes[14 + 9] = 50; // IPsec ESP
        frames.push(Frame {
            time: frames.last().unwrap().time + 1_000_000,
            original_len: bytes.len(),
            bytes,
        });
        let report = report(&frames);
        adds_up("ESP", &report).unwrap();
        let told = report
            .caveats
            .iter()
            .any(|c| c.kind.name() == "encapsulation-not-read");
        (told, report.coverage.frames.count(Fate::NotRead))
    };
    assert_eq!(hidden("10.1.1.10:1", "10.1.1.20:1"), (true, 1));
    assert_eq!(hidden("192.0.2.1:1", "192.0.2.2:1"), (false, 0));
}

/// On a port of SIP, what is not SIP may be SIP that is not understood; keep-alives and STUN are not.
#[test]
fn datagrams_on_a_port_of_sip_that_are_not_sip_are_said() {
    let said = |payload: &[u8], port: u16| {
        let mut frames = clean();
        let [src, dst] = [("10.1.1.10", port), ("10.1.1.20", port)]
            .map(|(a, port)| SocketAddr::new(a.parse().unwrap(), port));
        let bytes = wire::udp(src, dst, payload, 99);
        frames.push(Frame {
            time: frames.last().unwrap().time + 1_000_000,
            original_len: bytes.len(),
            bytes,
        });
        let report = report(&frames);
        adds_up("datagram", &report).unwrap();
        flat(&support::text(&report)).contains("datagrams on a port of SIP that are not SIP")
    };
    assert!(said(b"\x01\x02\x03 no SIP at all", 5060));
    assert!(!said(b"\x01\x02\x03 no SIP at all", 7000));
    assert!(!said(b"\r\n\r\n", 5060));
    let stun = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    assert!(!said(&stun, 5060));
}

/// Without line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_clean_capture_says_so() {
    let report = report(&clean());
    let coverage = coverage(&report);
    assert_eq!(coverage["frames"]["skipped"], 0);
    assert_eq!(coverage["missing_bytes"], 0);
    for empty in ["gaps", "sip_defects", "undecrypted", "tls_reasons"] {
        assert_eq!(coverage[empty], Value::Array(Vec::new()), "{empty}");
    }
    assert_eq!(coverage["one_directional"], 0);
    assert!(flat(&support::text(&report)).contains("Frames: all"));
    let found = coverage["found"].as_array().unwrap();
    let messages: u64 = found.iter().map(|f| f["messages"].as_u64().unwrap()).sum();
    assert_eq!(Some(messages), coverage["sip_messages"].as_u64());
    assert!(found.iter().all(|f| f["transport"] == "tcp"), "{found:?}");
}

/// The segments with payload of a connection, by their place among the frames.
fn with_payload(frames: &[Frame]) -> Vec<usize> {
    (0..frames.len())
        .filter(|n| frames[*n].bytes.len() > 100)
        .collect()
}

#[test]
fn lost_bytes_are_counted_for_their_connection() {
    let mut frames = clean();
    let lost = with_payload(&frames)[1];
    let bytes = u64::try_from(frames[lost].bytes.len() - 54).unwrap();
    frames.remove(lost);
    let report = report(&frames);
    let coverage = coverage(&report);
    assert_eq!(coverage["missing_bytes"], bytes);
    let [gap] = coverage["gaps"].as_array().unwrap().as_slice() else {
        panic!("one connection lacks bytes: {coverage}");
    };
    let sum = gap["client_missing_bytes"].as_u64().unwrap()
        + gap["server_missing_bytes"].as_u64().unwrap();
    assert_eq!(sum, bytes);
    let text = support::text(&report);
    assert!(
        flat(&text).contains(&format!("{bytes} bytes missing in 1 of them")),
        "{text}"
    );
    assert_ne!(report.verdict.name(), "healthy");
}

#[test]
fn one_direction_only_is_said() {
    let mut frames = clean();
    let side = frames[0].bytes[26..30].to_vec();
    frames.retain(|frame| frame.bytes[26..30] == side[..]);
    let report = report(&frames);
    let coverage = coverage(&report);
    assert_eq!(coverage["one_directional"], coverage["sip_connections"]);
    assert_ne!(coverage["one_directional"], 0);
    let text = support::text(&report);
    assert!(flat(&text).contains("ONE DIRECTION ONLY"), "{text}");
    assert_ne!(report.verdict.name(), "healthy");
}

#[test]
fn datagrams_that_go_one_way_only_are_said() {
    let options = |n: usize| {
        format!(
            "OPTIONS sip:cups01.tomt.local SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.10:5060;branch=z9hG4bK{n}\r\n\
             From: <sip:a@tomt.it>;tag=1\r\nTo: <sip:b@tomt.local>\r\nCall-ID: one-way-{n}\r\nCSeq: 1 OPTIONS\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let [lync, cisco]: [SocketAddr; 2] =
        ["10.1.1.10:5060", "10.1.1.20:5060"].map(|a| a.parse().unwrap());
    let mut frames: Vec<Frame> = (0..3_u16)
        .map(|n| {
            let bytes = wire::udp(lync, cisco, options(usize::from(n)).as_bytes(), n + 1);
            Frame {
                time: 1_400_000_000_000_000_000 + i64::from(n) * 1_000_000_000,
                original_len: bytes.len(),
                bytes,
            }
        })
        .collect();
    let said = |frames: &[Frame]| flat(&support::text(&report(frames))).contains("and none back");
    assert!(said(&frames));
    // One answer is enough: then the others were not answered, and rules say so.
    let answer = options(0).replacen("OPTIONS sip:cups01.tomt.local SIP/2.0", "SIP/2.0 200 OK", 1);
    let bytes = wire::udp(cisco, lync, answer.as_bytes(), 9);
    frames.push(Frame {
        time: frames[2].time + 1_000_000_000,
        original_len: bytes.len(),
        bytes,
    });
    assert!(!said(&frames));
}

#[test]
fn steps_back_in_time_are_counted_with_the_largest() {
    let mut frames = clean();
    let last = frames.len() - 1;
    frames[last].time = frames[last - 1].time - 90_000_000_000;
    let report = report(&frames);
    let capture = support::json(&report)["captures"][0].clone();
    assert_eq!(capture["steps_back"], 1);
    assert!(capture["largest_step_back_ns"].as_i64().unwrap() == 90_000_000_000);
    let text = support::text(&report);
    assert!(
        flat(&text).contains("; 1 step back in time, at most"),
        "{text}"
    );
}

#[test]
fn defects_are_counted_with_their_first_message() {
    let mut frames = clean();
    let first = with_payload(&frames)[0];
    // The checksum is wrong then, as in any capture made on the sending host.
    let at = frames[first]
        .bytes
        .windows(8)
        .position(|w| w == b"Call-ID:")
        .unwrap();
    frames[first].bytes[at + 4] = b' ';
    let coverage = coverage(&report(&frames));
    let defects = coverage["sip_defects"].as_array().unwrap();
    let names: Vec<&str> = defects
        .iter()
        .map(|d| d["kind"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"call-id-missing"), "{names:?}");
    for defect in defects {
        assert_eq!(defect["first"]["frame"], first + 1);
    }
    assert_eq!(coverage["sip_malformed"], 1);
}
