//! Sessions that rustls makes in memory, opened with the key log it writes; with loss, damage and wrong secrets.

mod loss;
mod turns;

use super::super::testdata::{TEST_CERTIFICATE, TEST_KEY};
use super::super::*;
use super::bytes;
use super::memory::Anyone;
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
            number: FrameNumber::new(number),
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
            Wire::NoRoom => {
                session.give_up_waiting(keyring, &mut out);
                assert_eq!(session.waiting(), 0);
                continue;
            }
        };
        session.push(*direction, chunk, keyring, &mut out);
    }
    session.finish(keyring, &mut out);
    assert_eq!(session.waiting(), 0);
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
    /// What waits is given up.
    NoRoom,
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
