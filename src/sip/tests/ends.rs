//! Where messages end when their length is wrong, missing or said twice, and where the next one begins in the same line.

use super::*;

/// An instant message as phones send it: the body ends without line end, so that the next start line is glued to it.
fn im(n: u32, length: &str, body: &str) -> String {
    request("MESSAGE", n, "text/plain", body)
        .replace(&format!("Content-Length: {}\r\n", body.len()), length)
}

/// Bodies and defects, and the bytes that belong to no message; with all in one chunk.
fn shown(stream: &str) -> (Vec<(String, Vec<&'static str>)>, u64) {
    let items = framed(stream.as_bytes(), [usize::MAX]);
    let found = messages(&items);
    let body = |m: &Message| String::from_utf8_lossy(m.body()).into_owned();
    let rows = found.iter().map(|m| (body(m), names(m))).collect();
    for m in found {
        let line = m.start_line();
        assert_eq!(line, "MESSAGE sip:anna@tomt.local SIP/2.0");
    }
    (rows, skipped(&items))
}

#[test]
fn a_wrong_length_does_not_lose_the_start_line_that_is_glued_to_the_body() {
    let next = im(2, "Content-Length: 6\r\n", "text 2");
    let both = "text 1";
    for (length, defects) in [
        ("", &["content-length-missing"][..]),
        ("Content-Length: six\r\n", &["content-length-invalid"]),
        ("Content-Length: -1\r\n", &["content-length-negative"]),
        (
            "Content-Length: 4294967300\r\n",
            &["content-length-mismatch"],
        ),
        (
            "Content-Length: 99999999999999999999999\r\n",
            &["content-length-mismatch"],
        ),
        ("Content-Length: 3\r\n", &["content-length-mismatch"]),
        ("Content-Length: 0\r\n", &["content-length-mismatch"]),
        ("Content-Length: 60\r\n", &["content-length-mismatch"]),
    ] {
        let (rows, lost) = shown(&(im(1, length, both) + &next));
        let want = [
            (both.to_owned(), defects.to_vec()),
            ("text 2".to_owned(), vec![]),
        ];
        assert_eq!((rows, lost), (want.to_vec(), 0), "{length}");
    }
}

#[test]
fn a_body_is_kept_when_neither_its_type_nor_its_length_is_said() {
    let first = im(1, "", "text 1").replace("Content-Type: text/plain\r\n", "");
    let next = im(2, "Content-Length: 6\r\n", "text 2");
    let (rows, lost) = shown(&(first.clone() + &next));
    assert_eq!(rows[0], ("text 1".into(), vec!["content-length-missing"]));
    assert_eq!((rows.len(), lost), (2, 0));
    // In segments of their own, also when the body could become a start line.
    let first = first.replace("text 1", "hello");
    let items = framed((first.clone() + &next).as_bytes(), [first.len()]);
    let bodies: Vec<_> = messages(&items).iter().map(|m| m.body()).collect();
    assert_eq!(
        (bodies, skipped(&items)),
        (vec![&b"hello"[..], b"text 2"], 0)
    );
}

#[test]
fn any_end_of_a_body_is_told_from_the_method_behind_it() {
    let next = im(2, "Content-Length: 6\r\n", "text 2");
    for body in [
        "hello",
        "text1",
        "Hi!",
        "see http://tomt.it/",
        "OK",
        "</im>",
        "--b--",
        "naïve ë",
        "\u{4f60}\u{597d}",
    ] {
        let announced = body.chars().next().map_or(0, char::len_utf8);
        let length = format!("Content-Length: {announced}\r\n");
        let items = framed((im(1, &length, body) + &next).as_bytes(), [usize::MAX]);
        let lines: Vec<_> = messages(&items)
            .iter()
            .map(|m| m.start_line().to_string())
            .collect();
        assert_eq!(lines, ["MESSAGE sip:anna@tomt.local SIP/2.0"; 2], "{body}");
        let open = framed((im(1, "", body) + &next).as_bytes(), [usize::MAX]);
        let bodies: Vec<_> = messages(&open).iter().map(|m| m.body().to_vec()).collect();
        // A capital letter or a hyphen may belong to a method: the CSeq tells, when the body has been given.
        let kept = if ["OK", "--b--"].contains(&body) {
            ""
        } else {
            body
        };
        assert_eq!(bodies, [kept.as_bytes(), b"text 2"], "{body}");
    }
}

#[test]
fn of_two_lengths_the_one_is_used_behind_which_a_message_begins() {
    let next = im(2, "Content-Length: 6\r\n", "text 2");
    for (one, two) in [(6, 0), (0, 6), (6, 3), (6, 99), (99, 6), (6, u64::MAX)] {
        let first = im(
            1,
            &format!("Content-Length: {one}\r\nl: {two}\r\n"),
            "text 1",
        );
        let want = ("text 1".to_owned(), vec!["content-length-duplicated"]);
        let stream = first.clone() + &next;
        for size in [usize::MAX, 1, 7, first.len(), first.len() - 6] {
            let items = framed(stream.as_bytes(), std::iter::repeat(size));
            let found = messages(&items);
            let body = String::from_utf8_lossy(found[0].body()).into_owned();
            assert_eq!((body, names(found[0])), want, "{one} {two} {size}");
            assert_eq!((found.len(), skipped(&items)), (2, 0));
        }
        // At the end of the stream, before a keep-alive, and alone in a datagram.
        if one.max(two) == 6 {
            for behind in ["", "\r\n\r\n"] {
                let (rows, lost) = shown(&(first.clone() + behind));
                assert_eq!((rows, lost), (vec![want.clone()], 0), "{one} {two}");
            }
            let datagram = one_datagram(first.as_bytes(), first.len());
            assert_eq!(messages(&datagram)[0].body(), b"text 1", "{one} {two}");
            assert_eq!(names(messages(&datagram)[0]), want.1);
        }
    }
    // No length fits.
    let (rows, _) = shown(&(im(1, "Content-Length: 1\r\nl: 2\r\n", "text 1") + &next));
    assert_eq!(
        rows[0],
        (
            "text 1".into(),
            vec!["content-length-duplicated", "content-length-mismatch"]
        )
    );
    assert_eq!(rows.len(), 2);
}

#[test]
fn text_in_a_body_that_looks_like_a_message_stays_body() {
    let quoted = "look: INFO sip:a@tomt.it SIP/2.0\r\nVia: x\r\n\r\nSIP/2.0 200 OK\r\n";
    let one = request("MESSAGE", 1, "text/plain", quoted);
    let stream = one.clone() + "\r\n\r\n" + &one + &one;
    for size in [usize::MAX, 1, 100, one.len()] {
        let items = framed(stream.as_bytes(), std::iter::repeat(size));
        let bodies: Vec<_> = messages(&items).iter().map(|m| m.body().to_vec()).collect();
        assert_eq!(bodies, [quoted.as_bytes(); 3], "{size}");
        assert!(messages(&items).iter().all(|m| names(m).is_empty()));
    }
}

#[test]
fn a_head_that_stops_inside_a_line_ends_where_the_next_message_begins() {
    let one = request("INFO", 1, "", "");
    let cut = one.find("CSeq").unwrap() + 4;
    let items = framed((one[..cut].to_owned() + &one).as_bytes(), [usize::MAX]);
    let found = messages(&items);
    assert_eq!((found.len(), names(found[1])), (2, vec![]));
    assert!(names(found[0]).contains(&"head-incomplete"));
    // A field may hold a start line.
    let quoting = one.replace("Max-Forwards: 69", "Y: about INFO sip:a@tomt.it SIP/2.0");
    let items = framed(quoting.as_bytes(), [usize::MAX]);
    assert_eq!(
        (messages(&items).len(), names(messages(&items)[0])),
        (1, vec![])
    );
}

#[test]
fn a_datagram_with_a_wrong_length_does_not_lose_the_next_message() {
    let next = im(2, "Content-Length: 6\r\n", "text 2");
    for length in [3, 90, 9000] {
        let length = format!("Content-Length: {length}\r\n");
        let both = im(1, &length, "text 1") + &next;
        let items = one_datagram(both.as_bytes(), both.len());
        let found: Vec<_> = messages(&items)
            .iter()
            .map(|m| (m.body(), names(m)))
            .collect();
        let want = [
            (&b"text 1"[..], vec!["content-length-mismatch"]),
            (b"text 2", vec![]),
        ];
        assert_eq!((found, skipped(&items)), (want.to_vec(), 0), "{length}");
    }
    // Junk is passed over, a cut body ends with the datagram.
    let text = im(1, "Content-Length: 6\r\n", "text 1");
    let both = text.clone() + "junk\r\n" + &next;
    let items = one_datagram(both.as_bytes(), both.len());
    let second = messages(&items)[1];
    assert_eq!((names(second), skipped(&items)), (vec!["junk-before"], 6));
    let quoting = request("MESSAGE", 1, "text/plain", &("text ".to_owned() + &next));
    let items = one_datagram(&quoting.as_bytes()[..quoting.len() - 9], quoting.len());
    assert_eq!(
        (messages(&items).len(), names(messages(&items)[0])),
        (1, vec!["cut"])
    );
}

#[test]
fn lines_of_a_datagram_may_end_with_cr_alone() {
    let text = im(
        1,
        "Content-Length: 6\r\nY: folded\r\n further\r\n",
        "text 1",
    );
    let bare = text.replace("\r\n", "\r");
    let items = one_datagram(bare.as_bytes(), bare.len());
    let found = messages(&items);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].body(), names(found[0])),
        (&b"text 1"[..], vec!["bare-cr"])
    );
    assert_eq!(found[0].start_line(), "MESSAGE sip:anna@tomt.local SIP/2.0");
    assert_eq!(
        found[0].call_id().unwrap(),
        "ce878a8bc0ca4c769ca729bc2f56a998"
    );
    assert_eq!(found[0].vias().count(), 2);
    assert!(found[0].excerpt(20, 80).contains("\nMax-Forwards: 69\n"));
    assert_eq!(probe_datagram(bare.as_bytes()), Probe::Yes);
    assert_ne!(probe_datagram(b"hello world\rX: y\r\r"), Probe::Yes);
    // Two in one datagram, and one whose snap length cut it.
    let two = bare.clone() + &bare;
    assert_eq!(messages(&one_datagram(two.as_bytes(), two.len())).len(), 2);
    let cut = one_datagram(&bare.as_bytes()[..200], bare.len());
    assert_eq!(
        names(messages(&cut)[0]),
        ["bare-cr", "head-incomplete", "cut"]
    );
    // Credentials do not show because of where lines end.
    let secret = bare.replace(
        "Max-Forwards: 69",
        "Authorization: NTLM gssapi-data=\"TlRMTQ\"",
    );
    let items = one_datagram(secret.as_bytes(), secret.len());
    assert!(!messages(&items)[0].excerpt(99, 999).contains("TlRMTQ"));
}

