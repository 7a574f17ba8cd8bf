//! What can be large in a capture, each by itself.

use crate::pcap::{self, Frame};
use crate::wire::{self, ACK, PSH, SYN, segment};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

/// One thing that can be many.
pub(crate) struct Dimension {
    pub(crate) name: &'static str,
    /// The n to begin with.
    pub(crate) start: u32,
    pub(crate) capture: fn(u32) -> Vec<u8>,
}

const fn of(name: &'static str, start: u32, capture: fn(u32) -> Vec<u8>) -> Dimension {
    Dimension {
        name,
        start,
        capture,
    }
}

pub(crate) const ALL: &[Dimension] = &[
    of("segments in order", 20_000, |n| stream(n, |k| k)),
    of("segments in reverse", 5_000, |n| {
        stream(n, move |k| n - 1 - k)
    }),
    of("segments, every second first", 5_000, |n| {
        let half = n / 2;
        stream(
            n,
            move |k| if k < half { 2 * k + 1 } else { 2 * (k - half) },
        )
    }),
    of("segments, every second missing", 10_000, |n| {
        stream(n, |k| 2 * k)
    }),
    of("segments of one byte", 50_000, |n| {
        pieces((0..n).map(|k| (k, &b"x"[..])))
    }),
    of("segments that overlap", 10_000, |n| {
        let long = [b'x'; 1_000];
        pieces((0..n).map(|k| (k * 10, &long[..])))
    }),
    of("segments that overlap, reversed", 5_000, |n| {
        let long = [b'x'; 1_000];
        pieces((0..n).rev().map(|k| (k * 10 + 1, &long[..])))
    }),
    of("retransmissions of one segment", 20_000, |n| {
        pieces((0..n).map(|_| (0, &b"OPTIONS sip:a SIP/2.0\r\n"[..])))
    }),
    of("connections", 2_000, |n| {
        frames((0..n).flat_map(|k| {
            let from = client(k);
            [
                segment(from, server(), SYN, 100, 0, b""),
                segment(server(), from, SYN | ACK, 500, 101, b""),
                segment(from, server(), ACK, 101, 501, b""),
            ]
        }))
    }),
    of("SYNs without answer", 10_000, |n| {
        frames((0..n).map(|k| segment(client(k), server(), SYN, 100, 0, b"")))
    }),
    of("servers that refuse", 2_000, |n| {
        frames((0..n).flat_map(|k| {
            let to = SocketAddr::from((Ipv4Addr::from(0x0a01_0200 + k), 5061));
            let from = SocketAddr::from(([10, 1, 1, 10], 40_000));
            [
                segment(from, to, SYN, 100, 0, b""),
                segment(to, from, wire::RST | ACK, 0, 101, b""),
            ]
        }))
    }),
    of("connections inside a TLS record", 1_000, |n| {
        // Each goes on in its turn: whoever is to give up is looked for among all that speak.
        let turns = (0..4_u32).flat_map(move |turn| (0..n).map(move |k| (turn, k)));
        frames((0..n).flat_map(open).chain(turns.map(|(turn, k)| {
            let start = [22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc];
            let bytes = if turn == 0 {
                [&start[..], &[7; 991]].concat()
            } else {
                vec![7; 1_000]
            };
            segment(
                client(k),
                server(),
                PSH | ACK,
                101 + turn * 1_000,
                501,
                &bytes,
            )
        })))
    }),
    of("certificates of open connections", 200, |n| {
        frames((0..n).flat_map(|k| {
            let each = |c: u32| {
                [
                    &[0, 0, 13, 0x30, 11][..],
                    &k.to_be_bytes(),
                    &c.to_be_bytes(),
                    b"abc",
                ]
                .concat()
            };
            let list: Vec<u8> = (0..80).flat_map(each).collect();
            open(k)
                .into_iter()
                .chain([said_by_server(k, 11, &[vec24(list.len()), list].concat())])
        }))
    }),
    of("authorities that are asked for", 200, |n| {
        frames((0..n).flat_map(|k| {
            let name = [
                0, 14, 0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 12, 1, b'x',
            ];
            let names = name.repeat(80);
            let len = vec24(names.len());
            let request = [&[1, 1][..], &len[1..], &names].concat();
            open(k).into_iter().chain([said_by_server(k, 13, &request)])
        }))
    }),
    of("fragments of datagrams", 10_000, |n| {
        frames((0..n).flat_map(|k| {
            let whole = wire::udp(client(k), server(), &[b'x'; 1_000], id(k));
            wire::fragments(&whole, 512).into_iter().take(1)
        }))
    }),
    of("fragments of 8 bytes", 10_000, |n| {
        frames((0..n.div_ceil(100)).flat_map(|k| {
            let whole = wire::udp(client(k), server(), &[b'x'; 792], id(k));
            wire::fragments(&whole, 8)
        }))
    }),
    of("calls", 2_000, |n| {
        frames((0..n).flat_map(|k| exchange(k, &format!("call{k}"), "200 OK")))
    }),
    of("calls without answer", 2_000, |n| {
        frames((0..n).map(|k| request(client(k), &text(k, &format!("call{k}")))))
    }),
    of("calls that are refused", 2_000, |n| {
        frames((0..n).flat_map(|k| exchange(k, &format!("call{k}"), "403 Forbidden")))
    }),
    of("calls refused with new reasons", 2_000, |n| {
        frames((0..n).flat_map(|k| exchange(k, &format!("call{k}"), &format!("403 No {k}"))))
    }),
    of("calls of one frame each", 400, |n| {
        frames((0..n).map(|k| request(client(k), &text(k, &format!("call{k}")).repeat(20))))
    }),
    of("calls, time running backwards", 5_000, |n| {
        let call = |k: u32| format!("call{}", k / 4);
        at(n, |k| n - k, |k| request(client(k / 4), &text(k, &call(k))))
    }),
    of("transactions in one call", 2_000, |n| {
        frames((0..n).flat_map(|k| exchange(k, "one", "200 OK")))
    }),
    of("retransmissions in one call", 4_000, |n| {
        frames((0..n).map(|_| request(client(1), &text(1, "one"))))
    }),
    of("users who subscribe", 2_000, |n| {
        frames((0..n).flat_map(|k| exchange(k, &format!("call{k}"), "481 Gone")))
    }),
    of("header fields of one message", 2_000, |n| {
        large(|head| {
            for k in 0..n {
                let _ = write!(head, "X-{k}: y\r\n");
            }
        })
    }),
    of("equal header fields", 2_000, |n| {
        large(|head| {
            for _ in 0..n {
                head.push_str("Subject: y\r\n");
            }
        })
    }),
    of("Vias of one message", 500, |n| {
        large(|head| {
            for k in 0..n {
                let _ = write!(
                    head,
                    "Via: SIP/2.0/TCP 10.1.1.10:5060;branch=z9hG4bK{k}\r\n"
                );
            }
        })
    }),
    of("Vias in one field", 2_000, |n| {
        large(|head| {
            head.push_str("Via: SIP/2.0/TCP h");
            for k in 0..n {
                let _ = write!(head, ",SIP/2.0/TCP h{k}");
            }
            head.push_str("\r\n");
        })
    }),
    of("Record-Routes of one message", 500, |n| {
        large(|head| {
            for k in 0..n {
                let _ = write!(head, "Record-Route: <sip:h{k};maddr=10.1.1.1;lr>\r\n");
            }
        })
    }),
    of("parameters of one field", 2_000, |n| {
        large(|head| {
            head.push_str("Contact: <sip:a@b>");
            for k in 0..n {
                let _ = write!(head, ";p{k}=v");
            }
            head.push_str("\r\n");
        })
    }),
    of("folds of one field", 2_000, |n| {
        large(|head| {
            head.push_str("Subject: a");
            for _ in 0..n {
                head.push_str("\r\n b");
            }
            head.push_str("\r\n");
        })
    }),
    of("quotes and backslashes", 5_000, |n| {
        large(|head| {
            head.push_str("Contact: \"");
            for _ in 0..n {
                head.push_str("\\\"\\\\");
            }
            head.push_str("\" <sip:a@b>\r\n");
        })
    }),
    of("commas in one field", 5_000, |n| {
        large(|head| {
            head.push_str("Contact: <sip:a@b>");
            for _ in 0..n {
                head.push(',');
            }
            head.push_str("\r\n");
        })
    }),
    of("line ends between messages", 100_000, |n| {
        let bytes = "\r\n".repeat(usize::try_from(n).unwrap());
        connection(bytes.as_bytes())
    }),
    of("junk between messages", 100_000, |n| {
        let bytes = "SIP/2.0 ".repeat(usize::try_from(n).unwrap());
        connection(bytes.as_bytes())
    }),
    of("start lines without an end", 5_000, |n| {
        let bytes = "OPTIONS sip:a SIP/2.0\r\n".repeat(usize::try_from(n).unwrap());
        connection(bytes.as_bytes())
    }),
    of("lines of SDP", 4_000, |n| {
        body("application/sdp", &{
            let mut sdp = "v=0\r\no=- 0 0 IN IP4 10.1.1.10\r\ns=-\r\nt=0 0\r\n".to_owned();
            for k in 0..n {
                let _ = write!(sdp, "m=audio {k} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n");
            }
            sdp
        })
    }),
    of("tuples of PIDF", 4_000, |n| {
        body("application/pidf+xml", &{
            let mut xml =
                "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:a@b\">".to_owned();
            for k in 0..n {
                let _ = write!(
                    xml,
                    "<tuple id=\"t{k}\"><status><basic>open</basic></status></tuple>"
                );
            }
            xml + "</presence>"
        })
    }),
    of("elements inside each other", 10_000, |n| {
        let n = usize::try_from(n).unwrap();
        body(
            "application/pidf+xml",
            &("<a>".repeat(n) + &"</a>".repeat(n)),
        )
    }),
    of("attributes of an element", 4_000, |n| {
        body("application/pidf+xml", &{
            let mut xml = "<a".to_owned();
            for k in 0..n {
                let _ = write!(xml, " a{k}=''");
            }
            xml + "/>"
        })
    }),
    of("parts of a multipart body", 4_000, |n| {
        body("multipart/mixed;boundary=b", &{
            let part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
            part.repeat(usize::try_from(n).unwrap()) + "--b--\r\n"
        })
    }),
    of("records of TLS without content", 50_000, |n| {
        records((0..n).map(|_| (22, Vec::new())))
    }),
    of("handshake messages of a byte", 20_000, |n| {
        records((0..n).map(|_| (22, vec![0, 0, 0, 0])))
    }),
    of("one handshake message, bytewise", 20_000, |n| {
        let len = n.to_be_bytes()[1..].to_vec();
        let head = (22, [&[1], len.as_slice()].concat());
        records(std::iter::once(head).chain((0..n).map(|_| (22, vec![0]))))
    }),
    of("alerts", 20_000, |n| {
        records((0..n).map(|_| (21, vec![1, 90])))
    }),
    of("sealed records without keys", 20_000, |n| {
        let change = std::iter::once((20, vec![1]));
        records(change.chain((0..n).map(|_| (23, vec![7; 40]))))
    }),
    of("DNS queries for new names", 2_000, |n| {
        frames((0..n).map(|k| wire::udp(client(k), resolver(), &query(k), id(k))))
    }),
    of("datagrams of nothing known", 20_000, |n| {
        frames(
            (0..n).map(|k| wire::udp(client(k), SocketAddr::from(([10, 1, 1, 9], 9)), b"x", id(k))),
        )
    }),
    of("packets that are there twice", 20_000, |n| {
        let frame = segment(client(1), server(), PSH | ACK, 101, 501, b"x");
        frames((0..n).map(|_| frame.clone()))
    }),
    of("steps back in time", 20_000, |n| {
        let frame = segment(client(1), server(), ACK, 101, 501, b"");
        at(n, |k| if k % 2 == 0 { k } else { k / 2 }, |_| frame.clone())
    }),
];

