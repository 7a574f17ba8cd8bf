//! Sessions that rustls makes in memory, opened with the key log it writes; with loss, damage and wrong secrets.

use super::super::testdata::{TEST_CERTIFICATE, TEST_KEY};
use super::super::*;
use super::{Anyone, bytes};
use crate::base::{Chunk, Direction, FrameNumber, FrameRef, Limits};
use Direction::{Originator as C, Responder as S};
use rustls::SupportedProtocolVersion;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

#[derive(Debug, Default)]
struct Log(Mutex<String>);

impl rustls::KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |b: &[u8]| b.iter().map(|x| format!("{x:02x}")).collect::<String>();
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        self.0.lock().unwrap().push_str(&line);
    }
}

/// What went over the wire in order, and what was said.
#[derive(Default)]
struct Talk {
    wire: Vec<(Direction, Vec<u8>)>,
    said: [Vec<u8>; 2],
    keys: String,
}

/// A client and a server that stay, so that sessions can be resumed.
struct Peers {
    client: Arc<rustls::ClientConfig>,
    server: Arc<rustls::ServerConfig>,
    log: Arc<Log>,
}

fn suites(names: &[&str]) -> rustls::crypto::CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    provider
        .cipher_suites
        .retain(|s| names.is_empty() || names.contains(&s.suite().as_str().unwrap()));
    provider
}

impl Peers {
    fn new(version: &'static SupportedProtocolVersion, suite: &str, retry: bool) -> Self {
        let names: Vec<&str> = [suite].into_iter().filter(|s| !s.is_empty()).collect();
        let log = Arc::new(Log::default());
        let mut client = rustls::ClientConfig::builder_with_provider(Arc::new(suites(&names)))
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_no_client_auth();
        client.key_log = log.clone();
        client.enable_early_data = true;
        let mut picky = suites(&names);
        if retry {
            picky.kx_groups = vec![rustls::crypto::ring::kx_group::SECP384R1];
        }
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bytes(TEST_KEY)));
        let mut server = rustls::ServerConfig::builder_with_provider(Arc::new(picky))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(bytes(TEST_CERTIFICATE))], key)
            .unwrap();
        server.max_early_data_size = 4096;
        if version == &TLS12 {
            // rustls takes early data only where it keeps the sessions itself.
            server.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
        }
        Self {
            client: Arc::new(client),
            server: Arc::new(server),
            log,
        }
    }

    /// Messages to and fro; after `update` of them both sides change their keys.
    fn talk(&self, rounds: usize, update: Option<usize>) -> Talk {
        let name = "sip.example.com".try_into().unwrap();
        let mut client = rustls::ClientConnection::new(self.client.clone(), name).unwrap();
        let mut server = rustls::ServerConnection::new(self.server.clone()).unwrap();
        let mut talk = Talk::default();
        if let Some(mut early) = client.early_data() {
            let text = b"OPTIONS sip:early SIP/2.0\r\n\r\n";
            early.write_all(text).unwrap();
            talk.said[0].extend(text);
        }
        for round in 0..rounds + 6 {
            if round == rounds + 5 {
                client.send_close_notify();
                server.send_close_notify();
            } else if round >= 3 && round < rounds + 3 && !client.is_handshaking() {
                let (up, down) = (message(round, 700), message(round, 1100));
                client.writer().write_all(&up).unwrap();
                server.writer().write_all(&down).unwrap();
                talk.said[0].extend(up);
                talk.said[1].extend(down);
            }
            if update == Some(round) {
                client.refresh_traffic_keys().unwrap();
                server.refresh_traffic_keys().unwrap();
            }
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            deliver(&wire, |rest| {
                server.read_tls(rest).unwrap();
                server.process_new_packets().unwrap();
            });
            if let Some(mut early) = server.early_data() {
                let _ = early.read(&mut [0; 4096]);
            }
            let _ = server.reader().read(&mut [0; 20_000]);
            talk.wire.push((C, wire));
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            deliver(&wire, |rest| {
                client.read_tls(rest).unwrap();
                client.process_new_packets().unwrap();
            });
            let _ = client.reader().read(&mut [0; 20_000]);
            talk.wire.push((S, wire));
        }
        talk.wire.retain(|(_, b)| !b.is_empty());
        talk.keys = self.log.0.lock().unwrap().clone();
        talk
    }
}

