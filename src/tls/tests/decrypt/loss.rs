//! What is missing or damaged: bytes, hellos, key changes, whole directions.

use super::*;

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

/// Whether bytes of ciphertext look like a record header by chance, once in some ten million: what is behind a hole may be searched
/// from there, and a record or more is missed.
fn holds_a_header(sealed: &[u8]) -> bool {
    sealed
        .windows(5)
        .skip(1)
        .any(|w| (20..=24).contains(&w[0]) && w[1] == 3 && w[2] <= 4)
}

#[test]
fn after_a_hole_everything_that_is_whole_is_opened() {
    for (version, suite) in SUITES {
        let (talk, nth) = std::iter::repeat_with(|| {
            let talk = Peers::new(version, suite, false).talk(30, None);
            let data: Vec<usize> = (0..talk.wire.len())
                .filter(|i| talk.wire[*i].0 == S && talk.wire[*i].1.len() > 1100)
                .collect();
            let nth = data[data.len() / 2];
            (talk, nth)
        })
        .find(|(talk, nth)| !holds_a_header(&talk.wire[*nth].1))
        .unwrap();
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

#[test]
fn a_record_given_up_for_want_of_room_costs_that_record() {
    for (version, suite) in SUITES {
        let talk = Peers::new(version, suite, false).talk(10, None);
        let nth = (0..talk.wire.len())
            .rev()
            .find(|i| talk.wire[*i].0 == S && talk.wire[*i].1.len() > 1100)
            .unwrap();
        let mut wire = Vec::new();
        for (at, (d, b)) in talk.wire.iter().enumerate() {
            if at == nth {
                let (start, rest) = b.split_at(300);
                wire.extend([(*d, Wire::Bytes(start)), (*d, Wire::NoRoom)]);
                let (middle, end) = rest.split_at(400);
                wire.extend([(*d, Wire::Bytes(middle)), (*d, Wire::NoRoom)]);
                wire.push((*d, Wire::Bytes(end)));
            } else {
                // At a boundary nothing waits: there is nothing to give up.
                wire.extend([(*d, Wire::Bytes(b)), (*d, Wire::NoRoom)]);
            }
        }
        let read = read_with(&mut keyring(&talk.keys), &wire);
        let lost = talk.said[1].len() - read.plain[1].len();
        assert_eq!(lost, 1100, "{suite}");
        assert_eq!(talk.said[0], read.plain[0], "{suite}");
        assert!(read.holes[1] > 0 && read.tls.is_decrypted(), "{suite}");
        let why: Vec<_> = read
            .tls
            .not_understood
            .iter()
            .map(|n| (n.why, n.count))
            .collect();
        assert_eq!(why, [(Why::NoRoom, 1)], "{suite}");
    }
}
