//! What a session holds while it waits, and gives up where there is no room for it.

use super::*;

impl Feed {
    fn no_room(&mut self) -> &mut Self {
        self.session
            .give_up_waiting(&mut self.keyring, &mut |_, _| {});
        self
    }
}

fn why(s: &TlsSummary) -> Vec<(Direction, Why)> {
    let all = s.not_understood.iter();
    all.map(|n| (n.direction, n.why)).collect()
}

#[test]
fn nothing_waits_between_records_and_messages() {
    for size in [1, 3, 100, 1460] {
        let (mut feed, mut most) = (Feed::new(), 0);
        for (direction, hex) in EKU {
            for part in bytes(hex).chunks(size) {
                feed.push(direction, part);
                most = most.max(feed.session.waiting());
            }
            assert_eq!(feed.session.waiting(), 0, "chunks of {size}");
        }
        // Of the longest record all but its last bytes had to wait.
        assert!(most > 800, "chunks of {size}: {most}");
        assert!(why(&feed.end()).is_empty());
    }
}

#[test]
fn a_record_in_clear_that_is_given_up_is_missing_and_the_next_is_read() {
    let flight = bytes(EKU_SERVER_FLIGHT);
    let mut feed = Feed::new();
    feed.push(C, &bytes(EKU_CLIENT_HELLO))
        .push(S, &flight[..300])
        .no_room()
        .push(S, &flight[300..]);
    feed.push(C, &bytes(EKU_CLIENT_FLIGHT))
        .push(S, &bytes(EKU_ALERT));
    let s = feed.end();
    assert!(s.server_hello.is_some() && s.server_certificates.is_none());
    assert!(s.server_hello_done.is_some() && s.client_certificates.is_some());
    assert!(s.alerts.len() == 1 && !s.alerts[0].encrypted);
    assert_eq!(why(&s), [(S, Why::NoRoom)]);
    // For those who judge it is missing.
    assert!(s.missing_bytes[S.index()] > 0 && s.missing_bytes[C.index()] == 0);
    assert_eq!(s.handshake_end(), HandshakeEnd::Unknown);
    let mut caveats = Caveats::new(5);
    s.note_caveats(&mut caveats);
    assert_eq!(caveats.count(CaveatKind::TlsNotUnderstood), 1);
}

#[test]
fn a_message_that_is_given_up_is_passed_over_to_its_end() {
    let certificate = message(11, &[7; 900]);
    let done = message(14, &[]);
    let mut feed = Feed::new();
    feed.push(C, &bytes(EKU_CLIENT_HELLO))
        .push(S, &record(22, &server_hello(0x2f)))
        .push(S, &record(22, &certificate[..300]));
    assert!(feed.session.waiting() >= 300);
    feed.no_room();
    assert_eq!(feed.session.waiting(), 0);
    feed.push(S, &record(22, &certificate[300..600]));
    assert_eq!(feed.session.waiting(), 0);
    let rest = [&certificate[600..], &done].concat();
    feed.push(S, &record(22, &rest));
    let s = feed.end();
    assert!(s.server_certificates.is_none() && s.server_hello_done.is_some());
    assert_eq!(why(&s), [(S, Why::NoRoom)]);
}

#[test]
fn less_than_the_header_of_a_message_is_kept() {
    let done = message(14, &[]);
    let mut feed = Feed::new();
    feed.push(C, &bytes(EKU_CLIENT_HELLO))
        .push(S, &record(22, &server_hello(0x2f)))
        .push(S, &record(22, &done[..2]))
        .no_room()
        .push(S, &record(22, &done[2..]));
    let s = feed.end();
    assert!(s.server_hello_done.is_some() && why(&s).is_empty());
}

#[test]
fn a_hole_ends_the_claim_that_there_was_no_room() {
    let data = record(22, &message(11, &[7; 900]));
    let mut feed = Feed::new();
    feed.push(C, &bytes(EKU_CLIENT_HELLO))
        .push(S, &data[..300])
        .no_room()
        .gap(S, 5_000)
        .push(S, &data[..300])
        .gap(S, 100)
        .push(S, &data[400..]);
    let s = feed.end();
    assert!(why(&s).contains(&(S, Why::DamagedRecord)), "{:?}", why(&s));
    assert!(!why(&s).contains(&(S, Why::NoRoom)), "{:?}", why(&s));
}

/// Sessions that stay open, with one keyring.
fn sessions(
    n: usize,
    limits: &Limits,
    server_says: impl Fn(usize) -> Vec<u8>,
) -> (Vec<Session>, Keyring) {
    let mut keyring = Keyring::new(Secrets::default(), limits);
    let all = (0..n).map(|n| {
        let mut session = Session::new(limits);
        for (direction, bytes) in [(C, bytes(EKU_CLIENT_HELLO)), (S, server_says(n))] {
            for part in bytes.chunks(1 << 14) {
                let chunk = Chunk::Data {
                    offset: 0,
                    at: FrameRef::default(),
                    bytes: part,
                };
                session.push(direction, chunk, &mut keyring, &mut |_, _| {});
            }
        }
        session
    });
    (all.collect(), keyring)
}

fn is_whole(session: &Session) -> bool {
    let s = session.summary();
    let request = s.certificate_request.as_ref();
    let flight = s.server_certificates.as_ref();
    request.is_none_or(|r| r.complete) && flight.is_none_or(|f| f.complete)
}

#[test]
fn open_sessions_of_one_server_share_its_certificates_and_have_room_of_their_own() {
    let limits = Limits {
        tls_certificate_bytes: 16 << 10,
        tls_facts_bytes: 0,
        ..Limits::default()
    };
    let (all, _) = sessions(500, &limits, |_| bytes(EKU_SERVER_FLIGHT));
    for session in &all {
        assert!(is_whole(session) && why(session.summary()).is_empty());
        assert_eq!(
            session
                .summary()
                .server_certificates
                .as_ref()
                .map(|f| f.chain.len()),
            Some(2)
        );
    }
}