fn deliver(wire: &[u8], mut to: impl FnMut(&mut &[u8])) {
    let mut rest = wire;
    while !rest.is_empty() {
        to(&mut rest);
    }
}

fn message(n: usize, len: usize) -> Vec<u8> {
    let mut text = format!("MESSAGE sip:{n} SIP/2.0\r\n").into_bytes();
    text.resize(len, b'.');
    text
}

/// What a session gives out.
struct Opened {
    plain: [Vec<u8>; 2],
    holes: [u64; 2],
    tls: TlsSummary,
}

fn keyring(keys: &str) -> Keyring {
    let mut secrets = Secrets::default();
    let report = secrets.add_keylog(keys.as_bytes(), &Limits::default());
    assert_eq!(report.malformed, 0);
    Keyring::new(secrets, &Limits::default())
}

fn read_with(keyring: &mut Keyring, wire: &[(Direction, Wire<'_>)]) -> Opened {
    let mut session = Session::new(&Limits::default());
    let mut plain = <[Vec<u8>; 2]>::default();
    let mut holes = [0; 2];
    let mut out = |d: Direction, chunk: Chunk<'_>| match chunk {
        Chunk::Data { bytes, .. } => plain[d.index()].extend_from_slice(bytes),
        Chunk::Gap { len, .. } => holes[d.index()] += len,
    };
    for (number, (direction, piece)) in (1..).zip(wire) {
        let at = FrameRef {
            number: FrameNumber(number),
            ..FrameRef::default()
        };
        let chunk = match piece {
            Wire::Bytes(bytes) => Chunk::Data {
                offset: 0,
                at,
                bytes,
            },
            Wire::Lost(len) => Chunk::Gap {
                offset: 0,
                at,
                len: *len,
            },
        };
        session.push(*direction, chunk, keyring, &mut out);
    }
    session.finish(keyring, &mut out);
    Opened {
        plain,
        holes,
        tls: session.into_summary(),
    }
}

#[derive(Clone, Copy)]
enum Wire<'a> {
    Bytes(&'a [u8]),
    Lost(u64),
}

fn whole(talk: &Talk) -> Vec<(Direction, Wire<'_>)> {
    let all = talk.wire.iter();
    all.map(|(d, b)| (*d, Wire::Bytes(b))).collect()
}

fn assert_said(talk: &Talk, read: &Opened, what: &str) {
    for direction in [C, S] {
        let i = direction.index();
        assert!(
            talk.said[i] == read.plain[i],
            "{what} {direction:?}: {} bytes of {}; {:?}, not understood: {:?}",
            read.plain[i].len(),
            talk.said[i].len(),
            read.tls.undecrypted_reason(),
            read.tls.not_understood,
        );
    }
    assert!(read.tls.is_decrypted(), "{what}");
    assert_eq!(read.tls.undecrypted_reason(), None, "{what}");
}

const SUITES: [(&SupportedProtocolVersion, &str); 6] = [
    (&TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (&TLS12, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (&TLS12, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (&TLS13, "TLS13_AES_128_GCM_SHA256"),
    (&TLS13, "TLS13_AES_256_GCM_SHA384"),
    (&TLS13, "TLS13_CHACHA20_POLY1305_SHA256"),
];

#[test]
fn every_suite_of_rustls_is_opened_however_the_stream_is_cut() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(4, None);
        let read = read_with(&mut keyring(&talk.keys), &whole(&talk));
        assert_said(&talk, &read, suite);
        assert!(read.tls.not_understood.is_empty(), "{suite}");
        assert_eq!(read.tls.handshake_end(), HandshakeEnd::Complete, "{suite}");
        assert!(read.tls.alerts.iter().all(|a| a.is_close_notify()) && read.tls.alerts.len() == 2);
        assert!(read.tls.server_certificates.is_some() && !read.tls.certificates_hidden());
        for size in [1, 7, 1460] {
            let cut: Vec<_> = talk
                .wire
                .iter()
                .flat_map(|(d, b)| b.chunks(size).map(|part| (*d, Wire::Bytes(part))))
                .collect();
            let read = read_with(&mut keyring(&talk.keys), &cut);
            assert_said(&talk, &read, suite);
        }
    }
}

#[test]
fn key_updates_hello_retry_tickets_and_early_data() {
    for (version, suite) in SUITES {
        let updated = Peers::new(version, suite, true).talk(6, (version == &TLS13).then_some(5));
        let read = read_with(&mut keyring(&updated.keys), &whole(&updated));
        assert_said(&updated, &read, suite);
        assert_eq!(
            read.tls.hello_retry.is_some(),
            version == &TLS13,
            "{suite} {:?}",
            read.tls.events
        );

        let peers = Peers::new(version, suite, false);
        let (first, second) = (peers.talk(2, None), peers.talk(2, None));
        let mut ring = keyring(&second.keys);
        assert_said(&first, &read_with(&mut ring, &whole(&first)), suite);
        let resumed = read_with(&mut ring, &whole(&second));
        assert_said(&second, &resumed, suite);
        assert_eq!(resumed.tls.resumed, Some(true));
        assert_eq!(
            String::from_utf8_lossy(&resumed.plain[0]).contains("early"),
            version == &TLS13
        );
        if version == &TLS12 {
            // The secret of the first session alone opens the second: it is the same.
            let one = first.keys.lines().next().unwrap();
            let mut ring = keyring(one);
            read_with(&mut ring, &whole(&first));
            assert_said(&second, &read_with(&mut ring, &whole(&second)), suite);
            // Without the first session in the capture the secret is not found.
            let mut ring = keyring(one);
            let read = read_with(&mut ring, &whole(&second));
            assert!(matches!(
                read.tls.undecrypted_reason(),
                Some(Reason::ResumedNotCaptured { .. })
            ));
        }
    }
}

#[test]
fn a_wrong_secret_shows_nothing_and_is_named() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(3, None);
        let wrong: String = talk
            .keys
            .lines()
            .map(|line| {
                let (rest, last) = line.split_at(line.len() - 1);
                format!("{rest}{}\n", if last == "0" { "1" } else { "0" })
            })
            .collect();
        let read = read_with(&mut keyring(&wrong), &whole(&talk));
        assert_eq!(read.plain, <[Vec<u8>; 2]>::default(), "{suite}");
        assert!(
            matches!(
                read.tls.undecrypted_reason(),
                Some(Reason::DoesNotAuthenticate {
                    client_random: Some(_)
                })
            ),
            "{suite}: {:?}",
            read.tls.undecrypted_reason()
        );
        let none = read_with(&mut keyring(""), &whole(&talk));
        assert!(matches!(
            none.tls.undecrypted_reason(),
            Some(Reason::NoSecrets { .. })
        ));
    }
}

