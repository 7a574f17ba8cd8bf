//! Frames written out byte by byte, taken apart.

use super::*;
use crate::base::{CaveatKind, FileIndex, FrameNumber, Span, Timestamp};

/// A UDP datagram from port 5060 to 5061.
fn udp(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 8).unwrap();
    [
        &[0x13, 0xc4, 0x13, 0xc5][..],
        &len.to_be_bytes(),
        &[0xab, 0xcd],
        payload,
    ]
    .concat()
}

/// A TCP segment from port 49301 to 5061 with ACK and PSH.
fn tcp(seq: u32, payload: &[u8]) -> Vec<u8> {
    let head = [&[0xc0, 0x95, 0x13, 0xc5][..], &seq.to_be_bytes()].concat();
    let rest = [0, 0, 0, 9, 0x50, 0x18, 0xff, 0xff, 0x12, 0x34, 0, 0];
    [&head[..], &rest, payload].concat()
}

/// IPv4 from 10.1.1.10 to 10.1.1.20. `place`: flags and offset as on the wire.
fn ipv4(id: u16, place: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 20).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(len.to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(place.to_be_bytes());
    packet.extend([64, protocol, 0, 0, 10, 1, 1, 10, 10, 1, 1, 20]);
    packet.extend(payload);
    packet
}

/// IPv6 from 2001:db8::1 to 2001:db8::2.
fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(len.to_be_bytes());
    packet.extend([next, 64]);
    for last in [1, 2] {
        packet.extend([0x20, 0x01, 0x0d, 0xb8]);
        packet.extend([0; 11]);
        packet.push(last);
    }
    packet.extend(payload);
    packet
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &kind.to_be_bytes(), payload].concat()
}

/// A decoder with a count of frames; each is a millisecond after the one before.
struct Bench {
    decoder: Decoder,
    caveats: Caveats,
    number: u64,
    time: Timestamp,
}

impl Bench {
    fn new() -> Self {
        Self::with(&Limits::default())
    }

    fn with(limits: &Limits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            caveats: Caveats::new(3),
            number: 0,
            time: Timestamp::from_nanos(1_000_000_000),
        }
    }

    fn push<'a>(&'a mut self, link: u16, bytes: &'a [u8], cut: u32) -> Packet<'a> {
        self.number += 1;
        self.time = self.time + Span::from_millis(1);
        let frame = Frame {
            at: FrameRef {
                time: self.time,
                file: FileIndex(0),
                number: FrameNumber::new(self.number),
            },
            link: LinkType(link),
            bytes,
            original_len: u32::try_from(bytes.len()).unwrap() + cut,
        };
        self.decoder.push(&frame, &mut self.caveats)
    }

    fn count(&self, kind: CaveatKind) -> u64 {
        self.caveats.count(kind)
    }
}

/// The layers and, where there is one, the payload of TCP or UDP.
fn shown(packet: &Packet<'_>) -> (String, String) {
    let payload = match packet.payload {
        Payload::Tcp(s) => s.payload,
        Payload::Udp(d) => d.payload,
        _ => b"-",
    };
    let text = String::from_utf8_lossy(payload).into_owned();
    (packet.layers.to_string(), text)
}

#[test]
fn every_link_type_leads_to_the_packet() {
    let ip = ipv4(1, 0, 17, &udp(b"sip"));
    let v6 = ipv6(17, &udp(b"sip"));
    let sll = [
        &[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x08, 0][..],
        &ip,
    ]
    .concat();
    let sll_vlan = [
        &[
            0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x81, 0, 0, 7, 8, 0,
        ][..],
        &ip,
    ]
    .concat();
    let sll2 = [
        &[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0][..],
        &ip,
    ]
    .concat();
    let q = [&[0, 5, 0x81, 0, 0, 7, 0x08, 0][..], &ip].concat();
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &ip].concat();
    let snap_len = u16::try_from(snap.len()).unwrap();
    let labels = [&[0, 1, 0, 64, 0, 2, 1, 64][..], &ip].concat();
    let ppp_len = u8::try_from(ip.len() + 2).unwrap();
    let pppoe = [&[0x11, 0, 0, 7, 0, ppp_len, 0, 0x21][..], &ip].concat();
    for (link, frame, layers) in [
        (1, ethernet(0x0800, &ip), "eth:ip:udp"),
        (1, ethernet(0x86dd, &v6), "eth:ipv6:udp"),
        (1, ethernet(0x88a8, &q), "eth:vlan:vlan:ip:udp"),
        (1, ethernet(snap_len, &snap), "eth:llc:ip:udp"),
        (1, ethernet(0x8847, &labels), "eth:mpls:mpls:ip:udp"),
        (1, ethernet(0x8864, &pppoe), "eth:pppoes:ppp:ip:udp"),
        (113, sll, "sll:ip:udp"),
        (113, sll_vlan, "sll:vlan:ip:udp"),
        (276, sll2, "sll2:ip:udp"),
        (0, [&[30, 0, 0, 0][..], &v6].concat(), "null:ipv6:udp"),
        (108, [&[0, 0, 0, 2][..], &ip].concat(), "null:ip:udp"),
        (101, ip.clone(), "ip:udp"),
        (12, ip.clone(), "ip:udp"),
        (228, ip.clone(), "ip:udp"),
        (229, v6.clone(), "ipv6:udp"),
        (9, [&[0xff, 3, 0, 0x21][..], &ip].concat(), "ppp:ip:udp"),
        (104, [&[0x0f, 0, 8, 0][..], &ip].concat(), "chdlc:ip:udp"),
    ] {
        let mut bench = Bench::new();
        let packet = bench.push(link, &frame, 0);
        assert_eq!(shown(&packet), (layers.into(), "sip".into()), "{link}");
        assert_eq!(packet.ports(), Some((5060, 5061)));
        assert_eq!(packet.missing, 0);
        assert!(bench.caveats.is_empty(), "{layers}");
    }
    let mut bench = Bench::new();
    let packet = bench.push(147, &ip, 0);
    assert_eq!(packet.protocol().to_string(), "link type 147 (USER0)");
    assert_eq!(bench.count(CaveatKind::LinkTypeUnsupported), 1);
}

