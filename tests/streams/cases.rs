//! One connection each, with what is to be found; and what tshark finds in the same frames.

use super::{CLIENT, Found, SERVER, Wire, capture, has, options, read, request};
use crate::oracle::is_installed;
use crate::support::pcap::Frame;
use crate::support::say;
use crate::support::wire::{ACK, FIN, PSH, RST, SYN};
use sipdiag::base::CaveatKind;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// Tells that tshark differs, with what it shows instead and why.
type Differs = (&'static [(&'static str, usize)], &'static str);

/// What tshark does at a hole, also when the peer has acknowledged the bytes.
const WAITS: &str = "it waits for the missing bytes to the end";
const CLOSED: &str =
    "it names the frame that closed the hole, not the last one that carried the message";

struct Case {
    name: &'static str,
    wire: Wire,
    /// User of the request URI, the frame that completes the message, whether all its bytes are there.
    want: Vec<(&'static str, usize, bool)>,
    connections: usize,
    tshark: Option<Differs>,
}

/// Builds one; the port tells cases apart where they are joined to one capture.
struct Cases {
    all: Vec<Case>,
}

impl Cases {
    fn port(&self) -> u16 {
        40_001 + u16::try_from(self.all.len()).unwrap()
    }

    fn open(&self) -> Wire {
        Wire::open(self.port())
    }

    fn silent(&self) -> Wire {
        Wire::silent(self.port())
    }

