//! RFC 4475 and RFC 5118: for each section a message of ours, what the RFC says of it, and what must be shown of it.
//!
//! The messages are in `tests/torture/*.txt`, what must be shown in `tests/torture/EXPECTED.tsv`.

use crate::support::{files, golden, project, read, read_text};
use sipdiag::base::{Chunk, FrameRef, Limits};
use sipdiag::sip::{Address, DefectKind, Framer, Item, Message, datagram};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A message to be read.
#[derive(Debug, Clone)]
pub(crate) struct Torture {
    /// The RFC's word for it.
    pub(crate) name: String,
    /// `4475 3.1.1.1`.
    pub(crate) section: String,
    /// As on the wire.
    pub(crate) bytes: Vec<u8>,
}

/// All messages, in the order of the sections.
pub(crate) fn all() -> Vec<Torture> {
    let mut all = Vec::new();
    for rfc in ["4475", "5118"] {
        let text = read_text(&project(&format!("tests/torture/rfc{rfc}.txt")));
        let text = text.strip_suffix('\n').unwrap();
        let blocks = text.split("\n=== ").skip(1);
        for block in blocks {
            let (title, body) = block.split_once('\n').unwrap();
            let (name, section) = title.split_once(' ').unwrap();
            all.push(Torture {
                name: name.to_owned(),
                section: format!("{rfc} {section}"),
                bytes: wire(body),
            });
        }
    }
    all
}

/// The text with its `{…}` resolved and its line ends as on the wire.
fn wire(text: &str) -> Vec<u8> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let body = resolved(body, 0);
    let length = body.len();
    let mut out = resolved(head, length);
    out.extend(b"\r\n\r\n");
    out.extend(body);
    out
}

fn resolved(text: &str, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '\n']) {
        out.extend(rest[..at].as_bytes());
        if rest[at..].starts_with('\n') {
            out.extend(b"\r\n");
            rest = &rest[at + 1..];
            continue;
        }
        let Some((word, behind)) = rest[at + 1..].split_once('}') else {
            break;
        };
        match word.split_once(' ') {
            None if word == "end" => {}
            None if word == "length" => write_bytes(&mut out, &length.to_string()),
            Some(("hex", digits)) => out.extend(
                digits
                    .split(' ')
                    .map(|pair| u8::from_str_radix(pair, 16).unwrap()),
            ),
            Some(("repeat", what)) => {
                let (count, text) = what.split_once(' ').unwrap();
                write_bytes(&mut out, &text.repeat(count.parse().unwrap()));
            }
            // A brace of the message itself.
            _ => {
                out.push(b'{');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = behind;
    }
    out.extend(rest.as_bytes());
    out
}

fn write_bytes(out: &mut Vec<u8>, text: &str) {
    out.extend(text.as_bytes());
}

/// What a datagram holds.
fn read_datagram(bytes: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    let wire_len = u32::try_from(bytes.len()).unwrap();
    let limits = Limits::default();
    datagram(bytes, FrameRef::default(), wire_len, &limits, &mut |i| {
        items.push(i);
    });
    items
}

/// What a stream holds that comes in pieces of this size.
fn read_stream(bytes: &[u8], size: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut framer = Framer::new(&Limits::default());
    for (n, piece) in bytes.chunks(size).enumerate() {
        let chunk = Chunk::Data {
            offset: u64::try_from(n * size).unwrap(),
            at: FrameRef::default(),
            bytes: piece,
        };
        framer.push(chunk, &mut |i| items.push(i));
    }
    framer.finish(&mut |i| items.push(i));
    items
}

fn messages(items: &[Item]) -> Vec<&Message> {
    let message = |item| match item {
        &Item::Message(ref message) => Some(message),
        _ => None,
    };
    items.iter().filter_map(message).collect()
}

/// The defects, in the order of their names; `-` for none.
fn defects(m: &Message) -> String {
    let mut names: Vec<&str> = m.defects().iter().map(|d| d.kind.name()).collect();
    names.sort_unstable();
    match names.is_empty() {
        true => "-".to_owned(),
        false => names.join(" "),
    }
}

fn cell(value: Option<String>) -> String {
    let mut text = value.unwrap_or_else(|| "-".to_owned());
    // Long values by their ends and their length.
    if text.len() > 70 {
        let start: String = text.chars().take(20).collect();
        let end: String = text.chars().rev().take(20).collect();
        let end: String = end.chars().rev().collect();
        text = format!("{start}…{end} ({} bytes)", text.len());
    }
    text
}

/// `user@host;tag`, or the URI of a scheme without host.
fn party(address: Option<Address<'_>>) -> String {
    cell(address.map(|a| {
        let who = a.aor().unwrap_or_else(|| a.uri_text.to_string());
        let tag = a.tag().map_or(String::new(), |t| format!(";{t}"));
        format!("{who}{tag}")
    }))
}

/// One row of the table but for the first three cells.
fn shown(m: &Message) -> String {
    let what = match (m.method(), m.status()) {
        (Some(method), _) => format!("request {method}"),
        (None, Some(status)) => format!("response {status}"),
        (None, None) => "response -".to_owned(),
    };
    let target = m.request_uri_text().or(m.reason()).map(|t| t.to_string());
    let via = m.top_via().map(|v| {
        let port = v.port.map_or(String::new(), |p| format!(" {p}"));
        let branch = v.branch().map_or(String::new(), |b| format!(";{b}"));
        format!("{}/{}{port}{branch}", v.transport, v.host)
    });
    [
        what,
        cell(target),
        cell(m.call_id().map(|t| t.to_string())),
        cell(m.cseq().map(|c| format!("{} {}", c.number, c.method))),
        party(m.from()),
        party(m.to()),
        m.via_count().to_string(),
        cell(via),
        cell(m.max_forwards().map(|n| n.to_string())),
        cell(
            m.content_length()
                .map(|l| l.map_or("?".to_owned(), |n| n.to_string())),
        ),
        m.body().len().to_string(),
        m.contacts().count().to_string(),
        defects(m),
    ]
    .join("\t")
}

const HEADINGS: &str = "message\tsection\tRFC\tkind\tURI or reason\tCall-ID\tCSeq\tFrom\tTo\tVias\ttop Via\tMax-Forwards\tContent-Length\tbody\tContacts\tdefects";

/// What the RFC says of a section.
fn verdict(section: &str) -> &'static str {
    match section {
        s if s.starts_with("4475 3.1.1") => "valid",
        s if s.starts_with("4475 3.1.2") => "invalid",
        s if s.starts_with("4475 3.2") => "transaction layer",
        s if s.starts_with("4475 3.3") => "application layer",
        s if s.starts_with("4475 3.4") => "valid (RFC 2543)",
        "5118 4.2" => "invalid",
        s if s.starts_with("5118 ") => "valid",
        other => panic!("{other}"),
    }
}

