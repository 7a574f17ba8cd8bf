//! Where messages end: pieces of a stream, several in one datagram, lengths that are wrong.

use super::table::verdict;
use super::{Torture, all, all_defects, defects, messages, read_datagram, read_stream, request};
use sipdiag::sip::Item;

/// On a stream the same messages are found, however it is cut; the length decides where they end.
#[test]
fn streams_show_the_same_messages() {
    let start_lines = |items: &[Item]| -> Vec<String> {
        let all = messages(items).into_iter();
        all.map(|m| format!("{} {:?}", m.start_line(), m.call_id()))
            .collect()
    };
    for torture in all() {
        let whole = read_datagram(&torture.bytes);
        for size in [1, 7, 1460, usize::MAX / 2] {
            let items = read_stream(&torture.bytes, size);
            assert_eq!(
                start_lines(&items),
                start_lines(&whole),
                "{} in pieces of {size}",
                torture.name
            );
            let first = messages(&items)[0];
            let same = messages(&whole)[0];
            assert_eq!(first.raw(), same.raw(), "{}", torture.name);
            let mut names: Vec<&str> = first.defects().iter().map(|d| d.kind.name()).collect();
            names.retain(|name| {
                !matches!(*name, "content-length-missing" | "content-length-mismatch")
            });
            names.sort_unstable();
            let mut of_datagram: Vec<&str> = same.defects().iter().map(|d| d.kind.name()).collect();
            of_datagram.retain(|name| *name != "content-length-mismatch");
            of_datagram.sort_unstable();
            assert_eq!(names, of_datagram, "{} in pieces of {size}", torture.name);
        }
    }
}

/// One stream with all that end where they say: nothing is skipped between them.
#[test]
fn valid_messages_follow_each_other_on_a_stream() {
    let valid: Vec<Torture> = all()
        .into_iter()
        .filter(|t| verdict(&t.section) == "valid")
        .collect();
    let stream: Vec<u8> = valid.iter().flat_map(|t| t.bytes.clone()).collect();
    for size in [1, 1460, usize::MAX / 2] {
        let items = read_stream(&stream, size);
        // dblreq holds two.
        assert_eq!(messages(&items).len(), valid.len() + 1);
        for m in messages(&items) {
            assert_eq!(defects(m), "-", "{}", m.start_line());
        }
        assert!(!items.iter().any(|i| matches!(i, Item::Skipped { .. })));
    }
}

/// Lengths that are too long, too short, absent, negative or repeated: in a datagram and on a stream.
#[test]
fn lengths_that_are_wrong_lose_no_message() {
    let next = String::from_utf8(request("Content-Length: 0\r\n", "")).unwrap();
    let with_type = |length: &str| format!("Content-Type: text/plain\r\n{length}");
    // (length, in a datagram, on a stream with another message behind)
    let cases: [(&str, &[&str], &[&str]); 7] = [
        ("Content-Length: 5\r\n", &["-"], &["-", "-"]),
        (
            "Content-Length: 45\r\n",
            &["body-shorter"],
            &["content-length-mismatch", "-"],
        ),
        (
            "Content-Length: 3\r\n",
            &["content-length-mismatch"],
            &["content-length-mismatch", "-"],
        ),
        ("", &["-"], &["content-length-missing", "-"]),
        (
            "Content-Length: -5\r\n",
            &["content-length-negative"],
            &["content-length-negative", "-"],
        ),
        (
            "Content-Length: 5\r\nl: 5\r\n",
            &["content-length-duplicated"],
            &["content-length-duplicated", "-"],
        ),
        (
            "Content-Length: 5\r\nl: 3\r\n",
            &["content-length-duplicated"],
            &["content-length-duplicated", "-"],
        ),
    ];
    for (length, of_datagram, of_stream) in cases {
        let one = request(&with_type(length), "hel<o");
        assert_eq!(
            all_defects(&read_datagram(&one)),
            of_datagram,
            "{length:?} in a datagram"
        );
        let two = [&one[..], next.as_bytes()].concat();
        assert_eq!(
            all_defects(&read_stream(&two, two.len())),
            of_stream,
            "{length:?} on a stream"
        );
        assert_eq!(
            messages(&read_stream(&two, 1)).len(),
            2,
            "{length:?} by bytes"
        );
    }
    let three = next.repeat(3);
    assert_eq!(
        all_defects(&read_datagram(three.as_bytes())),
        ["-", "-", "-"]
    );
}

/// A length that is a few bytes too long takes the first letters of the next method: what is left is a method too.
#[test]
fn a_length_that_ends_inside_a_method_is_noticed() {
    let one = request("Content-Type: text/plain\r\nContent-Length: 9\r\n", "hello");
    let two = [one, request("Content-Length: 0\r\n", "")].concat();
    let items = read_stream(&two, two.len());
    assert_eq!(all_defects(&items), ["content-length-mismatch", "-"]);
}
