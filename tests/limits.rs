//! Floods: every cap of `Limits` holds at each step (I5), and the report says what it left out.

use crate::support::wire::{self, ACK, FIN, PSH, SYN};
use crate::support::{Random, analyze};
use sipdiag::analyzer::{Analyzer, Config};
use sipdiag::base::{
    CaveatKind, Caveats, Chunk, Endpoint, FileIndex, Frame, FrameNumber, FrameRef, Limits,
    LinkType, Timestamp,
};
use sipdiag::capture::Item;
use sipdiag::dialog::{DialogTable, Hop, Seen};
use sipdiag::flow::{Event, FlowTable, StreamNumbers};
use sipdiag::packet::{Decoder, Payload};
use sipdiag::report::Report;
use sipdiag::sip;
use std::net::{Ipv4Addr, SocketAddr};

/// Frames per second of a flood.
const RATE: i64 = 100_000;

fn at(n: u64) -> FrameRef {
    FrameRef {
        time: Timestamp::from_nanos(
            1_393_872_974_000_000_000 + i64::try_from(n).unwrap() * (1_000_000_000 / RATE),
        ),
        file: FileIndex(0),
        number: FrameNumber::new(n + 1),
    }
}

fn frame(n: u64, bytes: &[u8]) -> Frame<'_> {
    Frame {
        at: at(n),
        link: LinkType(1),
        bytes,
        original_len: u32::try_from(bytes.len()).unwrap(),
    }
}

fn client(n: u32) -> SocketAddr {
    let port = 1024 + u16::try_from(n % 60_000).unwrap();
    SocketAddr::from((Ipv4Addr::from(0x0a01_0100 + 100 + n / 60_000), port))
}

fn server() -> SocketAddr {
    SocketAddr::from(([10, 1, 1, 10], 5061))
}

/// A whole analysis of frames that are made one by one.
fn report(limits: Limits, frames: impl IntoIterator<Item = Vec<u8>>) -> Report {
    let mut config = Config::default();
    config.limits = limits;
    let mut analyzer = Analyzer::new(config);
    for (n, bytes) in (0..).zip(frames) {
        analyzer.push(Item::Frame(frame(n, &bytes)));
    }
    analyzer.finish(Vec::new())
}

fn has(report: &Report, kind: CaveatKind) -> u64 {
    report
        .caveats
        .iter()
        .filter(|c| c.kind == kind)
        .map(|c| c.count)
        .sum()
}

/// A flow table fed with frames.
struct Flows {
    decoder: Decoder,
    numbers: StreamNumbers,
    table: FlowTable<u64>,
    caveats: Caveats,
    frames: u64,
    /// Bytes delivered in order.
    delivered: u64,
    ended: u64,
}

impl Flows {
    fn new(limits: &Limits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            numbers: StreamNumbers::new(limits.stream_numbers),
            table: FlowTable::new(limits),
            caveats: Caveats::new(limits.places_per_caveat),
            frames: 0,
            delivered: 0,
            ended: 0,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let frame = frame(self.frames, bytes);
        self.frames += 1;
        let packet = self.decoder.push(&frame, &mut self.caveats);
        let Payload::Tcp(segment) = &packet.payload else {
            panic!("frame {} is not TCP", self.frames);
        };
        let (src, dst) = (
            packet.src_endpoint().unwrap(),
            packet.dst_endpoint().unwrap(),
        );
        let numbered = self.numbers.number(src, dst, segment.flags, segment.seq);
        let (delivered, ended) = (&mut self.delivered, &mut self.ended);
        self.table.push(
            numbered.number,
            packet.at,
            src,
            dst,
            segment,
            packet.duplicate,
            &mut |event| match event {
                Event::Chunk {
                    chunk: Chunk::Data { bytes, .. },
                    ..
                } => *delivered += u64::try_from(bytes.len()).unwrap(),
                Event::Ended { .. } => *ended += 1,
                Event::Chunk { .. } => {}
            },
        );
    }
}

#[test]
fn a_flood_of_connections_ends_the_oldest() {
    let mut limits = Limits::default();
    limits.flows = 5_000;
    let mut flows = Flows::new(&limits);
    for n in 0..200_000 {
        flows.push(&wire::segment(client(n), server(), SYN, n, 0, &[]));
        assert!(
            flows.table.len() <= limits.flows,
            "{} connections open after {n} SYNs",
            flows.table.len()
        );
    }
    assert_eq!(
        flows.ended + u64::try_from(flows.table.len()).unwrap(),
        200_000,
        "each connection is open or was finished"
    );
    assert!(flows.table.take_caveats().count(CaveatKind::FlowEvicted) > 0);
}