/// The wire of a talk with the part from `start` to `end` of one direction's `nth` piece missing.
fn with_hole(talk: &Talk, nth: usize, start: usize, end: usize) -> Vec<(Direction, Wire<'_>)> {
    let mut out = Vec::new();
    for (at, (d, b)) in talk.wire.iter().enumerate() {
        if at == nth {
            out.push((*d, Wire::Bytes(&b[..start])));
            out.push((*d, Wire::Lost((end - start) as u64)));
            out.push((*d, Wire::Bytes(&b[end..])));
        } else {
            out.push((*d, Wire::Bytes(b)));
        }
    }
    out
}

#[test]
fn after_a_hole_everything_that_is_whole_is_opened() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(30, None);
        let data: Vec<usize> = (0..talk.wire.len())
            .filter(|i| talk.wire[*i].0 == S && talk.wire[*i].1.len() > 1100)
            .collect();
        let nth = data[data.len() / 2];
        let len = talk.wire[nth].1.len();
        // A hole inside a record, one at its start, and a whole record.
        for (start, end) in [(200, 500), (0, 300), (0, len)] {
            let read = read_with(&mut keyring(&talk.keys), &with_hole(&talk, nth, start, end));
            let lost = talk.said[1].len() - read.plain[1].len();
            assert_eq!(lost, 1100, "{suite} {start}..{end}");
            assert_eq!(talk.said[0], read.plain[0], "{suite}");
            assert!(read.holes[1] > 0, "{suite}: the hole is not told");
            assert!(read.tls.is_decrypted());
        }
        // Several records of a direction at once.
        let lost: Vec<_> = talk
            .wire
            .iter()
            .enumerate()
            .map(|(at, (d, b))| {
                let gone = *d == S && (nth..nth + 20).contains(&at);
                let piece = if gone {
                    Wire::Lost(b.len() as u64)
                } else {
                    Wire::Bytes(b)
                };
                (*d, piece)
            })
            .collect();
        let read = read_with(&mut keyring(&talk.keys), &lost);
        assert_eq!(
            talk.said[1].len() - read.plain[1].len(),
            11_000,
            "{suite}: {:?}",
            read.tls.not_understood
        );
    }
}

