//! What is redacted is as long as it was, says nothing of who it was, and is diagnosed as before.

mod pieces;
mod properties;

use crate::support::{self, golden, project, read_text, trace};
use sipdiag::base::FrameRef;
use sipdiag::redact::Pseudonyms;
use sipdiag::sip::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const KEY: &[u8] = b"a key of tests";

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for path in support::files(folder) {
        if path.is_dir() {
            sources(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// The string literals of Rust code, without comments and without the tests at the end of a file.
fn literals(code: &str) -> String {
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut out = String::new();
    for line in code.lines() {
        let line = line.trim_start();
        if line.starts_with("//") && !line.starts_with("///") {
            continue;
        }
        // A literal may go over several lines: without a parser, a line that ends inside of quotes is taken whole.
        out.push_str(line);
        out.push('\n');
    }
    let mut words = String::new();
    let mut chars = out.chars().peekable();
    let mut inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside => {
                chars.next();
                words.push(' ');
            }
            '\'' if !inside && chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => {
                inside = !inside;
                words.push(' ');
            }
            c if inside => words.push(c),
            _ => {}
        }
    }
    words
}

/// What the program itself says: a word of it in an output is no survivor, and says nothing of anybody.
#[test]
fn the_vocabulary_has_the_words_of_the_program() {
    let mut paths = Vec::new();
    sources(&project("src"), &mut paths);
    let mut words = BTreeSet::new();
    for path in paths {
        let name = support::relative(&path);
        if name.starts_with("src/redact/")
            || name.contains("/tests")
            || name.ends_with("testdata.rs")
        {
            continue;
        }
        let text = read_text(&path);
        // Names of JSON fields are names in the code of their views.
        let text = if name.ends_with(".rs") && !name.starts_with("src/render") {
            literals(&text)
        } else {
            text
        };
        for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
            let is_hex = word.bytes().all(|b| b.is_ascii_hexdigit());
            if (5..=24).contains(&word.len()) && !is_hex {
                words.insert(word.to_ascii_lowercase());
            }
        }
    }
    assert!(
        words.len() > 1500 && words.contains("certificate"),
        "{}",
        words.len()
    );
    // What laboratories and documents are called is what a user may be called.
    for name in ["contoso", "fabrikam", "litware"] {
        words.remove(name);
    }
    let mut text =
        "# Words of five letters and more in what sipdiag says. Written by tests/redaction.rs.\n"
            .to_owned();
    for word in words {
        text.push_str(&word);
        text.push('\n');
    }
    golden::all([golden::check(&project("src/redact/vocabulary.txt"), &text)]);
}

/// The payload of a frame of a scenario: behind Ethernet, IPv4, and TCP or UDP.
fn payload(frame: &mut [u8]) -> Option<&mut [u8]> {
    if frame.get(12..14)? != [8, 0] || u16::from_be_bytes([frame[20], frame[21]]) & 0x3fff != 0 {
        return None;
    }
    let transport = 14 + usize::from(frame[14] & 0x0f) * 4;
    let end = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    let header = match frame[23] {
        6 => usize::from(frame.get(transport + 12)? >> 4) * 4,
        17 => 8,
        _ => return None,
    };
    frame.get_mut(transport + header..end)
}

/// Rewrites the whole messages of a payload; in TLS records that are not encrypted (suite 0002), too. How many.
fn redact(bytes: &mut [u8], pseudonyms: &mut Pseudonyms) -> usize {
    let mut count = 0;
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| rest.len() > 20) {
        if matches!(rest[0], 20 | 21) && rest[1] == 3 {
            at += 5 + usize::from(u16::from_be_bytes([rest[3], rest[4]]));
            continue;
        }
        if rest[0] == 22 && rest[1] == 3 {
            let len = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
            let Some(mut content) = rest.get_mut(5..5 + len) else {
                break;
            };
            while content.len() > 4 {
                let len = 4
                    + (usize::from(content[1]) << 16
                        | usize::from(content[2]) << 8
                        | usize::from(content[3]));
                if len > content.len() {
                    break;
                }
                let (message, behind) = content.split_at_mut(len);
                pseudonyms.tls_handshake(message);
                count += 1;
                content = behind;
            }
            at += 5 + len;
            continue;
        }
        if rest[0] == 23 && rest[1] == 3 {
            let len = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
            let Some(content) = rest.get_mut(5..5 + len) else {
                break;
            };
            let end = content.len().saturating_sub(20);
            count += redact(&mut content[..end], pseudonyms);
            at += 5 + len;
            continue;
        }
        let whole = Message::parse(rest, FrameRef::default())
            .filter(|message| !message.is_damaged_by_capture() && rest.starts_with(message.raw()));
        let Some(len) = whole.map(|message| message.raw().len()) else {
            // Something else between two messages: go on at the next line.
            at += rest
                .iter()
                .position(|b| *b == b'\n')
                .map_or(rest.len(), |n| n + 1);
            continue;
        };
        pseudonyms.sip(&mut rest[..len]);
        count += 1;
        at += len;
    }
    count
}

