use super::*;
use crate::base::{Endpoint, FileIndex, FrameNumber, Limits};
use crate::dialog::{DialogTable, Hop};

/// A message: seconds, `>` from the watcher or `<` from the notifier, start line, further header fields, body.
type Step<'a> = (i64, char, &'a str, &'a str, &'a str);

const SUB: &str = "SUBSCRIBE sip:anna@tomt.local SIP/2.0";
const NOTIFY: &str = "NOTIFY sip:tom@tomt.it SIP/2.0";
const BENOTIFY: &str = "BENOTIFY sip:tom@tomt.it SIP/2.0";

fn call(steps: &[Step<'_>]) -> Call {
    let mut table = DialogTable::new(&Limits::default());
    let mut ended = Vec::new();
    for (n, (time, side, line, fields, body)) in (1_u64..).zip(steps) {
        let at = FrameRef {
            time: Timestamp::from_nanos(time * 1_000_000_000),
            file: FileIndex(0),
            number: FrameNumber::new(n),
        };
        let (watcher, notifier) = ("<sip:tom@tomt.it>;tag=w", "<sip:anna@tomt.local>;tag=n");
        let (from, to) = if line.contains("NOTIFY") || fields.contains("NOTIFY") {
            (notifier, watcher)
        } else if fields.contains("within") {
            (watcher, notifier)
        } else {
            (watcher, "<sip:anna@tomt.local>")
        };
        let cseq = if line.starts_with("SIP") {
            String::new()
        } else {
            format!("CSeq: {n} {}\r\n", line.split(' ').next().unwrap())
        };
        let text = format!(
            "{line}\r\nVia: SIP/2.0/TLS 10.1.1.9;branch=z9hG4bKx\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: c\r\n{cseq}{fields}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let ends = [
            Endpoint::new("10.1.1.10".parse().unwrap(), 5061),
            Endpoint::new("10.1.1.20".parse().unwrap(), 5062),
        ];
        let other_node = Endpoint::new("10.1.1.11".parse().unwrap(), 5061);
        let (src, dst) = if *side == 'x' {
            (other_node, ends[1])
        } else if *side == '>' {
            (ends[0], ends[1])
        } else {
            (ends[1], ends[0])
        };
        table.push(
            Seen {
                message: Message::parse(text.as_bytes(), at).unwrap(),
                hop: Hop {
                    src,
                    dst,
                    carriage: "tls",
                    // Both directions on connections of their own.
                    stream: Some(u32::from(*side == '<')),
                },
            },
            &mut |call| ended.push(call),
        );
    }
    table.finish(&mut |call| ended.push(call));
    ended.pop().unwrap()
}

/// The state after each number of steps, and the deadline of all, in seconds.
fn play(steps: &[Step<'_>]) -> (Vec<State>, Option<i64>) {
    let mut states = Vec::new();
    let mut deadline = None;
    for n in 1..=steps.len() {
        let call = call(&steps[..n]);
        let all = of(&call, &call.transactions());
        assert_eq!(all.len(), 1, "one subscription: {all:?}");
        states.push(all[0].state());
        deadline = all[0].deadline().map(Timestamp::seconds);
    }
    (states, deadline)
}

#[test]
fn from_asked_to_active_over_two_connections() {
    let (states, deadline) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (
            1,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 3600\r\n",
            "",
        ),
        (
            2,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: pending;expires=3599\r\n",
            "",
        ),
        (3, '>', "SIP/2.0 200 OK", "CSeq: 3 NOTIFY\r\n", ""),
        (
            9,
            '<',
            BENOTIFY,
            "Event: presence\r\nSubscription-State: active\r\n",
            "",
        ),
    ]);
    assert_eq!(
        states,
        [
            State::Asked,
            State::Accepted,
            State::Pending,
            State::Pending,
            State::Active
        ]
    );
    assert_eq!(deadline, Some(2 + 3599), "the notification's time counts");
}

#[test]
fn the_first_notification_may_be_in_the_answer() {
    let answer = "CSeq: 1 SUBSCRIBE\r\nExpires: 100\r\nContent-Type: application/pidf+xml\r\n";
    let (states, _) = play(&[
        (
            0,
            '>',
            SUB,
            "Event: presence\r\nSupported: ms-piggyback-first-notify\r\n",
            "",
        ),
        (1, '<', "SIP/2.0 200 OK", answer, "<presence/>"),
    ]);
    assert_eq!(states, [State::Asked, State::Active]);
    let (states, _) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (1, '<', "SIP/2.0 200 OK", answer, "<presence/>"),
    ]);
    assert_eq!(states, [State::Asked, State::Accepted], "nobody allowed it");
}