/// Rows of the table by message.
fn expected() -> BTreeMap<String, Vec<String>> {
    read_text(&project("tests/torture/EXPECTED.tsv"))
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            (cells[0].clone(), cells)
        })
        .collect()
}

/// The table: each message with all its fields and exactly its defects.
#[test]
fn each_message_is_shown_as_the_table_says() {
    let all = all();
    let count = |rfc: &str| all.iter().filter(|t| t.section.starts_with(rfc)).count();
    assert_eq!((count("4475"), count("5118")), (49, 12));
    let mut table = format!("{HEADINGS}\n");
    for torture in &all {
        let items = read_datagram(&torture.bytes);
        assert!(!messages(&items).is_empty(), "{}", torture.name);
        for (n, m) in messages(&items).into_iter().enumerate() {
            let name = match n {
                0 => torture.name.clone(),
                n => format!("{} #{}", torture.name, n + 1),
            };
            let (section, says) = (&torture.section, verdict(&torture.section));
            let _ = writeln!(table, "{name}\t{section}\t{says}\t{}", shown(m));
        }
    }
    let path = project("tests/torture/EXPECTED.tsv");
    golden::all([golden::check(&path, &table)]);
}

/// What the RFC calls valid has no defect, and what it calls invalid has one.
#[test]
fn the_defects_agree_with_the_verdicts_of_the_rfcs() {
    // Application layer, and malformed all the same: fields are missing or repeated.
    const MALFORMED: [&str; 3] = ["insuf", "multi01", "mcl01"];
    for (name, row) in expected() {
        let (says, defects) = (row[2].as_str(), row.last().unwrap());
        let invalid =
            matches!(says, "invalid" | "transaction layer") || MALFORMED.contains(&name.as_str());
        assert_eq!(invalid, defects != "-", "{name}: {says}, {defects}");
    }
}

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