#[test]
fn junk_before_the_first_message_is_passed_over_and_text_is_not() {
    let one = request("INFO", 1, "", "");
    for junk in [
        "\0\u{1}junk\u{7f} ",
        "hello",
        "\r\nhello\r\n",
        "\u{1}\n\u{2}\n",
    ] {
        let stream = junk.to_owned() + &one;
        assert!(begins_behind_junk(stream.as_bytes()), "{junk:?}");
        let items = framed(stream.as_bytes(), [usize::MAX]);
        assert_eq!(messages(&items).len(), 1);
        assert_eq!(names(messages(&items)[0]), ["junk-before"], "{junk:?}");
    }
    for other in [
        "POST /log HTTP/1.1\r\nHost: a\r\n\r\n",
        "<134>Mar  3 18:56:14 cups01 proxy: received ",
        "GET / HTTP/1.1\r\n",
        "HEP3\u{1}\n\u{2}",
    ] {
        let stream = other.to_owned() + &one;
        let believed = begins_behind_junk(stream.as_bytes());
        assert_eq!(
            believed,
            other.len() <= 32 && !other.contains("\r\n\r\n") && !other.starts_with("HEP"),
            "{other}"
        );
    }
    assert!(!begins_behind_junk(
        b"\0INFO sip:a@tomt.it SIP/2.0\r\nno field\r\n"
    ));
    assert!(!begins_behind_junk(b"\0INFO sip:a@tomt.it SIP/2.0"));
}