fn client(n: u32) -> SocketAddr {
    let host = Ipv4Addr::from(0x0a01_0100 + 10 + n / 40_000);
    SocketAddr::from((host, 20_000 + u16::try_from(n % 40_000).unwrap()))
}

/// A connection that is opened.
fn open(k: u32) -> [Vec<u8>; 3] {
    let from = client(k);
    [
        segment(from, server(), SYN, 100, 0, b""),
        segment(server(), from, SYN | ACK, 500, 101, b""),
        segment(from, server(), ACK, 101, 501, b""),
    ]
}

/// A handshake message in one record of the server.
fn said_by_server(k: u32, kind: u8, body: &[u8]) -> Vec<u8> {
    let message = [&[kind][..], &vec24(body.len()), body].concat();
    let record = [&[22, 3, 1][..], &vec24(message.len())[1..], &message].concat();
    segment(server(), client(k), PSH | ACK, 501, 101, &record)
}

fn vec24(len: usize) -> Vec<u8> {
    let [_, .., a, b, c] = len.to_be_bytes();
    vec![a, b, c]
}

fn server() -> SocketAddr {
    SocketAddr::from(([10, 1, 1, 200], 5060))
}

fn resolver() -> SocketAddr {
    SocketAddr::from(([10, 1, 1, 53], 53))
}

