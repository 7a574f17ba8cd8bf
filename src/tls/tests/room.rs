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