#[test]
fn a_key_update_lost_in_a_hole_is_found_again() {
    let talk = Peers::new(&TLS13, SUITES[3].1, false).talk(20, Some(12));
    let nth = 2 * 12 + 1;
    let start = nth - 6;
    let lost: Vec<_> = talk
        .wire
        .iter()
        .enumerate()
        .map(|(at, (d, b))| match at {
            at if *d == S && (start..nth + 3).contains(&at) => (*d, Wire::Lost(b.len() as u64)),
            _ => (*d, Wire::Bytes(b)),
        })
        .collect();
    let read = read_with(&mut keyring(&talk.keys), &lost);
    let end = message(22, 1100);
    assert!(read.plain[1].ends_with(&end));
    assert!(read.plain[1].len() > talk.said[1].len() / 2);
}

#[test]
fn a_tls13_connection_begun_before_the_capture_is_opened() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(12, None);
        let late: Vec<_> = whole(&talk).into_iter().skip(12).collect();
        let other = Peers::new(version, suite, false).talk(1, None);
        let mut ring = keyring(&format!("{}{}", other.keys, talk.keys));
        let read = read_with(&mut ring, &late);
        if version == &TLS13 {
            for direction in [C, S] {
                let (said, plain) = (
                    &talk.said[direction.index()],
                    &read.plain[direction.index()],
                );
                assert!(!plain.is_empty() && said.ends_with(plain), "{suite}");
            }
            assert!(read.tls.is_decrypted() && read.tls.client() == C);
            assert_eq!(read.tls.version(), Some(Version::TLS13));
        } else {
            // The keys of TLS 1.2 need the server random of the handshake.
            assert_eq!(
                read.tls.undecrypted_reason(),
                Some(Reason::HandshakeNotCaptured)
            );
        }
    }
}

#[test]
fn directions_captured_out_of_order_wait_for_each_other() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(4, None);
        // All of the client first, as in a capture of two taps that are not merged by time.
        for first in [C, S] {
            let mut wire = whole(&talk);
            wire.sort_by_key(|(d, _)| *d != first);
            let read = read_with(&mut keyring(&talk.keys), &wire);
            assert_said(&talk, &read, suite);
        }
    }
}

#[test]
fn a_lost_hello_is_no_obstacle_where_the_key_log_tells() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(4, None);
        let mut wire = whole(&talk);
        let Wire::Bytes(hello) = wire[0].1 else {
            panic!()
        };
        wire[0].1 = Wire::Lost(hello.len() as u64);
        let read = read_with(&mut keyring(&talk.keys), &wire);
        if version == &TLS12 {
            assert_said(&talk, &read, suite);
        }
    }
}

#[test]
fn flipped_bits_cost_their_record_and_nothing_else() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(10, None);
        let nth = talk
            .wire
            .iter()
            .rposition(|(d, b)| *d == S && b.len() > 1100)
            .unwrap()
            - 8;
        assert_eq!(talk.wire[nth].0, S);
        let mut damaged = talk.wire[nth].1.clone();
        damaged[300] ^= 4;
        let mut wire = whole(&talk);
        wire[nth].1 = Wire::Bytes(&damaged);
        let read = read_with(&mut keyring(&talk.keys), &wire);
        assert_eq!(talk.said[1].len() - read.plain[1].len(), 1100, "{suite}");
        assert!(
            read.tls
                .not_understood
                .iter()
                .any(|n| n.why == Why::NotOpened)
        );
    }
}