fn id(n: u32) -> u16 {
    u16::try_from(n % 65_536).unwrap()
}

/// A frame each tenth of a millisecond.
fn frames(all: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut all = all.into_iter();
    at(u32::MAX, |k| k, |_| all.next().unwrap_or_default())
}

/// Up to `n` frames at the times that `when` gives, in tenths of milliseconds; an empty one ends it.
fn at(n: u32, when: impl Fn(u32) -> u32, mut frame: impl FnMut(u32) -> Vec<u8>) -> Vec<u8> {
    let all: Vec<Frame> = (0..n)
        .map(|k| (k, frame(k)))
        .take_while(|(_, bytes)| !bytes.is_empty())
        .map(|(k, bytes)| Frame {
            time: 1_767_225_600_000_000_000 + i64::from(when(k)) * 100_000,
            original_len: bytes.len(),
            bytes,
        })
        .collect();
    pcap::classic(&all, pcap::USUAL)
}

/// Segments of one client at these places of its stream.
fn pieces<'a>(all: impl IntoIterator<Item = (u32, &'a [u8])>) -> Vec<u8> {
    let from = client(1);
    let open = [
        segment(from, server(), SYN, 100, 0, b""),
        segment(server(), from, SYN | ACK, 500, 101, b""),
        segment(from, server(), ACK, 101, 501, b""),
    ];
    let all = all.into_iter();
    frames(open.into_iter().chain(
        all.map(|(place, bytes)| segment(from, server(), PSH | ACK, 101 + place, 501, bytes)),
    ))
}