#[test]
fn connections_of_tls_take_the_place_of_several() {
    let mut limits = Limits::default();
    limits.flows = 5_000;
    let mut flows = Flows::new(&limits);
    let hello = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
    for n in 0..10_000 {
        flows.push(&wire::segment(client(n), server(), SYN, 100, 0, &[]));
        flows.push(&wire::segment(
            client(n),
            server(),
            PSH | ACK,
            101,
            1,
            &hello,
        ));
        // Those that have said nothing yet count as one.
        assert!(flows.table.len() <= 1_200, "{} open", flows.table.len());
    }
    assert!(flows.table.len() > 800, "{}", flows.table.len());
    assert_eq!(
        flows.ended + u64::try_from(flows.table.len()).unwrap(),
        10_000
    );
}

#[test]
fn what_comes_late_for_a_finished_connection_is_no_new_one() {
    let (one, other) = (client(1), client(2));
    let mut flows = Flows::new(&Limits::default());
    for (src, dst, flags, seq, ack) in [
        (one, server(), SYN, 100, 0),
        (server(), one, SYN | ACK, 500, 101),
        (one, server(), ACK, 101, 501),
        (one, server(), FIN | ACK, 101, 501),
        (server(), one, FIN | ACK, 501, 102),
        (one, server(), ACK, 102, 502),
    ] {
        flows.push(&wire::segment(src, dst, flags, seq, ack, &[]));
    }
    assert_eq!(flows.table.len(), 1, "it stays for what is late");
    // Three seconds.
    for _ in 0..3 * RATE {
        flows.push(&wire::segment(other, server(), ACK, 100, 1, &[]));
    }
    assert_eq!((flows.ended, flows.table.len()), (1, 1), "it is finished");
    flows.push(&wire::segment(server(), one, FIN | ACK, 501, 102, &[]));
    assert_eq!((flows.ended, flows.table.len()), (1, 1), "a repetition");
    flows.push(&wire::segment(one, server(), SYN, 9_000, 0, &[]));
    assert_eq!(flows.table.len(), 2, "the ports are used again");
}

#[test]
fn a_flood_of_syns_is_one_matter() {
    let report = report(
        Limits::default(),
        (0..50_000).map(|n| wire::segment(client(n % 60_000), server(), SYN, n, 0, &[])),
    );
    let matters: Vec<_> = report
        .undecided
        .iter()
        .filter(|matter| matter.rule == "tcp-syn-unanswered")
        .collect();
    let found = report
        .findings
        .iter()
        .filter(|problem| problem.finding.rule == "tcp-syn-unanswered");
    let told: u64 = found.map(|problem| problem.finding.count).sum();
    let open: u64 = matters.iter().map(|matter| matter.count).sum();
    assert!(matters.len() <= 1, "{}", matters.len());
    assert_eq!(told + open, 50_000, "each is told");
}

#[test]
fn the_report_counts_the_connections_it_gave_up() {
    let mut limits = Limits::default();
    limits.flows = 1_000;
    limits.connection_summaries = 500;
    limits.findings_per_rule = 10;
    let all = 20_000;
    let report = report(
        limits,
        (0..all).map(|n| wire::segment(client(n), server(), SYN, n, 0, &[])),
    );
    assert!(has(&report, CaveatKind::FlowEvicted) > 0);
    assert!(has(&report, CaveatKind::ConnectionSummaryDropped) > 0);
    assert_eq!(report.coverage.connections, u64::from(all));
    assert!(
        report.connections.len() <= 501,
        "{}",
        report.connections.len()
    );
    for rule in sipdiag::rules::ALL.iter() {
        let of_rule = report
            .findings
            .iter()
            .filter(|p| p.finding.rule == rule.name);
        assert!(of_rule.count() <= 10, "{}", rule.name);
    }
}

#[test]
fn connections_beyond_the_stream_numbers_are_told() {
    let mut limits = Limits::default();
    limits.stream_numbers = 1_000;
    let report = report(
        limits,
        (0..5_000).map(|n| wire::segment(client(n), server(), SYN, n, 0, &[])),
    );
    assert!(has(&report, CaveatKind::StreamNumbers) > 0);
}