/// What went by before the ServerHello is not there: the key log still tells, wherever the hole ends.
#[test]
fn tls13_is_opened_behind_a_hole_that_took_the_server_hello() {
    for (version, suite) in &SUITES[3..] {
        let talk = Peers::new(version, suite, false).talk(20, None);
        for gone in [1, 8, 14] {
            let wire: Vec<_> = talk
                .wire
                .iter()
                .enumerate()
                .map(|(at, (d, b))| match at {
                    at if *d == S && at <= gone => (*d, Wire::Lost(b.len() as u64)),
                    _ => (*d, Wire::Bytes(b)),
                })
                .collect();
            let read = read_with(&mut keyring(&talk.keys), &wire);
            assert!(read.plain[0] == talk.said[0], "{suite} {gone}");
            let lost: usize = talk.said[1].len() - read.plain[1].len();
            let gone = talk.wire[..=gone].iter();
            let data = gone.filter(|(d, b)| *d == S && b.len() > 1100 && b[0] == 23);
            assert!(
                read.plain[1].len() > 1100 && lost <= 1100 * data.count(),
                "{suite}: {lost} lost, {:?}",
                read.tls.not_understood
            );
        }
    }
}

#[test]
fn a_damaged_first_record_does_not_hide_a_connection_begun_before() {
    let talk = Peers::new(&TLS13, SUITES[3].1, false).talk(12, None);
    for damaged in [C, S] {
        let late = &talk.wire[12..];
        let first = late.iter().position(|(d, _)| *d == damaged).unwrap();
        let mut flipped = late[first].1.clone();
        flipped[100] ^= 1;
        let mut wire: Vec<_> = late.iter().map(|(d, b)| (*d, Wire::Bytes(b))).collect();
        wire[first].1 = Wire::Bytes(&flipped);
        let read = read_with(&mut keyring(&talk.keys), &wire);
        for direction in [C, S] {
            let (said, plain) = (
                &talk.said[direction.index()],
                &read.plain[direction.index()],
            );
            assert!(
                plain.len() > 2000 && said.ends_with(plain),
                "{damaged:?}: {} bytes of {direction:?}",
                plain.len()
            );
        }
        assert!(read.tls.is_decrypted());
    }
}

#[test]
fn a_strange_connection_does_not_use_up_the_search_of_others() {
    let strange = Peers::new(&TLS13, SUITES[3].1, false).talk(12, None);
    let others: String = (0..48)
        .map(|n| {
            format!(
                "CLIENT_TRAFFIC_SECRET_0 {n:064x} {n:064x}\nSERVER_TRAFFIC_SECRET_0 {n:064x} {n:064x}\n"
            )
        })
        .collect();
    let mut ring = keyring(&others);
    let before = ring.search;
    let late: Vec<_> = whole(&strange).into_iter().skip(12).collect();
    let read = read_with(&mut ring, &late);
    assert_eq!(
        read.tls.undecrypted_reason(),
        Some(Reason::HandshakeNotCaptured)
    );
    assert_eq!(ring.search, before);
}

#[test]
fn many_connections_without_a_hello_times_many_secrets_end() {
    use std::fmt::Write as _;
    let mut keys = String::new();
    for n in 0..4096 {
        writeln!(keys, "CLIENT_RANDOM {n:064x} {n:096x}").unwrap();
    }
    let mut ring = keyring(&keys);
    let mut hello = vec![22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x2f, 0]);
    hello.extend([20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 40]);
    hello.extend([9; 40]);
    for _ in 0..2000 {
        let read = read_with(&mut ring, &[(S, Wire::Bytes(&hello))]);
        assert_eq!(read.plain, <[Vec<u8>; 2]>::default());
    }
    assert_eq!(ring.may_try(1), 0);
}

fn record(content: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[content, 3, 3], &len[..], body].concat()
}

/// Handshake messages as small as they can be, with a MAC's worth of bytes behind.
fn hello(kind: u8, suite: [u8; 2], mac_len: usize) -> Vec<u8> {
    let choice = match kind {
        1 => vec![0, 0, 2, suite[0], suite[1], 1, 0],
        _ => vec![0, suite[0], suite[1], 0],
    };
    let body = [&[3, 3], &[kind; 32][..], &choice].concat();
    let message = [
        &[kind, 0, 0, u8::try_from(body.len()).unwrap()],
        &body[..],
        &vec![0x55; mac_len],
    ]
    .concat();
    record(22, &message)
}

