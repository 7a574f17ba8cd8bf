//! Turns of a session that are rare: NULL suites, early data, long handshake messages, secrets without a name, very many records.

use super::*;

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