/// Segments that never fit, because the byte before them is missing: what is kept is what comes out once the byte is there.
#[test]
fn early_segments_are_kept_up_to_their_limit() {
    let mut limits = Limits::default();
    limits.early_bytes_per_direction = 64 << 10;
    let mut flows = Flows::new(&limits);
    let (me, you) = (client(1), server());
    flows.push(&wire::segment(me, you, SYN, 0, 0, &[]));
    flows.push(&wire::segment(you, me, SYN | ACK, 0, 1, &[]));
    flows.push(&wire::segment(me, you, ACK, 1, 1, &[]));
    let part = [b'x'; 1000];
    for n in 0..500_u32 {
        flows.push(&wire::segment(me, you, PSH | ACK, 2 + n * 1000, 1, &part));
        assert!(flows.table.waiting_bytes() <= 64 << 10);
        // Each counts what it takes in memory, too.
        if n < 59 {
            assert_eq!(flows.delivered, 0, "the first byte is missing");
        }
    }
    assert_eq!(
        flows.delivered, 500_000,
        "it is given up, and all else is kept"
    );
    assert!(flows.table.take_caveats().count(CaveatKind::StreamGap) > 0);
}

#[test]
fn early_segments_of_all_connections_share_a_limit() {
    let mut limits = Limits::default();
    limits.early_bytes = 1 << 20;
    let mut flows = Flows::new(&limits);
    let part = [b'x'; 1000];
    let all = 200_u32;
    for n in 0..all {
        let (me, you) = (client(n), server());
        flows.push(&wire::segment(me, you, SYN, 0, 0, &[]));
        flows.push(&wire::segment(you, me, SYN | ACK, 0, 1, &[]));
        for early in 0..20 {
            flows.push(&wire::segment(
                me,
                you,
                PSH | ACK,
                2 + early * 1000,
                1,
                &part,
            ));
            assert!(flows.table.waiting_bytes() <= 1 << 20);
        }
    }
    let waiting = u64::try_from(flows.table.waiting_bytes()).unwrap();
    // A connection that finds no room lets go of all it holds.
    assert!(waiting > (1 << 20) - 23_000, "{waiting}");
    let segments = waiting / 1_096;
    assert_eq!(waiting, segments * 1_096, "what each takes counts, too");
    let kept = segments * 1_000;
    assert_eq!(flows.delivered, 4_000_000 - kept, "none is left out");
}

#[test]
fn endless_disorder_is_in_the_report() {
    let mut limits = Limits::default();
    limits.early_bytes_per_direction = 16 << 10;
    let (me, you) = (client(1), server());
    let mut frames = vec![
        wire::segment(me, you, SYN, 0, 0, &[]),
        wire::segment(you, me, SYN | ACK, 0, 1, &[]),
        wire::segment(me, you, ACK, 1, 1, &[]),
    ];
    let mut random = Random(1);
    for n in 0..5_000_u32 {
        // Every second byte run is missing.
        let seq = 1 + 2_000 * n + 1_000;
        frames.push(wire::segment(
            me,
            you,
            PSH | ACK,
            seq,
            1,
            &[random.byte(); 1000],
        ));
    }
    let report = report(limits, frames);
    assert!(
        has(&report, CaveatKind::StreamGap) > 0,
        "{:?}",
        report.caveats
    );
    assert_ne!(report.verdict, sipdiag::diagnosis::Verdict::Healthy);
}

/// A message of a call, as the dialog room takes it.
fn message(n: u64, call: u64, filler: usize) -> Seen {
    let text = format!(
        "MESSAGE sip:tom@tomt.it SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.20;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n\
         From: <sip:anna@tomt.local>;tag=1\r\nTo: <sip:tom@tomt.it>\r\nCall-ID: call-{call}\r\nCSeq: {n} MESSAGE\r\n\
         Content-Length: {filler}\r\n\r\n{}",
        "x".repeat(filler)
    );
    let mut found = None;
    let length = u32::try_from(text.len()).unwrap();
    sip::datagram(
        text.as_bytes(),
        at(n),
        length,
        &Limits::default(),
        &mut |item| {
            if let sip::Item::Message(message) = item {
                found = Some(message);
            }
        },
    );
    let end = |last| Endpoint::new(Ipv4Addr::new(10, 1, 1, last).into(), 5060);
    Seen {
        message: found.expect("a message"),
        hop: Hop {
            src: end(20),
            dst: end(10),
            carriage: "udp",
            stream: None,
        },
    }
}

