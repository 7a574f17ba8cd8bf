//! RFC 4475 and RFC 5118: for each section a message of ours, what the RFC says of it, and what must be shown of it.
//!
//! The messages are in `tests/torture/*.txt`, what must be shown in `tests/torture/EXPECTED.tsv`.

mod framing;
mod header;
mod logs;
mod page;
mod table;

use crate::support::{project, read_text};
use sipdiag::base::{Chunk, FrameRef, Limits};
use sipdiag::sip::{Framer, Item, Message, datagram};

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
        out.extend(&rest.as_bytes()[..at]);
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
    let all = items.iter().filter_map(|item| match item {
        Item::Message(message) => Some(message),
        _ => None,
    });
    all.collect()
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