#[test]
fn many_different_lengths_take_linear_time() {
    let mut one = request("INFO", 1, "", "").replace("\r\n\r\n", "\r\n");
    for n in 1..9_000 {
        one += &format!("l:{n}\r\n");
    }
    let stream = (one + "\r\n" + &"x".repeat(9_000)).repeat(20);
    let items = framed(stream.as_bytes(), std::iter::repeat(1460));
    assert_eq!(messages(&items).len(), 20);
    assert_eq!(
        messages(&one_datagram(stream.as_bytes(), stream.len())).len(),
        20
    );
}

/// A length that is too long by a few bytes ends inside the next start line; a chunk that ends in that line must not lose it, once the line
/// can be told to be one.
#[test]
fn a_start_line_behind_a_wrong_length_is_found_however_it_is_cut() {
    let response = request("MESSAGE", 2, "", "").replacen(
        "MESSAGE sip:anna@tomt.local SIP/2.0",
        "SIP/2.0 200 OK",
        1,
    );
    let asked = im(2, "Content-Length: 6\r\n", "text 2");
    for (next, too_long, believed) in [(&response, 1, 9), (&response, 5, 5), (&asked, 9, 25)] {
        let length = format!("Content-Length: {}\r\n", 6 + too_long);
        let first = im(1, &length, "text 1");
        let behind = first.len() + too_long;
        let stream = first + next;
        let (line, _) = next.split_once('\r').unwrap();
        let line_end = behind - too_long + line.len();
        for cut in behind..line_end + 3 {
            let items = framed(stream.as_bytes(), [cut]);
            let found = messages(&items);
            if cut <= behind + believed {
                assert_eq!(found.len(), 1, "{next} {too_long} {cut}");
                continue;
            }
            let bodies: Vec<_> = found.iter().map(|m| m.body().len()).collect();
            assert_eq!(bodies[0], 6, "{next} {too_long} {cut}");
            assert_eq!(found[1].start_line(), line, "{next} {too_long} {cut}");
            assert_eq!((found.len(), skipped(&items)), (2, 0));
            assert_eq!(names(found[0]), ["content-length-mismatch"]);
        }
    }
}