#[test]
fn tunnels_show_the_innermost_addresses() {
    let inner = ipv6(6, &tcp(7, b"INVITE"));
    let frame = ethernet(0x86dd, &inner);
    let over = |port: u16, head: &[u8], rest: &[u8]| {
        let mut datagram = udp(&[head, rest].concat());
        datagram[2..4].copy_from_slice(&port.to_be_bytes());
        ipv4(1, 0, 17, &datagram)
    };
    let len = u16::try_from(inner.len()).unwrap().to_be_bytes();
    for (packet, layers) in [
        (ipv4(1, 0, 41, &inner), "ip:ipv6:tcp"),
        (ipv6(4, &ipv4(1, 0, 41, &inner)), "ipv6:ip:ipv6:tcp"),
        (
            ipv4(1, 0, 47, &[&[0, 0, 0x86, 0xdd][..], &inner].concat()),
            "ip:gre:ipv6:tcp",
        ),
        (
            over(4789, &[8, 0, 0, 0, 0, 0, 7, 0], &frame),
            "ip:udp:vxlan:eth:ipv6:tcp",
        ),
        (
            over(6081, &[0, 0, 0x65, 0x58, 0, 0, 7, 0], &frame),
            "ip:udp:geneve:eth:ipv6:tcp",
        ),
        (
            over(2152, &[0x30, 255, len[0], len[1], 0, 0, 0, 1], &inner),
            "ip:udp:gtp:ipv6:tcp",
        ),
        (
            ipv6(
                60,
                &[&[6, 0, 1, 4, 0, 0, 0, 0][..], &tcp(7, b"INVITE")].concat(),
            ),
            "ipv6:tcp",
        ),
    ] {
        let mut bench = Bench::new();
        let got = bench.push(101, &packet, 0);
        assert_eq!(shown(&got), (layers.into(), "INVITE".into()));
        assert_eq!(got.src.unwrap().to_string(), "2001:db8::1", "{layers}");
        assert_eq!(got.src_endpoint().unwrap().port, 49_301);
        assert_eq!(got.flow_key().unwrap().transport, Transport::Tcp);
    }
}

#[test]
fn lengths_are_honest_about_padding_offload_and_snap_length() {
    let mut bench = Bench::new();
    let padded = [ethernet(0x0800, &ipv4(1, 0, 6, &tcp(7, b"hi"))), vec![0; 6]].concat();
    let packet = bench.push(1, &padded, 0);
    assert_eq!((shown(&packet).1.as_str(), packet.missing), ("hi", 0));
    let mut offload = ipv4(2, 0, 6, &tcp(9, &[b'x'; 70]));
    offload[2..4].copy_from_slice(&[0, 0]);
    assert_eq!(shown(&bench.push(101, &offload, 0)).1.len(), 70);
    let long = ipv4(3, 0, 6, &tcp(79, &[b'y'; 100]));
    let packet = bench.push(101, &long[..60], 80);
    let Payload::Tcp(segment) = packet.payload else {
        panic!("{packet:?}")
    };
    assert_eq!(
        (segment.payload.len(), segment.wire_len, packet.missing),
        (20, 100, 80)
    );
    assert!(bench.caveats.is_empty());
    let packet = bench.push(101, &long[..30], 110);
    assert_eq!(packet.ports(), Some((49_301, 5061)));
    assert_eq!(bench.count(CaveatKind::SnapLength), 1);
    // The header says more than there ever was.
    let packet = bench.push(101, &long[..60], 0);
    assert_eq!(packet.missing, 0);
    assert_eq!(bench.count(CaveatKind::PacketMalformed), 1);
}