#[test]
fn a_renegotiation_from_a_null_suite_to_a_real_one_shows_no_ciphertext() {
    let (null, aes) = ([0, 2], [0, 0x2f]);
    let change = record(20, &[1]);
    let clear = record(
        23,
        &[&b"OPTIONS sip:a SIP/2.0\r\n\r\n"[..], &[0; 20]].concat(),
    );
    let sealed = record(23, &[0xa5; 64]);
    let changed = record(20, &[&[1][..], &[0; 20]].concat());
    let wire = [
        (C, hello(1, null, 0)),
        (S, hello(2, null, 0)),
        (C, change.clone()),
        (S, change),
        (C, clear),
        (C, hello(1, aes, 20)),
        (S, hello(2, aes, 20)),
        // A record of a NULL suite has its MAC behind it.
        (C, changed.clone()),
        (S, changed),
        (C, sealed.clone()),
        (S, sealed),
    ];
    let wire: Vec<_> = wire.iter().map(|(d, b)| (*d, Wire::Bytes(b))).collect();
    let read = read_with(&mut keyring(""), &wire);
    assert_eq!(read.plain[0], b"OPTIONS sip:a SIP/2.0\r\n\r\n");
    assert_eq!(String::from_utf8_lossy(&read.plain[1]), "");
    assert!(
        matches!(
            read.tls.undecrypted_reason(),
            Some(Reason::NoSecrets {
                client_random: [1, ..]
            })
        ),
        "{:?}",
        read.tls.undecrypted_reason()
    );
}

#[test]
fn what_a_null_suite_carries_is_read_from_its_first_record_on_whatever_the_secret() {
    let null = [0, 2];
    let said = b"OPTIONS sip:a SIP/2.0\r\n\r\n";
    let clear = record(23, &[&said[..], &[0; 20]].concat());
    let wire = [
        (C, hello(1, null, 0)),
        (S, hello(2, null, 0)),
        (C, record(20, &[1])),
        (C, clear),
    ];
    let wire: Vec<_> = wire.iter().map(|(d, b)| (*d, Wire::Bytes(b))).collect();
    let wrong = format!("CLIENT_RANDOM {} {:096x}\n", "01".repeat(32), 7);
    for keys in ["", &wrong] {
        let read = read_with(&mut keyring(keys), &wire);
        assert_eq!(read.plain[0], said, "{keys}");
        assert_eq!(read.tls.protection, Protection::Null);
    }
}

#[test]
fn a_client_whose_server_was_not_captured_at_all_is_opened_in_tls13() {
    let talk = Peers::new(&TLS13, SUITES[3].1, false).talk(6, None);
    let wire: Vec<_> = whole(&talk).into_iter().filter(|(d, _)| *d == C).collect();
    let read = read_with(&mut keyring(&talk.keys), &wire);
    assert!(
        read.plain[0] == talk.said[0],
        "{:?}",
        read.tls.not_understood
    );
}

#[test]
fn early_data_without_its_secret_is_said_to_be_closed() {
    let peers = Peers::new(&TLS13, SUITES[3].1, false);
    let (_, talk) = (peers.talk(2, None), peers.talk(2, None));
    let without: String = talk
        .keys
        .lines()
        .filter(|line| !line.starts_with("CLIENT_EARLY"))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(without.len() < talk.keys.len());
    let lost = |keys: &str| {
        let read = read_with(&mut keyring(keys), &whole(&talk));
        assert!(read.tls.is_decrypted());
        let all = read.tls.not_understood.iter();
        (
            read.plain[0].len(),
            all.filter(|n| n.why == Why::NotOpened).count(),
        )
    };
    let early = b"OPTIONS sip:early SIP/2.0\r\n\r\n".len();
    let (with, without) = (lost(&talk.keys), lost(&without));
    assert_eq!(with, (talk.said[0].len(), 0));
    assert_eq!(without, (talk.said[0].len() - early, 1));
}

#[test]
fn a_damaged_record_in_a_long_handshake_message_makes_no_other_message_of_the_rest() {
    let mut peers = Peers::new(&TLS13, SUITES[3].1, false);
    Arc::get_mut(&mut peers.server).unwrap().max_fragment_size = Some(64);
    let talk = peers.talk(4, None);
    let flight = talk
        .wire
        .iter()
        .position(|(d, b)| *d == S && b.len() > 700)
        .unwrap();
    let read = read_with(&mut keyring(&talk.keys), &whole(&talk));
    assert!(read.tls.server_certificates.is_some());
    // Every place behind the ServerHello: some are in the middle of the certificate.
    for at in (200..talk.wire[flight].1.len()).step_by(29) {
        let mut damaged = talk.wire[flight].1.clone();
        damaged[at] ^= 1;
        let mut wire = whole(&talk);
        wire[flight].1 = Wire::Bytes(&damaged);
        let read = read_with(&mut keyring(&talk.keys), &wire);
        let bogus = |n: &NotUnderstood| {
            matches!(
                n.why,
                Why::UnknownHandshake | Why::MalformedHandshake | Why::HandshakeTooLong
            )
        };
        assert!(
            !read.tls.not_understood.iter().any(bogus),
            "{at}: {:?}",
            read.tls.not_understood
        );
    }
}