/// Segments of ten bytes, in the order that `place` gives.
fn stream(n: u32, place: impl Fn(u32) -> u32) -> Vec<u8> {
    pieces((0..n).map(|k| (10 * place(k), &b"0123456789"[..])))
}

/// A stream in full segments.
fn connection(bytes: &[u8]) -> Vec<u8> {
    pieces((0..).step_by(1_460).zip(bytes.chunks(1_460)))
}

/// Records of TLS on one connection.
fn records(all: impl IntoIterator<Item = (u8, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, body) in all {
        let len = u16::try_from(body.len()).unwrap().to_be_bytes();
        bytes.extend([kind, 3, 1]);
        bytes.extend(len);
        bytes.extend(body);
    }
    connection(&bytes)
}

fn text(n: u32, call: &str) -> String {
    format!(
        "SUBSCRIBE sip:u{n}@tomt.local SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.10:5060;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n\
         From: <sip:p{n}@tomt.it>;tag=a{n}\r\nTo: <sip:u{n}@tomt.local>\r\nCall-ID: {call}\r\nCSeq: {n} SUBSCRIBE\r\nEvent: presence\r\n\
         Contact: <sip:10.1.1.10>\r\nContent-Length: 0\r\n\r\n"
    )
}

fn request(from: SocketAddr, text: &str) -> Vec<u8> {
    wire::udp(from, server(), text.as_bytes(), 0)
}

/// A subscription and its answer.
fn exchange(n: u32, call: &str, status: &str) -> [Vec<u8>; 2] {
    let answer = format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 10.1.1.10:5060;branch=z9hG4bK{n}\r\nFrom: <sip:p{n}@tomt.it>;tag=a{n}\r\n\
         To: <sip:u{n}@tomt.local>;tag=b\r\nCall-ID: {call}\r\nCSeq: {n} SUBSCRIBE\r\nExpires: 3600\r\nServer: Cisco-CUP/9.1\r\nContent-Length: 0\r\n\r\n"
    );
    [
        request(client(n), &text(n, call)),
        wire::udp(server(), client(n), answer.as_bytes(), 0),
    ]
}

/// Ten messages over TCP with a head that grows.
fn large(grow: impl Fn(&mut String)) -> Vec<u8> {
    let mut all = String::new();
    for n in 0..10 {
        let message = text(n, "large");
        let (start, rest) = message.split_once("Content-Length").unwrap();
        all.push_str(start);
        grow(&mut all);
        all.push_str("Content-Length");
        all.push_str(rest);
    }
    connection(all.as_bytes())
}

/// Ten messages over TCP with this body.
fn body(kind: &str, body: &str) -> Vec<u8> {
    let mut all = String::new();
    for n in 0..10 {
        let message = text(n, "large");
        let head = format!(
            "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        all.push_str(
            &message
                .replace("Content-Length: 0\r\n\r\n", &head)
                .replace("SUBSCRIBE", "NOTIFY"),
        );
        all.push_str(body);
    }
    connection(all.as_bytes())
}

/// A query for a name that no other one asks for (RFC 1035 §4.1).
fn query(n: u32) -> Vec<u8> {
    let label = format!("h{n:06}");
    let mut out = Vec::from(id(n).to_be_bytes());
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7]);
    out.extend(label.as_bytes());
    out.extend(b"\x04tomt\x05local\x00\x00\x01\x00\x01");
    out
}