/// The messages that the RFCs print, where they are beside the project.
#[test]
fn the_messages_of_the_rfcs_have_the_same_defects() {
    const FOLDER: &str = "../shared/corpus/torture";
    // (message, defects it has besides): the files are not in all as the RFC prints them.
    const BESIDES: [(&str, &str); 1] = [("ipv6-in-sdp", "content-length-mismatch")];
    let expected = expected();
    let mut seen = 0;
    let mut problems = Vec::new();
    for path in files(&project(FOLDER)) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(name) = name.split("__").nth(2).filter(|_| name.contains("rfc")) else {
            continue;
        };
        let row = &expected[name];
        let items = read_datagram(&read(&path));
        let m = messages(&items)[0];
        let mut defects = defects(m);
        if let Some((_, more)) = BESIDES.iter().find(|(n, _)| *n == name) {
            assert!(defects.contains(more), "{name} has no longer {more}");
            defects = defects.replace(more, "").trim().to_owned();
            if defects.is_empty() {
                defects.push('-');
            }
        }
        let kind = shown(m).split('\t').next().unwrap().to_owned();
        if (&kind, &defects) != (&row[3], row.last().unwrap()) {
            problems.push(Err(format!(
                "{name}: {kind}, {defects}; the table has {row:?}"
            )));
        }
        seen += 1;
    }
    if seen == 0 {
        crate::support::say!("SKIPPED the messages of the RFCs: {FOLDER} does not exist");
        return;
    }
    assert_eq!(seen, 30);
    golden::all(problems);
}

/// A request with these header lines behind those that must be, and this body.
fn request(lines: &str, body: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:anna@tomt.local SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bKx\r\n\
         From: <sip:tom@tomt.it>;tag=1\r\nTo: <sip:anna@tomt.local>\r\nCall-ID: x@10.1.1.10\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n{lines}\r\n{body}"
    )
    .into_bytes()
}

/// Defects of all messages, in their order.
fn all_defects(items: &[Item]) -> Vec<String> {
    messages(items).into_iter().map(defects).collect()
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

/// In the text logs and seeds of other projects each start line becomes a message.
#[test]
fn each_start_line_of_logs_is_found() {
    let mut logs: Vec<(String, Vec<u8>)> = files(&project("../shared/corpus/torture"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "sip"))
        .map(|path| (path.display().to_string(), read(&path)))
        .collect();
    for zip in files(&project("../shared/corpus/fuzz")) {
        let name = zip.display().to_string();
        if name.contains("fuzz-sip")
            && let Ok(output) = std::process::Command::new("unzip")
                .arg("-p")
                .arg(&zip)
                .output()
        {
            logs.push((name, output.stdout));
        }
    }
    if logs.is_empty() {
        crate::support::say!(
            "SKIPPED the logs of other projects: there are none beside the project"
        );
        return;
    }
    let mut problems = Vec::new();
    for (name, bytes) in logs {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_start = |line: &&str| {
            let line = line.trim_end();
            let request = line
                .split(' ')
                .next_back()
                .is_some_and(|v| v.starts_with("SIP/"))
                && line.split(' ').count() == 3
                && line.contains(':');
            let response = line.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
            request || response.is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()))
        };
        let count = text.lines().filter(is_start).count();
        let found = messages(&read_stream(&bytes, 1460)).len();
        if count != found {
            problems.push(Err(format!(
                "{name}: {count} start lines, {found} messages"
            )));
        }
    }
    golden::all(problems);
}

/// `docs/defects.md` has each defect as the program knows it.
#[test]
fn the_page_of_defects_is_fresh() {
    let mut page = String::from(
        "# Defects of messages\n\n\
         A message that is not as it must be is shown all the same, with its defects: `--list messages` has their names, \
         `--list messages --format json` also the offset into the message and the text. The report counts the messages that have \
         any; none of them alone changes the verdict, because both sides live with many of them.\n\n\
         Only what a grammar or a rule of the RFC forbids is a defect. What an application may refuse (a scheme, an option or a \
         body it does not know) is none.\n\n\
         | defect | what is wrong | how it must be | who is to blame |\n|---|---|---|---|\n",
    );
    for kind in DefectKind::ALL {
        let blame = match kind {
            kind if kind.of_capture() => "the capture: bytes are missing",
            kind if kind.of_limits() => "a limit of this program ([limits](limits.md))",
            _ => "the sender",
        };
        let source = match kind.source() {
            "" => "-",
            source => source,
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {source} | {blame} |",
            kind.name(),
            kind.meaning()
        );
    }
    page.push_str("\nWritten by `UPDATE=1 cargo test --test main page_of_defects`.\n");
    golden::all([golden::check(&project("docs/defects.md"), &page)]);
}