/// A call that is too long is judged in parts, each of at most so many messages.
#[test]
fn one_call_keeps_so_many_messages() {
    let limits = Limits::default();
    let mut table = DialogTable::new(&limits);
    let mut longest = 0;
    let mut judged = 0;
    let mut part = |call: sipdiag::dialog::Call| {
        assert!(call.messages.len() <= limits.messages_per_dialog);
        judged += call.messages.len();
    };
    for n in 0..100_000 {
        let before = table.bytes();
        table.push(message(n, 1, 0), &mut part);
        assert!(table.len() <= 1);
        longest = longest.max(table.bytes().saturating_sub(before));
        assert!(
            table.bytes() <= longest * limits.messages_per_dialog,
            "{} bytes after {n}",
            table.bytes()
        );
    }
    assert!(
        table
            .take_caveats()
            .count(CaveatKind::DialogMessagesDropped)
            > 0
    );
    table.finish(&mut part);
    assert_eq!(judged, 100_000, "each message is judged once");
    assert_eq!(table.bytes(), 0, "what is given away is no longer counted");
}

#[test]
fn so_many_calls_are_open_at_once() {
    let limits = Limits::default();
    let mut table = DialogTable::new(&limits);
    let mut ended = 0;
    for n in 0..50_000 {
        table.push(message(n, n, 0), &mut |_| ended += 1);
        assert!(table.len() <= limits.dialogs, "{} calls", table.len());
        assert!(
            table.bytes() <= limits.message_bytes,
            "{} bytes",
            table.bytes()
        );
    }
    assert!(table.take_caveats().count(CaveatKind::DialogEvicted) > 0);
    table.finish(&mut |_| ended += 1);
    assert_eq!(ended, 50_000, "each call is judged");
    assert!(table.is_empty());
}

#[test]
fn long_bodies_end_calls_early() {
    let mut limits = Limits::default();
    limits.message_bytes = 1 << 20;
    let mut table = DialogTable::new(&limits);
    for n in 0..2_000 {
        table.push(message(n, n, 8_000), &mut |_| {});
        assert!(
            table.bytes() <= limits.message_bytes,
            "{} bytes",
            table.bytes()
        );
    }
    assert!(table.take_caveats().count(CaveatKind::DialogEvicted) > 0);
}

/// Bytes of one side of a connection that is opened properly.
fn stream(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (me, you) = (client(1), SocketAddr::from(([10, 1, 1, 20], 5060)));
    let mut frames = vec![
        wire::segment(me, you, SYN, 0, 0, &[]),
        wire::segment(you, me, SYN | ACK, 0, 1, &[]),
        wire::segment(me, you, ACK, 1, 1, &[]),
    ];
    let mut seq = 1_u32;
    for part in bytes.chunks(1400) {
        frames.push(wire::segment(me, you, PSH | ACK, seq, 1, part));
        seq += u32::try_from(part.len()).unwrap();
    }
    frames
}