/// Rewrites what the two directions of each TCP connection carry, as one piece each, and puts it back into the segments.
fn redact_streams(frames: &mut [support::pcap::Frame], pseudonyms: &mut Pseudonyms) -> usize {
    // Addresses and ports of a direction, to the number of its first byte and its bytes; with None where none were captured.
    let mut streams: BTreeMap<Vec<u8>, (u32, Vec<Option<u8>>)> = BTreeMap::new();
    let mut count = 0;
    for write in [false, true] {
        for frame in frames.iter_mut() {
            if frame.bytes.get(23) != Some(&6) || frame.bytes.len() < 54 {
                continue;
            }
            let key = frame.bytes[26..38].to_vec();
            let seq = u32::from_be_bytes(frame.bytes[38..42].try_into().unwrap());
            let Some(payload) = payload(&mut frame.bytes).filter(|p| !p.is_empty()) else {
                continue;
            };
            let (first, bytes) = streams.entry(key).or_insert((seq, Vec::new()));
            let at = usize::try_from(seq.wrapping_sub(*first)).unwrap();
            if at > 1 << 20 {
                continue;
            }
            let end = at + payload.len();
            bytes.resize(bytes.len().max(end), None);
            for (known, byte) in bytes[at..end].iter_mut().zip(payload) {
                if write {
                    *byte = known.unwrap();
                } else {
                    *known = Some(*byte);
                }
            }
        }
        if write {
            break;
        }
        for (_, bytes) in streams.values_mut() {
            let mut whole: Vec<u8> = bytes.iter().map_while(|b| *b).collect();
            count += redact(&mut whole, pseudonyms);
            for (known, byte) in bytes.iter_mut().zip(whole) {
                *known = Some(byte);
            }
        }
    }
    count
}

/// The findings without what names something: rule, severity, confidence, role, from, to, count.
fn gist(report: &sipdiag::Report) -> Vec<String> {
    let json = support::json(report);
    let mut out = vec![json["verdict"].to_string()];
    for host in json["hosts"].as_array().unwrap() {
        out.push(format!("{} {}", host["address"], host["role"]));
    }
    for f in json["findings"].as_array().unwrap() {
        let fields = [
            "rule",
            "severity",
            "confidence",
            "role",
            "from",
            "to",
            "count",
            "caused_by",
        ];
        out.push(fields.map(|name| f[name].to_string()).join(" "));
    }
    out
}

/// A lab profile names hosts and domains, too: they become what they become in messages.
fn redact_profile(lines: &mut [String], pseudonyms: &mut Pseudonyms) {
    for line in lines.iter_mut().filter(|line| line.starts_with("lab:")) {
        let parts: Vec<String> = line
            .split('"')
            .enumerate()
            .map(|(n, part)| {
                if n % 2 == 1 {
                    pseudonyms.host_name(part)
                } else {
                    part.to_owned()
                }
            })
            .collect();
        *line = parts.join("\"");
    }
}

/// Scenarios that rest on a signature: that of a redacted certificate does not verify, so that one which was seen to sign itself is not
/// seen to any more. Signing again would need keys of the same sizes.
const SELF_SIGNED: [&str; 2] = [
    "tests/rules/cert-self-signed-peer/fires.trace",
    "tests/rules/middlebox-tls-proxy/fires.trace",
];

/// Scenarios whose messages are not all given to the redaction here: parts of datagrams, and what lies behind a hole.
fn is_in_parts(text: &str) -> bool {
    ["@fragment", "@lose", "@cut", "only <", "only >"]
        .iter()
        .any(|word| text.contains(word))
}

#[test]
fn what_is_redacted_is_diagnosed_as_before() {
    let mut problems = Vec::new();
    let (mut messages, mut same, mut beside) = (0, 0, Vec::new());
    for path in support::scenarios() {
        let mut trace = trace::file(&path);
        let plain = gist(&support::analyze_trace(&trace, "plain.pcap"));
        let mut pseudonyms = Pseudonyms::new(KEY);
        let mut count = 0;
        for frame in &mut trace.frames {
            let is_dns = frame.bytes.len() > 42
                && frame.bytes[23] == 17
                && frame.bytes[34..38].chunks(2).any(|p| p == [0, 53]);
            let is_udp = frame.bytes.get(23) == Some(&17);
            let Some(payload) = payload(&mut frame.bytes) else {
                continue;
            };
            if is_dns {
                pseudonyms.dns(payload);
                count += 1;
            } else if is_udp {
                count += redact(payload, &mut pseudonyms);
            }
        }
        count += redact_streams(&mut trace.frames, &mut pseudonyms);
        if count == 0 {
            continue;
        }
        messages += count;
        redact_profile(&mut trace.comment, &mut pseudonyms);
        let redacted = gist(&support::analyze_trace(&trace, "plain.pcap"));
        if plain == redacted {
            same += 1;
        } else if SELF_SIGNED.contains(&path.as_str()) {
            let without = |gist: &[String]| -> Vec<String> {
                let of_others = |line: &&String| {
                    !line.contains("cert-self-signed-peer") && !line.contains("unknown-ca")
                };
                gist.iter().filter(of_others).cloned().collect()
            };
            assert_eq!(without(&plain), without(&redacted), "{path}");
            beside.push(path);
        } else if is_in_parts(&read_text(&project(&path))) {
            let shown = golden::difference(&plain.join("\n"), &redacted.join("\n"));
            beside.push(format!("{path}\n{shown}"));
        } else {
            let shown = golden::difference(&plain.join("\n"), &redacted.join("\n"));
            problems.push(Err(format!(
                "{path}: redacted, the diagnosis is another\n{shown}"
            )));
        }
    }
    assert!(
        messages > 10_000 && same > 340,
        "{messages} messages, {same} scenarios"
    );
    support::say!(
        "{same} scenarios are diagnosed as before, {messages} messages; beside:\n{}",
        beside.join("\n")
    );
    golden::all(problems);
}
