//! What is in the header: characters, the grammar of its fields, sizes and compact forms.

use super::{all_defects, defects, messages, read_datagram, read_stream, request};
use sipdiag::base::Limits;
use sipdiag::sip::Address;

/// Characters and white space in the header: what is legal has no defect, what is not has one.
#[test]
fn characters_in_the_header_are_judged_by_the_grammar() {
    let cases = [
        ("Subject: caf\u{e9} \u{5927}", "-"),
        ("Subject:", "-"),
        ("Subject \t : tab", "-"),
        ("Subject:\r\n\tfolded\r\n  twice", "-"),
        ("SUPPORTED: a\r\nk: b\r\nsupported: c", "-"),
        ("Contact: \"a \\\u{7} bell\" <sip:tom@tomt.it>", "-"),
        ("Subject: a\0b", "control-character"),
        ("Subject: a\u{7}b", "control-character"),
        ("Subject: a\rb", "control-character"),
        ("Subject: a\nUser-Agent: b", "bare-lf"),
        ("no colon here", "header-without-colon"),
        ("Sub ject: x", "bad-header-name"),
        (": nothing", "bad-header-name"),
        ("Contact: <sip:tom@tomt.it", "bad-address"),
        ("Contact: <>", "bad-address"),
        ("Contact: <tom@tomt.it>", "bad-address"),
        ("Contact: <sip:tom@tomt.it> x", "bad-address"),
        ("Contact: <sip:tom@[2001:db8::1]:5061;lr>;q=1", "-"),
        ("Contact: sip:tom@2001:db8::1", "bad-address"),
        ("Contact: *", "-"),
        ("Contact: <sip:tom@tomt.it>;expires=x", "bad-seconds"),
        ("Expires: 4294967295", "-"),
        ("Expires: 4294967296", "bad-seconds"),
        ("Retry-After: 120 (busy);duration=3", "-"),
        ("Route: \"open <sip:a@tomt.it>", "unbalanced-quote"),
        ("Record-Route: <sip:a@tomt.it;lr>;;x", "empty-parameter"),
        ("Date: Mon, 03 Mar 2014 18:56:14 GMT", "-"),
        ("Date: yesterday", "bad-date"),
        ("Warning: 399 cups01.tomt.local \"a\", 301 x \"b, c\"", "-"),
        ("Warning: no code", "bad-warning"),
        ("Event: presence\r\no: dialog", "header-duplicated"),
        ("Authorization: Digest realm=\"open", "unbalanced-quote"),
    ];
    for (lines, expected) in cases {
        let message = request(&format!("{lines}\r\nContent-Length: 0\r\n"), "");
        assert_eq!(
            all_defects(&read_datagram(&message)),
            [expected],
            "{lines:?}"
        );
    }
    let mut latin1 = request("Subject: caf#\r\n", "");
    let at = latin1.iter().position(|b| *b == b'#').unwrap();
    latin1[at] = 0xe9;
    let items = read_datagram(&latin1);
    assert_eq!(all_defects(&items), ["not-utf8"]);
    let offset = messages(&items)[0].defects()[0].offset;
    assert_eq!(usize::try_from(offset).unwrap(), at);
}

/// A method of 255 letters is one.
#[test]
fn long_methods_are_read() {
    let method = "M".repeat(255);
    let text = String::from_utf8(request("Content-Length: 0\r\n", "")).unwrap();
    let text = text.replace("OPTIONS", &method);
    for items in [
        read_datagram(text.as_bytes()),
        read_stream(text.as_bytes(), 1),
    ] {
        assert_eq!(all_defects(&items), ["-"]);
        assert_eq!(messages(&items)[0].method().unwrap().to_string(), method);
    }
}

/// Large heads are bounded by the limits, with a defect, and take no time that grows with the square of their size.
#[test]
fn large_headers_are_bounded() {
    let many = request(&"Z: y\r\n".repeat(10_000), "");
    assert_eq!(all_defects(&read_datagram(&many)), ["-"]);
    let too_many = request(&"Z: y\r\n".repeat(20_000), "");
    assert_eq!(
        all_defects(&read_datagram(&too_many)),
        ["too-many-header-fields"]
    );
    let limit = Limits::default().sip_head_bytes;
    let over = request(&format!("Subject: {}\r\n", "a".repeat(limit)), "");
    assert_eq!(all_defects(&read_datagram(&over)), ["head-too-long"]);
    for repeated in [
        "a",
        "a<,",
        ";\\\"",
        "\\\";",
        "<sip:a@b>,",
        ";;",
        "%",
        ",\"",
        "\r\n ",
    ] {
        let value = repeated.repeat((300 << 10) / repeated.len());
        for name in [
            "Subject",
            "Contact",
            "Via",
            "From",
            "Warning",
            "Authorization",
        ] {
            let long = request(&format!("{name}: {value}\r\n"), "");
            let items = read_datagram(&long);
            let m = messages(&items)[0];
            assert!(m.head().len() <= limit, "{name} {repeated:?}");
            assert!(!defects(m).contains("head-too-long"), "{name} {repeated:?}");
            // What is asked of each message, in linear time too.
            let _ = (
                m.from().map(Address::tag),
                m.via_count(),
                m.contacts().count(),
            );
        }
    }
}

/// Every compact form means its long one (RFC 3261 §7.3.3 and later).
#[test]
fn compact_forms_are_read() {
    let text = "OPTIONS sip:anna@tomt.local SIP/2.0\r\nv: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bKx\r\n\
                F: <sip:tom@tomt.it>;tag=1\r\nt: <sip:anna@tomt.local>\r\ni: x@10.1.1.10\r\nCSeq: 1 OPTIONS\r\n\
                m: <sip:tom@tomt.it>\r\nc: text/plain\r\no: presence\r\nk: timer\r\nx: 1800\r\nL: 2\r\n\r\nhi";
    let items = read_datagram(text.as_bytes());
    let m = messages(&items)[0];
    assert_eq!(defects(m), "-");
    assert_eq!(m.call_id().unwrap(), "x@10.1.1.10");
    assert_eq!(m.from().unwrap().tag().unwrap(), "1");
    assert_eq!((m.contacts().count(), m.session_expires()), (1, Some(1800)));
    assert_eq!(m.event().unwrap(), "presence");
    assert_eq!((m.content_length(), m.body()), (Some(Ok(2)), &b"hi"[..]));
    assert!(m.content_type().is_some() && m.supported().count() == 1);
}