fn request(headers: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:tomt.local SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:tom@tomt.it>;tag=1\r\nTo: <sip:tomt.local>\r\nCall-ID: flood\r\nCSeq: 1 OPTIONS\r\n{headers}\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn a_flood_of_header_fields_is_one_malformed_message() {
    let mut bytes = request(&"X: y\r\n".repeat(100_000));
    bytes.extend(request(""));
    let report = report(Limits::default(), stream(&bytes));
    assert_eq!(report.coverage.sip_messages, 2, "{:?}", report.caveats);
    assert_eq!(report.coverage.sip_malformed, 1);
}

#[test]
fn an_endless_head_does_not_hide_what_follows() {
    let mut bytes = request(&format!("X: {}\r\n", "y".repeat(3 << 20)));
    bytes.extend(request(""));
    let report = report(Limits::default(), stream(&bytes));
    assert!(report.coverage.sip_messages >= 1, "{:?}", report.caveats);
    let told = report.coverage.sip_malformed > 0 || has(&report, CaveatKind::SipNotUnderstood) > 0;
    assert!(told, "a head of 3 MiB is told: {:?}", report.caveats);
}

#[test]
fn a_flood_of_fragments_is_told() {
    let mut limits = Limits::default();
    limits.fragment_datagrams = 16;
    let src = SocketAddr::from(([10, 1, 1, 20], 5060));
    let frames = (0..2_000_u16).map(|id| {
        let mut bytes = wire::udp(src, SocketAddr::from(([10, 1, 1, 10], 5060)), &[0; 64], id);
        bytes[14 + 6] = 0x20; // more fragments
        bytes
    });
    let report = report(limits, frames);
    assert!(
        has(&report, CaveatKind::FragmentsIncomplete) > 0,
        "{:?}",
        report.caveats
    );
}

#[test]
fn a_flood_of_invented_methods_is_counted_as_one() {
    let mut text = String::from("flow a udp 10.1.1.20:5060 > 10.1.1.10:5060\n");
    for n in 0..500 {
        text.push_str(&format!(
            "@{n} a >\nX{n} sip:tom@tomt.it SIP/2.0\nVia: SIP/2.0/UDP 10.1.1.20;branch=z9hG4bK{n}\nFrom: <sip:a@b>;tag=1\n\
             To: <sip:tom@tomt.it>\nCall-ID: {n}\nCSeq: 1 X{n}\nContent-Length: 0\n"
        ));
    }
    let trace = crate::support::trace::compile(&text, "methods").unwrap();
    let report = analyze(trace.pcap(), "methods.pcap");
    assert_eq!(report.coverage.sip_messages, 500);
    assert!(report.methods.len() <= 65, "{}", report.methods.len());
    let counted: u64 = report.methods.values().map(|m| m.requests).sum();
    assert_eq!(counted, 500);
}

/// What is kept of hosts, of pairs of hosts and of users has room for so many; the others are counted.
#[test]
fn a_flood_of_hosts_and_users_is_told() {
    const CALLS: u32 = 17_000;
    // Addresses of 10.1.0.0/16, two requests of each, every one with users of its own.
    let requests = (0..CALLS).map(|n| {
        let src = SocketAddr::from((Ipv4Addr::from(0x0a01_0200 + n / 2), 5060));
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {src};branch=z9hG4bK{n}\r\nFrom: <sip:u{n}@b>;tag=1\r\n\
             To: <sip:tom@tomt.it>;tag=2\r\nCall-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        let question = text
            .replace("SIP/2.0 200 OK", "OPTIONS sip:tom@tomt.it SIP/2.0")
            .replace(";tag=2", "");
        (src, question, text)
    });
    let callee = SocketAddr::from(([10, 1, 1, 10], 5060));
    let frames = requests.flat_map(|(src, question, answer)| {
        [
            wire::udp(src, callee, question.as_bytes(), 0),
            wire::udp(callee, src, answer.as_bytes(), 0),
        ]
    });
    // Room for the calls themselves.
    let mut limits = Limits::default();
    limits.dialogs = 20_000;
    limits.message_bytes = 256 << 20;
    let report = report(limits, frames);
    assert_eq!(report.coverage.successes, u64::from(CALLS));
    // All was read, and all is well.
    assert_eq!(report.verdict.name(), "healthy", "{:?}", report.caveats);
    // Both messages of calls of 3 584 hosts, the callee among them; 3 584 pairs; 16 384 matters.
    let hosts = 2 * (u64::from(CALLS) - 2 * 3_583);
    let pairs = u64::from(CALLS) - 2 * 3_584;
    let matters = u64::from(CALLS) - 16_384;
    // Both ways count, of 1 000 pairs of addresses.
    let ways = 2 * u64::from(CALLS) - 4 * 1_000;
    let expected = [
        ("hosts or domains:", hosts),
        ("pairs of hosts:", pairs),
        ("users:", matters),
        ("pairs of hosts with SIP datagrams:", ways),
    ];
    for (what, count) in expected {
        let told = |c: &&sipdiag::base::Caveat| {
            c.kind == CaveatKind::NotCompared && c.text.starts_with(&format!("very many {what}"))
        };
        let told: Vec<_> = report.caveats.iter().filter(told).collect();
        assert_eq!(told.len(), 1, "{what} {:?}", report.caveats);
        assert_eq!(told[0].count, count, "{what}");
        assert_eq!(told[0].places.len(), 1);
    }
}

#[test]
fn sctp_fragments_and_associations_are_bounded() {
    let mut limits = Limits::default();
    limits.sctp_directions = 50;
    limits.sctp_waiting_bytes = 20_000;
    let frames = (0..2_000_u32).map(|n| {
        // The first fragment of a message: B without E, 100 bytes.
        let mut chunk = vec![0, 2, 0, 116];
        chunk.extend((n * 7).to_be_bytes());
        chunk.extend([0; 8]);
        chunk.extend([b'x'; 100]);
        wire::sctp(client(n % 500), server(), 0x1_0000 + n % 500, &chunk, 0)
    });
    let report = report(limits, frames);
    assert!(has(&report, CaveatKind::FlowEvicted) > 0);
    assert!(has(&report, CaveatKind::SctpIncomplete) >= 2_000);
}