#[test]
fn fragments_in_any_order_become_their_datagram() {
    let datagram = udp(b"0123456789abcdefghijklmn");
    let v4 = |from: usize, to: usize| {
        let more = if to < datagram.len() { 0x2000 } else { 0 };
        let place = more | u16::try_from(from / 8).unwrap();
        ipv4(77, place, 17, &datagram[from..to])
    };
    let v6 = |from: usize, to: usize| {
        let place = u16::try_from(from).unwrap() | u16::from(to < datagram.len());
        let head = [&[17, 0][..], &place.to_be_bytes(), &[0, 0, 0, 77]].concat();
        ipv6(44, &[&head[..], &datagram[from..to]].concat())
    };
    let make: [&dyn Fn(usize, usize) -> Vec<u8>; 2] = [&v4, &v6];
    for piece in make {
        for order in [[0, 8, 16], [16, 8, 0], [8, 16, 0], [16, 0, 8]] {
            let mut bench = Bench::new();
            for (n, from) in order.into_iter().enumerate() {
                let to = if from == 16 { datagram.len() } else { from + 8 };
                let frame = piece(from, to);
                let packet = bench.push(101, &frame, 0);
                if n < 2 {
                    assert!(matches!(packet.payload, Payload::Fragment), "{packet:?}");
                    continue;
                }
                assert_eq!(shown(&packet).1, "0123456789abcdefghijklmn");
                let frames: Vec<_> = packet.frames.iter().map(|f| f.number.get()).collect();
                assert_eq!((packet.at.number.get(), frames), (3, vec![1, 2, 3]));
            }
            // A copy of the last fragment does not start a new datagram.
            let copy = piece(order[2], order[2] + if order[2] == 16 { 16 } else { 8 });
            assert!(bench.push(101, &copy, 0).duplicate);
            bench.decoder.finish(&mut bench.caveats);
            assert_eq!(bench.count(CaveatKind::FragmentsIncomplete), 0);
        }
    }
}

#[test]
fn of_overlapping_fragments_the_first_bytes_stay() {
    let mut bench = Bench::new();
    let datagram = udp(b"AAAAAAAABBBBBBBB");
    let first = ipv4(5, 0x2000, 17, &datagram[..16]);
    let over = ipv4(5, 1, 17, b"XXXXXXXXBBBBBBBB");
    bench.push(101, &first, 0);
    assert_eq!(shown(&bench.push(101, &over, 0)).1, "AAAAAAAABBBBBBBB");
}

#[test]
fn floods_of_fragments_stay_within_the_limits_and_are_told() {
    let limits = Limits {
        fragment_datagrams: 8,
        fragment_bytes: 4_000,
        ..Limits::default()
    };
    let mut bench = Bench::with(&limits);
    for id in 0..200 {
        let frame = ipv4(id, 0x2000 | (id % 7), 17, &[0; 800]);
        bench.push(101, &frame, 0);
        let (datagrams, bytes) = bench.decoder.fragments.load();
        assert!(datagrams <= 8 && bytes <= 4_000, "{datagrams} {bytes}");
    }
    bench.decoder.finish(&mut bench.caveats);
    assert_eq!(bench.count(CaveatKind::FragmentsIncomplete), 200);
    assert_eq!(bench.decoder.fragments.load(), (0, 0));
}

#[test]
fn a_copy_is_marked_and_a_retransmission_is_not() {
    let mut bench = Bench::new();
    let packet = ipv4(100, 0, 6, &tcp(7, b"REGISTER"));
    let plain = ethernet(0x0800, &packet);
    assert!(!bench.push(1, &plain, 0).duplicate);
    // The other port of the mirror: tagged, one hop further.
    let mut routed = packet.clone();
    routed[8] = 63;
    let tagged = ethernet(0x8100, &[&[0, 7, 8, 0][..], &routed].concat());
    assert!(bench.push(1, &tagged, 0).duplicate);
    // TCP sends again: another identification.
    let again = ethernet(0x0800, &ipv4(101, 0, 6, &tcp(7, b"REGISTER")));
    assert!(!bench.push(1, &again, 0).duplicate);
    // The same identification much later.
    bench.time = bench.time + Span::from_secs(1);
    assert!(!bench.push(1, &again, 0).duplicate);
    assert_eq!(bench.count(CaveatKind::DuplicateFrames), 1);
    // Without identification, bare acknowledgments come in series.
    let ack = ipv6(6, &tcp(7, b""));
    assert!(!bench.push(101, &ack, 0).duplicate);
    assert!(!bench.push(101, &ack, 0).duplicate);
    let data = ipv6(6, &tcp(7, b"NOTIFY"));
    assert!(!bench.push(101, &data, 0).duplicate);
    assert!(bench.push(101, &data, 0).duplicate);
    bench.time = bench.time + Span::from_millis(20);
    assert!(!bench.push(101, &data, 0).duplicate);
}

