use super::*;
use crate::base::{FileIndex, FrameNumber, Timestamp};

fn at(number: u64, seconds: i64) -> FrameRef {
    FrameRef {
        time: Timestamp::from_nanos(seconds * 1_000_000_000),
        file: FileIndex(0),
        number: FrameNumber::new(number),
    }
}

fn end(address: [u8; 4], port: u16) -> Endpoint {
    Endpoint {
        addr: IpAddr::from(address),
        port,
    }
}

const CLIENT: [u8; 4] = [10, 1, 1, 20];
const SERVER: [u8; 4] = [10, 1, 1, 53];

/// `_s.it SRV`, as a question or with flags and answers.
fn message(flags: u16, answers: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 7];
    out.extend(flags.to_be_bytes());
    out.extend([0, 1, 0, u8::from(!answers.is_empty()), 0, 0, 0, 0]);
    out.extend(b"\x02_s\x02IT\x00\x00\x21\x00\x01");
    out.extend(answers);
    out
}

fn asked(lookups: &mut Lookups, number: u64, seconds: i64) {
    lookups.message(
        end(CLIENT, 4000),
        end(SERVER, 53),
        at(number, seconds),
        &message(0x0100, &[]),
        false,
    );
}

fn answered(lookups: &mut Lookups, number: u64, seconds: i64, payload: &[u8]) {
    lookups.message(
        end(SERVER, 53),
        end(CLIENT, 4000),
        at(number, seconds),
        payload,
        false,
    );
}

#[test]
fn a_question_its_copies_and_the_first_answer_are_one_lookup() {
    let mut lookups = Lookups::default();
    asked(&mut lookups, 1, 0);
    asked(&mut lookups, 2, 5);
    let record = [
        &b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x00\x00\x00\x13\xc5"[..],
        b"\x01h\xc0\x0f",
    ]
    .concat();
    let mut record = record;
    record[11] = 10;
    answered(&mut lookups, 3, 6, &message(0x8180, &record));
    answered(&mut lookups, 4, 7, &message(0x8183, &[]));
    let [lookup] = lookups.all() else {
        panic!("{:?}", lookups.all())
    };
    assert_eq!(
        (lookup.name.as_str(), lookup.kind, lookup.asked.len()),
        ("_s.it", Kind::Srv, 2)
    );
    let (place, answer) = lookup.answer.as_ref().unwrap();
    assert_eq!(place.number.get(), 3);
    assert_eq!(answer.to_string(), "h.it:5061");
    assert!(!lookup.failed());
}

#[test]
fn no_such_name_is_a_failure_and_silence_is_none() {
    let mut lookups = Lookups::default();
    asked(&mut lookups, 1, 0);
    assert!(!lookups.all()[0].failed());
    answered(&mut lookups, 2, 0, &message(0x8183, &[]));
    assert!(lookups.all()[0].failed());
    asked(&mut lookups, 3, 1);
    lookups.unreachable(IpAddr::from(CLIENT), IpAddr::from(SERVER), at(4, 1));
    assert_eq!(lookups.all().len(), 2);
    assert!(lookups.all()[1].failed());
}

#[test]
fn what_is_no_message_is_counted() {
    let mut lookups = Lookups::default();
    let whole = message(0x0100, &[]);
    for cut in 0..whole.len() {
        asked(&mut lookups, 1, 0);
        lookups.message(
            end(CLIENT, 4000),
            end(SERVER, 53),
            at(2, 0),
            &whole[..cut],
            false,
        );
    }
    assert_eq!(usize::try_from(lookups.malformed().0), Ok(whole.len()));
    assert_eq!(lookups.all().len(), 1);
}

#[test]
fn what_another_capture_has_whole_is_read_and_counted_once() {
    let mut lookups = Lookups::default();
    asked(&mut lookups, 1, 0);
    let whole = message(0x8183, &[]);
    let ends = (end(SERVER, 53), end(CLIENT, 4000));
    lookups.message(ends.0, ends.1, at(2, 1), &whole[..14], false);
    assert_eq!((lookups.malformed().0, lookups.messages()), (1, 2));
    lookups.message(ends.0, ends.1, at(3, 1), &whole, true);
    assert_eq!((lookups.malformed(), lookups.messages()), ((0, None), 2));
    assert!(lookups.all()[0].failed());
}

#[test]
fn a_question_and_its_answer_have_the_same_identity() {
    let question = message(0x0100, &[]);
    let answer = message(0x8180, &[1, 2, 3]);
    let (asks, mine) = identity(&question).unwrap();
    let (replies, theirs) = identity(&answer).unwrap();
    assert!(!asks && replies);
    assert_eq!(mine, theirs);
    let mut other = question.clone();
    other[14] = b'x';
    assert_ne!(identity(&other).unwrap().1, mine);
    assert!(identity(&question[..16]).is_none());
}

#[test]
fn of_very_many_long_answers_the_first_record_is_kept() {
    let mut lookups = Lookups::default();
    let host = [&b"\x3f"[..], &[b'h'; 63], b"\x3f", &[b'i'; 63], b"\xc0\x0c"].concat();
    let len = u16::try_from(host.len() + 6).unwrap().to_be_bytes();
    let fixed = b"\x00\x21\x00\x01\x00\x00\x00\x3c";
    let record = [
        b"\xc0\x0c",
        &fixed[..],
        &len,
        b"\x00\x00\x00\x00\x13\xc5",
        &host,
    ]
    .concat();
    let named = |n: u32, flags: u16, records: u8| {
        let label = format!("{n:08}");
        let mut out = vec![0, 7];
        out.extend(flags.to_be_bytes());
        out.extend([0, 1, 0, records, 0, 0, 0, 0, 8]);
        out.extend(label.bytes());
        out.extend(b"\x02it\x00\x00\x21\x00\x01");
        out.extend(record.repeat(usize::from(records)));
        out
    };
    for n in 0..2_000 {
        let (client, server) = (end(CLIENT, 4000), end(SERVER, 53));
        lookups.message(client, server, at(1, 0), &named(n, 0x0100, 0), false);
        lookups.message(server, client, at(2, 0), &named(n, 0x8180, 40), false);
    }
    let records = |lookup: &Lookup| match &lookup.answer {
        Some((_, Answer::Services(all))) => all.len(),
        other => panic!("{other:?}"),
    };
    let all = lookups.all();
    assert_eq!((all.len(), records(&all[0])), (2_000, 40));
    assert_eq!(records(&all[1_999]), 1);
    let short = all.iter().filter(|lookup| records(lookup) == 1).count();
    assert_eq!(u64::try_from(short), Ok(lookups.shortened()));
    assert!(lookups.records <= RECORD_BYTES + short * 300);
}