#[test]
fn a_notification_may_overtake_the_answer() {
    let (states, _) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (
            1,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: active\r\n",
            "",
        ),
        (
            2,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 60\r\n",
            "",
        ),
    ]);
    assert_eq!(states, [State::Asked, State::Active, State::Active]);
}

#[test]
fn refresh_and_end() {
    let (states, deadline) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (
            0,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 60\r\n",
            "",
        ),
        (
            1,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: active\r\n",
            "",
        ),
        (50, '>', SUB, "Event: presence\r\nX: within\r\n", ""),
        (
            51,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 4 SUBSCRIBE\r\nX: within\r\nExpires: 60\r\n",
            "",
        ),
    ]);
    assert_eq!(states.last(), Some(&State::Active));
    assert_eq!(deadline, Some(111));
    let (states, deadline) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (
            0,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 60\r\n",
            "",
        ),
        (
            50,
            '>',
            SUB,
            "Event: presence\r\nX: within\r\nExpires: 0\r\n",
            "",
        ),
        (
            51,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 3 SUBSCRIBE\r\nX: within\r\nExpires: 0\r\n",
            "",
        ),
        (
            52,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: terminated;reason=timeout\r\n",
            "",
        ),
    ]);
    assert_eq!(states[3..], [State::Ended, State::Ended]);
    assert_eq!(deadline, None);
}

#[test]
fn refused_terminated_and_lost() {
    let (states, _) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (0, '<', "SIP/2.0 489 Bad Event", "CSeq: 1 SUBSCRIBE\r\n", ""),
    ]);
    assert_eq!(states[1], State::Refused);
    let (states, _) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (
            0,
            '<',
            "SIP/2.0 202 Accepted",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 60\r\n",
            "",
        ),
        (
            1,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: TERMINATED;reason=Rejected\r\n",
            "",
        ),
    ]);
    assert_eq!(states[2], State::Terminated);
    let (states, _) = play(&[
        (0, '>', SUB, "Event: presence\r\n", ""),
        (
            0,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 60\r\n",
            "",
        ),
        (50, '>', SUB, "Event: presence\r\nX: within\r\n", ""),
        (
            51,
            '<',
            "SIP/2.0 481 Subscription does not exist",
            "CSeq: 3 SUBSCRIBE\r\nX: within\r\n",
            "",
        ),
    ]);
    assert_eq!(states[3], State::Terminated);
}

#[test]
fn who_autoextends_is_prolonged_by_each_notification() {
    let (_, deadline) = play(&[
        (
            0,
            '>',
            SUB,
            "Event: presence\r\nSupported: com.microsoft.autoextend\r\n",
            "",
        ),
        (
            0,
            '<',
            "SIP/2.0 200 OK",
            "CSeq: 1 SUBSCRIBE\r\nExpires: 60\r\n",
            "",
        ),
        (
            40,
            '<',
            BENOTIFY,
            "Event: presence\r\nSubscription-State: active\r\n",
            "",
        ),
    ]);
    assert_eq!(deadline, Some(100));
}

#[test]
fn notifications_alone_are_a_subscription_too() {
    let steps = [
        (
            0,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: active\r\n",
            "",
        ),
        (0, '>', "SIP/2.0 481 Gone", "CSeq: 1 NOTIFY\r\n", ""),
    ];
    let call = call(&steps);
    let all = of(&call, &call.transactions());
    assert_eq!((all.len(), all[0].rounds.len()), (1, 0));
    assert_eq!(all[0].notices[0].status(), Some(481));
    assert_eq!(all[0].accepts(call.messages[0].at()), None);
}

#[test]
fn an_answer_of_another_node_is_an_answer() {
    let steps = [
        (
            0,
            '<',
            NOTIFY,
            "Event: presence\r\nSubscription-State: active\r\n",
            "",
        ),
        (0, 'x', "SIP/2.0 200 OK", "CSeq: 1 NOTIFY\r\n", ""),
    ];
    let answered = call(&steps);
    assert_eq!(
        of(&answered, &answered.transactions())[0].notices[0].status(),
        Some(200)
    );
    let silent = call(&steps[..1]);
    assert_eq!(
        of(&silent, &silent.transactions())[0].notices[0].status(),
        None
    );
}

#[test]
fn what_the_watcher_accepts_is_remembered() {
    let call = call(&[
        (
            0,
            '>',
            SUB,
            "Event: presence\r\nAccept: application/PIDF+xml;q=1, multipart/related\r\n",
            "",
        ),
        (1, '>', SUB, "Event: presence\r\nX: within\r\n", ""),
    ]);
    let all = of(&call, &call.transactions());
    assert_eq!(
        all[0].accepts(call.messages[1].at()).unwrap(),
        ["application/pidf+xml", "multipart/related"]
    );
}