#[test]
fn icmp_errors_quote_the_connection() {
    let mut bench = Bench::new();
    let quote = ipv4(9, 0, 6, &tcp(7, b"long"));
    let message = [&[3, 4, 0, 0, 0, 0, 5, 0x14][..], &quote[..28]].concat();
    let frame = ipv4(10, 0, 1, &message);
    let packet = bench.push(101, &frame, 0);
    let Payload::IcmpError(error) = packet.payload else {
        panic!("{packet:?}")
    };
    assert_eq!((error.kind, error.code, error.mtu), (3, 4, Some(1300)));
    assert_eq!(error.source, packet.src.unwrap());
    let (src, dst) = error.quoted.unwrap().endpoints().unwrap();
    assert_eq!(
        (src.to_string(), dst.to_string()),
        ("10.1.1.10:49301".into(), "10.1.1.20:5061".into())
    );
    let quote = ipv6(17, &udp(b"x"));
    let message = [&[1, 4, 0, 0, 0, 0, 0, 0][..], &quote].concat();
    let frame = ipv6(58, &message);
    let Payload::IcmpError(error) = bench.push(101, &frame, 0).payload else {
        panic!("not an error")
    };
    assert_eq!(error.quoted.unwrap().ports, Some((5060, 5061)));
    let echo = ipv4(11, 0, 1, &[8, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bench.push(101, &echo, 0).protocol().to_string(), "icmp");
    assert!(bench.caveats.is_empty());
}

#[test]
fn nesting_without_end_is_stopped() {
    let mut packet = ipv4(1, 0, 17, &udp(b"x"));
    for _ in 0..40 {
        packet = ipv4(1, 0, 4, &packet);
    }
    let mut bench = Bench::new();
    assert_eq!(
        bench.push(101, &packet, 0).protocol().to_string(),
        "too deep"
    );
    assert_eq!(bench.count(CaveatKind::TooDeep), 1);
}

#[test]
fn mutated_frames_never_panic() {
    let inner = ipv6(
        44,
        &[&[17, 0, 0, 1, 0, 0, 0, 7][..], &udp(b"0123456789")].concat(),
    );
    let vxlan = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet(0x86dd, &inner)].concat();
    let mut carrier = udp(&vxlan);
    carrier[2..4].copy_from_slice(&4789u16.to_be_bytes());
    let erspan = [
        &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20][..],
        &[0; 11],
        &ethernet(0x0800, &ipv4(1, 0x2000, 6, &tcp(7, b"12345678"))),
    ]
    .concat();
    let labels = [
        &[0, 1, 1, 64][..],
        &ipv4(3, 0, 1, &[&[3, 3, 0, 0, 0, 0, 0, 0][..], &inner].concat()),
    ]
    .concat();
    let seeds = [
        ethernet(
            0x8100,
            &[&[0, 7, 8, 0][..], &ipv4(1, 0, 17, &carrier)].concat(),
        ),
        ethernet(0x0800, &ipv4(2, 0, 47, &erspan)),
        ethernet(0x8847, &labels),
        ethernet(
            0x86dd,
            &ipv6(
                0,
                &[
                    &[51, 0, 1, 4, 0, 0, 0, 0, 6, 4][..],
                    &[0; 22],
                    &tcp(1, b"x"),
                ]
                .concat(),
            ),
        ),
    ];
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut bench = Bench::new();
    let links = [
        1, 1, 1, 1, 0, 9, 50, 101, 104, 105, 108, 113, 127, 239, 242, 276,
    ];
    for _ in 0..20_000 {
        let mut frame = seeds[random(seeds.len())].clone();
        for _ in 0..=random(4) {
            let at = random(frame.len());
            frame[at] = [0, 1, 0x45, 0x60, 0xff, u8::try_from(random(256)).unwrap()][random(6)];
        }
        if random(3) == 0 {
            frame.truncate(random(frame.len()));
        }
        let cut = u32::try_from(random(3)).unwrap() * 40;
        let packet = bench.push(links[random(links.len())], &frame, cut);
        assert!(packet.frames.len() < 20_000);
    }
    bench.decoder.finish(&mut bench.caveats);
    assert!(bench.count(CaveatKind::PacketMalformed) > 100);
}