/// OpenSSL's client names a session that goes by ticket with a digest of the ticket, and a server without a cache gives no id.
#[test]
fn a_master_secret_that_nothing_on_the_wire_names_is_found_by_trial() {
    let talk = Peers::new(&TLS12, SUITES[0].1, false).talk(3, None);
    let master = talk.keys.split_whitespace().nth(2).unwrap();
    let wrong = "5f".repeat(48);
    let keys = format!(
        "RSA Session-ID: Master-Key:{wrong}\nRSA Session-ID:{} Master-Key:{wrong}\n",
        "11".repeat(32)
    );
    // As a server without a cache would have said it: no session id in the ServerHello.
    let mut nameless = Talk {
        wire: talk.wire.clone(),
        said: talk.said.clone(),
        keys: String::new(),
    };
    let hello = &mut nameless.wire.iter_mut().find(|(d, _)| *d == S).unwrap().1;
    assert_eq!((hello[0], hello[5], hello[43]), (22, 2, 32));
    hello.drain(44..76);
    hello[43] = 0;
    for at in [3, 7] {
        let len = u16::from_be_bytes([hello[at], hello[at + 1]]) - 32;
        hello[at..at + 2].copy_from_slice(&len.to_be_bytes());
    }
    let read = read_with(&mut keyring(&keys), &whole(&nameless));
    assert!(read.tls.server_hello.is_some());
    assert!(matches!(
        read.tls.undecrypted_reason(),
        Some(Reason::NoSecrets { .. })
    ));
    for name in ["", &"22".repeat(32)] {
        let keys = format!("{keys}RSA Session-ID:{name} Master-Key:{master}\n");
        let read = read_with(&mut keyring(&keys), &whole(&nameless));
        assert_said(&nameless, &read, name);
    }
    // Where the server names the session, another name is another session.
    let other = format!("RSA Session-ID:{} Master-Key:{master}\n", "22".repeat(32));
    let read = read_with(&mut keyring(&other), &whole(&talk));
    assert!(read.plain[0].is_empty());
}

#[test]
fn very_many_tiny_records_are_opened_in_bounded_space() {
    const RECORDS: usize = 30_000;
    for (version, suite) in [SUITES[0], SUITES[3]] {
        let peers = Peers::new(version, suite, false);
        let name = "sip.example.com".try_into().unwrap();
        let mut client = rustls::ClientConnection::new(peers.client.clone(), name).unwrap();
        let mut server = rustls::ServerConnection::new(peers.server.clone()).unwrap();
        let mut wire = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            let mut up = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut up).unwrap();
            }
            deliver(&up, |rest| {
                server.read_tls(rest).unwrap();
                server.process_new_packets().unwrap();
            });
            wire.push((C, up));
            let mut down = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut down).unwrap();
            }
            deliver(&down, |rest| {
                client.read_tls(rest).unwrap();
                client.process_new_packets().unwrap();
            });
            wire.push((S, down));
        }
        let mut tiny = Vec::new();
        for _ in 0..RECORDS {
            client.writer().write_all(b".").unwrap();
            client.write_tls(&mut tiny).unwrap();
        }
        wire.push((C, tiny));
        let keys = peers.log.0.lock().unwrap().clone();
        for keys in [keys.clone(), keys.replace('7', "8")] {
            let pieces: Vec<_> = wire
                .iter()
                .flat_map(|(d, b)| b.chunks(1460).map(|part| (*d, Wire::Bytes(part))))
                .collect();
            let read = read_with(&mut keyring(&keys), &pieces);
            let opened = read.plain[0].len();
            assert!(opened == RECORDS || opened == 0, "{suite}: {opened}");
            assert_eq!(opened == 0, read.tls.undecrypted_reason().is_some());
            assert!(read.tls.events.len() <= MAX_EVENTS && read.tls.alerts.len() <= MAX_ALERTS);
            assert!(read.tls.not_understood.len() < 10);
        }
    }
}
