//! Threads: the report is that of one thread, byte for byte, for every sample and every scenario.

use crate::support::wire::{self, ACK, PSH, SYN};
use crate::support::{self, pcap, sample_options, samples, scenarios, trace, with_secrets};
use sipdiag::{Config, Report};
use std::net::SocketAddr;

/// Numbers of threads: as many as shards, fewer, more, and one that deals the shards unevenly.
const JOBS: [u16; 4] = [2, 3, 4, 9];

/// `from`: the byte from which there are several shards.
fn report(capture: &[u8], name: &str, mut config: Config, jobs: u16, from: u64) -> Report {
    config.jobs = jobs;
    config.charts = true;
    config.limits.one_shard_bytes = from;
    let capture = std::io::Cursor::new(capture.to_vec());
    sipdiag::analyze(capture, name, config).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Everything that is in a report.
fn whole(report: &Report) -> (String, String) {
    (support::json(report).to_string(), format!("{report:?}"))
}

/// Compares; whether dealing the connections to shards changed nothing either.
fn compare(capture: &[u8], name: &str, config: &Config) -> bool {
    let run = |jobs, from| whole(&report(capture, name, config.clone(), jobs, from));
    let one = run(1, 0);
    for jobs in JOBS {
        assert!(one == run(jobs, 0), "{name}: {jobs} threads");
    }
    // Connections that are open change their shard in the middle of whatever they are at.
    let middle = u64::try_from(capture.len() / 2).unwrap();
    let moved = run(1, middle);
    for jobs in [2, 4] {
        let several = run(jobs, middle);
        assert!(moved == several, "{name}: {jobs} threads from the middle");
    }
    one == moved && one == run(1, u64::MAX)
}

#[test]
fn each_sample_gives_the_same_report_in_any_number_of_threads() {
    for (name, capture) in samples() {
        let config = with_secrets(&sample_options(&name));
        assert!(compare(&capture, &name, &config), "{name}: in shards");
    }
}

#[test]
fn each_scenario_gives_the_same_report_in_any_number_of_threads() {
    let all = scenarios();
    assert!(all.len() > 90, "{}", all.len());
    for path in all {
        let trace = trace::file(&path);
        let same = compare(&trace.pcap(), &path, &Config::default());
        assert!(same, "{path}: in shards");
    }
}

/// Calls of many clients with one server, over TCP and UDP, all at the same time; a fifth of them is refused.
fn busy(clients: u32) -> Vec<u8> {
    let server = SocketAddr::from(([10, 1, 1, 20], 5060));
    let request = |n: u32| {
        format!(
            "SUBSCRIBE sip:anna@tomt.local SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bK{n}\r\nFrom: <sip:tom{n}@tomt.it>;tag={n}\r\n\
             To: <sip:anna@tomt.local>\r\nCall-ID: {n}\r\nCSeq: 1 SUBSCRIBE\r\nMax-Forwards: 70\r\nEvent: presence\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let response = |n: u32| {
        let status = if n.is_multiple_of(5) {
            "404 Not Found"
        } else {
            "200 OK"
        };
        format!(
            "SIP/2.0 {status}\r\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bK{n}\r\nFrom: <sip:tom{n}@tomt.it>;tag={n}\r\n\
             To: <sip:anna@tomt.local>;tag=x\r\nCall-ID: {n}\r\nCSeq: 1 SUBSCRIBE\r\nServer: Cisco-CUP/9.1\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let client = |n: u32| {
        let last = u8::try_from(100 + n % 100).unwrap();
        SocketAddr::from(([10, 1, 1, last], u16::try_from(20_000 + n).unwrap()))
    };
    let mut frames = Vec::new();
    for step in 0..5_u32 {
        for n in 0..clients {
            let (from, request, response) = (client(n), request(n), response(n));
            let behind = 101 + u32::try_from(request.len()).unwrap();
            frames.push(match (step, n % 3) {
                (3, 0) => wire::udp(from, server, request.as_bytes(), 0),
                (4, 0) => wire::udp(server, from, response.as_bytes(), 0),
                (_, 0) => continue,
                (0, _) => wire::segment(from, server, SYN, 100, 0, b""),
                (1, _) => wire::segment(server, from, SYN | ACK, 500, 101, b""),
                (2, _) => wire::segment(from, server, ACK, 101, 501, b""),
                (3, _) => wire::segment(from, server, PSH | ACK, 101, 501, request.as_bytes()),
                _ => wire::segment(server, from, PSH | ACK, 501, behind, response.as_bytes()),
            });
        }
    }
    let frames: Vec<pcap::Frame> = (0..)
        .zip(frames)
        .map(|(n, bytes)| pcap::Frame {
            time: 1_393_872_974_000_000_000 + n * 10_000,
            original_len: bytes.len(),
            bytes,
        })
        .collect();
    pcap::classic(&frames, pcap::USUAL)
}

#[test]
fn many_batches_of_many_clients_are_put_in_order() {
    const CLIENTS: u32 = 3_000;
    let capture = busy(CLIENTS);
    let same = compare(&capture, "busy", &Config::default());
    assert!(same, "without TLS no connection needs another one");
    let report = report(&capture, "busy", Config::default(), 2, 0);
    assert_eq!(report.coverage.sip_messages, u64::from(2 * CLIENTS));
    let refused: u64 = report.findings.iter().map(|f| f.finding.count).sum();
    assert!(refused >= u64::from(CLIENTS / 5), "{refused}");
}