/// An unfinished line goes on as none.
#[test]
fn a_line_that_only_begins_as_a_start_line_is_a_part_of_the_body() {
    let first = im(1, "Content-Length: 8\r\n", "text\r\nX ");
    let stream = first.clone() + "y:z SIP/2.0./\r\n" + &im(2, "Content-Length: 6\r\n", "text 2");
    for cut in first.len() + 1..first.len() + 17 {
        let items = framed(stream.as_bytes(), [cut]);
        let bodies: Vec<_> = messages(&items).iter().map(|m| m.body().len()).collect();
        assert_eq!((bodies, skipped(&items)), (vec![8, 6], 15), "{cut}");
    }
}

/// The length is wrong although nothing more comes that tells where the message ends.
#[test]
fn a_length_that_is_too_short_is_noticed_when_nothing_more_comes() {
    let one = im(1, "Content-Length: 3\r\n", "text 1");
    let items = framed(one.as_bytes(), [usize::MAX]);
    let found = messages(&items);
    assert_eq!(names(found[0]), ["content-length-mismatch"]);
    assert_eq!((found[0].body(), skipped(&items)), (&b"tex"[..], 3));
}

/// What stands behind the limit was found when it was there at once, and not when it came in segments.
#[test]
fn a_body_over_the_limit_ends_there_however_the_stream_is_cut() {
    let limit = Limits::default().sip_body_bytes;
    let line = format!("{}\r\n", "x".repeat(998));
    for lines in [limit / line.len(), limit / line.len() + 2] {
        let stream = im(1, "", &line.repeat(lines)) + &im(2, "Content-Length: 6\r\n", "text 2");
        let whole = framed(stream.as_bytes(), [usize::MAX]);
        let parts = framed(stream.as_bytes(), std::iter::repeat(1_460));
        let told = |items: &[Item]| {
            let of = |m: &Message| (m.body().len(), names(m));
            let found = messages(items).into_iter().map(of);
            (found.collect::<Vec<_>>(), skipped(items))
        };
        assert_eq!(told(&whole), told(&parts));
        let (found, lost) = told(&whole);
        let too_long = found[0].1.contains(&"body-too-long");
        assert_eq!(too_long, lines * line.len() > limit, "{lines}");
        assert_eq!(found[1], (6, vec![]));
        assert_eq!(lost > 0, too_long);
    }
}
