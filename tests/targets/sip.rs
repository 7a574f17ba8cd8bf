//! SIP in a stream: however it is cut, the same messages come out; and every question about a message has an answer.

use super::input::{Cuts, Input, at};
use super::sip_datagram::ask;
use super::small_limits;
use sipdiag::base::{Chunk, Limits};
use sipdiag::sip::{DefectKind, Framer, HeaderName, Item, Message};

/// The last byte: bytes are missing somewhere.
pub const HOLE: u8 = 1;
/// The last byte: the stream begins in the middle of a message.
pub const MIDDLE: u8 = 2;
/// The last byte: with the usual limits.
pub const LARGE: u8 = 4;

/// The methods that a message is known to begin with.
const METHODS: &[&str] = &[
    "ACK",
    "BENOTIFY",
    "BYE",
    "CANCEL",
    "INFO",
    "INVITE",
    "KDMQ",
    "MESSAGE",
    "NEGOTIATE",
    "NOTIFY",
    "OPTIONS",
    "PRACK",
    "PUBLISH",
    "REFER",
    "REGISTER",
    "SERVICE",
    "SUBSCRIBE",
    "UPDATE",
];

/// What came out of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// As text, with escapes; and the defects.
    messages: Vec<(String, Vec<&'static str>)>,
    taken: usize,
    skipped: u64,
    /// A body ends with what may be the beginning of a start line: a Content-Length that ends there is believed when the stream is cut there.
    ends_in_start: bool,
    /// An open message took all that came along up to the limit, which may be inside a start line: without its body, that one is found.
    cut_open: bool,
    /// A body goes on behind its Content-Length, up to a start line in the same line: it ends where that says when the stream is cut there.
    goes_on: bool,
    /// Line ends between messages were a keep-alive. Beside bytes that are skipped they are one or are skipped too, by where the stream is cut.
    kept_alive: bool,
}

impl Seen {
    /// All bytes but those of keep-alives.
    fn all(&self) -> usize {
        self.taken + usize::try_from(self.skipped).unwrap_or(usize::MAX)
    }
}

/// The differences that cuts make: see the Framer. A message that says neither how long its body is nor that it has one is given
/// when its head is there; what follows is its body only when it came along.
fn is_open(message: &Message) -> bool {
    let unusable = [
        DefectKind::ContentLengthMissing,
        DefectKind::ContentLengthInvalid,
        DefectKind::ContentLengthNegative,
    ];
    let typed = message.headers(HeaderName::ContentType).next().is_some();
    unusable.iter().any(|kind| message.has_defect(*kind)) && !typed
}

fn ends_in_start(body: &[u8]) -> bool {
    let line = body.rsplit(|b| *b == b'\n').next().unwrap_or(body);
    let holds = |word: &[u8]| {
        line.windows(word.len())
            .any(|w| w.eq_ignore_ascii_case(word))
    };
    let begins = |word: &[u8]| (1..=word.len()).any(|n| line.ends_with(&word[..n]));
    let names = METHODS.iter().map(|name| name.as_bytes());
    // A whole line may have a method that nobody knows.
    let token = line.iter().take_while(|b| is_token(**b)).count();
    let any_method = token > 0 && matches!(line.get(token), None | Some(b' ' | b'\t'));
    any_method
        || holds(b"SIP/")
        || begins(b"SIP/")
        || names.clone().any(|name| holds(name) || begins(name))
}

fn goes_on(message: &Message) -> bool {
    let length = message.content_length().and_then(Result::ok);
    length.is_some_and(|length| usize::try_from(length).is_ok_and(|n| n < message.body().len()))
}

/// RFC 3261 §25.1.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

fn depends_on_cuts(kind: DefectKind, open: bool) -> bool {
    kind == DefectKind::ContentLengthMismatch
        || (open
            && matches!(
                kind,
                DefectKind::JunkBefore | DefectKind::BodyTooLong | DefectKind::BytesMissing
            ))
}

/// The stream, then one byte for the cuts, two for the place of the hole and one of choices.
pub fn run(data: &[u8]) {
    let (choices, rest) = Input::with_choice(data);
    let (low, rest) = Input::with_choice(rest);
    let (high, rest) = Input::with_choice(rest);
    let (seed, stream) = Input::with_choice(rest);
    let limits = if choices & LARGE == 0 {
        small_limits()
    } else {
        Limits::default()
    };
    let place = usize::from(u16::from_be_bytes([high, low]));
    let hole = (choices & HOLE != 0).then(|| place.min(stream.len()));
    let (before, behind) = stream.split_at(hole.unwrap_or(stream.len()));
    let missing = hole.map(|_| u64::from(seed) + 1);
    let mut cuts = Cuts::new(seed);
    let middle = choices & MIDDLE != 0;
    let whole = read(&[before], missing, &[behind], middle, &limits);
    let parts = read(
        &cuts.cut(before),
        missing,
        &cuts.cut(behind),
        middle,
        &limits,
    );
    if !parts.ends_in_start && !whole.goes_on && !whole.cut_open && !parts.cut_open {
        assert_eq!(whole.messages, parts.messages, "in small parts");
        if !whole.kept_alive && !parts.kept_alive {
            assert_eq!(whole.all(), parts.all(), "bytes, in small parts");
        }
    }
    assert!(parts.all() <= stream.len(), "more than there was, in parts");
    assert!(whole.all() <= stream.len(), "more than there was");
}

fn read(
    before: &[&[u8]],
    missing: Option<u64>,
    behind: &[&[u8]],
    middle: bool,
    limits: &Limits,
) -> Seen {
    let mut framer = if middle {
        Framer::in_the_middle(limits)
    } else {
        Framer::new(limits)
    };
    let mut seen = Seen::default();
    let mut behind_open = false;
    let mut sink = |item: Item| match item {
        Item::Message(message) => {
            ask(&message);
            seen.taken += message.raw().len();
            seen.ends_in_start |= ends_in_start(message.body());
            seen.goes_on |= goes_on(&message);
            let open = is_open(&message);
            seen.cut_open |= open && message.has_defect(DefectKind::BodyTooLong);
            let defects = message.defects().iter().map(|d| d.kind);
            let defects = defects.filter(|kind| !depends_on_cuts(*kind, open || behind_open));
            let bytes = if open { message.head() } else { message.raw() };
            seen.messages.push((
                bytes.escape_ascii().to_string(),
                defects.map(DefectKind::name).collect(),
            ));
            behind_open = open;
        }
        Item::Skipped { bytes, .. } => seen.skipped += bytes,
        Item::KeepAlive { .. } => seen.kept_alive = true,
    };
    let mut offset = 0;
    let mut data = |framer: &mut Framer, parts: &[&[u8]], offset: &mut u64| {
        for bytes in parts {
            framer.push(
                Chunk::Data {
                    offset: *offset,
                    at: at(1),
                    bytes,
                },
                &mut sink,
            );
            *offset += u64::try_from(bytes.len()).unwrap_or(0);
        }
    };
    data(&mut framer, before, &mut offset);
    if let Some(len) = missing {
        framer.push(
            Chunk::Gap {
                offset,
                at: at(1),
                len,
            },
            &mut sink,
        );
        offset += len;
        for bytes in behind {
            framer.push(
                Chunk::Data {
                    offset,
                    at: at(1),
                    bytes,
                },
                &mut sink,
            );
            offset += u64::try_from(bytes.len()).unwrap_or(0);
        }
    }
    framer.finish(&mut sink);
    seen
}