    fn add(
        &mut self,
        name: &'static str,
        wire: Wire,
        want: &[(&'static str, usize, bool)],
    ) -> &mut Case {
        self.all.push(Case {
            name,
            wire,
            want: want.to_vec(),
            connections: 1,
            tshark: None,
        });
        self.all.last_mut().unwrap()
    }
}

impl Case {
    fn connections(&mut self, n: usize) -> &mut Self {
        self.connections = n;
        self
    }

    fn tshark(&mut self, shows: &'static [(&'static str, usize)], why: &'static str) {
        self.tshark = Some((shows, why));
    }
}

/// Messages with bodies of this length.
fn text(user: &str, len: usize) -> Vec<u8> {
    request("MESSAGE", user, "text/plain", &"x".repeat(len)).into_bytes()
}

fn cases() -> Vec<Case> {
    let mut c = Cases { all: Vec::new() };
    let (a, b, d) = (options("a"), options("b"), options("d"));
    let (la, lb) = (a.len(), b.len());
    segments(&mut c, &a, &b);
    again(&mut c, &a, &b, &d);
    probes(&mut c, &a, &b);
    openings(&mut c, &a, &b);
    joined(&mut c, &a, &b, &d);
    holes(&mut c, &a, &b, &d);
    assert!(la > 100 && lb > 100);
    c.all
}

/// How large a segment can be, and what is cut off it.
fn segments(c: &mut Cases, a: &[u8], b: &[u8]) {
    for (name, len) in [
        ("TSO, 100 000 bytes", 100_000),
        ("TSO, 250 000 bytes", 250_000),
    ] {
        let mut w = c.open();
        let big = text("a", len);
        let x = w.at(0, 0, &big);
        let y = w.at(0, big.len(), b);
        c.add(name, w, &[("a", x, true), ("b", y, true)]);
    }
    let long = text("a", 200);
    let mut w = c.open();
    let x = w.at(0, 0, &long);
    w.cut(100);
    let y = w.at(0, long.len(), b);
    c.add(
        "cut by the snap length",
        w,
        &[("a", x, false), ("b", y, true)],
    )
    .tshark(&[("a", 4)], WAITS);

    let mut w = c.open();
    w.at(0, 0, &long);
    w.cut(100);
    let y = w.at(0, long.len(), b);
    let x = w.at(0, 0, &long);
    w.ack(1);
    c.add(
        "cut, then sent again in full",
        w,
        &[("a", x, true), ("b", y, true)],
    )
    .tshark(
        &[("a", 4), ("a", 6), ("b", 6)],
        "it shows the message when it is cut and when it is whole",
    );

    let mut w = c.open();
    let x = w.at(0, 0, &long);
    w.at(0, 0, &long);
    w.cut(100);
    let y = w.at(0, long.len(), b);
    w.ack(1);
    c.add("in full, then cut", w, &[("a", x, true), ("b", y, true)])
        .tshark(
            &[("a", 4), ("a", 5), ("b", 6)],
            "the cut copy is a message to it",
        );

    let mut w = c.open();
    for n in 0..a.len() {
        w.at(0, n, &a[n..=n]);
    }
    let x = w.frames.len();
    let y = w.at(0, a.len(), b);
    c.add(
        "one byte in each segment",
        w,
        &[("a", x, true), ("b", y, true)],
    );
}

/// Bytes that are sent more than once.
fn again(c: &mut Cases, a: &[u8], b: &[u8], d: &[u8]) {
    let la = a.len();
    let ab = [a, b].concat();
    let abd = [a, b, d].concat();

    let mut w = c.open();
    let x = w.at(0, 0, a);
    let y = w.at(0, 0, &ab);
    c.add("sent again with more", w, &[("a", x, true), ("b", y, true)]);

    let mut w = c.open();
    let x = w.at(0, 0, &ab);
    w.at(0, 0, a);
    w.at(0, la, b);
    let z = w.at(0, ab.len(), d);
    c.add(
        "sent again in smaller segments",
        w,
        &[("a", x, true), ("b", x, true), ("d", z, true)],
    );

    let mut w = c.open();
    let x = w.at(0, 0, &ab[..la + 50]);
    let y = w.at(0, la - 50, &ab[la - 50..]);
    let z = w.at(0, la + 20, &abd[la + 20..]);
    c.add(
        "sent again from other places",
        w,
        &[("a", x, true), ("b", y, true), ("d", z, true)],
    );

    let mut w = c.open();
    let z = w.at(0, la + 20, &abd[la + 20..]);
    let y = w.at(0, la - 50, &abd[la - 50..la + 60]);
    let x = w.at(0, 0, &abd[..la + 30]);
    c.add(
        "overlapping, from the last to the first",
        w,
        &[("a", x, true), ("b", y, true), ("d", z, true)],
    )
    .tshark(&[("a", 6), ("b", 6), ("d", 6)], CLOSED);

    let mut w = c.open();
    let y = w.at(0, la, b);
    let x = w.at(0, 0, a);
    w.ack(1);
    c.add("swapped", w, &[("a", x, true), ("b", y, true)])
        .tshark(&[("a", 5), ("b", 5)], CLOSED);

    let mut w = c.open();
    let x = w.at(0, 0, a);
    let copy = w.frames.last().unwrap().clone();
    w.frames.push(other_hop(copy, w.time));
    w.time += 1_000_000;
    let y = w.at(0, la, b);
    let copy = w.frames.last().unwrap().clone();
    w.frames.push(other_hop(copy, w.time));
    c.add(
        "captured twice, with another TTL",
        w,
        &[("a", x, true), ("b", y, true)],
    );
}

/// The same IP packet behind a router.
fn other_hop(mut frame: Frame, time: i64) -> Frame {
    frame.bytes[22] -= 1;
    frame.time = time;
    frame
}

/// Segments that ask for something, and data in unusual places.
fn probes(c: &mut Cases, a: &[u8], b: &[u8]) {
    let la = a.len();
    let mut w = c.open();
    let x = w.at(0, 0, a);
    for _ in 0..3 {
        w.at(0, la, &b[..1]);
        w.ack_to(1, la);
        w.wait(500);
    }
    let y = w.at(0, la, b);
    c.add(
        "zero-window probes with the next byte",
        w,
        &[("a", x, true), ("b", y, true)],
    );

    let mut w = c.open();
    let x = w.at(0, 0, a);
    w.ack(1);
    for _ in 0..3 {
        w.at(0, la - 1, &[0]);
        w.ack(1);
        w.wait(1000);
    }
    let y = w.at(0, la, b);
    c.add(
        "keep-alives with a NUL",
        w,
        &[("a", x, true), ("b", y, true)],
    );

    let mut w = c.open();
    w.lost(0, 0, la);
    w.ack(1);
    w.at(0, la - 1, &[0]);
    w.ack(1);
    let y = w.at(0, la, b);
    c.add(
        "keep-alive with a NUL where its byte was lost",
        w,
        &[("b", y, true)],
    )
    .tshark(&[], WAITS);

    let mut w = c.open();
    let x = w.at(0, 0, a);
    let (seq, ack) = (w.number(0, la).wrapping_add(5000), w.all_of(1));
    w.raw(0, RST, seq, ack, &[]);
    w.ack(1);
    w.wait(1000);
    let y = w.at(0, la, b);
    w.ack(1);
    c.add(
        "a RST that is answered by a challenge ACK",
        w,
        &[("a", x, true), ("b", y, true)],
    );

    let mut w = c.open();
    let x = w.at(0, 0, &a[..100]);
    let (seq, ack) = (w.number(0, 100), w.all_of(1));
    let y = w.raw(0, PSH | ACK | 0x20, seq, ack, &a[100..]);
    w.frames.last_mut().unwrap().bytes[14 + 20 + 19] = 5;
    w.sent[0] = u32::try_from(la).unwrap();
    let z = w.at(0, la, b);
    assert!(x < y);
    c.add("urgent data", w, &[("a", y, true), ("b", z, true)]);

    let mut w = c.open();
    let (seq, ack) = (w.number(0, 0), w.all_of(1));
    let x = w.raw(0, PSH | ACK | FIN, seq, ack, a);
    c.add("data on the FIN", w, &[("a", x, true)]);

    let mut w = c.open();
    let x = w.at(0, 0, a);
    let (seq, ack) = (w.all_of(0), w.all_of(1));
    w.raw(0, RST | ACK, seq, ack, b"out of memory");
    c.add("a RST with a text", w, &[("a", x, true)]);
}

/// Connections that begin in unusual ways.
fn openings(c: &mut Cases, a: &[u8], b: &[u8]) {
    let la = a.len();
    let mut w = c.silent();
    let x = w.raw(0, SYN, CLIENT, 0, a);
    w.raw(1, SYN | ACK, SERVER, CLIENT.wrapping_add(1), &[]);
    w.at(0, 0, a);
    let y = w.at(0, la, b);
    c.add(
        "Fast Open, not accepted",
        w,
        &[("a", x, true), ("b", y, true)],
    );

    let mut w = c.silent();
    let x = w.raw(0, SYN, CLIENT, 0, a);
    w.lost(0, 0, la);
    let (seq, ack) = (SERVER, w.all_of(0));
    let z = w.raw(1, SYN | ACK, seq, ack, b);
    w.lost(1, 0, b.len());
    w.ack(0);
    let y = w.at(0, la, &options("d"));
    c.add(
        "Fast Open, accepted, with data on the SYN/ACK",
        w,
        &[("a", x, true), ("b", z, true), ("d", y, true)],
    );

    let mut w = c.silent();
    w.raw(0, SYN, CLIENT, 0, &[]);
    w.raw(1, SYN, SERVER, 0, &[]);
    w.raw(0, SYN | ACK, CLIENT, SERVER.wrapping_add(1), &[]);
    w.raw(1, SYN | ACK, SERVER, CLIENT.wrapping_add(1), &[]);
    let x = w.at(0, 0, a);
    let y = w.at(1, 0, b);
    c.add("opened by both", w, &[("a", x, true), ("b", y, true)]);

    for (name, first) in [("without its SYN", 1), ("without its SYN/ACK", 0)] {
        let mut w = c.open();
        w.frames.remove(usize::from(first == 0));
        w.frames[0].time -= first;
        let x = w.at(0, 0, a);
        let y = w.at(1, 0, b);
        c.add(name, w, &[("a", x, true), ("b", y, true)]);
    }

    let mut w = c.open();
    let x = w.at(0, 0, a);
    for side in [0, 1] {
        let (seq, ack) = (w.all_of(side), w.all_of(1 - side));
        w.raw(side, FIN | ACK, seq, ack, &[]);
        w.sent[side] += 1;
    }
    w.ack(0);
    w.first = [5_000, 9_000];
    w.sent = [0, 0];
    w.handshake();
    let y = w.at(0, 0, b);
    c.add(
        "the ports again, while the old connection waits in TIME_WAIT",
        w,
        &[("a", x, true), ("b", y, true)],
    )
    .connections(2);

    let mut w = c.open();
    let x = w.at(0, 0, a);
    w.ack(1);
    let challenge = (w.all_of(1), w.all_of(0));
    w.first = [CLIENT.wrapping_add(70_000), 9_000];
    w.sent = [0, 0];
    let first = w.first[0];
    w.raw(0, SYN, first, 0, &[]);
    w.raw(1, ACK, challenge.0, challenge.1, &[]);
    w.raw(0, RST, challenge.1, 0, &[]);
    w.wait(1000);
    w.handshake();
    let y = w.at(0, 0, b);
    w.ack(1);
    c.add(
        "half open: the client has begun anew",
        w,
        &[("a", x, true), ("b", y, true)],
    )
    .connections(2);
}

/// Connections that were open before the capture, or of which one side is seen.
fn joined(c: &mut Cases, a: &[u8], b: &[u8], d: &[u8]) {
    let (la, lb) = (a.len(), b.len());
    let mut w = c.silent();
    let y = w.at(0, la, b);
    let x = w.at(0, 0, a);
    w.ack(1);
    let z = w.at(0, la + lb, d);
    c.add(
        "joined, the first two swapped",
        w,
        &[("a", x, true), ("b", y, true), ("d", z, true)],
    )
    .tshark(
        &[("b", 1), ("d", 4)],
        "a stream begins where it first sees it: what is before is a retransmission",
    );

    let mut w = c.silent();
    let ab = [a, b].concat();
    for n in 100..ab.len() {
        w.at(0, n, &ab[n..=n]);
    }
    let y = w.frames.len();
    c.add(
        "joined in a message, a byte in each segment",
        w,
        &[("b", y, true)],
    );

    let mut w = c.silent();
    let y = w.at(0, 100, &ab[100..]);
    c.add(
        "joined in a message, the next one in the same segment",
        w,
        &[("b", y, true)],
    )
    .tshark(
        &[],
        "a segment that does not begin with a start line holds none",
    );

    let mut w = c.silent();
    let x = w.at(0, 0, a);
    w.lost(0, la, lb);
    let z = w.at(0, la + lb, d);
    w.wait(11_000);
    let y = w.at(0, la + lb + d.len(), &options("e"));
    c.add(
        "one direction only, a segment missing",
        w,
        &[("a", x, true), ("d", z, true), ("e", y, true)],
    )
    .tshark(&[("a", 1)], WAITS);
}

/// Bytes that the capture does not have, acknowledged by the peer.
fn holes(c: &mut Cases, a: &[u8], b: &[u8], d: &[u8]) {
    let (la, lb) = (a.len(), b.len());
    let mut w = c.open();
    let x = w.at(0, 0, a);
    w.lost(0, la, lb);
    w.ack(1);
    let z = w.at(0, la + lb, d);
    c.add(
        "acknowledged and not captured",
        w,
        &[("a", x, true), ("d", z, true)],
    )
    .tshark(&[("a", 4)], WAITS);

    let mut w = c.open();
    w.lost(0, 0, 100);
    let y = w.at(0, 100, &[&a[100..], b].concat());
    w.ack(1);
    let z = w.at(0, la + lb, d);
    c.add(
        "the first segment is missing",
        w,
        &[("b", y, true), ("d", z, true)],
    )
    .tshark(&[], WAITS);

    let mut w = c.open();
    let x = w.at(0, 0, &a[..100]);
    w.lost(0, 100, la);
    let z = w.at(0, la + 100, &[&b[100..], d].concat());
    w.ack(1);
    c.add(
        "from one head into the next",
        w,
        &[("a", x, false), ("d", z, true)],
    )
    .tshark(&[], WAITS);

    let inside = request("MESSAGE", "inside", "text/plain", "not sent by anybody");
    let outer = request("NOTIFY", "a", "message/sip", &inside).into_bytes();
    let odd = request("FROBNICATE", "b", "", "").into_bytes();
    let mut w = c.open();
    let x = w.at(0, 0, &outer[..outer.len() - inside.len() + 20]);
    w.lost(0, outer.len() - inside.len() + 20, 100);
    let y = w.at(
        0,
        outer.len() - inside.len() + 120,
        &[&outer[outer.len() - inside.len() + 120..], &odd[..]].concat(),
    );
    w.ack(1);
    c.add(
        "in a body: where it ends was said",
        w,
        &[("a", x, false), ("b", y, true)],
    )
    .tshark(&[], WAITS);

    let mut w = c.open();
    w.lost(0, 0, 100);
    let y = w.at(0, 100, &[&outer[100..], b].concat());
    w.ack(1);
    c.add("in a head, and the body is a message", w, &[("b", y, true)])
        .tshark(&[], WAITS);

    let mut w = c.open();
    w.lost(0, 0, la);
    let y = w.at(0, la, &odd);
    let z = w.at(0, la + odd.len(), d);
    w.ack(1);
    c.add(
        "up to a method that nobody knows",
        w,
        &[("b", y, true), ("d", z, true)],
    )
    .tshark(&[], WAITS);

    let be = request("BENOTIFY", "a", "", "").into_bytes();
    let mut w = c.open();
    w.lost(0, 0, 2);
    w.at(0, 2, &be[2..]);
    let z = w.at(0, be.len(), d);
    w.ack(1);
    c.add(
        "up to the rest of a method that is a method too",
        w,
        &[("d", z, true)],
    )
    .tshark(&[], WAITS);

    let mut w = c.open();
    let long = text("a", 300);
    let x = w.at(0, 0, &long[..long.len() - 200]);
    w.lost(0, long.len() - 200, 200);
    w.ack(1);
    c.add("at the end", w, &[("a", x, false)])
        .tshark(&[], WAITS);

    let mut w = c.open();
    let x = w.at(0, 0, a);
    let far = 200_000_000;
    let y = w.at(0, far, b);
    let z = w.at(0, far + lb, d);
    let e = w.at(0, far + lb + d.len(), &options("e"));
    c.add(
        "200 MB",
        w,
        &[
            ("a", x, true),
            ("b", y, true),
            ("d", z, true),
            ("e", e, true),
        ],
    )
    .tshark(&[("a", 4)], WAITS);

    let mut w = c.open();
    w.lost(0, 0, 100);
    let big = text("b", 59_000);
    let mut want = Vec::new();
    for n in 0..40 {
        want.push(("b", w.at(0, 100 + n * big.len(), &big), true));
    }
    c.add("more behind it than is kept", w, &want)
        .tshark(&[], WAITS);
}

/// The user of a request URI.
fn user(start_line: &str) -> &str {
    start_line
        .split_once(" sip:")
        .and_then(|(_, rest)| rest.split_once('@'))
        .map_or("", |(user, _)| user)
}

fn shown(found: &[Found]) -> Vec<(String, usize, bool)> {
    let mut all: Vec<_> = found
        .iter()
        .map(|m| {
            let line = String::from_utf8_lossy(&m.raw);
            (
                user(&line).to_owned(),
                usize::try_from(m.frame).unwrap(),
                m.is_whole(),
            )
        })
        .collect();
    all.sort();
    all
}

fn sorted(want: &[(&str, usize, bool)]) -> Vec<(String, usize, bool)> {
    let mut all: Vec<_> = want
        .iter()
        .map(|(u, f, w)| ((*u).to_owned(), *f, *w))
        .collect();
    all.sort();
    all
}

#[test]
fn each_case_shows_its_messages() {
    let mut wrong = Vec::new();
    for case in cases() {
        let seen = read(vec![capture(&case.wire.frames)]);
        let got = shown(&seen.messages);
        if got != sorted(&case.want) {
            wrong.push(format!(
                "{}: want {:?}, got {got:?}",
                case.name,
                sorted(&case.want)
            ));
        }
        for m in seen
            .messages
            .iter()
            .filter(|m| m.is_whole() != m.defects.is_empty())
        {
            if m.is_whole() {
                wrong.push(format!("{}: {:?}", case.name, m.defects));
            }
        }
        if seen.connections.len() != case.connections {
            wrong.push(format!("{}: connections {:?}", case.name, seen.connections));
        }
        let missing = seen.connections.iter().any(|(_, _, [a, b])| a + b > 0);
        if missing && case.name.contains("in full") {
            wrong.push(format!("{}: bytes are missing", case.name));
        }
        if case.name.contains("challenge") && seen.connections[0].1 != "open" {
            wrong.push(format!("{}: {:?}", case.name, seen.connections));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A message cut in one capture is whole in another, whose clock is half a second off, whichever is read first.
#[test]
fn a_second_capture_brings_what_the_snap_length_cut() {
    let long = text("a", 200);
    for late in [false, true] {
        let mut cut = Wire::open(40_000);
        cut.at(0, 0, &long);
        cut.cut(100);
        let b = options("b");
        cut.at(0, long.len(), &b);
        cut.ack(1);
        let mut full = Wire::open(40_000);
        full.at(0, 0, &long);
        full.at(0, long.len(), &b);
        full.ack(1);
        for frame in &mut full.frames {
            frame.time += if late { 500_000_000 } else { 10_000 };
        }
        for swapped in [false, true] {
            let mut files = vec![capture(&cut.frames), capture(&full.frames)];
            if swapped {
                files.reverse();
            }
            let seen = read(files);
            let got: Vec<_> = shown(&seen.messages)
                .into_iter()
                .map(|(u, _, w)| (u, w))
                .collect();
            assert_eq!(
                got,
                [("a".to_owned(), true), ("b".to_owned(), true)],
                "late {late}"
            );
            assert_eq!(seen.connections[0].2, [0, 0]);
            assert!(!has(&seen.report, CaveatKind::StreamGap));
        }
    }
}

/// All cases in one capture, because starting tshark takes longer than reading.
#[test]
fn tshark_shows_the_same_or_it_is_known_why_not() {
    if !is_installed("tshark") {
        say!("SKIPPED the comparison of streams with tshark: tshark is not installed");
        return;
    }
    let all = cases();
    let mut frames: Vec<Frame> = Vec::new();
    let mut begins = Vec::new();
    for (n, case) in (0_i64..).zip(&all) {
        begins.push(frames.len());
        frames.extend(case.wire.frames.iter().cloned().map(|mut frame| {
            frame.time += n * 100_000_000_000;
            frame
        }));
    }
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("cases.pcap");
    std::fs::write(&path, capture(&frames)).unwrap();
    let output = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(&path)
        .args([
            "-o",
            "tcp.reassemble_out_of_order:TRUE",
            "-d",
            "tcp.port==5060,sip",
        ])
        .args([
            "-T",
            "fields",
            "-e",
            "frame.number",
            "-e",
            "sip.Request-Line",
        ])
        .args(["-E", "aggregator=~", "-Y", "sip.Request-Line"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let mut theirs: BTreeMap<usize, Vec<(String, usize)>> = BTreeMap::new();
    for row in String::from_utf8(output.stdout).unwrap().lines() {
        let (frame, lines) = row.split_once('\t').unwrap();
        let frame: usize = frame.parse().unwrap();
        let case = begins.partition_point(|begin| *begin < frame) - 1;
        for line in lines.split('~') {
            theirs
                .entry(case)
                .or_default()
                .push((user(line).to_owned(), frame - begins[case]));
        }
    }
    let mut wrong = Vec::new();
    for (n, case) in all.iter().enumerate() {
        let mut got = theirs.remove(&n).unwrap_or_default();
        got.sort();
        let mut want: Vec<(String, usize)> = match case.tshark {
            Some((shows, _)) => shows.iter().map(|(u, f)| ((*u).to_owned(), *f)).collect(),
            None => case
                .want
                .iter()
                .map(|(u, f, _)| ((*u).to_owned(), *f))
                .collect(),
        };
        want.sort();
        if got != want {
            wrong.push(format!("{}: want {want:?}, tshark {got:?}", case.name));
        }
        if case.tshark.is_some_and(|(_, why)| why.is_empty()) {
            wrong.push(format!("{}: it is not said why tshark differs", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each subflow is a connection of its own; that bytes may be spread over several is said.
#[test]
fn a_subflow_of_multipath_tcp_is_said() {
    let mut w = Wire::open(40_000);
    w.at(0, 0, &options("a"));
    let seen = read(vec![capture(&w.frames)]);
    assert!(!has(&seen.report, CaveatKind::MultipathTcp));
    // In place of the maximum segment size of the SYN.
    w.frames[0].bytes[14 + 20 + 20..][..4].copy_from_slice(&[30, 4, 0x10, 0]);
    let seen = read(vec![capture(&w.frames)]);
    assert_eq!(seen.messages.len(), 1);
    assert!(has(&seen.report, CaveatKind::MultipathTcp));
}