/// A CertificateRequest of very many short names: each takes ten times its bytes.
fn long_request(_: usize) -> Vec<u8> {
    let name = [
        0, 14, 0x30, 0x0c, 0x31, 0x0a, 0x30, 8, 6, 3, 0x55, 4, 3, 0x0c, 1, b'x',
    ];
    let mut body = vec![1, 1];
    body.extend(u16::try_from(16 * 1_000).unwrap().to_be_bytes());
    body.extend(name.repeat(1_000));
    [
        record(22, &server_hello(0x2f)),
        record(22, &message(13, &body)),
    ]
    .concat()
}

#[test]
fn long_lists_of_open_sessions_share_a_room_that_is_given_back() {
    let limits = Limits {
        tls_facts_bytes: 200_000,
        ..Limits::default()
    };
    let (mut all, mut keyring) = sessions(10, &limits, long_request);
    let whole = all.iter().filter(|s| is_whole(s)).count();
    assert!((4..=6).contains(&whole), "{whole}");
    for session in &all {
        let s = session.summary();
        let request = s.certificate_request.as_ref().unwrap();
        assert_eq!(
            request.ca_list_bytes, 16_000,
            "that there were so many is a fact"
        );
        assert_eq!(request.complete, why(s).is_empty());
        if !request.complete {
            assert!(request.ca_names.is_empty() && why(s) == [(S, Why::NotKept)]);
        }
    }
    for session in &mut all {
        session.finish(&mut keyring, &mut |_, _| {});
    }
    assert_eq!(keyring.facts, 0);
}

#[test]
fn certificates_for_which_there_is_no_room_are_said_and_are_no_incomplete_chain() {
    let limits = Limits {
        tls_certificate_bytes: 40_000,
        ..Limits::default()
    };
    let (mut all, mut keyring) = sessions(20, &limits, |n| {
        let mut der = n.to_be_bytes().to_vec();
        der.resize(5_000, 7);
        let mut list = vec![0, 0x13, 0x8b, 0, 0x13, 0x88];
        list.extend(der);
        [
            record(22, &server_hello(0x2f)),
            record(22, &message(11, &list)),
        ]
        .concat()
    });
    let whole = all.iter().filter(|s| is_whole(s)).count();
    assert!((5..=8).contains(&whole), "{whole}");
    let last = all.last().unwrap().summary();
    assert_eq!(why(last), [(S, Why::NotKept)]);
    assert!(!last.server_certificates.as_ref().unwrap().is_empty());
    for session in &mut all {
        session.finish(&mut keyring, &mut |_, _| {});
    }
    let mut chain = vec![keyring.certificates.read(&[9; 5_000])];
    assert!(keyring.certificates.claim(&mut chain));
}

#[test]
fn a_message_of_very_many_certificates_is_read_in_part() {
    let mut list = Vec::new();
    for n in 0_u32..20_000 {
        list.extend([0, 0, 4]);
        list.extend(n.to_be_bytes());
    }
    let len = u32::try_from(list.len()).unwrap().to_be_bytes();
    list.splice(..0, len[1..].iter().copied());
    let whole = message(11, &list);
    let limits = Limits::default();
    let (all, _) = sessions(1, &limits, |_| {
        let records = whole.chunks(1 << 14).flat_map(|part| record(22, part));
        [record(22, &server_hello(0x2f)), records.collect()].concat()
    });
    let s = all[0].summary();
    let flight = s.server_certificates.as_ref().unwrap();
    assert!(flight.chain.len() == 100 && !flight.complete);
    assert_eq!(why(s), [(S, Why::ChainTooLong)]);
}

/// A server whose client was not captured, and a key log that knows TLS 1.3 secrets: its records wait for the ClientHello.
fn held_server() -> Feed {
    let secret = |byte: &str| byte.repeat(32);
    let line = format!(
        "SERVER_HANDSHAKE_TRAFFIC_SECRET {} {}\n",
        secret("ab"),
        secret("cd")
    );
    let mut secrets = Secrets::default();
    assert_eq!(
        secrets
            .add_keylog(line.as_bytes(), &Limits::default())
            .secrets,
        1
    );
    let mut feed = Feed::new();
    feed.keyring = Keyring::new(secrets, &Limits::default());
    let mut hello = vec![3, 3];
    hello.extend([2; 32]);
    hello.extend([0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    feed.push(S, &record(22, &message(2, &hello)));
    feed
}

#[test]
fn records_without_content_are_given_up_too() {
    let mut feed = held_server();
    for _ in 0..300 {
        feed.push(S, &record(23, &[]));
    }
    assert!(feed.session.waiting() > 300 * 20);
    feed.no_room();
    assert_eq!(feed.session.waiting(), 0);
}

#[test]
fn records_that_were_given_up_are_not_kept_again() {
    let mut feed = held_server();
    for _ in 0..300 {
        feed.push(S, &record(22, &[8, 0, 0, 2, 0, 0]));
    }
    assert!(feed.session.waiting() > 300 * 20);
    feed.no_room();
    assert_eq!(feed.session.waiting(), 0);
    for _ in 0..300 {
        feed.push(S, &record(22, &[8, 0, 0, 2, 0, 0]));
        assert_eq!(feed.session.waiting(), 0);
    }
    // A handshake of which the client is seen may wait again.
    feed.push(C, &bytes(EKU_CLIENT_HELLO));
    let s = feed.end();
    assert!(why(&s).contains(&(S, Why::NoRoom)), "{:?}", why(&s));
}
